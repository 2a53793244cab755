//! `WavDecodeNode`: the bytes of a WAV file become audio.

use std::mem;
use std::rc::Rc;

use remotemedia_engine::array::Audio;
use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out};
use remotemedia_engine::pool::AudioPool;
use remotemedia_engine::value::Value;

use crate::wav_format::{Format, Malformed, TO_THE_END, malformed, word};
use crate::wav_stream::{WavStream, audio_of, check_riff};

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "WavDecodeNode", "aliases": [],
        "summary": "Decodes WAV files, PCM or float.", "category": "audio",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {
            "streaming": {"type": "boolean", "default": false,
                          "description": "Whether the items are consecutive portions of one file, not a file each."}}},
        "inputs": {"in": {"kinds": ["bytes"]}}, "outputs": {"out": {"kinds": ["audio"]}},
        "runtime": "rust", "stateful": true, "requires": []
    }"#,
    create: |params| {
        Ok(if params.flag("streaming")? { Box::<Portions>::default() } else { Box::<Files>::default() })
    },
};

/// Every item is a file.
#[derive(Default)]
struct Files(AudioPool);

impl Node for Files {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        emit(decode(bytes_of(item)?, &mut self.0).map(Some), out)
    }
}

/// All items are one file.
#[derive(Default)]
struct Portions {
    stream: WavStream,
    /// The stream as it would be after a portion, which may be refused and then leaves no trace.
    draft: WavStream,
    pool: AudioPool,
}

impl Node for Portions {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        self.draft.copy_from(&self.stream);
        emit(self.draft.take(bytes_of(item)?, &mut self.pool), out)?;
        mem::swap(&mut self.stream, &mut self.draft);
        Ok(())
    }

    fn flushes(&self) -> bool {
        true
    }

    fn flush(&mut self, out: &mut Out) -> Result<(), Failure> {
        emit(mem::take(&mut self.stream).end(&mut self.pool), out)
    }
}

fn emit(result: Result<Option<Rc<Audio>>, Malformed>, out: &mut Out) -> Result<(), Failure> {
    if let Some(audio) = result.map_err(|wrong| Failure::new(wrong.to_string()))? {
        out.emit(audio);
    }
    Ok(())
}

fn bytes_of(item: &Value) -> Result<&[u8], Failure> {
    match item {
        Value::Bytes(bytes) => Ok(bytes.bytes()),
        _ => Err(Failure::new(format!("not bytes but {}", item.kind()))),
    }
}

/// A whole file, with its chunks in any order.
pub(crate) fn decode(file: &[u8], pool: &mut AudioPool) -> Result<Rc<Audio>, Malformed> {
    check_riff(file)?;
    let (mut format, mut data) = (None, None);
    let mut at = 12;
    while at + 8 <= file.len() {
        let name = file.get(at..at + 4).unwrap_or_default();
        let body_at = at + 8;
        let size = match word(file, at + 4).unwrap_or_default() {
            TO_THE_END if name == b"data" => file.len() - body_at,
            size => size as usize,
        };
        let body = body_at.checked_add(size).and_then(|end| file.get(body_at..end));
        let Some(body) = body else {
            let name = String::from_utf8_lossy(name);
            return malformed(format!("chunk {name:?} of {size} bytes runs over the end"), at);
        };
        match name {
            b"fmt " => format = Some(Format::read(body, body_at as u64)?),
            b"data" => data = Some((body, body_at)),
            _ => {}
        }
        // Chunks are padded to even lengths; the last pad byte may be missing.
        at = body_at + size + size % 2;
    }
    let Some(format) = format else { return malformed("no fmt chunk", file.len()) };
    let Some((data, data_at)) = data else { return malformed("no data chunk", file.len()) };
    if data.len() % format.frame() != 0 {
        let message = format!("{} bytes of data are no whole frames of {}", data.len(), format.frame());
        return malformed(message, data_at);
    }
    audio_of(&format, 0, [data, &[]], data_at as u64, pool)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(file: &[u8]) -> Result<Rc<Audio>, Malformed> {
        super::decode(file, &mut AudioPool::default())
    }

    fn chunk(name: &[u8], body: &[u8]) -> Vec<u8> {
        let mut chunk = [name, &(body.len() as u32).to_le_bytes(), body].concat();
        chunk.resize(chunk.len().next_multiple_of(2), 0);
        chunk
    }

    fn fmt(tag: u16, channels: u16, bits: u16) -> Vec<u8> {
        let block = channels * bits / 8;
        let mut body = [tag.to_le_bytes(), channels.to_le_bytes()].concat();
        body.extend(8000u32.to_le_bytes());
        body.extend((8000 * u32::from(block)).to_le_bytes());
        body.extend([block.to_le_bytes(), bits.to_le_bytes()].concat());
        chunk(b"fmt ", &body)
    }

    fn wav(chunks: &[Vec<u8>]) -> Vec<u8> {
        let body = [b"WAVE".to_vec(), chunks.concat()].concat();
        [b"RIFF".to_vec(), (body.len() as u32).to_le_bytes().to_vec(), body].concat()
    }

    fn samples(file: &[u8]) -> Vec<f32> {
        decode(file).unwrap().data().elements().into_owned()
    }

    #[test]
    fn channels_are_separated_and_the_audio_begins_at_0() {
        let audio = decode(&wav(&[fmt(1, 2, 8), chunk(b"data", &[128, 192, 0, 64])])).unwrap();
        assert_eq!((audio.channels(), audio.frames(), audio.timestamp()), (2, 2, Some(0.0)));
        assert_eq!(*audio.data().elements::<f32>(), [0.0, -1.0, 0.5, -0.5]);
    }

    #[test]
    fn chunks_come_in_any_order_and_others_are_passed_over() {
        let file =
            wav(&[chunk(b"LIST", b"odd"), chunk(b"data", &[0, 0]), fmt(1, 1, 8), chunk(b"data", &[192])]);
        assert_eq!(samples(&file), [0.5]);
    }

    #[test]
    fn the_extensible_format_is_read() {
        let mut body = fmt(0xFFFE, 1, 16).split_off(8);
        body.extend([22, 0, 16, 0, 4, 0, 0, 0, 1, 0]);
        body.extend([0; 14]);
        assert_eq!(samples(&wav(&[chunk(b"fmt ", &body), chunk(b"data", &[0, 0x40])])), [0.5]);
    }

    #[test]
    fn every_truncation_and_every_wrong_field_is_refused() {
        let good = wav(&[fmt(1, 1, 16), chunk(b"data", &[0, 0x40])]);
        assert_eq!(samples(&good), [0.5]);
        for length in 0..good.len() {
            assert!(decode(&good[..length]).is_err(), "{length} bytes");
        }
        let data = || chunk(b"data", &[0, 0]);
        for (name, file) in [
            ("no fmt", wav(&[data()])),
            ("no data", wav(&[fmt(1, 1, 16)])),
            ("half a frame", wav(&[fmt(1, 2, 16), data()])),
            ("no channels", wav(&[fmt(1, 0, 16), data()])),
            ("µ-law", wav(&[fmt(7, 1, 8), data()])),
            ("12 bits", wav(&[fmt(1, 1, 12), data()])),
        ] {
            let error = decode(&file).unwrap_err();
            assert!(error.to_string().contains("at byte"), "{name}");
        }
        let mut wrong = good;
        wrong[40..44].copy_from_slice(&3u32.to_le_bytes());
        assert_eq!(decode(&wrong).unwrap_err().at, 36);
        wrong[40..44].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(samples(&wrong), [0.5], "a recording that was cut off goes to the end");
        wrong[32] = 3;
        assert!(decode(&wrong).unwrap_err().to_string().contains("block size 3"));
    }

    /// Everything that a stream gives, as one: rate, samples of each output, start times.
    fn streamed(file: &[u8], portion: usize) -> Result<Vec<Rc<Audio>>, Malformed> {
        let (mut stream, mut pool) = (WavStream::default(), AudioPool::default());
        let mut all = Vec::new();
        for part in file.chunks(portion) {
            all.extend(stream.take(part, &mut pool)?);
            assert!(stream.held_bytes() < 40);
        }
        all.extend(stream.end(&mut pool)?);
        Ok(all)
    }

    #[test]
    fn portions_of_any_size_give_the_same_frames() {
        let data: Vec<u8> = (0..60u16).map(|n| (n * 7 % 251) as u8).collect();
        for to_the_end in [false, true] {
            let mut file = wav(&[
                chunk(b"LIST", b"odd"),
                fmt(1, 2, 24),
                chunk(b"JUNK", &[0; 50]),
                chunk(b"data", &data),
            ]);
            if to_the_end {
                let at = file.len() - 64;
                file[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
            } else {
                file.extend(chunk(b"LIST", b"more"));
            }
            let whole = decode(&file).unwrap();
            for portion in [1, 2, 5, 6, 7, 40, 64, 1_000] {
                let parts = streamed(&file, portion).unwrap();
                let mut frames = 0;
                for part in &parts {
                    assert_eq!(part.timestamp(), Some(f64::from(frames) / 8_000.0));
                    frames += part.frames() as u32;
                }
                for channel in 0..2 {
                    let of = |audio: &Rc<Audio>| {
                        let samples = audio.data().elements::<f32>().into_owned();
                        samples[channel * audio.frames()..][..audio.frames()].to_vec()
                    };
                    assert_eq!(parts.iter().flat_map(of).collect::<Vec<_>>(), of(&whole), "by {portion}");
                }
            }
        }
    }

    #[test]
    fn a_stream_without_frames_gives_empty_audio_and_nothing_gives_nothing() {
        let parts = streamed(&wav(&[fmt(1, 2, 16), chunk(b"data", &[])]), 5).unwrap();
        assert_eq!((parts.len(), parts[0].channels(), parts[0].frames()), (1, 2, 0));
        assert!(streamed(&[], 1).unwrap().is_empty());
    }

    #[test]
    fn a_stream_that_ends_too_soon_is_refused_wherever_it_ends() {
        let file = wav(&[fmt(1, 1, 16), chunk(b"LIST", b"1234"), chunk(b"data", &[1, 2, 3, 4])]);
        for length in 1..file.len() {
            assert!(streamed(&file[..length], 7).is_err(), "{length} bytes");
        }
        assert_eq!(streamed(&file, 7).unwrap().len(), 1);
    }

    #[test]
    fn a_stream_has_one_fmt_and_then_one_data_chunk() {
        let (f, d) = (|| fmt(1, 1, 16), || chunk(b"data", &[0, 64]));
        for (name, chunks) in [
            ("data before fmt", vec![d(), f()]),
            ("a second fmt or data", vec![f(), d(), d()]),
            ("a second fmt or data", vec![f(), d(), f()]),
            ("no whole frame", vec![f(), chunk(b"data", &[0])]),
        ] {
            let error = streamed(&wav(&chunks), 3).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
        assert_eq!(streamed(&wav(&[fmt(1, 1, 8), f(), d()]), 9).unwrap()[0].frames(), 1);
    }
}
