//! Runs one segment: node by node over a batch, with rounds, limits, retries and resumable calls
//! (`docs/internals/plan.md`, "Running a segment").
//!
//! Every stage knows how far it is (`done`: all rounds below are finished) and never starts a round before the stages
//! in front of it have finished it. A stage whose outputs pile up stops at the end of a round, so that an expander does
//! not hold a whole batch's outputs in memory; later stages empty its lanes, and the next pass goes on.

mod backoff;
mod build;
mod call;
mod calling;
mod circuit;
mod drive;
mod lane;
mod skipped;
mod stage;
mod trace;

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Value as Json, json};

use crate::error::Error;
use crate::host::Host;
use crate::packet::{Item, Packet};
use crate::registry::Registry;
use crate::segment::Segment;

pub use calling::{blame, is_calling};
pub use lane::Addressed;
use lane::{Exit, Lane, Waiting};
use stage::Stage;

/// A call (round, order) that is not smaller than this is not made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// The round.
    pub round: u64,
    /// The node's place in the canonical order.
    pub order: u32,
}

impl Limit {
    /// No limit.
    pub const NONE: Self = Self { round: u64::MAX, order: u32::MAX };

    /// As hosts pass it: no limit if `round` is not finite.
    #[must_use]
    pub fn from_host(round: f64, order: u32) -> Self {
        if round.is_finite() { Self { round: round as u64, order } } else { Self::NONE }
    }

    /// The first round that a node of this order must not start.
    fn first_forbidden(self, order: u32) -> u64 {
        if order < self.order { self.round.saturating_add(1) } else { self.round }
    }

    fn min(self, other: Self) -> Self {
        if (other.round, other.order) < (self.round, self.order) { other } else { self }
    }

    fn allows(self, round: u64, order: u32) -> bool {
        (round, order) < (self.round, self.order)
    }
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// All items went through.
    Done,
    /// The same, and the generating sources have no more.
    Ended,
    /// There is more to give; call `resume`.
    More,
    /// Call `resume` after this many milliseconds.
    Sleep(f64),
    /// The run has failed; outputs of earlier calls are still given.
    Failed(Error),
}

/// What a call gives.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// At most one packet per receiver.
    pub packets: Vec<Addressed>,
}

impl Outcome {
    fn failed(error: Error) -> Self {
        Self { status: Status::Failed(error), packets: Vec::new() }
    }
}

/// What kind of call is under way.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    /// Nothing was run since `open`, or ordinary rounds.
    Run,
    /// The flush round, with its number.
    Flush(u64),
    /// After `close`.
    Closed,
}

/// A segment that is being run.
pub struct Engine {
    stages: Vec<Stage>,
    lanes: Vec<Lane>,
    exits: Vec<Exit>,
    entries: BTreeMap<u32, Vec<usize>>,
    host: Rc<dyn Host>,
    metrics: bool,
    spans: Option<trace::Spans>,
    /// The generating stages.
    sources: Vec<usize>,
    /// Whether the host watches over the call under way.
    deadline: bool,
    mode: Mode,
    /// One more than the largest round seen.
    rounds: u64,
    /// The host's limit for this call, lowered by failures for good.
    limit: Limit,
    error: Option<Error>,
    skipped: skipped::Skipped,
    jitter: backoff::Jitter,
}

impl Engine {
    /// Creates the nodes of a segment, given as JSON.
    pub fn open(segment: &Json, registry: &Registry, host: Rc<dyn Host>) -> Result<Self, Error> {
        let segment: Segment = serde::Deserialize::deserialize(segment)
            .map_err(|error| Error::bad_request(format!("segment: {error}")))?;
        let parts = build::build(&segment, registry, &*host)?;
        let generates = |(index, stage): (usize, &Stage)| stage.generates.then_some(index);
        let sources = parts.stages.iter().enumerate().filter_map(generates).collect();
        let spans = segment.trace.then(|| trace::Spans::new(host.now_us()));
        Ok(Self {
            stages: parts.stages,
            lanes: parts.lanes,
            exits: parts.exits,
            entries: parts.entries,
            host,
            metrics: segment.metrics,
            spans,
            sources,
            deadline: false,
            mode: Mode::Run,
            rounds: 0,
            limit: Limit::NONE,
            error: None,
            skipped: skipped::Skipped::default(),
            jitter: backoff::Jitter::default(),
        })
    }

    /// Runs a batch of whole rounds.
    pub fn run(&mut self, packets: &[Packet], until: Limit) -> Outcome {
        if self.mode != Mode::Run {
            return Outcome::failed(Error::closed());
        }
        if let Err(error) = self.feed(packets, false) {
            return Outcome::failed(error);
        }
        self.limit = self.own_limit().min(until);
        for stage in &mut self.stages {
            (stage.done, stage.current) = (0, None);
        }
        self.resume()
    }

    /// Runs the flush round: its items, then every node's own flush.
    pub fn flush(&mut self, packets: &[Packet], until: Limit) -> Outcome {
        if self.mode != Mode::Run {
            return Outcome::failed(Error::closed());
        }
        // Other segments may have counted other rounds: all items of this call are one round.
        let round = match self.feed(packets, true) {
            Ok(()) => self.rounds,
            Err(error) => return Outcome::failed(error),
        };
        self.mode = Mode::Flush(round);
        let until = if until == Limit::NONE { until } else { Limit { round, ..until } };
        self.limit = self.own_limit().min(until);
        for stage in &mut self.stages {
            (stage.done, stage.current) = (round, None);
        }
        self.resume()
    }

    /// Goes on after `More` or `Sleep`.
    pub fn resume(&mut self) -> Outcome {
        if self.mode == Mode::Closed {
            return Outcome::failed(Error::closed());
        }
        self.deadline = false;
        let status = drive::drive(self);
        calling::set_node(None);
        if let Status::Sleep(_) = status {
            return Outcome { status, packets: Vec::new() };
        }
        if status != Status::More {
            // What lies beyond the limit is never processed.
            self.lanes.iter_mut().for_each(Lane::clear);
        }
        if let Status::Failed(_) = status {
            let limit = self.limit;
            for exit in &mut self.exits {
                let order = exit.order;
                exit.items.retain(|item| limit.allows(item.round, order));
            }
        }
        let status = if status == Status::Done && self.has_ended() { Status::Ended } else { status };
        Outcome { status, packets: lane::collect(&mut self.exits) }
    }

    /// Whether there are generating sources here and none of them has more.
    fn has_ended(&self) -> bool {
        let mut sources = self.sources.iter().filter_map(|&source| self.stages.get(source));
        self.mode == Mode::Run && !self.sources.is_empty() && sources.all(|source| source.ended)
    }

    /// Closes every node exactly once, in reverse order. Safe to call twice.
    pub fn close(&mut self) {
        if std::mem::replace(&mut self.mode, Mode::Closed) != Mode::Closed {
            for stage in self.stages.iter_mut().rev() {
                calling::set_node(Some(&stage.identity));
                stage.node.close();
            }
            calling::set_node(None);
        }
    }

    /// Counts, durations, skipped errors, circuits and spans.
    #[must_use]
    pub fn metrics(&self) -> Json {
        let nodes = self.stages.iter().map(|stage| stage.stats.json(&stage.identity));
        let circuits = self
            .stages
            .iter()
            .filter_map(|stage| Some((stage.identity.id.clone(), stage.circuit.json(&*self.host)?)));
        let circuits: serde_json::Map<String, Json> = circuits.collect();
        let mut metrics = json!({
            "nodes": nodes.collect::<Vec<_>>(),
            "skipped": self.skipped.json(),
            "circuits": circuits,
        });
        if let (Some(spans), Some(object)) = (&self.spans, metrics.as_object_mut()) {
            object.insert("spans".to_owned(), spans.json());
        }
        metrics
    }

    fn own_limit(&self) -> Limit {
        if self.error.is_some() { self.limit } else { Limit::NONE }
    }

    /// Puts items into the lanes of their edges; all of them or, if one is wrong, none.
    fn feed(&mut self, packets: &[Packet], flush: bool) -> Result<(), Error> {
        let mut items = Vec::new();
        for packet in packets {
            items.append(&mut packet.items()?);
        }
        self.check(&items, flush)?;
        let newest = items.iter().map(|item| item.round).max();
        // In flush the items' number already is that of the round to come.
        let next = newest.map_or(0, |round| if flush { round } else { round + 1 });
        self.rounds = self.rounds.max(next);
        for item in items {
            let round = if flush { self.rounds } else { item.round };
            let bytes = item.value.measure().unwrap_or_default();
            let Some((last, others)) = self.entries.get(&item.edge).and_then(|lanes| lanes.split_last())
            else {
                continue;
            };
            for &lane in others {
                if let Some(lane) = self.lanes.get_mut(lane) {
                    lane.push(Waiting { round, bytes, value: item.value.clone() });
                }
            }
            if let Some(lane) = self.lanes.get_mut(*last) {
                lane.push(Waiting { round, bytes, value: item.value });
            }
        }
        Ok(())
    }

    /// Every edge must lead here, and rounds must not decrease along it.
    fn check(&self, items: &[Item], flush: bool) -> Result<(), Error> {
        let mut latest: BTreeMap<u32, u64> = BTreeMap::new();
        for run in items.chunk_by(|a, b| a.edge == b.edge) {
            let Some((first, last)) = run.first().zip(run.last()) else { continue };
            let edge = first.edge;
            if !self.entries.contains_key(&edge) {
                return Err(Error::bad_packet("edges", format!("edge {edge} does not lead here")));
            }
            let follows = latest.insert(edge, last.round).is_none_or(|before| before <= first.round);
            if !(flush || follows && run.is_sorted_by_key(|item| item.round)) {
                return Err(Error::bad_packet("rounds", format!("rounds decrease along edge {edge}")));
            }
        }
        Ok(())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.close();
    }
}
