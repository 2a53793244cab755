//! How loud samples are.

/// The sum of the squares, in eight parts so that it is vectorised. Squares of finite samples never overflow f64.
pub(crate) fn sum_of_squares(samples: &[f32]) -> f64 {
    let square = |sample: &f32| f64::from(*sample) * f64::from(*sample);
    let (eights, rest) = samples.as_chunks::<8>();
    let mut sums = [0.0f64; 8];
    for eight in eights {
        sums.iter_mut().zip(eight).for_each(|(sum, sample)| *sum += square(sample));
    }
    sums.iter().sum::<f64>() + rest.iter().map(square).sum::<f64>()
}

/// The root of the mean square; 0 for no samples.
pub(crate) fn rms(samples: &[f32]) -> f64 {
    (sum_of_squares(samples) / samples.len().max(1) as f64).sqrt()
}

/// The greatest magnitude; 0 for no samples.
pub(crate) fn peak(samples: &[f32]) -> f64 {
    let (eights, rest) = samples.as_chunks::<8>();
    let mut peaks = [0.0f32; 8];
    let greater =
        |peak: &mut f32, sample: &f32| *peak = if sample.abs() > *peak { sample.abs() } else { *peak };
    for eight in eights {
        peaks.iter_mut().zip(eight).for_each(|(peak, sample)| greater(peak, sample));
    }
    peaks.iter_mut().zip(rest).for_each(|(peak, sample)| greater(peak, sample));
    f64::from(peaks.into_iter().fold(0.0, f32::max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_counts() {
        for length in 1..40 {
            for place in 0..length {
                let mut samples = vec![0.25f32; length];
                samples[place] = -0.5;
                assert_eq!(peak(&samples), 0.5);
                assert_eq!(sum_of_squares(&samples), (length - 1) as f64 / 16.0 + 0.25);
            }
        }
        assert_eq!((peak(&[]), rms(&[])), (0.0, 0.0));
        assert_eq!(rms(&[f32::MAX; 9]), f64::from(f32::MAX));
    }
}
