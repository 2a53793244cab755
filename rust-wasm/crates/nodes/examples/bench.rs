//! Measures the engine and the audio nodes by themselves; a table for developers, natively or under WASI:
//!
//! `cargo run --release -p remotemedia-nodes --example bench`
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a tool for developers")]

use std::hint::black_box;
use std::rc::Rc;
use std::time::{Duration, Instant};

use remotemedia_engine::array::Audio;
use remotemedia_engine::buffer::Buffer;
use remotemedia_engine::engine::{Engine, Limit};
use remotemedia_engine::host::NoHost;
use remotemedia_engine::packet::{Item, Packet, contiguous};
use remotemedia_engine::plan::{Planned, plan};
use remotemedia_engine::registry::Registry;
use remotemedia_engine::value::Value;
use serde_json::{Value as Json, json};

const BATCH: usize = 256;

/// The shortest of several runs.
fn best(mut run: impl FnMut()) -> Duration {
    let once = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..15).map(|_| once(&mut run)).min().unwrap()
}

fn chain(nodes: &[(&str, Json)], registry: &Registry) -> Engine {
    let list: Vec<Json> = nodes
        .iter()
        .enumerate()
        .map(|(i, (node_type, params))| json!({"id": format!("n{i}"), "node_type": node_type, "params": params}))
        .collect();
    let wires: Vec<Json> =
        (1..nodes.len()).map(|i| json!({"from": format!("n{}", i - 1), "to": format!("n{i}")})).collect();
    let manifest = json!({"version": "v1", "nodes": list, "connections": wires});
    let planned = plan(&json!({"manifest": manifest}), &registry.entries()).unwrap();
    let Planned::Plan(plan, _) = planned else { unreachable!() };
    Engine::open(&plan["segments"][0], registry, Rc::new(NoHost)).unwrap()
}

fn scalars(name: &str, registry: &Registry, value: impl Fn(usize) -> Value) {
    let nodes = [("MultiplyNode", json!({"factor": 2})), ("AddNode", json!({"addend": 10}))];
    let mut engine = chain(&nodes, registry);
    let items: Vec<Item> = (0..BATCH).map(|i| Item { round: i as u64, edge: 0, value: value(i) }).collect();
    let block = Buffer::copy_of(&contiguous::write(&Packet::of(&items)).unwrap());
    let batches = 10_000 / BATCH + 1;
    let elapsed = best(|| {
        for _ in 0..batches {
            let packets = contiguous::read_all(&block).unwrap();
            black_box(engine.run(&packets, Limit::NONE));
        }
    });
    let per = elapsed.as_secs_f64() * 1e9 / (batches * BATCH * nodes.len()) as f64;
    println!("{name:<40} {per:8.1} ns per item and node");
}

fn audio(rate: u32, seconds: u32) -> Value {
    let frames = (rate * seconds) as usize;
    let samples: Vec<f32> = (0..frames).map(|n| (n as f32 * 0.05).sin() * 0.5).collect();
    Audio::new(rate, None, 1, frames, samples.into()).unwrap().into()
}

fn minute(name: &str, node: &(&str, Json), rate: u32, registry: &Registry) {
    let item = Packet::of(&[Item { round: 0, edge: 0, value: audio(rate, 60) }]);
    let elapsed = best(|| {
        let mut engine = chain(std::slice::from_ref(node), registry);
        black_box(engine.run(std::slice::from_ref(&item), Limit::NONE));
        black_box(engine.flush(&[], Limit::NONE));
    });
    println!("{name:<40} {:8.1} ms per minute of audio", elapsed.as_secs_f64() * 1e3);
}

fn start(name: &str, rate: u32, registry: &Registry) {
    let item = Packet::of(&[Item { round: 0, edge: 0, value: audio(rate, 0) }]);
    let elapsed = best(|| {
        let mut engine = chain(&[("AudioResampleNode", json!({}))], registry);
        black_box(engine.run(std::slice::from_ref(&item), Limit::NONE));
    });
    println!("{name:<40} {:8.2} ms", elapsed.as_secs_f64() * 1e3);
}

fn main() {
    let registry = remotemedia_nodes::registry().unwrap();
    scalars("integers", &registry, |i| Value::Int(i as i64));
    scalars("floats", &registry, |i| Value::Float(i as f64 + 0.3));
    scalars("integers and floats", &registry, |i| Value::Float(i as f64 / 4.0));
    start("filter 48 to 16 kHz", 48_000, &registry);
    start("filter 44.1 to 16 kHz", 44_100, &registry);
    let resample = || ("AudioResampleNode", json!({"target_sample_rate": 16_000}));
    minute("resample 48 to 16 kHz", &resample(), 48_000, &registry);
    minute("resample 44.1 to 16 kHz", &resample(), 44_100, &registry);
    minute("VAD at 16 kHz", &("VADNode", json!({})), 16_000, &registry);
}
