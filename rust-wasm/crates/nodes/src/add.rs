//! `AddNode`: adds to numbers, lists and tensors.

use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out};
use remotemedia_engine::value::Value;

use crate::arithmetic::{Operation, apply};

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "AddNode", "aliases": [],
        "summary": "Adds to numbers, and to the elements of lists and tensors.", "category": "math",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {
            "addend": {"type": "number", "default": 0.0, "description": "What to add."}}},
        "inputs": {"in": {"kinds": ["number", "list", "tensor"]}},
        "outputs": {"out": {"kinds": ["number", "list", "tensor"]}},
        "runtime": "rust", "stateful": false, "requires": []
    }"#,
    create: |params| Ok(Box::new(Add { addend: params.number("addend")? })),
};

struct Add {
    addend: f64,
}

impl Node for Add {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        out.emit(apply(Operation::Add, item, self.addend)?);
        Ok(())
    }
}
