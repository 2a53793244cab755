//! `VADNode`: which frames of an audio stream are loud enough to be speech.

use std::ops::Range;

use remotemedia_engine::array::{Audio, DType};
use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out, Params};
use remotemedia_engine::pool::{MapPool, TensorPool};
use remotemedia_engine::value::Value;

use crate::audio_input;
use crate::vad_frames::{Frames, Rule, State};

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "VADNode", "aliases": [],
        "summary": "Marks the frames whose RMS is above a threshold.", "category": "audio",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {
            "frame_duration_ms": {"type": "number", "exclusiveMinimum": 0, "default": 30, "unit": "ms",
                                  "description": "Length of a frame."},
            "energy_threshold": {"type": "number", "minimum": 0, "default": 0.02,
                                 "description": "RMS, full scale 1, above which a frame is speech."},
            "release_threshold": {"type": "number", "minimum": 0,
                                  "description": "RMS above which speech lasts once it has begun; energy_threshold if absent."},
            "hang_over_ms": {"type": "number", "minimum": 0, "default": 0, "unit": "ms",
                             "description": "How long speech goes on after its last loud frame."},
            "input_sample_rate": {"type": "integer", "minimum": 1, "unit": "Hz",
                                  "description": "Rate of bare tensors and lists."}}},
        "inputs": {"in": {"kinds": ["audio", "map", "list", "tensor"]}}, "outputs": {"out": {"kinds": ["map"]}},
        "runtime": "rust", "stateful": true, "requires": []
    }"#,
    create: |params| Ok(Box::new(Vad::new(params)?)),
};

struct Vad {
    frame_ms: f64,
    rule: Rule,
    input_rate: Option<u32>,
    stream: Option<Stream>,
    flags: TensorPool<u8>,
    reports: MapPool,
}

/// What is kept between items.
#[derive(Clone, Copy)]
struct Stream {
    frames: Frames,
    state: State,
    /// Sum of squares and number of samples of the frame under way.
    energy: f64,
    filled: usize,
}

impl Vad {
    fn new(params: &Params) -> Result<Self, Failure> {
        let frame_ms = params.number("frame_duration_ms")?;
        Ok(Self {
            frame_ms,
            rule: Rule::new(params, "energy_threshold", "release_threshold", frame_ms)?,
            input_rate: params.positive("input_sample_rate")?,
            stream: None,
            flags: TensorPool::default(),
            reports: MapPool::default(),
        })
    }
}

impl Node for Vad {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        let audio = audio_input::audio(item, self.input_rate)?;
        let goes_on = |stream: &Stream| stream.frames.are_continued_by(&audio);
        let fresh = || Stream {
            frames: Frames::of(&audio, self.frame_ms),
            state: State::default(),
            energy: 0.0,
            filled: 0,
        };
        let mut stream = self.stream.filter(goes_on).unwrap_or_else(fresh);
        let count = stream.judge(&audio, &self.rule, self.flags.elements())?;
        let flags = self.flags.tensor(DType::Bool, &[count]);
        out.emit(self.reports.map(stream.frames.report(audio, flags)));
        self.stream = Some(stream);
        Ok(())
    }
}

impl Stream {
    /// Adds one flag for every frame that `audio` completes; gives their number.
    fn judge(&mut self, audio: &Audio, rule: &Rule, flags: &mut Vec<u8>) -> Result<usize, Failure> {
        let (samples, count) = (audio.data().elements::<f32>(), audio.frames());
        let length = self.frames.length();
        flags.reserve((self.filled + count) / length);
        let mut at = 0;
        while at < count {
            let end = count.min(at + length - self.filled);
            self.energy += energy(&samples, count, at..end);
            if !self.energy.is_finite() {
                audio_input::check_finite(&samples, count)?;
            }
            self.filled += end - at;
            at = end;
            if self.filled == length {
                flags.push(u8::from(self.state.step((self.energy / length as f64).sqrt(), rule)));
                (self.energy, self.filled) = (0.0, 0);
            }
        }
        Ok(flags.len())
    }
}

/// The sum of the squares of the channels' average over a range of frames. Squares of finite samples never overflow f64.
fn energy(samples: &[f32], frames: usize, range: Range<usize>) -> f64 {
    if samples.len() == frames {
        return squares(samples.get(range).unwrap_or_default(), |sample| f64::from(*sample));
    }
    let mut block = [0.0f64; 256];
    let mut energy = 0.0;
    for start in range.clone().step_by(block.len()) {
        let end = range.end.min(start + block.len());
        let sums = block.get_mut(..end - start).unwrap_or_default();
        sums.fill(0.0);
        for channel in samples.chunks_exact(frames.max(1)) {
            let part = channel.get(start..end).unwrap_or_default();
            sums.iter_mut().zip(part).for_each(|(sum, sample)| *sum += f64::from(*sample));
        }
        energy += squares(sums, |sum| *sum);
    }
    let channels = (samples.len() / frames.max(1)) as f64;
    energy / (channels * channels)
}

/// The sum of squares, in eight parts so that it is vectorised.
fn squares<T>(values: &[T], number: impl Fn(&T) -> f64) -> f64 {
    let square = |value: &T| number(value) * number(value);
    let (eights, rest) = values.as_chunks::<8>();
    let mut sums = [0.0f64; 8];
    for eight in eights {
        sums.iter_mut().zip(eight).for_each(|(sum, value)| *sum += square(value));
    }
    sums.iter().sum::<f64>() + rest.iter().map(square).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vad(json: &str) -> Vad {
        Vad::new(&Params::new(serde_json::from_str(json).unwrap())).unwrap()
    }

    /// 1 kHz, frames of 10 samples, threshold 0.5.
    fn small(hang_over_ms: u32) -> Vad {
        vad(&format!(
            r#"{{"frame_duration_ms": 10, "energy_threshold": 0.5, "hang_over_ms": {hang_over_ms}}}"#
        ))
    }

    fn audio(samples: Vec<f32>, timestamp: Option<f64>) -> Value {
        Audio::new(1000, timestamp, 1, samples.len(), samples.into()).unwrap().into()
    }

    fn step(vad: &mut Vad, item: &Value) -> (Vec<u8>, f64, bool) {
        let mut out = Out::default();
        vad.process(item, "in", &mut out).unwrap();
        let output = out.take().remove(0);
        let Some(Value::Tensor(flags)) = output.get("flags") else { panic!() };
        let is_speech = matches!(output.get("is_speech"), Some(Value::Bool(true)));
        (flags.data().bytes().to_vec(), output.get("start_s").unwrap().as_number().unwrap(), is_speech)
    }

    #[test]
    fn a_frame_is_speech_only_above_the_threshold() {
        let mut samples = vec![0.5f32; 10];
        samples.extend([0.51; 10]);
        samples.extend([-0.51; 10]);
        samples.extend([0.49; 10]);
        assert_eq!(step(&mut small(0), &audio(samples, None)).0, [0, 1, 1, 0]);
    }

    #[test]
    fn frames_go_on_across_items() {
        let mut node = small(0);
        assert_eq!(step(&mut node, &audio(vec![1.0; 4], Some(2.0))), (vec![], 2.0, false));
        assert_eq!(step(&mut node, &audio(vec![1.0; 16], None)), (vec![1, 1], 2.0, true));
        assert_eq!(step(&mut node, &audio(vec![0.0; 10], None)), (vec![0], 2.02, false));
    }

    #[test]
    fn speech_hangs_over() {
        let mut samples = vec![1.0f32; 10];
        samples.extend([0.0; 50]);
        assert_eq!(step(&mut small(25), &audio(samples, None)).0, [1, 1, 1, 1, 0, 0]);
    }

    #[test]
    fn a_gap_drops_the_frame_under_way_and_starts_anew() {
        let mut node = small(100);
        step(&mut node, &audio(vec![1.0; 15], Some(0.0)));
        assert_eq!(step(&mut node, &audio(vec![0.0; 10], Some(3.0))), (vec![0], 3.0, false));
    }

    #[test]
    fn channels_are_averaged() {
        let mut data = vec![1.0f32; 10];
        data.extend([-1.0; 10]);
        let item = Audio::new(1000, None, 2, 10, data.into()).unwrap().into();
        assert_eq!(step(&mut small(0), &item).0, [0]);
    }

    #[test]
    fn any_number_of_channels_and_samples_is_summed() {
        let samples: Vec<f32> = (0..2 * 1_001).map(|n| (n as f32 * 0.7).sin()).collect();
        let mean = |n: usize| f64::midpoint(f64::from(samples[n]), f64::from(samples[1_001 + n]));
        let expected: f64 = (3..1_000).map(|n| mean(n) * mean(n)).sum();
        assert!((energy(&samples, 1_001, 3..1_000) - expected).abs() < 1e-10);
        assert_eq!(energy(&[1.0, 2.0, 3.0], 3, 1..3), 13.0);
        assert_eq!(energy(&[1.0; 3], 1, 0..1), 1.0);
    }

    #[test]
    fn what_is_no_number_is_refused_and_leaves_no_trace() {
        let mut node = small(0);
        step(&mut node, &audio(vec![1.0; 5], None));
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let failed = node.process(&audio(vec![0.0, bad], None), "in", &mut Out::default()).unwrap_err();
            assert!(failed.message().contains("channel 0, frame 1"), "{}", failed.message());
        }
        assert_eq!(step(&mut node, &audio(vec![1.0; 5], None)).0, [1]);
        assert_eq!(step(&mut node, &audio(vec![f32::MAX; 10], None)).0, [1]);
    }

    #[test]
    fn the_second_threshold_is_the_lower_one() {
        let params = |release: f64| {
            let json = serde_json::json!({"frame_duration_ms": 10, "energy_threshold": 0.5,
                                          "release_threshold": release, "hang_over_ms": 0});
            Params::new(json.as_object().unwrap().clone())
        };
        let samples: Vec<f32> = [0.3f32, 0.6, 0.3, 0.1, 0.3].iter().flat_map(|&x| [x; 10]).collect();
        assert_eq!(step(&mut Vad::new(&params(0.2)).unwrap(), &audio(samples, None)).0, [0, 1, 1, 0, 0]);
        assert!(Vad::new(&params(0.51)).err().unwrap().message().contains("release_threshold 0.51"));
    }
}
