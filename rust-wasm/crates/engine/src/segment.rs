//! A segment as a plan states it: a manifest in normal form, with pseudo-nodes where its edges are cut.

use serde::Deserialize;
use serde_json::{Map as JsonMap, Value as Json};

/// What `open` takes.
#[derive(Clone, Debug, Deserialize)]
pub struct Segment {
    /// Whether durations are measured.
    #[serde(default)]
    pub metrics: bool,
    /// Whether it is noted when each node ran.
    #[serde(default)]
    pub trace: bool,
    /// In the order of execution.
    pub nodes: Vec<SegmentNode>,
    /// With explicit ports.
    pub connections: Vec<Wire>,
}

/// A node, or a pseudo-node of type `__In` or `__Out`.
#[derive(Clone, Debug, Deserialize)]
pub struct SegmentNode {
    /// Unique in the segment.
    pub id: String,
    /// Canonical, or `__In`, `__Out`.
    pub node_type: String,
    /// Complete.
    #[serde(default)]
    pub params: JsonMap<String, Json>,
    /// Place in the canonical order of the whole manifest.
    #[serde(default)]
    pub order: u32,
    /// What happens when a call fails for good.
    #[serde(default)]
    pub on_error: OnError,
    /// Whether a failed call is made again.
    pub retry: Option<Retry>,
    /// The longest a call may take; the host watches over it.
    pub timeout_ms: Option<f64>,
    /// Its circuit breaker as earlier runs left it.
    pub circuit: Option<CircuitState>,
}

/// The state of a node's circuit breaker between runs.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct CircuitState {
    /// Failed calls in a row.
    pub failures: u32,
    /// How long calls are still refused, in milliseconds.
    #[serde(default)]
    pub wait_ms: f64,
}

/// A connection: `node.port` to `node.port`; a giving port `*` stands for all.
#[derive(Clone, Debug, Deserialize)]
pub struct Wire {
    /// The giving end.
    pub from: String,
    /// The taking end.
    pub to: String,
}

/// What happens when a call fails for good.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// The run ends.
    #[default]
    Fail,
    /// The call's outputs are dropped, the error is recorded, the run goes on.
    Skip,
}

/// The longest wait before a retry: what timers of JavaScript take, 2^31 − 1 ms.
const MAX_WAIT_MS: f64 = 2_147_483_647.0;

/// How often and how fast a failed call is made again.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Retry {
    /// Further calls after the first.
    pub max_retries: u32,
    /// Longest wait before the first retry.
    pub base_delay_ms: f64,
    /// Longest wait before any retry.
    pub max_delay_ms: f64,
    /// How much longer each wait may be than the one before.
    pub multiplier: f64,
}

impl Retry {
    /// The longest wait before retry `k`, from 0, in milliseconds.
    #[must_use]
    pub fn longest_wait_ms(&self, k: u32) -> f64 {
        let grown = self.base_delay_ms * self.multiplier.powi(i32::try_from(k).unwrap_or(i32::MAX));
        // 0 · ∞ is NaN; nothing grown is still nothing.
        if grown.is_nan() { 0.0 } else { grown.min(self.max_delay_ms).clamp(0.0, MAX_WAIT_MS) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_their_limit() {
        let retry = Retry { max_retries: 3, base_delay_ms: 100.0, max_delay_ms: 400.0, multiplier: 2.0 };
        let waits: Vec<f64> = (0..5).map(|k| retry.longest_wait_ms(k)).collect();
        assert_eq!(waits, [100.0, 200.0, 400.0, 400.0, 400.0]);
        let absurd = Retry { base_delay_ms: 1e300, max_delay_ms: f64::MAX, ..retry };
        assert_eq!(absurd.longest_wait_ms(0), MAX_WAIT_MS);
        assert_eq!(absurd.longest_wait_ms(u32::MAX), MAX_WAIT_MS);
        assert_eq!(Retry { base_delay_ms: 0.0, ..retry }.longest_wait_ms(u32::MAX), 0.0);
    }
}
