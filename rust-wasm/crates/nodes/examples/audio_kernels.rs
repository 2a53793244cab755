//! Measures the audio kernels as nodes: time for a minute of mono audio, and quality; one JSON object on stdout.
//!
//! `cargo run --release -p remotemedia-nodes --example audio_kernels`; `bench/audio-kernels.mjs` runs it as wasm, too.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a tool for developers")]

use std::f64::consts::TAU;
use std::hint::black_box;
use std::time::Instant;

use remotemedia_engine::array::Audio;
use remotemedia_engine::node::{Node, NodeType, Out, Params};
use remotemedia_engine::value::Value;
use serde_json::{Value as Json, json};

const SECONDS: u32 = 60;
const RUNS: usize = 15;

fn node(node_type: &NodeType, params: &Json) -> Box<dyn Node> {
    (node_type.create)(&Params::new(params.as_object().unwrap().clone())).unwrap()
}

fn audio(rate: u32, samples: Vec<f32>) -> Value {
    Audio::new(rate, None, 1, samples.len(), samples.into()).unwrap().into()
}

fn noise(frames: usize) -> Vec<f32> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..frames).map(|_| next()).collect()
}

fn tone(rate: u32, hertz: f64, frames: usize) -> Vec<f32> {
    (0..frames).map(|n| (0.5 * (TAU * hertz * n as f64 / f64::from(rate)).sin()) as f32).collect()
}

/// Median and shortest time in ms of a node that takes one item and is flushed; created once, as in a live pipeline.
fn time(node: &mut dyn Node, items: &[Value]) -> [f64; 2] {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let mut out = Out::default();
            let start = Instant::now();
            for item in items {
                node.process(item, "in", &mut out).unwrap();
            }
            node.flush(&mut out).unwrap();
            black_box(out.take());
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    [times[RUNS / 2], times[0]]
}

fn resampled(source: u32, target: u32, quality: &str, samples: Vec<f32>) -> Vec<f32> {
    let mut node = resampler(target, quality);
    let mut out = Out::default();
    node.process(&audio(source, samples), "in", &mut out).unwrap();
    node.flush(&mut out).unwrap();
    let samples = |value: &Value| {
        let Value::Audio(audio) = value else { unreachable!() };
        audio.data().elements::<f32>().into_owned()
    };
    out.take().iter().flat_map(samples).collect()
}

fn resampler(target: u32, quality: &str) -> Box<dyn Node> {
    node(&remotemedia_nodes::resample::TYPE, &json!({"target_sample_rate": target, "quality": quality}))
}

/// Amplitude of a tone in the middle, and the RMS of everything else there.
fn fit(samples: &[f32], rate: u32, hertz: f64) -> (f64, f64) {
    let middle = &samples[samples.len() / 4..samples.len() * 3 / 4];
    let angle = |n: usize| TAU * hertz * n as f64 / f64::from(rate);
    let (mut ss, mut sc, mut cc, mut ys, mut yc) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (n, &y) in middle.iter().enumerate() {
        let ((s, c), y) = (angle(n).sin_cos(), f64::from(y));
        ss += s * s;
        sc += s * c;
        cc += c * c;
        ys += y * s;
        yc += y * c;
    }
    let determinant = ss * cc - sc * sc;
    let (a, b) = ((ys * cc - yc * sc) / determinant, (yc * ss - ys * sc) / determinant);
    let rest = |(n, &y): (usize, &f32)| {
        let (s, c) = angle(n).sin_cos();
        (f64::from(y) - a * s - b * c).powi(2)
    };
    let energy: f64 = middle.iter().enumerate().map(rest).sum();
    (a.hypot(b), (energy / middle.len() as f64).sqrt())
}

fn decibels(ratio: f64) -> f64 {
    (200.0 * ratio.max(1e-15).log10()).round() / 10.0
}

/// Figures at frequencies that are scaled with the lower rate; 16 kHz have 1, 7.5, 8.2 and 10 kHz.
fn quality(source: u32, target: u32, quality: &str) -> Json {
    let scale = f64::from(source.min(target)) / 16_000.0;
    let frames = source as usize * 4;
    let run = |hertz: f64| resampled(source, target, quality, tone(source, hertz, frames));
    let (amplitude, rest) = fit(&run(1_000.0 * scale), target, 1_000.0 * scale);
    let (edge, _) = fit(&run(7_500.0 * scale), target, 7_500.0 * scale);
    let mut figures = json!({
        "snr_1k_db": decibels(amplitude / 2f64.sqrt() / rest),
        "gain_7k5_db": (2e4 * (edge / 0.5).log10()).round() / 1e3,
    });
    // Above the lower Nyquist frequency: what comes in there may come out nowhere; for higher targets, images.
    for (name, hertz) in [("alias_8k2_db", 8_200.0), ("alias_10k_db", 10_000.0)] {
        let leak = if source > target {
            let output = run(hertz * scale);
            let middle = &output[output.len() / 4..output.len() * 3 / 4];
            let energy: f64 = middle.iter().map(|&x| f64::from(x).powi(2)).sum();
            (energy / middle.len() as f64).sqrt() * 2f64.sqrt()
        } else {
            let mirror = f64::from(source) - hertz * scale;
            let (_, rest) = fit(&run(mirror), target, mirror);
            rest * 2f64.sqrt()
        };
        figures[name] = decibels(leak / 0.5).into();
    }
    figures
}

fn log_mel(mels: u32) -> Json {
    json!({"sample_rate": 16_000, "n_fft": 400, "hop_length": 160, "n_mels": mels, "reference": "stream"})
}

fn spectrogram(len: u32) -> Json {
    json!({"n_fft": len, "hop_length": 160, "window": "hann", "scale": "power", "centered": true})
}

fn main() {
    let only_times = std::env::args().any(|argument| argument == "--times");
    let mut resample = serde_json::Map::new();
    let pairs = [
        (48_000, 16_000),
        (44_100, 16_000),
        (22_050, 16_000),
        (32_000, 44_100),
        (96_000, 48_000),
        (8_000, 16_000),
        (44_100, 48_000),
    ];
    for (source, target) in pairs {
        for name in ["high", "medium", "low"] {
            let start = Instant::now();
            let mut node = resampler(target, name);
            node.process(&audio(source, vec![0.0]), "in", &mut Out::default()).unwrap();
            let create = start.elapsed().as_secs_f64() * 1e3;
            let whole = audio(source, noise((source * SECONDS) as usize));
            let [median, least] = time(&mut *node, &[whole]);
            let mut row = json!({"ms": median, "min_ms": least, "create_ms": create});
            if !only_times {
                row["quality"] = quality(source, target, name);
            }
            resample.insert(format!("{source}-{target}-{name}"), row);
        }
    }
    for milliseconds in [10, 100, 1_000] {
        let chunk = 48 * milliseconds;
        let items: Vec<Value> = (0..60_000 / milliseconds).map(|_| audio(48_000, noise(chunk))).collect();
        let [median, least] = time(&mut *resampler(16_000, "high"), &items);
        let row = json!({"ms": median, "min_ms": least, "us_per_chunk": 1e3 * median / items.len() as f64});
        resample.insert(format!("48000-16000-high-chunks-of-{milliseconds}-ms"), row);
    }
    let minute = audio(16_000, noise(16_000 * SECONDS as usize));
    let mut spectra = serde_json::Map::new();
    for (name, node_type, params) in [
        ("log-mel-400-160-80", &remotemedia_nodes::log_mel::TYPE, log_mel(80)),
        ("log-mel-400-160-128", &remotemedia_nodes::log_mel::TYPE, log_mel(128)),
        ("power-400-160", &remotemedia_nodes::spectrogram::TYPE, spectrogram(400)),
        ("power-512-160", &remotemedia_nodes::spectrogram::TYPE, spectrogram(512)),
    ] {
        let [median, least] = time(&mut *node(node_type, &params), std::slice::from_ref(&minute));
        spectra.insert(name.to_owned(), json!({"ms": median, "min_ms": least}));
    }
    println!("{:#}", json!({"resample": resample, "spectra": spectra}));
}
