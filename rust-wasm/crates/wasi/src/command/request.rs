//! Reading what the command gets.

use std::collections::BTreeMap;

use remotemedia_engine::error::Error;
use remotemedia_engine::issue::{Issue, Severity, index_path, key_path};
use remotemedia_engine::json_form::from_json;
use remotemedia_engine::json_text;
use remotemedia_engine::value::Value;
use serde_json::value::RawValue;
use serde_json::{Map as JsonMap, Value as Json};

/// What goes in at the sources.
pub(super) enum Input {
    /// Every item to every source.
    Everywhere(Vec<Value>),
    /// Items by the id of their source.
    Addressed(BTreeMap<String, Vec<Value>>),
}

pub(super) struct Request {
    pub manifest: Json,
    pub input: Input,
    /// Circuit breakers of earlier runs, by node.
    pub circuits: JsonMap<String, Json>,
}

impl Request {
    /// Reads a request, or a bare manifest without input.
    pub(super) fn read(text: &str) -> Result<Self, Error> {
        let mut request = json_text::parse(text).map_err(Error::bad_request)?;
        integers(text)?;
        let input = match request.get("sources") {
            Some(_) if request.get("input_data").is_some() => {
                return Err(Error::bad_request("either input_data or sources, not both"));
            }
            Some(sources) if request.get("manifest").is_some() => Input::Addressed(addressed(sources)?),
            _ => Input::Everywhere(items(request.get("input_data"), "$.input_data")?),
        };
        let circuits = request.get("circuits").and_then(Json::as_object).cloned().unwrap_or_default();
        let manifest = request.get_mut("manifest").map(Json::take).unwrap_or(request);
        Ok(Self { manifest, input, circuits })
    }
}

/// Refuses integers beyond 64 bits in the input: those beyond u64 are floats once they are parsed.
fn integers(text: &str) -> Result<(), Error> {
    let fields = serde_json::from_str::<BTreeMap<String, &RawValue>>(text).unwrap_or_default();
    for name in ["input_data", "sources"] {
        if let Some(integer) = fields.get(name).and_then(|input| json_text::beyond_64_bits(input.get())) {
            return Err(Error::bad_request(format!("$.{name}: an integer beyond 64 bits: {integer}")));
        }
    }
    Ok(())
}

fn addressed(sources: &Json) -> Result<BTreeMap<String, Vec<Value>>, Error> {
    let sources = sources.as_object().ok_or_else(|| Error::bad_request("$.sources: not an object"))?;
    let read =
        |(id, list): (&String, &Json)| Ok((id.clone(), items(Some(list), &key_path("$.sources", id))?));
    sources.iter().map(read).collect()
}

/// A list is items, nothing is no item, anything else is one.
fn items(input: Option<&Json>, path: &str) -> Result<Vec<Value>, Error> {
    let list = match input {
        None => &[][..],
        Some(Json::Array(list)) => list,
        Some(one) => std::slice::from_ref(one),
    };
    let values = list.iter().enumerate().map(|(index, json)| {
        from_json(json).map_err(|error| {
            let path = index_path(path, index) + error.path.trim_start_matches('$');
            Error::bad_request(format!("{path}: {}", error.message))
        })
    });
    values.collect()
}

/// The error of items for a node that takes none from outside.
pub(super) fn no_source(id: &str, sources: &[String]) -> Error {
    Error::manifest(vec![Issue {
        code: "unknown_endpoint",
        path: key_path("$.sources", id),
        message: format!("{id:?} is no source that takes items; there are: {}", sources.join(", ")),
        severity: Severity::Error,
        expected: sources.into(),
        actual: id.into(),
    }])
}
