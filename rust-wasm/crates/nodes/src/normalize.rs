//! `NormalizeNode`: brings each item to a peak or RMS.

use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out, Params};
use remotemedia_engine::value::Value;

use crate::audio_energy::{peak, rms};
use crate::audio_stream::{amplitude, emit_like, finite_audio};

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "NormalizeNode", "aliases": [],
        "summary": "Brings each item to a peak or RMS.", "category": "audio",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {
            "mode": {"type": "string", "enum": ["peak", "rms"], "default": "peak",
                     "description": "What is brought to target_db: the greatest magnitude, or the RMS of all channels."},
            "target_db": {"type": "number", "minimum": -200, "maximum": 200, "default": -1, "unit": "dB",
                          "description": "Level of the output; full scale is 0."},
            "input_sample_rate": {"type": "integer", "minimum": 1, "unit": "Hz",
                                  "description": "Rate of bare tensors and lists."}}},
        "inputs": {"in": {"kinds": ["audio", "map", "list", "tensor"]}}, "outputs": {"out": {"kinds": ["audio"]}},
        "runtime": "rust", "stateful": false, "requires": []
    }"#,
    create: |params| Ok(Box::new(Normalize::new(params)?)),
};

struct Normalize {
    measure: fn(&[f32]) -> f64,
    target: f64,
    input_rate: Option<u32>,
}

impl Normalize {
    fn new(params: &Params) -> Result<Self, Failure> {
        let measure = match params.text("mode")? {
            "peak" => peak,
            "rms" => rms,
            _ => return Err(Failure::new("mode is peak or rms")),
        };
        let target = amplitude(params.number("target_db")?);
        Ok(Self { measure, target, input_rate: params.positive("input_sample_rate")? })
    }
}

impl Node for Normalize {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        let audio = finite_audio(item, self.input_rate)?;
        let samples = audio.data().elements::<f32>();
        let level = (self.measure)(&samples);
        if level == 0.0 {
            out.emit(Value::Audio(audio.clone()));
            return Ok(());
        }
        // In f64, because the factor of the faintest samples is beyond f32.
        let factor = self.target / level;
        let output = samples.iter().map(|sample| (f64::from(*sample) * factor) as f32).collect();
        emit_like(&audio, audio.channels(), output, out);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_audio::{Signal, item, params, run, samples};

    fn normalized(mode: &str, target_db: f64, input: &Value) -> Vec<f32> {
        let mut node =
            Normalize::new(&params(serde_json::json!({"mode": mode, "target_db": target_db}))).unwrap();
        samples(&run(&mut node, std::slice::from_ref(input))[0])
    }

    #[test]
    fn the_greatest_magnitude_becomes_the_target() {
        assert_eq!(
            normalized("peak", 0.0, &item(8_000, 2, &[0.25, 0.0, -0.5, 0.125])),
            [0.5, 0.0, -1.0, 0.25]
        );
        assert_eq!(normalized("peak", -20.0, &item(8_000, 1, &[4.0, -2.0])), [0.1, -0.05]);
    }

    #[test]
    fn the_rms_of_all_channels_becomes_the_target() {
        assert_eq!(
            normalized("rms", 0.0, &item(8_000, 2, &[0.25, -0.25, 0.25, 0.25])),
            [1.0, -1.0, 1.0, 1.0]
        );
        let noise = normalized("rms", -26.0, &Signal::noise(8_000, 3, 4_001).item(0..4_001));
        assert!((rms(&noise) - amplitude(-26.0)).abs() < 1e-9);
    }

    #[test]
    fn silence_stays_silent_and_the_faintest_sound_is_found() {
        for mode in ["peak", "rms"] {
            assert_eq!(normalized(mode, 0.0, &item(8_000, 1, &[0.0, -0.0])), [0.0, 0.0]);
            assert!(normalized(mode, 0.0, &item(8_000, 3, &[])).is_empty());
            let faintest = f32::from_bits(1);
            assert_eq!(normalized(mode, 0.0, &item(8_000, 1, &[faintest, -faintest])), [1.0, -1.0]);
            assert_eq!(normalized(mode, 0.0, &item(8_000, 1, &[f32::MAX, -f32::MAX])), [1.0, -1.0]);
        }
    }
}
