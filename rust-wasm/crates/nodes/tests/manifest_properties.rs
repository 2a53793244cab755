//! Random manifests: they are planned or refused with issues, and what is planned opens, runs and closes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, reason = "tests")]

#[path = "../../engine/tests/support/fuzz.rs"]
mod fuzz;
#[path = "../../engine/tests/support/json_change.rs"]
mod json_change;
mod support;

use std::rc::Rc;

use proptest::prelude::*;
use remotemedia_engine::engine::{Engine, Limit, Status};
use remotemedia_engine::host::NoHost;
use remotemedia_engine::plan::{Planned, plan};
use remotemedia_nodes::registry;
use serde_json::{Value as Json, json};

/// What stands in manifests, right and wrong.
const WORDS: &[&str] = &[
    "version",
    "v1",
    "nodes",
    "connections",
    "metadata",
    "runtime",
    "target",
    "wasm32-wasi",
    "min_version",
    "id",
    "node_type",
    "params",
    "runtime_hint",
    "auto",
    "rust",
    "python",
    "timeout_ms",
    "on_error",
    "skip",
    "retry",
    "max_retries",
    "from",
    "to",
    "a",
    "b",
    "a.out",
    "b.in",
    "c.left",
    "__x",
    "MultiplyNode",
    "ZipNode",
    "RangeGeneratorNode",
    "BatcherNode",
    "multiplier",
    "factor",
    "ports",
    "batch_size",
    "start",
    "end",
    "$ports",
];

fn node() -> impl Strategy<Value = Json> {
    let kind = prop::sample::select(vec![
        ("MultiplyNode", json!({"factor": 3})),
        ("PassThrough", json!({})),
        ("ZipNode", json!({"ports": ["left", "right"], "partial": true})),
        ("BatcherNode", json!({"batch_size": 2})),
        ("RangeGeneratorNode", json!({"start": 5, "end": 1, "step": -1})),
        ("AudioResampleNode", json!({"quality": "low"})),
        ("NoSuchNode", json!({})),
    ]);
    let more = prop::sample::select(vec![
        json!({}),
        json!({"on_error": "skip"}),
        json!({"timeout_ms": 20, "runtime_hint": "auto"}),
        json!({"retry": {"max_retries": 1, "base_delay_ms": 0}}),
        json!({"runtime_hint": "python"}),
    ]);
    (kind, more).prop_map(|((node_type, params), more)| {
        let mut node = json!({"node_type": node_type, "params": params});
        node.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        node
    })
}

fn manifest() -> impl Strategy<Value = Json> {
    let from = prop::sample::select(vec!["a", "b", "c.out", "d", "a.nope", "x"]);
    let to = prop::sample::select(vec!["b", "c.left", "c.right", "d.in", "c", "a"]);
    let wires = prop::collection::vec((from, to), 0..5);
    (prop::collection::vec(node(), 0..5), wires).prop_map(|(mut nodes, wires)| {
        for (node, id) in nodes.iter_mut().zip(["a", "b", "c", "d"]) {
            node["id"] = id.into();
        }
        let wires: Vec<Json> = wires.iter().map(|(from, to)| json!({"from": from, "to": to})).collect();
        json!({"version": "v1", "metadata": {"name": "random"}, "runtime": {"target": "wasm32-wasi"},
               "nodes": nodes, "connections": wires})
    })
}

/// Opens, ticks, flushes and closes a planned segment of Rust nodes.
fn run(segment: &Json) -> Result<(), TestCaseError> {
    let engine = Engine::open(segment, &registry().unwrap(), Rc::new(NoHost));
    let mut engine = match engine {
        Ok(engine) => engine,
        Err(error) => {
            prop_assert_eq!(error.detail().code, "node_error");
            return Ok(());
        }
    };
    for _ in 0..2 {
        prop_assert!(!matches!(engine.run(&[], Limit::NONE).status, Status::Failed(_)));
    }
    prop_assert_eq!(engine.flush(&[], Limit::NONE).status, Status::Done);
    engine.close();
    Ok(())
}

fn check(manifest: &Json) -> Result<(), TestCaseError> {
    let registry = registry().unwrap();
    let request = json!({"manifest": manifest, "catalogs": {"python": support::python_entries(&registry)}, "trace": true});
    match plan(&request, &registry.entries()).unwrap() {
        Planned::Plan(plan, warnings) => {
            prop_assert!(warnings.iter().all(|issue| issue.path.starts_with('$')));
            let nodes = manifest["nodes"].as_array().unwrap().len();
            prop_assert_eq!(plan["graph_info"]["execution_order"].as_array().unwrap().len(), nodes);
            for segment in plan["segments"].as_array().unwrap().iter().filter(|it| it["runtime"] == "rust") {
                run(segment)?;
            }
        }
        Planned::Refused(issues) => {
            prop_assert!(!issues.is_empty());
            prop_assert!(issues.iter().all(|issue| issue.path.starts_with('$')));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(fuzz::config(500))]

    #[test]
    fn manifests_are_planned_or_refused(manifest in manifest()) {
        check(&manifest)?;
    }

    #[test]
    fn changed_manifests_are_planned_or_refused(
        manifest in manifest(),
        changes in prop::collection::vec(json_change::change(WORDS), 1..6),
    ) {
        let mut manifest = manifest;
        for change in &changes {
            json_change::apply(&mut manifest, change);
        }
        check(&manifest)?;
    }

    #[test]
    fn changed_segments_open_or_are_refused(
        manifest in manifest(),
        changes in prop::collection::vec(json_change::change(WORDS), 1..4),
    ) {
        let registry = registry().unwrap();
        let planned = plan(&json!({"manifest": manifest}), &registry.entries()).unwrap();
        if let Planned::Plan(mut plan, _) = planned {
            let segment = &mut plan["segments"][0];
            for change in &changes {
            json_change::apply(segment, change);
        }
            if let Ok(mut engine) = Engine::open(segment, &registry, Rc::new(NoHost)) {
                engine.run(&[], Limit::NONE);
                engine.flush(&[], Limit::NONE);
                engine.close();
            }
        }
    }
}
