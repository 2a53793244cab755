//! The resampling filter: a Kaiser-windowed sinc, one row of coefficients per phase (formulas: `docs/nodes/AudioResampleNode.md`;
//! J. O. Smith, "Digital Audio Resampling"; Kaiser & Schafer 1980).

use std::array::from_fn;
use std::f64::consts::PI;

use remotemedia_engine::error::Failure;

use crate::simd::F32x4;

/// From this many phases, or this many coefficients, on, phases are interpolated.
const MAX_PHASES: u64 = 1024;
const MAX_COEFFICIENTS: u64 = 1 << 20;

/// Rows begin with zeros that make their length a multiple of this, so that the dot product needs no remainder.
const LANES: usize = 16;

/// Of the stop band, in dB. What is left of it is the difference between the two ways to apply the filter.
const ATTENUATION: f64 = 135.0;

/// Coefficients that are computed side by side.
const GROUP: usize = 8;

/// How steep the filter is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quality {
    /// End of the pass band, as a part of the lower Nyquist frequency.
    pass: f64,
}

impl Quality {
    pub(super) fn from_name(name: &str) -> Result<Self, Failure> {
        match name {
            "high" => Ok(Self { pass: 0.912 }),
            "medium" => Ok(Self { pass: 0.85 }),
            "low" => Ok(Self { pass: 0.7 }),
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
    rows: Vec<F32x4>,
    /// Taps of a row, padding included.
    width: usize,
    window: Window,
}

impl Filter {
    pub(super) fn new(source: u32, target: u32, quality: Quality) -> Self {
        let divisor = greatest_common_divisor(source, target);
        let (up, down) = (u64::from(target / divisor), u64::from(source / divisor));
        let ratio = (f64::from(target) / f64::from(source)).min(1.0);
        let transition = ratio * (1.0 - quality.pass) / 2.0;
        let taps = (ATTENUATION - 7.95) / (2.285 * 2.0 * PI * transition);
        let half = (taps / 2.0).ceil() as usize;
        let window = Window::new(ratio * (1.0 + quality.pass) / 4.0, half, 0.1102 * (ATTENUATION - 8.7));
        let interpolated = up > MAX_PHASES || up * 2 * half as u64 > MAX_COEFFICIENTS;
        let phases = if interpolated { (MAX_PHASES as f64 * ratio).ceil() as u64 } else { up };
        let count = if interpolated { phases + 1 } else { phases };
        let width = (2 * half).next_multiple_of(LANES);
        let mut rows = Vec::with_capacity(count as usize * width / 4);
        let mut padded = vec![0.0; width];
        let mut row = vec![0.0; 2 * half];
        for phase in 0..count {
            window.row(phase as f64 / phases as f64, &mut row);
            let sum: f64 = row.iter().sum();
            padded.iter_mut().rev().zip(row.iter().rev()).for_each(|(to, from)| *to = (from / sum) as f32);
            rows.extend(padded.as_chunks::<4>().0.iter().map(|four| F32x4::from_array(*four)));
        }
        Self { up, down, half, phases, interpolated, rows, width, window }
    }

    /// The coefficients of a phase, after zeros as padding.
    pub(super) fn row(&self, phase: u64) -> &[F32x4] {
        let vectors = self.width / 4;
        let start = phase as usize * vectors;
        self.rows.get(start..start + vectors).unwrap_or_default()
    }

    /// How many samples an output reads, padding included.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// The coefficients of phase 0 from the middle on, not normalised.
    pub(super) fn right_half(&self) -> Vec<f64> {
        let mut row = vec![0.0; 2 * self.half];
        self.window.row(0.0, &mut row);
        row.split_off(self.half - 1)
    }
}

/// A sinc in a Kaiser window.
struct Window {
    half: f64,
    /// 2π times the cut-off in cycles per source frame, and its sine and cosine at every whole distance.
    omega: f64,
    waves: Vec<(f64, f64)>,
    /// The power series of I₀(β · √y) / I₀(β) in y, the highest power first.
    series: Vec<f64>,
}

impl Window {
    fn new(cutoff: f64, half: usize, beta: f64) -> Self {
        let omega = 2.0 * PI * cutoff;
        let waves = (1 - half as i64..=half as i64).map(|j| (omega * j as f64).sin_cos()).collect();
        let mut series = bessel_series(beta);
        let sum: f64 = series.iter().sum();
        for term in &mut series {
            *term /= sum;
        }
        Self { half: half as f64, omega, waves, series }
    }

    /// The coefficients for an output that stands `phase` behind a source frame.
    fn row(&self, phase: f64, row: &mut [f64]) {
        // sin(a − b) by its two parts, so that no sine is computed here.
        let (sin, cos) = (self.omega * phase).sin_cos();
        for (group, (row, waves)) in row.chunks_mut(GROUP).zip(self.waves.chunks(GROUP)).enumerate() {
            let time = |index: usize| (group * GROUP + index + 1) as f64 - self.half - phase;
            // 1 in the middle of the window, 0 at its edges and outside.
            let inside = from_fn(|index| (1.0 - (time(index) / self.half).powi(2)).max(0.0));
            let window = self.window(&inside);
            for (index, (coefficient, wave)) in row.iter_mut().zip(waves).enumerate() {
                let t = time(index);
                let sinc = if t == 0.0 { 1.0 } else { (wave.0 * cos - wave.1 * sin) / (self.omega * t) };
                let is_inside = inside.get(index).is_some_and(|inside| *inside > 0.0);
                *coefficient = if is_inside { sinc * window.get(index).unwrap_or(&0.0) } else { 0.0 };
            }
        }
    }

    /// The power series by Horner's rule, side by side so that the compiler vectorises it.
    fn window(&self, inside: &[f64; GROUP]) -> [f64; GROUP] {
        let mut sums = [0.0; GROUP];
        for term in &self.series {
            sums.iter_mut().zip(inside).for_each(|(sum, y)| *sum = *sum * y + term);
        }
        sums
    }
}

/// Terms of the modified Bessel function of the first kind and order 0, at `beta`: the k-th is (β/2)^2k / (k!)², the
/// highest first.
fn bessel_series(beta: f64) -> Vec<f64> {
    let (mut sum, mut term) = (0.0, 1.0);
    let mut series = Vec::new();
    while term > sum * 1e-18 {
        series.push(term);
        sum += term;
        let k = series.len() as f64;
        term *= (beta / (2.0 * k)) * (beta / (2.0 * k));
    }
    series.reverse();
    series
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
        let bessel = |x| bessel_series(x).iter().sum::<f64>();
        assert_eq!(bessel(0.0), 1.0);
        assert!((bessel(1.0) - 1.266_065_877_752_008_4).abs() < 1e-14);
        assert!((bessel(10.0) / 2_815.716_628_466_254 - 1.0).abs() < 1e-13);
    }

    #[test]
    fn the_size_follows_from_the_formulas() {
        let filter = Filter::new(48_000, 16_000, high());
        assert_eq!((filter.up, filter.down, filter.phases, filter.half), (1, 3, 1, 302));
        let filter = Filter::new(44_100, 16_000, high());
        assert_eq!((filter.up, filter.down, filter.phases, filter.interpolated), (160, 441, 160, false));
        let filter = Filter::new(16_000, 44_100, high());
        assert_eq!((filter.up, filter.half), (441, 101));
    }

    #[test]
    fn tables_stay_small_for_every_pair_of_rates() {
        for (source, target) in [(768_000, 1_001), (767_999, 1_000), (1_000, 767_999), (44_100, 47_999)] {
            let filter = Filter::new(source, target, high());
            assert!(filter.interpolated);
            assert!(filter.rows.len() < 2 << 18, "{source} to {target}: {}", filter.rows.len());
        }
    }

    #[test]
    fn a_constant_stays_a_constant() {
        let filter = Filter::new(44_100, 16_000, high());
        for phase in 0..filter.phases {
            let sum: f64 = filter.row(phase).iter().flat_map(|c| c.to_array()).map(f64::from).sum();
            assert!((sum - 1.0).abs() < 1e-6);
        }
    }
}
