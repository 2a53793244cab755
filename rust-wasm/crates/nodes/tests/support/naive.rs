//! A naive interpreter of SPEC §4: item by item, node by node, round by round.

use std::collections::BTreeMap;

use remotemedia_engine::error::{Error, ErrorName, Failure};
use remotemedia_engine::node::{Node, Out, Params};
use remotemedia_engine::registry::Registry;
use remotemedia_engine::value::Value;
use serde_json::Value as Json;

use super::host::{FLUSH, Ran};

/// Failed calls in a row after which a node is not called any more; no time passes here.
const MOST_FAILURES: u32 = 5;

/// `node.port` of both ends.
struct Wire {
    from: (String, String),
    to: (String, String),
}

struct Subject {
    id: String,
    node: Box<dyn Node>,
    out: Out,
    generates: bool,
    ended: bool,
    skips: bool,
    retries: u64,
    failures: u32,
}

/// What a call works on: an item and its port, or the end of the stream.
type Work = Option<(Value, String)>;

impl Subject {
    fn new(json: &Json, registry: &Registry) -> Self {
        let (entry, node_type) = registry.find(json["node_type"].as_str().unwrap()).unwrap();
        let mut params = json["params"].as_object().unwrap().clone();
        for (name, schema) in &entry.params.properties {
            if let Some(default) = schema.get("default") {
                params.entry(name).or_insert(default.clone());
            }
        }
        // `out` is the default port and comes first.
        let mut ports: Vec<String> = entry.outputs.keys().cloned().collect();
        ports.sort_by_key(|port| port != "out");
        Self {
            id: json["id"].as_str().unwrap().to_owned(),
            node: (node_type.create)(&Params::new(params)).unwrap(),
            out: Out::new(ports),
            generates: entry.inputs.is_empty(),
            ended: false,
            skips: json["on_error"] == "skip",
            retries: json["retry"]["max_retries"].as_u64().unwrap_or(0),
            failures: 0,
        }
    }

    /// One call with its retries; ticks have none.
    fn call(&mut self, work: &Work) -> Result<Vec<(String, Value)>, ErrorName> {
        if self.failures >= MOST_FAILURES {
            return Err(ErrorName::CircuitOpenError);
        }
        let retries = if self.generates && work.is_some() { 0 } else { self.retries };
        for _ in 0..=retries {
            let result = match work {
                Some((item, port)) => self.node.process(item, port, &mut self.out),
                None => self.node.flush(&mut self.out),
            };
            let given = self.out.take_by_port();
            if result.is_ok() {
                self.failures = 0;
                self.ended = self.out.has_ended();
                return Ok(given);
            }
        }
        self.failures += 1;
        Err(ErrorName::NodeError)
    }
}

struct Interpreter {
    nodes: Vec<Subject>,
    wires: Vec<Wire>,
    ran: Ran,
}

/// Runs a manifest with these items for every source that does not generate.
pub fn interpret(manifest: &Json, input: &[Value], registry: &Registry) -> Ran {
    let end = |end: &Json, default: &str| {
        let text = end.as_str().unwrap();
        let (id, port) = text.split_once('.').unwrap_or((text, default));
        (id.to_owned(), port.to_owned())
    };
    let wires = manifest["connections"].as_array().unwrap().iter();
    let wires: Vec<Wire> =
        wires.map(|wire| Wire { from: end(&wire["from"], "out"), to: end(&wire["to"], "in") }).collect();
    let nodes = in_order(manifest, &wires, registry);
    let is_sink = |node: &&Subject| wires.iter().all(|wire| wire.from.0 != node.id);
    let sinks = nodes.iter().filter(is_sink).map(|node| (node.id.clone(), Vec::new())).collect();
    let mut interpreter = Interpreter { nodes, wires, ran: Ran { sinks, error: None, skipped: 0 } };
    let mut round = 0;
    while round < input.len() || interpreter.nodes.iter().any(|node| node.generates && !node.ended) {
        if !interpreter.round(round as u64, input.get(round), false) {
            return interpreter.ran;
        }
        round += 1;
    }
    interpreter.round(round as u64, None, true);
    interpreter.ran
}

/// The nodes in topological order, ties by manifest order.
fn in_order(manifest: &Json, wires: &[Wire], registry: &Registry) -> Vec<Subject> {
    let mut waiting: Vec<&Json> = manifest["nodes"].as_array().unwrap().iter().collect();
    let mut nodes: Vec<Subject> = Vec::new();
    while !waiting.is_empty() {
        let is_taken = |id: &str| nodes.iter().any(|node| node.id == id);
        let is_ready =
            |node: &&Json| wires.iter().all(|wire| wire.to.0 != node["id"] || is_taken(&wire.from.0));
        let next = waiting.remove(waiting.iter().position(is_ready).unwrap());
        nodes.push(Subject::new(next, registry));
    }
    nodes
}

impl Interpreter {
    /// One round; false if it has failed, and then nothing of it is delivered.
    fn round(&mut self, round: u64, item: Option<&Value>, flush: bool) -> bool {
        let mut gave: BTreeMap<String, Vec<(String, Value)>> = BTreeMap::new();
        for node in &mut self.nodes {
            let mut outputs = Vec::new();
            for work in work(node, &self.wires, &gave, item, flush) {
                match node.call(&work) {
                    Ok(given) => outputs.extend(given),
                    Err(name) => {
                        node.ended |= node.generates;
                        if !node.skips {
                            self.ran.error = Some(error(&node.id, name, (!flush).then_some(round)));
                            return false;
                        }
                        self.ran.skipped += 1;
                    }
                }
            }
            gave.insert(node.id.clone(), outputs);
        }
        for (id, items) in &mut self.ran.sinks {
            let round = if flush { FLUSH } else { round };
            items.extend(gave[id].iter().map(|(_, value)| (round, value.clone())));
        }
        true
    }
}

/// The calls of a node in a round: what its connections carry, in their order, or an item or tick from outside; then
/// its flush.
fn work(
    node: &Subject,
    wires: &[Wire],
    gave: &BTreeMap<String, Vec<(String, Value)>>,
    item: Option<&Value>,
    flush: bool,
) -> Vec<Work> {
    let mut calls: Vec<Work> = Vec::new();
    for wire in wires.iter().filter(|wire| wire.to.0 == node.id) {
        let carried = gave[&wire.from.0].iter().filter(|(port, _)| *port == wire.from.1);
        calls.extend(carried.map(|(_, value)| Some((value.clone(), wire.to.1.clone()))));
    }
    if node.generates {
        calls.extend((!flush && !node.ended).then(|| Some((Value::Null, "in".to_owned()))));
    } else if wires.iter().all(|wire| wire.to.0 != node.id) {
        calls.extend(item.map(|item| Some((item.clone(), "in".to_owned()))));
    }
    calls.extend((flush && node.node.flushes()).then_some(None));
    calls
}

fn error(id: &str, name: ErrorName, item_index: Option<u64>) -> Error {
    let error = match name {
        ErrorName::CircuitOpenError => Error::circuit_open(id, "", 0.0),
        _ => Error::node(id, "", Failure::new("")),
    };
    error.at(0, item_index, 0)
}
