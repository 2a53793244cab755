//! Writing items into a packet.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::Serialize;

use crate::buffer::Buffer;
use crate::literal;
use crate::packet::{Item, Packet};
use crate::value::{Map, Value};

/// Bytes that the columns of one item take, or its references.
const HEADER: usize = 256;

/// From this length on a list of equal numbers travels as a buffer.
const MIN_RUN: usize = 8;

pub(super) fn packet(items: &[Item]) -> Packet {
    let mut writer = Writer { text: Vec::with_capacity(HEADER), ..Writer::default() };
    writer.push("{\"rounds\":");
    writer.integers(items, |item| item.round);
    writer.push(",\"edges\":");
    match items {
        [] => writer.push("0"),
        [first, rest @ ..] if rest.iter().all(|item| item.edge == first.edge) => writer.number(first.edge),
        _ => writer.integers(items, |item| u64::from(item.edge)),
    }
    writer.push(",\"values\":");
    writer.list(items, |item| &item.value);
    writer.finish()
}

#[derive(Default)]
struct Writer {
    /// The header.
    text: Vec<u8>,
    /// Its references, and how many they are.
    refs: Vec<u8>,
    referred: usize,
    buffers: Vec<Buffer>,
    /// Buffers already written, by address and length: a value that went to several places is sent once.
    written: BTreeMap<(usize, usize), usize>,
    /// References of lists already written, by address, for the same reason.
    lists: BTreeMap<usize, usize>,
}

impl Writer {
    fn finish(mut self) -> Packet {
        if self.referred > 0 {
            self.push(",\"refs\":[");
            self.text.append(&mut self.refs);
            self.push("]");
        }
        self.push("}");
        Packet { header: self.text.into(), buffers: self.buffers }
    }

    fn integers(&mut self, items: &[Item], of: impl Fn(&Item) -> u64) {
        if items.len() >= MIN_RUN {
            let column: Vec<i64> = items.iter().map(|item| of(item) as i64).collect();
            return self.run("i64", items.len(), column.into());
        }
        self.push("[");
        for (i, item) in items.iter().enumerate() {
            self.comma(i);
            self.number(of(item));
        }
        self.push("]");
    }

    /// A list whose elements are reached through `of`: as one buffer if they are all integers or all floats.
    fn list<T>(&mut self, items: &[T], of: impl Fn(&T) -> &Value) {
        if items.len() >= MIN_RUN {
            if let Some(ints) =
                all(items, |item| if let Value::Int(int) = of(item) { Some(*int) } else { None })
            {
                return self.run("i64", items.len(), ints.into());
            }
            let floats = all(items, |item| if let Value::Float(f) = of(item) { Some(*f) } else { None });
            if let Some(floats) = floats {
                return self.run("f64", items.len(), floats.into());
            }
        }
        self.push("[");
        for (i, item) in items.iter().enumerate() {
            self.comma(i);
            self.value(of(item));
        }
        self.push("]");
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.push("null"),
            Value::Bool(true) => self.push("true"),
            Value::Bool(false) => self.push("false"),
            Value::Int(int) if literal::is_safe_int(*int) => self.number(*int),
            Value::Int(int) => self.literal(&int.to_string()),
            Value::Float(float) => self.float(*float),
            Value::Str(text) => self.string(text),
            Value::List(items) => self.shared_list(items),
            Value::Map(map) if map.contains_key("$") => {
                self.push("{\"$\":");
                self.map(map);
                self.push("}");
            }
            Value::Map(map) => self.map(map),
            Value::Bytes(bytes) => {
                let buffer = self.buffer(bytes.clone());
                self.reference(&Reference::Bytes { buffer });
            }
            Value::Tensor(tensor) => {
                let buffer = self.buffer(tensor.data().clone());
                let (dtype, shape) = (tensor.dtype().name(), tensor.shape());
                self.reference(&Reference::Tensor { dtype, shape, buffer });
            }
            Value::Audio(audio) => {
                let buffer = self.buffer(audio.data().clone());
                let timestamp = audio.timestamp().map(|timestamp| match literal::of_float(timestamp) {
                    Some(literal) => Timestamp::Literal { literal },
                    None => Timestamp::Number(timestamp),
                });
                let shape = [audio.channels(), audio.frames()];
                let sample_rate = audio.sample_rate();
                self.reference(&Reference::Audio { sample_rate, shape, timestamp, buffer });
            }
        }
    }

    fn shared_list(&mut self, items: &Rc<Vec<Value>>) {
        let address = Rc::as_ptr(items).addr();
        if let Some(&reference) = self.lists.get(&address) {
            return self.refer(reference);
        }
        let (before, at) = (self.referred, self.text.len());
        self.list(items, |item| item);
        // Only what became one reference as a whole.
        if self.referred == before + 1 && self.text.get(at) == Some(&b'{') {
            self.lists.insert(address, before);
        }
    }

    fn map(&mut self, map: &Map) {
        self.push("{");
        for (i, (key, item)) in map.iter().enumerate() {
            self.comma(i);
            self.string(key);
            self.push(":");
            self.value(item);
        }
        self.push("}");
    }

    fn run(&mut self, dtype: &str, length: usize, numbers: Buffer) {
        let buffer = self.buffer(numbers);
        self.reference(&Reference::List { dtype, shape: [length], buffer });
    }

    fn reference(&mut self, entry: &Reference<'_>) {
        self.refer(self.referred);
        if self.referred > 0 {
            self.refs.push(b',');
        } else {
            self.refs.reserve(HEADER);
        }
        self.referred += 1;
        write_json(&mut self.refs, entry);
    }

    fn refer(&mut self, reference: usize) {
        self.push("{\"$\":");
        self.number(reference);
        self.push("}");
    }

    fn buffer(&mut self, buffer: Buffer) -> usize {
        let index = self.buffers.len();
        let address = (buffer.bytes().as_ptr().addr(), buffer.len());
        if address.1 > 0
            && let Some(&earlier) = self.written.get(&address)
        {
            return earlier;
        }
        self.written.insert(address, index);
        self.buffers.push(buffer);
        index
    }

    fn float(&mut self, float: f64) {
        match literal::of_float(float) {
            Some(text) => self.literal(text),
            None => self.json(&float),
        }
    }

    fn literal(&mut self, text: &str) {
        self.push("{\"$\":\"");
        self.push(text);
        self.push("\"}");
    }

    fn push(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, number: impl Serialize) {
        self.json(&number);
    }

    fn string(&mut self, text: &str) {
        self.json(&text);
    }

    fn json(&mut self, value: &impl Serialize) {
        write_json(&mut self.text, value);
    }

    fn comma(&mut self, index: usize) {
        if index > 0 {
            self.push(",");
        }
    }
}

/// An entry of `refs`.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Reference<'a> {
    Bytes {
        buffer: usize,
    },
    Tensor {
        dtype: &'a str,
        shape: &'a [usize],
        buffer: usize,
    },
    Audio {
        sample_rate: u32,
        shape: [usize; 2],
        #[serde(skip_serializing_if = "Option::is_none")]
        timestamp: Option<Timestamp>,
        buffer: usize,
    },
    List {
        dtype: &'a str,
        shape: [usize; 1],
        buffer: usize,
    },
}

#[derive(Serialize)]
#[serde(untagged)]
enum Timestamp {
    Number(f64),
    Literal {
        #[serde(rename = "$")]
        literal: &'static str,
    },
}

fn write_json(text: &mut Vec<u8>, value: &impl Serialize) {
    // Neither memory nor numbers, strings and references fail.
    let _ = serde_json::to_writer(text, value);
}

/// All items through `of`, or nothing as soon as one is not of the kind.
fn all<T, N>(items: &[T], of: impl Fn(&T) -> Option<N>) -> Option<Vec<N>> {
    of(items.first()?)?;
    items.iter().map(of).collect()
}
