//! One vector of pipelines: runs it and says what differs.

use remotemedia_engine::array::DType;
use remotemedia_engine::json_form::{from_json, to_json};
use remotemedia_engine::registry::Registry;
use remotemedia_engine::value::Value;
use serde_json::Value as Json;

use super::host::{Input, Ran, Runner};

/// Runs a vector as often as it says; gives what differs from what it expects. `skipped` is how many skipped calls are
/// expected if the vector does not say so; none: any number.
pub fn failure(vector: &Json, registry: &Registry, batch: usize, skipped: Option<u64>) -> Option<String> {
    let mut runner = Runner::new(&vector["manifest"], registry, batch);
    let once = [vector.clone()];
    let runs = vector.get("runs").map_or(&once[..], |runs| runs.as_array().unwrap());
    let tolerance = vector.get("tolerance").and_then(Json::as_f64).unwrap_or(0.0);
    runs.iter().enumerate().find_map(|(index, expected)| {
        let ran = runner.run(&input(expected));
        difference(expected, &ran, tolerance, skipped)
            .map(|found| format!("run {index}, batches of {batch}: {found}"))
    })
}

fn input(expected: &Json) -> Input {
    match expected.get("sources") {
        Some(sources) => {
            let lists = sources.as_object().unwrap().iter();
            Input::Addressed(lists.map(|(id, list)| (id.clone(), values(list))).collect())
        }
        None => Input::Everywhere(values(&expected["input"])),
    }
}

/// A list is items, anything else is one.
fn values(list: &Json) -> Vec<Value> {
    let list = list.as_array().map_or(std::slice::from_ref(list), Vec::as_slice);
    list.iter().map(|json| from_json(json).unwrap()).collect()
}

fn difference(expected: &Json, ran: &Ran, tolerance: f64, skipped: Option<u64>) -> Option<String> {
    let wire: Json =
        ran.error.as_ref().map_or(Json::Null, |error| serde_json::from_str(&error.to_json()).unwrap());
    let wanted = expected.get("error").unwrap_or(&Json::Null);
    if wanted.is_null() != wire.is_null() {
        return Some(format!("error {wire} instead of {wanted}"));
    }
    for (key, value) in wanted.as_object().into_iter().flatten() {
        if &wire[key] != value {
            return Some(format!("{key} of the error is {} instead of {value}", wire[key]));
        }
    }
    let skipped = expected.get("skipped").and_then(Json::as_u64).or(skipped).unwrap_or(ran.skipped);
    if ran.error.is_none() && ran.skipped != skipped {
        return Some(format!("{} skipped instead of {skipped}", ran.skipped));
    }
    expected["sinks"].as_object().unwrap().iter().find_map(|(sink, expected)| {
        let found: Vec<&Value> = ran.sinks.get(sink).into_iter().flatten().map(|(_, value)| value).collect();
        let expected = values(expected);
        let same =
            found.len() == expected.len() && found.iter().zip(&expected).all(|(a, b)| agree(a, b, tolerance));
        let shown = |values: &mut dyn Iterator<Item = &Value>| {
            format!("{:.2000}", values.map(|value| to_json(value).to_string()).collect::<Vec<_>>().join("\n"))
        };
        (!same).then(|| {
            let (found, expected) = (shown(&mut found.into_iter()), shown(&mut expected.iter()));
            format!("sink {sink}:\n{found}\ninstead of\n{expected}")
        })
    })
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
