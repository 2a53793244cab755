//! How a segment runs, seen by nodes that keep a diary.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use std::rc::Rc;

use remotemedia_engine::engine::{Engine, Limit, Status};
use remotemedia_engine::error::Failure;
use remotemedia_engine::host::{Host, NoHost};
use remotemedia_engine::node::{Node, NodeType, Out};
use remotemedia_engine::packet::{Item, Packet};
use remotemedia_engine::registry::Registry;
use remotemedia_engine::value::Value;
use serde_json::json;

use support::{PLAIN, PROBE, batch, diary, failed, given, node, open, open_on};

#[test]
fn a_diamond_takes_connections_in_their_order() {
    let nodes = [
        PLAIN("a", 0),
        node("b", 1, &json!({"step": 100})),
        node("c", 2, &json!({"step": 200})),
        PLAIN("d", 3),
    ];
    let mut engine = open(&nodes, "@0>a a>b a>c c>d b>d d>#1");
    let outcome = engine.run(&[batch(&[7, 8])], Limit::NONE);
    assert_eq!(outcome.status, Status::Done);
    assert_eq!(given(&outcome.packets), [(0, 1, 207), (0, 1, 107), (1, 1, 208), (1, 1, 108)]);
}

#[test]
fn ports_are_kept_apart() {
    let mut engine = open(&[PLAIN("a", 0), PLAIN("b", 1)], "@0>a a>b.side a>b.in b.out>#1 b.other>#2");
    let outcome = engine.run(&[batch(&[5])], Limit::NONE);
    assert_eq!(given(&outcome.packets), [(0, 1, 5), (0, 1, 5), (0, 2, -5)]);
    assert_eq!(diary(), ["a.in 5", "b.side 5", "b.in 5"]);
}

#[test]
fn a_star_carries_every_port() {
    let mut engine = open(&[PLAIN("a", 0)], "@0>a.side a.*>#1");
    assert_eq!(given(&engine.run(&[batch(&[5])], Limit::NONE).packets), [(0, 1, 5), (0, 1, -5)]);
}

#[test]
fn flush_goes_in_order_and_its_outputs_travel_on() {
    let mut engine = open(&[PLAIN("a", 0), PLAIN("b", 1)], "@0>a a>b b>#1");
    engine.run(&[batch(&[1, 2])], Limit::NONE);
    diary();
    let outcome = engine.flush(&[], Limit::NONE);
    assert_eq!(diary(), ["a flush", "b.in 1000", "b flush"]);
    assert_eq!(given(&outcome.packets), [(2, 1, 1000), (2, 1, 1000)]);
    let Status::Failed(error) = engine.run(&[batch(&[1])], Limit::NONE).status else { panic!() };
    assert_eq!(error.detail().code, "closed");
}

#[test]
fn flush_items_are_one_round_whatever_their_numbers() {
    let nodes = [PLAIN("a", 0), PLAIN("b", 1), PLAIN("c", 2)];
    let mut engine = open(&nodes, "@0>a @1>b b>c a>c c>#2");
    let item = |round, edge, n| Item { round, edge, value: Value::Int(n) };
    let outcome = engine.flush(&[Packet::of(&[item(9, 0, 1), item(4, 1, 2)])], Limit::NONE);
    assert_eq!(given(&outcome.packets), [(9, 2, 2), (9, 2, 1000), (9, 2, 1), (9, 2, 1000), (9, 2, 1000)]);
}

#[test]
fn the_smallest_error_wins_and_earlier_rounds_are_given() {
    // c fails in round 1; a fails only in round 2.
    let nodes = [node("a", 0, &json!({"fail_on": 30})), PLAIN("b", 1), node("c", 2, &json!({"fail_on": 20}))];
    let mut engine = open(&nodes, "@0>a @0>b b>c a>#1 c>#2");
    let outcome = engine.run(&[batch(&[10, 20, 30, 40])], Limit::NONE);
    assert_eq!(failed(&outcome), ("c".to_owned(), Some(1), Some(2)));
    // a's call in round 1 comes before c's; its calls from round 2 on do not.
    assert_eq!(given(&outcome.packets), [(0, 1, 10), (1, 1, 20), (0, 2, 10)]);
    assert_eq!(failed(&engine.run(&[batch(&[1])], Limit::NONE)), ("c".to_owned(), Some(1), Some(2)));
}

#[test]
fn in_one_round_the_earlier_node_wins() {
    let nodes = [node("a", 3, &json!({"fail_on": 20})), node("b", 4, &json!({"fail_on": 20}))];
    let mut engine = open(&nodes, "@0>b @0>a a>#1 b>#2");
    assert_eq!(failed(&engine.run(&[batch(&[10, 20])], Limit::NONE)), ("a".to_owned(), Some(1), Some(3)));
}

#[test]
fn calls_at_or_beyond_the_hosts_limit_are_not_made() {
    let mut engine = open(&[PLAIN("a", 0), PLAIN("b", 2)], "@0>a a>b b>#1");
    let outcome = engine.run(&[batch(&[1, 2, 3])], Limit::from_host(1.0, 2));
    assert_eq!(outcome.status, Status::Done);
    assert_eq!(given(&outcome.packets), [(0, 1, 1)]);
    assert_eq!(diary(), ["a.in 1", "a.in 2", "b.in 1"]);
    // In flush only the order counts: a is allowed, b is not.
    engine.flush(&[], Limit::from_host(77.0, 2));
    assert_eq!(diary(), ["a flush"]);
}

#[test]
fn a_failed_flush_has_no_item_index() {
    let mut engine = open(&[node("a", 0, &json!({"fail_on": -1})), PLAIN("b", 1)], "@0>a a>b b>#1");
    engine.run(&[batch(&[1])], Limit::NONE);
    let outcome = engine.flush(&[], Limit::NONE);
    assert_eq!(failed(&outcome), ("a".to_owned(), None, Some(0)));
    let Status::Failed(error) = outcome.status else { panic!() };
    assert_eq!(error.detail().round, Some(1));
    assert!(outcome.packets.is_empty());
}

#[test]
fn skipped_calls_give_nothing_and_are_counted() {
    let nodes = [node("a", 0, &json!({"fail_on": 2, "on_error": "skip", "times": 2}))];
    let mut engine = open(&nodes, "@0>a a>#1");
    let outcome = engine.run(&[batch(&[1, 2, 3])], Limit::NONE);
    assert_eq!(given(&outcome.packets), [(0, 1, 1), (0, 1, 1), (2, 1, 3), (2, 1, 3)]);
    let metrics = engine.metrics();
    assert_eq!(metrics["skipped"]["count"], 1);
    assert_eq!(metrics["skipped"]["errors"][0]["item_index"], 1);
    let node = &metrics["nodes"][0];
    assert_eq!([&node["execution_count"], &node["success_count"], &node["error_count"]], [3, 2, 1]);
}

#[test]
fn only_the_first_hundred_skipped_errors_are_kept() {
    let nodes = [node("a", 0, &json!({"fail_on": 2, "on_error": "skip"}))];
    let mut engine = open(&nodes, "@0>a a>#1");
    engine.run(&[batch(&[2; 150])], Limit::NONE);
    let skipped = &engine.metrics()["skipped"];
    assert_eq!((skipped["count"].as_u64(), skipped["errors"].as_array().unwrap().len()), (Some(150), 100));
}

struct Dice;

impl Host for Dice {
    fn random(&self) -> u64 {
        0x1234_5678_9abc_def0
    }
}

#[test]
fn a_failed_call_is_tried_again_after_growing_waits() {
    let retry = json!({"max_retries": 3, "base_delay_ms": 100, "max_delay_ms": 300, "multiplier": 2});
    let nodes = [node("a", 0, &json!({"fail_on": 2, "fail_times": 3, "retry": retry})), PLAIN("b", 1)];
    let mut engine = open_on(Rc::new(Dice), &nodes, "@0>a a>b b>#1");
    let mut outcome = engine.run(&[batch(&[1, 2, 3])], Limit::NONE);
    for longest in [100.0, 200.0, 300.0] {
        let Status::Sleep(ms) = outcome.status else { panic!("{outcome:?}") };
        assert!((0.0..longest).contains(&ms));
        assert!(outcome.packets.is_empty());
        outcome = engine.resume();
    }
    assert_eq!(outcome.status, Status::Done);
    assert_eq!(given(&outcome.packets), [(0, 1, 1), (1, 1, 2), (2, 1, 3)]);
    let calls = ["a.in 1", "a.in 2", "a.in 2", "a.in 2", "a.in 2", "a.in 3", "b.in 1", "b.in 2", "b.in 3"];
    assert_eq!(diary(), calls);
}

#[test]
fn when_retries_are_used_up_the_run_fails_or_skips() {
    let retry = json!({"max_retries": 1, "base_delay_ms": 0, "max_delay_ms": 0, "multiplier": 1});
    for (on_error, ends) in [("fail", true), ("skip", false)] {
        let nodes = [node("a", 0, &json!({"fail_on": 2, "retry": retry, "on_error": on_error}))];
        let mut engine = open(&nodes, "@0>a a>#1");
        assert_eq!(engine.run(&[batch(&[1, 2, 2])], Limit::NONE).status, Status::Sleep(0.0));
        let mut outcome = engine.resume();
        if !ends {
            assert_eq!(outcome.status, Status::Sleep(0.0), "the next item has its own retries");
            outcome = engine.resume();
        }
        assert_eq!(matches!(outcome.status, Status::Failed(_)), ends);
        assert_eq!(given(&outcome.packets), [(0, 1, 1)]);
    }
}

#[test]
fn a_retried_flush_does_not_repeat_the_rest() {
    let retry = json!({"max_retries": 2, "base_delay_ms": 0, "max_delay_ms": 0, "multiplier": 1});
    let nodes = [PLAIN("a", 0), node("b", 1, &json!({"fail_on": -1, "fail_times": 2, "retry": retry}))];
    let mut engine = open(&nodes, "@0>a a>b b>#1");
    let mut outcome = engine.flush(&[], Limit::NONE);
    while outcome.status == Status::Sleep(0.0) {
        outcome = engine.resume();
    }
    assert_eq!(given(&outcome.packets), [(0, 1, 1000), (0, 1, 1000)]);
    assert_eq!(diary(), ["a flush", "b.in 1000", "b flush", "b flush", "b flush"]);
}

#[test]
fn an_expander_gives_its_outputs_in_portions() {
    let nodes = [node("a", 0, &json!({"times": 100})), node("b", 1, &json!({"times": 10})), PLAIN("c", 2)];
    let mut engine = open(&nodes, "@0>a a>b a>c b>c c>#1");
    let mut outcome = engine.run(&[batch(&(0..256).collect::<Vec<_>>())], Limit::NONE);
    let (mut all, mut portions) = (Vec::new(), 0);
    loop {
        let portion = given(&outcome.packets);
        assert!(portion.len() < 4096 + 3 * 1100, "{} items at once", portion.len());
        all.extend(portion);
        portions += 1;
        match outcome.status {
            Status::More => outcome = engine.resume(),
            Status::Done => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(portions > 10);
    assert_eq!(all.len(), 256 * 1100);
    assert!(all.chunks(1100).enumerate().all(|(n, round)| round.iter().all(|item| item.2 == n as i64)));
    // No node runs far ahead: between two of a's rounds the lanes are emptied.
    let longest = diary().split(|line| line.starts_with("c.in")).map(<[String]>::len).max().unwrap();
    assert!(longest < 2 * 4096 + 200, "{longest} calls before c's turn");
}

#[test]
fn much_at_the_very_end_needs_no_further_call() {
    let mut engine = open(&[node("a", 0, &json!({"times": 5000}))], "@0>a a>#1");
    let outcome = engine.run(&[batch(&[1])], Limit::NONE);
    assert_eq!((outcome.status, given(&outcome.packets).len()), (Status::Done, 5000));
}

#[test]
fn a_fast_branch_does_not_overtake_a_slow_one() {
    let nodes = [PLAIN("a", 0), node("b", 1, &json!({"times": 5000})), node("c", 2, &json!({"times": 0}))];
    let mut engine = open(&nodes, "@0>a a>b a>c b>c c>#1");
    let outcome = engine.run(&[batch(&(0..20).collect::<Vec<_>>())], Limit::NONE);
    assert_eq!(outcome.status, Status::Done);
    let taken: Vec<i64> =
        diary().iter().filter_map(|line| line.strip_prefix("c.in ")?.parse().ok()).collect();
    assert_eq!(taken.len(), 20 * 5001);
    assert!(taken.is_sorted());
}

#[test]
fn nodes_are_closed_once_in_reverse_order_whatever_happens() {
    let nodes = [PLAIN("a", 0), node("b", 1, &json!({"fail_on": 1}))];
    let mut engine = open(&nodes, "@0>a a>b b>#1");
    engine.run(&[batch(&[1])], Limit::NONE);
    diary();
    engine.close();
    engine.close();
    let Status::Failed(error) = engine.resume().status else { panic!() };
    assert_eq!(error.detail().code, "closed");
    drop(engine);
    assert_eq!(diary(), ["b close", "a close"]);
    drop(open(&nodes, "@0>a a>b b>#1"));
    assert_eq!(diary(), ["b close", "a close"], "also without close");
}

#[test]
fn nodes_created_before_a_failing_one_are_closed() {
    let nodes = json!([node("a", 0, &json!({})), node("b", 1, &json!({})), node("broken", 2, &json!({}))]);
    let segment = json!({"nodes": nodes, "connections": []});
    let registry = Registry::new(&[PROBE]).unwrap();
    let error = Engine::open(&segment, &registry, Rc::new(NoHost)).err().unwrap();
    assert_eq!((error.detail().code, error.detail().node_id.as_deref()), ("node_error", Some("broken")));
    assert_eq!(diary(), ["b close", "a close"]);
}

#[test]
fn bad_packets_leave_the_engine_as_it_was() {
    let mut engine = open(&[PLAIN("a", 0)], "@0>a a>#1");
    let item = |round, edge| Item { round, edge, value: Value::Int(1) };
    for items in [vec![item(0, 0), item(0, 9)], vec![item(1, 0), item(0, 0)]] {
        let Status::Failed(error) = engine.run(&[Packet::of(&items)], Limit::NONE).status else { panic!() };
        assert_eq!(error.detail().code, "bad_packet");
    }
    assert_eq!(engine.run(&[batch(&[5])], Limit::NONE).status, Status::Done);
    assert_eq!(diary(), ["a.in 5"]);
}

#[test]
fn wrong_segments_are_refused() {
    let registry = Registry::new(&[PROBE]).unwrap();
    let probe = |name: &str, order: u32| node(name, order, &json!({}));
    let wire = |from: &str, to: &str| json!({"from": from, "to": to});
    let a = || probe("a", 0);
    for segment in [
        json!(1),
        json!({"nodes": []}),
        json!({"nodes": [{"id": "x", "node_type": "Nope"}], "connections": []}),
        json!({"nodes": [a(), a()], "connections": []}),
        json!({"nodes": [probe("b", 1), a()], "connections": []}),
        json!({"nodes": [a(), probe("b", 1)], "connections": [wire("b.out", "a.in")]}),
        json!({"nodes": [a()], "connections": [wire("a.out", "a.in")]}),
        json!({"nodes": [a()], "connections": [wire("a.out", "x.in")]}),
        json!({"nodes": [a()], "connections": [wire("a", "a.in")]}),
        json!({"nodes": [a(), probe("b", 1)], "connections": [wire("a.nope", "b.in")]}),
        json!({"nodes": [{"id": "__in_0", "node_type": "__In"}], "connections": []}),
        json!({"nodes": [{"id": "__out_0", "node_type": "__Out", "params": {"edge": 0, "to": "x"}}], "connections": []}),
    ] {
        assert!(Engine::open(&segment, &registry, Rc::new(NoHost)).is_err(), "{segment}");
    }
}

#[test]
fn an_output_that_nests_too_deeply_is_a_typed_error() {
    struct Wrap;
    impl Node for Wrap {
        fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
            out.emit(vec![item.clone()]);
            Ok(())
        }
    }
    const WRAP: NodeType = NodeType { entry: r#"{"type": "Wrap"}"#, create: |_| Ok(Box::new(Wrap)) };
    let nodes = json!([{"id": "__in_0", "node_type": "__In", "params": {"edge": 0}}, {"id": "w", "node_type": "Wrap"}]);
    let segment = json!({"nodes": nodes, "connections": [{"from": "__in_0.out", "to": "w.in"}]});
    let mut engine = Engine::open(&segment, &Registry::new(&[WRAP]).unwrap(), Rc::new(NoHost)).unwrap();
    let deep = (0..128).fold(Value::Null, |inner, _| vec![inner].into());
    let outcome = engine.run(&[Packet::of(&[Item { round: 0, edge: 0, value: deep }])], Limit::NONE);
    let Status::Failed(error) = outcome.status else { panic!() };
    assert_eq!(error.detail().code, "unrepresentable_value");
    assert!(error.detail().path.as_deref().unwrap().starts_with("$[0][0]"));
}
