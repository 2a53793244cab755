//! When each node ran.

use serde_json::{Value as Json, json};

/// The first of them are kept.
const MOST: usize = 10_000;

/// One span per node and batch.
#[derive(Debug)]
pub(super) struct Spans {
    opened_us: f64,
    spans: Vec<(u32, f64, f64)>,
}

impl Spans {
    /// `now_us` is the time of `open`, from which all spans are counted.
    pub(super) fn new(now_us: f64) -> Self {
        Self { opened_us: now_us, spans: Vec::new() }
    }

    /// The node of this order worked for `us` from `start_us` on.
    pub(super) fn add(&mut self, order: u32, start_us: f64, us: f64) {
        if self.spans.len() < MOST {
            self.spans.push((order, start_us - self.opened_us, us));
        }
    }

    pub(super) fn json(&self) -> Json {
        json!(self.spans)
    }
}
