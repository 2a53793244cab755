//! Nodes that misbehave on command and pass everything else through.
#![allow(clippy::panic, reason = "that is what they are for")]

use std::hint::black_box;

use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out};
use remotemedia_engine::value::Value;

/// All of them.
pub const TYPES: &[NodeType] = &[PANIC, SPIN, ALLOCATE];

/// Panics on the item "panic", and at flush if an item "panic at flush" came before.
const PANIC: NodeType = NodeType {
    entry: r#"{
        "type": "PanicNode", "aliases": [], "summary": "Panics on the item \"panic\".", "category": "test",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {}},
        "inputs": {"in": {"kinds": ["any"]}}, "outputs": {"out": {"kinds": ["any"]}},
        "runtime": "rust", "stateful": true, "requires": []
    }"#,
    create: |_| Ok(Box::new(Panic { at_flush: false })),
};

struct Panic {
    at_flush: bool,
}

impl Node for Panic {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        match item.as_str() {
            Some("panic") => panic!("a node panics"),
            Some("panic at flush") => self.at_flush = true,
            _ => out.emit(item.clone()),
        }
        Ok(())
    }

    fn flushes(&self) -> bool {
        true
    }

    fn flush(&mut self, _out: &mut Out) -> Result<(), Failure> {
        assert!(!self.at_flush, "a node panics at flush");
        Ok(())
    }
}

/// Loops for ever on the item "spin".
const SPIN: NodeType = NodeType {
    entry: r#"{
        "type": "SpinNode", "aliases": [], "summary": "Loops for ever on the item \"spin\".", "category": "test",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {}},
        "inputs": {"in": {"kinds": ["any"]}}, "outputs": {"out": {"kinds": ["any"]}},
        "runtime": "rust", "stateful": false, "requires": []
    }"#,
    create: |_| Ok(Box::new(Spin)),
};

struct Spin;

impl Node for Spin {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        let mut turns = 0u64;
        while item.as_str() == Some("spin") {
            turns = black_box(turns.wrapping_add(1));
        }
        out.emit(item.clone());
        Ok(())
    }
}

/// Allocates as many bytes as a number says and gives how many it has allocated in all; keeps them.
const ALLOCATE: NodeType = NodeType {
    entry: r#"{
        "type": "AllocateNode", "aliases": [], "summary": "Allocates as many bytes as a number says.",
        "category": "test",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {}},
        "inputs": {"in": {"kinds": ["any"]}}, "outputs": {"out": {"kinds": ["any"]}},
        "runtime": "rust", "stateful": true, "requires": []
    }"#,
    create: |_| Ok(Box::new(Allocate(Vec::new()))),
};

struct Allocate(Vec<Vec<u8>>);

impl Node for Allocate {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        let Some(bytes) = item.as_number() else {
            out.emit(item.clone());
            return Ok(());
        };
        self.0.push(black_box(vec![1; bytes as usize]));
        out.emit(self.0.iter().map(Vec::len).sum::<usize>() as i64);
        Ok(())
    }
}
