//! Reading a packet's header into items.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use serde::de::{self, DeserializeSeed, Deserializer as _, MapAccess, SeqAccess, Visitor};

use crate::error::Error;
use crate::packet::header::{self, Header};
use crate::packet::refs::{Numbers, Ref};
use crate::packet::{Item, Packet};
use crate::value::{MAX_DEPTH, Map, Value};
use crate::{json_text, literal};

pub(super) fn items(packet: &Packet) -> Result<Vec<Item>, Error> {
    let header = header::parse(packet.header.bytes())?;
    let refs = refs(&header, packet)?;
    let rounds = integers(read(header.rounds.get(), &refs, "rounds")?, "rounds")?;
    let edges = match column(header.edges.get(), &refs, "edges")? {
        Column::List(edges) => Edges::Each(integers(edges, "edges")?),
        Column::One(edge) => Edges::All(integer(&edge, "edges")?),
    };
    let values = read(header.values.get(), &refs, "values")?;
    if rounds.len() != values.len() {
        let message = format!("{} rounds for {} values", rounds.len(), values.len());
        return Err(Error::bad_packet("rounds", message));
    }
    let edge_of = |index: usize| match &edges {
        Edges::All(edge) => Some(*edge),
        Edges::Each(edges) => edges.get(index).copied(),
    };
    if matches!(&edges, Edges::Each(edges) if edges.len() != values.len()) {
        return Err(Error::bad_packet("edges", format!("not as many as the {} values", values.len())));
    }
    let mut items = Vec::with_capacity(values.len());
    for (index, (value, round)) in values.into_iter().zip(rounds).enumerate() {
        let edge = edge_of(index).and_then(|edge| u32::try_from(edge).ok());
        let edge = edge.ok_or_else(|| Error::bad_packet(format!("edges[{index}]"), "no such edge"))?;
        items.push(Item { round, edge, value });
    }
    Ok(items)
}

/// A finite or special float in encoded form.
pub(super) fn float(text: &str, path: &str) -> Result<f64, Error> {
    let value = match column(text, &[], path)? {
        Column::One(value) => value.as_number(),
        Column::List(_) => None,
    };
    value.ok_or_else(|| Error::bad_packet(path, "not a number"))
}

enum Edges {
    All(u64),
    Each(Vec<u64>),
}

enum Column {
    List(Vec<Value>),
    One(Value),
}

fn refs(header: &Header<'_>, packet: &Packet) -> Result<Vec<Ref>, Error> {
    let entries = header.refs.iter().enumerate();
    entries.map(|(i, entry)| Ref::read(entry, &format!("refs[{i}]"), &packet.buffers)).collect()
}

fn read(text: &str, refs: &[Ref], path: &str) -> Result<Vec<Value>, Error> {
    match column(text, refs, path)? {
        Column::List(values) => Ok(values),
        Column::One(_) => Err(Error::bad_packet(path, "not a list")),
    }
}

fn integers(values: Vec<Value>, path: &str) -> Result<Vec<u64>, Error> {
    values.into_iter().map(|value| integer(&value, path)).collect()
}

fn integer(value: &Value, path: &str) -> Result<u64, Error> {
    let int = match value {
        Value::Int(int) => u64::try_from(*int).ok(),
        // JavaScript may write a column of whole numbers as floats.
        Value::Float(f) if f.fract() == 0.0 && (0.0..=literal::MAX_SAFE as f64).contains(f) => {
            Some(*f as u64)
        }
        _ => None,
    };
    int.filter(|&int| int <= literal::MAX_SAFE as u64)
        .ok_or_else(|| Error::bad_packet(path, "not an integer from 0"))
}

/// Reads a top-level column: an encoded list, whose elements are items and not one level deeper, or a single value.
fn column(text: &str, refs: &[Ref], path: &str) -> Result<Column, Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    // The seed counts levels itself.
    reader.disable_recursion_limit();
    let (trouble, huge) = (RefCell::new(None), Cell::new(false));
    let seed = Encoded { refs, depth: 0, trouble: &trouble, huge: &huge };
    let read = reader.deserialize_any(ColumnVisitor(seed)).and_then(|read| reader.end().map(|()| read));
    let read =
        read.map_err(|error| Error::bad_packet(path, trouble.take().unwrap_or_else(|| error.to_string())))?;
    match huge.get().then(|| json_text::beyond_64_bits(text)).flatten() {
        Some(integer) => Err(Error::bad_packet(path, unsafe_integer(integer))),
        None => Ok(read),
    }
}

fn unsafe_integer(int: impl fmt::Display) -> String {
    format!("the integer {int} is written as a literal: JSON does not keep it everywhere")
}

/// Reads one encoded value at a depth.
#[derive(Clone, Copy)]
struct Encoded<'a> {
    refs: &'a [Ref],
    depth: usize,
    /// The plain sentence of a refusal, because `serde_json` would add a meaningless line and column.
    trouble: &'a RefCell<Option<String>>,
    /// Whether there was a float that may have been written as an integer: `serde_json` does not tell.
    huge: &'a Cell<bool>,
}

impl<'a> Encoded<'a> {
    fn refuse<E: de::Error>(&self, message: impl Into<String>) -> E {
        let message = message.into();
        let error = E::custom(&message);
        self.trouble.replace(Some(message));
        error
    }

    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(self.refuse(format!("nested deeper than {MAX_DEPTH} levels")));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }

    fn map<'de, A: MapAccess<'de>>(self, first: Option<String>, mut access: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut map = Map::new();
        let mut next = match first {
            Some(key) => Some(key),
            None => access.next_key::<String>()?,
        };
        while let Some(key) = next {
            map.insert(Rc::from(key), access.next_value_seed(inner)?);
            next = access.next_key::<String>()?;
        }
        Ok(map.into())
    }

    /// After the key `$`, which must be the only one.
    fn special<'de, A: MapAccess<'de>>(self, mut access: A) -> Result<Special<'a>, A::Error> {
        let special = access.next_value_seed(Dollar(self))?;
        match access.next_key::<String>()? {
            None => Ok(special),
            Some(key) => Err(self.refuse(format!("key {key:?} beside $"))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Encoded<'_> {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Encoded<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an encoded value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E: de::Error>(self, v: i64) -> Result<Value, E> {
        if literal::is_safe_int(v) { Ok(Value::Int(v)) } else { Err(self.refuse(unsafe_integer(v))) }
    }

    fn visit_u64<E: de::Error>(self, v: u64) -> Result<Value, E> {
        let int = i64::try_from(v).ok().filter(|&int| literal::is_safe_int(int));
        int.map(Value::Int).ok_or_else(|| self.refuse(unsafe_integer(v)))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        if v.abs() >= i64::MAX as f64 {
            self.huge.set(true);
        }
        Ok(Value::Float(v))
    }

    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut values = Vec::new();
        while let Some(value) = access.next_element_seed(inner)? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        match access.next_key::<String>()? {
            Some(key) if key == "$" => match self.special(access)? {
                Special::Value(value) => Ok(value),
                Special::Ref(reference) => {
                    if self.depth == MAX_DEPTH && matches!(reference, Ref::List(..)) {
                        return Err(self.refuse(format!("nested deeper than {MAX_DEPTH} levels")));
                    }
                    Ok(reference.value())
                }
            },
            first => self.map_or_empty(first, access),
        }
    }
}

impl Encoded<'_> {
    fn map_or_empty<'de, A: MapAccess<'de>>(
        self,
        first: Option<String>,
        access: A,
    ) -> Result<Value, A::Error> {
        match first {
            None => self.deeper().map(|_| Map::new().into()),
            Some(key) => {
                let refused = Self { ..self };
                match self.map(Some(key), access)? {
                    Value::Map(map) if map.contains_key("$") => Err(refused.refuse("$ beside other keys")),
                    map => Ok(map),
                }
            }
        }
    }
}

enum Special<'a> {
    Value(Value),
    Ref(&'a Ref),
}

/// Reads what stands behind the key `$`: a reference's index, a literal, or a map whose keys are literal.
struct Dollar<'a>(Encoded<'a>);

impl<'de, 'a> DeserializeSeed<'de> for Dollar<'a> {
    type Value = Special<'a>;

    fn deserialize<D: de::Deserializer<'de>>(self, reader: D) -> Result<Special<'a>, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de, 'a> Visitor<'de> for Dollar<'a> {
    type Value = Special<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a reference, a literal or an escaped map behind $")
    }

    fn visit_u64<E: de::Error>(self, v: u64) -> Result<Special<'a>, E> {
        let reference = usize::try_from(v).ok().and_then(|index| self.0.refs.get(index));
        reference
            .map(Special::Ref)
            .ok_or_else(|| self.0.refuse(format!("reference {v} of {}", self.0.refs.len())))
    }

    fn visit_str<E: de::Error>(self, v: &str) -> Result<Special<'a>, E> {
        literal::parse(v).map(Special::Value).ok_or_else(|| self.0.refuse(format!("{v:?} is not a number")))
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Special<'a>, A::Error> {
        let encoded = self.0;
        match encoded.map(None, access)? {
            Value::Map(map) if map.contains_key("$") => Ok(Special::Value(Value::Map(map))),
            _ => Err(encoded.refuse("an escaped map has the key $")),
        }
    }
}

struct ColumnVisitor<'a>(Encoded<'a>);

impl<'de> Visitor<'de> for ColumnVisitor<'_> {
    type Value = Column;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an encoded list")
    }

    fn visit_u64<E: de::Error>(self, v: u64) -> Result<Column, E> {
        self.0.visit_u64(v).map(Column::One)
    }

    fn visit_i64<E: de::Error>(self, v: i64) -> Result<Column, E> {
        self.0.visit_i64(v).map(Column::One)
    }

    fn visit_f64<E: de::Error>(self, v: f64) -> Result<Column, E> {
        self.0.visit_f64(v).map(Column::One)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Column, A::Error> {
        let mut values = Vec::with_capacity(access.size_hint().unwrap_or(0));
        while let Some(value) = access.next_element_seed(self.0)? {
            values.push(value);
        }
        Ok(Column::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Column, A::Error> {
        match access.next_key::<String>()? {
            Some(key) if key == "$" => match self.0.special(access)? {
                Special::Ref(Ref::List(numbers, _)) => Ok(Column::List(Numbers::values(numbers))),
                Special::Ref(Ref::Value(_)) => Err(self.0.refuse("a column refers to a list")),
                Special::Value(value) => Ok(Column::One(value)),
            },
            _ => Err(self.0.refuse("a column is a list")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_integers_are_safe_ones() {
        let read = |value: &str| {
            let header = format!(r#"{{"rounds": [0], "edges": 0, "values": [{{"a": [{value}]}}]}}"#);
            items(&Packet { header: header.into_bytes().into(), buffers: vec![] })
        };
        for fine in ["9007199254740991", "-9007199254740991", "1e300", "9007199254740993.0", r#""1e99""#] {
            assert!(read(fine).is_ok(), "{fine}");
        }
        for int in [
            "9007199254740992",
            "-9007199254740992",
            "18446744073709551615",
            "99999999999999999999",
            "-9223372036854775809",
        ] {
            let error = read(int).unwrap_err();
            assert_eq!(error.detail().path.as_deref(), Some("values"), "{int}");
        }
    }
}
