//! `PassThroughNode`: gives every item as it is.

use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out};
use remotemedia_engine::value::Value;

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "PassThroughNode", "aliases": ["PassThrough"],
        "summary": "Gives every item as it is.", "category": "flow",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {}},
        "inputs": {"in": {"kinds": ["any"]}}, "outputs": {"out": {"kinds": ["any"]}},
        "runtime": "rust", "stateful": false, "requires": []
    }"#,
    create: |_| Ok(Box::new(PassThrough)),
};

struct PassThrough;

impl Node for PassThrough {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        out.emit(item.clone());
        Ok(())
    }
}
