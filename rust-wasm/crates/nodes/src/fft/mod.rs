//! Discrete Fourier transforms of several signals at once: a vector's four lanes carry four complex transforms. For
//! filters each of them carries two real signals, one as its real and one as its imaginary part; for spectra the even and
//! the odd samples of one ([`RealFft`]), so that a loud signal does not blur a quiet one beside it.
//!
//! Stockham's self-sorting algorithm with radices 4, 2, 3, 5, 7 (C. Van Loan, "Computational Frameworks for the Fast
//! Fourier Transform", 1992, §1.7). Lanes never mix, so there is no shuffling inside.

mod lanes;
mod passes;
mod real;

use std::f64::consts::TAU;

pub(crate) use lanes::{SIGNALS, gather, rows_of, scatter};
use passes::{Twiddle, last_pass, pass};
pub(crate) use real::RealFft;

use crate::simd::C32x4;

/// The plan for one length.
pub(crate) struct Fft {
    len: usize,
    /// The radix of each pass, first to last.
    radices: Vec<usize>,
    /// For each pass but the last: m rows of `radix` factors, where m is what the pass leaves over.
    twiddles: Vec<Vec<Twiddle>>,
}

impl Fft {
    /// A plan for transforms of `len` points; `None` unless `len` has no prime factor above 7.
    pub(crate) fn new(len: usize) -> Option<Self> {
        let radices = radices(len)?;
        let mut rest = len;
        let mut twiddles = Vec::new();
        for &radix in radices.iter().take(radices.len().saturating_sub(1)) {
            let rows = rest / radix;
            let factor = |row: usize, column: usize| {
                let angle = TAU * (row * column % rest) as f64 / rest as f64;
                Twiddle { re: angle.cos() as f32, im: -angle.sin() as f32 }
            };
            twiddles.push((0..rest).map(|i| factor(i / radix, i % radix)).collect());
            rest = rows;
        }
        Some(Self { len, radices, twiddles })
    }

    /// Number of points.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Transforms `data` in place: X\[k\] = Σ x\[n\] · e^(−2πi·nk/len). Both slices have `len` elements.
    pub(crate) fn run(&self, data: &mut [C32x4], scratch: &mut [C32x4]) {
        let Some((last, others)) = self.radices.split_last() else { return };
        let (mut from, mut to) = (&mut *data, &mut *scratch);
        let mut stride = 1;
        for (&radix, twiddles) in others.iter().zip(&self.twiddles) {
            pass(radix, from, to, stride, twiddles);
            stride *= radix;
            (from, to) = (to, from);
        }
        last_pass(*last, from, to);
        if self.radices.len() % 2 == 1 {
            data.copy_from_slice(scratch);
        }
    }
}

/// An estimate of the vector instructions that a transform takes; `None` if there is no plan for this length.
pub(crate) fn cost(len: usize) -> Option<usize> {
    let per_point = |radix: usize| match radix {
        2 => 6,
        3 => 11,
        4 => 10,
        5 => 17,
        _ => 26,
    };
    Some(len * radices(len)?.into_iter().map(per_point).sum::<usize>())
}

fn radices(len: usize) -> Option<Vec<usize>> {
    let mut rest = len;
    let mut radices = Vec::new();
    for radix in [4, 2, 3, 5, 7] {
        while rest > 1 && rest.is_multiple_of(radix) {
            radices.push(radix);
            rest /= radix;
        }
    }
    (rest == 1).then_some(radices)
}

#[cfg(test)]
mod tests;
