//! Random graphs: the engine gives what a naive interpreter of SPEC §4 gives, whatever the batch size.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, reason = "tests")]

mod support;

use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out};
use remotemedia_engine::registry::Registry;
use remotemedia_engine::value::Value;
use remotemedia_nodes::TYPES;
use serde_json::{Value as Json, json};

use support::host::{Input, Ran, Runner};
use support::naive::interpret;

/// Fails on every fifth call, after it has given something.
struct Moody(u32);

impl Node for Moody {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        self.0 += 1;
        out.emit(item.clone());
        if self.0.is_multiple_of(5) { Err(Failure::new("one of those days")) } else { Ok(()) }
    }

    fn flushes(&self) -> bool {
        true
    }

    fn flush(&mut self, out: &mut Out) -> Result<(), Failure> {
        self.process(&Value::Int(-1), "in", out)
    }
}

/// Even whole numbers at `out`, everything else at `rest`; what comes in at `other` goes to both.
struct Split;

impl Node for Split {
    fn process(&mut self, item: &Value, port: &str, out: &mut Out) -> Result<(), Failure> {
        let even = matches!(item, Value::Int(int) if int % 2 == 0);
        if even || port == "other" {
            out.emit(item.clone());
        }
        if !even || port == "other" {
            out.emit_to("rest", item.clone());
        }
        Ok(())
    }
}

const MOODY: NodeType = NodeType { entry: r#"{"type": "Moody"}"#, create: |_| Ok(Box::new(Moody(0))) };
const SPLIT: NodeType = NodeType {
    entry: r#"{"type": "Split", "inputs": {"in": {}, "other": {}}, "outputs": {"out": {}, "rest": {}}}"#,
    create: |_| Ok(Box::new(Split)),
};

fn registry() -> Registry {
    Registry::new(&[TYPES, &[MOODY, SPLIT]].concat()).unwrap()
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

    fn one<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len() as u64) as usize]
    }
}

/// A node: its type, params, and the ports at which connections may reach and leave it.
fn node(random: &mut Random) -> (&'static str, Json, &'static [&'static str], &'static [&'static str]) {
    const IN: &[&str] = &["in"];
    const OUT: &[&str] = &["out"];
    match random.below(20) {
        0..3 => ("MultiplyNode", json!({"factor": 0.5}), IN, OUT),
        3..5 => ("AddNode", json!({"addend": 10}), IN, OUT),
        5..7 => ("FilterNode", json!({"min_value": 8}), IN, OUT),
        7..9 => ("ExpanderNode", json!({"expansion_factor": random.below(4)}), IN, OUT),
        9 => ("CounterNode", json!({}), IN, OUT),
        10..12 => {
            let params = json!({"batch_size": 1 + random.below(4), "partial": random.below(2) == 0});
            ("BatcherNode", params, IN, OUT)
        }
        12..14 => {
            let params = json!({"ports": ["in", "b"], "partial": random.below(2) == 0});
            ("ZipNode", params, &["in", "b"], OUT)
        }
        14..16 => {
            let range = |random: &mut Random| random.below(30) as f64 / 2.0;
            let step = random.below(6) as f64 - 1.0;
            (
                "RangeGeneratorNode",
                json!({"start": range(random), "end": range(random), "step": step}),
                &[],
                OUT,
            )
        }
        16 => ("Moody", json!({}), IN, OUT),
        17 => ("Split", json!({}), &["in", "other"], &["out", "rest"]),
        _ => ("PassThroughNode", json!({}), IN, OUT),
    }
}

fn graph(random: &mut Random) -> Json {
    let count = 1 + random.below(12);
    let kinds: Vec<_> = (0..count).map(|_| node(random)).collect();
    let mut nodes = Vec::new();
    let mut connections = Vec::new();
    for (n, (node_type, params, ..)) in kinds.iter().enumerate() {
        let on_error = if random.below(3) == 0 { "fail" } else { "skip" };
        let mut node =
            json!({"id": format!("n{n}"), "node_type": node_type, "params": params, "on_error": on_error});
        if random.below(4) == 0 {
            node["retry"] = json!({"max_retries": 1, "base_delay_ms": 0});
        }
        // Connections run from smaller to larger numbers; the manifest lists the nodes in another order.
        nodes.insert(random.below(nodes.len() as u64 + 1) as usize, node);
    }
    for (to, (_, _, ins, _)) in kinds.iter().enumerate().filter(|(_, kind)| !kind.2.is_empty()) {
        for (from, (_, _, _, outs)) in kinds.iter().enumerate().take(to) {
            if random.below(count) < 2 {
                let at = random.below(connections.len() as u64 + 1) as usize;
                let (out, port) = (random.one(outs), random.one(ins));
                connections
                    .insert(at, json!({"from": format!("n{from}.{out}"), "to": format!("n{to}.{port}")}));
            }
        }
    }
    json!({"version": "v1", "nodes": nodes, "connections": connections})
}

/// What can be compared: outputs, which error it is and where, and how many calls were skipped.
fn essence(ran: &Ran) -> impl PartialEq + std::fmt::Debug {
    let error = ran.error.as_ref().map(|error| {
        let detail = error.detail();
        (detail.name, detail.node_id.clone(), detail.item_index)
    });
    let skipped = if error.is_none() { ran.skipped } else { 0 };
    (error, skipped, ran.sinks.clone())
}

#[test]
fn the_engine_agrees_with_the_naive_interpreter() {
    let registry = registry();
    let (mut failed, mut skipped, mut given) = (0, 0, 0);
    let count = if std::env::var_os("REMOTEMEDIA_LONG").is_some() { 20_000 } else { 600 };
    for seed in 0..count {
        let mut random = Random(seed);
        let manifest = graph(&mut random);
        let input: Vec<Value> = (0..random.below(40)).map(|_| Value::Int(random.below(40) as i64)).collect();
        let expected = interpret(&manifest, &input, &registry);
        failed += u64::from(expected.error.is_some());
        skipped += expected.skipped;
        given += expected.sinks.values().map(Vec::len).sum::<usize>();
        for batch in [1, 3, 64] {
            let ran = Runner::new(&manifest, &registry, batch).run(&Input::Everywhere(input.clone()));
            assert_eq!(
                essence(&ran),
                essence(&expected),
                "seed {seed}, batches of {batch}, error {:?}: {manifest}",
                ran.error
            );
        }
    }
    assert!(failed > count / 20 && failed < count * 19 / 20, "{failed} failed");
    assert!(skipped > 1000 && given > 10_000, "{skipped} calls skipped, {given} items given");
}
