//! What an engine asks of its surroundings.

/// The surroundings of a running segment. The engine itself has no clock, no randomness and never waits.
pub trait Host {
    /// Called before every call of a node that has `timeout_ms`, so that the supervisor can arm a deadline.
    fn enter(&self, order: u32, round: u64) {
        let _ = (order, round);
    }

    /// The deadline under way is over. Called before the next call of a node without `timeout_ms`.
    fn leave(&self) {}

    /// A clock in microseconds from any fixed point; read only for metrics, traces and open circuits.
    fn now_us(&self) -> f64 {
        0.0
    }

    /// A random number; read once, before the first retry.
    fn random(&self) -> u64 {
        0
    }
}

/// A host without timeouts, clock and randomness, for tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHost;

impl Host for NoHost {}
