//! The resampling filter applied to long blocks, by overlap-save in the frequency domain (S. Muramatsu and H. Kiya,
//! "Extended overlap-add and -save methods for multirate signal processing", IEEE Trans. Signal Processing 45, 1997):
//! the transform of N source frames, times the filter's response, is taken as the transform of N · up/down output frames.
//!
//! It is the same filter as the direct one, so that outputs may change from one to the other anywhere. They differ by
//! rounding and by what the filter lets through above the lower Nyquist frequency (under −120 dB): here that is nothing.

use std::f64::consts::TAU;

use crate::fft::{self, Fft, SIGNALS, gather, rows_of, scatter};
use crate::resample::design::Filter;
use crate::simd::{C32x4, F32x4};

/// Blocks are no longer than this, so that what is worked on stays in the processor's cache.
const MAX_LEN: usize = 8_192;

/// A shorter block is taken if it costs no more than this times the least.
const NEARLY: f64 = 1.08;

/// Transforms eight blocks at once.
pub(super) struct Blocks {
    forward: Fft,
    inverse: Fft,
    /// For bin 0 and up, below the lower Nyquist frequency: the filter's response, over the block's length.
    response: Vec<f32>,
    /// Source frames of a block that lie before its first output, and the frames from one block to the next.
    pub lead: usize,
    pub step: usize,
    /// Outputs of a block that are not whole, and those that are.
    skipped: usize,
    pub outputs: usize,
    /// From how many blocks on this is faster than the direct way.
    pub worthwhile: usize,
    spectrum: Vec<C32x4>,
    result: Vec<C32x4>,
    scratch: Vec<C32x4>,
}

/// Lengths of a kind of block.
#[derive(Clone, Copy)]
struct Shape {
    /// Source frames and output frames of the transforms.
    source: usize,
    target: usize,
    lead: usize,
    /// Periods of the ratio that come out whole.
    periods: usize,
    /// Vector instructions for eight blocks.
    cost: usize,
}

impl Blocks {
    /// `None` if the ratio of the rates has large primes or the filter is too long, so that the direct way is better.
    pub(super) fn new(filter: &Filter) -> Option<Self> {
        let (up, down) = (usize::try_from(filter.up).ok()?, usize::try_from(filter.down).ok()?);
        if filter.interpolated {
            return None;
        }
        let shapes = (1..=MAX_LEN / down).filter_map(|quarter| Shape::new(filter, up, down, 4 * quarter));
        let shapes: Vec<Shape> = shapes.collect();
        let per_output = |shape: &Shape| shape.cost as f64 / (shape.periods * up) as f64;
        let least = shapes.iter().map(per_output).fold(f64::INFINITY, f64::min);
        // Shorter blocks help with shorter pieces of audio, too.
        let shape = shapes.into_iter().find(|shape| per_output(shape) <= least * NEARLY)?;
        let outputs = shape.periods * up;
        // The direct way takes a multiplication and an addition for every four taps.
        let direct = outputs * filter.width() / 2;
        let worthwhile = shape.cost / direct + 1;
        (worthwhile <= SIGNALS).then_some(Self {
            forward: Fft::new(shape.source)?,
            inverse: Fft::new(shape.target)?,
            response: response(filter, shape.source, shape.source.min(shape.target).div_ceil(2)),
            lead: shape.lead,
            step: shape.periods * down,
            skipped: shape.lead / down * up,
            outputs,
            worthwhile,
            spectrum: vec![C32x4::zero(); shape.source],
            result: vec![C32x4::zero(); shape.target],
            scratch: vec![C32x4::zero(); shape.source.max(shape.target)],
        })
    }

    /// How many blocks, at most eight, lie in `frames` source frames and give no more than `outputs`.
    pub(super) fn count(&self, frames: usize, outputs: usize) -> usize {
        let fitting = frames.checked_sub(self.forward.len()).map_or(0, |rest| rest / self.step + 1);
        fitting.min(outputs / self.outputs).min(SIGNALS)
    }

    /// Fills `outputs`, which are whole blocks. `samples` begin `lead` frames before the place of the first output.
    pub(super) fn run(&mut self, samples: &[f32], outputs: &mut [f32]) {
        gather(rows_of(samples, self.forward.len(), self.step), &mut self.spectrum);
        let Some(scratch) = self.scratch.get_mut(..self.forward.len()) else { return };
        self.forward.run(&mut self.spectrum, scratch);
        self.filter();
        let Some(scratch) = self.scratch.get_mut(..self.inverse.len()) else { return };
        self.inverse.run(&mut self.result, scratch);
        let mut blocks = outputs.chunks_exact_mut(self.outputs);
        // Real and imaginary parts are still exchanged.
        let mut rows: [&mut [f32]; SIGNALS] = std::array::from_fn(|_| blocks.next().unwrap_or_default());
        rows.rotate_left(SIGNALS / 2);
        if let Some(whole) = self.result.get(self.skipped..self.skipped + self.outputs) {
            scatter(whole, &mut rows);
        }
    }

    /// Multiplies and moves bins to where they belong in the shorter or longer transform. Exchanging real and imaginary
    /// parts before and after makes a forward transform an inverse one.
    fn filter(&mut self) {
        let bins = self.response.len().min(self.result.len());
        let (below, above) = self.result.split_at_mut(bins);
        for ((to, from), factor) in below.iter_mut().zip(&self.spectrum).zip(&self.response) {
            *to = from.swap().scale(F32x4::splat(*factor));
        }
        above.fill(C32x4::zero());
        let negative = above.iter_mut().rev().zip(self.spectrum.iter().rev());
        for ((to, from), factor) in negative.zip(self.response.iter().skip(1)) {
            *to = from.swap().scale(F32x4::splat(*factor));
        }
    }
}

impl Shape {
    fn new(filter: &Filter, up: usize, down: usize, periods: usize) -> Option<Self> {
        let (source, target) = (down * periods, up * periods);
        let lead = (filter.half - 1).next_multiple_of(down);
        let whole = source.checked_sub(lead + filter.half)? / down;
        if whole == 0 || source.max(target) > MAX_LEN {
            return None;
        }
        let moves = 4 * (source + target);
        let cost = fft::cost(source)? + fft::cost(target)? + moves;
        Some(Self { source, target, lead, periods: whole, cost })
    }
}

/// The filter's response at the first `bins` multiples of 1/`len` cycles per frame, over `len`: the cosine series of its
/// taps, summed by Clenshaw's recurrence.
fn response(filter: &Filter, len: usize, bins: usize) -> Vec<f32> {
    let taps = filter.right_half();
    let sum = |bin: usize| {
        let cos = (TAU * bin as f64 / len as f64).cos();
        let (mut b1, mut b2) = (0.0, 0.0);
        for &tap in taps.iter().skip(1).rev() {
            (b1, b2) = (2.0 * cos * b1 - b2 + tap, b1);
        }
        2.0 * (cos * b1 - b2) + taps.first().copied().unwrap_or_default()
    };
    let gain = sum(0) * len as f64;
    (0..bins).map(|bin| (sum(bin) / gain) as f32).collect()
}
