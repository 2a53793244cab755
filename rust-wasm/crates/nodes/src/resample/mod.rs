//! `AudioResampleNode`: audio at any rate becomes audio at one rate, without delay.

mod blocks;
mod design;
mod fir;
mod kernel;
mod stream;

use remotemedia_engine::array::Audio;
use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out, Params};
use remotemedia_engine::pool::AudioPool;
use remotemedia_engine::value::Value;

use crate::audio_clock::AudioClock;
use crate::audio_input;
use design::Quality;
use kernel::Kernel;
use stream::Stream;

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "AudioResampleNode", "aliases": [],
        "summary": "Changes the sample rate of audio, without delay.", "category": "audio",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {
            "target_sample_rate": {"type": "integer", "minimum": 1000, "maximum": 768000, "default": 16000, "unit": "Hz",
                                   "description": "Rate of the output."},
            "quality": {"type": "string", "enum": ["low", "medium", "high"], "default": "high",
                        "description": "How steep the filter is."},
            "input_sample_rate": {"type": "integer", "minimum": 1, "unit": "Hz",
                                  "description": "Rate of bare tensors and lists."}}},
        "inputs": {"in": {"kinds": ["audio", "map", "list", "tensor"]}}, "outputs": {"out": {"kinds": ["audio"]}},
        "runtime": "rust", "stateful": true, "requires": []
    }"#,
    create: |params| Ok(Box::new(Resample::new(params)?)),
};

const RATES: std::ops::RangeInclusive<u32> = 1_000..=768_000;

struct Resample {
    target: u32,
    quality: Quality,
    input_rate: Option<u32>,
    /// The kernel for the last rate; kept when a stream ends, because the next one usually has the same.
    kernel: Option<(u32, Kernel)>,
    running: Option<Running>,
    pool: AudioPool,
}

/// A stream under way.
struct Running {
    channels: usize,
    clock: AudioClock,
    stream: Stream,
}

impl Resample {
    fn new(params: &Params) -> Result<Self, Failure> {
        let target = params.positive("target_sample_rate")?.filter(|rate| RATES.contains(rate));
        Ok(Self {
            target: target.ok_or_else(|| Failure::new("target_sample_rate is from 1,000 to 768,000 Hz"))?,
            quality: Quality::from_name(params.text("quality")?)?,
            input_rate: params.positive("input_sample_rate")?,
            kernel: None,
            running: None,
            pool: AudioPool::default(),
        })
    }

    fn is_continued_by(&self, audio: &Audio) -> bool {
        let same_rate = self.kernel.as_ref().is_some_and(|(rate, _)| *rate == audio.sample_rate());
        let goes_on =
            |running: &Running| running.channels == audio.channels() && !running.clock.has_gap_before(audio);
        same_rate && self.running.as_ref().is_some_and(goes_on)
    }

    /// Ends the stream under way.
    fn end(&mut self, out: &mut Out) -> Result<(), Failure> {
        if let (Some(mut running), Some((_, kernel))) = (self.running.take(), &mut self.kernel) {
            let given = running.stream.given();
            let frames = running.stream.finish(kernel, self.pool.samples())?;
            self.emit(&running, given, frames, out);
        }
        Ok(())
    }

    /// Gives the samples in the pool: so many frames, from output frame `first` of the stream.
    fn emit(&mut self, running: &Running, first: u64, frames: usize, out: &mut Out) {
        if frames == 0 {
            return;
        }
        let timestamp = running.clock.start().map(|start| start + first as f64 / f64::from(self.target));
        if let Some(audio) = self.pool.audio(self.target, timestamp, running.channels, frames) {
            out.emit(audio);
        }
    }
}

impl Node for Resample {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        let audio = audio_input::audio(item, self.input_rate)?;
        let rate = audio.sample_rate();
        if !RATES.contains(&rate) {
            return Err(Failure::new(format!("{rate} Hz is not from 1,000 to 768,000 Hz")));
        }
        let samples = audio.data().elements::<f32>();
        audio_input::check_finite(&samples, audio.frames())?;
        if !self.is_continued_by(&audio) {
            self.end(out)?;
        }
        if rate == self.target {
            out.emit(Value::Audio(audio.clone()));
            return Ok(());
        }
        if self.kernel.as_ref().is_none_or(|(built_for, _)| *built_for != rate) {
            self.kernel = Some((rate, Kernel::new(rate, self.target, self.quality)));
        }
        let Some((_, kernel)) = &mut self.kernel else { return Ok(()) };
        let mut running = self.running.take().unwrap_or_else(|| Running {
            channels: audio.channels(),
            clock: AudioClock::of(&audio),
            stream: Stream::new(kernel, audio.channels()),
        });
        let first = running.stream.given();
        let result = running.stream.take(kernel, &samples, audio.frames(), self.pool.samples());
        if let Ok(frames) = result {
            running.clock.add(&audio);
            self.emit(&running, first, frames, out);
        }
        self.running = Some(running);
        result.map(drop)
    }

    fn flushes(&self) -> bool {
        true
    }

    fn flush(&mut self, out: &mut Out) -> Result<(), Failure> {
        self.end(out)
    }
}

#[cfg(test)]
mod tests;
