//! What `remotemedia-command` does: a manifest and its input in, the result out, all in Rust.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use remotemedia_engine::engine::{Engine, Limit, Outcome, Status};
use remotemedia_engine::error::Error;
use remotemedia_engine::json_form::{from_json, to_json};
use remotemedia_engine::json_text;
use remotemedia_engine::packet::{Item, Packet};
use remotemedia_engine::plan::{Planned, plan};
use remotemedia_engine::registry::Registry;
use remotemedia_engine::value::Value;
use serde_json::value::RawValue;
use serde_json::{Map as JsonMap, Value as Json, json};

use crate::host::WasiHost;

/// Most items in one batch.
const BATCH: usize = 256;

/// Why there is no result.
#[derive(Debug)]
pub enum Failed {
    /// The run failed.
    Run(Error),
    /// The input is not `{manifest, input_data}` or a manifest, or the manifest is wrong.
    Input(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Run(error)
    }
}

/// Runs `{"manifest", "input_data"}` or a bare manifest, given as JSON text, and gives the result.
pub fn execute(text: &str, registry: &Registry) -> Result<Json, Failed> {
    let started = Instant::now();
    let bad = |message: String| Failed::Input(Error::bad_request(message));
    let mut request = json_text::parse(text).map_err(bad)?;
    integers(text)?;
    let input = items(request.get("input_data"))?;
    let manifest = request.get_mut("manifest").map(Json::take).unwrap_or(request);
    let planned = plan(&json!({"manifest": manifest, "metrics": true}), &registry.entries());
    let planned = planned.map_err(Failed::Input)?;
    let plan = match planned {
        Planned::Plan(plan, _) => plan,
        Planned::Refused(issues) => return Err(Failed::Input(Error::manifest(issues))),
    };
    let mut run = Run::new(&plan, registry)?;
    let result = run.all(&input);
    run.engine.close();
    result?;
    let elapsed_us = started.elapsed().as_secs_f64() * 1e6;
    Ok(run.result(&plan, elapsed_us))
}

/// Refuses integers beyond 64 bits in the input: those beyond u64 are floats once they are parsed.
fn integers(text: &str) -> Result<(), Failed> {
    let fields = serde_json::from_str::<BTreeMap<String, &RawValue>>(text).unwrap_or_default();
    match fields.get("input_data").and_then(|input| json_text::beyond_64_bits(input.get())) {
        None => Ok(()),
        Some(integer) => {
            let message = format!("$.input_data: an integer beyond 64 bits: {integer}");
            Err(Failed::Input(Error::bad_request(message)))
        }
    }
}

/// A list is items, nothing is no item, anything else is one.
fn items(input: Option<&Json>) -> Result<Vec<Value>, Failed> {
    let list = match input {
        None => &[][..],
        Some(Json::Array(list)) => list,
        Some(one) => std::slice::from_ref(one),
    };
    let values = list.iter().enumerate().map(|(index, json)| {
        from_json(json).map_err(|error| {
            let path = format!("$.input_data[{index}]{}", error.path.trim_start_matches('$'));
            Failed::Input(Error::bad_request(format!("{path}: {}", error.message)))
        })
    });
    values.collect()
}

struct Run {
    engine: Engine,
    /// The edge of each source.
    inputs: Vec<u32>,
    /// The sink of each edge to the host, and what it gave.
    outputs: BTreeMap<u32, Vec<Json>>,
}

impl Run {
    fn new(plan: &Json, registry: &Registry) -> Result<Self, Failed> {
        // Only Rust is available, so there is one segment.
        let segment = plan.pointer("/segments/0").unwrap_or(&Json::Null);
        let host = Rc::new(WasiHost::new(1, |_, _, _| {}));
        let engine = Engine::open(segment, registry, host)?;
        let outputs = edges(&plan["outputs"]).into_iter().map(|edge| (edge, Vec::new())).collect();
        Ok(Self { engine, inputs: edges(&plan["inputs"]), outputs })
    }

    fn all(&mut self, input: &[Value]) -> Result<(), Error> {
        for (batch, values) in input.chunks(BATCH).enumerate() {
            let first = batch * BATCH;
            let items: Vec<Item> = self
                .inputs
                .iter()
                .flat_map(|&edge| {
                    let values = values.iter().enumerate();
                    values.map(move |(index, value)| Item {
                        round: (first + index) as u64,
                        edge,
                        value: value.clone(),
                    })
                })
                .collect();
            let outcome = self.engine.run(&[Packet::of(&items)], Limit::NONE);
            self.finish(outcome)?;
        }
        let outcome = self.engine.flush(&[], Limit::NONE);
        self.finish(outcome)
    }

    fn finish(&mut self, mut outcome: Outcome) -> Result<(), Error> {
        loop {
            for addressed in &outcome.packets {
                for item in addressed.packet.items()? {
                    self.outputs.entry(item.edge).or_default().push(to_json(&item.value));
                }
            }
            match outcome.status {
                Status::Done | Status::Ended => return Ok(()),
                Status::Failed(error) => return Err(error),
                Status::More => {}
                Status::Sleep(ms) => sleep(Duration::from_secs_f64(ms / 1e3)),
            }
            outcome = self.engine.resume();
        }
    }

    fn result(mut self, plan: &Json, elapsed_us: f64) -> Json {
        let sinks: JsonMap<String, Json> = plan["outputs"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|end| {
                let edge = u32::try_from(end["edge"].as_u64()?).ok()?;
                let items = self.outputs.remove(&edge).unwrap_or_default();
                Some((end["node"].as_str()?.to_owned(), items.into()))
            })
            .collect();
        let outputs = if sinks.len() == 1 { sinks.values().next().cloned() } else { None };
        let mut metrics = self.engine.metrics();
        let skipped = metrics.pointer_mut("/skipped").map(Json::take);
        let nodes = metrics.pointer_mut("/nodes").and_then(Json::as_array_mut).into_iter().flatten();
        let nodes: Vec<Json> = nodes.map(|node| averaged(node.take())).collect();
        json!({
            "status": "ok",
            "outputs": outputs,
            "sinks": sinks,
            "graph_info": plan["graph_info"],
            "skipped": skipped,
            "metrics": {
                "pipeline_id": plan["name"],
                "total_executions": 1,
                "total_duration_us": elapsed_us,
                "total_duration_ms": elapsed_us / 1e3,
                "node_metrics": nodes,
            },
        })
    }
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

fn edges(ends: &Json) -> Vec<u32> {
    let ends = ends.as_array().into_iter().flatten();
    ends.filter_map(|end| end["edge"].as_u64().and_then(|edge| u32::try_from(edge).ok())).collect()
}
