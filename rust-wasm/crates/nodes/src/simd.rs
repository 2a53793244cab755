//! Four floats that are computed with at once: a 128-bit value in wasm, an array that the compiler vectorises elsewhere.
//!
//! Only operations that round alike everywhere (no fused multiply-add), so the results do not depend on the machine.

#![allow(clippy::inline_always, reason = "these are single instructions, or few")]

use std::ops::{Add, Mul, Sub};

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod lanes {
    pub(super) use core::arch::wasm32::{
        f32x4_add as add, f32x4_mul as mul, f32x4_splat as splat, f32x4_sub as sub, v128 as Lanes,
    };
    use core::arch::wasm32::{i32x4_shuffle, i64x2_shuffle};

    #[inline(always)]
    pub(super) fn transpose([a, b, c, d]: [Lanes; 4]) -> [Lanes; 4] {
        let (ab, cd) = (i32x4_shuffle::<0, 4, 1, 5>(a, b), i32x4_shuffle::<0, 4, 1, 5>(c, d));
        let (ab2, cd2) = (i32x4_shuffle::<2, 6, 3, 7>(a, b), i32x4_shuffle::<2, 6, 3, 7>(c, d));
        [
            i64x2_shuffle::<0, 2>(ab, cd),
            i64x2_shuffle::<1, 3>(ab, cd),
            i64x2_shuffle::<0, 2>(ab2, cd2),
            i64x2_shuffle::<1, 3>(ab2, cd2),
        ]
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod lanes {
    pub(super) type Lanes = [f32; 4];

    macro_rules! lane_by_lane {
        ($name:ident, $operator:tt) => {
            #[inline(always)]
            pub(super) fn $name(a: Lanes, b: Lanes) -> Lanes {
                let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (a, b);
                [a0 $operator b0, a1 $operator b1, a2 $operator b2, a3 $operator b3]
            }
        };
    }
    lane_by_lane!(add, +);
    lane_by_lane!(sub, -);
    lane_by_lane!(mul, *);

    #[inline(always)]
    pub(super) fn splat(x: f32) -> Lanes {
        [x; 4]
    }

    #[inline(always)]
    pub(super) fn transpose(rows: [Lanes; 4]) -> [Lanes; 4] {
        let [[a0, a1, a2, a3], [b0, b1, b2, b3], [c0, c1, c2, c3], [d0, d1, d2, d3]] = rows;
        [[a0, b0, c0, d0], [a1, b1, c1, d1], [a2, b2, c2, d2], [a3, b3, c3, d3]]
    }
}

/// Four floats.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct F32x4(lanes::Lanes);

impl F32x4 {
    /// The same float four times.
    #[inline(always)]
    pub(crate) fn splat(x: f32) -> Self {
        Self(lanes::splat(x))
    }

    #[inline(always)]
    pub(crate) fn from_array(array: [f32; 4]) -> Self {
        Self(bytemuck::cast(array))
    }

    #[inline(always)]
    pub(crate) fn to_array(self) -> [f32; 4] {
        bytemuck::cast(self.0)
    }

    /// Lane i of row k becomes lane k of row i.
    #[inline(always)]
    pub(crate) fn transpose(rows: [Self; 4]) -> [Self; 4] {
        lanes::transpose(rows.map(|row| row.0)).map(Self)
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident) => {
        impl $trait for F32x4 {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(lanes::$method(self.0, other.0))
            }
        }
    };
}
operator!(Add, add);
operator!(Sub, sub);
operator!(Mul, mul);

/// Four complex numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct C32x4 {
    pub re: F32x4,
    pub im: F32x4,
}

impl C32x4 {
    /// Four zeros.
    pub(crate) fn zero() -> Self {
        let zero = F32x4::splat(0.0);
        Self { re: zero, im: zero }
    }

    /// Each times the same real number.
    #[inline(always)]
    pub(crate) fn scale(self, factor: F32x4) -> Self {
        Self { re: self.re * factor, im: self.im * factor }
    }

    /// The real parts become imaginary and the other way round.
    #[inline(always)]
    pub(crate) fn swap(self) -> Self {
        Self { re: self.im, im: self.re }
    }
}

impl Add for C32x4 {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }
}

impl Sub for C32x4 {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self { re: self.re - other.re, im: self.im - other.im }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_stay_in_order() {
        let rows = [0.0f32, 10.0, 20.0, 30.0].map(|x| F32x4::from_array([x, x + 1.0, x + 2.0, x + 3.0]));
        let columns = F32x4::transpose(rows).map(F32x4::to_array);
        assert_eq!(columns[1], [1.0, 11.0, 21.0, 31.0]);
        assert_eq!(columns[3], [3.0, 13.0, 23.0, 33.0]);
        assert_eq!((rows[1] * rows[0] - rows[1] + F32x4::splat(0.5)).to_array(), [-9.5, 0.5, 12.5, 26.5]);
    }
}
