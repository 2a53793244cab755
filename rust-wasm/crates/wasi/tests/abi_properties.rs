//! Random calls of the reactor, in any order and with any arguments: every answer is one of the documented ones, and
//! nothing panics.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used, reason = "tests")]

#[path = "../../engine/tests/support/fuzz.rs"]
mod fuzz;
#[path = "../../engine/tests/support/json_change.rs"]
mod json_change;

use proptest::prelude::*;
use remotemedia_engine::engine::Limit;
use remotemedia_engine::packet::{Item, Packet, contiguous};
use remotemedia_engine::value::Value;
use remotemedia_module::reactor::{DONE, ENDED, FAILED, MORE, Reactor, SLEEP};
use serde_json::{Value as Json, json};

/// What the host puts into the input block.
#[derive(Clone, Debug)]
enum Content {
    /// Whatever stood there.
    Old,
    Noise(Vec<u8>),
    Text(String),
    Packets(Vec<(u64, u32, i64)>),
    /// A request for a plan, and from now on segments are of this plan.
    Request(Json),
    /// The segment of the last plan, changed.
    Segment(Vec<json_change::Change>),
}

#[derive(Clone, Debug)]
enum Call {
    Alloc(usize),
    Free,
    Catalog,
    Plan,
    Open,
    Run(u32, f64, u32),
    Flush(u32, f64, u32),
    Resume(u32),
    Metrics(u32),
    Close(u32),
}

/// One step: what is written, by how much the stated length is off, and what is called.
type Step = (Content, i32, Call);

const WORDS: &[&str] =
    &["id", "nodes", "params", "order", "__In", "__Out", "a", "b", "a.out", "b.in", "to", "circuit"];

fn manifest() -> impl Strategy<Value = Json> {
    let kind = prop::sample::select(vec![
        json!({"node_type": "MultiplyNode", "on_error": "skip"}),
        json!({"node_type": "MultiplyNode", "timeout_ms": 5}),
        json!({"node_type": "ExpanderNode", "params": {"expansion_factor": 70}}),
        json!({"node_type": "BatcherNode", "params": {"batch_size": 2}}),
        json!({"node_type": "VADNode", "retry": {"max_retries": 2, "base_delay_ms": 1}}),
        json!({"node_type": "RangeGeneratorNode"}),
        json!({"node_type": "Nope"}),
    ]);
    (kind.clone(), kind).prop_map(|(mut a, mut b)| {
        (a["id"], b["id"]) = (json!("a"), json!("b"));
        let wires = if b["node_type"] == "RangeGeneratorNode" {
            json!([])
        } else {
            json!([{"from": "a", "to": "b"}])
        };
        json!({"version": "v1", "nodes": [a, b], "connections": wires})
    })
}

fn content() -> impl Strategy<Value = Content> {
    let item = (0u64..2, prop_oneof![9 => Just(0), 1 => 0u32..3], any::<i64>());
    prop_oneof![
        2 => Just(Content::Old),
        1 => prop::collection::vec(any::<u8>(), 0..100).prop_map(Content::Noise),
        1 => ".{0,40}".prop_map(Content::Text),
        4 => prop::collection::vec(item, 0..20).prop_map(|mut items| {
            // Rounds that decrease along an edge are refused at once.
            items.sort_unstable_by_key(|&(round, ..)| round);
            Content::Packets(items)
        }),
        3 => manifest().prop_map(|manifest| Content::Request(json!({"manifest": manifest, "metrics": true}))),
        3 => prop::collection::vec(json_change::change(WORDS), 0..2).prop_map(Content::Segment),
    ]
}

fn call() -> impl Strategy<Value = Call> {
    let until = || prop_oneof![2 => Just(f64::INFINITY), 1 => -1.0..5.0f64, 1 => Just(f64::NAN)];
    prop_oneof![
        1 => (0usize..100_000).prop_map(Call::Alloc),
        1 => Just(Call::Free),
        1 => Just(Call::Catalog),
        3 => Just(Call::Plan),
        4 => Just(Call::Open),
        6 => (0u32..4, until(), 0u32..4).prop_map(|(handle, round, order)| Call::Run(handle, round, order)),
        2 => (0u32..4, until(), 0u32..4).prop_map(|(handle, round, order)| Call::Flush(handle, round, order)),
        3 => (0u32..4).prop_map(Call::Resume),
        1 => (0u32..4).prop_map(Call::Metrics),
        1 => (0u32..4).prop_map(Call::Close),
    ]
}

/// A host that keeps to no rule.
struct Host {
    reactor: Reactor,
    segment: Json,
    length: usize,
}

impl Host {
    /// With a segment of each manifest open, if it has one.
    fn new(manifests: &[Json]) -> Self {
        let reactor = Reactor::new(remotemedia_nodes::registry().unwrap(), |_, _, _| {});
        let mut host = Self { reactor, segment: Json::Null, length: 0 };
        for manifest in manifests {
            host.write(&Content::Request(json!({"manifest": manifest, "metrics": true})));
            host.write(&Content::Segment(Vec::new()));
            host.call(&Call::Open, 0);
        }
        host
    }

    fn write(&mut self, content: &Content) {
        let bytes = match content {
            Content::Old => return,
            Content::Noise(bytes) => bytes.clone(),
            Content::Text(text) => text.clone().into_bytes(),
            Content::Request(request) => {
                self.put(request.to_string().as_bytes());
                self.reactor.plan(self.length);
                let answer: Json = serde_json::from_str(&self.reactor.answer.json).unwrap();
                self.segment = answer.pointer("/plan/segments/0").cloned().unwrap_or_default();
                request.to_string().into_bytes()
            }
            Content::Segment(changes) => {
                let mut segment = self.segment.clone();
                for change in changes {
                    json_change::apply(&mut segment, change);
                }
                segment.to_string().into_bytes()
            }
            Content::Packets(items) => {
                let item = |&(round, edge, number): &(u64, u32, i64)| {
                    let value = if number % 5 == 0 { Value::Null } else { Value::Int(number) };
                    Item { round, edge, value }
                };
                contiguous::write(&Packet::of(&items.iter().map(item).collect::<Vec<_>>())).unwrap()
            }
        };
        self.put(&bytes);
    }

    fn put(&mut self, bytes: &[u8]) {
        assert!(self.reactor.input.reserve(bytes.len()));
        self.reactor.input.bytes_mut()[..bytes.len()].copy_from_slice(bytes);
        self.length = bytes.len();
    }

    /// Makes a call; gives its status, if it has one.
    fn call(&mut self, call: &Call, off: i32) -> Option<u32> {
        let (reactor, length) = (&mut self.reactor, self.length.saturating_add_signed(off as isize));
        let until = Limit::from_host;
        Some(match *call {
            Call::Alloc(bytes) => {
                reactor.input.reserve(bytes);
                return None;
            }
            Call::Free => {
                reactor.free();
                return None;
            }
            Call::Close(handle) => {
                reactor.close(handle);
                return None;
            }
            Call::Catalog => reactor.catalog(),
            Call::Plan => reactor.plan(length),
            Call::Open => match reactor.open(length) {
                0 => FAILED,
                _ => DONE,
            },
            Call::Run(handle, round, order) => reactor.run(handle, length, until(round, order)),
            Call::Flush(handle, round, order) => reactor.flush(handle, length, until(round, order)),
            Call::Resume(handle) => reactor.resume(handle),
            Call::Metrics(handle) => reactor.metrics(handle),
        })
    }
}

proptest! {
    #![proptest_config(fuzz::config(400))]

    #[test]
    fn any_calls_are_answered(
        manifests in prop::collection::vec(manifest(), 2),
        steps in prop::collection::vec((content(), prop_oneof![4 => Just(0), 1 => -20i32..200], call()), 1..25),
    ) {
        let mut host = Host::new(&manifests);
        for (content, off, call) in &steps as &[Step] {
            host.write(content);
            let Some(status) = host.call(call, *off) else { continue };
            let answer = &host.reactor.answer;
            prop_assert_eq!(status, answer.status);
            prop_assert!([DONE, MORE, SLEEP, FAILED, ENDED].contains(&status), "{:?}: {}", call, status);
            if status == FAILED {
                let error: Json = serde_json::from_str(&answer.json).unwrap();
                prop_assert!(error["name"].is_string() && error["code"].is_string(), "{}", error);
            }
            for addressed in &answer.packets {
                prop_assert!(addressed.packet.items().is_ok());
            }
        }
    }
}
