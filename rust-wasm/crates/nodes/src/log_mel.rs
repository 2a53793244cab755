//! `LogMelNode`: the front end of Whisper (A. Radford et al., 2022; `log_mel_spectrogram` of its reference code).

use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out, Params};
use remotemedia_engine::value::Value;

use crate::audio_input;
use crate::spectrum::logarithm::{greater, greatest, log10};
use crate::spectrum::mel::MelBank;
use crate::spectrum::stft::{Stft, hann};
use crate::spectrum::stream::{Matrix, Shape, Stream};

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "LogMelNode", "aliases": [],
        "summary": "Gives the log-mel spectrogram that Whisper takes.", "category": "audio",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {
            "sample_rate": {"type": "integer", "minimum": 1, "maximum": 768000, "default": 16000, "unit": "Hz",
                            "description": "Rate that the audio must have."},
            "n_fft": {"type": "integer", "minimum": 2, "maximum": 32768, "default": 400, "unit": "samples",
                      "description": "Length of a frame, an even product of 2, 3, 5 and 7."},
            "hop_length": {"type": "integer", "minimum": 1, "maximum": 1000000, "default": 160, "unit": "samples",
                           "description": "From the start of one frame to the start of the next."},
            "n_mels": {"type": "integer", "minimum": 1, "maximum": 1024, "default": 80,
                       "description": "Number of mel bands; 128 for Whisper large-v3."},
            "reference": {"type": "string", "enum": ["stream", "item", "running"], "default": "stream",
                          "description": "What the loudest value is taken over: the whole stream, given at its end; each item by itself; or what came so far, given at once."},
            "input_sample_rate": {"type": "integer", "minimum": 1, "unit": "Hz",
                                  "description": "Rate of bare tensors and lists."}}},
        "inputs": {"in": {"kinds": ["audio", "map", "list", "tensor"]}}, "outputs": {"out": {"kinds": ["map"]}},
        "runtime": "rust", "stateful": true, "requires": []
    }"#,
    create: |params| Ok(Box::new(LogMel::new(params)?)),
};

/// The least power whose logarithm is taken.
const LEAST_POWER: f32 = 1e-10;
/// How far below the loudest value values are cut off, in powers of ten.
const DEPTH: f32 = 8.0;

#[derive(Clone, Copy, PartialEq)]
enum Reference {
    Stream,
    Item,
    Running,
}

struct LogMel {
    rate: u32,
    shape: Shape,
    reference: Reference,
    stft: Stft,
    bank: MelBank,
    input_rate: Option<u32>,
    running: Option<Running>,
}

/// A stream under way.
struct Running {
    stream: Stream,
    /// The loudest logarithm so far.
    loudest: f32,
    /// Logarithms that wait for the end of the stream.
    waiting: Vec<Matrix>,
}

impl LogMel {
    fn new(params: &Params) -> Result<Self, Failure> {
        let shape = Shape {
            len: params.positive("n_fft")?.unwrap_or(400) as usize,
            hop: params.positive("hop_length")?.unwrap_or(160) as usize,
            centered: true,
        };
        let rate = params.positive("sample_rate")?.unwrap_or(16_000);
        let mels = params.positive("n_mels")?.unwrap_or(80) as usize;
        let reference = match params.text("reference")? {
            "stream" => Reference::Stream,
            "item" => Reference::Item,
            "running" => Reference::Running,
            other => {
                return Err(Failure::new(format!("reference {other:?} is not stream, item or running")));
            }
        };
        Ok(Self {
            rate,
            shape,
            reference,
            stft: Stft::new(&hann(shape.len), shape.hop)?,
            bank: MelBank::new(mels, f64::from(rate), shape.len),
            input_rate: params.positive("input_sample_rate")?,
            running: None,
        })
    }

    /// Ends the stream under way. The last frame is dropped, as Whisper does.
    fn end(&mut self, out: &mut Out) -> Result<(), Failure> {
        let Some(mut running) = self.running.take() else { return Ok(()) };
        let matrix = running.stream.finish(1, &mut self.stft, Some(&self.bank))?;
        self.give(&mut running, matrix, out);
        if !running.waiting.is_empty() {
            let matrix = joined(&running.waiting, self.bank.len());
            self.emit(&running, matrix, out);
        }
        Ok(())
    }

    /// Takes the logarithm of bands, which leave now or wait.
    fn give(&self, running: &mut Running, mut matrix: Matrix, out: &mut Out) {
        if matrix.frames == 0 {
            return;
        }
        let loudest = greatest(&matrix.values, LEAST_POWER);
        running.loudest = greater(log10(loudest), running.loudest);
        matrix.values.iter_mut().for_each(|power| *power = log10(greater(*power, LEAST_POWER)));
        if self.reference == Reference::Running {
            self.emit(running, matrix, out);
        } else {
            running.waiting.push(matrix);
        }
    }

    fn emit(&self, running: &Running, mut matrix: Matrix, out: &mut Out) {
        let least = running.loudest - DEPTH;
        matrix.values.iter_mut().for_each(|x| *x = (greater(*x, least) + 4.0) / 4.0);
        out.emit(Value::map(running.stream.entries("log_mel", matrix, self.shape.hop)));
    }
}

impl Node for LogMel {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        let audio = audio_input::audio(item, self.input_rate)?;
        if audio.sample_rate() != self.rate {
            let message = format!("{} Hz; resample to {} Hz first", audio.sample_rate(), self.rate);
            return Err(Failure::new(message));
        }
        audio_input::check_finite(&audio.data().elements::<f32>(), audio.frames())?;
        if self.running.as_ref().is_some_and(|running| !running.stream.is_continued_by(&audio)) {
            self.end(out)?;
        }
        let mut running = self.running.take().unwrap_or_else(|| Running {
            stream: Stream::of(&audio, self.shape),
            loudest: log10(LEAST_POWER),
            waiting: Vec::new(),
        });
        let matrix = running.stream.take(&audio, &mut self.stft, Some(&self.bank));
        let matrix = matrix.map(|matrix| self.give(&mut running, matrix, out));
        self.running = Some(running);
        matrix?;
        if self.reference == Reference::Item {
            self.end(out)?;
        }
        Ok(())
    }

    fn flushes(&self) -> bool {
        true
    }

    fn flush(&mut self, out: &mut Out) -> Result<(), Failure> {
        self.end(out)
    }
}

/// Matrices of the same number of rows, side by side.
fn joined(parts: &[Matrix], rows: usize) -> Matrix {
    let frames = parts.iter().map(|part| part.frames).sum();
    let mut values = Vec::with_capacity(rows * frames);
    for row in 0..rows {
        for part in parts {
            let start = row * part.frames;
            values.extend_from_slice(part.values.get(start..start + part.frames).unwrap_or_default());
        }
    }
    Matrix { values, frames, first: parts.first().map_or(0, |part| part.first) }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use remotemedia_engine::array::Audio;
    use serde_json::{Value as Json, json};

    use super::*;

    fn node(n_mels: usize, reference: &str) -> LogMel {
        let params = json!({"sample_rate": 16_000, "n_fft": 400, "hop_length": 160, "n_mels": n_mels, "reference": reference});
        LogMel::new(&Params::new(params.as_object().unwrap().clone())).unwrap()
    }

    /// Two tones, one of them rising, and noise in the second half; `tests/vectors/audio/log-mel.json` says how.
    fn signal() -> Vec<f32> {
        let mut state = 1u32;
        let mut sample = |n: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = f64::from(state >> 8) / f64::from(1 << 23) - 1.0;
            let t = n as f64 / 16_000.0;
            let tones = 0.3 * (TAU * 440.0 * t).sin() + 0.2 * (TAU * (1_000.0 * t + 2_000.0 * t * t)).sin();
            (if n > 4_000 { tones + 0.01 * noise } else { tones }) as f32
        };
        (0..8_000).map(&mut sample).collect()
    }

    fn item(samples: &[f32]) -> Value {
        Audio::new(16_000, None, 1, samples.len(), samples.to_vec().into()).unwrap().into()
    }

    /// Each output: the values row after row, the frames, and the start.
    fn run(mut node: LogMel, samples: &[f32], portion: usize) -> Vec<(Vec<f32>, usize, f64)> {
        let mut out = Out::default();
        for part in samples.chunks(portion) {
            node.process(&item(part), "in", &mut out).unwrap();
        }
        node.flush(&mut out).unwrap();
        let parts = |output: &Value| {
            let Some(Value::Tensor(tensor)) = output.get("log_mel") else { panic!() };
            let start = output.get("start_s").unwrap().as_number().unwrap();
            (tensor.data().elements::<f32>().into_owned(), tensor.shape()[1], start)
        };
        out.take().iter().map(parts).collect()
    }

    #[test]
    fn it_is_whispers_formula() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/vectors/audio/log-mel.json");
        let vectors: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let frames = vectors["frames"].as_u64().unwrap() as usize;
        for column in vectors["columns"].as_array().unwrap() {
            let n_mels = column["n_mels"].as_u64().unwrap() as usize;
            let frame = column["frame"].as_u64().unwrap() as usize;
            for portion in [8_000, 441, 1] {
                let outputs = run(node(n_mels, "stream"), &signal(), portion);
                assert_eq!((outputs.len(), outputs[0].1, outputs[0].2), (1, frames, 0.0));
                for (band, expected) in column["values"].as_array().unwrap().iter().enumerate() {
                    let value = f64::from(outputs[0].0[band * frames + frame]);
                    let error = (value - expected.as_f64().unwrap()).abs();
                    assert!(
                        error < 1e-4,
                        "band {band} of {n_mels}, frame {frame}: {value}, off by {error:e}"
                    );
                }
            }
        }
    }

    #[test]
    fn items_by_themselves_are_clips_of_their_own() {
        let samples = signal();
        let whole = run(node(80, "stream"), &samples[4_000..], usize::MAX).remove(0);
        let items = run(node(80, "item"), &samples, 4_000);
        assert_eq!((items.len(), &items[1]), (2, &whole));
    }

    #[test]
    fn running_frames_leave_at_once_and_agree_from_the_loudest_on() {
        let mut samples = signal();
        samples[..2_000].iter_mut().for_each(|x| *x *= 3.0);
        let (whole, frames, _) = run(node(80, "stream"), &samples, usize::MAX).remove(0);
        let outputs = run(node(80, "running"), &samples, 160);
        assert_eq!((outputs.len(), outputs[0].1), (50, 1));
        let mut frame = 0;
        for (values, count, start) in outputs {
            assert!((start - frame as f64 * 0.01).abs() < 1e-12);
            for band in 0..80 {
                let same = values[band * count] == whole[band * frames + frame];
                assert!(same || frame < 10, "band {band}, frame {frame}");
            }
            frame += count;
        }
        assert_eq!(frame, frames);
    }

    #[test]
    fn silence_and_nothing_have_their_values() {
        // log10 of the least power is −10.
        let outputs = run(node(80, "stream"), &[0.0; 480], usize::MAX);
        assert!(outputs[0].0.iter().all(|x| (x + 1.5).abs() < 1e-6) && outputs[0].1 == 3);
        assert!(run(node(80, "stream"), &[], 1).is_empty());
        assert!(run(node(80, "stream"), &[0.5; 159], 100).is_empty(), "less than one hop");
    }

    #[test]
    fn another_rate_is_refused() {
        let audio = Audio::new(48_000, None, 1, 1, vec![0.0f32].into()).unwrap();
        let failure = node(80, "stream").process(&audio.into(), "in", &mut Out::default()).unwrap_err();
        assert!(failure.message().contains("resample"), "{}", failure.message());
    }

    #[test]
    fn frames_cost_no_allocation_but_their_output() {
        let count = |frames: usize| {
            let (mut node, mut out) = (node(80, "running"), Out::default());
            let chunk = item(&signal()[..frames]);
            let mut take = || {
                node.process(&chunk, "in", &mut out).unwrap();
                drop(out.take());
            };
            (0..5).for_each(|_| take());
            allocation_counter::measure(|| (0..20).for_each(|_| take())).count_total
        };
        assert_eq!(count(160), count(160 * 50));
    }
}
