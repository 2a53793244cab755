//! Live audio in steady state asks for no memory: 10 ms portions of a WAV file go through decoder, resampler and
//! detector as the engine passes them on.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use remotemedia_engine::node::{Node, Out, Params};
use remotemedia_engine::value::Value;
use remotemedia_nodes::registry;
use serde_json::{Value as Json, json};

const CHUNKS: usize = 300;

/// A node with its outputs, as the engine keeps it.
struct Stage(Box<dyn Node>, Out);

impl Stage {
    fn new(node_type: &str, params: Json) -> Self {
        let registry = registry().unwrap();
        let (_, node_type) = registry.find(node_type).unwrap();
        let Json::Object(params) = params else { panic!() };
        Self((node_type.create)(&Params::new(params)).unwrap(), Out::new(vec!["out".to_owned()]))
    }

    /// Takes an item, which then is gone, and passes the outputs on.
    fn call(&mut self, item: Value, pass: &mut dyn FnMut(Value)) {
        self.0.process(&item, "in", &mut self.1).unwrap();
        drop(item);
        self.1.drain().for_each(pass);
    }
}

/// A recording that has not ended, in portions of 10 ms.
fn portions(rate: u32, channels: u16, bits: u16) -> Vec<Value> {
    let block = bits / 8 * channels;
    let mut file = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0".to_vec();
    file.extend(channels.to_le_bytes());
    file.extend(rate.to_le_bytes());
    file.extend((rate * u32::from(block)).to_le_bytes());
    file.extend([block.to_le_bytes(), bits.to_le_bytes()].concat());
    file.extend(b"data\xff\xff\xff\xff");
    let portion = rate as usize / 100 * usize::from(block);
    file.extend((0..(2 * CHUNKS + 1) * portion).map(|n| (n * n * 7 / 13 % 251) as u8));
    file.chunks_exact(portion).map(|bytes| Value::Bytes(bytes.to_vec().into())).collect()
}

/// Allocations of `CHUNKS` chunks, after as many others. The last `kept` outputs are still in use.
fn count(rate: u32, channels: u16, bits: u16, detector: &str, params: Json, kept: usize) -> u64 {
    let mut decode = Stage::new("WavDecodeNode", json!({"streaming": true}));
    let mut resample =
        Stage::new("AudioResampleNode", json!({"target_sample_rate": 16_000, "quality": "high"}));
    let mut detect = Stage::new(detector, params);
    let mut portions = portions(rate, channels, bits).into_iter();
    let (mut reports, mut in_use) = (0, vec![Value::Null; kept]);
    let mut run = || {
        for portion in portions.by_ref().take(CHUNKS) {
            decode.call(portion, &mut |audio| {
                resample.call(audio, &mut |audio| {
                    detect.call(audio, &mut |report| {
                        assert!(matches!(report, Value::Map(_)));
                        reports += 1;
                        if let Some(place) = in_use.get_mut(reports % kept.max(1)) {
                            *place = report;
                        }
                    });
                });
            });
        }
    };
    run();
    let counted = allocation_counter::measure(run);
    assert!(reports > 2 * CHUNKS - 20, "{reports} outputs");
    counted.count_total
}

#[test]
fn chunks_cost_no_allocation() {
    // Portions of 24 bits cut frames, those of 44,100 Hz give 160 or 161 frames, and 16,000 Hz are passed on.
    for (rate, channels, bits) in
        [(48_000, 1, 16), (48_000, 2, 24), (44_100, 2, 16), (8_000, 1, 16), (16_000, 1, 8)]
    {
        for kept in [0, 1, 2] {
            let params = json!({"frame_duration_ms": 30, "energy_threshold": 0.02, "hang_over_ms": 100});
            let counted = count(rate, channels, bits, "VADNode", params, kept);
            assert_eq!(counted, 0, "{rate} Hz, {channels} channels, {bits} bits, {kept} kept");
        }
    }
}

#[test]
fn values_that_are_kept_cost_their_memory() {
    let params = json!({"frame_duration_ms": 30, "energy_threshold": 0.02, "hang_over_ms": 100});
    assert!(count(48_000, 1, 16, "VADNode", params, CHUNKS) > 10 * CHUNKS as u64);
}

#[test]
fn the_spectral_detector_costs_none_either() {
    let params = json!({"frame_duration_ms": 30, "threshold": 0.3, "noise_factor": 3, "release": 0.3,
                        "hang_over_ms": 150});
    assert_eq!(count(44_100, 1, 16, "SpectralVADNode", params, 1), 0);
}
