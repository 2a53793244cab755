//! Clock and randomness from the standard library, which asks WASI for them.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Instant;

use remotemedia_engine::host::Host;

/// Called before a call of a node that has a timeout, with handle, order and round; order [`NO_DEADLINE`]: the deadline
/// under way is over.
pub type Enter = fn(u32, u32, u64);

/// No node has this order.
pub const NO_DEADLINE: u32 = u32::MAX;

/// The surroundings of one open segment.
pub struct WasiHost {
    handle: u32,
    enter: Enter,
    start: Instant,
}

impl WasiHost {
    /// For the segment of this handle.
    #[must_use]
    pub fn new(handle: u32, enter: Enter) -> Self {
        Self { handle, enter, start: Instant::now() }
    }
}

impl Host for WasiHost {
    fn enter(&self, order: u32, round: u64) {
        (self.enter)(self.handle, order, round);
    }

    fn leave(&self) {
        (self.enter)(self.handle, NO_DEADLINE, 0);
    }

    fn now_us(&self) -> f64 {
        self.start.elapsed().as_secs_f64() * 1e6
    }

    fn random(&self) -> u64 {
        // The keys of a hash map's hasher are random; no crate needed.
        RandomState::new().build_hasher().finish()
    }
}
