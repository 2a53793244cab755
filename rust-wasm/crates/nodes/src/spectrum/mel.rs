//! Triangular bands on the mel scale of M. Slaney's Auditory Toolbox (1998), as librosa builds them and Whisper uses
//! them: linear up to 1 kHz, logarithmic above, each triangle with the area 1.

use crate::simd::{C32x4, F32x4};

/// Below this the scale is linear.
const BREAK_HZ: f64 = 1_000.0;
/// Mels per hertz there.
const MELS_PER_HZ: f64 = 3.0 / 200.0;
/// Above it, 27 mels are a factor of 6.4.
const MELS_PER_E: f64 = 27.0 / 1.856_297_990_365_626_2;

fn to_mel(hertz: f64) -> f64 {
    if hertz < BREAK_HZ {
        hertz * MELS_PER_HZ
    } else {
        BREAK_HZ * MELS_PER_HZ + (hertz / BREAK_HZ).ln() * MELS_PER_E
    }
}

fn to_hertz(mel: f64) -> f64 {
    let above = mel - BREAK_HZ * MELS_PER_HZ;
    if above < 0.0 { mel / MELS_PER_HZ } else { BREAK_HZ * (above / MELS_PER_E).exp() }
}

/// Weights of the bins of a power spectrum in each band.
pub(crate) struct MelBank {
    /// First bin and number of bins of each band.
    bands: Vec<(usize, usize)>,
    /// The weights of all bands, one band after the other.
    weights: Vec<f32>,
}

impl MelBank {
    /// `count` bands from 0 Hz to half the rate, for spectra of `len` samples.
    pub(crate) fn new(count: usize, rate: f64, len: usize) -> Self {
        let top = to_mel(rate / 2.0);
        let corner = |index: usize| to_hertz(top * index as f64 / (count + 1) as f64);
        let hertz = |bin: usize| bin as f64 * rate / len as f64;
        let (mut bands, mut weights) = (Vec::with_capacity(count), Vec::new());
        for band in 0..count {
            let (low, middle, high) = (corner(band), corner(band + 1), corner(band + 2));
            let weight = |bin: usize| {
                let (up, down) = (hertz(bin) - low, high - hertz(bin));
                (up / (middle - low)).min(down / (high - middle)).max(0.0) * 2.0 / (high - low)
            };
            let inside = |bin: &usize| weight(*bin) > 0.0;
            let first = (0..=len / 2).find(inside).unwrap_or_default();
            let before = weights.len();
            weights.extend((first..=len / 2).take_while(inside).map(|bin| weight(bin) as f32));
            bands.push((first, weights.len() - before));
        }
        Self { bands, weights }
    }

    /// Number of bands.
    pub(crate) fn len(&self) -> usize {
        self.bands.len()
    }

    /// The sum of each band.
    pub(crate) fn apply(&self, power: &[C32x4], sums: &mut Vec<C32x4>) {
        sums.clear();
        let mut weights = self.weights.as_slice();
        for &(first, count) in &self.bands {
            let (mine, others) = weights.split_at(count.min(weights.len()));
            weights = others;
            let mut sum = C32x4::zero();
            for (weight, power) in mine.iter().zip(power.get(first..).unwrap_or_default()) {
                sum = sum + power.scale(F32x4::splat(*weight));
            }
            sums.push(sum);
        }
    }
}
