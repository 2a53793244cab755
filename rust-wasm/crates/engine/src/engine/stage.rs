//! A node in a running segment, with everything the engine keeps about it.

use std::rc::Rc;

use serde_json::{Value as Json, json};

use crate::engine::calling::Identity;
use crate::engine::circuit::Circuit;
use crate::error::{Error, Failure};
use crate::node::{Node, Out};
use crate::segment::{OnError, Retry};

/// Where an output goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    /// The lane of this index.
    Lane(usize),
    /// The exit of this index.
    Exit(usize),
}

pub(super) struct Stage {
    pub identity: Rc<Identity>,
    /// As in its identity.
    pub order: u32,
    pub on_error: OnError,
    pub retry: Option<Retry>,
    pub timed: bool,
    pub circuit: Circuit,
    /// Whether this is a generating source.
    pub generates: bool,
    /// Whether it has given its last item.
    pub ended: bool,
    pub node: Box<dyn Node>,
    pub out: Out,
    /// Incoming lanes in the order of connections.
    pub lanes: Vec<usize>,
    /// Stages that must have finished a round before this one starts it.
    pub before: Vec<usize>,
    /// Targets of each output port, in the order of connections.
    pub routes: Vec<Vec<Target>>,
    /// All rounds below this are finished.
    pub done: u64,
    /// The round that is under way, if it was interrupted for a retry.
    pub current: Option<u64>,
    /// Failed calls of the item that is to be tried again.
    pub attempts: u32,
    pub stats: Stats,
}

impl Stage {
    pub(super) fn error(&self, failure: Failure) -> Error {
        Error::node(&self.identity.id, &self.identity.node_type, failure)
    }
}

/// Counts and durations, all in one run.
#[derive(Debug, Default)]
pub(super) struct Stats {
    pub calls: u64,
    pub failed: u64,
    total_us: f64,
    batches: Option<(f64, f64)>,
}

impl Stats {
    /// Adds the duration of one batch.
    pub(super) fn add(&mut self, us: f64) {
        self.total_us += us;
        let (min, max) = self.batches.unwrap_or((us, us));
        self.batches = Some((min.min(us), max.max(us)));
    }

    pub(super) fn json(&self, who: &Identity) -> Json {
        json!({
            "node_id": who.id,
            "node_type": who.node_type,
            "runtime": "rust",
            "execution_count": self.calls,
            "success_count": self.calls - self.failed,
            "error_count": self.failed,
            "total_duration_us": self.total_us,
            "min_duration_us": self.batches.map(|(min, _)| min),
            "max_duration_us": self.batches.map(|(_, max)| max),
        })
    }
}
