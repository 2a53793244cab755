//! `WavEncodeNode`: a stream of audio becomes the bytes of a WAV file.

use remotemedia_engine::array::Audio;
use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out, Params};
use remotemedia_engine::value::Value;

use crate::audio_input;
use crate::wav_format::{Encoding, Format};

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "WavEncodeNode", "aliases": [],
        "summary": "Writes a stream of audio as one WAV file.", "category": "audio",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {
            "format": {"type": "string", "enum": ["pcm8", "pcm16", "pcm24", "pcm32", "float32", "float64"],
                       "default": "pcm16", "description": "How a sample is written."},
            "input_sample_rate": {"type": "integer", "minimum": 1, "unit": "Hz",
                                  "description": "Rate of bare tensors and lists."}}},
        "inputs": {"in": {"kinds": ["audio", "map", "list", "tensor"]}}, "outputs": {"out": {"kinds": ["bytes"]}},
        "runtime": "rust", "stateful": true, "requires": []
    }"#,
    create: |params| Ok(Box::new(WavEncode::new(params)?)),
};

struct WavEncode {
    encoding: Encoding,
    input_rate: Option<u32>,
    file: Option<File>,
}

struct File {
    format: Format,
    /// Room for the header, then the samples.
    bytes: Vec<u8>,
}

impl WavEncode {
    fn new(params: &Params) -> Result<Self, Failure> {
        let encoding = match params.text("format")? {
            "pcm8" => Encoding::U8,
            "pcm16" => Encoding::I16,
            "pcm24" => Encoding::I24,
            "pcm32" => Encoding::I32,
            "float32" => Encoding::F32,
            "float64" => Encoding::F64,
            other => return Err(Failure::new(format!("there is no format {other:?}"))),
        };
        Ok(Self { encoding, input_rate: params.positive("input_sample_rate")?, file: None })
    }
}

impl Node for WavEncode {
    fn process(&mut self, item: &Value, _port: &str, _out: &mut Out) -> Result<(), Failure> {
        let audio = audio_input::audio(item, self.input_rate)?;
        audio_input::check_finite(&audio.data().elements::<f32>(), audio.frames())?;
        if let Some(file) = &mut self.file {
            return file.append(&audio);
        }
        let mut file = File::of(&audio, self.encoding)?;
        file.append(&audio)?;
        self.file = Some(file);
        Ok(())
    }

    fn flushes(&self) -> bool {
        true
    }

    fn flush(&mut self, out: &mut Out) -> Result<(), Failure> {
        if let Some(file) = self.file.take() {
            out.emit(Value::Bytes(file.finish().into()));
        }
        Ok(())
    }
}

impl File {
    fn of(audio: &Audio, encoding: Encoding) -> Result<Self, Failure> {
        let format = Format { encoding, channels: audio.channels(), rate: audio.sample_rate() };
        match format.header(0) {
            Some(bytes) => Ok(Self { format, bytes }),
            None => Err(Failure::new(format!("a WAV file cannot have {} such channels", format.channels))),
        }
    }

    /// Samples follow each other, whatever their timestamps say.
    fn append(&mut self, audio: &Audio) -> Result<(), Failure> {
        let (rate, channels) = (self.format.rate, self.format.channels);
        if (audio.sample_rate(), audio.channels()) != (rate, channels) {
            return Err(Failure::new(format!(
                "the file has {channels} channels at {rate} Hz, not {} at {} Hz",
                audio.channels(),
                audio.sample_rate()
            )));
        }
        let before = self.bytes.len();
        let more = audio.frames().checked_mul(self.format.frame());
        let fits = |more: &usize| before.checked_add(*more).is_some_and(|size| size < u32::MAX as usize);
        let Some(more) = more.filter(fits) else {
            return Err(Failure::new("a WAV file cannot be longer than 4 GiB"));
        };
        if self.bytes.try_reserve(more).is_err() {
            return Err(Failure::new(format!("no memory for a file of {} bytes", before + more)));
        }
        self.bytes.resize(before + more, 0);
        let target = self.bytes.get_mut(before..).unwrap_or_default();
        self.format.interleave(&audio.data().elements::<f32>(), target);
        Ok(())
    }

    fn finish(mut self) -> Vec<u8> {
        let data = self.bytes.len() - self.format.header(0).unwrap_or_default().len();
        if data % 2 == 1 {
            self.bytes.push(0);
        }
        if let Some(header) = self.format.header(data as u32)
            && let Some(room) = self.bytes.get_mut(..header.len())
        {
            room.copy_from_slice(&header);
        }
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use remotemedia_engine::pool::AudioPool;

    use crate::wav_decode::decode;

    fn node(format: &str) -> WavEncode {
        let json = serde_json::json!({"format": format});
        WavEncode::new(&Params::new(json.as_object().unwrap().clone())).unwrap()
    }

    fn audio(rate: u32, channels: usize, samples: &[f32]) -> Value {
        let frames = samples.len() / channels;
        Audio::new(rate, None, channels, frames, samples.to_vec().into()).unwrap().into()
    }

    fn encode(format: &str, items: &[Value]) -> Vec<u8> {
        let (mut node, mut out) = (node(format), Out::default());
        for item in items {
            node.process(item, "in", &mut out).unwrap();
        }
        node.flush(&mut out).unwrap();
        let [Value::Bytes(file)] = &out.take()[..] else { panic!() };
        file.bytes().to_vec()
    }

    /// What comes back, channel after channel.
    fn back(format: &str, items: &[Value]) -> Vec<f32> {
        decode(&encode(format, items), &mut AudioPool::default()).unwrap().data().elements().into_owned()
    }

    #[test]
    fn half_a_step_is_the_most_that_is_lost() {
        let samples: Vec<f32> = (0..2_000).map(|n| (n as f32 * 0.37).sin() * 0.99).collect();
        for (format, bits) in [("pcm8", 8), ("pcm16", 16), ("pcm24", 24), ("pcm32", 32)] {
            let half = 0.5f64.powi(bits);
            let out = back(format, &[audio(16_000, 1, &samples)]);
            assert_eq!(out.len(), samples.len());
            // 24 and 32 bits: what comes back is rounded to float32 once more.
            let most = half + f64::from(f32::EPSILON) / 2.0 * f64::from(u8::from(bits == 32));
            let errors = out.iter().zip(&samples).map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs());
            assert!(errors.into_iter().all(|error| error <= most), "{format}");
        }
        for format in ["float32", "float64"] {
            assert_eq!(back(format, &[audio(16_000, 1, &samples)]), samples, "{format}");
        }
    }

    #[test]
    fn rounding_is_half_to_even_and_what_is_too_loud_is_limited() {
        let step = 1.0 / 32_768.0;
        let samples = [0.5 * step, 1.5 * step, -0.5 * step, -1.5 * step, 1.0, 3.0, -1.0, -3.0];
        let steps = back("pcm16", &[audio(8_000, 1, &samples)]).iter().map(|x| x / step).collect::<Vec<_>>();
        assert_eq!(steps, [0.0, 2.0, 0.0, -2.0, 32_767.0, 32_767.0, -32_768.0, -32_768.0]);
        assert_eq!(back("pcm8", &[audio(8_000, 1, &[2.0, -2.0])]), [127.0 / 128.0, -1.0]);
        assert_eq!(back("pcm24", &[audio(8_000, 1, &[2.0, -2.0])]), [8_388_607.0 / 8_388_608.0, -1.0]);
        assert_eq!(back("pcm32", &[audio(8_000, 1, &[2.0, -2.0])]), [1.0, -1.0]);
        assert_eq!(back("float32", &[audio(8_000, 1, &[2.0, -2.0])]), [2.0, -2.0]);
    }

    #[test]
    fn items_follow_each_other_and_channels_are_interleaved() {
        let items =
            [audio(8_000, 3, &[0.5, 0.25, -0.5]), audio(8_000, 3, &[]), audio(8_000, 3, &[0.75, 0.0, 1.5])];
        for format in ["pcm16", "float32"] {
            let last = if format == "pcm16" { 32_767.0 / 32_768.0 } else { 1.5 };
            assert_eq!(back(format, &items), [0.5, 0.75, 0.25, 0.0, -0.5, last], "{format}");
        }
    }

    #[test]
    fn the_plain_file_is_the_classic_one() {
        let file = encode("pcm16", &[audio(8_000, 1, &[0.5, -1.0])]);
        let expected = b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x04\0\0\0\0\x40\0\x80";
        assert_eq!(file, expected);
        let odd = encode("pcm8", &[audio(8_000, 1, &[0.0])]);
        assert_eq!((odd.len(), odd[4], odd[40], odd[44], odd[45]), (46, 38, 1, 128, 0));
        assert_eq!(encode("pcm16", &[audio(8_000, 2, &[])]).len(), 44);
    }

    #[test]
    fn another_rate_or_channel_count_is_refused_and_changes_nothing() {
        let (mut node, mut out) = (node("pcm16"), Out::default());
        node.flush(&mut out).unwrap();
        assert!(out.take().is_empty());
        node.process(&audio(8_000, 1, &[0.5]), "in", &mut out).unwrap();
        for bad in [audio(8_001, 1, &[0.5]), audio(8_000, 2, &[0.5, 0.5]), audio(8_000, 1, &[f32::NAN])] {
            assert!(node.process(&bad, "in", &mut out).is_err());
        }
        node.flush(&mut out).unwrap();
        let [Value::Bytes(file)] = &out.take()[..] else { panic!() };
        assert_eq!(decode(file.bytes(), &mut AudioPool::default()).unwrap().frames(), 1);
        assert!(node.process(&audio(8_000, 32_768, &[]), "in", &mut out).is_err(), "a block of 65,536 bytes");
    }
}
