//! Reads RIFF/WAVE files (Microsoft's "Multiple channel audio data and WAVE files", 2007): PCM of 8, 16, 24 and
//! 32 bits, float of 32 and 64 bits, also as `WAVE_FORMAT_EXTENSIBLE`; chunks may come in any order.

const PCM: u16 = 1;
const FLOAT: u16 = 3;
const EXTENSIBLE: u16 = 0xFFFE;

/// Decoded audio: one vector of equally many samples per channel, full scale 1.
#[derive(Debug, PartialEq)]
pub(crate) struct Wav {
    pub sample_rate: u32,
    pub channels: Vec<Vec<f32>>,
}

/// The content of the chunk `fmt `.
#[derive(Debug, Clone, Copy)]
struct Format {
    encoding: u16,
    channels: usize,
    sample_rate: u32,
    bits: u16,
}

/// Decodes a whole file. The error says what is wrong, and at which byte.
pub(crate) fn decode(file: &[u8]) -> Result<Wav, String> {
    if file.get(..4) != Some(b"RIFF") || file.get(8..12) != Some(b"WAVE") {
        return Err("not a RIFF/WAVE file: the first 12 bytes are not RIFF....WAVE".into());
    }
    let (mut format, mut data) = (None, None);
    let mut at = 12;
    while let Some(chunk) = Chunk::at(file, at)? {
        match chunk.id {
            b"fmt " => format = Some(Format::parse(chunk.body, at)?),
            b"data" => data = Some((chunk.body, at)),
            _ => {}
        }
        at = chunk.end;
    }
    let format = format.ok_or("the file has no fmt chunk")?;
    let (body, at) = data.ok_or("the file has no data chunk")?;
    format.decode(body, at)
}

/// A chunk: id, size, body, padded to an even length.
struct Chunk<'a> {
    id: &'a [u8],
    body: &'a [u8],
    end: usize,
}

impl<'a> Chunk<'a> {
    /// The chunk that starts at a byte; none at the end of the file, or if less than a chunk's header is left.
    fn at(file: &'a [u8], at: usize) -> Result<Option<Self>, String> {
        let (Some(id), Some(size)) = (file.get(at..at + 4), read_u32(file, at + 4)) else {
            return Ok(None);
        };
        let start = at + 8;
        // Recorders that were cut off leave 0 or the largest number as the size of the data chunk.
        let open = id == b"data" && size == u32::MAX;
        let size = if open { file.len() - start } else { size as usize };
        let end = start.checked_add(size).filter(|end| *end <= file.len()).ok_or_else(|| {
            format!(
                "the {} chunk at byte {at} claims {size} bytes, {} are left",
                name(id),
                file.len() - start
            )
        })?;
        let body = file.get(start..end).unwrap_or_default();
        Ok(Some(Self { id, body, end: end + size % 2 }))
    }
}

impl Format {
    fn parse(body: &[u8], at: usize) -> Result<Self, String> {
        let short = || format!("the fmt chunk at byte {at} is too short: {} bytes", body.len());
        let tag = read_u16(body, 0).ok_or_else(short)?;
        let channels = read_u16(body, 2).ok_or_else(short)?;
        let sample_rate = read_u32(body, 4).ok_or_else(short)?;
        let align = read_u16(body, 12).ok_or_else(short)?;
        let bits = read_u16(body, 14).ok_or_else(short)?;
        // The first two bytes of the sub-format are the tag that a plain header would have.
        let encoding = if tag == EXTENSIBLE { read_u16(body, 24).ok_or_else(short)? } else { tag };
        let known = matches!((encoding, bits), (PCM, 8 | 16 | 24 | 32) | (FLOAT, 32 | 64));
        if !known {
            return Err(format!(
                "fmt chunk at byte {at}: encoding {encoding} with {bits} bits is not supported"
            ));
        }
        if channels == 0 || sample_rate == 0 {
            return Err(format!("fmt chunk at byte {at}: {channels} channels at {sample_rate} Hz"));
        }
        if usize::from(align) != usize::from(channels) * usize::from(bits / 8) {
            return Err(format!(
                "fmt chunk at byte {at}: block size {align} does not fit {channels} × {bits} bits"
            ));
        }
        Ok(Self { encoding, channels: usize::from(channels), sample_rate, bits })
    }

    fn decode(self, body: &[u8], at: usize) -> Result<Wav, String> {
        let frame = self.channels * usize::from(self.bits / 8);
        if body.len() % frame != 0 {
            return Err(format!(
                "the data chunk at byte {at} is no whole number of frames: {} bytes, {frame} a frame",
                body.len()
            ));
        }
        let channels = match (self.encoding, self.bits) {
            (PCM, 8) => self.planar(body, |[byte]: [u8; 1]| (f32::from(byte) - 128.0) / 128.0),
            (PCM, 16) => self.planar(body, |bytes| f32::from(i16::from_le_bytes(bytes)) / 32_768.0),
            (PCM, 24) => self.planar(body, |[a, b, c]: [u8; 3]| {
                (i32::from_le_bytes([0, a, b, c]) >> 8) as f32 / 8_388_608.0
            }),
            (PCM, _) => self.planar(body, |bytes| i32::from_le_bytes(bytes) as f32 / 2_147_483_648.0),
            (_, 32) => self.planar(body, f32::from_le_bytes),
            _ => self.planar(body, |bytes| f64::from_le_bytes(bytes) as f32),
        };
        Ok(Wav { sample_rate: self.sample_rate, channels })
    }

    /// Takes interleaved samples of N bytes apart into one vector per channel.
    fn planar<const N: usize>(self, body: &[u8], sample: impl Fn([u8; N]) -> f32) -> Vec<Vec<f32>> {
        let (samples, _) = body.as_chunks::<N>();
        (0..self.channels)
            .map(|channel| {
                samples.iter().skip(channel).step_by(self.channels).map(|bytes| sample(*bytes)).collect()
            })
            .collect()
    }
}

fn read_u16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_le_bytes)
}

fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

fn name(id: &[u8]) -> String {
    id.escape_ascii().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with the given encoding; the data chunk comes before the fmt chunk if `backwards`.
    fn file(encoding: u16, channels: u16, bits: u16, data: &[u8], backwards: bool) -> Vec<u8> {
        let align = channels * bits / 8;
        let mut fmt = Vec::new();
        for word in [encoding, channels] {
            fmt.extend(word.to_le_bytes());
        }
        fmt.extend(16_000_u32.to_le_bytes());
        fmt.extend((16_000 * u32::from(align)).to_le_bytes());
        fmt.extend(align.to_le_bytes());
        fmt.extend(bits.to_le_bytes());
        let mut chunks = vec![chunk(b"fmt ", &fmt), chunk(b"LIST", b"odd"), chunk(b"data", data)];
        if backwards {
            chunks.reverse();
        }
        let body = chunks.concat();
        [b"RIFF".as_slice(), &(body.len() as u32 + 4).to_le_bytes(), b"WAVE", &body].concat()
    }

    fn chunk(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let padding = vec![0; body.len() % 2];
        [id.as_slice(), &(body.len() as u32).to_le_bytes(), body, &padding].concat()
    }

    fn samples(encoding: u16, bits: u16, data: &[u8]) -> Vec<f32> {
        decode(&file(encoding, 1, bits, data, false)).unwrap().channels.remove(0)
    }

    #[test]
    fn every_encoding() {
        assert_eq!(samples(PCM, 8, &[0, 128, 192]), [-1.0, 0.0, 0.5]);
        assert_eq!(samples(PCM, 16, &[0x00, 0x80, 0x00, 0x40]), [-1.0, 0.5]);
        assert_eq!(samples(PCM, 24, &[0, 0, 0x80, 0, 0, 0x40]), [-1.0, 0.5]);
        assert_eq!(samples(PCM, 32, &[0, 0, 0, 0x80, 0, 0, 0, 0x40]), [-1.0, 0.5]);
        assert_eq!(samples(FLOAT, 32, &1.5_f32.to_le_bytes()), [1.5]);
        assert_eq!(samples(FLOAT, 64, &(-0.25_f64).to_le_bytes()), [-0.25]);
    }

    #[test]
    fn channels_come_apart_and_chunks_in_any_order() {
        let data: Vec<u8> = [1_i16, -1, 2, -2].iter().flat_map(|s| s.to_le_bytes()).collect();
        for backwards in [false, true] {
            let wav = decode(&file(PCM, 2, 16, &data, backwards)).unwrap();
            let unit = 1.0 / 32_768.0;
            assert_eq!(wav.channels, [[unit, 2.0 * unit], [-unit, -2.0 * unit]]);
        }
    }

    #[test]
    fn every_truncation_is_an_error_or_a_shorter_file() {
        let whole = file(PCM, 2, 16, &[0; 64], false);
        for length in 0..whole.len() {
            assert!(decode(&whole[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn errors_say_where() {
        let error = |file: &[u8]| decode(file).unwrap_err();
        assert!(error(b"RIFX").contains("RIFF"));
        assert!(error(&file(2, 1, 4, &[], false)).contains("encoding 2 with 4 bits"));
        assert!(error(&file(PCM, 1, 16, &[0; 3], false)).contains("3 bytes, 2 a frame"));
        assert!(error(&file(PCM, 0, 16, &[], false)).contains("0 channels"));
    }
}
