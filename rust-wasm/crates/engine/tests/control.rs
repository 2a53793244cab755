//! What surrounds the calls of nodes: ticks, deadlines, circuit breakers, traces, and the report of a panic.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use remotemedia_engine::engine::{Engine, Limit, Outcome, Status, blame, is_calling};
use remotemedia_engine::error::{ErrorName, Failure};
use remotemedia_engine::host::{Host, NoHost};
use remotemedia_engine::node::{Node, NodeType, Out};
use remotemedia_engine::packet::{Item, Packet};
use remotemedia_engine::registry::Registry;
use remotemedia_engine::value::Value;
use serde_json::{Value as Json, json};

use support::{PLAIN, batch, diary, failed, given, node, open, open_on};

fn ticker(last: i64, fail_on: i64, more: &Json) -> Json {
    let mut node =
        json!({"id": "t", "node_type": "Ticker", "order": 0, "params": {"last": last, "fail_on": fail_on}});
    node.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    node
}

fn ticks(rounds: std::ops::Range<u64>) -> Packet {
    Packet::of(&rounds.map(|round| Item { round, edge: 0, value: Value::Null }).collect::<Vec<_>>())
}

fn error_name(outcome: &Outcome) -> ErrorName {
    let Status::Failed(error) = &outcome.status else { panic!("{outcome:?}") };
    error.detail().name
}

#[test]
fn a_source_is_ticked_until_it_has_ended() {
    let mut engine = open(&[ticker(2, -1, &json!({}))], "@0>t t.out>#1 t.other>#2");
    let outcome = engine.run(&[ticks(0..2)], Limit::NONE);
    assert_eq!(outcome.status, Status::Done);
    assert_eq!(given(&outcome.packets), [(0, 1, 0), (1, 1, 1), (0, 2, 0), (1, 2, 10)]);
    let outcome = engine.run(&[ticks(2..9)], Limit::NONE);
    assert_eq!((&outcome.status, given(&outcome.packets).len()), (&Status::Ended, 2));
    assert_eq!(diary(), ["tick \"null\" at in"; 3]);
    assert_eq!(engine.run(&[ticks(9..10)], Limit::NONE).status, Status::Ended);
    assert_eq!(engine.metrics()["nodes"][0]["execution_count"], 3);
    assert_eq!(engine.flush(&[], Limit::NONE).status, Status::Done);
}

#[test]
fn a_segment_has_ended_when_all_its_sources_have() {
    let mut other = ticker(3, -1, &json!({}));
    (other["id"], other["order"]) = (json!("u"), json!(1));
    let mut engine = open(&[ticker(0, -1, &json!({})), other, PLAIN("p", 2)], "@0>t @9>u @5>p t>p u>p p>#1");
    let both = |round| [0, 9].map(|edge| Item { round, edge, value: Value::Null });
    for round in 0..3 {
        assert_eq!(engine.run(&[Packet::of(&both(round))], Limit::NONE).status, Status::Done, "{round}");
    }
    assert_eq!(engine.run(&[Packet::of(&both(3))], Limit::NONE).status, Status::Ended);
}

#[test]
fn a_failed_tick_ends_the_source_and_is_not_retried() {
    let retry = json!({"max_retries": 3, "base_delay_ms": 0, "max_delay_ms": 0, "multiplier": 1});
    let mut engine = open(&[ticker(9, 1, &json!({"retry": retry}))], "@0>t t>#1");
    let outcome = engine.run(&[ticks(0..4)], Limit::NONE);
    assert_eq!(failed(&outcome), ("t".to_owned(), Some(1), Some(0)));
    assert_eq!(given(&outcome.packets), [(0, 1, 0)]);
    diary();
    let mut engine = open(&[ticker(9, 1, &json!({"retry": retry, "on_error": "skip"}))], "@0>t t>#1");
    assert_eq!(engine.run(&[ticks(0..4)], Limit::NONE).status, Status::Ended);
    assert_eq!(diary().len(), 2);
}

/// Keeps what it is told, and a clock that tests move.
#[derive(Default)]
struct Watch {
    told: RefCell<Vec<Option<(u32, u64)>>>,
    now_us: Cell<f64>,
    looks: Cell<u32>,
}

impl Host for Watch {
    fn enter(&self, order: u32, round: u64) {
        self.told.borrow_mut().push(Some((order, round)));
    }

    fn leave(&self) {
        self.told.borrow_mut().push(None);
    }

    fn now_us(&self) -> f64 {
        self.looks.update(|looks| looks + 1);
        self.now_us.get()
    }
}

#[test]
fn the_host_is_told_of_deadlines_and_of_their_end() {
    let watch = Rc::new(Watch::default());
    let timed = |name: &str, order: u32| node(name, order, &json!({"timeout_ms": 20}));
    let nodes = [PLAIN("a", 0), timed("b", 5), timed("c", 6), PLAIN("d", 7), PLAIN("e", 8)];
    let mut engine = open_on(watch.clone(), &nodes, "@0>a a>b b>c c>d d>e e>#1");
    engine.run(&[batch(&[1, 2])], Limit::NONE);
    assert_eq!(watch.told.take(), [Some((5, 0)), Some((5, 1)), Some((6, 0)), Some((6, 1)), None]);
    engine.flush(&[], Limit::NONE);
    let flush = [Some((5, 2)), Some((5, 2)), Some((6, 2)), Some((6, 2)), Some((6, 2)), None];
    assert_eq!(watch.told.take(), flush);
    let mut engine = open_on(watch.clone(), &[timed("b", 5)], "@0>b b>#1");
    engine.run(&[batch(&[1])], Limit::NONE);
    engine.run(&[batch(&[1])], Limit::NONE);
    assert_eq!(watch.told.take(), [Some((5, 0)); 2], "the return of a call ends its deadline too");
    let mut engine = open_on(watch.clone(), &[PLAIN("a", 0)], "@0>a a>#1");
    engine.run(&[batch(&[1])], Limit::NONE);
    assert_eq!(watch.told.take(), [], "nothing is timed");
}

#[test]
fn a_circuit_opens_after_five_failures_and_closes_when_a_call_succeeds() {
    let watch = Rc::new(Watch::default());
    let nodes = [node("a", 0, &json!({"fail_on": 0, "on_error": "skip"}))];
    let mut engine = open_on(watch.clone(), &nodes, "@0>a a>#1");
    engine.run(&[batch(&[0, 0, 0, 0, 1, 0, 0, 0, 0])], Limit::NONE);
    assert_eq!(engine.metrics()["circuits"], json!({"a": {"failures": 4, "wait_ms": 0.0}}));
    engine.run(&[batch(&[0, 1, 1])], Limit::NONE);
    assert_eq!(engine.metrics()["circuits"], json!({"a": {"failures": 5, "wait_ms": 30_000.0}}));
    let skipped = engine.metrics()["skipped"].clone();
    assert_eq!(skipped["count"], 11);
    let last = &skipped["errors"][10];
    assert_eq!((&last["name"], &last["code"]), (&json!("CircuitOpenError"), &json!("circuit_open")));
    assert_eq!((&last["node_id"], &last["item_index"], &last["order"]), (&json!("a"), &json!(2), &json!(0)));
    assert_eq!(
        engine.metrics()["nodes"][0]["execution_count"],
        10,
        "calls that are not made are not counted"
    );
    assert_eq!(diary().len(), 10);

    watch.now_us.set(12.5e6);
    assert_eq!(engine.metrics()["circuits"]["a"]["wait_ms"], 17_500.0);
    watch.now_us.set(30e6);
    engine.run(&[batch(&[0, 1])], Limit::NONE);
    assert_eq!(diary(), ["a.in 0"], "one call is tried and opens it again");
    assert_eq!(engine.metrics()["circuits"], json!({"a": {"failures": 6, "wait_ms": 30_000.0}}));
    watch.now_us.set(60e6);
    engine.run(&[batch(&[1, 2])], Limit::NONE);
    assert_eq!(diary(), ["a.in 1", "a.in 2"]);
    assert_eq!(engine.metrics()["circuits"], json!({}));
}

#[test]
fn a_circuit_goes_on_from_earlier_runs() {
    let watch = Rc::new(Watch::default());
    let open = |circuit: Json| {
        let nodes = [node("a", 3, &json!({"fail_on": 0, "circuit": circuit}))];
        open_on(watch.clone(), &nodes, "@0>a a>#1")
    };
    let mut engine = open(json!({"failures": 5, "wait_ms": 12_000}));
    let outcome = engine.run(&[batch(&[1])], Limit::NONE);
    assert_eq!(error_name(&outcome), ErrorName::CircuitOpenError);
    assert_eq!(failed(&outcome), ("a".to_owned(), Some(0), Some(3)));
    assert_eq!(engine.metrics()["circuits"], json!({"a": {"failures": 5, "wait_ms": 12_000.0}}));
    assert!(diary().is_empty());
    let mut engine = open(json!({"failures": 5, "wait_ms": 0}));
    assert_eq!(engine.run(&[batch(&[1])], Limit::NONE).status, Status::Done, "half-open");
    let mut engine = open(json!({"failures": 4}));
    assert_eq!(error_name(&engine.run(&[batch(&[0])], Limit::NONE)), ErrorName::NodeError);
    assert_eq!(engine.metrics()["circuits"]["a"]["failures"], 5);
}

#[test]
fn only_calls_that_failed_for_good_count() {
    let retry = json!({"max_retries": 1, "base_delay_ms": 0, "max_delay_ms": 0, "multiplier": 1});
    let nodes = [node("a", 0, &json!({"fail_on": 0, "on_error": "skip", "retry": retry}))];
    let mut engine = open(&nodes, "@0>a a>#1");
    let mut outcome = engine.run(&[batch(&[0; 9])], Limit::NONE);
    let mut sleeps = 0;
    while outcome.status == Status::Sleep(0.0) {
        sleeps += 1;
        outcome = engine.resume();
    }
    assert_eq!((sleeps, engine.metrics()["nodes"][0]["execution_count"].as_u64()), (5, Some(10)));
    engine.flush(&[], Limit::NONE);
    assert_eq!(engine.metrics()["skipped"]["count"], 10, "a flush of its own is a call too");
}

#[test]
fn the_clock_is_left_alone_while_nothing_is_measured_and_no_circuit_open() {
    let watch = Rc::new(Watch::default());
    let segment = json!({
        "nodes": [{"id": "__in_0", "node_type": "__In", "params": {"edge": 0}},
                  node("a", 0, &json!({"fail_on": 0, "on_error": "skip"}))],
        "connections": [{"from": "__in_0.out", "to": "a.in"}],
    });
    let registry = Registry::new(&[support::PROBE]).unwrap();
    let mut engine = Engine::open(&segment, &registry, watch.clone()).unwrap();
    engine.run(&[batch(&[0, 0, 0, 0, 1, 2])], Limit::NONE);
    assert_eq!(watch.looks.get(), 0);
    engine.run(&[batch(&[0; 5])], Limit::NONE);
    assert_eq!(watch.looks.get(), 1);
}

#[test]
fn a_trace_has_a_span_per_node_and_batch() {
    /// A second passes at every look.
    #[derive(Default)]
    struct Seconds(Cell<f64>);
    impl Host for Seconds {
        fn now_us(&self) -> f64 {
            self.0.update(|now| now + 1e6);
            self.0.get()
        }
    }
    let mut engine = open_on(Rc::new(Seconds::default()), &[PLAIN("a", 2), PLAIN("b", 7)], "@0>a a>b b>#1");
    engine.run(&[batch(&[1, 2])], Limit::NONE);
    let spans = engine.metrics()["spans"].clone();
    assert_eq!(spans, json!([[2, 1e6, 1e6], [7, 3e6, 1e6]]));
    engine.flush(&[], Limit::NONE);
    // A flush alone is work, too.
    assert_eq!(engine.metrics()["spans"].as_array().unwrap().len(), 4);
    let mut engine = open_on(Rc::new(Seconds::default()), &[PLAIN("a", 2), PLAIN("b", 7)], "@0>a a>b b>#1");
    for _ in 0..6_000 {
        engine.run(&[batch(&[1])], Limit::NONE);
    }
    assert_eq!(engine.metrics()["spans"].as_array().unwrap().len(), 10_000);
}

/// Panics wherever the item says.
struct Fragile(bool);

impl Node for Fragile {
    fn process(&mut self, item: &Value, _port: &str, _out: &mut Out) -> Result<(), Failure> {
        assert!(item.as_str() != Some("process"), "broke in process");
        self.0 |= item.as_str() == Some("flush");
        Ok(())
    }

    fn flushes(&self) -> bool {
        true
    }

    fn flush(&mut self, _out: &mut Out) -> Result<(), Failure> {
        assert!(!self.0, "broke in flush");
        Ok(())
    }
}

const FRAGILE: NodeType = NodeType {
    entry: r#"{"type": "Fragile"}"#,
    create: |params| {
        assert!(params.text("at").is_err(), "broke in create");
        Ok(Box::new(Fragile(false)))
    },
};

fn fragile(params: &Json) -> Engine {
    let segment = json!({
        "nodes": [{"id": "__in_0", "node_type": "__In", "params": {"edge": 0}},
                  {"id": "f", "node_type": "Fragile", "order": 4, "params": params}],
        "connections": [{"from": "__in_0.out", "to": "f.in"}],
    });
    Engine::open(&segment, &Registry::new(&[FRAGILE]).unwrap(), Rc::new(NoHost)).unwrap()
}

/// What `blame` says after `call` has panicked: code, node, round, item.
fn blamed(call: impl FnOnce()) -> (String, Option<String>, Option<u64>, Option<u64>) {
    assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
    assert!(is_calling());
    let error = blame("panic", "it broke");
    let detail = error.detail();
    (format!("{:?}", detail.name), detail.node_id.clone(), detail.round, detail.item_index)
}

#[test]
fn a_panic_is_blamed_on_the_node_that_was_called() {
    let text = |round: u64, text: &str| Item { round, edge: 0, value: text.into() };
    let node = || Some("f".to_owned());
    let name = || "NodeError".to_owned();
    let mut engine = fragile(&json!({}));
    let items = [text(0, ""), text(1, "flush"), text(2, "process")];
    assert_eq!(
        blamed(|| _ = engine.run(&[Packet::of(&items)], Limit::NONE)),
        (name(), node(), Some(2), Some(2))
    );
    let mut engine = fragile(&json!({}));
    engine.run(&[Packet::of(&items[..2])], Limit::NONE);
    assert!(!is_calling(), "between calls nobody is to blame");
    assert_eq!(blame("panic", "").detail().name, ErrorName::RemoteMediaError);
    assert_eq!(blamed(|| _ = engine.flush(&[], Limit::NONE)), (name(), node(), Some(2), None));
    assert_eq!(blamed(|| _ = fragile(&json!({"at": "create"}))), (name(), node(), None, None));
}
