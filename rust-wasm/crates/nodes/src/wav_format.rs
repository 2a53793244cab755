//! What RIFF/WAVE files say about their samples, and the samples themselves (Microsoft, "Multiple Channel Audio Data and
//! WAVE Files"; IBM & Microsoft, "Multimedia Programming Interface and Data Specifications 1.0", 1991).

use std::fmt;

/// Integer PCM.
const TAG_PCM: u16 = 1;
/// IEEE 754 floats.
const TAG_FLOAT: u16 = 3;
/// `WAVE_FORMAT_EXTENSIBLE`: the real tag begins the sub-format's GUID.
const TAG_EXTENSIBLE: u16 = 0xFFFE;
/// Where it stands in the `fmt ` chunk.
const GUID_AT: usize = 24;
/// What follows the tag in the GUID of both kinds of samples.
const GUID_REST: &[u8] = b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71";
/// More channels than this need `WAVE_FORMAT_EXTENSIBLE`.
const PLAIN_CHANNELS: usize = 2;
/// The size of data that goes to the end of the file: a recorder that was cut off leaves this.
pub(crate) const TO_THE_END: u32 = u32::MAX;

/// What is wrong with a file, and at which byte.
#[derive(Debug)]
pub(crate) struct Malformed {
    what: String,
    pub at: u64,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a WAV file: {} at byte {}", self.what, self.at)
    }
}

pub(crate) fn malformed<T>(what: impl Into<String>, at: impl TryInto<u64>) -> Result<T, Malformed> {
    Err(Malformed { what: what.into(), at: at.try_into().unwrap_or(u64::MAX) })
}

/// How a sample is written, little-endian.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Encoding {
    U8,
    I16,
    I24,
    I32,
    F32,
    F64,
}

impl Encoding {
    /// In bytes.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::I16 => 2,
            Self::I24 => 3,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    fn of(tag: u16, bits: u16) -> Option<Self> {
        match (tag, bits) {
            (TAG_PCM, 8) => Some(Self::U8),
            (TAG_PCM, 16) => Some(Self::I16),
            (TAG_PCM, 24) => Some(Self::I24),
            (TAG_PCM, 32) => Some(Self::I32),
            (TAG_FLOAT, 32) => Some(Self::F32),
            (TAG_FLOAT, 64) => Some(Self::F64),
            _ => None,
        }
    }

    fn tag(self) -> u16 {
        if matches!(self, Self::F32 | Self::F64) { TAG_FLOAT } else { TAG_PCM }
    }
}

/// The part of the `fmt ` chunk that matters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Format {
    pub encoding: Encoding,
    pub channels: usize,
    /// In hertz.
    pub rate: u32,
}

impl Format {
    /// How many bytes of a `fmt ` chunk are looked at.
    pub(crate) const READ: usize = GUID_AT + 2;

    /// From the body of a `fmt ` chunk that stands at byte `at`.
    pub(crate) fn read(body: &[u8], at: u64) -> Result<Self, Malformed> {
        let (Some(tag), Some(channels), Some(rate), Some(align), Some(bits)) =
            (half(body, 0), half(body, 2), word(body, 4), half(body, 12), half(body, 14))
        else {
            return malformed("fmt chunk shorter than 16 bytes", at);
        };
        let tag = if tag == TAG_EXTENSIBLE { half(body, GUID_AT).unwrap_or(tag) } else { tag };
        let Some(encoding) = Encoding::of(tag, bits) else {
            return malformed(format!("unsupported format {tag} with {bits} bits"), at);
        };
        let format = Self { encoding, channels: usize::from(channels), rate };
        if channels == 0 || rate == 0 {
            return malformed(format!("{channels} channels at {rate} Hz"), at);
        }
        if usize::from(align) != format.frame() {
            return malformed(format!("block size {align} for {channels} channels of {bits} bits"), at);
        }
        Ok(format)
    }

    /// A file of `data` bytes of samples up to these, `None` if there is no such file. Its length does not depend on `data`.
    pub(crate) fn header(&self, data: u32) -> Option<Vec<u8>> {
        let align = u16::try_from(self.frame()).ok()?;
        let channels = u16::try_from(self.channels).ok()?;
        let bits = self.encoding.size() as u16 * 8;
        let tag = self.encoding.tag();
        let is_plain = self.channels <= PLAIN_CHANNELS;
        let bytes_per_second = self.rate.saturating_mul(u32::from(align));
        let mut format = Vec::new();
        for half in [if is_plain { tag } else { TAG_EXTENSIBLE }, channels] {
            format.extend(half.to_le_bytes());
        }
        format.extend(self.rate.to_le_bytes());
        format.extend(bytes_per_second.to_le_bytes());
        format.extend([align.to_le_bytes(), bits.to_le_bytes()].concat());
        if !is_plain {
            // Size of what follows, valid bits, no speaker positions, sub-format.
            format.extend([22, 0, bits as u8, 0, 0, 0, 0, 0]);
            format.extend(tag.to_le_bytes());
            format.extend(GUID_REST);
        } else if tag != TAG_PCM {
            format.extend([0, 0]);
        }
        let mut chunks = [b"WAVEfmt ", &(format.len() as u32).to_le_bytes()[..], &format].concat();
        if tag != TAG_PCM {
            // Frames, which a file that is not PCM must say.
            let frames = data / u32::from(align);
            chunks.extend([b"fact\x04\0\0\0", &frames.to_le_bytes()[..]].concat());
        }
        chunks.extend([b"data", &data.to_le_bytes()[..]].concat());
        let size = (chunks.len() as u32).saturating_add(data).saturating_add(data % 2);
        Some([b"RIFF", &size.to_le_bytes()[..], &chunks].concat())
    }

    /// Writes samples, channel after channel, as frames into `target`, which has their size.
    pub(crate) fn interleave(&self, samples: &[f32], target: &mut [u8]) {
        let channels = self.channels;
        // In steps that are vectorised in wasm, which has no direct way from floats to short integers.
        let scaled =
            |sample: f32, full: f32| (sample * full).round_ties_even().clamp(-full, full - 1.0) as i32;
        match self.encoding {
            Encoding::U8 => interleave(samples, channels, target, |x| [(scaled(x, 128.0) + 128) as u8]),
            Encoding::I16 => {
                interleave(samples, channels, target, |x| (scaled(x, 32_768.0) as i16).to_le_bytes());
            }
            Encoding::I24 => interleave(samples, channels, target, |x| {
                let [low, middle, high, _] = scaled(x, 8_388_608.0).to_le_bytes();
                [low, middle, high]
            }),
            // A float32 at this scale is whole or is rounded; the conversion limits it.
            Encoding::I32 => interleave(samples, channels, target, |x| {
                ((f64::from(x) * 2_147_483_648.0).round_ties_even() as i32).to_le_bytes()
            }),
            Encoding::F32 => interleave(samples, channels, target, f32::to_le_bytes),
            Encoding::F64 => interleave(samples, channels, target, |x| f64::from(x).to_le_bytes()),
        }
    }

    /// Bytes of a frame, one sample per channel.
    pub(crate) fn frame(&self) -> usize {
        self.encoding.size() * self.channels
    }

    /// Makes `samples` those of whole frames that come in two pieces: channel after channel, at nominal full scale 1.
    /// `None` if there is no memory for them.
    pub(crate) fn planar(&self, data: [&[u8]; 2], samples: &mut Vec<f32>) -> Option<()> {
        let bytes: usize = data.iter().map(|piece| piece.len()).sum();
        samples.clear();
        samples.try_reserve_exact(bytes / self.encoding.size()).ok()?;
        let channels = self.channels;
        match self.encoding {
            Encoding::U8 => planar(data, channels, samples, |[byte]| (f32::from(byte) - 128.0) / 128.0),
            Encoding::I16 => {
                planar(data, channels, samples, |bytes| f32::from(i16::from_le_bytes(bytes)) / 32_768.0);
            }
            Encoding::I24 => planar(data, channels, samples, |[low, middle, high]| {
                (i32::from_le_bytes([0, low, middle, high]) >> 8) as f32 / 8_388_608.0
            }),
            Encoding::I32 => {
                planar(data, channels, samples, |bytes| i32::from_le_bytes(bytes) as f32 / 2_147_483_648.0);
            }
            Encoding::F32 => planar(data, channels, samples, f32::from_le_bytes),
            Encoding::F64 => planar(data, channels, samples, |bytes| f64::from_le_bytes(bytes) as f32),
        }
        Some(())
    }
}

fn planar<const N: usize>(
    data: [&[u8]; 2],
    channels: usize,
    samples: &mut Vec<f32>,
    sample: impl Fn([u8; N]) -> f32,
) {
    for (channel, piece) in (0..channels).flat_map(|channel| data.map(|piece| (channel, piece))) {
        let values = piece.as_chunks::<N>().0;
        match (channels, channel) {
            (1, _) => samples.extend(values.iter().map(|bytes| sample(*bytes))),
            // With a constant step, which is vectorised.
            (2, 0) => samples.extend(values.as_chunks().0.iter().map(|[left, _]| sample(*left))),
            (2, _) => samples.extend(values.as_chunks().0.iter().map(|[_, right]| sample(*right))),
            _ => {
                let own = values.get(channel..).unwrap_or_default().iter().step_by(channels);
                samples.extend(own.map(|bytes| sample(*bytes)));
            }
        }
    }
}

fn interleave<const N: usize>(
    samples: &[f32],
    channels: usize,
    target: &mut [u8],
    bytes: impl Fn(f32) -> [u8; N],
) {
    let frames = (samples.len() / channels).max(1);
    let values = target.as_chunks_mut::<N>().0;
    if channels == 1 {
        values.iter_mut().zip(samples).for_each(|(to, x)| *to = bytes(*x));
        return;
    }
    if channels == 2 {
        let (left, right) = samples.split_at(samples.len() / 2);
        let places = values.as_chunks_mut::<2>().0.iter_mut();
        places.zip(left.iter().zip(right)).for_each(|(to, (l, r))| *to = [bytes(*l), bytes(*r)]);
        return;
    }
    for (channel, own) in samples.chunks_exact(frames).enumerate() {
        let places = values.iter_mut().skip(channel).step_by(channels);
        places.zip(own).for_each(|(to, x)| *to = bytes(*x));
    }
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_le_bytes)
}

pub(crate) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let encoding = Encoding::of(tag, bits).unwrap();
            assert_eq!(encoding.size() * 8, usize::from(bits));
            let format = |channels| Format { encoding, channels, rate: 1 };
            let planar = |channels, data| {
                let mut samples = vec![9.0];
                format(channels).planar(data, &mut samples).unwrap();
                samples
            };
            assert_eq!(planar(1, [&data, &[]]), [-1.0, 0.0, 0.5], "{encoding:?}");
            assert_eq!(planar(1, [&data[..encoding.size()], &data]), [-1.0, -1.0, 0.0, 0.5]);
            let two = data.repeat(2);
            assert_eq!(planar(2, [&[], &two]), [-1.0, 0.5, 0.0, 0.0, -1.0, 0.5]);
            assert_eq!(planar(3, [&data, &data]), [-1.0, -1.0, 0.0, 0.0, 0.5, 0.5]);
        }
    }
}
