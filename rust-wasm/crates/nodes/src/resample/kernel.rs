//! One filter and the two ways to apply it: output by output, or in long blocks.

use crate::resample::blocks::Blocks;
use crate::resample::design::{Filter, LANES, Quality};

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
    pub(super) fn run(&mut self, samples: &[f32], first: i64, place: &mut Place, output: &mut [f32]) -> usize {
        let end = first + samples.len() as i64 - self.filter.half as i64;
        let mut done = 0;
        while let Some(rest) = output.get_mut(done..)
            && !rest.is_empty()
            && place.frame < end
        {
            done += match self.run_blocks(samples, first, place, rest) {
                Some(outputs) => outputs,
                None => self.run_direct(samples, first, place, rest, end),
            };
        }
        done
    }

    /// Outputs written, `None` if blocks would not help here.
    fn run_blocks(
        &mut self,
        samples: &[f32],
        first: i64,
        place: &mut Place,
        output: &mut [f32],
    ) -> Option<usize> {
        let blocks = self.blocks.as_mut().filter(|_| place.part == 0)?;
        let samples = samples.get(usize::try_from(place.frame - blocks.lead as i64 - first).ok()?..)?;
        let count = blocks.count(samples.len(), output.len());
        let output = output.get_mut(..count * blocks.outputs).filter(|_| count >= blocks.worthwhile)?;
        blocks.run(samples, output);
        place.frame += (count * blocks.step) as i64;
        Some(output.len())
    }

    /// Outputs written: all, or those before the next place where blocks might help.
    fn run_direct(
        &self,
        samples: &[f32],
        first: i64,
        place: &mut Place,
        output: &mut [f32],
        end: i64,
    ) -> usize {
        let filter = &self.filter;
        let (step, step_part) = ((filter.down / filter.up) as i64, filter.down % filter.up);
        let blocks = self.blocks.as_ref().filter(|blocks| output.len() >= blocks.worthwhile * blocks.outputs);
        let period = blocks.map_or(u64::MAX, |_| filter.up) as usize;
        for (index, output) in output.iter_mut().enumerate() {
            if place.frame >= end || index > 0 && place.part == 0 && index >= period {
                return index;
            }
            let start = (self.start(*place) - first) as usize;
            *output = at_phase(filter, samples.get(start..).unwrap_or_default(), place.part);
            place.frame += step;
            place.part += step_part;
            if place.part >= filter.up {
                place.part -= filter.up;
                place.frame += 1;
            }
        }
        output.len()
    }
}

/// The output at `part`/up behind the middle of the first samples.
fn at_phase(filter: &Filter, samples: &[f32], part: u64) -> f32 {
    if !filter.interpolated {
        return dot(filter.row(part), samples);
    }
    let position = part as f64 / filter.up as f64 * filter.phases as f64;
    let row = position as u64;
    let weight = (position - row as f64) as f32;
    let (below, above) = (dot(filter.row(row), samples), dot(filter.row(row + 1), samples));
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
