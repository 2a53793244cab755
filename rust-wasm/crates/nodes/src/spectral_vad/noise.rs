//! How loud the noise in a band is while somebody may be speaking.
//!
//! Minima-controlled recursive averaging (I. Cohen & B. Berdugo, "Noise estimation by minima controlled recursive
//! averaging for robust speech enhancement", IEEE Signal Processing Letters 9, 2002): the noise is averaged while the power
//! is near its least of the last seconds, which speech, with its pauses, never fills (R. Martin, "Noise power spectral
//! density estimation based on optimal smoothing and minimum statistics", IEEE Trans. Speech Audio Proc. 9, 2001).

/// The least power is that of this many stretches, the last of which is under way.
const STRETCHES: usize = 6;
/// Seconds of a stretch.
const STRETCH: f64 = 0.45;
/// Seconds at the start of a stream that are averaged whatever they are.
const START: f64 = 0.24;
/// Time constants in seconds: of the power whose least is looked for, and of the noise.
const SMOOTH: f64 = 0.059;
const AVERAGE: f64 = 0.285;
/// Power above this many times its least is speech.
const SPEECH: f64 = 5.0;
/// The noise is at most this many times the least power.
const MOST: f64 = 6.0;

/// What these times are in frames of some length.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    smooth: f64,
    average: f64,
    stretch: u64,
    start: u64,
}

/// How much of the old value a recursive average keeps in a frame.
pub(crate) fn keep(frame_s: f64, time_constant: f64) -> f64 {
    (-frame_s / time_constant).exp()
}

impl Pace {
    pub(crate) fn of(frame_s: f64) -> Self {
        let count = |seconds: f64| (seconds / frame_s).round().max(1.0) as u64;
        Self {
            smooth: keep(frame_s, SMOOTH),
            average: keep(frame_s, AVERAGE),
            stretch: count(STRETCH),
            start: count(START),
        }
    }
}

/// The noise of one band.
#[derive(Clone, Copy)]
pub(crate) struct Noise {
    pub level: f64,
    smooth: f64,
    minima: [f64; STRETCHES],
}

impl Noise {
    /// The first frame is taken for noise.
    pub(crate) fn of(power: f64) -> Self {
        Self { level: power, smooth: power, minima: [f64::INFINITY; STRETCHES] }
    }

    /// Takes the power of frame number `frame`.
    pub(crate) fn update(&mut self, power: f64, frame: u64, pace: &Pace) {
        self.smooth = mix(self.smooth, power, pace.smooth);
        if frame > 0 && frame.is_multiple_of(pace.stretch) {
            self.minima.rotate_left(1);
            if let Some(last) = self.minima.last_mut() {
                *last = f64::INFINITY;
            }
        }
        if let Some(last) = self.minima.last_mut() {
            *last = last.min(self.smooth);
        }
        let least = self.minima.iter().copied().fold(f64::INFINITY, f64::min);
        let kept = if frame < pace.start {
            frame as f64 / (frame + 1) as f64
        } else if self.smooth > SPEECH * least {
            1.0
        } else {
            pace.average
        };
        self.level = mix(self.level, power, kept).min(MOST * least);
    }
}

/// A recursive average that keeps this part of the old value.
pub(crate) fn mix(old: f64, new: f64, kept: f64) -> f64 {
    kept * old + (1.0 - kept) * new
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(powers: impl Iterator<Item = f64>) -> f64 {
        let pace = Pace::of(0.03);
        let mut noise = Noise::of(1.0);
        powers.enumerate().for_each(|(frame, power)| noise.update(power, frame as u64, &pace));
        noise.level
    }

    #[test]
    fn loud_stretches_are_not_noise_and_lasting_changes_are() {
        let quiet = || (0..100).map(|n| if n % 2 == 0 { 0.5 } else { 1.5 });
        assert!((after(quiet()) - 1.0).abs() < 0.2);
        assert!((after(quiet().chain([1000.0; 30])) - 1.0).abs() < 0.2, "a second of speech");
        assert!(
            (after(quiet().chain([1000.0; 160])) - 1000.0).abs() < 10.0,
            "more than the memory of the minima"
        );
        assert!((after(quiet().chain([0.001; 30])) - 0.001).abs() < 0.01, "quieter at once");
    }

    #[test]
    fn a_stream_that_begins_with_speech_is_right_after_its_first_pause() {
        assert!(after([900.0; 20].into_iter().chain([1.0; 20])) < 10.0);
    }
}
