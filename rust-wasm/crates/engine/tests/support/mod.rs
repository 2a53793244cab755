//! What the tests of this folder share: a node that keeps a diary, and segments of such nodes.
#![allow(dead_code, reason = "each test uses a part")]

use std::cell::RefCell;
use std::rc::Rc;

use remotemedia_engine::engine::{Addressed, Engine, Outcome, Status};
use remotemedia_engine::error::Failure;
use remotemedia_engine::host::{Host, NoHost};
use remotemedia_engine::node::{Node, NodeType, Out, Params};
use remotemedia_engine::packet::{Item, Packet};
use remotemedia_engine::registry::Registry;
use remotemedia_engine::value::Value;
use serde_json::{Value as Json, json};

thread_local! {
    static DIARY: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn note(line: String) {
    DIARY.with_borrow_mut(|diary| diary.push(line));
}

pub fn diary() -> Vec<String> {
    DIARY.take()
}

/// Gives each number plus `step`, `times` times; fails on the numbers in `fail_on`, the first `fail_times` times.
pub struct Probe {
    name: String,
    step: i64,
    times: i64,
    fail_on: i64,
    fail_times: i64,
}

impl Probe {
    fn create(params: &Params) -> Result<Box<dyn Node>, Failure> {
        let name = params.text("name")?.to_owned();
        if name == "broken" {
            return Err(Failure::new("cannot be created"));
        }
        let integer = |name: &str| params.integer(name);
        Ok(Box::new(Self {
            name,
            step: integer("step")?,
            times: integer("times")?,
            fail_on: integer("fail_on")?,
            fail_times: integer("fail_times")?,
        }))
    }

    fn check(&mut self, number: i64) -> Result<(), Failure> {
        if number == self.fail_on && self.fail_times > 0 {
            self.fail_times -= 1;
            return Err(Failure::new(format!("{} does not like {number}", self.name)));
        }
        Ok(())
    }
}

impl Node for Probe {
    fn process(&mut self, item: &Value, port: &str, out: &mut Out) -> Result<(), Failure> {
        let number = item.as_number().unwrap() as i64;
        note(format!("{}.{port} {number}", self.name));
        // Emitted before the failure, and must not get out.
        (0..self.times).for_each(|_| out.emit(Value::Int(number + self.step)));
        if port == "side" {
            out.emit_to("other", Value::Int(-number));
        }
        self.check(number)
    }

    fn flushes(&self) -> bool {
        true
    }

    fn flush(&mut self, out: &mut Out) -> Result<(), Failure> {
        note(format!("{} flush", self.name));
        out.emit(Value::Int(1000));
        self.check(-1)
    }

    fn close(&mut self) {
        note(format!("{} close", self.name));
    }
}

pub const PROBE: NodeType = NodeType {
    entry: r#"{"type": "Probe", "inputs": {"in": {}, "side": {}}, "outputs": {"out": {}, "other": {}}}"#,
    create: Probe::create,
};

/// A generating source: gives 0, 1, … up to `last` at `out` and their tens at `other`; fails where `fail_on` says so.
struct Ticker {
    next: i64,
    last: i64,
    fail_on: i64,
}

impl Node for Ticker {
    fn process(&mut self, tick: &Value, port: &str, out: &mut Out) -> Result<(), Failure> {
        note(format!("tick {:?} at {port}", tick.kind()));
        if self.next == self.fail_on {
            return Err(Failure::new("does not tick"));
        }
        out.emit(self.next);
        out.emit_to("other", self.next * 10);
        self.next += 1;
        if self.next > self.last {
            out.end();
        }
        Ok(())
    }
}

pub const TICKER: NodeType = NodeType {
    entry: r#"{"type": "Ticker", "inputs": {}, "outputs": {"out": {}, "other": {}}}"#,
    create: |params| {
        let (last, fail_on) = (params.integer("last")?, params.integer("fail_on")?);
        Ok(Box::new(Ticker { next: 0, last, fail_on }))
    },
};

pub fn node(name: &str, order: u32, more: &Json) -> Json {
    let mut params = json!({"name": name, "step": 0, "times": 1, "fail_on": -7, "fail_times": 1_000_000});
    let mut node = json!({"id": name, "node_type": "Probe", "order": order});
    for (key, value) in more.as_object().unwrap() {
        let target = if params.get(key).is_some() { &mut params } else { &mut node };
        target[key] = value.clone();
    }
    node["params"] = params;
    node
}

/// Nodes in order, and connections as `a.out>b.in`; `@0` is edge 0 coming in, `#1` is edge 1 going to the host.
pub fn open_on(host: Rc<dyn Host>, nodes: &[Json], wires: &str) -> Engine {
    let mut all: Vec<Json> = Vec::new();
    let mut connections = Vec::new();
    for wire in wires.split(' ') {
        let (from, to) = wire.split_once('>').unwrap();
        let mut end = |text: &str, port: &str| -> String {
            let edge = |text: &str| text[1..].parse::<u32>().unwrap();
            match text.as_bytes()[0] {
                b'@' => {
                    all.push(json!({"id": format!("__in_{}", edge(text)), "node_type": "__In", "params": {"edge": edge(text)}}));
                    format!("__in_{}.out", edge(text))
                }
                b'#' => {
                    let params = json!({"edge": edge(text), "to": null});
                    all.push(json!({"id": format!("__out_{}", edge(text)), "node_type": "__Out", "params": params}));
                    format!("__out_{}.in", edge(text))
                }
                _ if text.contains('.') => text.to_owned(),
                _ => format!("{text}.{port}"),
            }
        };
        let (from, to) = (end(from, "out"), end(to, "in"));
        connections.push(json!({"from": from, "to": to}));
    }
    all.sort_by_key(|node| node["id"].to_string());
    all.dedup();
    all.extend(nodes.iter().cloned());
    let segment = json!({"metrics": true, "trace": true, "nodes": all, "connections": connections});
    Engine::open(&segment, &Registry::new(&[PROBE, TICKER]).unwrap(), host).unwrap()
}

pub fn open(nodes: &[Json], wires: &str) -> Engine {
    open_on(Rc::new(NoHost), nodes, wires)
}

pub fn batch(numbers: &[i64]) -> Packet {
    let numbers = numbers.iter().enumerate();
    Packet::of(
        &numbers
            .map(|(round, n)| Item { round: round as u64, edge: 0, value: Value::Int(*n) })
            .collect::<Vec<_>>(),
    )
}

pub fn given(packets: &[Addressed]) -> Vec<(u64, u32, i64)> {
    let items = packets.iter().flat_map(|addressed| addressed.packet.items().unwrap());
    items.map(|item| (item.round, item.edge, item.value.as_number().unwrap() as i64)).collect()
}

pub fn failed(outcome: &Outcome) -> (String, Option<u64>, Option<u32>) {
    let Status::Failed(error) = &outcome.status else { panic!("{outcome:?}") };
    let detail = error.detail();
    (detail.node_id.clone().unwrap(), detail.item_index, detail.order)
}

pub const PLAIN: fn(&str, u32) -> Json = |name, order| node(name, order, &json!({}));
