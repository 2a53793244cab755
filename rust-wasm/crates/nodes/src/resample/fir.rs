//! The resampling filter applied output by output: dot products of samples and a row of coefficients.

use crate::resample::design::Filter;
use crate::simd::F32x4;

/// The output at `part`/up behind the middle of the first samples.
pub(super) fn output(filter: &Filter, samples: &[f32], part: u64) -> f32 {
    if !filter.interpolated {
        return dot(filter.row(part), samples);
    }
    let position = part as f64 / filter.up as f64 * filter.phases as f64;
    let row = position as u64;
    let weight = (position - row as f64) as f32;
    let (below, above) = (dot(filter.row(row), samples), dot(filter.row(row + 1), samples));
    below + weight * (above - below)
}

/// The first four outputs of a filter with one phase; they share the loads of the coefficients.
pub(super) fn four_outputs(filter: &Filter, samples: &[f32]) -> [f32; 4] {
    let row = filter.row(0);
    let four_of = |output: usize| {
        let samples = samples.get(output * filter.down as usize..).unwrap_or_default();
        samples.as_chunks::<4>().0.iter().map(|four| F32x4::from_array(*four))
    };
    let samples = four_of(0).zip(four_of(1)).zip(four_of(2)).zip(four_of(3));
    let mut sums = [F32x4::splat(0.0); 4];
    for (c, (((s0, s1), s2), s3)) in row.iter().zip(samples) {
        let [a0, a1, a2, a3] = sums;
        sums = [a0 + *c * s0, a1 + *c * s1, a2 + *c * s2, a3 + *c * s3];
    }
    let [a, b, c, d] = F32x4::transpose(sums);
    (a + b + (c + d)).to_array()
}

/// Dot product with independent sums.
fn dot(row: &[F32x4], samples: &[f32]) -> f32 {
    let mut sums = [F32x4::splat(0.0); 4];
    for (c, s) in row.as_chunks::<4>().0.iter().zip(samples.as_chunks::<16>().0) {
        let ([c0, c1, c2, c3], [a0, a1, a2, a3]) = (*c, sums);
        let &[s0, s1, s2, s3] = four_vectors(s);
        let load = F32x4::from_array;
        sums = [a0 + c0 * load(s0), a1 + c1 * load(s1), a2 + c2 * load(s2), a3 + c3 * load(s3)];
    }
    let [a, b, c, d] = sums;
    (a + b + (c + d)).to_array().into_iter().sum()
}

fn four_vectors(samples: &[f32; 16]) -> &[[f32; 4]; 4] {
    bytemuck::cast_ref(samples)
}
