//! A stream of audio on its way through frames, and how frames become a node's output.

use remotemedia_engine::array::{Audio, DType, Tensor};
use remotemedia_engine::error::Failure;
use remotemedia_engine::value::Value;

use crate::audio_clock::AudioClock;
use crate::audio_input;
use crate::spectrum::framer::Framer;
use crate::spectrum::mel::MelBank;
use crate::spectrum::stft::Stft;

/// Frames of a stream: their length and distance in samples, and whether frame k is centred on sample k · hop.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub len: usize,
    pub hop: usize,
    pub centered: bool,
}

/// A stream under way.
pub(crate) struct Stream {
    rate: u32,
    clock: AudioClock,
    framer: Framer,
    /// Frames given.
    given: u64,
}

/// Rows × frames, and which frame of the stream the first is.
pub(crate) struct Matrix {
    pub values: Vec<f32>,
    pub frames: usize,
    pub first: u64,
}

impl Stream {
    /// A stream that begins with `audio`.
    pub(crate) fn of(audio: &Audio, shape: Shape) -> Self {
        let framer = Framer::new(shape.len, shape.hop, shape.centered);
        Self { rate: audio.sample_rate(), clock: AudioClock::of(audio), framer, given: 0 }
    }

    /// Whether `audio` goes on where the stream is.
    pub(crate) fn is_continued_by(&self, audio: &Audio) -> bool {
        self.rate == audio.sample_rate() && !self.clock.has_gap_before(audio)
    }

    /// Takes audio, the average of its channels, and gives the frames that it completes.
    pub(crate) fn take(
        &mut self,
        audio: &Audio,
        stft: &mut Stft,
        bank: Option<&MelBank>,
    ) -> Result<Matrix, Failure> {
        self.clock.add(audio);
        self.framer.push(&audio_input::mono(&audio.data().elements::<f32>(), audio.frames()));
        self.give(self.framer.ready(), stft, bank)
    }

    /// The end of the stream: gives the frames that are left but the last `dropped`.
    pub(crate) fn finish(
        &mut self,
        dropped: usize,
        stft: &mut Stft,
        bank: Option<&MelBank>,
    ) -> Result<Matrix, Failure> {
        self.framer.end();
        self.give(self.framer.ready().saturating_sub(dropped), stft, bank)
    }

    fn give(&mut self, frames: usize, stft: &mut Stft, bank: Option<&MelBank>) -> Result<Matrix, Failure> {
        let values = stft.matrix(self.framer.samples(), frames, bank)?;
        self.framer.advance(frames);
        self.given += frames as u64;
        Ok(Matrix { values, frames, first: self.given - frames as u64 })
    }

    /// What an output map says about a matrix: the tensor under `name`, the time that its first frame stands for (counted
    /// from the first timestamp, or from 0), and the time from one frame to the next, both in seconds.
    pub(crate) fn entries<'a>(&self, name: &'a str, matrix: Matrix, hop: usize) -> [(&'a str, Value); 3] {
        let hop_s = hop as f64 / f64::from(self.rate);
        let start_s = self.clock.start().unwrap_or(0.0) + matrix.first as f64 * hop_s;
        let rows = matrix.values.len().checked_div(matrix.frames).unwrap_or_default();
        let tensor = Tensor::new(DType::F32, vec![rows, matrix.frames], matrix.values.into());
        let tensor = tensor.map_or(Value::Null, Value::from);
        [(name, tensor), ("start_s", start_s.into()), ("hop_s", hop_s.into())]
    }

    /// Samples per second.
    pub(crate) fn rate(&self) -> u32 {
        self.rate
    }
}
