//! `CounterNode`: numbers every item.

use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out};
use remotemedia_engine::value::Value;

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "CounterNode", "aliases": [],
        "summary": "Numbers every item.", "category": "flow",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {
            "initial_count": {"type": "integer", "default": 0, "description": "The first item gets the next number."}}},
        "inputs": {"in": {"kinds": ["any"]}}, "outputs": {"out": {"kinds": ["map"]}},
        "runtime": "rust", "stateful": true, "requires": []
    }"#,
    create: |params| Ok(Box::new(Counter { count: params.integer("initial_count")? })),
};

struct Counter {
    count: i64,
}

impl Node for Counter {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        let overflow = || Failure::new("the count leaves 64 bits");
        self.count = self.count.checked_add(1).ok_or_else(overflow)?;
        out.emit(Value::map([("count", Value::Int(self.count)), ("input", item.clone())]));
        Ok(())
    }
}
