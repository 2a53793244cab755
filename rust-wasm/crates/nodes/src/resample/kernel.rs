//! One filter and the two ways to apply it: output by output, or in long blocks.

use crate::resample::blocks::Blocks;
use crate::resample::design::{Filter, Quality};
use crate::resample::fir;

/// Where an output stands: a source frame, and a part of one in units of 1/up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Place {
    frame: i64,
    part: u64,
}

/// The filter for a pair of rates, and the memory that applying it takes.
pub(super) struct Kernel {
    filter: Filter,
    blocks: Option<Blocks>,
}

impl Kernel {
    pub(super) fn new(source: u32, target: u32, quality: Quality) -> Self {
        let filter = Filter::new(source, target, quality);
        let blocks = Blocks::new(&filter);
        Self { filter, blocks }
    }

    /// Source frames that an output reads from its own on.
    pub(super) fn half(&self) -> usize {
        self.filter.half
    }

    /// Source frames that an output reads.
    pub(super) fn width(&self) -> usize {
        self.filter.width()
    }

    /// Source frames that the first output reads before its own.
    pub(super) fn before(&self) -> usize {
        self.filter.width() - self.filter.half - 1
    }

    /// The first source frame that the output at `place` reads.
    pub(super) fn start(&self, place: Place) -> i64 {
        place.frame - self.before() as i64
    }

    /// Output frames of a stream of `frames`.
    pub(super) fn output_frames(&self, frames: u64) -> u64 {
        (u128::from(frames) * u128::from(self.filter.up)).div_ceil(u128::from(self.filter.down)) as u64
    }

    /// How many outputs read only the first `frames` of the stream.
    pub(super) fn outputs_before(&self, frames: u64) -> u64 {
        // Output k reads up to frame ⌊k·down/up⌋ + half.
        self.output_frames(frames.saturating_sub(self.filter.half as u64))
    }

    /// Writes the outputs from `place` on that read only `samples`, as far as `output` goes, and moves `place` behind
    /// them. `samples` begin with source frame `first`, which is not after the first that the output at `place` reads.
    pub(super) fn run(
        &mut self,
        samples: &[f32],
        first: i64,
        place: &mut Place,
        output: &mut [f32],
    ) -> usize {
        let end = first + samples.len() as i64 - self.filter.half as i64;
        let mut done = 0;
        while let Some(rest) = output.get_mut(done..)
            && !rest.is_empty()
            && place.frame < end
        {
            let here = &Span { samples, first, end };
            done += match self.blocks_at(here, *place, rest.len()) {
                0 => self.run_direct(here, place, rest),
                count => self.run_blocks(count, here, place, rest),
            };
        }
        done
    }

    /// How many blocks can start at `place`; 0 if they would not help.
    fn blocks_at(&self, span: &Span, place: Place, outputs: usize) -> usize {
        let Some(blocks) = self.blocks.as_ref().filter(|_| place.part == 0) else { return 0 };
        let Ok(start) = usize::try_from(place.frame - blocks.lead as i64 - span.first) else { return 0 };
        let count = blocks.count(span.samples.len().saturating_sub(start), outputs);
        if count >= blocks.worthwhile { count } else { 0 }
    }

    /// Writes `count` blocks and returns how many outputs they have.
    fn run_blocks(&mut self, count: usize, span: &Span, place: &mut Place, output: &mut [f32]) -> usize {
        let Some(blocks) = &mut self.blocks else { return 0 };
        let start = (place.frame - blocks.lead as i64 - span.first) as usize;
        let outputs = count * blocks.outputs;
        if let (Some(samples), Some(output)) = (span.samples.get(start..), output.get_mut(..outputs)) {
            blocks.run(samples, output);
        }
        place.frame += (count * blocks.step) as i64;
        outputs
    }

    /// Writes outputs, at least one, up to the next place where blocks can start, and returns how many.
    fn run_direct(&self, span: &Span, place: &mut Place, output: &mut [f32]) -> usize {
        let filter = &self.filter;
        let (step, step_part) = ((filter.down / filter.up) as i64, filter.down % filter.up);
        let mut done = 0;
        while let Some(rest) = output.get_mut(done..)
            && !rest.is_empty()
            && place.frame < span.end
            && (done == 0 || self.blocks_at(span, *place, rest.len()) == 0)
        {
            let start = (self.start(*place) - span.first) as usize;
            let samples = span.samples.get(start..).unwrap_or_default();
            if filter.up == 1
                && place.frame + 3 * step < span.end
                && let Some(four) = rest.first_chunk_mut()
            {
                *four = fir::four_outputs(filter, samples);
                place.frame += 4 * step;
                done += 4;
                continue;
            }
            if let Some(one) = rest.first_mut() {
                *one = fir::output(filter, samples, place.part);
            }
            done += 1;
            place.frame += step;
            place.part += step_part;
            if place.part >= filter.up {
                place.part -= filter.up;
                place.frame += 1;
            }
        }
        done
    }
}

/// Samples to read from.
struct Span<'a> {
    samples: &'a [f32],
    /// The source frame of the first.
    first: i64,
    /// Outputs that stand before this frame read nothing behind the samples.
    end: i64,
}
