//! `AudioChunkerNode`: cuts a stream of audio into chunks of exactly the same length.

use remotemedia_engine::array::Audio;
use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out, Params};
use remotemedia_engine::value::Value;

use crate::audio_stream::{AudioStream, channels, finite_audio};

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "AudioChunkerNode", "aliases": [],
        "summary": "Cuts a stream of audio into chunks of the same length.", "category": "audio",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {
            "chunk_size": {"type": "integer", "minimum": 1, "maximum": 16777216, "default": 512, "unit": "frames",
                           "description": "Length of a chunk."},
            "hop": {"type": "integer", "minimum": 1, "maximum": 16777216, "unit": "frames",
                    "description": "From the start of one chunk to the start of the next; chunk_size if absent."},
            "pad": {"type": "boolean", "default": true,
                    "description": "Whether the last chunk is filled up with zeros; else the rest is dropped."},
            "input_sample_rate": {"type": "integer", "minimum": 1, "unit": "Hz",
                                  "description": "Rate of bare tensors and lists."}}},
        "inputs": {"in": {"kinds": ["audio", "map", "list", "tensor"]}}, "outputs": {"out": {"kinds": ["audio"]}},
        "runtime": "rust", "stateful": true, "requires": []
    }"#,
    create: |params| Ok(Box::new(AudioChunker::new(params)?)),
};

/// Memory ends somewhere, and running out of it would take the whole module down: 512 MiB of samples from one item.
const MOST_SAMPLES: u64 = 1 << 27;

struct AudioChunker {
    cut: Cut,
    pad: bool,
    input_rate: Option<u32>,
    running: Option<Running>,
}

/// Where chunks lie: in frames.
#[derive(Clone, Copy)]
struct Cut {
    size: usize,
    hop: usize,
}

/// A stream under way.
struct Running {
    stream: AudioStream,
    /// Chunks given.
    given: u64,
    /// Per channel what the next chunk begins with.
    held: Vec<Vec<f32>>,
    /// Frames to be dropped before the next chunk begins; none while frames are held.
    skip: usize,
}

impl AudioChunker {
    fn new(params: &Params) -> Result<Self, Failure> {
        let size = params.positive("chunk_size")?.unwrap_or(512) as usize;
        let hop = params.positive("hop")?.map_or(size, |hop| hop as usize);
        Ok(Self {
            cut: Cut { size, hop },
            pad: params.flag("pad")?,
            input_rate: params.positive("input_sample_rate")?,
            running: None,
        })
    }

    /// Ends the stream under way.
    fn end(&mut self, out: &mut Out) {
        if let Some(running) = self.running.take().filter(|_| self.pad) {
            running.give_rest(self.cut, out);
        }
    }
}

impl Cut {
    /// How many chunks these frames complete; refused if they are too large, also one alone, for it may come at flush.
    fn complete(self, frames: usize, channels: usize) -> Result<usize, Failure> {
        let count = frames.checked_sub(self.size).map_or(0, |after| after / self.hop + 1);
        let samples = (count.max(1) as u64).saturating_mul(self.size as u64).saturating_mul(channels as u64);
        if samples > MOST_SAMPLES {
            let message = format!("{samples} samples in the chunks of one item are more than {MOST_SAMPLES}");
            return Err(Failure::new(message));
        }
        Ok(count)
    }
}

impl Running {
    fn of(audio: &Audio) -> Self {
        Self { stream: AudioStream::of(audio), given: 0, held: vec![Vec::new(); audio.channels()], skip: 0 }
    }

    /// Frames from the start of the next chunk on, with `more` frames.
    fn ready(&self, more: usize) -> usize {
        (self.held_frames() + more).saturating_sub(self.skip)
    }

    fn held_frames(&self) -> usize {
        self.held.first().map_or(0, Vec::len)
    }

    /// Takes audio and gives the `count` chunks that it completes.
    fn take(&mut self, audio: &Audio, cut: Cut, count: usize, out: &mut Out) {
        self.stream.add(audio);
        let samples = audio.data().elements::<f32>();
        let inputs = || channels(&samples, audio.frames(), audio.channels());
        for index in 0..count {
            let start = self.skip + index * cut.hop;
            let mut chunk = Vec::with_capacity(cut.size * self.stream.channels());
            for (held, input) in self.held.iter().zip(inputs()) {
                copy(held, input, start, cut.size, &mut chunk);
            }
            self.give(cut, chunk, out);
        }
        let next = self.skip + count * cut.hop;
        self.skip = next.saturating_sub(self.held_frames() + audio.frames());
        for (held, input) in self.held.iter_mut().zip(inputs()) {
            let rest = input.get(next.saturating_sub(held.len())..).unwrap_or_default();
            held.drain(..next.min(held.len()));
            held.extend_from_slice(rest);
        }
    }

    /// Gives the last chunk, filled up with zeros, if there are frames that no chunk has.
    fn give_rest(mut self, cut: Cut, out: &mut Out) {
        // Of the frames held those that the chunk before had too.
        let known = if self.given == 0 { 0 } else { cut.size.saturating_sub(cut.hop) };
        if self.held_frames() <= known {
            return;
        }
        let mut chunk = Vec::with_capacity(cut.size * self.stream.channels());
        for held in &self.held {
            chunk.extend_from_slice(held);
            chunk.resize(chunk.len() + cut.size - held.len(), 0.0);
        }
        self.give(cut, chunk, out);
    }

    fn give(&mut self, cut: Cut, samples: Vec<f32>, out: &mut Out) {
        let timestamp = self.stream.timestamp(self.given * cut.hop as u64);
        let (rate, channels) = (self.stream.rate(), self.stream.channels());
        if let Some(audio) = Audio::new(rate, timestamp, channels, cut.size, samples.into()) {
            out.emit(audio);
        }
        self.given += 1;
    }
}

/// Adds `count` frames from `start` on of what is held and then comes in.
fn copy(held: &[f32], input: &[f32], start: usize, count: usize, chunk: &mut Vec<f32>) {
    let first = held.get(start..held.len().min(start + count)).unwrap_or_default();
    let from = start.saturating_sub(held.len());
    chunk.extend_from_slice(first);
    chunk.extend_from_slice(input.get(from..from + count - first.len()).unwrap_or_default());
}

impl Node for AudioChunker {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        let audio = finite_audio(item, self.input_rate)?;
        let goes_on = self.running.take_if(|running| running.stream.is_continued_by(&audio));
        let ready = goes_on.as_ref().map_or(audio.frames(), |running| running.ready(audio.frames()));
        let count = match self.cut.complete(ready, audio.channels()) {
            Ok(count) => count,
            Err(failure) => {
                self.running = goes_on.or(self.running.take());
                return Err(failure);
            }
        };
        self.end(out);
        let mut running = goes_on.unwrap_or_else(|| Running::of(&audio));
        running.take(&audio, self.cut, count, out);
        self.running = Some(running);
        Ok(())
    }

    fn flushes(&self) -> bool {
        true
    }

    fn flush(&mut self, out: &mut Out) -> Result<(), Failure> {
        self.end(out);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_audio::{Signal, audio, params, run, samples, timed};

    fn chunker(size: usize, hop: usize, pad: bool) -> AudioChunker {
        AudioChunker::new(&params(serde_json::json!({"chunk_size": size, "hop": hop, "pad": pad}))).unwrap()
    }

    /// 1, 2, 3… at 1 kHz.
    fn count(frames: usize) -> Signal {
        Signal::of(1_000, 1, (1..=frames).map(|k| k as f32).collect())
    }

    fn chunks(node: &mut AudioChunker, items: &[Value]) -> Vec<(Vec<f32>, Option<f64>)> {
        run(node, items).iter().map(|output| (samples(output), audio(output).timestamp())).collect()
    }

    #[test]
    fn chunks_have_their_length_and_time() {
        let expected = [
            (vec![1.0, 2.0, 3.0], Some(0.0)),
            (vec![4.0, 5.0, 6.0], Some(0.003)),
            (vec![7.0, 0.0, 0.0], Some(0.006)),
        ];
        assert_eq!(chunks(&mut chunker(3, 3, true), &[count(7).item(0..7)]), expected);
        assert_eq!(chunks(&mut chunker(3, 3, false), &[count(7).item(0..7)]), expected[..2]);
        assert_eq!(
            chunks(&mut chunker(3, 3, true), &[count(7).item(0..6)]),
            expected[..2],
            "nothing is left"
        );
    }

    #[test]
    fn chunks_overlap_or_leave_out() {
        let only = |size, hop, frames: usize| -> Vec<Vec<f32>> {
            let chunks = chunks(&mut chunker(size, hop, true), &[count(frames).item(0..frames)]);
            chunks.into_iter().map(|(samples, _)| samples).collect()
        };
        assert_eq!(only(4, 2, 6), [[1.0, 2.0, 3.0, 4.0], [3.0, 4.0, 5.0, 6.0]], "5 and 6 have been given");
        assert_eq!(only(4, 2, 7)[2], [5.0, 6.0, 7.0, 0.0]);
        assert_eq!(only(2, 5, 5), [[1.0, 2.0]], "3 to 5 belong to no chunk");
        assert_eq!(only(2, 5, 6), [[1.0, 2.0], [6.0, 0.0]]);
        assert_eq!(only(4, 1, 2), [[1.0, 2.0, 0.0, 0.0]]);
        assert!(only(4, 1, 0).is_empty());
    }

    #[test]
    fn portions_make_no_difference() {
        let signal = Signal::noise(1_000, 2, 400);
        for (size, hop) in [(1, 1), (7, 7), (64, 10), (10, 64), (1_000, 1)] {
            let whole = chunks(&mut chunker(size, hop, true), &[signal.item(0..400)]);
            signal.cut_at_random(0..400, 90, |items| {
                let portions = chunks(&mut chunker(size, hop, true), &items);
                assert_eq!(portions, whole, "chunks of {size} every {hop}");
            });
        }
    }

    #[test]
    fn a_gap_ends_the_stream_and_the_next_begins() {
        let items = [
            timed(1_000, 1, &[1.0, 2.0, 3.0], None),
            timed(1_000, 1, &[4.0], Some(5.0)),
            timed(1_000, 1, &[9.0], Some(8.0)),
        ];
        let expected = [(vec![1.0, 2.0], None), (vec![3.0, 4.0], Some(4.999)), (vec![9.0, 0.0], Some(8.0))];
        let got = chunks(&mut chunker(2, 2, true), &items);
        assert_eq!(got[0], expected[0]);
        assert!(
            (got[1].1.unwrap() - 4.999).abs() < 1e-9 && got[1].0 == expected[1].0,
            "dated by the first timestamp"
        );
        assert_eq!(got[2], expected[2]);
        let items = [timed(1_000, 1, &[1.0], None), timed(1_000, 2, &[2.0, 3.0], None)];
        let expected = [(vec![1.0, 0.0], None), (vec![2.0, 0.0, 3.0, 0.0], None)];
        assert_eq!(chunks(&mut chunker(2, 2, true), &items), expected);
    }

    #[test]
    fn too_much_is_refused_and_leaves_no_trace() {
        let mut node = chunker(16_777_216, 1, true);
        let mut out = Out::default();
        node.process(&timed(1_000, 1, &[1.0], None), "in", &mut out).unwrap();
        let failure = node.process(&timed(1_000, 9, &[1.0; 9], None), "in", &mut out).unwrap_err();
        assert!(failure.message().contains("150994944"), "{}", failure.message());
        assert_eq!((out.take().len(), &node.running.as_ref().unwrap().held), (0, &vec![vec![1.0]]));
        let mut node = chunker(65_536, 1, true);
        node.process(&timed(1_000, 1, &[1.0], None), "in", &mut out).unwrap();
        assert!(node.process(&timed(1_000, 1, &vec![0.0; 70_000], None), "in", &mut out).is_err());
        assert_eq!(
            (out.take().len(), node.running.unwrap().held),
            (0, vec![vec![1.0]]),
            "the stream goes on"
        );
    }
}
