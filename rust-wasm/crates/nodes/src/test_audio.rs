//! What the tests of audio nodes share: items, signals, and runs.

use std::ops::Range;

use remotemedia_engine::array::Audio;
use remotemedia_engine::node::{Node, Out, Params};
use remotemedia_engine::value::Value;

/// Params of a JSON object.
pub(crate) fn params(json: serde_json::Value) -> Params {
    let serde_json::Value::Object(map) = json else { panic!("{json} is an object") };
    Params::new(map)
}

/// Audio of planar samples.
pub(crate) fn item(rate: u32, channels: usize, samples: &[f32]) -> Value {
    timed(rate, channels, samples, None)
}

/// Audio of planar samples with a timestamp.
pub(crate) fn timed(rate: u32, channels: usize, samples: &[f32], timestamp: Option<f64>) -> Value {
    let frames = samples.len() / channels;
    Audio::new(rate, timestamp, channels, frames, samples.to_vec().into()).unwrap().into()
}

/// All outputs of a node for these items, flush included.
pub(crate) fn run(node: &mut dyn Node, items: &[Value]) -> Vec<Value> {
    let mut out = Out::default();
    for item in items {
        node.process(item, "in", &mut out).unwrap();
    }
    node.flush(&mut out).unwrap();
    out.take()
}

/// The audio that an output is or holds.
pub(crate) fn audio(output: &Value) -> &Audio {
    match output {
        Value::Audio(audio) => audio,
        other => audio(other.get("audio").unwrap()),
    }
}

/// All samples, channel after channel.
pub(crate) fn samples(output: &Value) -> Vec<f32> {
    audio(output).data().elements::<f32>().into_owned()
}

/// The samples of outputs one after the other, channel by channel.
pub(crate) fn joined(outputs: &[Value]) -> Vec<f32> {
    let channels = outputs.first().map_or(0, |output| audio(output).channels());
    let channel = |channel: usize| {
        outputs.iter().flat_map(move |output| {
            let frames = audio(output).frames();
            samples(output)[channel * frames..][..frames].to_vec()
        })
    };
    (0..channels).flat_map(channel).collect()
}

/// A number of a map.
pub(crate) fn number(output: &Value, key: &str) -> f64 {
    output.get(key).unwrap().as_number().unwrap()
}

/// A list of numbers of a map.
pub(crate) fn numbers(output: &Value, key: &str) -> Vec<f64> {
    list(output, key).iter().map(|value| value.as_number().unwrap()).collect()
}

/// A list of a map.
pub(crate) fn list<'a>(output: &'a Value, key: &str) -> &'a [Value] {
    match output.get(key) {
        Some(Value::List(list)) => list,
        other => panic!("{key} is {other:?}"),
    }
}

/// The generator of Numerical Recipes: the same numbers in every run.
pub(crate) struct Random(u32);

impl Random {
    pub(crate) fn new(seed: u32) -> Self {
        Self(seed)
    }

    /// From −1 to 1.
    pub(crate) fn sample(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (f64::from(self.0 >> 8) / f64::from(1 << 23) - 1.0) as f32
    }

    /// From 0 to `end` − 1.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (f64::from(self.sample()) * 0.5 * end as f64 + 0.5 * end as f64) as usize % end
    }
}

/// A signal to be cut into items.
pub(crate) struct Signal {
    rate: u32,
    channels: usize,
    frames: usize,
    samples: Vec<f32>,
}

impl Signal {
    /// Of planar samples.
    pub(crate) fn of(rate: u32, channels: usize, samples: Vec<f32>) -> Self {
        Self { rate, channels, frames: samples.len() / channels, samples }
    }

    /// White noise.
    pub(crate) fn noise(rate: u32, channels: usize, frames: usize) -> Self {
        let mut random = Random::new(7);
        Self::of(rate, channels, (0..channels * frames).map(|_| random.sample()).collect())
    }

    /// Some frames as an item, with the true timestamp.
    pub(crate) fn item(&self, range: Range<usize>) -> Value {
        let part = |channel: usize| self.samples[channel * self.frames..][range.clone()].to_vec();
        let samples: Vec<f32> = (0..self.channels).flat_map(part).collect();
        timed(self.rate, self.channels, &samples, Some(range.start as f64 / f64::from(self.rate)))
    }

    /// Cuts a range into items of 0 to `longest` frames, in twenty different ways.
    pub(crate) fn cut_at_random(&self, range: Range<usize>, longest: usize, check: impl Fn(Vec<Value>)) {
        for seed in 0..20 {
            let mut random = Random::new(seed);
            let mut items = Vec::new();
            let mut start = range.start;
            while start < range.end {
                let end = range.end.min(start + random.below(longest + 1));
                items.push(self.item(start..end));
                start = end;
            }
            check(items);
        }
    }
}
