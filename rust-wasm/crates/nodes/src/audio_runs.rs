//! Runs of loud or quiet samples that go on from item to item.

use remotemedia_engine::value::Value;

use crate::audio_stream::AudioStream;

/// Which samples belong to a run: those whose magnitude is not below the threshold, or those where it is.
#[derive(Clone, Copy)]
pub(crate) struct Rule {
    pub threshold: f32,
    pub loud: bool,
}

impl Rule {
    fn takes(self, sample: f32) -> bool {
        (sample.abs() >= self.threshold) == self.loud
    }

    /// Goes through samples of which the first is frame `first` of the stream. `run` is the length of the run that lasts
    /// before them, then of the one that lasts after them. Every run that ends is `found`: its first frame, and the one
    /// after its last.
    pub(crate) fn scan(self, samples: &[f32], first: u64, run: &mut u64, found: &mut dyn FnMut(u64, u64)) {
        let mut rest = samples;
        let mut at = first;
        while !rest.is_empty() {
            let inside = length(rest, |sample| self.takes(sample));
            *run += inside as u64;
            at += inside as u64;
            rest = rest.get(inside..).unwrap_or_default();
            if rest.is_empty() {
                return;
            }
            if *run > 0 {
                found(at.saturating_sub(*run), at);
                *run = 0;
            }
            let outside = length(rest, |sample| !self.takes(sample));
            at += outside as u64;
            rest = rest.get(outside..).unwrap_or_default();
        }
    }
}

/// How many samples at the start are as they should be.
fn length(samples: &[f32], is_so: impl Fn(f32) -> bool) -> usize {
    samples.iter().position(|sample| !is_so(*sample)).unwrap_or(samples.len())
}

/// When a run began and ended.
pub(crate) fn times(stream: &AudioStream, start: u64, end: u64) -> [(&'static str, Value); 2] {
    [("start_s", stream.seconds(start).into()), ("end_s", stream.seconds(end).into())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(rule: Rule, parts: &[&[f32]]) -> (Vec<(u64, u64)>, u64) {
        let (mut found, mut run, mut first) = (Vec::new(), 0, 0);
        for part in parts {
            rule.scan(part, first, &mut run, &mut |start, end| found.push((start, end)));
            first += part.len() as u64;
        }
        (found, run)
    }

    #[test]
    fn runs_go_on_across_parts() {
        let (loud, quiet) = (Rule { threshold: 0.5, loud: true }, Rule { threshold: 0.5, loud: false });
        let samples = [0.5, -0.6, 0.4, 0.0, 1.0, 0.1, -1.0];
        for at in 0..=7 {
            let (before, after) = samples.split_at(at);
            assert_eq!(runs(loud, &[before, &[], after]), (vec![(0, 2), (4, 5)], 1));
            assert_eq!(runs(quiet, &[before, after]), (vec![(2, 4), (5, 6)], 0));
        }
    }
}
