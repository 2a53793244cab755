//! `ExpanderNode`: repeats every item.

use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out};
use remotemedia_engine::value::Value;

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "ExpanderNode", "aliases": [],
        "summary": "Repeats every item.", "category": "flow",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {
            "expansion_factor": {"type": "integer", "minimum": 0, "default": 3,
                                 "description": "How many times each item is given."}}},
        "inputs": {"in": {"kinds": ["any"]}}, "outputs": {"out": {"kinds": ["any"]}},
        "runtime": "rust", "stateful": false, "requires": []
    }"#,
    create: |params| Ok(Box::new(Expander { factor: params.integer("expansion_factor")? })),
};

/// Memory ends somewhere, and running out of it would take the whole module down.
const MOST: i64 = 10_000_000;

struct Expander {
    factor: i64,
}

impl Node for Expander {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        if self.factor > MOST {
            return Err(Failure::new(format!("{} items from one are more than {MOST}", self.factor)));
        }
        (0..self.factor).for_each(|_| out.emit(item.clone()));
        Ok(())
    }
}
