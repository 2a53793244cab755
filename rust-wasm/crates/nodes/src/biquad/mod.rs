//! `BiquadFilterNode`: a second-order filter.

mod design;

use remotemedia_engine::array::Audio;
use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out, Params};
use remotemedia_engine::value::Value;

use crate::audio_stream::{AudioStream, channels, emit_like, finite_audio};
use design::{Coefficients, Design, Shape};

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "BiquadFilterNode", "aliases": [],
        "summary": "Filters audio with a second-order filter.", "category": "audio",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {
            "filter_type": {"type": "string", "default": "lowpass",
                            "enum": ["lowpass", "highpass", "bandpass", "notch", "peaking", "lowshelf", "highshelf"],
                            "description": "What the filter does; formulas of the Audio EQ Cookbook."},
            "frequency": {"type": "number", "exclusiveMinimum": 0, "default": 1000, "unit": "Hz",
                          "description": "Corner, centre or middle of the slope; below half the sample rate."},
            "q": {"type": "number", "exclusiveMinimum": 0, "maximum": 1000, "default": 0.7071067811865476,
                  "description": "How sharp the filter is; the default is maximally flat."},
            "gain_db": {"type": "number", "minimum": -200, "maximum": 200, "default": 0, "unit": "dB",
                        "description": "Gain of peaking, lowshelf and highshelf."},
            "input_sample_rate": {"type": "integer", "minimum": 1, "unit": "Hz",
                                  "description": "Rate of bare tensors and lists."}}},
        "inputs": {"in": {"kinds": ["audio", "map", "list", "tensor"]}}, "outputs": {"out": {"kinds": ["audio"]}},
        "runtime": "rust", "stateful": true, "requires": []
    }"#,
    create: |params| Ok(Box::new(Biquad::new(params)?)),
};

struct Biquad {
    design: Design,
    input_rate: Option<u32>,
    running: Option<Running>,
}

/// A stream under way.
struct Running {
    stream: AudioStream,
    coefficients: Coefficients,
    /// Per channel.
    states: Vec<State>,
}

/// What a filter remembers: the two delays of the transposed direct form II.
#[derive(Clone, Copy, Default)]
struct State([f64; 2]);

/// Below this a delay no longer reaches any float32 output. It is set to 0 before it becomes subnormal, which is slow.
const NOTHING: f64 = 1e-60;

impl Biquad {
    fn new(params: &Params) -> Result<Self, Failure> {
        Ok(Self {
            design: Design {
                shape: Shape::from_name(params.text("filter_type")?)?,
                frequency: params.number("frequency")?,
                q: params.number("q")?,
                gain_db: params.number("gain_db")?,
            },
            input_rate: params.positive("input_sample_rate")?,
            running: None,
        })
    }

    /// The stream that goes on with `audio`, or a new one.
    fn running(&mut self, audio: &Audio) -> Result<&mut Running, Failure> {
        let goes_on = |running: &mut Running| running.stream.is_continued_by(audio);
        let running = match self.running.take_if(goes_on) {
            Some(running) => running,
            None => Running {
                stream: AudioStream::of(audio),
                coefficients: self.design.at(audio.sample_rate())?,
                states: vec![State::default(); audio.channels()],
            },
        };
        Ok(self.running.insert(running))
    }
}

impl State {
    fn filter(&mut self, samples: &[f32], with: &Coefficients, output: &mut Vec<f32>) {
        let Coefficients { b: [b0, b1, b2], a: [a1, a2] } = *with;
        for block in samples.chunks(1_024) {
            let [mut first, mut second] = self.0;
            output.extend(block.iter().map(|sample| {
                let x = f64::from(*sample);
                let y = b0 * x + first;
                first = (b1 * x + second) - a1 * y;
                second = b2 * x - a2 * y;
                y as f32
            }));
            self.0 = if first.abs() + second.abs() < NOTHING { [0.0; 2] } else { [first, second] };
        }
    }
}

impl Node for Biquad {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        let audio = finite_audio(item, self.input_rate)?;
        let running = self.running(&audio)?;
        let samples = audio.data().elements::<f32>();
        let mut output = Vec::with_capacity(samples.len());
        for (channel, state) in channels(&samples, audio.frames(), audio.channels()).zip(&mut running.states)
        {
            state.filter(channel, &running.coefficients, &mut output);
        }
        running.stream.add(&audio);
        emit_like(&audio, audio.channels(), output, out);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
