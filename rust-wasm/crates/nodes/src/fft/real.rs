//! Power spectra of four real signals of even length, one in each lane, by a complex transform of half the length
//! (H. Sorensen et al., "Real-valued fast Fourier transform algorithms", IEEE Trans. ASSP 35, 1987, §II).

#![allow(clippy::many_single_char_names, reason = "four rows are a to d, their factors p to s")]

use std::array::from_fn;
use std::f64::consts::TAU;

use crate::fft::Fft;
use crate::simd::{C32x4, F32x4};

/// The plan and the memory for one length and window.
pub(crate) struct RealFft {
    half: Fft,
    /// The window, halved.
    window: Vec<f32>,
    /// Cosine and sine of 2πk/len for k below half of half the length.
    waves: Vec<[f32; 2]>,
    data: Vec<C32x4>,
    scratch: Vec<C32x4>,
}

impl RealFft {
    /// For signals as long as the window, which they are multiplied by; `None` unless that is even and has no prime
    /// factor above 7.
    pub(crate) fn new(window: &[f64]) -> Option<Self> {
        let len = window.len();
        let half = Fft::new(len / 2).filter(|_| len.is_multiple_of(2))?;
        let wave = |k: usize| {
            let (sin, cos) = (TAU * k as f64 / len as f64).sin_cos();
            [cos as f32, sin as f32]
        };
        Some(Self {
            waves: (0..half.len().div_ceil(2)).map(wave).collect(),
            window: window.iter().map(|factor| (factor / 2.0) as f32).collect(),
            data: vec![C32x4::zero(); half.len()],
            scratch: vec![C32x4::zero(); half.len()],
            half,
        })
    }

    /// Samples per signal.
    pub(crate) fn len(&self) -> usize {
        self.window.len()
    }

    /// Gives `set` the power of every bin from 0 to half the length, each once, in no order. The signals begin `step`
    /// samples apart; a signal that would leave `samples` is the first one again.
    pub(crate) fn power(&mut self, samples: &[f32], step: usize, mut set: impl FnMut(usize, F32x4)) {
        self.gather(samples, step);
        self.half.run(&mut self.data, &mut self.scratch);
        // Z[k] and conj Z[−k] give the spectra E of the even and O of the odd samples; X[k] = E + O·e^(−2πik/len), and
        // the bin that mirrors it has the power of E − O·e^(−2πik/len).
        let middle = self.data.len() / 2;
        let Some((first, others)) = self.data.split_first() else { return };
        let mirrored = std::iter::once(first).chain(others.iter().rev());
        for (k, ((z, y), [cos, sin])) in self.data.iter().zip(mirrored).zip(&self.waves).enumerate() {
            let even = C32x4 { re: z.re + y.re, im: z.im - y.im };
            let odd = C32x4 { re: z.im + y.im, im: y.re - z.re };
            let (cos, sin) = (F32x4::splat(*cos), F32x4::splat(*sin));
            let turned = C32x4 { re: odd.re * cos + odd.im * sin, im: odd.im * cos - odd.re * sin };
            set(k, square(even + turned));
            set(self.data.len() - k, square(even - turned));
        }
        if let Some(z) = self.data.get(middle).filter(|_| self.data.len().is_multiple_of(2)) {
            set(middle, square(*z + *z));
        }
    }

    /// Even samples become real parts, odd ones imaginary parts.
    fn gather(&mut self, samples: &[f32], step: usize) {
        let len = self.window.len();
        let row = |index: usize| samples.get(index * step..index * step + len);
        let rows: [&[f32]; 4] = from_fn(|index| row(index).or_else(|| row(0)).unwrap_or_default());
        let [a, b, c, d] = rows.map(|row| row.as_chunks::<4>().0.iter().map(|four| F32x4::from_array(*four)));
        let (pairs, rest) = self.data.as_chunks_mut::<2>();
        let windows = self.window.as_chunks::<4>().0;
        for ((out, window), (((a, b), c), d)) in pairs.iter_mut().zip(windows).zip(a.zip(b).zip(c).zip(d)) {
            let [a, b, c, d] = F32x4::transpose([a, b, c, d]);
            let [p, q, r, s] = window.map(F32x4::splat);
            *out = [C32x4 { re: a * p, im: b * q }, C32x4 { re: c * r, im: d * s }];
        }
        if let ([last], [.., p, q]) = (rest, self.window.as_slice()) {
            let at =
                |index: usize| F32x4::from_array(rows.map(|row| row.get(index).copied().unwrap_or_default()));
            *last = C32x4 { re: at(len - 2) * F32x4::splat(*p), im: at(len - 1) * F32x4::splat(*q) };
        }
    }
}

/// |z|².
fn square(z: C32x4) -> F32x4 {
    z.re * z.re + z.im * z.im
}
