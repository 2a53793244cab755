//! `VADNode`: which frames of an audio stream are loud enough to be speech.

use remotemedia_engine::array::{Audio, DType, Tensor};
use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out, Params};
use remotemedia_engine::value::Value;

use crate::audio_clock::AudioClock;
use crate::audio_input;

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
    threshold: f64,
    hang_over: u64,
    input_rate: Option<u32>,
    stream: Option<Stream>,
}

/// What is kept between items.
#[derive(Clone, Copy)]
struct Stream {
    rate: u32,
    clock: AudioClock,
    /// Frames judged.
    judged: u64,
    /// Sum of squares and number of samples of the frame under way.
    energy: f64,
    filled: usize,
    /// Frames that still count as speech.
    hanging: u64,
}

impl Vad {
    fn new(params: &Params) -> Result<Self, Failure> {
        let frame_ms = params.number("frame_duration_ms")?;
        let hang_over_ms = params.number("hang_over_ms")?;
        Ok(Self {
            frame_ms,
            threshold: params.number("energy_threshold")?,
            hang_over: (hang_over_ms / frame_ms).ceil() as u64,
            input_rate: params.positive("input_sample_rate")?,
            stream: None,
        })
    }

    fn frame_length(&self, rate: u32) -> usize {
        ((f64::from(rate) * self.frame_ms / 1000.0 + 0.5).floor() as usize).max(1)
    }
}

impl Node for Vad {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        let audio = audio_input::audio(item, self.input_rate)?;
        let rate = audio.sample_rate();
        let length = self.frame_length(rate);
        let goes_on = |stream: &Stream| stream.rate == rate && !stream.clock.has_gap_before(&audio);
        let fresh =
            Stream { rate, clock: AudioClock::of(&audio), judged: 0, energy: 0.0, filled: 0, hanging: 0 };
        let mut stream = self.stream.filter(goes_on).unwrap_or(fresh);
        stream.clock.add(&audio);
        let frame_s = length as f64 / f64::from(rate);
        let start_s =
            stream.clock.start().unwrap_or(0.0) + (stream.judged * length as u64) as f64 / f64::from(rate);
        let flags = stream.judge(&mono_squares(&audio), length, self.threshold, self.hang_over);
        self.stream = Some(stream);
        let is_speech = flags.contains(&1);
        let shape = vec![flags.len()];
        let flags = Tensor::new(DType::Bool, shape, flags.into()).map_or(Value::Null, Value::from);
        out.emit(Value::map([
            ("audio", Value::Audio(audio)),
            ("is_speech", is_speech.into()),
            ("flags", flags),
            ("frame_s", frame_s.into()),
            ("start_s", start_s.into()),
        ]));
        Ok(())
    }
}

impl Stream {
    /// One flag for every frame that these samples complete.
    fn judge(&mut self, squares: &[f64], length: usize, threshold: f64, hang_over: u64) -> Vec<u8> {
        let mut flags = Vec::with_capacity((self.filled + squares.len()) / length);
        let mut rest = squares;
        while !rest.is_empty() {
            let (part, after) = rest.split_at(rest.len().min(length - self.filled));
            self.energy += part.iter().sum::<f64>();
            self.filled += part.len();
            rest = after;
            if self.filled == length {
                let is_loud = (self.energy / length as f64).sqrt() > threshold;
                flags.push(u8::from(is_loud || self.hanging > 0));
                self.hanging = if is_loud { hang_over } else { self.hanging.saturating_sub(1) };
                (self.energy, self.filled) = (0.0, 0);
                self.judged += 1;
            }
        }
        flags
    }
}

/// The square of the channels' average, frame by frame.
fn mono_squares(audio: &Audio) -> Vec<f64> {
    let samples = audio.data().elements::<f32>();
    let mut sums = vec![0.0f64; audio.frames()];
    for channel in samples.chunks_exact(audio.frames().max(1)) {
        sums.iter_mut().zip(channel).for_each(|(sum, &sample)| *sum += f64::from(sample));
    }
    let count = audio.channels() as f64;
    for sum in &mut sums {
        *sum = (*sum / count) * (*sum / count);
    }
    sums
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
    fn a_second_at_16_khz_has_33_whole_frames() {
        let mut node = vad(r#"{"frame_duration_ms": 30, "energy_threshold": 0.02, "hang_over_ms": 0}"#);
        let item = Audio::new(16000, None, 1, 16000, vec![0.0f32; 16000].into()).unwrap().into();
        assert_eq!(step(&mut node, &item).0.len(), 33);
        assert_eq!(node.frame_length(16000), 480);
        assert_eq!(
            vad(r#"{"frame_duration_ms": 10, "energy_threshold": 0, "hang_over_ms": 0}"#).frame_length(22050),
            221
        );
    }

    #[test]
    fn channels_are_averaged() {
        let mut data = vec![1.0f32; 10];
        data.extend([-1.0; 10]);
        let item = Audio::new(1000, None, 2, 10, data.into()).unwrap().into();
        assert_eq!(step(&mut small(0), &item).0, [0]);
    }
}
