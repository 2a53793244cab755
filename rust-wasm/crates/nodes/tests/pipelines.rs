//! The shared vectors of pipelines that Rust can run alone, at several batch sizes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, reason = "tests")]

mod support;

use remotemedia_engine::array::DType;
use remotemedia_engine::json_form::{from_json, to_json};
use remotemedia_engine::value::Value;
use remotemedia_nodes::registry;
use serde_json::Value as Json;

fn values(list: &Json) -> Vec<Value> {
    list.as_array().unwrap().iter().map(|json| from_json(json).unwrap()).collect()
}

/// Equal within an absolute tolerance for floats and float arrays; everything else exactly.
fn agree(a: &Value, b: &Value, tolerance: f64) -> bool {
    let near = |a: f64, b: f64| a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= tolerance;
    match (a, b) {
        _ if a == b => true,
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| agree(a, b, tolerance))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| agree(a, b, tolerance)))
        }
        (Value::Tensor(a), Value::Tensor(b)) => {
            a.dtype() == b.dtype()
                && matches!(a.dtype(), DType::F32 | DType::F64)
                && a.shape() == b.shape()
                && a.to_f64().iter().zip(b.to_f64()).all(|(a, b)| near(*a, b))
        }
        (Value::Audio(a), Value::Audio(b)) => {
            let (x, y) = (a.data().elements::<f32>(), b.data().elements::<f32>());
            (a.sample_rate(), a.channels(), a.frames()) == (b.sample_rate(), b.channels(), b.frames())
                && match (a.timestamp(), b.timestamp()) {
                    (Some(a), Some(b)) => near(a, b),
                    (a, b) => a == b,
                }
                && x.iter().zip(y.iter()).all(|(a, b)| near(f64::from(*a), f64::from(*b)))
        }
        _ => {
            tolerance > 0.0
                && a.as_number()
                    .zip(b.as_number())
                    .is_some_and(|(a, b)| near(a, b) && !(a == 0.0 && b == 0.0))
        }
    }
}

#[test]
fn pipelines_give_what_the_vectors_say() {
    let registry = registry().unwrap();
    let mut ran = 0;
    for (file, vector) in support::vectors("pipelines") {
        let runs_here =
            vector.get("runtimes").is_none_or(|list| list.as_array().unwrap().contains(&"rust".into()));
        if !runs_here {
            continue;
        }
        ran += 1;
        let tolerance = vector.get("tolerance").and_then(Json::as_f64).unwrap_or(0.0);
        for batch in [1, 2, 7, 256] {
            let result = support::run(&vector["manifest"], &values(&vector["input"]), batch, &registry);
            match (&result.error, vector.get("error")) {
                (None, None) => {}
                (Some(error), Some(expected)) => {
                    let wire: Json = serde_json::from_str(&error.to_json()).unwrap();
                    for (key, value) in expected.as_object().unwrap() {
                        assert_eq!(&wire[key], value, "{file}, batches of {batch}: {key} of {error}");
                    }
                }
                (error, expected) => panic!("{file}, batches of {batch}: {error:?} instead of {expected:?}"),
            }
            for (sink, expected) in vector["sinks"].as_object().unwrap() {
                let got: Vec<&Value> = result.sinks[sink].iter().map(|(_, value)| value).collect();
                let expected = values(expected);
                let same = got.len() == expected.len()
                    && got.iter().zip(&expected).all(|(a, b)| agree(a, b, tolerance));
                let shown =
                    || got.iter().map(|value| to_json(value).to_string()).collect::<Vec<_>>().join("\n");
                assert!(
                    same,
                    "{file}, batches of {batch}, sink {sink}:\n{:.2000}\ninstead of\n{:.2000}",
                    shown(),
                    vector["sinks"][sink].to_string()
                );
            }
        }
    }
    assert!(ran > 20, "only {ran} vectors for Rust");
}
