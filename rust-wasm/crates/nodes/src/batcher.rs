//! `BatcherNode`: makes lists of items.

use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out};
use remotemedia_engine::value::Value;

use crate::nesting::check_nesting;

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "BatcherNode", "aliases": [],
        "summary": "Makes lists of items.", "category": "flow",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {
            "batch_size": {"type": "integer", "minimum": 1, "default": 3, "description": "How many items make a list."},
            "partial": {"type": "boolean", "default": true,
                        "description": "Whether the rest is given at the end of the stream."}}},
        "inputs": {"in": {"kinds": ["any"]}}, "outputs": {"out": {"kinds": ["list"]}},
        "runtime": "rust", "stateful": true, "requires": []
    }"#,
    create: |params| {
        let size = usize::try_from(params.integer("batch_size")?).ok().filter(|&size| size > 0);
        let size = size.ok_or_else(|| Failure::new("batch_size is smaller than 1"))?;
        Ok(Box::new(Batcher { size, partial: params.flag("partial")?, items: Vec::new() }))
    },
};

struct Batcher {
    size: usize,
    partial: bool,
    items: Vec<Value>,
}

impl Node for Batcher {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        check_nesting(item)?;
        self.items.push(item.clone());
        if self.items.len() == self.size {
            out.emit(std::mem::take(&mut self.items));
        }
        Ok(())
    }

    fn flushes(&self) -> bool {
        true
    }

    fn flush(&mut self, out: &mut Out) -> Result<(), Failure> {
        let rest = std::mem::take(&mut self.items);
        if self.partial && !rest.is_empty() {
            out.emit(rest);
        }
        Ok(())
    }
}
