//! Random waits before retries ("full jitter": M. Brooker, "Exponential Backoff and Jitter", AWS 2015).

use crate::host::Host;
use crate::segment::Retry;

/// A small random generator (xorshift64*, S. Vigna 2014), seeded at its first use.
#[derive(Debug, Default)]
pub(super) struct Jitter {
    state: Option<u64>,
}

impl Jitter {
    /// Milliseconds to wait before retry `k`, from 0.
    pub(super) fn wait_ms(&mut self, retry: &Retry, k: u32, host: &dyn Host) -> f64 {
        retry.longest_wait_ms(k) * self.next(host)
    }

    /// A random number from 0 to 1.
    fn next(&mut self, host: &dyn Host) -> f64 {
        // A seed of 0 would stay 0 for ever.
        let mut x = self.state.unwrap_or_else(|| host.random() | 1);
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.state = Some(x);
        (x.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::NoHost;

    #[test]
    fn waits_fill_the_whole_range_and_nothing_else() {
        let retry = Retry { max_retries: 9, base_delay_ms: 100.0, max_delay_ms: 400.0, multiplier: 2.0 };
        let mut jitter = Jitter::default();
        let waits: Vec<f64> = (0..1000).map(|_| jitter.wait_ms(&retry, 1, &NoHost)).collect();
        assert!(waits.iter().all(|wait| (0.0..200.0).contains(wait)));
        assert!(waits.iter().any(|wait| *wait < 20.0) && waits.iter().any(|wait| *wait > 180.0));
    }
}
