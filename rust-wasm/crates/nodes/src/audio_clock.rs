//! Where a stream of audio items is in time, and where it has a gap.

use remotemedia_engine::array::Audio;

/// Counts the frames of a stream since its start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AudioClock {
    rate: f64,
    /// Time of the first frame in seconds, once it is known.
    start: Option<f64>,
    frames: u64,
}

impl AudioClock {
    /// For a stream that begins with `audio`.
    pub(crate) fn of(audio: &Audio) -> Self {
        Self { rate: f64::from(audio.sample_rate()), start: audio.timestamp(), frames: 0 }
    }

    /// Whether `audio` begins more than half a sample from where the stream ended.
    pub(crate) fn has_gap_before(&self, audio: &Audio) -> bool {
        match (self.start, audio.timestamp()) {
            (Some(start), Some(timestamp)) => {
                (timestamp - (start + self.frames as f64 / self.rate)).abs() > 0.5 / self.rate
            }
            _ => false,
        }
    }

    /// Adds the frames of `audio`. The first timestamp dates the whole stream.
    pub(crate) fn add(&mut self, audio: &Audio) {
        if self.start.is_none() {
            self.start = audio.timestamp().map(|timestamp| timestamp - self.frames as f64 / self.rate);
        }
        self.frames += audio.frames() as u64;
    }

    /// Time of the first frame in seconds, if known.
    pub(crate) fn start(&self) -> Option<f64> {
        self.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audio(timestamp: Option<f64>) -> Audio {
        Audio::new(1000, timestamp, 1, 10, vec![0.0f32; 10].into()).unwrap()
    }

    #[test]
    fn half_a_sample_is_no_gap() {
        let mut clock = AudioClock::of(&audio(Some(1.0)));
        clock.add(&audio(Some(1.0)));
        assert!(!clock.has_gap_before(&audio(Some(1.0104))));
        assert!(!clock.has_gap_before(&audio(None)));
        assert!(clock.has_gap_before(&audio(Some(1.0106))));
        assert!(clock.has_gap_before(&audio(Some(1.0094))));
    }

    #[test]
    fn the_first_timestamp_dates_the_stream() {
        let mut clock = AudioClock::of(&audio(None));
        clock.add(&audio(None));
        clock.add(&audio(Some(5.0)));
        assert!((clock.start().unwrap() - 4.99).abs() < 1e-12);
        assert_eq!(clock.frames, 20);
    }
}
