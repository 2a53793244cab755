//! Writing items into a packet.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::json;

use crate::buffer::Buffer;
use crate::literal;
use crate::packet::{Item, Packet};
use crate::value::{Map, Value};

/// From this length on a list of equal numbers travels as a buffer.
const MIN_RUN: usize = 8;

pub(super) fn packet(items: &[Item]) -> Packet {
    let mut writer = Writer::default();
    writer.text.push_str("{\"rounds\":");
    writer.integers(items, |item| item.round);
    writer.text.push_str(",\"edges\":");
    match items {
        [] => writer.text.push('0'),
        [first, rest @ ..] if rest.iter().all(|item| item.edge == first.edge) => writer.number(first.edge),
        _ => writer.integers(items, |item| u64::from(item.edge)),
    }
    writer.text.push_str(",\"values\":");
    writer.list(items, |item| &item.value);
    writer.finish()
}

#[derive(Default)]
struct Writer {
    text: String,
    refs: Vec<String>,
    buffers: Vec<Buffer>,
    /// Buffers already written, by address and length: a value that went to several places is sent once.
    written: BTreeMap<(usize, usize), usize>,
    /// References of lists already written, by address, for the same reason.
    lists: BTreeMap<usize, usize>,
}

impl Writer {
    fn finish(mut self) -> Packet {
        if !self.refs.is_empty() {
            self.text.push_str(",\"refs\":[");
            self.text.push_str(&self.refs.join(","));
            self.text.push(']');
        }
        self.text.push('}');
        Packet { header: self.text.into_bytes().into(), buffers: self.buffers }
    }

    fn integers(&mut self, items: &[Item], of: impl Fn(&Item) -> u64) {
        if items.len() >= MIN_RUN {
            let column: Vec<i64> = items.iter().map(|item| of(item) as i64).collect();
            return self.run("i64", items.len(), column.into());
        }
        self.text.push('[');
        for (i, item) in items.iter().enumerate() {
            self.comma(i);
            self.number(of(item));
        }
        self.text.push(']');
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
        self.text.push('[');
        for (i, item) in items.iter().enumerate() {
            self.comma(i);
            self.value(of(item));
        }
        self.text.push(']');
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.text.push_str("null"),
            Value::Bool(true) => self.text.push_str("true"),
            Value::Bool(false) => self.text.push_str("false"),
            Value::Int(int) if literal::is_safe_int(*int) => self.number(*int),
            Value::Int(int) => self.literal(&int.to_string()),
            Value::Float(float) => self.float(*float),
            Value::Str(text) => self.string(text),
            Value::List(items) => self.shared_list(items),
            Value::Map(map) if map.contains_key("$") => {
                self.text.push_str("{\"$\":");
                self.map(map);
                self.text.push('}');
            }
            Value::Map(map) => self.map(map),
            Value::Bytes(bytes) => {
                let buffer = self.buffer(bytes.clone());
                self.reference(json!({"kind": "bytes", "buffer": buffer}).to_string());
            }
            Value::Tensor(tensor) => {
                let buffer = self.buffer(tensor.data().clone());
                let (dtype, shape) = (tensor.dtype().name(), tensor.shape());
                self.reference(
                    json!({"kind": "tensor", "dtype": dtype, "shape": shape, "buffer": buffer}).to_string(),
                );
            }
            Value::Audio(audio) => {
                let buffer = self.buffer(audio.data().clone());
                let mut entry = json!({
                    "kind": "audio",
                    "sample_rate": audio.sample_rate(),
                    "shape": [audio.channels(), audio.frames()],
                    "buffer": buffer,
                });
                if let (Some(timestamp), Some(object)) = (audio.timestamp(), entry.as_object_mut()) {
                    let encoded = literal::of_float(timestamp);
                    object.insert(
                        "timestamp".into(),
                        encoded.map_or(json!(timestamp), |text| json!({"$": text})),
                    );
                }
                self.reference(entry.to_string());
            }
        }
    }

    fn shared_list(&mut self, items: &Rc<Vec<Value>>) {
        let address = Rc::as_ptr(items).addr();
        if let Some(&reference) = self.lists.get(&address) {
            return self.refer(reference);
        }
        let (before, at) = (self.refs.len(), self.text.len());
        self.list(items, |item| item);
        // Only what became one reference as a whole.
        if self.refs.len() == before + 1 && self.text.get(at..at + 1) == Some("{") {
            self.lists.insert(address, before);
        }
    }

    fn map(&mut self, map: &Map) {
        self.text.push('{');
        for (i, (key, item)) in map.iter().enumerate() {
            self.comma(i);
            self.string(key);
            self.text.push(':');
            self.value(item);
        }
        self.text.push('}');
    }

    fn run(&mut self, dtype: &str, length: usize, numbers: Buffer) {
        let buffer = self.buffer(numbers);
        self.reference(format!(
            "{{\"kind\":\"list\",\"dtype\":\"{dtype}\",\"shape\":[{length}],\"buffer\":{buffer}}}"
        ));
    }

    fn reference(&mut self, entry: String) {
        self.refer(self.refs.len());
        self.refs.push(entry);
    }

    fn refer(&mut self, reference: usize) {
        self.text.push_str("{\"$\":");
        self.number(reference);
        self.text.push('}');
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
        self.text.push_str("{\"$\":\"");
        self.text.push_str(text);
        self.text.push_str("\"}");
    }

    fn number(&mut self, number: impl serde::Serialize) {
        self.json(&number);
    }

    fn string(&mut self, text: &str) {
        self.json(&text);
    }

    fn json(&mut self, value: &impl serde::Serialize) {
        // Neither numbers nor strings can fail.
        self.text.push_str(&serde_json::to_string(value).unwrap_or_default());
    }

    fn comma(&mut self, index: usize) {
        if index > 0 {
            self.text.push(',');
        }
    }
}

/// All items through `of`, or nothing as soon as one is not of the kind.
fn all<T, N>(items: &[T], of: impl Fn(&T) -> Option<N>) -> Option<Vec<N>> {
    of(items.first()?)?;
    items.iter().map(of).collect()
}
