//! `ZipNode`: joins the items of several ports.

use std::collections::{BTreeMap, VecDeque};

use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out, Params};
use remotemedia_engine::value::{Map, Value};

use crate::nesting::check_nesting;

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "ZipNode", "aliases": [],
        "summary": "Joins the k-th items of its ports to one map.", "category": "flow",
        "params": {"type": "object", "additionalProperties": false, "required": ["ports"], "properties": {
            "ports": {"type": "array", "items": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"}, "minItems": 1,
                      "uniqueItems": true, "description": "The names of the input ports."},
            "partial": {"type": "boolean", "default": false,
                        "description": "Whether items without partners are given at the end of the stream."}}},
        "inputs": {"$ports": {"kinds": ["any"]}}, "outputs": {"out": {"kinds": ["map"]}},
        "runtime": "rust", "stateful": true, "requires": []
    }"#,
    create: |params| Ok(Box::new(Zip::new(params)?)),
};

/// Most items that wait at one port.
const MOST_WAITING: usize = 1024;

struct Zip {
    partial: bool,
    /// What waits, by port.
    waiting: BTreeMap<String, VecDeque<Value>>,
}

impl Zip {
    fn new(params: &Params) -> Result<Self, Failure> {
        let ports = params.texts("ports")?;
        let waiting: BTreeMap<String, VecDeque<Value>> =
            ports.iter().map(|&port| (port.to_owned(), VecDeque::new())).collect();
        if waiting.is_empty() || waiting.len() < ports.len() {
            return Err(Failure::new("ports are at least one, and all different"));
        }
        Ok(Self { partial: params.flag("partial")?, waiting })
    }

    /// The first item of every port that has one.
    fn take(&mut self) -> Value {
        let first =
            |(port, items): (&String, &mut VecDeque<Value>)| Some((port.as_str().into(), items.pop_front()?));
        self.waiting.iter_mut().filter_map(first).collect::<Map>().into()
    }
}

impl Node for Zip {
    fn process(&mut self, item: &Value, port: &str, out: &mut Out) -> Result<(), Failure> {
        check_nesting(item)?;
        let unknown = || Failure::new(format!("the node has no input port {port:?}"));
        let queue = self.waiting.get_mut(port).ok_or_else(unknown)?;
        if queue.len() == MOST_WAITING {
            return Err(Failure::new(format!("more than {MOST_WAITING} items wait at the port {port}")));
        }
        queue.push_back(item.clone());
        if self.waiting.values().all(|items| !items.is_empty()) {
            out.emit(self.take());
        }
        Ok(())
    }

    fn flushes(&self) -> bool {
        true
    }

    fn flush(&mut self, out: &mut Out) -> Result<(), Failure> {
        while self.partial && self.waiting.values().any(|items| !items.is_empty()) {
            out.emit(self.take());
        }
        self.waiting.values_mut().for_each(VecDeque::clear);
        Ok(())
    }
}
