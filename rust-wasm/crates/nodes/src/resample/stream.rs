//! Applies the filter to a stream of audio in pieces of any length.

use super::filter::Filter;

/// Resamples one stream. Output frame k stands at source position k · M / L; frames before the first and after the
/// last count as zero.
#[derive(Debug)]
pub(crate) struct Stream {
    filter: Filter,
    /// Per channel: the source frames that outputs still need, the first of them at `start`.
    history: Vec<Vec<f32>>,
    /// Source index of the first frame in `history`; negative while it is the silence before the stream.
    start: i64,
    /// Source frames received.
    received: i64,
    /// The next output stands at source position `index + numerator / L`.
    index: i64,
    numerator: u64,
}

impl Stream {
    pub fn new(filter: Filter, channels: usize) -> Self {
        let silence = filter.half - 1;
        Self {
            history: vec![vec![0.0; silence]; channels],
            start: -(silence as i64),
            received: 0,
            index: 0,
            numerator: 0,
            filter,
        }
    }

    /// Takes the next source frames, one slice per channel, and gives the output frames that they complete.
    pub fn process<'a>(&mut self, channels: impl Iterator<Item = &'a [f32]>) -> Vec<Vec<f32>> {
        let mut frames = 0;
        for (history, channel) in self.history.iter_mut().zip(channels) {
            history.extend_from_slice(channel);
            frames = channel.len();
        }
        self.received += frames as i64;
        let outputs = self.output(self.received - self.filter.half as i64);
        self.forget();
        outputs
    }

    /// Gives the rest: in total there are ceil(received · L / M) output frames.
    pub fn flush(&mut self) -> Vec<Vec<f32>> {
        for history in &mut self.history {
            history.resize(history.len() + self.filter.half, 0.0);
        }
        self.output(self.received)
    }

    /// All outputs whose source index is below `end`.
    fn output(&mut self, end: i64) -> Vec<Vec<f32>> {
        let (mut index, mut numerator) = (self.index, self.numerator);
        let mut outputs = Vec::with_capacity(self.history.len());
        for history in &self.history {
            (index, numerator) = (self.index, self.numerator);
            let mut output = Vec::with_capacity(self.expected(end));
            while index < end {
                let first = (index + 1 - self.filter.half as i64 - self.start) as usize;
                let window = history.get(first..first + self.filter.taps()).unwrap_or_default();
                output.push(self.filter.apply(numerator, window));
                numerator += self.filter.m;
                index += (numerator / self.filter.l) as i64;
                numerator %= self.filter.l;
            }
            outputs.push(output);
        }
        (self.index, self.numerator) = (index, numerator);
        outputs
    }

    fn expected(&self, end: i64) -> usize {
        let frames = (end - self.index).max(0) as u64;
        (frames * self.filter.l / self.filter.m + 1) as usize
    }

    /// Drops the frames that no further output needs.
    fn forget(&mut self) {
        let needed = (self.index + 1 - self.filter.half as i64).min(self.received);
        let surplus = (needed - self.start).max(0) as usize;
        // Moving the rest costs as much as it is long, so small surpluses wait.
        if surplus < self.filter.taps() {
            return;
        }
        for history in &mut self.history {
            history.drain(..surplus.min(history.len()));
        }
        self.start += surplus as i64;
    }
}

#[cfg(test)]
mod tests {
    use super::super::filter::Quality;
    use super::*;

    const HIGH: Quality = Quality { pass: 0.91, attenuation: 120.0 };

    fn whole(source: u32, target: u32, input: &[f32], chunk: usize) -> Vec<f32> {
        let mut stream = Stream::new(Filter::new(source, target, HIGH), 1);
        let mut output = Vec::new();
        for piece in input.chunks(chunk) {
            output.extend(stream.process(std::iter::once(piece)).remove(0));
        }
        output.extend(stream.flush().remove(0));
        output
    }

    fn sine(rate: u32, hertz: f64, frames: usize) -> Vec<f32> {
        let step = 2.0 * std::f64::consts::PI * hertz / f64::from(rate);
        (0..frames).map(|n| (step * n as f64).sin() as f32).collect()
    }

    #[test]
    fn length_is_exact_and_chunks_do_not_matter() {
        for (source, target) in [(48_000, 16_000), (44_100, 16_000), (8_000, 48_000), (44_101, 16_000)] {
            for frames in [0, 1, 2, 7, 441, 4_800] {
                let input = sine(source, 440.0, frames);
                let expected = whole(source, target, &input, usize::MAX);
                let length = (frames as u64 * u64::from(target)).div_ceil(u64::from(source));
                assert_eq!(expected.len() as u64, length, "{source} {target} {frames}");
                for chunk in [1, 7, 160, 441] {
                    assert_eq!(whole(source, target, &input, chunk), expected, "{source} {target} {chunk}");
                }
            }
        }
    }

    #[test]
    fn a_tone_stays_the_same_tone_at_the_same_time() {
        for (source, target) in [(48_000, 16_000), (44_100, 16_000), (16_000, 44_100)] {
            let output = whole(source, target, &sine(source, 1_000.0, source as usize), 1_000);
            let expected = sine(target, 1_000.0, target as usize);
            let middle = output.len() / 4..output.len() * 3 / 4;
            for (k, (a, b)) in output.iter().zip(&expected).enumerate() {
                // A shift by a tenth of a frame would be 0.01 to 0.04.
                assert!(!middle.contains(&k) || (a - b).abs() < 5e-6, "{source} {target} {k}: {a} {b}");
            }
        }
    }

    #[test]
    fn an_impulse_lands_at_its_place() {
        let mut input = vec![0.0; 4_800];
        input[2_400] = 1.0;
        let output = whole(48_000, 16_000, &input, 480);
        let peak = (0..output.len()).max_by(|a, b| output[*a].total_cmp(&output[*b]));
        assert_eq!(peak, Some(800));
        assert!((output[799] - output[801]).abs() < 1e-7);
    }

    #[test]
    fn what_lies_above_the_target_is_gone() {
        let output = whole(48_000, 16_000, &sine(48_000, 10_000.0, 48_000), 4_096);
        let middle = &output[output.len() / 4..output.len() * 3 / 4];
        let rms = (middle.iter().map(|x| f64::from(x * x)).sum::<f64>() / middle.len() as f64).sqrt();
        assert!(rms < 1e-5, "{rms}"); // -97 dB below the tone
    }
}
