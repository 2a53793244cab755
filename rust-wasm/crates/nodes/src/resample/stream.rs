//! A stream that is resampled piece by piece, with the same result as all at once.

use remotemedia_engine::error::Failure;

use crate::resample::kernel::{Kernel, Place};

/// Samples that are still needed, and the place of the next output.
pub(super) struct Stream {
    /// Per channel, from source frame `first` on; frames before 0 are zeros.
    held: Vec<Vec<f32>>,
    first: i64,
    /// Source frames taken.
    taken: u64,
    /// Output frames given.
    given: u64,
    next: Place,
}

impl Stream {
    pub(super) fn new(kernel: &Kernel, channels: usize) -> Self {
        let before = kernel.before();
        let held = vec![vec![0.0; before]; channels];
        Self { held, first: -(before as i64), taken: 0, given: 0, next: Place::default() }
    }

    /// Output frames given so far.
    pub(super) fn given(&self) -> u64 {
        self.given
    }

    /// Takes planar samples and puts, planar, all frames whose filter they complete into `output`; gives their number.
    /// Nothing is allocated but what `output` and the held samples lack; that they keep.
    pub(super) fn take(
        &mut self,
        kernel: &mut Kernel,
        samples: &[f32],
        frames: usize,
        output: &mut Vec<f32>,
    ) -> Result<usize, Failure> {
        let ready = kernel.outputs_before(self.taken + frames as u64).saturating_sub(self.given);
        let ready = self.reserve(ready, output)?;
        let mut end = self.next;
        let mut first = self.first;
        let mut outputs = output.chunks_exact_mut(ready.max(1));
        for (held, samples) in self.held.iter_mut().zip(samples.chunks_exact(frames.max(1))) {
            let output = outputs.next().unwrap_or_default();
            (end, first) = (self.next, self.first);
            // Outputs that need older samples come from a joint of those and the new ones, the others from where the
            // samples are.
            let (joint, rest) = samples.split_at(samples.len().min(kernel.width()));
            held.extend_from_slice(joint);
            let done = kernel.run(held, first, &mut end, output);
            if !rest.is_empty() {
                held.clear();
                first = self.taken as i64;
                kernel.run(samples, first, &mut end, output.get_mut(done..).unwrap_or_default());
            }
            let used = (kernel.start(end) - first).max(0) as usize;
            if rest.is_empty() {
                held.drain(..used.min(held.len()));
            } else {
                held.extend_from_slice(samples.get(used..).unwrap_or_default());
            }
            first += used as i64;
        }
        self.taken += frames as u64;
        self.given += ready as u64;
        (self.next, self.first) = (end, first);
        Ok(ready)
    }

    /// The end of the stream: what is left, as if zeros followed. Like [`Stream::take`].
    pub(super) fn finish(&mut self, kernel: &mut Kernel, output: &mut Vec<f32>) -> Result<usize, Failure> {
        let left = kernel.output_frames(self.taken) - self.given;
        let left = self.reserve(left, output)?;
        let mut outputs = output.chunks_exact_mut(left.max(1));
        for held in &mut self.held {
            held.extend(std::iter::repeat_n(0.0, kernel.half()));
            let mut place = self.next;
            kernel.run(held, self.first, &mut place, outputs.next().unwrap_or_default());
        }
        self.given += left as u64;
        Ok(left)
    }

    /// Makes `output` as long as `frames` of all channels.
    fn reserve(&self, frames: u64, output: &mut Vec<f32>) -> Result<usize, Failure> {
        output.clear();
        let size = usize::try_from(frames).ok().and_then(|frames| frames.checked_mul(self.held.len()));
        match size.map(|size| (size, output.try_reserve_exact(size))) {
            Some((size, Ok(()))) => output.resize(size, 0.0),
            _ => return Err(Failure::new(format!("no memory for {frames} frames"))),
        }
        Ok(frames as usize)
    }
}
