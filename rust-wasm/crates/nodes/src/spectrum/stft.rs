//! Power spectra of overlapping frames, eight at a time.

use std::f64::consts::TAU;

use remotemedia_engine::error::Failure;

use crate::fft::RealFft;
use crate::simd::C32x4;
use crate::spectrum::mel::MelBank;

/// A window of `len` samples that fades in and out by a cosine, periodic (as `torch.hann_window`).
pub(crate) fn hann(len: usize) -> Vec<f64> {
    (0..len).map(|n| 0.5 - 0.5 * (TAU * n as f64 / len as f64).cos()).collect()
}

/// Frames that are transformed together.
const FRAMES: usize = 8;

/// The plan and the memory for frames of one length.
pub(crate) struct Stft {
    fft: RealFft,
    hop: usize,
    /// Frames 0 to 3 are the lanes of the real parts, 4 to 7 of the imaginary parts.
    power: Vec<C32x4>,
    bands: Vec<C32x4>,
}

impl Stft {
    /// For frames as long as the window, every `hop` samples.
    pub(crate) fn new(window: &[f64], hop: usize) -> Result<Self, Failure> {
        let len = window.len();
        let fft = RealFft::new(window)
            .ok_or_else(|| Failure::new(format!("n_fft {len} is not an even product of 2, 3, 5 and 7")))?;
        Ok(Self { fft, hop, power: vec![C32x4::zero(); len / 2 + 1], bands: Vec::new() })
    }

    /// The power spectra of the first `frames` frames in `samples`, or their bands: a matrix of bins × frames.
    pub(crate) fn matrix(
        &mut self,
        samples: &[f32],
        frames: usize,
        bank: Option<&MelBank>,
    ) -> Result<Vec<f32>, Failure> {
        let rows = bank.map_or(self.power.len(), MelBank::len);
        let mut matrix = Vec::new();
        let size = rows.checked_mul(frames).filter(|size| matrix.try_reserve_exact(*size).is_ok());
        let Some(size) = size else { return Err(Failure::new(format!("no memory for {frames} frames"))) };
        matrix.resize(size, 0.0);
        for first in (0..frames).step_by(FRAMES) {
            self.transform(samples.get(first * self.hop..).unwrap_or_default());
            let columns = match bank {
                Some(bank) => {
                    bank.apply(&self.power, &mut self.bands);
                    &self.bands
                }
                None => &self.power,
            };
            let count = FRAMES.min(frames - first);
            for (row, values) in matrix.chunks_exact_mut(frames).zip(columns) {
                let Some(target) = row.get_mut(first..first + count) else { continue };
                let halves: [[f32; 4]; 2] = [values.re.to_array(), values.im.to_array()];
                match target.as_chunks_mut::<8>().0 {
                    [eight] => *eight = bytemuck::cast(halves),
                    _ => target.iter_mut().zip(halves.as_flattened()).for_each(|(to, from)| *to = *from),
                }
            }
        }
        Ok(matrix)
    }

    /// Power spectra of the first eight frames in `samples`; frames that are not there come out as something.
    fn transform(&mut self, samples: &[f32]) {
        let power = &mut self.power;
        self.fft.power(samples, self.hop, |bin, values| {
            if let Some(power) = power.get_mut(bin) {
                power.re = values;
            }
        });
        if let Some(samples) =
            samples.get(FRAMES / 2 * self.hop..).filter(|rest| rest.len() >= self.fft.len())
        {
            self.fft.power(samples, self.hop, |bin, values| {
                if let Some(power) = power.get_mut(bin) {
                    power.im = values;
                }
            });
        }
    }
}
