//! What `remotemedia-command` does: a manifest and its input in, the result out, all in Rust.

mod deadlines;
mod request;
mod run;

use std::time::Instant;

use remotemedia_engine::error::Error;
use remotemedia_engine::json_form::to_json;
use remotemedia_engine::plan::{Planned, plan};
use remotemedia_engine::registry::Registry;
use remotemedia_engine::value::Value;
use serde_json::{Map as JsonMap, Value as Json, json};

use crate::command::request::Request;
use crate::command::run::Run;

/// Why there is no result.
#[derive(Debug)]
pub enum Failed {
    /// The run failed; the circuit breakers as it left them.
    Run(Error, Json),
    /// The input is not a request or a manifest, or the manifest is wrong.
    Input(Error),
}

impl Failed {
    /// The error's wire shape, with `circuits` after a failed run.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let (Self::Run(error, _) | Self::Input(error)) = self;
        let mut json = json!(error);
        if let (Self::Run(_, circuits), Some(object)) = (self, json.as_object_mut()) {
            object.insert("circuits".to_owned(), circuits.clone());
        }
        json
    }
}

/// Runs a request or a bare manifest, given as JSON text, and gives the result. A request is
/// `{"manifest", "input_data"?, "sources"?: {id: [items]}, "circuits"?: {id: {"failures", "wait_ms"}}}`; `circuits` are
/// those of the result or error of an earlier run of the same manifest.
///
/// Nothing can interrupt a node from inside. One that took longer than its `timeout_ms` ends the run with a
/// `NodeTimeoutError` after it has returned.
pub fn execute(text: &str, registry: &Registry) -> Result<Json, Failed> {
    let started = Instant::now();
    let request = Request::read(text).map_err(Failed::Input)?;
    let planned = plan(&json!({"manifest": request.manifest, "metrics": true}), &registry.entries());
    let mut plan = match planned.map_err(Failed::Input)? {
        Planned::Plan(plan, _) => plan,
        Planned::Refused(issues) => return Err(Failed::Input(Error::manifest(issues))),
    };
    restore(&mut plan, &request.circuits);
    let mut run = Run::new(&plan, request.input, registry)?;
    let result = run.all();
    run.engine.close();
    let mut metrics = run.engine.metrics();
    result.map_err(|error| Failed::Run(error, taken(&mut metrics, "/circuits")))?;
    let outputs = plan.get("outputs").and_then(Json::as_array).into_iter().flatten();
    let sinks = outputs.filter_map(|end| {
        let edge = u32::try_from(end["edge"].as_u64()?).ok()?;
        let items: Vec<Value> = run.outputs.remove(&edge).unwrap_or_default();
        Some((end["node"].as_str()?.to_owned(), items.iter().map(to_json).collect()))
    });
    let sinks: JsonMap<String, Json> = sinks.collect();
    Ok(result_of(&plan, &sinks, metrics, started.elapsed().as_secs_f64() * 1e6))
}

/// Puts the circuit breakers of earlier runs into their nodes.
fn restore(plan: &mut Json, circuits: &JsonMap<String, Json>) {
    let nodes = plan.pointer_mut("/segments/0/nodes").and_then(Json::as_array_mut);
    for node in nodes.into_iter().flatten() {
        let state = node.get("id").and_then(Json::as_str).and_then(|id| circuits.get(id));
        if let (Some(state), Some(object)) = (state.cloned(), node.as_object_mut()) {
            object.insert("circuit".to_owned(), state);
        }
    }
}

fn result_of(plan: &Json, sinks: &JsonMap<String, Json>, mut metrics: Json, elapsed_us: f64) -> Json {
    let outputs = if sinks.len() == 1 { sinks.values().next() } else { None };
    let nodes = metrics.pointer_mut("/nodes").and_then(Json::as_array_mut).into_iter().flatten();
    let nodes: Vec<Json> = nodes.map(|node| averaged(node.take())).collect();
    json!({
        "status": "ok",
        "outputs": outputs,
        "sinks": sinks,
        "graph_info": plan["graph_info"],
        "skipped": taken(&mut metrics, "/skipped"),
        "circuits": taken(&mut metrics, "/circuits"),
        "metrics": {
            "pipeline_id": plan["name"],
            "total_executions": 1,
            "total_duration_us": elapsed_us,
            "total_duration_ms": elapsed_us / 1e3,
            "node_metrics": nodes,
        },
    })
}

fn taken(json: &mut Json, pointer: &str) -> Json {
    json.pointer_mut(pointer).map(Json::take).unwrap_or_default()
}

/// A node's metrics with what follows from them.
fn averaged(mut node: Json) -> Json {
    let number = |key: &str| node.get(key).and_then(Json::as_f64).unwrap_or_default();
    let calls = number("execution_count");
    let rate = if calls > 0.0 { json!(number("success_count") / calls) } else { Json::Null };
    let average = if calls > 0.0 { json!(number("total_duration_us") / calls) } else { Json::Null };
    if let Some(object) = node.as_object_mut() {
        object.insert("success_rate".to_owned(), rate);
        object.insert("avg_duration_us".to_owned(), average);
    }
    node
}
