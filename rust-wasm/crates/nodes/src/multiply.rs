//! `MultiplyNode`: multiplies numbers, lists and tensors.

use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out};
use remotemedia_engine::value::Value;

use crate::arithmetic::{Operation, apply};

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "MultiplyNode", "aliases": [],
        "summary": "Multiplies numbers, and the elements of lists and tensors.", "category": "math",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {
            "factor": {"type": "number", "default": 2.0, "description": "What to multiply by.",
                       "aliases": ["multiplier"]}}},
        "inputs": {"in": {"kinds": ["number", "list", "tensor"]}},
        "outputs": {"out": {"kinds": ["number", "list", "tensor"]}},
        "runtime": "rust", "stateful": false, "requires": []
    }"#,
    create: |params| Ok(Box::new(Multiply { factor: params.number("factor")? })),
};

struct Multiply {
    factor: f64,
}

impl Node for Multiply {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        out.emit(apply(Operation::Multiply, item, self.factor)?);
        Ok(())
    }
}
