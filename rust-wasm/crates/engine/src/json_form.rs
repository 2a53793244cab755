//! The JSON form of values, for files and command lines (`docs/internals/packets.md`, last section).

use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map as JsonMap, Value as Json, json};

use crate::array::{Audio, DType, Tensor};
use crate::buffer::Buffer;
use crate::issue::{index_path, key_path};
use crate::literal;
use crate::value::{MAX_DEPTH, Map, Value};

/// Why a JSON text is not the form of a value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FormError {
    /// Where, as `$.a[2]`.
    pub path: String,
    /// A sentence for people.
    pub message: String,
}

impl FormError {
    fn new(path: &str, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), message: message.into() }
    }
}

/// The value that `json` is the form of.
pub fn from_json(json: &Json) -> Result<Value, FormError> {
    read(json, "$", 0)
}

fn read(json: &Json, path: &str, depth: usize) -> Result<Value, FormError> {
    if depth > MAX_DEPTH || depth == MAX_DEPTH && (json.is_array() || is_plain_map(json)) {
        return Err(FormError::new(path, format!("nested deeper than {MAX_DEPTH} levels")));
    }
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => match (n.as_i64(), n.as_f64()) {
            (Some(int), _) => Value::Int(int),
            (None, Some(float)) if n.is_f64() => Value::Float(float),
            _ => return Err(FormError::new(path, format!("an integer beyond 64 bits: {n}"))),
        },
        Json::String(s) => Value::from(s.as_str()),
        Json::Array(items) => items
            .iter()
            .enumerate()
            .map(|(i, item)| read(item, &index_path(path, i), depth + 1))
            .collect::<Result<Vec<_>, _>>()?
            .into(),
        Json::Object(object) => match special(object) {
            Some((form, inner)) => read_special(form, inner, path, depth)?,
            None => read_map(object, path, depth)?,
        },
    })
}

/// An object's only key and its value, if that key starts with `$`.
fn special(object: &JsonMap<String, Json>) -> Option<(&str, &Json)> {
    let (key, inner) = object.iter().next()?;
    (object.len() == 1 && key.starts_with('$')).then_some((key, inner))
}

fn is_plain_map(json: &Json) -> bool {
    json.as_object().is_some_and(|object| special(object).is_none_or(|(form, _)| form == "$map"))
}

fn read_map(object: &JsonMap<String, Json>, path: &str, depth: usize) -> Result<Value, FormError> {
    let mut map = Map::new();
    for (key, item) in object {
        map.insert(Rc::from(key.as_str()), read(item, &key_path(path, key), depth + 1)?);
    }
    Ok(map.into())
}

fn read_special(form: &str, inner: &Json, path: &str, depth: usize) -> Result<Value, FormError> {
    let path = &key_path(path, form);
    let wrong = |message: &str| FormError::new(path, message);
    match form {
        "$number" => inner.as_str().and_then(literal::parse).ok_or_else(|| wrong("not a number's literal")),
        "$bytes" => Ok(Value::Bytes(base64(inner, path)?)),
        "$map" => {
            let object = inner.as_object().ok_or_else(|| wrong("$map holds an object"))?;
            read_map(object, path, depth)
        }
        "$tensor" => {
            let dtype = inner["dtype"].as_str().and_then(DType::from_name);
            let dtype = dtype.ok_or_else(|| wrong("unknown dtype"))?;
            let shape = inner["shape"].as_array().and_then(|dims| {
                dims.iter().map(|dim| dim.as_u64().and_then(|d| usize::try_from(d).ok())).collect()
            });
            let shape = shape.ok_or_else(|| wrong("shape is a list of integers from 0"))?;
            let data = base64(&inner["data"], &key_path(path, "data"))?;
            let tensor = Tensor::new(dtype, shape, data);
            tensor.map(Value::from).ok_or_else(|| wrong("shape and data differ in size"))
        }
        "$audio" => read_audio(inner, path),
        _ => Err(wrong("unknown form; a map with this one key is written {\"$map\": {…}}")),
    }
}

fn read_audio(inner: &Json, path: &str) -> Result<Value, FormError> {
    let wrong = |message: &str| FormError::new(path, message);
    let integer = |key: &str| inner[key].as_u64().filter(|&n| n > 0).and_then(|n| u32::try_from(n).ok());
    let rate = integer("sample_rate").ok_or_else(|| wrong("sample_rate is an integer from 1"))?;
    let channels = integer("channels").ok_or_else(|| wrong("channels is an integer from 1"))? as usize;
    let timestamp = match &inner["timestamp"] {
        Json::Null => None,
        other => Some(other.as_f64().ok_or_else(|| wrong("timestamp is a number"))?),
    };
    let data = base64(&inner["data"], &key_path(path, "data"))?;
    let frames = data.len() / size_of::<f32>() / channels;
    let audio = Audio::new(rate, timestamp, channels, frames, data);
    audio
        .map(Value::from)
        .ok_or_else(|| wrong("data is not a whole number of frames of 1 to 65,536 channels"))
}

fn base64(json: &Json, path: &str) -> Result<Buffer, FormError> {
    let text = json.as_str().ok_or_else(|| FormError::new(path, "not a base64 string"))?;
    let bytes = BASE64.decode(text).map_err(|error| FormError::new(path, format!("not base64: {error}")))?;
    Ok(Buffer::copy_of(&bytes))
}

/// The JSON form of `value`.
#[must_use]
pub fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(b) => Json::Bool(*b),
        Value::Int(int) if literal::is_safe_int(*int) => Json::from(*int),
        Value::Int(int) => json!({"$number": int.to_string()}),
        Value::Float(float) => match literal::of_float(*float) {
            Some(text) => json!({"$number": text}),
            None => Json::from(*float),
        },
        Value::Str(s) => Json::from(&**s),
        Value::List(items) => items.iter().map(to_json).collect(),
        Value::Map(map) => {
            let mut object = JsonMap::new();
            for (key, item) in map.iter() {
                object.insert(key.as_ref().to_owned(), to_json(item));
            }
            if special(&object).is_some() { json!({"$map": object}) } else { Json::Object(object) }
        }
        Value::Bytes(bytes) => json!({"$bytes": BASE64.encode(bytes.bytes())}),
        Value::Tensor(tensor) => json!({"$tensor": {
            "dtype": tensor.dtype().name(),
            "shape": tensor.shape(),
            "data": BASE64.encode(tensor.data().bytes()),
        }}),
        Value::Audio(audio) => {
            let mut form = json!({
                "sample_rate": audio.sample_rate(),
                "channels": audio.channels(),
                "data": BASE64.encode(audio.data().bytes()),
            });
            if let (Some(timestamp), Some(object)) = (audio.timestamp(), form.as_object_mut()) {
                object.insert("timestamp".to_owned(), timestamp.into());
            }
            json!({"$audio": form})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        from_json(&serde_json::from_str(text).unwrap()).unwrap_err().path
    }

    #[test]
    fn a_map_that_looks_special_is_escaped() {
        let value = Value::map([("$bytes", Value::Int(1))]);
        assert_eq!(to_json(&value), json!({"$map": {"$bytes": 1}}));
        assert_eq!(from_json(&to_json(&value)).unwrap(), value);
    }

    #[test]
    fn what_is_no_form_is_refused_with_its_path() {
        assert_eq!(refused(r#"{"a": [0, {"$what": 1}]}"#), "$.a[1][\"$what\"]");
        assert_eq!(refused(r#"{"$bytes": "???"}"#), "$[\"$bytes\"]");
        assert_eq!(
            refused(r#"{"$tensor": {"dtype": "f32", "shape": [2], "data": "AAAA"}}"#),
            "$[\"$tensor\"]"
        );
        assert_eq!(refused(r#"{"$tensor": {"dtype": "f16", "shape": [0], "data": ""}}"#), "$[\"$tensor\"]");
        assert_eq!(refused(r#"{"$audio": {"sample_rate": 0, "channels": 1, "data": ""}}"#), "$[\"$audio\"]");
        for limits in
            [r#""sample_rate": 4294967296, "channels": 1"#, r#""sample_rate": 1, "channels": 65537"#]
        {
            assert_eq!(refused(&format!(r#"{{"$audio": {{{limits}, "data": ""}}}}"#)), "$[\"$audio\"]");
        }
        assert_eq!(refused("[9223372036854775808]"), "$[0]");
        assert_eq!(refused(r#"{"$number": "nan"}"#), "$[\"$number\"]");
    }

    #[test]
    fn audio_round_trips_with_and_without_a_timestamp() {
        for timestamp in [None, Some(1.25)] {
            let value: Value = Audio::new(8000, timestamp, 2, 1, vec![0.5f32, -0.5].into()).unwrap().into();
            assert_eq!(from_json(&to_json(&value)).unwrap(), value);
        }
    }
}
