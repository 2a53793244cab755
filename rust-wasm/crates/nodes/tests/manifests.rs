//! The shared vectors of manifests and plans.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, reason = "tests")]

mod support;

use std::collections::BTreeSet;

use remotemedia_engine::plan::{Planned, plan};
use remotemedia_nodes::registry;
use serde_json::{Value as Json, json};

fn issues(list: &Json) -> BTreeSet<(String, String, String)> {
    let word = |issue: &Json, key: &str| issue[key].as_str().unwrap().to_owned();
    let issues = list.as_array().unwrap().iter();
    issues.map(|issue| (word(issue, "path"), word(issue, "code"), word(issue, "severity"))).collect()
}

#[test]
fn validation_reports_exactly_the_issues_of_the_vectors() {
    let registry = registry().unwrap();
    let built_in = support::python_entries(&registry);
    for (file, vector) in support::vectors("manifests") {
        let further = vector["catalog"].as_array().cloned().unwrap_or_default();
        let python = [built_in.as_array().cloned().unwrap_or_default(), further].concat();
        let request = json!({"manifest": vector["manifest"], "catalogs": {"python": python}});
        let answer = plan(&request, &registry.entries()).unwrap().into_json();
        let found = answer.get("issues").or(answer.get("warnings")).unwrap();
        assert_eq!(issues(found), issues(&vector["issues"]), "{file}");
        assert_eq!(
            found.as_array().unwrap().len(),
            vector["issues"].as_array().unwrap().len(),
            "{file}: once each"
        );
    }
}

#[test]
fn plans_are_those_of_the_vectors() {
    let registry = registry().unwrap();
    for (file, vector) in support::vectors("plans") {
        let mut request = json!({"manifest": vector["manifest"]});
        let further = vector.get("request").and_then(Json::as_object).cloned().unwrap_or_default();
        request.as_object_mut().unwrap().extend(further);
        let planned = plan(&request, &registry.entries()).unwrap();
        let Planned::Plan(plan, _) = planned else { panic!("{file}: {}", planned.into_json()) };
        let segments: Vec<Json> = plan["segments"]
            .as_array()
            .unwrap()
            .iter()
            .map(|segment| {
                let nodes = segment["nodes"].as_array().unwrap().iter().map(|node| &node["id"]);
                let real: Vec<&Json> = nodes.filter(|id| !id.as_str().unwrap().starts_with("__")).collect();
                json!({"place": segment["place"], "nodes": real})
            })
            .collect();
        assert_eq!(json!(segments), vector["segments"], "{file}");
        if let Some(inputs) = vector.get("inputs") {
            assert_eq!(&plan["inputs"], inputs, "{file}");
        }
        assert_eq!(plan["graph_info"]["execution_order"], vector["execution_order"], "{file}");
    }
}

#[test]
fn the_documented_plan_comes_out_to_the_letter() {
    let manifest = json!({"version": "v1", "metadata": {"name": "mixed"},
        "nodes": [{"id": "a", "node_type": "PassThrough"},
                  {"id": "b", "node_type": "PyNode", "retry": {"max_retries": 1}, "timeout_ms": 20},
                  {"id": "c", "node_type": "MultiplyNode", "params": {"multiplier": 3}, "on_error": "skip"},
                  {"id": "d", "node_type": "PassThrough"}],
        "connections": [{"from": "a", "to": "b"}, {"from": "a", "to": "c"}, {"from": "b", "to": "d"},
                        {"from": "c", "to": "d"}]});
    let python = json!([{"type": "PyNode", "requires": ["numpy>=2,<99"]}]);
    let request = json!({"manifest": manifest, "catalogs": {"python": python}, "metrics": true});
    let answer = plan(&request, &registry().unwrap().entries()).unwrap().into_json();
    let wire = |from: &str, to: &str| json!({"from": from, "to": to});
    let enter =
        |edge: u32| json!({"id": format!("__in_{edge}"), "node_type": "__In", "params": {"edge": edge}});
    let exit = |edge: u32, to: Json| json!({"id": format!("__out_{edge}"), "node_type": "__Out", "params": {"edge": edge, "to": to}});
    let pass = |id: &str, order: u32| json!({"id": id, "node_type": "PassThroughNode", "params": {}, "order": order, "on_error": "fail"});
    let retry = json!({"max_retries": 1, "base_delay_ms": 100.0, "max_delay_ms": 400.0, "multiplier": 2.0});
    let expected = json!({"plan": {
        "name": "mixed", "sources": ["a"], "sinks": ["d"],
        "inputs": [{"edge": 0, "node": "a", "segment": 0, "generates": false}], "outputs": [{"edge": 4, "node": "d", "segment": 2}],
        "segments": [
            {"place": "rust:runtime", "runtime": "rust", "requires": [], "metrics": true, "trace": false,
             "nodes": [enter(0), pass("a", 0),
                       {"id": "c", "node_type": "MultiplyNode", "params": {"factor": 3}, "order": 2, "on_error": "skip"},
                       exit(1, json!(1)), exit(3, json!(2))],
             "connections": [wire("__in_0.out", "a.in"), wire("a.out", "__out_1.in"), wire("a.out", "c.in"),
                             wire("c.out", "__out_3.in")]},
            {"place": "python", "runtime": "python", "requires": ["numpy"], "metrics": true, "trace": false,
             "nodes": [enter(1),
                       {"id": "b", "node_type": "PyNode", "params": {}, "order": 1, "on_error": "fail", "retry": retry,
                        "timeout_ms": 20.0},
                       exit(2, json!(2))],
             "connections": [wire("__in_1.out", "b.in"), wire("b.out", "__out_2.in")]},
            {"place": "rust:runtime", "runtime": "rust", "requires": [], "metrics": true, "trace": false,
             "nodes": [enter(2), enter(3), pass("d", 3), exit(4, Json::Null)],
             "connections": [wire("__in_2.out", "d.in"), wire("__in_3.out", "d.in"), wire("d.*", "__out_4.in")]}],
        "graph_info": {"node_count": 4, "connection_count": 4, "source_count": 1, "sink_count": 1,
                       "execution_order": ["a", "b", "c", "d"]}}, "warnings": []});
    assert_eq!(answer, expected);
}

#[test]
fn an_unreadable_request_is_an_error_and_not_issues() {
    let entries = registry().unwrap().entries();
    let manifest = json!({"version": "v1", "nodes": [{"id": "a", "node_type": "Echo"}]});
    for request in [
        json!(null),
        json!({"manifest": manifest, "catalogs": {"java": []}}),
        json!({"manifest": manifest, "catalogs": {"python": [{"aliases": []}]}}),
        json!({"manifest": manifest, "runtime_hint": "java"}),
        json!({"manifest": manifest, "runtime_hint": 1}),
    ] {
        assert!(plan(&request, &entries).is_err(), "{request}");
    }
}
