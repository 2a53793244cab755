//! `FilterNode`: keeps large enough numbers.

use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out};
use remotemedia_engine::value::Value;

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "FilterNode", "aliases": [],
        "summary": "Keeps the numbers that are at least as large as a limit.", "category": "flow",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {
            "min_value": {"type": "number", "default": 0.0, "description": "The smallest number that is kept."}}},
        "inputs": {"in": {"kinds": ["number"]}}, "outputs": {"out": {"kinds": ["number"]}},
        "runtime": "rust", "stateful": false, "requires": []
    }"#,
    create: |params| Ok(Box::new(Filter { min: params.number("min_value")? })),
};

struct Filter {
    min: f64,
}

impl Node for Filter {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        let number =
            item.as_number().ok_or_else(|| Failure::new(format!("not a number but {}", item.kind())))?;
        // NaN is not larger than anything.
        if number >= self.min {
            out.emit(item.clone());
        }
        Ok(())
    }
}
