//! Power spectra of overlapping frames, eight at a time.

use std::f64::consts::TAU;

use remotemedia_engine::error::Failure;

use crate::fft::{Fft, SIGNALS, gather, rows_of};
use crate::simd::{C32x4, F32x4};
use crate::spectrum::mel::MelBank;

/// A window of `len` samples that fades in and out by a cosine, periodic (as `torch.hann_window`).
pub(crate) fn hann(len: usize) -> Vec<f64> {
    (0..len).map(|n| 0.5 - 0.5 * (TAU * n as f64 / len as f64).cos()).collect()
}

/// The plan and the memory for frames of one length.
pub(crate) struct Stft {
    fft: Fft,
    hop: usize,
    /// Halved, so that a sum of a bin and its mirror image is the spectrum.
    window: Vec<f32>,
    data: Vec<C32x4>,
    scratch: Vec<C32x4>,
    /// Frames 0 to 3 are the lanes of the real parts, 4 to 7 of the imaginary parts.
    power: Vec<C32x4>,
    bands: Vec<C32x4>,
}

impl Stft {
    /// For frames as long as the window, every `hop` samples.
    pub(crate) fn new(window: &[f64], hop: usize) -> Result<Self, Failure> {
        let len = window.len();
        let message = || Failure::new(format!("n_fft {len} is not a product of 2, 3, 5 and 7"));
        Ok(Self {
            fft: Fft::new(len).ok_or_else(message)?,
            hop,
            window: window.iter().map(|factor| (factor / 2.0) as f32).collect(),
            data: vec![C32x4::zero(); len],
            scratch: vec![C32x4::zero(); len],
            power: vec![C32x4::zero(); len / 2 + 1],
            bands: Vec::new(),
        })
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
        for first in (0..frames).step_by(SIGNALS) {
            self.transform(samples.get(first * self.hop..).unwrap_or_default());
            let columns = match bank {
                Some(bank) => {
                    bank.apply(&self.power, &mut self.bands);
                    &self.bands
                }
                None => &self.power,
            };
            let count = SIGNALS.min(frames - first);
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
        gather(rows_of(samples, self.fft.len(), self.hop), &mut self.data);
        for (z, factor) in self.data.iter_mut().zip(&self.window) {
            *z = z.scale(F32x4::splat(*factor));
        }
        self.fft.run(&mut self.data, &mut self.scratch);
        let Some((first, others)) = self.data.split_first() else { return };
        // Two real signals, one as the real and one as the imaginary part, have the spectra (Z[k] ± conj Z[−k]) / 2.
        let mirrored = std::iter::once(first).chain(others.iter().rev());
        for ((power, z), y) in self.power.iter_mut().zip(&self.data).zip(mirrored) {
            let [a, b] = [z.re + y.re, z.im - y.im];
            let [c, d] = [z.im + y.im, z.re - y.re];
            *power = C32x4 { re: a * a + b * b, im: c * c + d * d };
        }
    }
}
