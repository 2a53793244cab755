//! The passes of the transform. A pass of radix P takes P legs of the input and writes P outputs next to each other.
#![allow(
    clippy::indexing_slicing,
    reason = "legs and outputs are cut to the length of the loop before it, so no index leaves them, and arrays of P \
              elements are indexed below P; the compiler proves it and leaves no check in the loops"
)]
#![allow(clippy::inline_always, reason = "the butterflies must end up inside the loops")]

use std::array::from_fn;

use crate::simd::{C32x4, F32x4};

/// A factor e^(−iα).
#[derive(Clone, Copy)]
pub(super) struct Twiddle {
    pub re: f32,
    pub im: f32,
}

impl Twiddle {
    #[inline(always)]
    fn times(self, z: C32x4) -> C32x4 {
        let (re, im) = (F32x4::splat(self.re), F32x4::splat(self.im));
        C32x4 { re: z.re * re - z.im * im, im: z.re * im + z.im * re }
    }
}

/// A pass that is not the last: `stride` is the product of the radices before it.
pub(super) fn pass(radix: usize, x: &[C32x4], y: &mut [C32x4], stride: usize, twiddles: &[Twiddle]) {
    match radix {
        2 => pass_of(x, y, stride, twiddles, two),
        3 => pass_of(x, y, stride, twiddles, |z| odd(z, COS_3, SIN_3)),
        4 => pass_of(x, y, stride, twiddles, four),
        5 => pass_of(x, y, stride, twiddles, |z| odd(z, COS_5, SIN_5)),
        _ => pass_of(x, y, stride, twiddles, |z| odd(z, COS_7, SIN_7)),
    }
}

/// The last pass, where all factors are 1.
pub(super) fn last_pass(radix: usize, x: &[C32x4], y: &mut [C32x4]) {
    match radix {
        2 => columns(x, y, two),
        3 => columns(x, y, |z| odd(z, COS_3, SIN_3)),
        4 => columns(x, y, four),
        5 => columns(x, y, |z| odd(z, COS_5, SIN_5)),
        _ => columns(x, y, |z| odd(z, COS_7, SIN_7)),
    }
}

#[inline(always)]
fn pass_of<const P: usize>(
    x: &[C32x4],
    y: &mut [C32x4],
    stride: usize,
    twiddles: &[Twiddle],
    butterfly: impl Fn([C32x4; P]) -> [C32x4; P],
) {
    let leg = x.len() / P;
    let twiddles = twiddles.as_chunks::<P>().0;
    if stride == 1 {
        let legs: [&[C32x4]; P] = from_fn(|k| &x[k * leg..][..leg]);
        let (outputs, _) = y[..P * leg].as_chunks_mut::<P>();
        let (outputs, twiddles) = (&mut outputs[..leg], &twiddles[..leg]);
        for j in 0..leg {
            let z = butterfly(from_fn(|k| legs[k][j]));
            outputs[j] = from_fn(|k| if k == 0 { z[0] } else { twiddles[j][k].times(z[k]) });
        }
        return;
    }
    for ((j, block), twiddle) in y.chunks_exact_mut(P * stride).enumerate().zip(twiddles) {
        let legs: [&[C32x4]; P] = from_fn(|k| &x[k * leg + j * stride..][..stride]);
        let outputs = split::<P>(block, stride);
        for i in 0..stride {
            let z = butterfly(from_fn(|k| legs[k][i]));
            for k in 0..P {
                outputs[k][i] = if k == 0 { z[0] } else { twiddle[k].times(z[k]) };
            }
        }
    }
}

#[inline(always)]
fn columns<const P: usize>(x: &[C32x4], y: &mut [C32x4], butterfly: impl Fn([C32x4; P]) -> [C32x4; P]) {
    let leg = x.len() / P;
    let legs: [&[C32x4]; P] = from_fn(|k| &x[k * leg..][..leg]);
    let outputs = split::<P>(y, leg);
    for i in 0..leg {
        let z = butterfly(from_fn(|k| legs[k][i]));
        for k in 0..P {
            outputs[k][i] = z[k];
        }
    }
}

/// P parts of `len` elements.
#[inline(always)]
fn split<const P: usize>(block: &mut [C32x4], len: usize) -> [&mut [C32x4]; P] {
    let mut rest = block;
    from_fn(|_| {
        let (part, after) = std::mem::take(&mut rest).split_at_mut(len);
        rest = after;
        part
    })
}

#[inline(always)]
fn two([a, b]: [C32x4; 2]) -> [C32x4; 2] {
    [a + b, a - b]
}

#[inline(always)]
fn four([a, b, c, d]: [C32x4; 4]) -> [C32x4; 4] {
    let (ac, bd) = (a + c, b + d);
    let (a_c, b_d) = (a - c, b - d);
    // −i · (b − d) and its negative.
    let minus = C32x4 { re: a_c.re + b_d.im, im: a_c.im - b_d.re };
    let plus = C32x4 { re: a_c.re - b_d.im, im: a_c.im + b_d.re };
    [ac + bd, minus, ac - bd, plus]
}

/// Any odd P: sums and differences of the inputs k and P − k give the outputs q and P − q together.
#[inline(always)]
fn odd<const P: usize>(z: [C32x4; P], cos: [f32; P], sin: [f32; P]) -> [C32x4; P] {
    let mut outputs = z;
    let mut total = z[0];
    for k in 1..=P / 2 {
        total = total + z[k] + z[P - k];
    }
    outputs[0] = total;
    for q in 1..=P / 2 {
        let mut even = z[0];
        let mut odd = C32x4::zero();
        for k in 1..=P / 2 {
            even = even + (z[k] + z[P - k]).scale(F32x4::splat(cos[q * k % P]));
            let part = (z[k] - z[P - k]).scale(F32x4::splat(sin[q * k % P]));
            odd = if k == 1 { part } else { odd + part };
        }
        outputs[q] = C32x4 { re: even.re + odd.im, im: even.im - odd.re };
        outputs[P - q] = C32x4 { re: even.re - odd.im, im: even.im + odd.re };
    }
    outputs
}

// cos and sin of 2πk/P.
const COS_3: [f32; 3] = [1.0, -0.5, -0.5];
const SIN_3: [f32; 3] = [0.0, 0.866_025_4, -0.866_025_4];
const COS_5: [f32; 5] = [1.0, 0.309_017, -0.809_017, -0.809_017, 0.309_017];
const SIN_5: [f32; 5] = [0.0, 0.951_056_5, 0.587_785_24, -0.587_785_24, -0.951_056_5];
const COS_7: [f32; 7] =
    [1.0, 0.623_489_8, -0.222_520_94, -0.900_968_85, -0.900_968_85, -0.222_520_94, 0.623_489_8];
const SIN_7: [f32; 7] =
    [0.0, 0.781_831_5, 0.974_927_9, 0.433_883_73, -0.433_883_73, -0.974_927_9, -0.781_831_5];
