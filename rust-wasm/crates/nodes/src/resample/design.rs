//! The resampling filter: a Kaiser-windowed sinc, one row of coefficients per phase (`docs/nodes.md` has the formulas;
//! J. O. Smith, "Digital Audio Resampling"; Kaiser & Schafer 1980).

use std::f64::consts::PI;

use remotemedia_engine::error::Failure;

/// From this many phases, or this many coefficients, on, phases are interpolated.
const MAX_PHASES: u64 = 1024;
const MAX_COEFFICIENTS: u64 = 1 << 20;

/// Rows are padded with zeros to a multiple of this, so that the dot product needs no remainder.
pub(super) const LANES: usize = 16;

/// How steep the filter is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quality {
    /// End of the pass band, as a part of the lower Nyquist frequency.
    pass: f64,
    /// Of the stop band, in dB.
    attenuation: f64,
}

impl Quality {
    pub(super) fn from_name(name: &str) -> Result<Self, Failure> {
        match name {
            "high" => Ok(Self { pass: 0.91, attenuation: 120.0 }),
            "medium" => Ok(Self { pass: 0.85, attenuation: 100.0 }),
            "low" => Ok(Self { pass: 0.75, attenuation: 80.0 }),
            _ => Err(Failure::new(format!("quality {name:?} is not high, medium or low"))),
        }
    }
}

/// The filter for one pair of rates.
pub(super) struct Filter {
    /// Target over source rate, reduced: `up` / `down`.
    pub up: u64,
    pub down: u64,
    /// Taps on each side of an output's position.
    pub half: usize,
    /// Number of steps between phase 0 and phase 1.
    pub phases: u64,
    /// Whether an output lies between two rows.
    pub interpolated: bool,
    rows: Vec<f32>,
    width: usize,
}

impl Filter {
    pub(super) fn new(source: u32, target: u32, quality: Quality) -> Self {
        let divisor = greatest_common_divisor(source, target);
        let (up, down) = (u64::from(target / divisor), u64::from(source / divisor));
        let ratio = (f64::from(target) / f64::from(source)).min(1.0);
        let transition = ratio * (1.0 - quality.pass) / 2.0;
        let taps = (quality.attenuation - 7.95) / (2.285 * 2.0 * PI * transition);
        let half = (taps / 2.0).ceil() as usize;
        let window = Window {
            cutoff: ratio * (1.0 + quality.pass) / 4.0,
            half: half as f64,
            beta: 0.1102 * (quality.attenuation - 8.7),
        };
        let interpolated = up > MAX_PHASES || up * 2 * half as u64 > MAX_COEFFICIENTS;
        let phases = if interpolated { (MAX_PHASES as f64 * ratio).ceil() as u64 } else { up };
        let count = if interpolated { phases + 1 } else { phases };
        let width = (2 * half).next_multiple_of(LANES);
        let mut rows = Vec::with_capacity(count as usize * width);
        for phase in 0..count {
            window.row(phase as f64 / phases as f64, half, &mut rows);
            rows.resize((phase as usize + 1) * width, 0.0);
        }
        Self { up, down, half, phases, interpolated, rows, width }
    }

    /// The coefficients of a phase, padded with zeros.
    pub(super) fn row(&self, phase: u64) -> &[f32] {
        let start = phase as usize * self.width;
        self.rows.get(start..start + self.width).unwrap_or_default()
    }

    /// How many samples an output reads, padding included.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Output frames of a stream of `frames`.
    pub(super) fn output_frames(&self, frames: u64) -> u64 {
        (u128::from(frames) * u128::from(self.up)).div_ceil(u128::from(self.down)) as u64
    }
}

struct Window {
    /// In cycles per source frame.
    cutoff: f64,
    half: f64,
    beta: f64,
}

impl Window {
    /// Appends the coefficients for an output that stands `phase` behind a source frame, with sum 1.
    fn row(&self, phase: f64, half: usize, rows: &mut Vec<f32>) {
        let half = half as i64;
        let coefficients: Vec<f64> = (1 - half..=half).map(|j| self.at(j as f64 - phase)).collect();
        let sum: f64 = coefficients.iter().sum();
        rows.extend(coefficients.iter().map(|c| (c / sum) as f32));
    }

    fn at(&self, t: f64) -> f64 {
        if t.abs() >= self.half {
            return 0.0;
        }
        let x = PI * 2.0 * self.cutoff * t;
        let sinc = if x == 0.0 { 1.0 } else { x.sin() / x };
        let edge = 1.0 - (t / self.half) * (t / self.half);
        sinc * bessel_i0(self.beta * edge.sqrt()) / bessel_i0(self.beta)
    }
}

/// The modified Bessel function of the first kind and order 0, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > sum * 1e-17 {
        term *= (x / (2.0 * k)) * (x / (2.0 * k));
        sum += term;
        k += 1.0;
    }
    sum
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a.max(1) } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn high() -> Quality {
        Quality::from_name("high").unwrap()
    }

    #[test]
    fn bessel_matches_tables() {
        // Abramowitz & Stegun, table 9.8.
        assert_eq!(bessel_i0(0.0), 1.0);
        assert!((bessel_i0(1.0) - 1.266_065_877_752_008_4).abs() < 1e-14);
        assert!((bessel_i0(10.0) / 2_815.716_628_466_254 - 1.0).abs() < 1e-13);
    }

    #[test]
    fn the_size_follows_from_the_formulas() {
        let filter = Filter::new(48_000, 16_000, high());
        assert_eq!((filter.up, filter.down, filter.phases, filter.half), (1, 3, 1, 261));
        let filter = Filter::new(44_100, 16_000, high());
        assert_eq!((filter.up, filter.down, filter.phases, filter.interpolated), (160, 441, 160, false));
        let filter = Filter::new(16_000, 44_100, high());
        assert_eq!((filter.up, filter.half), (441, 87));
    }

    #[test]
    fn tables_stay_small_for_every_pair_of_rates() {
        for (source, target) in [(768_000, 1_001), (767_999, 1_000), (1_000, 767_999), (44_100, 47_999)] {
            let filter = Filter::new(source, target, high());
            assert!(filter.interpolated);
            assert!(filter.rows.len() < 2 << 20, "{source} to {target}: {}", filter.rows.len());
        }
    }

    #[test]
    fn a_constant_stays_a_constant() {
        let filter = Filter::new(44_100, 16_000, high());
        for phase in 0..filter.phases {
            let sum: f64 = filter.row(phase).iter().map(|&c| f64::from(c)).sum();
            assert!((sum - 1.0).abs() < 1e-6);
        }
    }
}
