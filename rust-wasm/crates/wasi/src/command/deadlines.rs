//! Notices calls that took longer than their node's `timeout_ms`, once they have returned.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Instant;

use remotemedia_engine::error::Error;
use remotemedia_engine::host::Host;
use serde_json::Value as Json;

use remotemedia_module::host::WasiHost;

/// A node with a deadline.
struct Timed {
    id: String,
    node_type: String,
    timeout_ms: f64,
}

/// The call under way.
#[derive(Clone, Copy)]
struct Call {
    order: u32,
    round: u64,
    since: Instant,
}

/// The host of the command's segment.
pub(super) struct Deadlines {
    wasi: WasiHost,
    /// By order.
    nodes: BTreeMap<u32, Timed>,
    /// Whether the flush round is under way.
    pub in_flush: Cell<bool>,
    call: Cell<Option<Call>>,
    late: RefCell<Option<Error>>,
}

impl Deadlines {
    pub(super) fn new(segment: &Json) -> Self {
        let timed = |node: &Json| {
            let timeout_ms = node.get("timeout_ms")?.as_f64()?;
            let order = u32::try_from(node.get("order")?.as_u64()?).ok()?;
            let text = |key: &str| Some(node.get(key)?.as_str()?.to_owned());
            Some((order, Timed { id: text("id")?, node_type: text("node_type")?, timeout_ms }))
        };
        Self {
            wasi: WasiHost::new(1, |_, _, _| {}),
            nodes: segment["nodes"].as_array().into_iter().flatten().filter_map(timed).collect(),
            in_flush: Cell::new(false),
            call: Cell::new(None),
            late: RefCell::new(None),
        }
    }

    /// Ends the call under way and gives the error of the smallest (round, order) that was late since the last time.
    pub(super) fn late(&self) -> Option<Error> {
        self.settle();
        self.late.take()
    }

    /// Ends the call under way.
    fn settle(&self) {
        let Some(Call { order, round, since }) = self.call.take() else { return };
        let Some(node) = self.nodes.get(&order) else { return };
        if since.elapsed().as_secs_f64() * 1e3 <= node.timeout_ms {
            return;
        }
        let error = Error::node_timeout(&node.id, &node.node_type, node.timeout_ms);
        let error = error.at(round, (!self.in_flush.get()).then_some(round), order);
        self.late.replace_with(|earlier| smaller(earlier.take(), Some(error)));
    }
}

impl Host for Deadlines {
    fn enter(&self, order: u32, round: u64) {
        self.settle();
        self.call.set(Some(Call { order, round, since: Instant::now() }));
    }

    fn leave(&self) {
        self.settle();
    }

    fn now_us(&self) -> f64 {
        self.wasi.now_us()
    }

    fn random(&self) -> u64 {
        self.wasi.random()
    }
}

/// The error that comes first in the order of calls, of two in the same run.
pub(super) fn smaller(a: Option<Error>, b: Option<Error>) -> Option<Error> {
    let place = |error: &Error| (error.detail().round, error.detail().order);
    a.into_iter().chain(b).min_by_key(place)
}
