//! Is there speech? The likelihood ratio of J. Sohn, N. S. Kim & W. Sung, "A statistical model-based voice activity
//! detection", IEEE Signal Processing Letters 6, 1999: spectra of speech and of noise are Gaussian, and the a-priori
//! signal-to-noise ratio is estimated decision-directed (Y. Ephraim & D. Malah, IEEE Trans. ASSP 32, 1984).
//!
//! Theirs is a fixed threshold. Noise that varies, as voices in the background do, has large ratios of its own, so here
//! the threshold is at least some times what the ratio usually is where no speech was found.

use super::noise::{Noise, Pace, keep, mix};
use crate::vad_frames::{Rule, State};

/// The least a-priori signal-to-noise ratio, −25 dB.
const LEAST_RATIO: f64 = 0.003_162_277_660_168_38;
/// Time constants in seconds: of the a-priori ratio, of the score, of its usual size; and how fast that grows by a factor e
/// while there is speech, so that an error does not last.
const DIRECTED: f64 = 0.084;
const SCORE: f64 = 0.043;
const USUAL: f64 = 1.485;
const GROWTH: f64 = 3.0;
/// The usual size of the score in the beginning.
const FIRST_USUAL: f64 = 0.1;
/// More than this many times the threshold counts no more, or the score of loud speech would last long after it.
const MOST: f64 = 2.0;

/// When a score is speech.
#[derive(Clone, Copy)]
pub(crate) struct Threshold {
    /// The least score.
    pub least: f64,
    /// How many times the usual score of noise.
    pub noise_factor: f64,
    /// The part of it above which speech lasts.
    pub release: f64,
    pub hang_over: u64,
}

/// One stream.
pub(crate) struct Detector {
    pace: Pace,
    directed: f64,
    kept_score: f64,
    kept_usual: f64,
    growth: f64,
    bands: Vec<Band>,
    frame: u64,
    score: f64,
    usual: f64,
    state: State,
}

struct Band {
    noise: Noise,
    /// The power of speech in the frame before.
    speech: f64,
}

impl Detector {
    /// For frames of this many seconds.
    pub(crate) fn new(frame_s: f64) -> Self {
        Self {
            pace: Pace::of(frame_s),
            directed: keep(frame_s, DIRECTED),
            kept_score: keep(frame_s, SCORE),
            kept_usual: keep(frame_s, USUAL),
            growth: (frame_s / GROWTH).exp(),
            bands: Vec::new(),
            frame: 0,
            score: 0.0,
            usual: FIRST_USUAL,
            state: State::default(),
        }
    }

    /// Takes the powers of the next frame's bands; gives its score, of which 1 begins speech, and whether it is speech.
    pub(crate) fn step(&mut self, powers: impl Iterator<Item = f64>, threshold: &Threshold) -> (f64, bool) {
        let mut sum = 0.0;
        for (index, power) in powers.enumerate() {
            if self.bands.len() == index {
                self.bands.push(Band { noise: Noise::of(power), speech: 0.0 });
            }
            if let Some(band) = self.bands.get_mut(index) {
                sum += band.log_likelihood_ratio(power, self.directed);
                band.noise.update(power, self.frame, &self.pace);
            }
        }
        self.frame += 1;
        self.decide(sum / self.bands.len().max(1) as f64, threshold)
    }

    fn decide(&mut self, ratio: f64, threshold: &Threshold) -> (f64, bool) {
        let begin = threshold.least.max(threshold.noise_factor * self.usual);
        self.score = mix(self.score, ratio.min(MOST * begin), self.kept_score);
        let rule = Rule { begin, last: threshold.release * begin, hang_over: threshold.hang_over };
        let is_speech = self.state.step(self.score, &rule);
        self.usual = if self.state.is_active() {
            self.usual * self.growth
        } else {
            mix(self.usual, self.score.abs(), self.kept_usual)
        };
        (self.score / begin, is_speech)
    }
}

impl Band {
    /// Of the frame: speech and noise against noise alone.
    fn log_likelihood_ratio(&mut self, power: f64, directed: f64) -> f64 {
        let posterior = power / self.noise.level;
        let prior = mix(self.speech / self.noise.level, (posterior - 1.0).max(0.0), directed);
        let prior = prior.max(LEAST_RATIO);
        let gain = prior / (1.0 + prior);
        self.speech = gain * gain * power;
        posterior * gain - (1.0 + prior).ln()
    }
}
