//! Cuts a stream into overlapping frames.

/// Holds the samples that frames still need.
pub(crate) struct Framer {
    /// Samples per frame, and from one frame to the next.
    len: usize,
    hop: usize,
    /// How far the signal is mirrored at both ends.
    pad: usize,
    /// Samples from some point before the next frame on; until `started`, without what is mirrored.
    held: Vec<f32>,
    /// Where the next frame begins in `held`.
    next: usize,
    started: bool,
}

impl Framer {
    /// Frames of `len` samples every `hop`. If `centered`, frame k is centred on sample k · hop, and the signal goes on
    /// before its start and after its end as its mirror image (not repeating the first and last sample).
    pub(crate) fn new(len: usize, hop: usize, centered: bool) -> Self {
        let pad = if centered { len / 2 } else { 0 };
        Self { len, hop, pad, held: Vec::new(), next: 0, started: pad == 0 }
    }

    pub(crate) fn push(&mut self, samples: &[f32]) {
        self.held.extend_from_slice(samples);
        if !self.started && self.held.len() > self.pad {
            self.start();
        }
    }

    /// The end of the stream.
    pub(crate) fn end(&mut self) {
        if self.held.is_empty() {
            return;
        }
        if !self.started {
            self.start();
        }
        // What was mirrored at the start is not mirrored again at the end, unless the stream is shorter than that.
        let len = self.held.len();
        let tail: Vec<f32> = (0..self.pad).map(|i| self.mirrored(len + i)).collect();
        self.held.extend(tail);
    }

    /// How many frames are complete.
    pub(crate) fn ready(&self) -> usize {
        let rest = if self.started { self.held.len().checked_sub(self.next + self.len) } else { None };
        rest.map_or(0, |rest| rest / self.hop + 1)
    }

    /// The samples from the next frame on.
    pub(crate) fn samples(&self) -> &[f32] {
        self.held.get(self.next..).unwrap_or_default()
    }

    /// Forgets what lies before the frame that is `frames` ahead, but not what the end mirrors.
    pub(crate) fn advance(&mut self, frames: usize) {
        self.next += frames * self.hop;
        let unneeded = self.next.min(self.held.len().saturating_sub(self.pad + 1));
        self.held.drain(..unneeded);
        self.next -= unneeded;
    }

    fn start(&mut self) {
        let head: Vec<f32> = (1..=self.pad).rev().map(|i| self.mirrored(i)).collect();
        self.held.splice(..0, head);
        self.started = true;
    }

    /// The sample at `index` of `held` as if mirrored at its end, again and again if it is short.
    fn mirrored(&self, index: usize) -> f32 {
        let last = self.held.len().saturating_sub(1);
        let phase = index % (2 * last).max(1);
        self.held.get(phase.min(2 * last - phase)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(mut framer: Framer, samples: &[f32], portion: usize) -> Vec<Vec<f32>> {
        let mut all = Vec::new();
        let mut collect = |framer: &mut Framer| {
            let ready = framer.ready();
            all.extend((0..ready).map(|k| framer.samples()[k * framer.hop..][..framer.len].to_vec()));
            framer.advance(ready);
        };
        for part in samples.chunks(portion) {
            framer.push(part);
            collect(&mut framer);
        }
        framer.end();
        collect(&mut framer);
        all
    }

    #[test]
    fn centred_frames_see_the_mirror_image_at_both_ends() {
        let samples = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        for portion in [1, 2, 6] {
            let frames = frames(Framer::new(4, 3, true), &samples, portion);
            assert_eq!(frames, [[2.0, 1.0, 0.0, 1.0], [1.0, 2.0, 3.0, 4.0], [4.0, 5.0, 4.0, 3.0]]);
        }
    }

    #[test]
    fn short_signals_are_mirrored_again_and_again() {
        // As numpy.pad(mode="reflect") does.
        assert_eq!(
            frames(Framer::new(8, 8, true), &[1.0, 2.0], 1),
            [[1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0]]
        );
        assert_eq!(frames(Framer::new(4, 1, true), &[7.0], 1), [[7.0; 4], [7.0; 4]]);
        assert!(frames(Framer::new(4, 1, true), &[], 1).is_empty());
    }

    #[test]
    fn plain_frames_lie_inside_the_signal_also_with_gaps_between_them() {
        let samples = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        for portion in [1, 3, 7] {
            assert_eq!(frames(Framer::new(2, 3, false), &samples, portion), [[0.0, 1.0], [3.0, 4.0]]);
        }
    }
}
