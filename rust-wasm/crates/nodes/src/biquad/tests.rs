use std::f64::consts::{FRAC_1_SQRT_2, TAU};

use super::*;
use crate::test_audio::{Signal, item, joined, params, run, samples, timed};

const RATE: u32 = 48_000;
const ALL: [&str; 7] = ["lowpass", "highpass", "bandpass", "notch", "peaking", "lowshelf", "highshelf"];

fn filter(name: &str, frequency: f64, q: f64, gain_db: f64) -> Biquad {
    let json = serde_json::json!({"filter_type": name, "frequency": frequency, "q": q, "gain_db": gain_db});
    Biquad::new(&params(json)).unwrap()
}

/// The magnitude at a frequency by the analogue prototype that the cookbook transforms: s = j·tan(πf/fs) / tan(πf₀/fs).
fn analytic(name: &str, frequency: f64, q: f64, gain_db: f64, at: f64) -> f64 {
    let warp = |f: f64| (TAU / 2.0 * f / f64::from(RATE)).tan();
    let s = warp(at) / warp(frequency);
    let a = 10.0f64.powf(gain_db / 40.0);
    let magnitude = |real: f64, imaginary: f64| real.hypot(imaginary);
    let usual = magnitude(1.0 - s * s, s / q);
    match name {
        "lowpass" => 1.0 / usual,
        "highpass" => s * s / usual,
        "bandpass" => s / q / usual,
        "notch" => (1.0 - s * s).abs() / usual,
        "peaking" => magnitude(1.0 - s * s, s * a / q) / magnitude(1.0 - s * s, s / (a * q)),
        "lowshelf" => {
            a * magnitude(a - s * s, s * a.sqrt() / q) / magnitude(1.0 - a * s * s, s * a.sqrt() / q)
        }
        "highshelf" => {
            a * magnitude(1.0 - a * s * s, s * a.sqrt() / q) / magnitude(a - s * s, s * a.sqrt() / q)
        }
        other => panic!("{other}"),
    }
}

/// The magnitude at a frequency that the response to an impulse has.
fn measured(response: &[f32], at: f64) -> f64 {
    let angle = TAU * at / f64::from(RATE);
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (n, sample) in response.iter().enumerate() {
        real += f64::from(*sample) * (angle * n as f64).cos();
        imaginary += f64::from(*sample) * (angle * n as f64).sin();
    }
    real.hypot(imaginary)
}

#[test]
fn the_response_is_that_of_the_formulas() {
    let mut impulse = vec![0.0f32; 24_000];
    impulse[0] = 1.0;
    for name in ALL {
        for (frequency, q, gain_db) in
            [(1_000.0, FRAC_1_SQRT_2, 6.0), (200.0, 4.0, -12.0), (15_000.0, 0.5, 20.0)]
        {
            let response =
                samples(&run(&mut filter(name, frequency, q, gain_db), &[item(RATE, 1, &impulse)])[0]);
            for at in [0.0, 20.0, 150.0, 200.0, 900.0, 1_000.0, 5_000.0, 15_000.0, 20_000.0, 23_000.0] {
                let expected = analytic(name, frequency, q, gain_db, at);
                let error = (measured(&response, at) - expected).abs() / expected.max(1.0);
                assert!(
                    error < 1e-5,
                    "{name} of {frequency} Hz, q {q}, {gain_db} dB, at {at} Hz: off by {error:e}"
                );
            }
        }
    }
}

#[test]
fn known_levels() {
    let level = |name, at| 20.0 * analytic(name, 1_000.0, FRAC_1_SQRT_2, 6.0, at).log10();
    assert!(
        (level("lowpass", 1_000.0) + 3.0103).abs() < 1e-4
            && (level("highpass", 1_000.0) + 3.0103).abs() < 1e-4
    );
    assert!(level("bandpass", 1_000.0).abs() < 1e-9 && level("notch", 1_000.0) < -200.0);
    assert!((level("peaking", 1_000.0) - 6.0).abs() < 1e-9 && level("peaking", 1.0).abs() < 1e-3);
    assert!((level("lowshelf", 1.0) - 6.0).abs() < 1e-3 && (level("lowshelf", 1_000.0) - 3.0).abs() < 1e-9);
    assert!((level("highshelf", 23_999.0) - 6.0).abs() < 1e-3 && level("highshelf", 1.0).abs() < 1e-3);
}

#[test]
fn a_constant_comes_through_a_lowpass_and_not_through_a_highpass() {
    let dc = item(RATE, 1, &vec![0.5; 9_600]);
    let last = |name| {
        *samples(&run(&mut filter(name, 100.0, FRAC_1_SQRT_2, 0.0), std::slice::from_ref(&dc))[0])
            .last()
            .unwrap()
    };
    assert!((last("lowpass") - 0.5).abs() < 1e-6 && last("highpass").abs() < 1e-6);
}

#[test]
fn portions_make_no_difference() {
    let signal = Signal::noise(RATE, 2, 4_001);
    for name in ALL {
        let whole = joined(&run(&mut filter(name, 3_000.0, 2.0, 9.0), &[signal.item(0..4_001)]));
        signal.cut_at_random(0..4_001, 700, |items| {
            assert_eq!(joined(&run(&mut filter(name, 3_000.0, 2.0, 9.0), &items)), whole, "{name}");
        });
    }
}

#[test]
fn a_gap_and_another_form_start_anew() {
    let fresh = samples(&run(&mut filter("lowpass", 50.0, 1.0, 0.0), &[item(1_000, 1, &[1.0, 0.0])])[0]);
    let loud = |at| timed(1_000, 1, &[9.0; 10], at);
    for (before, after) in [
        (loud(Some(0.0)), timed(1_000, 1, &[1.0, 0.0], Some(0.02))),
        (timed(1_000, 2, &[9.0; 20], None), timed(1_000, 1, &[1.0, 0.0], None)),
        (timed(2_000, 1, &[9.0; 20], None), timed(1_000, 1, &[1.0, 0.0], None)),
    ] {
        assert_eq!(samples(&run(&mut filter("lowpass", 50.0, 1.0, 0.0), &[before, after])[1]), fresh);
    }
    let goes_on = run(
        &mut filter("lowpass", 50.0, 1.0, 0.0),
        &[loud(Some(0.0)), timed(1_000, 1, &[1.0, 0.0], Some(0.01))],
    );
    assert_ne!(samples(&goes_on[1]), fresh);
}

#[test]
fn silence_ends_in_zeros_not_in_subnormal_numbers() {
    let mut node = filter("highpass", 20.0, FRAC_1_SQRT_2, 0.0);
    run(&mut node, &[item(RATE, 1, &[1.0; 100]), item(RATE, 1, &vec![0.0; 10 * RATE as usize])]);
    assert_eq!(node.running.unwrap().states[0].0, [0.0, 0.0]);
}

#[test]
fn what_is_refused_leaves_no_trace() {
    let mut out = Out::default();
    let mut node = filter("lowpass", 400.0, 1.0, 0.0);
    node.process(&item(1_000, 1, &[1.0, 0.5]), "in", &mut out).unwrap();
    assert!(node.process(&item(1_000, 1, &[f32::NAN]), "in", &mut out).is_err());
    let failure = node.process(&item(800, 1, &[0.0]), "in", &mut out).unwrap_err();
    assert!(failure.message().contains("400 Hz"), "{}", failure.message());
    node.process(&item(1_000, 1, &[0.0]), "in", &mut out).unwrap();
    let whole = run(&mut filter("lowpass", 400.0, 1.0, 0.0), &[item(1_000, 1, &[1.0, 0.5, 0.0])]);
    assert_eq!(joined(&out.take()), joined(&whole));
    assert!(Biquad::new(&params(serde_json::json!({"filter_type": "comb"}))).is_err());
}

#[test]
fn extreme_params_give_numbers_or_are_refused() {
    let noise = Signal::noise(RATE, 1, 2_000).item(0..2_000);
    for name in ALL {
        let refused = filter(name, 1_000.0, 5e-324, 0.0).process(&noise, "in", &mut Out::default());
        assert!(refused.is_err(), "{name}");
        for (frequency, q, gain_db) in [(1e-300, 0.7, 0.0), (23_999.9, 1_000.0, 200.0), (10.0, 1e-6, -200.0)]
        {
            let output =
                samples(&run(&mut filter(name, frequency, q, gain_db), std::slice::from_ref(&noise))[0]);
            assert!(
                output.iter().all(|sample| sample.is_finite()),
                "{name} of {frequency} Hz, q {q}, {gain_db} dB"
            );
        }
    }
}

#[test]
fn no_frames_are_no_frames() {
    assert!(samples(&run(&mut filter("notch", 50.0, 1.0, 0.0), &[item(1_000, 2, &[])])[0]).is_empty());
}
