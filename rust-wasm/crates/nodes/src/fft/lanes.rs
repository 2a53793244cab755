//! Eight rows of samples into the lanes of complex vectors, and back.

#![allow(clippy::many_single_char_names, reason = "eight rows are a to h")]

use std::array::from_fn;

use crate::simd::{C32x4, F32x4};

/// How many real signals are transformed at once.
pub(crate) const SIGNALS: usize = 8;

/// Rows of equal length: 0 to 3 are the real parts of lanes 0 to 3, 4 to 7 the imaginary parts.
pub(super) type Rows<'a> = [&'a [f32]; SIGNALS];

/// Fills `data` with the rows, which have its length.
pub(crate) fn gather([a, b, c, d, e, f, g, h]: Rows, data: &mut [C32x4]) {
    let (whole, rest) = data.as_chunks_mut::<4>();
    let four = |row| <[f32]>::as_chunks::<4>(row).0.iter().map(|four| F32x4::from_array(*four));
    let real = four(a).zip(four(b)).zip(four(c)).zip(four(d));
    let imaginary = four(e).zip(four(f)).zip(four(g)).zip(four(h));
    for ((out, (((a, b), c), d)), (((e, f), g), h)) in whole.iter_mut().zip(real).zip(imaginary) {
        let ([a, b, c, d], [e, f, g, h]) = (F32x4::transpose([a, b, c, d]), F32x4::transpose([e, f, g, h]));
        *out = [(a, e), (b, f), (c, g), (d, h)].map(|(re, im)| C32x4 { re, im });
    }
    let first = whole.len() * 4;
    for (i, out) in rest.iter_mut().enumerate() {
        let at = |row: &[f32]| row.get(first + i).copied().unwrap_or_default();
        let (re, im) = ([a, b, c, d].map(at), [e, f, g, h].map(at));
        *out = C32x4 { re: F32x4::from_array(re), im: F32x4::from_array(im) };
    }
}

/// Writes `data` into rows of its length; rows that are shorter are filled as far as they go.
pub(crate) fn scatter(data: &[C32x4], rows: &mut [&mut [f32]; SIGNALS]) {
    let (whole, rest) = data.as_chunks::<4>();
    for (group, four) in whole.iter().enumerate() {
        let real = F32x4::transpose(four.map(|z| z.re));
        let imaginary = F32x4::transpose(four.map(|z| z.im));
        for (row, values) in rows.iter_mut().zip(real.into_iter().chain(imaginary)) {
            if let Some(target) = row.get_mut(group * 4..group * 4 + 4) {
                target.copy_from_slice(&values.to_array());
            }
        }
    }
    for (i, z) in rest.iter().enumerate() {
        let ([a, b, c, d], [e, f, g, h]) = (z.re.to_array(), z.im.to_array());
        for (row, value) in rows.iter_mut().zip([a, b, c, d, e, f, g, h]) {
            if let Some(target) = row.get_mut(whole.len() * 4 + i) {
                *target = value;
            }
        }
    }
}

/// Rows of `len` samples, `step` apart, in one slice; a row that would leave it is the first row again.
pub(crate) fn rows_of(samples: &[f32], len: usize, step: usize) -> Rows<'_> {
    let row = |row: usize| samples.get(row * step..row * step + len);
    from_fn(|index| row(index).or_else(|| row(0)).unwrap_or_default())
}
