//! `SpectralVADNode`: which frames of an audio stream stand out of its noise as speech does.

mod bands;
mod detector;
mod noise;

use remotemedia_engine::array::{Audio, DType};
use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out, Params};
use remotemedia_engine::pool::{MapPool, TensorPool};
use remotemedia_engine::value::Value;

use bands::Bands;
use detector::{Detector, Threshold};

use crate::audio_input;
use crate::vad_frames::{Frames, hang_over};

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "SpectralVADNode", "aliases": [],
        "summary": "Marks the frames whose spectrum stands out of the noise as speech does.", "category": "audio",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {
            "frame_duration_ms": {"type": "number", "minimum": 10, "maximum": 100, "default": 30, "unit": "ms",
                                  "description": "Length of a frame."},
            "threshold": {"type": "number", "exclusiveMinimum": 0, "default": 0.3,
                          "description": "Least mean log-likelihood ratio with which speech begins."},
            "noise_factor": {"type": "number", "minimum": 0, "default": 3,
                             "description": "How many times the usual ratio of the noise it must be, too."},
            "release": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.3,
                        "description": "The part of these above which speech lasts once it has begun."},
            "hang_over_ms": {"type": "number", "minimum": 0, "default": 150, "unit": "ms",
                             "description": "How long speech goes on after its last such frame."},
            "input_sample_rate": {"type": "integer", "minimum": 1, "unit": "Hz",
                                  "description": "Rate of bare tensors and lists."}}},
        "inputs": {"in": {"kinds": ["audio", "map", "list", "tensor"]}}, "outputs": {"out": {"kinds": ["map"]}},
        "runtime": "rust", "stateful": true, "requires": []
    }"#,
    create: |params| Ok(Box::new(SpectralVad::new(params)?)),
};

const RATES: std::ops::RangeInclusive<u32> = 1_000..=768_000;

struct SpectralVad {
    frame_ms: f64,
    threshold: Threshold,
    input_rate: Option<u32>,
    stream: Option<Stream>,
    flags: TensorPool<u8>,
    scores: TensorPool<f32>,
    reports: MapPool,
}

/// What is kept between items.
struct Stream {
    frames: Frames,
    bands: Bands,
    detector: Detector,
    /// Samples of the frame under way.
    held: Vec<f32>,
}

impl SpectralVad {
    fn new(params: &Params) -> Result<Self, Failure> {
        let frame_ms = params.number("frame_duration_ms")?;
        let threshold = Threshold {
            least: params.number("threshold")?,
            noise_factor: params.number("noise_factor")?,
            release: params.number("release")?,
            hang_over: hang_over(params, frame_ms)?,
        };
        Ok(Self {
            frame_ms,
            threshold,
            input_rate: params.positive("input_sample_rate")?,
            stream: None,
            flags: TensorPool::default(),
            scores: TensorPool::default(),
            reports: MapPool::default(),
        })
    }

    fn begin(&self, audio: &Audio) -> Result<Stream, Failure> {
        let rate = audio.sample_rate();
        if !RATES.contains(&rate) {
            return Err(Failure::new(format!("{rate} Hz is not from 1,000 to 768,000 Hz")));
        }
        let frames = Frames::of(audio, self.frame_ms);
        let bands = Bands::new(rate, frames.length())?;
        let detector = Detector::new(frames.length() as f64 / f64::from(rate));
        Ok(Stream { frames, bands, detector, held: Vec::new() })
    }
}

impl Node for SpectralVad {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        let audio = audio_input::audio(item, self.input_rate)?;
        audio_input::check_finite(&audio.data().elements::<f32>(), audio.frames())?;
        let goes_on = |stream: &Stream| stream.frames.are_continued_by(&audio);
        let stream = match self.stream.take_if(|stream| goes_on(stream)) {
            Some(stream) => stream,
            None => self.begin(&audio)?,
        };
        let stream = self.stream.insert(stream);
        let (flags, scores) = (self.flags.elements(), self.scores.elements());
        let count = stream.judge(&audio, &self.threshold, flags, scores);
        let flags = self.flags.tensor(DType::Bool, &[count]);
        let scores = self.scores.tensor(DType::F32, &[count]);
        let scores = ("scores", scores.map_or(Value::Null, Value::Tensor));
        let [audio, is_speech, flags, frame_s, start_s] = stream.frames.report(audio, flags);
        out.emit(self.reports.map([audio, is_speech, flags, scores, frame_s, start_s]));
        Ok(())
    }
}

impl Stream {
    /// Adds one flag and one score for every frame that `audio` completes; gives their number.
    fn judge(
        &mut self,
        audio: &Audio,
        threshold: &Threshold,
        flags: &mut Vec<u8>,
        scores: &mut Vec<f32>,
    ) -> usize {
        let Self { frames, bands, detector, held } = self;
        held.extend_from_slice(&audio_input::mono(&audio.data().elements::<f32>(), audio.frames()));
        let count = held.len() / frames.length();
        bands.each(held, count, |powers| {
            let (score, is_speech) = detector.step(powers, threshold);
            flags.push(u8::from(is_speech));
            scores.push(score as f32);
        });
        held.drain(..count * frames.length());
        count
    }
}

#[cfg(test)]
mod tests;
