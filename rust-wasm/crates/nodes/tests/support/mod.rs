//! What the tests of this folder share: the vectors' folder, the Python entries, and a host loop.
#![allow(dead_code, reason = "each test uses a part")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use remotemedia_engine::engine::{Engine, Limit, Outcome, Status};
use remotemedia_engine::error::Error;
use remotemedia_engine::host::NoHost;
use remotemedia_engine::packet::{Item, Packet};
use remotemedia_engine::plan::{Planned, plan};
use remotemedia_engine::registry::Registry;
use remotemedia_engine::value::Value;
use serde_json::{Value as Json, json};

/// All vectors of a folder, with their file names.
pub fn vectors(folder: &str) -> Vec<(String, Json)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../tests/vectors").join(folder);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |file: PathBuf| {
        let text = std::fs::read_to_string(&file).unwrap();
        (
            file.file_name().unwrap().to_string_lossy().into_owned(),
            remotemedia_engine::json_text::parse(&text).unwrap(),
        )
    };
    let vectors: Vec<_> =
        files.into_iter().filter(|file| file.extension().is_some_and(|e| e == "json")).map(read).collect();
    assert!(vectors.len() > 5, "{} has vectors", path.display());
    vectors
}

/// What the Python package would offer: a twin of every Rust node, and the nodes that only it has.
pub fn python_entries(registry: &Registry) -> Json {
    let mut entries: Vec<Json> = registry.catalog().to_vec();
    let text = json!([
        "uppercase",
        "lowercase",
        "title_case",
        "reverse",
        "word_count",
        "char_count",
        "remove_spaces",
        "first_word",
        "last_word"
    ]);
    let only = |name: &str, aliases: Json, properties: Json| {
        json!({"type": name, "aliases": aliases, "params": {"required": [], "properties": properties},
               "inputs": {"in": {}}, "outputs": {"out": {}}, "requires": []})
    };
    entries.push(only(
        "TextProcessorNode",
        json!([]),
        json!({"operations":
        {"type": "array", "items": {"type": "string", "enum": text}, "default": ["uppercase"]}}),
    ));
    entries.push(only(
        "DataTransformNode",
        json!(["DataTransform"]),
        json!({"operation":
        {"type": "string", "enum": ["passthrough", "double", "increment"], "default": "passthrough"}}),
    ));
    entries.push(only(
        "SpeechSegmentsNode",
        json!([]),
        json!({"min_gap_ms": {"type": "number", "default": 200}}),
    ));
    entries.into()
}

/// How a run ended: what each sink got, by round, and the error.
#[derive(Debug, PartialEq)]
pub struct Ran {
    pub sinks: BTreeMap<String, Vec<(u64, Value)>>,
    pub error: Option<Error>,
}

/// Runs a manifest of Rust nodes as a host does: `batch` items at a time, every item to every source, then flush.
pub fn run(manifest: &Json, input: &[Value], batch: usize, registry: &Registry) -> Ran {
    let planned = plan(&json!({"manifest": manifest}), &registry.entries()).unwrap();
    let Planned::Plan(plan, _) = planned else { panic!("{}", planned.to_json()) };
    assert_eq!(plan["segments"].as_array().unwrap().len(), 1);
    let ends = |field: &str| -> Vec<(u32, String)> {
        let ends = plan[field].as_array().unwrap().iter();
        ends.map(|end| (end["edge"].as_u64().unwrap() as u32, end["node"].as_str().unwrap().to_owned()))
            .collect()
    };
    let (sources, sinks) = (ends("inputs"), ends("outputs"));
    let mut ran = Ran { sinks: sinks.iter().map(|(_, id)| (id.clone(), Vec::new())).collect(), error: None };
    let mut engine = match Engine::open(&plan["segments"][0], registry, Rc::new(NoHost)) {
        Ok(engine) => engine,
        Err(error) => return Ran { error: Some(error), ..ran },
    };
    let names: BTreeMap<u32, String> = sinks.into_iter().collect();
    for (index, values) in input.chunks(batch).enumerate() {
        let values = values.iter().enumerate().map(|(k, value)| ((index * batch + k) as u64, value));
        let items: Vec<Item> = values
            .flat_map(|(round, value)| {
                sources.iter().map(move |(edge, _)| Item { round, edge: *edge, value: value.clone() })
            })
            .collect();
        let outcome = engine.run(&[Packet::of(&items)], Limit::NONE);
        ran.error = finish(&mut engine, outcome, &names, &mut ran.sinks);
        if let Some(error) = &ran.error {
            let failed = error.detail().round.unwrap();
            ran.sinks.values_mut().for_each(|items| items.retain(|(round, _)| *round < failed));
            return ran;
        }
    }
    let before = ran.sinks.clone();
    let outcome = engine.flush(&[], Limit::NONE);
    ran.error = finish(&mut engine, outcome, &names, &mut ran.sinks);
    if ran.error.is_some() {
        ran.sinks = before;
    }
    ran
}

fn finish(
    engine: &mut Engine,
    mut outcome: Outcome,
    names: &BTreeMap<u32, String>,
    sinks: &mut BTreeMap<String, Vec<(u64, Value)>>,
) -> Option<Error> {
    loop {
        for addressed in &outcome.packets {
            assert_eq!(addressed.to, None);
            for item in addressed.packet.items().unwrap() {
                sinks.get_mut(&names[&item.edge]).unwrap().push((item.round, item.value));
            }
        }
        match outcome.status {
            Status::Done | Status::Ended => return None,
            Status::Failed(error) => return Some(error),
            Status::More | Status::Sleep(_) => outcome = engine.resume(),
        }
    }
}
