//! Logarithms that the compiler vectorises.

/// The decimal logarithm of a positive normal number, to about 2e-7 of its size or absolutely.
///
/// x = 2^e · m with m between √½ and √2, and ln m = 2 artanh s with s = (m − 1) / (m + 1) by its power series.
#[allow(clippy::inline_always, reason = "vectorised only where it is inlined")]
#[inline(always)]
pub(crate) fn log10(x: f32) -> f32 {
    const SQRT_HALF: i32 = 0x3f35_04f3;
    const MANTISSA_BITS: u32 = 23;
    let bits = x.to_bits() as i32;
    let exponent = (bits - SQRT_HALF) >> MANTISSA_BITS;
    let mantissa = f32::from_bits((bits - (exponent << MANTISSA_BITS)) as u32);
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let t = s * s;
    let series = 1.0 + t * (1.0 / 3.0 + t * (1.0 / 5.0 + t * (1.0 / 7.0 + t * (1.0 / 9.0))));
    s * series * (2.0 * std::f32::consts::LOG10_E) + exponent as f32 * std::f32::consts::LOG10_2
}

/// The greater; the second if either is NaN. Unlike `f32::max` a single instruction.
#[allow(clippy::inline_always, reason = "vectorised only where it is inlined")]
#[inline(always)]
pub(crate) fn greater(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// The greatest of all and `least`.
pub(crate) fn greatest(values: &[f32], least: f32) -> f32 {
    let mut lanes = [least; 16];
    let (whole, rest) = values.as_chunks::<16>();
    for part in whole {
        lanes.iter_mut().zip(part).for_each(|(lane, x)| *lane = greater(*x, *lane));
    }
    lanes.iter().chain(rest).fold(least, |max, x| greater(*x, max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_logarithm() {
        let mut x = 1e-30f32;
        while x < 1e30 {
            let exact = f64::from(x).log10();
            let error = (f64::from(log10(x)) - exact).abs();
            assert!(error < 2e-7 * exact.abs().max(1.0), "{x:e}: {error:e}");
            x *= 1.0173;
        }
        assert_eq!(log10(1.0), 0.0);
    }

    #[test]
    fn the_greatest_is_found_anywhere() {
        for place in 0..40 {
            let mut values = vec![-1.0f32; 40];
            values[place] = 2.0;
            assert_eq!(greatest(&values, -9.0), 2.0);
        }
        assert_eq!((greatest(&[], 3.0), greatest(&[1.0], 3.0)), (3.0, 3.0));
    }
}
