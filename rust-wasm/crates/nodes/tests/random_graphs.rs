//! Random graphs: the engine gives what a naive interpreter of SPEC §4 gives, whatever the batch size.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, reason = "tests")]

mod support;

use std::collections::BTreeMap;

use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out, Params};
use remotemedia_engine::registry::Registry;
use remotemedia_engine::value::Value;
use remotemedia_nodes::TYPES;
use serde_json::{Value as Json, json};

/// Holds items in pairs; gives the odd one out at flush.
#[derive(Default)]
struct Pairs(Vec<Value>);

impl Node for Pairs {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        self.0.push(item.clone());
        if self.0.len() == 2 {
            out.emit(std::mem::take(&mut self.0));
        }
        Ok(())
    }

    fn flush(&mut self, out: &mut Out) -> Result<(), Failure> {
        self.0.drain(..).for_each(|item| out.emit(item));
        Ok(())
    }
}

/// Fails on every third item, before it changes anything but its count of calls.
struct Moody(u32);

impl Node for Moody {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        self.0 += 1;
        out.emit(item.clone());
        if self.0.is_multiple_of(13) { Err(Failure::new("one of those days")) } else { Ok(()) }
    }
}

const PAIRS: NodeType =
    NodeType { entry: r#"{"type": "Pairs"}"#, create: |_| Ok(Box::new(Pairs::default())) };
const MOODY: NodeType = NodeType { entry: r#"{"type": "Moody"}"#, create: |_| Ok(Box::new(Moody(0))) };

fn registry() -> Registry {
    Registry::new(&[TYPES, &[PAIRS, MOODY]].concat()).unwrap()
}

/// A small random generator (splitmix64), so that a seed says everything.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % n
    }
}

fn graph(random: &mut Random) -> Json {
    let count = 1 + random.below(9);
    // Connections run from smaller to larger numbers; the manifest lists the nodes in another order.
    let mut order: Vec<u64> = (0..count).collect();
    for i in (1..order.len()).rev() {
        order.swap(i, random.below(i as u64 + 1) as usize);
    }
    let nodes: Vec<Json> = order
        .iter()
        .map(|n| {
            let (node_type, params) = match random.below(16) {
                0..3 => ("MultiplyNode", json!({"factor": 0.5})),
                3..6 => ("AddNode", json!({"addend": 10})),
                6..8 => ("FilterNode", json!({"min_value": 8})),
                8..10 => ("ExpanderNode", json!({"expansion_factor": random.below(4)})),
                10..11 => ("CounterNode", json!({})),
                11..13 => ("Pairs", json!({})),
                13..14 => ("Moody", json!({})),
                _ => ("PassThroughNode", json!({})),
            };
            let on_error = if random.below(3) == 0 { "fail" } else { "skip" };
            json!({"id": format!("n{n}"), "node_type": node_type, "params": params, "on_error": on_error})
        })
        .collect();
    let mut connections = Vec::new();
    for to in 1..count {
        for from in 0..to {
            if random.below(count) < 2 {
                let at = random.below(connections.len() as u64 + 1) as usize;
                connections.insert(at, json!({"from": format!("n{from}"), "to": format!("n{to}")}));
            }
        }
    }
    json!({"version": "v1", "nodes": nodes, "connections": connections})
}

/// One node of the naive interpreter.
struct Naive<'a> {
    id: &'a str,
    node: Box<dyn Node>,
    skips: bool,
}

/// Runs item by item: in every round each node, in topological order with ties by manifest order, takes what its
/// connections carry, in manifest order.
fn interpret(manifest: &Json, input: &[Value], registry: &Registry) -> support::Ran {
    let connections: Vec<(&str, &str)> = manifest["connections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|wire| (wire["from"].as_str().unwrap(), wire["to"].as_str().unwrap()))
        .collect();
    let mut waiting: Vec<&Json> = manifest["nodes"].as_array().unwrap().iter().collect();
    let mut nodes: Vec<Naive> = Vec::new();
    while !waiting.is_empty() {
        let is_taken = |id: &str| nodes.iter().any(|node| node.id == id);
        let is_ready = |node: &&Json| {
            let id = node["id"].as_str().unwrap();
            connections.iter().all(|(from, to)| *to != id || is_taken(from))
        };
        let next = waiting.remove(waiting.iter().position(is_ready).unwrap());
        let (entry, node_type) = registry.find(next["node_type"].as_str().unwrap()).unwrap();
        let mut params = next["params"].as_object().unwrap().clone();
        for (name, schema) in &entry.params.properties {
            params.entry(name).or_insert(schema["default"].clone());
        }
        let node = (node_type.create)(&Params::new(params)).unwrap();
        nodes.push(Naive { id: next["id"].as_str().unwrap(), node, skips: next["on_error"] == "skip" });
    }
    let is_sink = |id: &str| connections.iter().all(|(from, _)| *from != id);
    let sinks =
        nodes.iter().filter(|node| is_sink(node.id)).map(|node| (node.id.to_owned(), Vec::new())).collect();
    let mut ran = support::Ran { sinks, error: None };
    for round in 0..=input.len() {
        let item = input.get(round);
        let mut gave: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for node in &mut nodes {
            let incoming = connections.iter().filter(|(_, to)| *to == node.id);
            let mut items: Vec<Value> = incoming.clone().flat_map(|(from, _)| gave[from].clone()).collect();
            if incoming.count() == 0 {
                items.extend(item.cloned());
            }
            let mut outputs = Vec::new();
            let mut out = Out::new(vec!["out".to_owned()]);
            let calls = items.iter().map(Some).chain(item.is_none().then_some(None));
            for call in calls {
                let result = match call {
                    Some(item) => node.node.process(item, "in", &mut out),
                    None => node.node.flush(&mut out),
                };
                let given = out.take();
                match result {
                    Ok(()) => outputs.extend(given),
                    Err(_) if node.skips => {}
                    Err(failure) => {
                        let place = (node.id.to_owned(), item.map(|_| round as u64));
                        ran.error = Some(
                            remotemedia_engine::error::Error::node(&place.0, "", failure).at(0, place.1, 0),
                        );
                        return ran;
                    }
                }
            }
            gave.insert(node.id, outputs);
        }
        // Only a round that went through is delivered.
        for (id, items) in &mut ran.sinks {
            items.extend(gave[id.as_str()].iter().map(|value| (round as u64, value.clone())));
        }
    }
    ran
}

fn place(ran: &support::Ran) -> Option<(Option<String>, Option<u64>)> {
    ran.error.as_ref().map(|error| (error.detail().node_id.clone(), error.detail().item_index))
}

#[test]
fn the_engine_agrees_with_the_naive_interpreter() {
    let registry = registry();
    let (mut failed, mut given) = (0, 0);
    for seed in 0..400 {
        let mut random = Random(seed);
        let manifest = graph(&mut random);
        let input: Vec<Value> = (0..random.below(40)).map(|_| Value::Int(random.below(40) as i64)).collect();
        let expected = interpret(&manifest, &input, &registry);
        failed += u32::from(expected.error.is_some());
        given += expected.sinks.values().map(Vec::len).sum::<usize>();
        for batch in [1, 3, 64] {
            let ran = support::run(&manifest, &input, batch, &registry);
            assert_eq!(place(&ran), place(&expected), "seed {seed}, batches of {batch}: {manifest}");
            assert!(ran.sinks == expected.sinks, "seed {seed}, batches of {batch}: {manifest}");
        }
    }
    assert!(failed > 20 && failed < 380 && given > 10_000, "{failed} failed, {given} items given");
}
