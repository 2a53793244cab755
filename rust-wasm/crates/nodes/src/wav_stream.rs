//! A RIFF/WAVE file that comes in portions of any size.

use std::rc::Rc;

use remotemedia_engine::array::Audio;
use remotemedia_engine::pool::AudioPool;

use crate::wav_format::{Format, Malformed, TO_THE_END, malformed, word};

const RIFF: usize = 12;
const CHUNK: usize = 8;

/// Where in the file the next byte lies.
#[derive(Clone, Copy, Debug, Default)]
enum Part {
    #[default]
    Riff,
    ChunkHeader,
    /// In a `fmt ` chunk of this size.
    Format(u32),
    /// Bytes left that nobody needs; as many of them as `padding` may be missing at the end of the file.
    Skipped {
        left: u64,
        padding: u64,
    },
    /// Bytes of samples left; `None` if they go to the end of the file.
    Data {
        left: Option<u64>,
        padding: u64,
    },
}

/// What has been seen of a file. It holds no more than a header or a frame.
#[derive(Debug, Default)]
pub(crate) struct WavStream {
    at: At,
    /// The beginning of a header or a frame that is not complete.
    held: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default)]
struct At {
    part: Part,
    /// Bytes of the file so far.
    taken: u64,
    format: Option<Format>,
    has_data: bool,
    /// Frames given.
    given: u64,
}

impl WavStream {
    /// Becomes a copy, in the same memory.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        self.at = other.at;
        self.held.clone_from(&other.held);
    }

    /// Takes the next portion; gives the frames that it completes, if any. After an error the stream is of no more use.
    pub(crate) fn take(
        &mut self,
        mut bytes: &[u8],
        pool: &mut AudioPool,
    ) -> Result<Option<Rc<Audio>>, Malformed> {
        let mut audio = None;
        loop {
            match self.at.part {
                Part::Riff => {
                    if !self.fill(&mut bytes, RIFF) {
                        return Ok(audio);
                    }
                    check_riff(&self.held)?;
                    self.go(Part::ChunkHeader);
                }
                Part::ChunkHeader => {
                    if !self.fill(&mut bytes, CHUNK) {
                        return Ok(audio);
                    }
                    let part = self.read_chunk_header()?;
                    self.go(part);
                }
                Part::Format(size) => {
                    let read = Format::READ.min(size as usize);
                    if !self.fill(&mut bytes, read) {
                        return Ok(audio);
                    }
                    self.at.format = Some(Format::read(&self.held, self.at.taken - read as u64)?);
                    let padding = u64::from(size % 2);
                    self.go(Part::Skipped { left: u64::from(size) - read as u64 + padding, padding });
                }
                Part::Skipped { left, padding } => {
                    let left = left - self.pass(&mut bytes, Some(left)).len() as u64;
                    self.at.part = Part::Skipped { left, padding };
                    if left > 0 {
                        return Ok(audio);
                    }
                    self.at.part = Part::ChunkHeader;
                }
                Part::Data { left, padding } => {
                    let data = self.pass(&mut bytes, left);
                    let left = left.map(|left| left - data.len() as u64);
                    audio = self.frames(data, pool)?;
                    self.at.part = Part::Data { left, padding };
                    if left != Some(0) {
                        return Ok(audio);
                    }
                    self.check_whole_frames()?;
                    self.at.part = Part::Skipped { left: padding, padding };
                }
            }
        }
    }

    /// The end of the file. Gives empty audio for a file without frames.
    pub(crate) fn end(&self, pool: &mut AudioPool) -> Result<Option<Rc<Audio>>, Malformed> {
        let at = self.at.taken;
        match self.at.part {
            Part::Riff if at == 0 => return Ok(None),
            Part::Riff => return malformed("no RIFF/WAVE header", 0u64),
            Part::Format(_) | Part::Data { left: Some(_), .. } => {
                return malformed("the file ends inside a chunk", at);
            }
            Part::Skipped { left, padding } if left > padding => {
                return malformed("the file ends inside a chunk", at);
            }
            Part::Data { .. } => self.check_whole_frames()?,
            _ => {}
        }
        match self.at.format {
            None => malformed("no fmt chunk", at),
            Some(_) if !self.at.has_data => malformed("no data chunk", at),
            Some(format) if self.at.given == 0 => audio_of(&format, 0, [&[], &[]], at, pool).map(Some),
            Some(_) => Ok(None),
        }
    }

    /// How much is kept between portions.
    #[cfg(test)]
    pub(crate) fn held_bytes(&self) -> usize {
        self.held.len()
    }

    /// Moves bytes until `count` are held; whether they are.
    fn fill(&mut self, bytes: &mut &[u8], count: usize) -> bool {
        let missing = count - self.held.len();
        let moved = self.pass(bytes, Some(missing as u64));
        self.held.extend_from_slice(moved);
        self.held.len() == count
    }

    /// Takes at most `count` bytes away, or all.
    fn pass<'a>(&mut self, bytes: &mut &'a [u8], count: Option<u64>) -> &'a [u8] {
        let count = count.map_or(bytes.len(), |count| count.min(bytes.len() as u64) as usize);
        let (passed, rest) = bytes.split_at(count);
        *bytes = rest;
        self.at.taken += count as u64;
        passed
    }

    fn go(&mut self, part: Part) {
        self.held.clear();
        self.at.part = part;
    }

    fn read_chunk_header(&mut self) -> Result<Part, Malformed> {
        let at = self.at.taken - CHUNK as u64;
        let size = word(&self.held, 4).unwrap_or_default();
        let padding = u64::from(size % 2);
        match self.held.get(..4).unwrap_or_default() {
            b"fmt " | b"data" if self.at.has_data => {
                malformed("a second fmt or data chunk in a streamed file", at)
            }
            b"fmt " => Ok(Part::Format(size)),
            b"data" if self.at.format.is_none() => malformed("data before fmt in a streamed file", at),
            b"data" => {
                self.at.has_data = true;
                let left = (size != TO_THE_END).then_some(u64::from(size));
                Ok(Part::Data { left, padding })
            }
            _ => Ok(Part::Skipped { left: u64::from(size) + padding, padding }),
        }
    }

    /// The frames that `data` completes.
    fn frames(&mut self, data: &[u8], pool: &mut AudioPool) -> Result<Option<Rc<Audio>>, Malformed> {
        let Some(format) = self.at.format else { return Ok(None) };
        let size = format.frame();
        let missing = (size - self.held.len()) % size;
        let Some((first, data)) = data.split_at_checked(missing) else {
            self.held.extend_from_slice(data);
            return Ok(None);
        };
        self.held.extend_from_slice(first);
        let (whole, rest) = data.split_at(data.len() / size * size);
        let audio = audio_of(&format, self.at.given, [&self.held, whole], self.at.taken, pool)?;
        self.held.clear();
        self.held.extend_from_slice(rest);
        self.at.given += audio.frames() as u64;
        Ok((audio.frames() > 0).then_some(audio))
    }

    fn check_whole_frames(&self) -> Result<(), Malformed> {
        match self.held.len() {
            0 => Ok(()),
            rest => malformed(format!("{rest} bytes of data that are no whole frame"), self.at.taken),
        }
    }
}

/// Refuses what does not begin like a WAV file.
pub(crate) fn check_riff(file: &[u8]) -> Result<(), Malformed> {
    if file.get(..4) == Some(b"RIFF") && file.get(8..RIFF) == Some(b"WAVE") {
        return Ok(());
    }
    malformed("no RIFF/WAVE header", 0u64)
}

/// Whole frames in two pieces, the first of which is number `first` of the file.
pub(crate) fn audio_of(
    format: &Format,
    first: u64,
    data: [&[u8]; 2],
    at: u64,
    pool: &mut AudioPool,
) -> Result<Rc<Audio>, Malformed> {
    let bytes: usize = data.iter().map(|piece| piece.len()).sum();
    let frames = bytes / format.frame();
    let time = first as f64 / f64::from(format.rate);
    let samples = format.planar(data, pool.samples());
    let audio = samples.and_then(|()| pool.audio(format.rate, Some(time), format.channels, frames));
    audio.map_or_else(|| malformed(format!("no memory for {frames} frames"), at), Ok)
}
