//! A stream of audio items of one rate and channel count, and what audio nodes have in common around it.

use std::rc::Rc;

use remotemedia_engine::array::Audio;
use remotemedia_engine::error::Failure;
use remotemedia_engine::node::Out;
use remotemedia_engine::value::Value;

use crate::audio_clock::AudioClock;
use crate::audio_input;

/// Where a stream is: what its items look like and how many frames there were.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AudioStream {
    rate: u32,
    channels: usize,
    clock: AudioClock,
    frames: u64,
}

impl AudioStream {
    /// A stream that begins with `audio`, which is not yet counted.
    pub(crate) fn of(audio: &Audio) -> Self {
        let clock = AudioClock::of(audio);
        Self { rate: audio.sample_rate(), channels: audio.channels(), clock, frames: 0 }
    }

    /// Whether `audio` goes on where the stream is.
    pub(crate) fn is_continued_by(&self, audio: &Audio) -> bool {
        (self.rate, self.channels) == (audio.sample_rate(), audio.channels())
            && !self.clock.has_gap_before(audio)
    }

    /// Adds the frames of `audio`.
    pub(crate) fn add(&mut self, audio: &Audio) {
        self.clock.add(audio);
        self.frames += audio.frames() as u64;
    }

    /// Frames per second.
    pub(crate) fn rate(&self) -> u32 {
        self.rate
    }

    /// Number of channels.
    pub(crate) fn channels(&self) -> usize {
        self.channels
    }

    /// Frames so far.
    pub(crate) fn frames(&self) -> u64 {
        self.frames
    }

    /// The time of a frame in seconds, if the stream has a timestamp.
    pub(crate) fn timestamp(&self, frame: u64) -> Option<f64> {
        self.clock.start().map(|start| start + frame as f64 / f64::from(self.rate))
    }

    /// The time of a frame in seconds, counted from 0 if the stream has no timestamp.
    pub(crate) fn seconds(&self, frame: u64) -> f64 {
        self.timestamp(frame).unwrap_or(frame as f64 / f64::from(self.rate))
    }
}

/// The item as audio without NaN or infinity.
pub(crate) fn finite_audio(item: &Value, input_rate: Option<u32>) -> Result<Rc<Audio>, Failure> {
    let audio = audio_input::audio(item, input_rate)?;
    audio_input::check_finite(&audio.data().elements::<f32>(), audio.frames())?;
    Ok(audio)
}

/// The channels of planar samples; as many empty ones if there are no frames.
pub(crate) fn channels(samples: &[f32], frames: usize, count: usize) -> impl Iterator<Item = &[f32]> {
    (0..count).map(move |channel| samples.get(channel * frames..(channel + 1) * frames).unwrap_or_default())
}

/// Gives audio with the rate, timestamp and frames of `audio` and new samples.
pub(crate) fn emit_like(audio: &Audio, channels: usize, samples: Vec<f32>, out: &mut Out) {
    let (rate, timestamp, frames) = (audio.sample_rate(), audio.timestamp(), audio.frames());
    if let Some(audio) = Audio::new(rate, timestamp, channels, frames, samples.into()) {
        out.emit(audio);
    }
}

/// The amplitude of a level in decibels, full scale 1.
pub(crate) fn amplitude(db: f64) -> f64 {
    10.0f64.powf(db / 20.0)
}
