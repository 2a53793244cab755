//! What the detectors of speech share: where the frames of a stream lie, how speech lasts, and the form of the output.

use std::rc::Rc;

use remotemedia_engine::array::{Audio, Tensor};
use remotemedia_engine::error::Failure;
use remotemedia_engine::node::Params;
use remotemedia_engine::value::Value;

use crate::audio_clock::AudioClock;

/// Beyond this a frame never ends, on any machine.
const MAX_FRAME: f64 = u32::MAX as f64;

/// Frames of equal length, one after the other from the start of a stream.
#[derive(Clone, Copy)]
pub(crate) struct Frames {
    rate: u32,
    /// In samples.
    length: usize,
    clock: AudioClock,
    /// How many are complete.
    judged: u64,
}

impl Frames {
    /// Of a stream that begins with `audio`.
    pub(crate) fn of(audio: &Audio, frame_ms: f64) -> Self {
        let length = (f64::from(audio.sample_rate()) * frame_ms / 1000.0 + 0.5).floor();
        let length = length.clamp(1.0, MAX_FRAME) as usize;
        Self { rate: audio.sample_rate(), length, clock: AudioClock::of(audio), judged: 0 }
    }

    /// Whether `audio` goes on where the stream is.
    pub(crate) fn are_continued_by(&self, audio: &Audio) -> bool {
        self.rate == audio.sample_rate() && !self.clock.has_gap_before(audio)
    }

    /// Samples in a frame.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// Counts `audio`, which completes the frames of `flags`, and says so.
    pub(crate) fn report(
        &mut self,
        audio: Rc<Audio>,
        flags: Option<Rc<Tensor>>,
    ) -> [(&'static str, Value); 5] {
        self.clock.add(&audio);
        let rate = f64::from(self.rate);
        let start_s = self.clock.start().unwrap_or(0.0) + (self.judged * self.length as u64) as f64 / rate;
        let bytes = flags.as_ref().map(|flags| flags.data().bytes()).unwrap_or_default();
        self.judged += bytes.len() as u64;
        let is_speech = bytes.contains(&1);
        [
            ("audio", Value::Audio(audio)),
            ("is_speech", is_speech.into()),
            ("flags", flags.map_or(Value::Null, Value::Tensor)),
            ("frame_s", (self.length as f64 / rate).into()),
            ("start_s", start_s.into()),
        ]
    }
}

/// When speech begins and how long it lasts.
#[derive(Clone, Copy)]
pub(crate) struct Rule {
    /// Speech begins above this, and lasts while above that.
    pub begin: f64,
    pub last: f64,
    /// Frames after that which still are speech.
    pub hang_over: u64,
}

impl Rule {
    /// From the params of a node: the names of the two thresholds, of which the second may be absent.
    pub(crate) fn new(params: &Params, begin: &str, last: &str, frame_ms: f64) -> Result<Self, Failure> {
        let threshold = params.number(begin)?;
        // An absent param is not a number; one of a wrong type has been refused by the plan.
        let release = params.number(last).unwrap_or(threshold);
        if release > threshold {
            return Err(Failure::new(format!("{last} {release} is greater than {begin} {threshold}")));
        }
        Ok(Self { begin: threshold, last: release, hang_over: hang_over(params, frame_ms)? })
    }
}

/// The param `hang_over_ms` in frames.
pub(crate) fn hang_over(params: &Params, frame_ms: f64) -> Result<u64, Failure> {
    Ok((params.number("hang_over_ms")? / frame_ms).ceil() as u64)
}

/// Whether there is speech, from frame to frame.
#[derive(Clone, Copy, Default)]
pub(crate) struct State {
    active: bool,
    /// Frames that still are speech.
    left: u64,
}

impl State {
    /// Whether the next frame, of this level, is speech.
    pub(crate) fn step(&mut self, level: f64, rule: &Rule) -> bool {
        self.active = level > if self.active { rule.last } else { rule.begin };
        let is_speech = self.active || self.left > 0;
        self.left = if self.active { rule.hang_over } else { self.left.saturating_sub(1) };
        is_speech
    }

    /// Whether the last frame was speech by its level, not only by what hangs over.
    pub(crate) fn is_active(&self) -> bool {
        self.active
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speech(rule: Rule, levels: &[f64]) -> Vec<u8> {
        let mut state = State::default();
        levels.iter().map(|&level| u8::from(state.step(level, &rule))).collect()
    }

    #[test]
    fn speech_lasts_down_to_the_second_threshold() {
        let rule = Rule { begin: 5.0, last: 2.0, hang_over: 0 };
        assert_eq!(speech(rule, &[3.0, 6.0, 3.0, 2.0, 3.0, 5.0, 5.1]), [0, 1, 1, 0, 0, 0, 1]);
    }

    #[test]
    fn what_hangs_over_does_not_begin_speech_again() {
        let rule = Rule { begin: 5.0, last: 2.0, hang_over: 2 };
        assert_eq!(speech(rule, &[6.0, 1.0, 3.0, 3.0, 6.0, 0.0, 0.0, 0.0]), [1, 1, 1, 0, 1, 1, 1, 0]);
    }

    #[test]
    fn a_second_at_16_khz_has_33_whole_frames() {
        let length = |rate: u32, ms: f64| {
            Frames::of(&Audio::new(rate, None, 1, 0, Vec::<f32>::new().into()).unwrap(), ms).length()
        };
        assert_eq!((length(16_000, 30.0), length(22_050, 10.0), length(8_000, 0.01)), (480, 221, 1));
        assert_eq!(length(u32::MAX, 1e300), u32::MAX as usize);
    }
}
