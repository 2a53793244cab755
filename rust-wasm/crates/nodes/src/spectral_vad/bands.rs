//! The power of frames in bands that are equally wide on the mel scale.

use remotemedia_engine::error::Failure;

use crate::fft::RealFft;
use crate::simd::F32x4;
use crate::spectrum::stft::hann;

/// Bands, and the range in which speech is louder than most noise, in hertz.
const BANDS: usize = 16;
const LOWEST: f64 = 100.0;
const HIGHEST: f64 = 4_000.0;
/// Frames that are transformed together.
const LANES: usize = 4;
/// Added to every band, so that silence is no noise of no power: white noise of −90 dB.
const FLOOR: f64 = 1e-9;
/// Overflow of samples near the greatest float ends here.
const CEILING: f64 = 1e30;

/// The plan for frames of one length and rate.
pub(crate) struct Bands {
    fft: RealFft,
    length: usize,
    /// The band of each bin.
    of_bin: Vec<Option<usize>>,
    sums: [F32x4; BANDS],
    /// What a sum is multiplied by so that white noise has its power per sample.
    scales: Vec<(usize, f64)>,
}

impl Bands {
    pub(crate) fn new(rate: u32, length: usize) -> Result<Self, Failure> {
        // A power of two at the latest.
        let size = (length.max(2)..=2 * length.max(2)).find(|size| is_smooth(*size)).unwrap_or(length);
        let mut window = hann(length);
        let energy: f64 = window.iter().map(|factor| factor * factor).sum();
        window.resize(size, 0.0);
        let short = || Failure::new(format!("frames of {length} samples are too short"));
        let fft = RealFft::new(&window).ok_or_else(short)?;
        let highest = HIGHEST.min(f64::from(rate) / 2.0);
        let (first, last) = (to_mel(LOWEST), to_mel(highest));
        let band = |bin: usize| {
            let place = (to_mel(bin as f64 * f64::from(rate) / size as f64) - first) / (last - first);
            (0.0..1.0).contains(&place).then_some((place * BANDS as f64) as usize)
        };
        let of_bin: Vec<Option<usize>> = (0..=size / 2).map(band).collect();
        let bins = |band: &usize| of_bin.iter().filter(|of| **of == Some(*band)).count();
        let scales: Vec<(usize, f64)> = (0..BANDS)
            .map(|band| (band, bins(&band)))
            .filter(|(_, bins)| *bins > 0)
            .map(|(band, bins)| (band, 1.0 / (bins as f64 * energy)))
            .collect();
        if scales.is_empty() {
            return Err(short());
        }
        Ok(Self { fft, length, of_bin, sums: [F32x4::splat(0.0); BANDS], scales })
    }

    /// Gives `take` the powers of the bands of each of the first `frames` frames in `samples`, to which zeros are added.
    pub(crate) fn each(
        &mut self,
        samples: &mut Vec<f32>,
        frames: usize,
        mut take: impl FnMut(&mut dyn Iterator<Item = f64>),
    ) {
        let count = samples.len();
        samples.resize(count + self.fft.len() - self.length, 0.0);
        for first in (0..frames).step_by(LANES) {
            self.transform(samples.get(first * self.length..).unwrap_or_default());
            for lane in 0..LANES.min(frames - first) {
                let power = |(band, scale): &(usize, f64)| {
                    let lanes = self.sums.get(*band).copied().map(F32x4::to_array).unwrap_or_default();
                    let sum = lanes.get(lane).copied().unwrap_or_default();
                    (f64::from(sum) * scale + FLOOR).min(CEILING)
                };
                take(&mut self.scales.iter().map(power));
            }
        }
        samples.truncate(count);
    }

    fn transform(&mut self, samples: &[f32]) {
        let Self { fft, length, of_bin, sums, .. } = self;
        *sums = [F32x4::splat(0.0); BANDS];
        fft.power(samples, *length, |bin, power| {
            let band = of_bin.get(bin).copied().flatten();
            if let Some(sum) = band.and_then(|band| sums.get_mut(band)) {
                *sum = *sum + power;
            }
        });
    }
}

fn is_smooth(size: usize) -> bool {
    let without = |mut rest: usize, prime: usize| {
        while rest.is_multiple_of(prime) {
            rest /= prime;
        }
        rest
    };
    size.is_multiple_of(2) && [2, 3, 5, 7].into_iter().fold(size, without) == 1
}

/// S. S. Stevens' scale in D. O'Shaughnessy's form.
fn to_mel(hertz: f64) -> f64 {
    2_595.0 * (1.0 + hertz / 700.0).log10()
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    fn powers(rate: u32, length: usize, mut samples: Vec<f32>) -> Vec<Vec<f64>> {
        let mut all = Vec::new();
        let frames = samples.len() / length;
        let count = samples.len();
        Bands::new(rate, length).unwrap().each(&mut samples, frames, |powers| all.push(powers.collect()));
        assert_eq!((all.len(), samples.len()), (frames, count));
        all
    }

    #[test]
    fn a_tone_is_in_its_band_of_every_frame() {
        // 331 is a prime: frames of 30 ms at 11,025 Hz are transformed with 336 points.
        for (rate, length) in [(16_000, 480), (11_025, 331), (8_000, 240), (48_000, 1_440)] {
            let tone = |n: usize| (TAU * 1_000.0 * n as f64 / f64::from(rate)).sin() as f32;
            for powers in powers(rate, length, (0..length * 7 + 5).map(tone).collect()) {
                let all: f64 = powers.iter().sum();
                assert!(powers[6..8].iter().sum::<f64>() > 0.99 * all, "{rate}: {powers:?}");
            }
        }
    }

    #[test]
    fn white_noise_has_its_power_in_every_band() {
        let mut state = 1u32;
        let noise: Vec<f32> = (0..480 * 400)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect();
        let all = powers(16_000, 480, noise);
        for band in 0..BANDS {
            let mean = all.iter().map(|powers| powers[band]).sum::<f64>() / all.len() as f64;
            assert!((mean - 1.0 / 3.0).abs() < 0.05, "band {band}: {mean}");
        }
        assert_eq!(powers(16_000, 480, vec![0.0; 480])[0], vec![FLOOR; BANDS]);
        assert_eq!(powers(16_000, 480, vec![f32::MAX; 480])[0], vec![CEILING; BANDS]);
    }

    #[test]
    fn short_frames_have_fewer_bands_and_some_are_too_short() {
        assert_eq!(powers(16_000, 80, vec![0.0; 80])[0].len(), 14);
        assert!(Bands::new(16_000, 2).is_err());
    }
}
