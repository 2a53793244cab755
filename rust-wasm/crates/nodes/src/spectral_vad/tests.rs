use super::*;

fn node(params: &serde_json::Value) -> SpectralVad {
    let mut all = serde_json::json!({"frame_duration_ms": 30, "threshold": 0.3, "noise_factor": 3, "release": 0.3,
                                     "hang_over_ms": 0});
    all.as_object_mut().unwrap().extend(params.as_object().unwrap().clone());
    SpectralVad::new(&Params::new(all.as_object().unwrap().clone())).unwrap()
}

fn audio(rate: u32, timestamp: Option<f64>, samples: &[f32]) -> Value {
    Audio::new(rate, timestamp, 1, samples.len(), samples.to_vec().into()).unwrap().into()
}

/// Flags, scores and start of an output.
fn step(node: &mut SpectralVad, item: &Value) -> (Vec<u8>, Vec<f32>, f64) {
    let mut out = Out::default();
    node.process(item, "in", &mut out).unwrap();
    let output = out.take().remove(0);
    let Some(Value::Tensor(flags)) = output.get("flags") else { panic!() };
    let Some(Value::Tensor(scores)) = output.get("scores") else { panic!() };
    let start = output.get("start_s").unwrap().as_number().unwrap();
    (flags.data().bytes().to_vec(), scores.data().elements().into_owned(), start)
}

/// Noise with a voiced sound of half a second after each second; its frames of 30 ms.
fn sounds(rate: u32, seconds: u32) -> Vec<f32> {
    let mut state = 1u32;
    let sample = |n: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (state >> 8) as f32 / (1 << 23) as f32 - 1.0;
        let time = n as f32 / rate as f32;
        let voice: f32 =
            (1..20).map(|k| (time * 120.0 * k as f32 * std::f32::consts::TAU).sin() / k as f32).sum();
        0.02 * noise + if time % 1.5 > 1.0 { 0.1 * voice } else { 0.0 }
    };
    (0..seconds * rate).map(sample).collect()
}

#[test]
fn a_voice_is_found_in_noise_at_any_rate() {
    for rate in [8_000, 16_000, 22_050, 48_000] {
        let (flags, scores, _) =
            step(&mut node(&serde_json::json!({})), &audio(rate, None, &sounds(rate, 6)));
        assert!(flags.len() == scores.len() && flags.len() >= 199);
        let speech = |frame: usize| (frame as f64 * 0.03 + 0.015) % 1.5 > 1.0;
        let right = flags.iter().enumerate().filter(|(frame, flag)| speech(*frame) == (**flag == 1)).count();
        assert!(right > 185, "{rate} Hz: {right} of {}", flags.len());
    }
}

#[test]
fn portions_make_no_difference() {
    let samples = sounds(16_000, 3);
    let whole = step(&mut node(&serde_json::json!({})), &audio(16_000, None, &samples));
    for portion in [1_usize, 160, 777, 4_096] {
        let mut node = node(&serde_json::json!({}));
        let (mut flags, mut scores) = (Vec::new(), Vec::new());
        for (index, part) in samples.chunks(portion).enumerate() {
            let (f, s, start) = step(&mut node, &audio(16_000, None, part));
            let completed = index * portion / 480;
            assert!((start - completed as f64 * 0.03).abs() < 1e-9);
            flags.extend(f);
            scores.extend(s);
        }
        assert_eq!((flags, scores), (whole.0.clone(), whole.1.clone()), "by {portion}");
    }
}

#[test]
fn silence_and_loud_noise_alone_are_no_speech() {
    let quiet = step(&mut node(&serde_json::json!({})), &audio(16_000, None, &vec![0.0; 48_000]));
    assert!(!quiet.0.contains(&1) && quiet.1.iter().all(|score| score.abs() < 0.01));
    let noise: Vec<f32> = sounds(16_000, 1).iter().map(|x| 40.0 * x).collect();
    assert_eq!(step(&mut node(&serde_json::json!({})), &audio(16_000, None, &noise)).0, [0; 33]);
}

#[test]
fn a_gap_and_a_new_rate_start_anew_and_failures_leave_no_trace() {
    let samples = sounds(16_000, 2);
    let mut node = node(&serde_json::json!({}));
    let first = step(&mut node, &audio(16_000, Some(1.0), &samples));
    let bad = [audio(16_000, None, &[f32::NAN]), audio(999, None, &[0.0])];
    for bad in &bad {
        assert!(node.process(bad, "in", &mut Out::default()).is_err());
    }
    assert_eq!(step(&mut node, &audio(16_000, Some(3.0), &samples)).2, 1.0 + 66.0 * 0.03);
    let again = step(&mut node, &audio(16_000, Some(9.0), &samples));
    assert_eq!((&again.0, &again.1, again.2), (&first.0, &first.1, 9.0));
    assert_eq!(step(&mut node, &audio(8_000, None, &[0.0; 240])).2, 0.0);
    let empty = step(&mut node, &audio(8_000, None, &[]));
    assert_eq!((empty.0.len(), empty.1.len(), empty.2), (0, 0, 0.03));
}

#[test]
fn samples_of_any_size_leave_it_working() {
    let mut node = node(&serde_json::json!({}));
    let (_, scores, _) = step(&mut node, &audio(16_000, None, &vec![f32::MAX; 4_800]));
    assert!(scores.iter().all(|score| score.is_finite()));
    let (_, scores, _) = step(&mut node, &audio(16_000, None, &sounds(16_000, 6)));
    assert!(scores.iter().all(|score| score.is_finite()));
}
