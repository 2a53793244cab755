//! `AudioLevelNode`: how loud each item is.

use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out, Params};
use remotemedia_engine::value::Value;

use crate::audio_energy::{peak, rms};
use crate::audio_stream::{channels, finite_audio};

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "AudioLevelNode", "aliases": [],
        "summary": "Measures RMS and peak of every channel.", "category": "audio",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {
            "floor_db": {"type": "number", "maximum": 0, "default": -120, "unit": "dB",
                         "description": "Levels below this, and silence, are given as this."},
            "input_sample_rate": {"type": "integer", "minimum": 1, "unit": "Hz",
                                  "description": "Rate of bare tensors and lists."}}},
        "inputs": {"in": {"kinds": ["audio", "map", "list", "tensor"]}}, "outputs": {"out": {"kinds": ["map"]}},
        "runtime": "rust", "stateful": false, "requires": []
    }"#,
    create: |params| Ok(Box::new(AudioLevel::new(params)?)),
};

struct AudioLevel {
    floor_db: f64,
    input_rate: Option<u32>,
}

impl AudioLevel {
    fn new(params: &Params) -> Result<Self, Failure> {
        let floor_db = params.number("floor_db")?;
        Ok(Self { floor_db, input_rate: params.positive("input_sample_rate")? })
    }

    fn decibels(&self, amplitude: f64) -> f64 {
        // The logarithm of 0 is −∞, which is below any floor.
        (20.0 * amplitude.log10()).max(self.floor_db)
    }
}

impl Node for AudioLevel {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        let audio = finite_audio(item, self.input_rate)?;
        let samples = audio.data().elements::<f32>();
        let of_channels = |measure: fn(&[f32]) -> f64| -> Vec<f64> {
            channels(&samples, audio.frames(), audio.channels()).map(measure).collect()
        };
        let (rms, peak) = (of_channels(rms), of_channels(peak));
        let output = Value::map([
            ("audio", Value::Audio(audio.clone())),
            ("rms_db", list(&rms, |rms| self.decibels(rms))),
            ("peak_db", list(&peak, |peak| self.decibels(peak))),
            ("rms", list(&rms, |rms| rms)),
            ("peak", list(&peak, |peak| peak)),
        ]);
        out.emit(output);
        Ok(())
    }
}

fn list(levels: &[f64], number: impl Fn(f64) -> f64) -> Value {
    levels.iter().map(|level| Value::Float(number(*level))).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;
    use crate::test_audio::{item, numbers, params, run, samples};

    fn level(floor_db: f64, input: Value) -> Value {
        let mut node = AudioLevel::new(&params(serde_json::json!({"floor_db": floor_db}))).unwrap();
        run(&mut node, &[input]).remove(0)
    }

    #[test]
    fn every_channel_is_measured() {
        let input = item(8_000, 2, &[0.5, -0.5, 0.5, -0.5, 0.3, 0.0, 0.0, -0.4]);
        let output = level(-120.0, input.clone());
        assert_eq!(numbers(&output, "peak"), [0.5, f64::from(0.4f32)]);
        assert_eq!(numbers(&output, "rms")[0], 0.5);
        assert!((numbers(&output, "rms")[1] - 0.25).abs() < 1e-8, "3, 4 and 5");
        assert!((numbers(&output, "rms_db")[0] + 6.0206).abs() < 1e-4);
        assert!((numbers(&output, "peak_db")[1] + 7.9588).abs() < 1e-4);
        assert_eq!(samples(&output), samples(&input));
    }

    #[test]
    fn a_full_scale_sine_has_minus_3_decibels() {
        let sine: Vec<f32> =
            (0..48_000).map(|n| (TAU * f64::from(n) * 1_000.0 / 48_000.0).sin() as f32).collect();
        let output = level(-120.0, item(48_000, 1, &sine));
        assert!((numbers(&output, "rms_db")[0] + 3.0103).abs() < 1e-4);
        assert!(numbers(&output, "peak_db")[0].abs() < 1e-6);
    }

    #[test]
    fn silence_and_nothing_are_at_the_floor() {
        for (frames, floor_db) in [(100, -90.0), (1, -120.0), (0, -60.0)] {
            let output = level(floor_db, item(8_000, 1, &vec![0.0; frames]));
            assert_eq!((numbers(&output, "rms"), numbers(&output, "peak")), (vec![0.0], vec![0.0]));
            assert_eq!(
                (numbers(&output, "rms_db"), numbers(&output, "peak_db")),
                (vec![floor_db], vec![floor_db])
            );
        }
        assert_eq!(numbers(&level(-20.0, item(8_000, 1, &[0.01])), "peak_db"), [-20.0]);
    }
}
