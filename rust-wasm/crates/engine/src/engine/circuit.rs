//! The circuit breaker of a node: after several failed calls in a row it is left alone for a while
//! (`docs/internals/plan.md`, "Circuit breaker").

use serde_json::{Value as Json, json};

use crate::host::Host;
use crate::segment::CircuitState;

/// Failed calls in a row that open the circuit.
const MOST_FAILURES: u32 = 5;

/// How long it stays open, in milliseconds.
const OPEN_MS: f64 = 30_000.0;

/// Counts failed calls. The host's clock is read only while the circuit is open or half-open.
#[derive(Debug, Default)]
pub(super) struct Circuit {
    failures: u32,
    /// The host's time at which a call may be tried again, in microseconds.
    until_us: f64,
}

impl Circuit {
    /// As earlier runs left it.
    pub(super) fn restore(state: CircuitState, host: &dyn Host) -> Self {
        let mut circuit = Self { failures: state.failures, until_us: 0.0 };
        if circuit.is_tripped() {
            circuit.wait(state.wait_ms.clamp(0.0, OPEN_MS), host);
        }
        circuit
    }

    /// How long calls are still refused, in milliseconds; 0: the next call is made.
    pub(super) fn wait_ms(&self, host: &dyn Host) -> f64 {
        if self.is_tripped() { ((self.until_us - host.now_us()) / 1e3).max(0.0) } else { 0.0 }
    }

    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// After a call that failed for good.
    pub(super) fn failed(&mut self, host: &dyn Host) {
        self.failures = self.failures.saturating_add(1);
        if self.is_tripped() {
            self.wait(OPEN_MS, host);
        }
    }

    /// `{failures, wait_ms}`, if there are failures.
    pub(super) fn json(&self, host: &dyn Host) -> Option<Json> {
        let state = || json!({"failures": self.failures, "wait_ms": self.wait_ms(host).ceil()});
        (self.failures > 0).then(state)
    }

    fn is_tripped(&self) -> bool {
        self.failures >= MOST_FAILURES
    }

    fn wait(&mut self, ms: f64, host: &dyn Host) {
        self.until_us = host.now_us() + ms * 1e3;
    }
}
