//! `WavDecodeNode`: the bytes of a WAV file become audio.

use std::fmt;

use remotemedia_engine::array::Audio;
use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out};
use remotemedia_engine::value::Value;

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "WavDecodeNode", "aliases": [],
        "summary": "Decodes a WAV file, PCM or float.", "category": "audio",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {}},
        "inputs": {"in": {"kinds": ["bytes"]}}, "outputs": {"out": {"kinds": ["audio"]}},
        "runtime": "rust", "stateful": false, "requires": []
    }"#,
    create: |_| Ok(Box::new(WavDecode)),
};

struct WavDecode;

impl Node for WavDecode {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        let Value::Bytes(bytes) = item else {
            return Err(Failure::new(format!("not bytes but {}", item.kind())));
        };
        out.emit(decode(bytes.bytes()).map_err(|wrong| Failure::new(wrong.to_string()))?);
        Ok(())
    }
}

/// What is wrong with a file, and at which byte.
#[derive(Debug)]
struct Malformed {
    what: String,
    at: usize,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a WAV file: {} at byte {}", self.what, self.at)
    }
}

fn malformed<T>(what: impl Into<String>, at: usize) -> Result<T, Malformed> {
    Err(Malformed { what: what.into(), at })
}

/// The part of the `fmt ` chunk that matters.
struct Format {
    encoding: Encoding,
    channels: usize,
    rate: u32,
}

#[derive(Clone, Copy)]
enum Encoding {
    U8,
    I16,
    I24,
    I32,
    F32,
    F64,
}

impl Encoding {
    fn size(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::I16 => 2,
            Self::I24 => 3,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// A sample at nominal full scale 1.
    fn sample(self, bytes: &[u8]) -> f32 {
        match self {
            Self::U8 => (f32::from(u8::from_le_bytes(array(bytes))) - 128.0) / 128.0,
            Self::I16 => f32::from(i16::from_le_bytes(array(bytes))) / 32_768.0,
            Self::I24 => {
                let [low, middle, high] = array(bytes);
                (i32::from_le_bytes([0, low, middle, high]) >> 8) as f32 / 8_388_608.0
            }
            Self::I32 => (f64::from(i32::from_le_bytes(array(bytes))) / 2_147_483_648.0) as f32,
            Self::F32 => f32::from_le_bytes(array(bytes)),
            Self::F64 => f64::from_le_bytes(array(bytes)) as f32,
        }
    }
}

/// Samples are cut to their size; anything else would be zeros.
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().unwrap_or([0; N])
}

fn decode(file: &[u8]) -> Result<Audio, Malformed> {
    if file.get(..4) != Some(b"RIFF") || file.get(8..12) != Some(b"WAVE") {
        return malformed("no RIFF/WAVE header", 0);
    }
    let (mut format, mut data) = (None, None);
    let mut at = 12;
    while at + 8 <= file.len() {
        let name = file.get(at..at + 4).unwrap_or_default();
        let body_at = at + 8;
        let size = match word(file, at + 4).unwrap_or_default() {
            // A recorder that was cut off leaves this.
            u32::MAX if name == b"data" => file.len() - body_at,
            size => size as usize,
        };
        let body = body_at.checked_add(size).and_then(|end| file.get(body_at..end));
        let Some(body) = body else {
            let name = String::from_utf8_lossy(name);
            return malformed(format!("chunk {name:?} of {size} bytes runs over the end"), at);
        };
        match name {
            b"fmt " => format = Some(read_format(body, body_at)?),
            b"data" => data = Some((body, body_at)),
            _ => {}
        }
        // Chunks are padded to even lengths; the last pad byte may be missing.
        at = body_at + size + size % 2;
    }
    let Some(format) = format else { return malformed("no fmt chunk", file.len()) };
    let Some((data, data_at)) = data else { return malformed("no data chunk", file.len()) };
    let frame = format.encoding.size() * format.channels;
    if data.len() % frame != 0 {
        return malformed(format!("{} bytes of data are no whole frames of {frame}", data.len()), data_at);
    }
    let frames = data.len() / frame;
    let samples = planar(data, &format, frames);
    match Audio::new(format.rate, Some(0.0), format.channels, frames, samples.into()) {
        Some(audio) => Ok(audio),
        None => malformed("impossible size", data_at),
    }
}

/// Interleaved samples, channel after channel.
fn planar(data: &[u8], format: &Format, frames: usize) -> Vec<f32> {
    let size = format.encoding.size();
    let mut samples = Vec::with_capacity(frames * format.channels);
    for channel in 0..format.channels {
        let own = data.get(channel * size..).unwrap_or_default();
        let starts = own.chunks(size * format.channels);
        samples.extend(starts.map(|bytes| format.encoding.sample(bytes.get(..size).unwrap_or_default())));
    }
    samples
}

fn read_format(body: &[u8], at: usize) -> Result<Format, Malformed> {
    let (Some(tag), Some(channels), Some(rate), Some(align), Some(bits)) =
        (half(body, 0), half(body, 2), word(body, 4), half(body, 12), half(body, 14))
    else {
        return malformed("fmt chunk shorter than 16 bytes", at);
    };
    // WAVE_FORMAT_EXTENSIBLE: the real tag begins the sub-format's GUID.
    let tag = if tag == 0xFFFE { half(body, 24).unwrap_or(tag) } else { tag };
    let encoding = match (tag, bits) {
        (1, 8) => Encoding::U8,
        (1, 16) => Encoding::I16,
        (1, 24) => Encoding::I24,
        (1, 32) => Encoding::I32,
        (3, 32) => Encoding::F32,
        (3, 64) => Encoding::F64,
        _ => return malformed(format!("unsupported format {tag} with {bits} bits"), at),
    };
    if channels == 0 || rate == 0 {
        return malformed(format!("{channels} channels at {rate} Hz"), at);
    }
    if usize::from(align) != encoding.size() * usize::from(channels) {
        return malformed(format!("block size {align} for {channels} channels of {bits} bits"), at);
    }
    Ok(Format { encoding, channels: usize::from(channels), rate })
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_le_bytes)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn every_encoding_has_full_scale_1() {
        let cases: [(u16, u16, Vec<u8>); 6] = [
            (1, 8, vec![0, 128, 192]),
            (1, 16, [i16::MIN, 0, 1 << 14].iter().flat_map(|x| x.to_le_bytes()).collect()),
            (1, 24, vec![0, 0, 0x80, 0, 0, 0, 0, 0, 0x40]),
            (1, 32, [i32::MIN, 0, 1 << 30].iter().flat_map(|x| x.to_le_bytes()).collect()),
            (3, 32, [-1.0f32, 0.0, 0.5].iter().flat_map(|x| x.to_le_bytes()).collect()),
            (3, 64, [-1.0f64, 0.0, 0.5].iter().flat_map(|x| x.to_le_bytes()).collect()),
        ];
        for (tag, bits, data) in cases {
            assert_eq!(
                samples(&wav(&[fmt(tag, 1, bits), chunk(b"data", &data)])),
                [-1.0, 0.0, 0.5],
                "{tag}, {bits}"
            );
        }
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
}
