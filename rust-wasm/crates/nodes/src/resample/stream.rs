//! A stream that is resampled piece by piece, with the same result as all at once.

use remotemedia_engine::error::Failure;

use crate::resample::design::{Filter, LANES};

/// Samples that are still needed, and the position of the next output.
pub(super) struct Stream {
    /// Per channel, from source frame `first` on; frames before 0 are zeros.
    held: Vec<Vec<f32>>,
    /// The source frame at which `held` begins.
    first: i64,
    /// Source frames taken.
    taken: u64,
    /// Output frames given.
    given: u64,
    /// Position of the next output: a source frame, and a part of one in units of 1/up.
    frame: i64,
    part: u64,
}

impl Stream {
    pub(super) fn new(filter: &Filter, channels: usize) -> Self {
        let before = filter.half - 1;
        let held = vec![vec![0.0; before]; channels];
        Self { held, first: -(before as i64), taken: 0, given: 0, frame: 0, part: 0 }
    }

    /// Output frames given so far.
    pub(super) fn given(&self) -> u64 {
        self.given
    }

    /// Takes planar samples and gives, planar, all frames whose filter they complete.
    pub(super) fn take(
        &mut self,
        filter: &Filter,
        samples: &[f32],
        frames: usize,
    ) -> Result<Vec<f32>, Failure> {
        let ready = self.ready(filter, self.taken + frames as u64);
        let output = self.reserve(ready)?;
        for (held, channel) in self.held.iter_mut().zip(samples.chunks_exact(frames.max(1))) {
            held.extend_from_slice(channel);
        }
        self.taken += frames as u64;
        Ok(self.give(filter, ready, output))
    }

    /// The end of the stream: gives what is left, as if zeros followed.
    pub(super) fn finish(&mut self, filter: &Filter) -> Result<Vec<f32>, Failure> {
        let left = filter.output_frames(self.taken) - self.given;
        let output = self.reserve(left)?;
        for held in &mut self.held {
            held.extend(std::iter::repeat_n(0.0, filter.half));
        }
        Ok(self.give(filter, left, output))
    }

    /// How many outputs need no more than the first `taken` source frames.
    fn ready(&self, filter: &Filter, taken: u64) -> u64 {
        // Output k reads up to frame ⌊k·down/up⌋ + half, which must be below `taken`.
        let Some(positions) = taken.checked_sub(filter.half as u64) else { return 0 };
        let outputs =
            (u128::from(positions) * u128::from(filter.up)).div_ceil(u128::from(filter.down)) as u64;
        outputs.saturating_sub(self.given)
    }

    fn reserve(&self, frames: u64) -> Result<Vec<f32>, Failure> {
        let size = usize::try_from(frames).ok().and_then(|frames| frames.checked_mul(self.held.len()));
        let mut output = Vec::new();
        let reserved = size.is_some_and(|size| output.try_reserve_exact(size).is_ok());
        if reserved { Ok(output) } else { Err(Failure::new(format!("no memory for {frames} frames"))) }
    }

    fn give(&mut self, filter: &Filter, frames: u64, mut output: Vec<f32>) -> Vec<f32> {
        let (step, step_part) = ((filter.down / filter.up) as i64, filter.down % filter.up);
        let mut end = (self.frame, self.part);
        for held in &mut self.held {
            // Padding coefficients are zero but still read.
            held.extend([0.0; LANES]);
            let (mut frame, mut part) = (self.frame, self.part);
            for _ in 0..frames {
                let start = (frame + 1 - filter.half as i64 - self.first) as usize;
                let samples = held.get(start..start + filter.width()).unwrap_or_default();
                output.push(at_phase(filter, samples, part));
                frame += step;
                part += step_part;
                if part >= filter.up {
                    part -= filter.up;
                    frame += 1;
                }
            }
            held.truncate(held.len() - LANES);
            end = (frame, part);
        }
        (self.frame, self.part) = end;
        self.given += frames;
        let used = (self.frame + 1 - filter.half as i64 - self.first).max(0) as usize;
        for held in &mut self.held {
            held.drain(..used.min(held.len()));
        }
        self.first += used as i64;
        output
    }
}

/// The output at `part`/up behind the middle of `samples`.
fn at_phase(filter: &Filter, samples: &[f32], part: u64) -> f32 {
    if !filter.interpolated {
        return dot(samples, filter.row(part));
    }
    let position = part as f64 / filter.up as f64 * filter.phases as f64;
    let row = position as u64;
    let weight = (position - row as f64) as f32;
    let (below, above) = (dot(samples, filter.row(row)), dot(samples, filter.row(row + 1)));
    below + weight * (above - below)
}

/// Dot product with independent sums, which the compiler keeps in SIMD registers.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; LANES];
    for (a, b) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    // In f64 and in one order: the same bits on every machine, and nothing lost at the end.
    sums.iter().map(|&sum| f64::from(sum)).sum::<f64>() as f32
}
