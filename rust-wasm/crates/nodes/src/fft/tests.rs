//! The transform against the sum that defines it.

use super::*;

/// Numbers between −1 and 1 without pattern.
fn noise(count: usize) -> Vec<f32> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// The sum for one frequency of `re` + i·`im`.
fn defined(re: &[f32], im: &[f32], k: usize) -> [f64; 2] {
    let len = re.len();
    let mut sum = [0.0, 0.0];
    for (n, (&re, &im)) in re.iter().zip(im).enumerate() {
        let (re, im) = (f64::from(re), f64::from(im));
        let (sin, cos) = (-TAU * (n * k % len) as f64 / len as f64).sin_cos();
        sum = [sum[0] + re * cos - im * sin, sum[1] + re * sin + im * cos];
    }
    sum
}

#[test]
fn every_radix_and_mixture_matches_the_definition() {
    for len in [1, 2, 3, 4, 5, 7, 8, 9, 12, 25, 49, 60, 210, 256, 400, 441, 512, 2_304] {
        let fft = Fft::new(len).unwrap();
        let signals: Vec<Vec<f32>> = noise(len * SIGNALS).chunks(len).map(<[f32]>::to_vec).collect();
        let mut data = vec![C32x4::zero(); len];
        gather(rows_of(&signals.concat(), len, len), &mut data);
        let mut scratch = data.clone();
        fft.run(&mut data, &mut scratch);
        let mut spectrum = vec![vec![0.0f32; len]; SIGNALS];
        let mut rows: Vec<&mut [f32]> = spectrum.iter_mut().map(|row| &mut row[..]).collect();
        scatter(&data, rows.as_mut_slice().try_into().unwrap());
        for k in (0..len).step_by(len / 40 + 1) {
            for lane in 0..4 {
                let [re, im] = defined(&signals[lane], &signals[lane + 4], k);
                let error = (f64::from(spectrum[lane][k]) - re).hypot(f64::from(spectrum[lane + 4][k]) - im);
                // White noise of 2·len/3 energy; a wrong sign or factor would be an error of about that root.
                assert!(error < 1e-6 * (len as f64).sqrt(), "length {len}, lane {lane}, bin {k}: {error:e}");
            }
        }
    }
}

#[test]
fn lengths_with_large_primes_have_no_plan() {
    assert!(Fft::new(11).is_none() && Fft::new(0).is_none() && cost(26).is_none());
    assert_eq!(Fft::new(400).map(|fft| fft.len()), Some(400));
}

#[test]
fn rows_that_are_missing_repeat_the_first_and_short_targets_stay_short() {
    let samples = noise(24);
    let mut data = vec![C32x4::zero(); 7];
    gather(rows_of(&samples, 7, 8), &mut data);
    let mut targets = vec![vec![9.0f32; 7]; SIGNALS];
    targets[1].truncate(4);
    targets[2].clear();
    let mut rows: Vec<&mut [f32]> = targets.iter_mut().map(|row| &mut row[..]).collect();
    scatter(&data, rows.as_mut_slice().try_into().unwrap());
    assert_eq!((&targets[0][..], &targets[1][..]), (&samples[..7], &samples[8..12]));
    assert_eq!((targets[2].len(), &targets[7][..]), (0, &samples[..7]));
}

#[test]
fn real_power_spectra_match_the_definition() {
    for len in [2, 4, 6, 10, 14, 16, 60, 400, 512] {
        let step = 3;
        let samples = noise(len + 3 * step);
        let window: Vec<f64> = (0..len).map(|n| 0.5 + n as f64 / len as f64).collect();
        let mut fft = RealFft::new(&window).unwrap();
        let mut power = vec![None; len / 2 + 1];
        fft.power(&samples, step, |bin, values| assert!(power[bin].replace(values.to_array()).is_none()));
        for lane in 0..4 {
            let row = samples[lane * step..][..len].iter().zip(&window);
            let row: Vec<f32> = row.map(|(x, w)| (f64::from(*x) * w) as f32).collect();
            for (k, power) in power.iter().enumerate() {
                let [re, im] = defined(&row, &vec![0.0; len], k);
                let error = (f64::from(power.unwrap()[lane]) - re * re - im * im).abs();
                assert!(error < 1e-6 * len as f64, "length {len}, lane {lane}, bin {k}: {error:e}");
            }
        }
    }
    assert!(RealFft::new(&[1.0; 15]).is_none() && RealFft::new(&[1.0; 22]).is_none());
}
