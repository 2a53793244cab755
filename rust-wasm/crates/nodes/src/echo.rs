//! `EchoNode`: wraps every item and counts.

use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out};
use remotemedia_engine::value::Value;

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "EchoNode", "aliases": ["Echo"],
        "summary": "Wraps every item in a map with its number, counted from 1.", "category": "flow",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {}},
        "inputs": {"in": {"kinds": ["any"]}}, "outputs": {"out": {"kinds": ["map"]}},
        "runtime": "rust", "stateful": true, "requires": []
    }"#,
    create: |_| Ok(Box::new(Echo { counter: 0 })),
};

struct Echo {
    counter: i64,
}

impl Node for Echo {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        self.counter += 1;
        let counter = Value::Int(self.counter);
        out.emit(Value::map([("input", item.clone()), ("counter", counter), ("node", "Echo".into())]));
        Ok(())
    }
}
