//! The WASI command's work, from text to result.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out};
use remotemedia_engine::registry::Registry;
use remotemedia_engine::value::Value;
use remotemedia_wasi::command::{Failed, execute};
use serde_json::{Value as Json, json};

fn run(request: &Json) -> Result<Json, Failed> {
    execute(&request.to_string(), &remotemedia_nodes::registry().unwrap())
}

fn calculator() -> Json {
    json!({"version": "v1", "metadata": {"name": "calculator"},
           "nodes": [{"id": "m", "node_type": "MultiplyNode", "params": {"multiplier": 2}},
                     {"id": "a", "node_type": "AddNode", "params": {"addend": 10}}],
           "connections": [{"from": "m", "to": "a"}]})
}

#[test]
fn a_list_is_items() {
    let result = run(&json!({"manifest": calculator(), "input_data": [5, 7, 3]})).unwrap();
    assert_eq!((&result["status"], &result["outputs"]), (&json!("ok"), &json!([20, 24, 16])));
    assert_eq!(result["sinks"], json!({"a": [20, 24, 16]}));
    assert_eq!(result["graph_info"]["execution_order"], json!(["m", "a"]));
    let metrics = &result["metrics"];
    assert_eq!((&metrics["pipeline_id"], &metrics["total_executions"]), (&json!("calculator"), &json!(1)));
    assert_eq!(
        (&metrics["node_metrics"][0]["execution_count"], &metrics["node_metrics"][0]["success_rate"]),
        (&json!(3), &json!(1.0))
    );
}

#[test]
fn anything_else_is_one_item_and_nothing_is_none() {
    assert_eq!(run(&json!({"manifest": calculator(), "input_data": 5})).unwrap()["outputs"], json!([20]));
    assert_eq!(run(&json!({"manifest": calculator(), "input_data": []})).unwrap()["outputs"], json!([]));
    assert_eq!(run(&json!({"manifest": calculator()})).unwrap()["outputs"], json!([]));
    assert_eq!(run(&calculator()).unwrap()["outputs"], json!([]));
}

#[test]
fn values_come_and_go_in_json_form() {
    let pass = json!({"version": "v1", "nodes": [{"id": "p", "node_type": "PassThrough"}]});
    let value = json!({"$audio": {"sample_rate": 8000, "channels": 1, "timestamp": 0.5, "data": "AAAAPw=="}});
    let input = json!([value, {"$number": "NaN"}, {"$map": {"$x": 1}}]);
    assert_eq!(run(&json!({"manifest": pass, "input_data": input})).unwrap()["outputs"], input);
}

#[test]
fn several_sinks_stand_side_by_side() {
    let manifest = json!({"version": "v1", "nodes": [{"id": "p", "node_type": "PassThrough"}, {"id": "m", "node_type": "MultiplyNode"},
                          {"id": "a", "node_type": "AddNode", "params": {"addend": 100}}],
                          "connections": [{"from": "p", "to": "m"}, {"from": "p", "to": "a"}]});
    let result = run(&json!({"manifest": manifest, "input_data": 10})).unwrap();
    assert_eq!(result["outputs"], Json::Null);
    assert_eq!(result["sinks"], json!({"m": [20], "a": [110]}));
}

#[test]
fn more_items_than_a_batch_keep_their_order() {
    let input: Vec<i64> = (0..1000).collect();
    let result = run(&json!({"manifest": calculator(), "input_data": input})).unwrap();
    assert_eq!(result["outputs"], json!(input.iter().map(|n| n * 2 + 10).collect::<Vec<_>>()));
}

#[test]
fn a_failed_run_and_bad_input_are_told_apart() {
    let Err(Failed::Run(error, _)) = run(&json!({"manifest": calculator(), "input_data": [1, "x"]})) else {
        panic!()
    };
    assert_eq!((error.detail().item_index, error.detail().node_id.as_deref()), (Some(1), Some("m")));
    let bad = |request: &Json| {
        let Err(Failed::Input(error)) = run(request) else { panic!("{request}") };
        error
    };
    assert_eq!(bad(&json!({"version": "v1", "nodes": []})).detail().issues.as_ref().unwrap().len(), 1);
    assert!(
        bad(&json!({"manifest": calculator(), "input_data": [{"$what": 1}]}))
            .to_string()
            .contains("$.input_data[0]")
    );
    assert_eq!(bad(&json!(1)).detail().code, "manifest_error");
    let registry = remotemedia_nodes::registry().unwrap();
    assert!(matches!(execute("{", &registry), Err(Failed::Input(_))));
}

#[test]
fn integers_beyond_64_bits_are_refused_and_not_rounded() {
    let run = |input: &str| {
        let manifest = r#"{"version": "v1", "nodes": [{"id": "p", "node_type": "PassThrough"}]}"#;
        let text = format!(r#"{{"manifest": {manifest}, "input_data": {input}}}"#);
        execute(&text, &remotemedia_nodes::registry().unwrap())
    };
    for input in ["[1, 9223372036854775808]", r#"{"a": -9223372036854775809}"#, "99999999999999999999"] {
        let Err(Failed::Input(error)) = run(input) else { panic!("{input}") };
        assert!(error.to_string().contains("beyond 64 bits"), "{error}");
    }
    assert_eq!(run("[9007199254740991, 1e20]").unwrap()["outputs"], json!([9_007_199_254_740_991_i64, 1e20]));
}

#[test]
fn retries_wait_and_skipped_errors_are_reported() {
    let retry = json!({"max_retries": 2, "base_delay_ms": 1, "max_delay_ms": 1, "multiplier": 1});
    let manifest = json!({"version": "v1", "nodes": [{"id": "m", "node_type": "MultiplyNode", "on_error": "skip", "retry": retry}]});
    let result = run(&json!({"manifest": manifest, "input_data": [1, "x", 2]})).unwrap();
    assert_eq!(result["outputs"], json!([2, 4]));
    assert_eq!(result["skipped"]["count"], 1);
    assert_eq!(result["metrics"]["node_metrics"][0]["execution_count"], 5);
}

#[test]
fn items_may_be_addressed_to_their_sources() {
    let node = |id: &str| json!({"id": id, "node_type": "PassThrough"});
    let manifest = json!({"version": "v1",
        "nodes": [node("a"), node("b"), {"id": "z", "node_type": "ZipNode", "params": {"ports": ["x", "y"]}}],
        "connections": [{"from": "a", "to": "z.x"}, {"from": "b", "to": "z.y"}]});
    let addressed = |sources: Json| run(&json!({"manifest": manifest, "sources": sources}));
    let result = addressed(json!({"a": [1, 2, 3], "b": ["one", "two"]})).unwrap();
    assert_eq!(result["outputs"], json!([{"x": 1, "y": "one"}, {"x": 2, "y": "two"}]));
    assert_eq!(addressed(json!({"b": [1]})).unwrap()["outputs"], json!([]));
    for (wrong, code) in [(json!({"z": [1]}), "manifest_error"), (json!([1]), "bad_request")] {
        let Err(Failed::Input(error)) = addressed(wrong) else { panic!() };
        assert_eq!(error.detail().code, code);
    }
    let Err(Failed::Input(error)) =
        execute(r#"{"manifest": 1, "sources": {"a": [99999999999999999999]}}"#, &Registry::default())
    else {
        panic!()
    };
    assert!(error.to_string().contains("$.sources"), "{error}");
}

#[test]
fn generating_sources_are_ticked_to_their_end() {
    let range = |end: i64| json!({"id": "r", "node_type": "RangeGeneratorNode", "params": {"end": end}});
    let manifest = |end: i64| json!({"version": "v1", "nodes": [range(end)]});
    for count in [0, 1, 2, 1000] {
        let result = run(&json!({"manifest": manifest(count), "input_data": []})).unwrap();
        assert_eq!(result["outputs"], json!((0..count).collect::<Vec<_>>()));
    }
    assert_eq!(run(&manifest(3)).unwrap()["outputs"], json!([0, 1, 2]), "a bare manifest too");
    let beside = json!({"version": "v1", "nodes": [range(2), {"id": "p", "node_type": "PassThrough"},
                                                   {"id": "q", "node_type": "PassThrough"}],
                        "connections": [{"from": "r", "to": "q"}, {"from": "p", "to": "q"}]});
    let result = run(&json!({"manifest": beside, "input_data": ["a", "b", "c"]})).unwrap();
    assert_eq!(result["outputs"], json!([0, "a", 1, "b", "c"]));
}

/// Takes 5 ms and refuses null.
struct Slow;

impl Node for Slow {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        std::thread::sleep(Duration::from_millis(5));
        if item.kind() == "null" {
            return Err(Failure::new("null"));
        }
        out.emit(item.clone());
        Ok(())
    }
}

#[test]
fn a_late_call_ends_the_run_once_it_has_returned() {
    const SLOW: NodeType = NodeType { entry: r#"{"type": "SlowNode"}"#, create: |_| Ok(Box::new(Slow)) };
    let registry = Registry::new(&[remotemedia_nodes::TYPES, &[SLOW]].concat()).unwrap();
    let manifest = |timeout_ms: f64| {
        json!({"version": "v1",
               "nodes": [{"id": "f", "node_type": "FilterNode", "params": {"min_value": 5}},
                         {"id": "timed", "node_type": "SlowNode", "timeout_ms": timeout_ms},
                         {"id": "other", "node_type": "SlowNode"}],
               "connections": [{"from": "f", "to": "timed"}]})
    };
    let run = |timeout_ms: f64, other: Json| {
        let sources = json!({"f": [1, 7], "other": other});
        execute(&json!({"manifest": manifest(timeout_ms), "sources": sources}).to_string(), &registry)
    };
    let late = run(0.001, json!([1, 2])).unwrap_err().to_json();
    assert_eq!((&late["name"], &late["code"]), (&json!("NodeTimeoutError"), &json!("node_timeout")));
    assert_eq!((&late["node_id"], &late["item_index"]), (&json!("timed"), &json!(1)));
    let earlier = run(0.001, json!([null, 2])).unwrap_err().to_json();
    assert_eq!((&earlier["name"], &earlier["item_index"]), (&json!("NodeError"), &json!(0)));
    assert_eq!(run(600_000.0, json!([1, 2])).unwrap()["sinks"], json!({"timed": [7], "other": [1, 2]}));
}

#[test]
fn circuit_breakers_go_from_one_run_to_the_next() {
    let manifest = json!({"version": "v1", "nodes": [{"id": "m", "node_type": "MultiplyNode"}]});
    let mut circuits = Json::Null;
    for failures in 1..=6 {
        let request = json!({"manifest": manifest, "input_data": ["x"], "circuits": circuits});
        let error = run(&request).unwrap_err().to_json();
        circuits = error["circuits"].clone();
        let (name, count) = if failures < 6 { ("NodeError", failures) } else { ("CircuitOpenError", 5) };
        assert_eq!((&error["name"], &circuits["m"]["failures"]), (&json!(name), &json!(count)));
    }
}
