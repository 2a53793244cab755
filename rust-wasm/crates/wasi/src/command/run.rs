//! Drives the engine over all rounds.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::thread::sleep;
use std::time::Duration;

use remotemedia_engine::engine::{Engine, Limit, Outcome, Status};
use remotemedia_engine::error::Error;
use remotemedia_engine::packet::{Item, Packet};
use remotemedia_engine::registry::Registry;
use remotemedia_engine::value::Value;
use serde_json::Value as Json;

use crate::command::Failed;
use crate::command::deadlines::{Deadlines, smaller};
use crate::command::request::{Input, no_source};

/// Most rounds in one batch.
const BATCH: usize = 256;

/// A source's edge and its items.
struct Source {
    edge: u32,
    items: Rc<Vec<Value>>,
    generates: bool,
}

pub(super) struct Run {
    pub engine: Engine,
    deadlines: Rc<Deadlines>,
    sources: Vec<Source>,
    /// Whether generating sources have more.
    ticking: bool,
    /// What each edge to the host gave.
    pub outputs: BTreeMap<u32, Vec<Value>>,
}

impl Run {
    pub(super) fn new(plan: &Json, input: Input, registry: &Registry) -> Result<Self, Failed> {
        let sources = sources(plan, input)?;
        // Only Rust is available, so there is one segment.
        let segment = plan.pointer("/segments/0").unwrap_or(&Json::Null);
        let deadlines = Rc::new(Deadlines::new(segment));
        let engine = Engine::open(segment, registry, deadlines.clone());
        let engine = engine.map_err(|error| Failed::Run(error, Json::Null))?;
        let ticking = sources.iter().any(|source| source.generates);
        Ok(Self { engine, deadlines, sources, ticking, outputs: BTreeMap::new() })
    }

    /// All rounds and the flush round.
    pub(super) fn all(&mut self) -> Result<(), Error> {
        let rounds = self.sources.iter().map(|source| source.items.len()).max().unwrap_or(0);
        let (mut first, mut batch) = (0, if self.ticking { 1 } else { BATCH });
        while first < rounds || self.ticking {
            // Ticks beyond the end of a list are as many as there may be; nothing is lost by too many.
            let end = if self.ticking { first + batch } else { rounds.min(first + batch) };
            let outcome = self.engine.run(&[self.batch(first, end)], Limit::NONE);
            self.ticking &= self.finish(outcome)? != Status::Ended;
            (first, batch) = (end, BATCH.min(2 * batch));
        }
        self.deadlines.in_flush.set(true);
        let outcome = self.engine.flush(&[], Limit::NONE);
        self.finish(outcome).map(|_| ())
    }

    /// What the sources get in these rounds.
    fn batch(&self, first: usize, end: usize) -> Packet {
        let mut items = Vec::new();
        for source in &self.sources {
            let value = |round: usize| {
                if source.generates { Some(Value::Null) } else { source.items.get(round).cloned() }
            };
            let given = (first..end).filter_map(|round| Some((round, value(round)?)));
            items.extend(given.map(|(round, value)| Item { round: round as u64, edge: source.edge, value }));
        }
        Packet::of(&items)
    }

    fn finish(&mut self, mut outcome: Outcome) -> Result<Status, Error> {
        loop {
            let failed = if let Status::Failed(error) = &outcome.status { Some(error.clone()) } else { None };
            if let Some(error) = smaller(failed, self.deadlines.late()) {
                return Err(error);
            }
            for addressed in &outcome.packets {
                for item in addressed.packet.items()? {
                    self.outputs.entry(item.edge).or_default().push(item.value);
                }
            }
            match outcome.status {
                Status::More => {}
                Status::Sleep(ms) => sleep(Duration::from_secs_f64(ms / 1e3)),
                ended => return Ok(ended),
            }
            outcome = self.engine.resume();
        }
    }
}

/// The edges of the plan with their items.
fn sources(plan: &Json, mut input: Input) -> Result<Vec<Source>, Failed> {
    let mut sources = Vec::new();
    let mut ids = Vec::new();
    let everywhere = match &mut input {
        Input::Everywhere(items) => Rc::new(std::mem::take(items)),
        Input::Addressed(_) => Rc::default(),
    };
    for end in plan["inputs"].as_array().into_iter().flatten() {
        let Some(edge) = end["edge"].as_u64().and_then(|edge| u32::try_from(edge).ok()) else { continue };
        let generates = end["generates"] == true;
        let id = end["node"].as_str().unwrap_or_default();
        let items = match &mut input {
            _ if generates => Rc::default(),
            Input::Everywhere(_) => Rc::clone(&everywhere),
            Input::Addressed(lists) => Rc::new(lists.remove(id).unwrap_or_default()),
        };
        if !generates {
            ids.push(id.to_owned());
        }
        sources.push(Source { edge, items, generates });
    }
    match input {
        Input::Addressed(left) if !left.is_empty() => {
            let id = left.into_keys().next().unwrap_or_default();
            Err(Failed::Input(no_source(&id, &ids)))
        }
        _ => Ok(sources),
    }
}
