//! A host: plans a manifest and drives the engine over all rounds, batch by batch.

use std::collections::BTreeMap;
use std::rc::Rc;

use remotemedia_engine::engine::{Engine, Limit, Outcome, Status};
use remotemedia_engine::error::Error;
use remotemedia_engine::host::NoHost;
use remotemedia_engine::packet::{Item, Packet};
use remotemedia_engine::plan::{Planned, plan};
use remotemedia_engine::registry::Registry;
use remotemedia_engine::value::Value;
use serde_json::{Value as Json, json};

/// Stands for the number of the flush round, which depends on how many ticks there were.
pub const FLUSH: u64 = u64::MAX;

/// What goes in at the sources that do not generate.
#[derive(Clone, Debug)]
pub enum Input {
    /// Every item to every source.
    Everywhere(Vec<Value>),
    /// Items by the id of their source.
    Addressed(BTreeMap<String, Vec<Value>>),
}

impl Input {
    fn of(&self, id: &str) -> &[Value] {
        match self {
            Self::Everywhere(items) => items,
            Self::Addressed(lists) => lists.get(id).map(Vec::as_slice).unwrap_or_default(),
        }
    }
}

/// How a run ended: what each sink got, by round, the error, and how many calls were skipped.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ran {
    pub sinks: BTreeMap<String, Vec<(u64, Value)>>,
    pub error: Option<Error>,
    pub skipped: u64,
}

/// A runner: what stays from one run of a manifest to the next.
pub struct Runner<'a> {
    pub manifest: &'a Json,
    pub registry: &'a Registry,
    /// Most rounds at a time.
    pub batch: usize,
    circuits: Json,
}

/// A source's edge and its items.
struct Source<'a> {
    edge: u32,
    items: &'a [Value],
    generates: bool,
}

impl<'a> Runner<'a> {
    pub fn new(manifest: &'a Json, registry: &'a Registry, batch: usize) -> Self {
        Self { manifest, registry, batch, circuits: json!({}) }
    }

    /// Runs the manifest, which is one of Rust nodes.
    pub fn run(&mut self, input: &Input) -> Ran {
        let failed = |error| Ran { error: Some(error), ..Ran::default() };
        let mut plan = match plan(&json!({"manifest": self.manifest}), &self.registry.entries()).unwrap() {
            Planned::Plan(plan, _) => plan,
            Planned::Refused(issues) => return failed(Error::manifest(issues)),
        };
        assert_eq!(plan["segments"].as_array().unwrap().len(), 1);
        let sources = sources(&plan, input);
        if let Input::Addressed(lists) = input
            && lists.len()
                > plan["inputs"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|end| lists.contains_key(end["node"].as_str().unwrap()))
                    .count()
        {
            return failed(Error::manifest(Vec::new()));
        }
        for node in plan["segments"][0]["nodes"].as_array_mut().unwrap() {
            if let Some(state) = self.circuits.get(node["id"].as_str().unwrap()) {
                node["circuit"] = state.clone();
            }
        }
        let mut engine = match Engine::open(&plan["segments"][0], self.registry, Rc::new(NoHost)) {
            Ok(engine) => engine,
            Err(error) => return failed(error),
        };
        let mut ran = Ran::default();
        let mut outputs = Outputs::new(&plan);
        ran.error = drive(&mut engine, &sources, self.batch, &mut outputs);
        ran.sinks = outputs.sinks;
        let metrics = engine.metrics();
        ran.skipped = metrics["skipped"]["count"].as_u64().unwrap();
        self.circuits = metrics["circuits"].clone();
        ran
    }
}

fn sources<'a>(plan: &Json, input: &'a Input) -> Vec<Source<'a>> {
    let ends = plan["inputs"].as_array().unwrap().iter();
    let source = |end: &Json| {
        let generates = end["generates"] == true;
        let items = if generates { &[][..] } else { input.of(end["node"].as_str().unwrap()) };
        Source { edge: end["edge"].as_u64().unwrap() as u32, items, generates }
    };
    ends.map(source).collect()
}

/// All rounds, then flush. Ticks go on until the engine says that its sources have ended.
fn drive(engine: &mut Engine, sources: &[Source<'_>], batch: usize, outputs: &mut Outputs) -> Option<Error> {
    let rounds = sources.iter().map(|source| source.items.len()).max().unwrap_or(0);
    let mut ticking = sources.iter().any(|source| source.generates);
    let mut first = 0;
    while first < rounds || ticking {
        let end = if ticking { first + batch } else { rounds.min(first + batch) };
        let value = |source: &Source<'_>, round: usize| {
            if source.generates { Some(Value::Null) } else { source.items.get(round).cloned() }
        };
        let item = |source: &Source<'_>, round: usize| {
            Some(Item { round: round as u64, edge: source.edge, value: value(source, round)? })
        };
        let items: Vec<Item> = sources
            .iter()
            .flat_map(|source| (first..end).filter_map(move |round| item(source, round)))
            .collect();
        let outcome = engine.run(&[Packet::of(&items)], Limit::NONE);
        match outputs.finish(engine, outcome, None) {
            Status::Failed(error) => {
                let failed = error.detail().round.unwrap();
                outputs.sinks.values_mut().for_each(|items| items.retain(|(round, _)| *round < failed));
                return Some(error);
            }
            status => ticking &= status != Status::Ended,
        }
        first = end;
    }
    let before = outputs.sinks.clone();
    let outcome = engine.flush(&[], Limit::NONE);
    match outputs.finish(engine, outcome, Some(FLUSH)) {
        Status::Failed(error) => {
            outputs.sinks = before;
            Some(error)
        }
        _ => None,
    }
}

/// What came out, by sink.
struct Outputs {
    sinks: BTreeMap<String, Vec<(u64, Value)>>,
    names: BTreeMap<u32, String>,
}

impl Outputs {
    fn new(plan: &Json) -> Self {
        let ends = plan["outputs"].as_array().unwrap().iter();
        let name =
            |end: &Json| (end["edge"].as_u64().unwrap() as u32, end["node"].as_str().unwrap().to_owned());
        let names: BTreeMap<u32, String> = ends.map(name).collect();
        Self { sinks: names.values().map(|id| (id.clone(), Vec::new())).collect(), names }
    }

    /// Takes what a call gives and resumes it until it has ended.
    fn finish(&mut self, engine: &mut Engine, mut outcome: Outcome, flush: Option<u64>) -> Status {
        loop {
            for addressed in &outcome.packets {
                assert_eq!(addressed.to, None);
                for item in addressed.packet.items().unwrap() {
                    self.sinks
                        .get_mut(&self.names[&item.edge])
                        .unwrap()
                        .push((flush.unwrap_or(item.round), item.value));
                }
            }
            match outcome.status {
                Status::More | Status::Sleep(_) => outcome = engine.resume(),
                ended => return ended,
            }
        }
    }
}
