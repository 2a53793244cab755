//! How random tests run: the same cases every time, unless `PROPTEST_RNG_SEED` asks for others.

use std::env;

use proptest::test_runner::{Config, RngSeed};

/// As many cases, twenty times as many with `REMOTEMEDIA_LONG`.
pub fn config(cases: u32) -> Config {
    let seed = env::var("PROPTEST_RNG_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let cases = if env::var_os("REMOTEMEDIA_LONG").is_some() { 20 * cases } else { cases };
    Config { cases, rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() }
}
