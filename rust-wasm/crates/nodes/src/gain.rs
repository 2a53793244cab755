//! `GainNode`: makes audio louder or quieter, without clicks when the gain changes.

use remotemedia_engine::array::Audio;
use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out, Params};
use remotemedia_engine::value::Value;

use crate::audio_stream::{amplitude, channels, emit_like, finite_audio};

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "GainNode", "aliases": [],
        "summary": "Makes audio louder or quieter; a new gain is reached in a ramp.", "category": "audio",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {
            "gain_db": {"type": "number", "minimum": -200, "maximum": 200, "default": 0, "unit": "dB",
                        "description": "Gain; an item {audio, gain_db} sets a new one."},
            "ramp_ms": {"type": "number", "minimum": 0, "default": 10, "unit": "ms",
                        "description": "How long it takes from the gain so far to a new one."},
            "input_sample_rate": {"type": "integer", "minimum": 1, "unit": "Hz",
                                  "description": "Rate of bare tensors and lists."}}},
        "inputs": {"in": {"kinds": ["audio", "map", "list", "tensor"]}}, "outputs": {"out": {"kinds": ["audio"]}},
        "runtime": "rust", "stateful": true, "requires": []
    }"#,
    create: |params| Ok(Box::new(Gain::new(params)?)),
};

const RANGE_DB: std::ops::RangeInclusive<f64> = -200.0..=200.0;

struct Gain {
    ramp_ms: f64,
    input_rate: Option<u32>,
    db: f64,
    ramp: Ramp,
    /// Whether there was an item; before it a gain is just set.
    runs: bool,
}

/// A straight line from one gain to the next.
#[derive(Clone, Copy)]
struct Ramp {
    from: f64,
    to: f64,
    /// Its length in frames, and how many of them are done.
    frames: u64,
    done: u64,
}

impl Ramp {
    /// No ramp: a gain that stays.
    fn none(gain: f64) -> Self {
        Self { from: gain, to: gain, frames: 0, done: 0 }
    }

    /// The gain of the `k`-th frame from here, from 1; 0 is where it is now.
    fn at(&self, k: u64) -> f64 {
        let place = self.done + k;
        if place >= self.frames {
            return self.to;
        }
        self.from + (self.to - self.from) * (place as f64 / self.frames as f64)
    }

    fn left(&self) -> usize {
        usize::try_from(self.frames - self.done).unwrap_or(usize::MAX)
    }

    fn advance(&mut self, frames: usize) {
        self.done = self.frames.min(self.done.saturating_add(frames as u64));
    }

    fn apply(&self, samples: &[f32], output: &mut Vec<f32>) {
        let (ramped, rest) = samples.split_at(self.left().min(samples.len()));
        let ramped = ramped.iter().zip(1u64..).map(|(sample, k)| (f64::from(*sample) * self.at(k)) as f32);
        output.extend(ramped);
        output.extend(rest.iter().map(|sample| (f64::from(*sample) * self.to) as f32));
    }
}

impl Gain {
    fn new(params: &Params) -> Result<Self, Failure> {
        let gain_db = params.number("gain_db")?;
        Ok(Self {
            ramp_ms: params.number("ramp_ms")?,
            input_rate: params.positive("input_sample_rate")?,
            db: gain_db,
            ramp: Ramp::none(amplitude(gain_db)),
            runs: false,
        })
    }

    /// Takes the gain that an item brings.
    fn turn(&mut self, gain_db: f64, audio: &Audio) {
        if gain_db == self.db {
            return;
        }
        self.db = gain_db;
        let to = amplitude(gain_db);
        let frames = (f64::from(audio.sample_rate()) * self.ramp_ms / 1000.0 + 0.5).floor() as u64;
        self.ramp =
            if self.runs { Ramp { from: self.ramp.at(0), to, frames, done: 0 } } else { Ramp::none(to) };
    }
}

fn new_gain(item: &Value) -> Result<Option<f64>, Failure> {
    let Some(value) = item.get("gain_db") else { return Ok(None) };
    let gain = value.as_number().filter(|gain| RANGE_DB.contains(gain));
    let refused = || Failure::new("gain_db is not a number from -200 to 200").at("$.gain_db");
    gain.map(Some).ok_or_else(refused)
}

impl Node for Gain {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        let audio = finite_audio(item, self.input_rate)?;
        if let Some(gain_db) = new_gain(item)? {
            self.turn(gain_db, &audio);
        }
        self.runs = true;
        if self.ramp.left() == 0 && self.ramp.to == 1.0 {
            out.emit(Value::Audio(audio));
            return Ok(());
        }
        let samples = audio.data().elements::<f32>();
        let mut output = Vec::with_capacity(samples.len());
        for channel in channels(&samples, audio.frames(), audio.channels()) {
            self.ramp.apply(channel, &mut output);
        }
        self.ramp.advance(audio.frames());
        emit_like(&audio, audio.channels(), output, out);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_audio::{Signal, item, joined, params, run, samples};

    fn gain(gain_db: f64, ramp_ms: f64) -> Gain {
        Gain::new(&params(serde_json::json!({"gain_db": gain_db, "ramp_ms": ramp_ms}))).unwrap()
    }

    fn turned(frames: &[f32], gain_db: f64) -> Value {
        Value::map([("audio", item(1_000, 1, frames)), ("gain_db", gain_db.into())])
    }

    #[test]
    fn twenty_decibels_are_a_factor_of_ten() {
        let outputs = run(&mut gain(20.0, 10.0), &[item(8_000, 2, &[0.25, -0.5])]);
        assert_eq!(samples(&outputs[0]), [2.5, -5.0]);
        let outputs = run(&mut gain(-20.0, 10.0), &[item(8_000, 1, &[1.0]), item(8_000, 1, &[])]);
        assert_eq!((samples(&outputs[0]), samples(&outputs[1]).len()), (vec![0.1], 0));
    }

    #[test]
    fn no_gain_copies_nothing() {
        let input = item(8_000, 1, &[0.5]);
        let outputs = run(&mut gain(0.0, 10.0), std::slice::from_ref(&input));
        let (Value::Audio(a), Value::Audio(b)) = (&input, &outputs[0]) else { panic!() };
        assert!(std::rc::Rc::ptr_eq(a, b));
    }

    #[test]
    fn a_new_gain_is_reached_in_a_straight_line() {
        // 4 ms at 1 kHz are 4 frames: from 1 to 10 in steps of 2.25, whatever the items.
        let items = [item(1_000, 1, &[1.0]), turned(&[1.0; 3], 20.0), item(1_000, 1, &[1.0; 3])];
        assert_eq!(joined(&run(&mut gain(0.0, 4.0), &items)), [1.0, 3.25, 5.5, 7.75, 10.0, 10.0, 10.0]);
        let items =
            [turned(&[1.0; 2], 20.0), turned(&[1.0; 2], 0.0), turned(&[], -200.0), turned(&[1.0], 0.0)];
        assert_eq!(
            joined(&run(&mut gain(0.0, 4.0), &items))[..4],
            [10.0, 10.0, 7.75, 5.5],
            "the first is at once"
        );
        assert_eq!(
            joined(&run(&mut gain(0.0, 0.0), &[item(1_000, 1, &[1.0]), turned(&[1.0], 20.0)])),
            [1.0, 10.0]
        );
    }

    #[test]
    fn the_same_gain_again_is_no_new_one() {
        let items = [item(1_000, 1, &[1.0]), turned(&[1.0; 2], 20.0), turned(&[1.0; 2], 20.0)];
        assert_eq!(joined(&run(&mut gain(0.0, 4.0), &items)), [1.0, 3.25, 5.5, 7.75, 10.0]);
    }

    #[test]
    fn a_ramp_makes_no_click() {
        // The greatest step of a constant is that of the ramp: 0.9 in 480 frames.
        let dc = [1.0f32; 700];
        let items = [
            item(48_000, 1, &dc),
            Value::map([("audio", item(48_000, 1, &dc)), ("gain_db", Value::Float(-20.0))]),
        ];
        let output = joined(&run(&mut gain(0.0, 10.0), &items));
        let steps = output.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        let greatest = steps.fold(0.0f32, f32::max);
        assert!(greatest < 0.9 / 480.0 + 1e-6 && greatest > 0.9 / 480.0 - 1e-6, "{greatest}");
        assert_eq!(output[1_399], 0.1);
    }

    #[test]
    fn channels_ramp_together_and_portions_make_no_difference() {
        let signal = Signal::noise(16_000, 2, 999);
        let ramp = Value::map([("audio", item(16_000, 2, &[0.5; 2])), ("gain_db", Value::Float(-40.0))]);
        let whole = run(&mut gain(3.0, 20.0), &[signal.item(0..1), ramp.clone(), signal.item(1..999)]);
        signal.cut_at_random(1..999, 50, |portions| {
            let items = [signal.item(0..1), ramp.clone()].into_iter().chain(portions);
            let outputs = run(&mut gain(3.0, 20.0), &items.collect::<Vec<_>>());
            assert_eq!(joined(&outputs), joined(&whole));
        });
    }

    #[test]
    fn what_is_refused_changes_nothing() {
        let mut node = gain(0.0, 0.0);
        let mut out = Out::default();
        for bad in [Value::Null, "loud".into(), 201.0.into(), f64::NAN.into()] {
            let item = Value::map([("audio", item(1_000, 1, &[1.0])), ("gain_db", bad)]);
            assert!(node.process(&item, "in", &mut out).is_err());
        }
        assert!(node.process(&turned(&[f32::INFINITY], 20.0), "in", &mut out).is_err());
        assert_eq!(joined(&run(&mut node, &[item(1_000, 1, &[1.0])])), [1.0]);
    }
}
