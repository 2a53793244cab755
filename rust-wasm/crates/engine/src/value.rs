//! The values that travel along connections (SPEC §2).

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::array::{Audio, Tensor};
use crate::buffer::Buffer;

/// The most lists and maps that may stand inside each other in one item.
pub const MAX_DEPTH: usize = 128;

/// A map with string keys. Order is not significant.
pub type Map = BTreeMap<Rc<str>, Value>;

/// One item, or a part of one. Cloning shares everything that is larger than a number.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// Nothing; still a value.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A 64-bit integer.
    Int(i64),
    /// A double, NaN, infinities and −0.0 included.
    Float(f64),
    /// Unicode text.
    Str(Rc<str>),
    /// A list.
    List(Rc<Vec<Value>>),
    /// A map with string keys.
    Map(Rc<Map>),
    /// Raw bytes.
    Bytes(Buffer),
    /// An n-dimensional array.
    Tensor(Rc<Tensor>),
    /// Planar float32 audio.
    Audio(Rc<Audio>),
}

impl Value {
    /// The number as f64, if this is one. A bool is not a number.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Int(i) => Some(*i as f64),
            Self::Float(f) => Some(*f),
            _ => None,
        }
    }

    /// The text, if this is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(s) => Some(s),
            _ => None,
        }
    }

    /// The value under `key`, if this is a map that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(map) => map.get(key),
            _ => None,
        }
    }

    /// A map of these entries.
    #[must_use]
    pub fn map<const N: usize>(entries: [(&str, Self); N]) -> Self {
        // Not collected: that would sort.
        let mut map = Map::new();
        for (key, value) in entries {
            map.insert(Rc::from(key), value);
        }
        Self::Map(Rc::new(map))
    }

    /// What this is, in one word of the catalog's `kinds`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::Float(_) => "number",
            Self::Str(_) => "string",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Bytes(_) => "bytes",
            Self::Tensor(_) => "tensor",
            Self::Audio(_) => "audio",
        }
    }

    /// Roughly how many bytes the value occupies, or the path to where it nests deeper than [`MAX_DEPTH`].
    pub fn measure(&self) -> Result<usize, String> {
        match self {
            Self::List(_) | Self::Map(_) => self.measure_from(0),
            Self::Str(s) => Ok(s.len()),
            Self::Bytes(b) => Ok(b.len()),
            Self::Tensor(t) => Ok(t.data().len()),
            Self::Audio(a) => Ok(a.data().len()),
            _ => Ok(size_of::<Self>()),
        }
    }

    fn measure_from(&self, depth: usize) -> Result<usize, String> {
        if depth == MAX_DEPTH && matches!(self, Self::List(_) | Self::Map(_)) {
            return Err(String::new());
        }
        match self {
            Self::List(list) => list.iter().enumerate().try_fold(size_of::<Self>(), |sum, (i, item)| {
                let size = item.measure_from(depth + 1).map_err(|rest| format!("[{i}]{rest}"))?;
                Ok(sum + size)
            }),
            Self::Map(map) => measure_map(map, depth),
            _ => self.measure(),
        }
    }
}

/// As [`Value::measure`], of a map inside so many lists and maps.
pub(crate) fn measure_map(map: &Map, depth: usize) -> Result<usize, String> {
    map.iter().try_fold(size_of::<Value>(), |sum, (key, item)| {
        let size = item.measure_from(depth + 1).map_err(|rest| crate::issue::key_path("", key) + &rest)?;
        Ok(sum + key.len() + size)
    })
}

/// Equality of content: 2 and 2.0 are equal, NaN equals NaN, −0.0 and 0.0 differ. What tests and vectors mean by "the
/// same value".
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan(),
            (Self::Int(i), Self::Float(f)) | (Self::Float(f), Self::Int(i)) => is_same_number(*i, *f),
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a.bytes() == b.bytes(),
            (Self::Tensor(a), Self::Tensor(b)) => a == b,
            (Self::Audio(a), Self::Audio(b)) => a == b,
            _ => false,
        }
    }
}

fn is_same_number(int: i64, float: f64) -> bool {
    // −0.0 is no integer; i64::MAX as f64 is 2^63, which no i64 equals.
    let fits = float.abs() < 9_223_372_036_854_775_808.0 || float == i64::MIN as f64;
    fits && float.to_bits() != (-0.0f64).to_bits() && float.fract() == 0.0 && float as i64 == int
}

impl From<bool> for Value {
    fn from(v: bool) -> Self {
        Self::Bool(v)
    }
}

impl From<i64> for Value {
    fn from(v: i64) -> Self {
        Self::Int(v)
    }
}

impl From<f64> for Value {
    fn from(v: f64) -> Self {
        Self::Float(v)
    }
}

impl From<&str> for Value {
    fn from(v: &str) -> Self {
        Self::Str(v.into())
    }
}

impl From<Vec<Value>> for Value {
    fn from(v: Vec<Value>) -> Self {
        Self::List(Rc::new(v))
    }
}

impl From<Map> for Value {
    fn from(v: Map) -> Self {
        Self::Map(Rc::new(v))
    }
}

impl From<Tensor> for Value {
    fn from(v: Tensor) -> Self {
        Self::Tensor(Rc::new(v))
    }
}

impl From<Audio> for Value {
    fn from(v: Audio) -> Self {
        Self::Audio(Rc::new(v))
    }
}

impl From<Rc<Audio>> for Value {
    fn from(v: Rc<Audio>) -> Self {
        Self::Audio(v)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_floats_equal_integers_and_minus_zero_does_not_equal_zero() {
        assert_eq!(Value::Int(2), Value::Float(2.0));
        assert_ne!(Value::Int(2), Value::Float(2.5));
        assert_ne!(Value::Int(0), Value::Float(-0.0));
        assert_ne!(Value::Float(0.0), Value::Float(-0.0));
        assert_eq!(Value::Float(f64::NAN), Value::Float(-f64::NAN));
        assert_ne!(Value::Int(i64::MAX), Value::Float(i64::MAX as f64));
        assert_eq!(Value::Int(i64::MIN), Value::Float(i64::MIN as f64));
        assert_ne!(Value::Bool(false), Value::Int(0));
    }

    #[test]
    fn nesting_is_measured_and_the_place_is_named() {
        let mut value = Value::Null;
        for _ in 0..MAX_DEPTH {
            value = vec![value].into();
        }
        assert!(value.measure().is_ok());
        let path = Value::map([("a", value)]).measure().unwrap_err();
        assert!(path.starts_with(".a[0][0]"), "{path}");
    }

    #[test]
    fn values_stay_small() {
        assert!(size_of::<Value>() <= 40, "{}", size_of::<Value>());
    }
}
