//! `SpectrogramNode`: power over frequency and time.

use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out, Params};
use remotemedia_engine::value::Value;

use crate::audio_input;
use crate::spectrum::logarithm::{greater, log10};
use crate::spectrum::stft::{Stft, hann};
use crate::spectrum::stream::{Matrix, Shape, Stream};

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "SpectrogramNode", "aliases": [],
        "summary": "Gives the power of overlapping frames at each frequency.", "category": "audio",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {
            "n_fft": {"type": "integer", "minimum": 2, "maximum": 32768, "default": 512, "unit": "samples",
                      "description": "Length of a frame, an even product of 2, 3, 5 and 7."},
            "hop_length": {"type": "integer", "minimum": 1, "maximum": 1000000, "default": 160, "unit": "samples",
                           "description": "From the start of one frame to the start of the next."},
            "window": {"type": "string", "enum": ["hann", "rectangular"], "default": "hann",
                       "description": "What a frame is multiplied by."},
            "scale": {"type": "string", "enum": ["power", "magnitude", "decibels"], "default": "power",
                      "description": "Of the values."},
            "centered": {"type": "boolean", "default": true,
                         "description": "Whether frame k is centred on sample k times hop_length, the signal mirrored at its ends."},
            "input_sample_rate": {"type": "integer", "minimum": 1, "unit": "Hz",
                                  "description": "Rate of bare tensors and lists."}}},
        "inputs": {"in": {"kinds": ["audio", "map", "list", "tensor"]}}, "outputs": {"out": {"kinds": ["map"]}},
        "runtime": "rust", "stateful": true, "requires": []
    }"#,
    create: |params| Ok(Box::new(Spectrogram::new(params)?)),
};

/// Of the logarithm, so that silence is −100 dB.
const LEAST_POWER: f32 = 1e-10;

struct Spectrogram {
    shape: Shape,
    stft: Stft,
    scale: fn(&mut f32),
    input_rate: Option<u32>,
    stream: Option<Stream>,
}

impl Spectrogram {
    fn new(params: &Params) -> Result<Self, Failure> {
        let shape = Shape {
            len: params.positive("n_fft")?.unwrap_or(512) as usize,
            hop: params.positive("hop_length")?.unwrap_or(160) as usize,
            centered: params.flag("centered")?,
        };
        let window = match params.text("window")? {
            "hann" => hann(shape.len),
            "rectangular" => vec![1.0; shape.len],
            other => return Err(Failure::new(format!("window {other:?} is not hann or rectangular"))),
        };
        let scale: fn(&mut f32) = match params.text("scale")? {
            "power" => |_| (),
            "magnitude" => |power| *power = power.sqrt(),
            "decibels" => |power| *power = 10.0 * log10(greater(*power, LEAST_POWER)),
            other => {
                return Err(Failure::new(format!("scale {other:?} is not power, magnitude or decibels")));
            }
        };
        let stft = Stft::new(&window, shape.hop)?;
        Ok(Self { shape, stft, scale, input_rate: params.positive("input_sample_rate")?, stream: None })
    }

    fn end(&mut self, out: &mut Out) -> Result<(), Failure> {
        let Some(mut stream) = self.stream.take() else { return Ok(()) };
        let matrix = stream.finish(0, &mut self.stft, None)?;
        self.emit(&stream, matrix, out);
        Ok(())
    }

    fn emit(&self, stream: &Stream, mut matrix: Matrix, out: &mut Out) {
        if matrix.frames == 0 {
            return;
        }
        matrix.values.iter_mut().for_each(self.scale);
        let [tensor, start, hop] = stream.entries("spectrogram", matrix, self.shape.hop);
        let bin_hz = f64::from(stream.rate()) / self.shape.len as f64;
        out.emit(Value::map([tensor, start, hop, ("bin_hz", bin_hz.into())]));
    }
}

impl Node for Spectrogram {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        let audio = audio_input::audio(item, self.input_rate)?;
        audio_input::check_finite(&audio.data().elements::<f32>(), audio.frames())?;
        if self.stream.as_ref().is_some_and(|stream| !stream.is_continued_by(&audio)) {
            self.end(out)?;
        }
        let mut stream = self.stream.take().unwrap_or_else(|| Stream::of(&audio, self.shape));
        let matrix = stream.take(&audio, &mut self.stft, None);
        let matrix = matrix.map(|matrix| self.emit(&stream, matrix, out));
        self.stream = Some(stream);
        matrix
    }

    fn flushes(&self) -> bool {
        true
    }

    fn flush(&mut self, out: &mut Out) -> Result<(), Failure> {
        self.end(out)
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use remotemedia_engine::array::Audio;

    use super::*;

    fn node(params: &serde_json::Value) -> Spectrogram {
        let mut all = serde_json::json!({"n_fft": 16, "hop_length": 4, "window": "hann", "scale": "power", "centered": true});
        all.as_object_mut().unwrap().extend(params.as_object().unwrap().clone());
        Spectrogram::new(&Params::new(all.as_object().unwrap().clone())).unwrap()
    }

    /// All frames, one after the other, and the start of each output.
    fn run(mut node: Spectrogram, samples: &[f32], portion: usize) -> (Vec<Vec<f32>>, Vec<f64>) {
        let mut out = Out::default();
        for part in samples.chunks(portion) {
            let audio = Audio::new(1_600, None, 1, part.len(), part.to_vec().into()).unwrap();
            node.process(&audio.into(), "in", &mut out).unwrap();
        }
        node.flush(&mut out).unwrap();
        let (mut frames, mut starts) = (Vec::new(), Vec::new());
        for output in out.take() {
            let Some(Value::Tensor(tensor)) = output.get("spectrogram") else { panic!() };
            let values = tensor.data().elements::<f32>().into_owned();
            let &[bins, count] = tensor.shape() else { panic!() };
            frames.extend((0..count).map(|k| (0..bins).map(|bin| values[bin * count + k]).collect()));
            starts.push(output.get("start_s").unwrap().as_number().unwrap());
        }
        (frames, starts)
    }

    fn cosine(bin: f64, frames: usize) -> Vec<f32> {
        (0..frames).map(|n| (TAU * bin * n as f64 / 16.0).cos() as f32).collect()
    }

    #[test]
    fn a_cosine_stands_in_its_bin() {
        // Amplitude 1 and a sum of the window of N/2: power (N/4)² in the bin, a quarter of that beside it.
        let (frames, _) = run(node(&serde_json::json!({"centered": false})), &cosine(3.0, 16), 16);
        let expected = [0.0, 0.0, 4.0, 16.0, 4.0, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(frames.len(), 1);
        assert!(frames[0].iter().zip(expected).all(|(power, e)| (power - e).abs() < 1e-5), "{frames:?}");
        let (frames, _) = run(
            node(&serde_json::json!({"centered": false, "window": "rectangular", "scale": "magnitude"})),
            &cosine(3.0, 16),
            16,
        );
        assert!((frames[0][3] - 8.0).abs() < 1e-5 && frames[0][2] < 1e-5, "{frames:?}");
        let (frames, _) =
            run(node(&serde_json::json!({"centered": false, "scale": "decibels"})), &cosine(3.0, 16), 16);
        assert!((frames[0][3] - 12.0412).abs() < 1e-4 && (frames[0][7] + 100.0).abs() < 1e-4, "{frames:?}");
    }

    #[test]
    fn portions_make_no_difference_and_time_counts_on() {
        let samples = cosine(2.7, 100);
        let (whole, starts) = run(node(&serde_json::json!({})), &samples, 100);
        assert_eq!((whole.len(), starts[0]), (1 + 100 / 4, 0.0));
        for portion in [1, 7, 33] {
            let (frames, starts) = run(node(&serde_json::json!({})), &samples, portion);
            assert!(frames == whole, "by {portion}");
            assert!((starts.last().unwrap() - 25.0 * 4.0 / 1_600.0).abs() < 0.01);
        }
    }

    #[test]
    fn lengths_with_large_primes_are_refused() {
        let params = serde_json::json!({"n_fft": 22, "hop_length": 4, "window": "hann", "scale": "power", "centered": true});
        let failure = Spectrogram::new(&Params::new(params.as_object().unwrap().clone())).err().unwrap();
        assert!(failure.message().contains("22"), "{}", failure.message());
    }
}
