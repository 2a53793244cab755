//! The filter of the resampler: a Kaiser-windowed sinc, sampled at every phase that a ratio needs.
//!
//! J. O. Smith, "Digital Audio Resampling"; J. F. Kaiser and R. W. Schafer, "On the use of the I0-sinh window for
//! spectrum analysis" (1980). The formulas stand in `docs/nodes.md`; the Python node builds the same filter.

use std::f64::consts::PI;

/// Largest number of phases, and of coefficients, for which every phase has its own row.
const MAX_PHASES: u64 = 1024;
const MAX_COEFFICIENTS: u64 = 1 << 20;

/// What a quality word stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quality {
    /// End of the pass band, as a part of the lower Nyquist frequency.
    pub pass: f64,
    /// Attenuation of the stop band in dB.
    pub attenuation: f64,
}

/// Rows of coefficients, one for each of `phases` fractional positions between two source frames.
#[derive(Debug)]
pub(crate) struct Filter {
    /// `L` of the reduced ratio target / source = L / M.
    pub l: u64,
    /// `M` of the reduced ratio.
    pub m: u64,
    /// Source frames on each side of an output frame; a row has `2 * half` coefficients.
    pub half: usize,
    /// Whether a row stands between the phases that outputs have, so that two rows are interpolated.
    interpolated: bool,
    phases: u64,
    rows: Vec<f32>,
}

impl Filter {
    /// The filter from `source` to `target` hertz.
    pub fn new(source: u32, target: u32, quality: Quality) -> Self {
        let divisor = greatest_common_divisor(u64::from(source), u64::from(target));
        let (l, m) = (u64::from(target) / divisor, u64::from(source) / divisor);
        let ratio = (l as f64 / m as f64).min(1.0);
        let cutoff = ratio * (1.0 + quality.pass) / 4.0;
        let transition = ratio * (1.0 - quality.pass) / 2.0;
        let half = ((quality.attenuation - 7.95) / (2.285 * 2.0 * PI * transition) / 2.0).ceil();
        let prototype = Prototype { cutoff, half, beta: 0.1102 * (quality.attenuation - 8.7) };
        let interpolated = l > MAX_PHASES || l * 2 * half as u64 > MAX_COEFFICIENTS;
        let phases = if interpolated { (MAX_PHASES as f64 * ratio).ceil() as u64 } else { l };
        let rows = (0..phases + u64::from(interpolated))
            .flat_map(|phase| prototype.row(phase as f64 / phases as f64))
            .collect();
        Self { l, m, half: half as usize, interpolated, phases, rows }
    }

    /// Coefficients per row.
    pub fn taps(&self) -> usize {
        2 * self.half
    }

    /// The output at phase `numerator / L` over a window of `2 * half` source frames.
    pub fn apply(&self, numerator: u64, window: &[f32]) -> f32 {
        if !self.interpolated {
            return dot(self.row(numerator), window);
        }
        let position = numerator as f64 / self.l as f64 * self.phases as f64;
        let low = position as u64;
        let weight = (position - low as f64) as f32;
        let (before, after) = (dot(self.row(low), window), dot(self.row(low + 1), window));
        before + weight * (after - before)
    }

    fn row(&self, phase: u64) -> &[f32] {
        let start = phase as usize * self.taps();
        self.rows.get(start..start + self.taps()).unwrap_or_default()
    }
}

/// The continuous impulse response.
struct Prototype {
    /// In cycles per source frame.
    cutoff: f64,
    /// Half length in source frames, whole.
    half: f64,
    beta: f64,
}

impl Prototype {
    /// The coefficients at offsets `1 - half - phase ..= half - phase`, normalised to a sum of one.
    fn row(&self, phase: f64) -> Vec<f32> {
        let taps = 2 * self.half as usize;
        let values: Vec<f64> = (0..taps).map(|tap| self.at(tap as f64 + 1.0 - self.half - phase)).collect();
        let sum: f64 = values.iter().sum();
        values.iter().map(|value| (value / sum) as f32).collect()
    }

    fn at(&self, time: f64) -> f64 {
        let place = time / self.half;
        if place.abs() >= 1.0 {
            return 0.0;
        }
        let window = bessel_i0(self.beta * (1.0 - place * place).sqrt()) / bessel_i0(self.beta);
        sinc(2.0 * self.cutoff * time) * window
    }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// The modified Bessel function of the first kind, order zero, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > sum * 1e-17 {
        term *= quarter / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// Sixteen partial sums, so that the compiler may use vectors without changing the order of any sum.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a_blocks, a_rest) = a.as_chunks::<16>();
    let (b_blocks, b_rest) = b.as_chunks::<16>();
    let mut sums = [0.0_f32; 16];
    for (x, y) in a_blocks.iter().zip(b_blocks) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            *sum += x * y;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const HIGH: Quality = Quality { pass: 0.91, attenuation: 120.0 };

    #[test]
    fn bessel_of_known_arguments() {
        // Abramowitz and Stegun, table 9.8.
        assert!((bessel_i0(0.0) - 1.0).abs() < 1e-15);
        assert!((bessel_i0(1.0) - 1.266_065_877_752_008).abs() < 1e-12);
        assert!((bessel_i0(5.0) - 27.239_871_823_604_44).abs() < 1e-10);
    }

    #[test]
    fn rows_sum_to_one_and_mirror() {
        let filter = Filter::new(44_100, 16_000, HIGH);
        assert_eq!((filter.l, filter.m), (160, 441));
        for phase in 0..filter.l {
            let sum: f64 = filter.row(phase).iter().map(|c| f64::from(*c)).sum();
            assert!((sum - 1.0).abs() < 1e-6, "phase {phase}: {sum}");
        }
        // Phase n and L - n are mirror images, one tap apart.
        let (one, last) = (filter.row(1), filter.row(159));
        for (a, b) in one.iter().zip(last.iter().rev()) {
            assert!((a - b).abs() < 1e-7, "{a} {b}");
        }
    }

    #[test]
    fn odd_ratios_interpolate_between_rows() {
        let filter = Filter::new(44_101, 48_000, HIGH);
        assert!(filter.interpolated);
        let window = vec![1.0; filter.taps()];
        for numerator in [0, 1, filter.l / 2, filter.l - 1] {
            assert!((filter.apply(numerator, &window) - 1.0).abs() < 1e-6);
        }
    }
}
