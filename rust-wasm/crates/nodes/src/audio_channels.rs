//! `AudioChannelsNode`: mixes audio down or up to a number of channels.

use std::f32::consts::FRAC_1_SQRT_2;

use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out, Params};
use remotemedia_engine::value::Value;

use crate::audio_stream::{channels, emit_like, finite_audio};

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "AudioChannelsNode", "aliases": [],
        "summary": "Mixes audio down or up to a number of channels.", "category": "audio",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {
            "channels": {"type": "integer", "minimum": 1, "maximum": 256, "default": 1,
                         "description": "Number of channels of the output."},
            "input_sample_rate": {"type": "integer", "minimum": 1, "unit": "Hz",
                                  "description": "Rate of bare tensors and lists."}}},
        "inputs": {"in": {"kinds": ["audio", "map", "list", "tensor"]}}, "outputs": {"out": {"kinds": ["audio"]}},
        "runtime": "rust", "stateful": false, "requires": []
    }"#,
    create: |params| Ok(Box::new(AudioChannels::new(params)?)),
};

const MOST: usize = 256;

/// L R C LFE Ls Rs to L R: Recommendation ITU-R BS.775, without the gain that would rule out samples above 1.
const TO_STEREO: [[f32; 6]; 2] =
    [[1.0, 0.0, FRAC_1_SQRT_2, 0.0, FRAC_1_SQRT_2, 0.0], [0.0, 1.0, FRAC_1_SQRT_2, 0.0, 0.0, FRAC_1_SQRT_2]];
/// The mean of the two.
const TO_MONO: [f32; 6] = [0.5, 0.5, FRAC_1_SQRT_2, 0.0, FRAC_1_SQRT_2 / 2.0, FRAC_1_SQRT_2 / 2.0];

struct AudioChannels {
    count: usize,
    input_rate: Option<u32>,
}

impl AudioChannels {
    fn new(params: &Params) -> Result<Self, Failure> {
        let count = params.positive("channels")?.map(|count| count as usize).filter(|count| *count <= MOST);
        Ok(Self {
            count: count.ok_or_else(|| Failure::new("channels is from 1 to 256"))?,
            input_rate: params.positive("input_sample_rate")?,
        })
    }
}

/// How much of an input channel goes into an output channel, for other numbers of inputs and outputs than equal ones.
fn coefficient(inputs: usize, outputs: usize, input: usize, output: usize) -> f32 {
    let surround = match (inputs, outputs) {
        (6, 1) => TO_MONO.get(input),
        (6, 2) => TO_STEREO.get(output).and_then(|row| row.get(input)),
        _ => None,
    };
    match surround {
        Some(coefficient) => *coefficient,
        None if inputs < outputs => f32::from(u8::from(input == output % inputs)),
        None if input % outputs == output => 1.0 / (inputs - output).div_ceil(outputs) as f32,
        None => 0.0,
    }
}

impl Node for AudioChannels {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        let audio = finite_audio(item, self.input_rate)?;
        let inputs = audio.channels();
        if inputs == self.count {
            out.emit(Value::Audio(audio));
            return Ok(());
        }
        let samples = audio.data().elements::<f32>();
        let mut mixed = Vec::with_capacity(audio.frames() * self.count);
        for output in 0..self.count {
            let start = mixed.len();
            for (input, channel) in channels(&samples, audio.frames(), inputs).enumerate() {
                let factor = coefficient(inputs, self.count, input, output);
                if factor != 0.0 {
                    add(channel, factor, start, &mut mixed);
                }
            }
        }
        emit_like(&audio, self.count, mixed, out);
        Ok(())
    }
}

/// Adds a channel to the row of `mixed` that begins at `start`, or begins it.
fn add(channel: &[f32], factor: f32, start: usize, mixed: &mut Vec<f32>) {
    match mixed.get_mut(start..).filter(|row| !row.is_empty()) {
        Some(row) => row.iter_mut().zip(channel).for_each(|(sum, sample)| *sum += factor * sample),
        None => mixed.extend(channel.iter().map(|sample| factor * sample)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_audio::{Signal, audio, item, joined, params, run, samples};

    fn mix(inputs: usize, outputs: usize, planar: &[f32]) -> Vec<f32> {
        let mut node = AudioChannels::new(&params(serde_json::json!({"channels": outputs}))).unwrap();
        let output = run(&mut node, &[item(8_000, inputs, planar)]).remove(0);
        assert_eq!(audio(&output).channels(), outputs);
        samples(&output)
    }

    fn near(a: &[f32], b: &[f32]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6)
    }

    #[test]
    fn stereo_and_mono() {
        assert_eq!(mix(2, 1, &[0.5, 1.0, -0.5, 0.5]), [0.0, 0.75]);
        assert_eq!(mix(1, 2, &[0.5, -1.0]), [0.5, -1.0, 0.5, -1.0]);
        assert_eq!(mix(2, 2, &[0.5, -1.0]), [0.5, -1.0]);
    }

    #[test]
    fn surround_to_stereo_is_the_recommendations() {
        for (channel, left, right) in [
            (0, 1.0, 0.0),
            (1, 0.0, 1.0),
            (2, FRAC_1_SQRT_2, FRAC_1_SQRT_2),
            (3, 0.0, 0.0),
            (4, FRAC_1_SQRT_2, 0.0),
            (5, 0.0, FRAC_1_SQRT_2),
        ] {
            let mut planar = [0.0; 6];
            planar[channel] = 1.0;
            assert!(near(&mix(6, 2, &planar), &[left, right]), "channel {channel}");
            assert!(near(&mix(6, 1, &planar), &[0.5 * (left + right)]), "channel {channel}");
        }
    }

    #[test]
    fn others_are_averaged_or_repeated_in_turn() {
        assert_eq!(mix(4, 2, &[0.1, 0.2, 0.3, 0.4]), [0.2, 0.3]);
        assert!(near(&mix(3, 2, &[0.1, 0.2, 0.5]), &[0.3, 0.2]));
        assert!(near(&mix(3, 1, &[0.1, 0.2, 0.6]), &[0.3]));
        assert_eq!(mix(2, 5, &[0.1, 0.2]), [0.1, 0.2, 0.1, 0.2, 0.1]);
        // What was repeated whole is found again by averaging.
        assert!(near(&mix(6, 3, &mix(3, 6, &[0.1, 0.2, 0.5])), &[0.1, 0.2, 0.5]));
    }

    #[test]
    fn no_frames_stay_no_frames() {
        assert!(mix(6, 2, &[]).is_empty() && mix(1, 256, &[]).is_empty());
    }

    #[test]
    fn each_input_goes_out_as_a_whole_or_in_equal_parts() {
        for (inputs, outputs) in (1..=9).flat_map(|n| (1..=9).map(move |m| (n, m))) {
            if inputs == outputs || (inputs == 6 && outputs <= 2) {
                continue;
            }
            for output in 0..outputs {
                let sum: f32 = (0..inputs).map(|input| coefficient(inputs, outputs, input, output)).sum();
                assert!((sum - 1.0).abs() < 1e-6, "{inputs} to {outputs}: channel {output}");
            }
        }
    }

    #[test]
    fn portions_make_no_difference() {
        let signal = Signal::noise(8_000, 3, 500);
        let node = || AudioChannels::new(&params(serde_json::json!({"channels": 2}))).unwrap();
        let whole = run(&mut node(), &[signal.item(0..500)]);
        signal
            .cut_at_random(0..500, 40, |items| assert_eq!(joined(&run(&mut node(), &items)), joined(&whole)));
    }

    #[test]
    fn what_is_no_sample_is_refused() {
        let mut node = AudioChannels::new(&params(serde_json::json!({"channels": 1}))).unwrap();
        let failure = node.process(&item(8_000, 2, &[0.0, f32::NAN]), "in", &mut Out::default()).unwrap_err();
        assert!(failure.message().contains("channel 1, frame 0"), "{}", failure.message());
    }
}
