//! The resampler against sines, impulses and itself in other portions.

use std::f64::consts::TAU;
use std::slice::from_ref;

use super::*;

const PAIRS: [(u32, u32); 9] = [
    (48_000, 16_000),
    (44_100, 16_000),
    (22_050, 16_000),
    (32_000, 44_100),
    (96_000, 48_000),
    (8_000, 16_000),
    (16_000, 44_100),
    (192_000, 8_000),
    (44_100, 47_999),
];

fn node(target: u32, quality: &str) -> Resample {
    let params = serde_json::json!({"target_sample_rate": target, "quality": quality});
    Resample::new(&Params::new(params.as_object().unwrap().clone())).unwrap()
}

fn item(rate: u32, timestamp: Option<f64>, channels: &[Vec<f32>]) -> Value {
    Audio::new(rate, timestamp, channels.len(), channels[0].len(), channels.concat().into()).unwrap().into()
}

fn outputs(out: &mut Out) -> Vec<Audio> {
    let audio = |value| if let Value::Audio(audio) = value { (*audio).clone() } else { panic!("{value:?}") };
    out.take().into_iter().map(audio).collect()
}

/// Runs one channel in portions; the timestamp goes with the first.
fn resample(source: u32, target: u32, quality: &str, samples: &[f32], portion: usize) -> Vec<f32> {
    let mut node = node(target, quality);
    let mut out = Out::new(vec!["out".to_owned()]);
    for part in samples.chunks(portion) {
        node.process(&item(source, None, &[part.to_vec()]), "in", &mut out).unwrap();
    }
    node.flush(&mut out).unwrap();
    outputs(&mut out).iter().flat_map(|audio| audio.data().elements::<f32>().to_vec()).collect()
}

fn sine(rate: u32, hertz: f64, frames: usize) -> Vec<f32> {
    (0..frames).map(|n| (0.5 * (TAU * hertz * n as f64 / f64::from(rate)).sin()) as f32).collect()
}

/// The largest error against the ideal sine, without the first and last tenth.
fn sine_error(source: u32, target: u32, quality: &str, hertz: f64) -> f64 {
    let output = resample(source, target, quality, &sine(source, hertz, source as usize / 2), usize::MAX);
    let ideal = sine(target, hertz, output.len());
    let inner = output.len() / 10..output.len() * 9 / 10;
    inner.map(|k| f64::from((output[k] - ideal[k]).abs())).fold(0.0, f64::max)
}

#[test]
fn sines_in_the_pass_band_come_through_unchanged_and_undelayed() {
    // A delay of a hundredth of a sample at 1 kHz and 16 kHz would be an error of 2e-3.
    for (source, target) in
        [(48_000, 16_000), (44_100, 16_000), (16_000, 44_100), (8_000, 48_000), (44_100, 47_999)]
    {
        let edge = 0.9 * f64::from(source.min(target)) / 2.0;
        for hertz in [100.0, 1_000.0, edge] {
            let error = sine_error(source, target, "high", hertz);
            assert!(error < 3e-6, "{source} to {target}, {hertz} Hz: {error:e}");
        }
    }
    assert!(sine_error(48_000, 16_000, "medium", 6_700.0) < 3e-6);
    assert!(sine_error(48_000, 16_000, "low", 5_500.0) < 3e-6);
}

#[test]
fn what_would_alias_is_gone() {
    for quality in ["high", "medium", "low"] {
        let output = resample(48_000, 16_000, quality, &sine(48_000, 8_100.0, 24_000), usize::MAX);
        let loudest = output[800..7200].iter().fold(0.0f32, |max, x| max.max(x.abs()));
        // −120 dB of an amplitude of 0.5.
        assert!(loudest < 5e-7, "{quality}: {loudest:e}");
    }
}

/// Amplitude of a tone by least squares, and the root mean square of everything else, in the middle half.
fn fit(samples: &[f32], rate: u32, hertz: f64) -> (f64, f64) {
    let wave = |n: usize| (TAU * hertz * n as f64 / f64::from(rate)).sin_cos();
    let inner = samples.len() / 4..samples.len() * 3 / 4;
    let sum = |of: &dyn Fn(f64, f64, f64) -> f64| -> f64 {
        inner.clone().map(|n| of(wave(n).0, wave(n).1, f64::from(samples[n]))).sum()
    };
    let [ss, sc, cc] = [sum(&|s, _, _| s * s), sum(&|s, c, _| s * c), sum(&|_, c, _| c * c)];
    let [ys, yc] = [sum(&|s, _, y| y * s), sum(&|_, c, y| y * c)];
    let determinant = ss * cc - sc * sc;
    let (sin, cos) = ((ys * cc - yc * sc) / determinant, (yc * ss - ys * sc) / determinant);
    let rest = sum(&|s, c, y| (y - sin * s - cos * c).powi(2));
    (sin.hypot(cos), (rest / inner.len() as f64).sqrt())
}

#[test]
fn quality_is_that_of_the_best() {
    let decibels = |ratio: f64| 20.0 * ratio.log10();
    for (source, target) in PAIRS {
        let low = source.min(target);
        let scale = f64::from(low) / 16_000.0;
        let run =
            |hertz: f64| resample(source, target, "high", &sine(source, hertz, source as usize), usize::MAX);
        let (amplitude, rest) = fit(&run(1_000.0 * scale), target, 1_000.0 * scale);
        let ratio = decibels(amplitude / 2f64.sqrt() / rest);
        let (edge, _) = fit(&run(7_500.0 * scale), target, 7_500.0 * scale);
        let gain = decibels(edge / 0.5);
        // Phases of the last pair are interpolated; the others have the quality of soxr HQ or better.
        assert!(ratio > if target == 47_999 { 115.0 } else { 130.0 }, "{source} to {target}: {ratio} dB SNR");
        assert!((-0.6..0.001).contains(&gain), "{source} to {target}: {gain} dB at 7.5 kHz of 8");
        for hertz in [8_200.0 * scale, 10_000.0 * scale] {
            // What lies above the lower Nyquist frequency, or the image of what lies below it.
            let (input, passed) =
                if source > target { (hertz, 0.0) } else { (f64::from(source) - hertz, 1.0) };
            let (amplitude, rest) = fit(&run(input), target, input);
            let leak = decibels((rest * 2f64.sqrt()).max(amplitude * (1.0 - passed)) / 0.5);
            assert!(leak < -120.0 || target == 47_999, "{source} to {target}: {leak} dB at {hertz} Hz");
        }
    }
}

#[test]
fn an_impulse_stays_where_it_is() {
    let mut samples = vec![0.0f32; 4_410];
    samples[441] = 1.0;
    let output = resample(44_100, 16_000, "high", &samples, usize::MAX);
    let loudest = (0..output.len()).max_by(|a, b| output[*a].total_cmp(&output[*b])).unwrap();
    assert_eq!(loudest, 160);
    assert!((output[159] - output[161]).abs() < 1e-7, "symmetric about its place");
}

/// White noise at full scale.
fn noise(frames: usize) -> Vec<f32> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..frames).map(|_| next()).collect()
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).fold(0.0, |max, (a, b)| max.max((a - b).abs()))
}

#[test]
fn streaming_equals_whole() {
    // Chunks of one frame never fill a block, so this also compares the direct way with the blocks.
    for (source, target) in PAIRS {
        for quality in ["high", "medium", "low"] {
            for (name, samples) in [("sine", sine(source, 440.0, 30_000)), ("noise", noise(30_000))] {
                let whole = resample(source, target, quality, &samples, usize::MAX);
                for portion in [1, 7, 160, 441, 4_096, 20_000] {
                    let difference =
                        largest_difference(&resample(source, target, quality, &samples, portion), &whole);
                    assert!(
                        difference < 1e-6,
                        "{source} to {target}, {quality}, {name} by {portion}: {difference:e}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_number_of_frames_is_exact() {
    for (source, target) in
        [(48_000u32, 16_000u32), (44_100, 16_000), (16_000, 44_100), (768_000, 1_000), (1_000, 3_001)]
    {
        for frames in [0u64, 1, 2, 3, 159, 441, 1_000] {
            let output = resample(source, target, "high", &vec![0.25; frames as usize], usize::MAX);
            let expected = (frames * u64::from(target)).div_ceil(u64::from(source));
            assert_eq!(output.len() as u64, expected, "{frames} frames from {source} to {target}");
        }
    }
}

#[test]
fn timestamps_follow_and_a_gap_starts_anew() {
    let mut node = node(16_000, "high");
    let mut out = Out::new(vec!["out".to_owned()]);
    let loud = vec![0.5f32; 4_800];
    for timestamp in [1.0, 1.1, 7.0] {
        node.process(&item(48_000, Some(timestamp), from_ref(&loud)), "in", &mut out).unwrap();
    }
    node.flush(&mut out).unwrap();
    let audio = outputs(&mut out);
    let starts: Vec<f64> = audio.iter().map(|audio| audio.timestamp().unwrap()).collect();
    let frames: Vec<usize> = audio.iter().map(Audio::frames).collect();
    // Two items of the first stream, its tail at the gap, one item of the second stream and its tail.
    assert_eq!(frames.len(), 5);
    assert_eq!(frames[0] + frames[1] + frames[2], 3_200);
    assert_eq!(frames[3] + frames[4], 1_600);
    assert_eq!((starts[0], starts[3]), (1.0, 7.0));
    assert!((starts[1] - (1.0 + frames[0] as f64 / 16_000.0)).abs() < 1e-12);
    // The second stream begins from silence, not from the first one's end.
    assert_eq!(audio[3].data().elements::<f32>()[0], audio[0].data().elements::<f32>()[0]);
}

#[test]
fn a_new_rate_or_channel_count_starts_anew() {
    let mut node = node(16_000, "low");
    let mut out = Out::new(vec!["out".to_owned()]);
    let samples = vec![0.5f32; 960];
    node.process(&item(48_000, None, from_ref(&samples)), "in", &mut out).unwrap();
    node.process(&item(48_000, None, &[samples.clone(), samples.clone()]), "in", &mut out).unwrap();
    node.process(&item(32_000, None, from_ref(&samples)), "in", &mut out).unwrap();
    node.process(&item(16_000, None, &[samples]), "in", &mut out).unwrap();
    node.flush(&mut out).unwrap();
    let audio = outputs(&mut out);
    let total =
        |channels: usize| audio.iter().filter(|a| a.channels() == channels).map(Audio::frames).sum::<usize>();
    assert_eq!((total(1), total(2)), (320 + 480 + 960, 320));
    assert_eq!(audio.last().unwrap().frames(), 960, "equal rates pass through");
}

#[test]
fn channels_do_not_touch_each_other() {
    let (left, right) = (sine(48_000, 300.0, 4_800), vec![0.0f32; 4_800]);
    let mut node = node(16_000, "high");
    let mut out = Out::new(vec!["out".to_owned()]);
    node.process(&item(48_000, None, &[left.clone(), right]), "in", &mut out).unwrap();
    node.flush(&mut out).unwrap();
    let audio = outputs(&mut out);
    let channel = |index: usize| -> Vec<f32> {
        let part = |audio: &Audio| {
            audio.data().elements::<f32>()[index * audio.frames()..][..audio.frames()].to_vec()
        };
        audio.iter().flat_map(part).collect()
    };
    assert_eq!(channel(0), resample(48_000, 16_000, "high", &left, usize::MAX));
    assert!(channel(1).iter().all(|x| *x == 0.0));
}

#[test]
fn poison_is_refused_and_does_no_harm() {
    let good = vec![0.5f32; 4_800];
    let mut bad = good.clone();
    bad[7] = f32::NAN;
    let mut node = node(16_000, "high");
    let mut out = Out::new(vec!["out".to_owned()]);
    node.process(&item(48_000, None, from_ref(&good)), "in", &mut out).unwrap();
    let failure = node.process(&item(48_000, None, &[bad]), "in", &mut out).unwrap_err();
    assert!(failure.message().contains("frame 7"), "{}", failure.message());
    node.process(&item(48_000, None, from_ref(&good)), "in", &mut out).unwrap();
    node.flush(&mut out).unwrap();
    let joined: Vec<f32> =
        outputs(&mut out).iter().flat_map(|a| a.data().elements::<f32>().to_vec()).collect();
    let whole = resample(48_000, 16_000, "high", &[good.clone(), good].concat(), usize::MAX);
    assert!(largest_difference(&joined, &whole) < 1e-6);
    assert!(node.process(&item(999, None, &[vec![0.0]]), "in", &mut out).is_err());
}

#[test]
fn nothing_is_allocated_per_chunk() {
    for (source, target) in PAIRS {
        for frames in [1, 480, 4_096, 60_000] {
            let mut kernel = Kernel::new(source, target, Quality::from_name("high").unwrap());
            let mut stream = Stream::new(&kernel, 2);
            let (chunk, mut output) = (noise(2 * frames), Vec::new());
            let mut take = || {
                stream.take(&mut kernel, &chunk, frames, &mut output).unwrap();
            };
            (0..20).for_each(|_| take());
            let counted = allocation_counter::measure(|| (0..20).for_each(|_| take()));
            assert_eq!(counted.count_total, 0, "{source} to {target}, chunks of {frames}");
        }
    }
}

#[test]
fn a_node_allocates_only_what_is_kept() {
    let mut node = node(16_000, "high");
    let mut out = Out::new(vec!["out".to_owned()]);
    // Long outputs are not remembered: samples, the buffer that shares them, the audio that shares it.
    for (frames, per_chunk) in [(480, 0), (4_096, 0), (60_000, 3)] {
        let chunk = item(48_000, None, &[noise(frames)]);
        let mut take = || {
            node.process(&chunk, "in", &mut out).unwrap();
            out.drain().for_each(drop);
        };
        (0..20).for_each(|_| take());
        let counted = allocation_counter::measure(|| (0..20).for_each(|_| take()));
        assert_eq!(counted.count_total, 20 * per_chunk, "chunks of {frames}");
    }
}
