//! Every node keeps the contract, on samples of every kind.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use remotemedia_engine::array::{Audio, DType, Tensor};
use remotemedia_engine::value::Value;
use remotemedia_engine::{contract, json_form, json_text};
use remotemedia_nodes::registry;
use serde_json::Value as Json;

fn samples() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/vectors/values.json");
    let Ok(Json::Array(vectors)) = json_text::parse(&std::fs::read_to_string(path).unwrap()) else {
        panic!("{path}")
    };
    let not_too_deep = |value: &Value| Value::from(vec![vec![value.clone()].into()]).measure().is_ok();
    let mut samples: Vec<Value> = vectors
        .iter()
        .map(|vector| json_form::from_json(&vector["value"]).unwrap())
        .filter(not_too_deep)
        .collect();
    let tone = |n: usize| (n as f32 * 0.1).sin();
    let audio = |rate: u32, at: Option<f64>, channels: usize, frames: usize| -> Value {
        let samples: Vec<f32> = (0..channels * frames).map(tone).collect();
        Audio::new(rate, at, channels, frames, samples.into()).unwrap().into()
    };
    samples.extend([
        audio(48_000, Some(0.0), 1, 4_800),
        audio(48_000, Some(0.1), 1, 1),
        audio(48_000, None, 1, 999),
        audio(48_000, Some(9.0), 2, 4_800),
        audio(16_000, None, 1, 100),
        audio(999_999, None, 1, 100),
        Value::map([("audio", audio(44_100, None, 2, 4_410)), ("is_speech", true.into())]),
        Value::map([("operation", "divide".into()), ("args", vec![1i64.into(), 0i64.into()].into())]),
        Value::map([("operation", "power".into()), ("args", vec![2i64.into(), 10i64.into()].into())]),
        vec![Tensor::new(DType::F32, vec![480], vec![0.5f32; 480].into()).unwrap().into(), 16_000i64.into()].into(),
        Value::Bytes(b"RIFF\x26\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x02\0\0\0\0\x40".to_vec().into()),
    ]);
    samples
}

#[test]
fn every_node_keeps_the_contract() {
    let registry = registry().unwrap();
    assert!(registry.catalog().len() >= 11);
    contract::check(&registry, &samples());
}
