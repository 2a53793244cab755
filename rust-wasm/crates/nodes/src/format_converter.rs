//! `FormatConverterNode`: audio becomes integer PCM, and back.

use std::rc::Rc;

use bytemuck::Pod;
use remotemedia_engine::array::{Audio, DType, Tensor};
use remotemedia_engine::buffer::{Block, Buffer};
use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out, Params};
use remotemedia_engine::value::Value;

use crate::audio_input;

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "FormatConverterNode", "aliases": [],
        "summary": "Turns audio into tensors of integer PCM, and back.", "category": "audio",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {
            "target_format": {"type": "string", "enum": ["f32", "i16", "i32"], "default": "f32",
                              "description": "f32 gives audio, i16 and i32 give tensors, channels x frames."},
            "input_sample_rate": {"type": "integer", "minimum": 1, "unit": "Hz",
                                  "description": "Rate of bare tensors and lists; needed for f32 only."}}},
        "inputs": {"in": {"kinds": ["audio", "map", "list", "tensor"]}}, "outputs": {"out": {"kinds": ["audio", "tensor"]}},
        "runtime": "rust", "stateful": false, "requires": []
    }"#,
    create: |params| Ok(Box::new(FormatConverter::new(params)?)),
};

struct FormatConverter {
    target: DType,
    input_rate: Option<u32>,
}

impl FormatConverter {
    fn new(params: &Params) -> Result<Self, Failure> {
        let name = params.text("target_format")?;
        let formats = [DType::F32, DType::I16, DType::I32];
        let target = formats.into_iter().find(|format| format.name() == name);
        Ok(Self {
            target: target.ok_or_else(|| Failure::new("target_format is f32, i16 or i32"))?,
            input_rate: params.positive("input_sample_rate")?,
        })
    }

    fn rate(&self) -> Option<u32> {
        // A tensor has no rate, so any will do.
        self.input_rate.or((self.target != DType::F32).then_some(1))
    }
}

impl Node for FormatConverter {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        let audio = audio_input::audio(item, self.rate())?;
        let samples = audio.data().elements::<f32>();
        check_numbers(&samples, audio.frames())?;
        let data = match (self.target, i32_tensor(item)) {
            (DType::I16, None) => filled(&samples, to_i16),
            (DType::I16, Some(tensor)) => filled(&tensor.data().elements::<i32>(), i32_to_i16),
            (DType::I32, None) => filled(&samples, to_i32),
            (DType::I32, Some(tensor)) => Some(tensor.data().clone()),
            _ => {
                out.emit(Value::Audio(Rc::clone(&audio)));
                return Ok(());
            }
        };
        out.emit(tensor(&audio, self.target, data)?);
        Ok(())
    }
}

fn tensor(audio: &Audio, dtype: DType, data: Option<Buffer>) -> Result<Tensor, Failure> {
    let shape = vec![audio.channels(), audio.frames()];
    let tensor = data.and_then(|data| Tensor::new(dtype, shape, data));
    tensor.ok_or_else(|| Failure::new("there is not enough memory for the samples"))
}

/// The tensor that an item is or holds, if its integers have more bits than float32.
fn i32_tensor(item: &Value) -> Option<&Tensor> {
    let inner = if matches!(item, Value::Map(_)) { item.get("audio")? } else { item };
    let samples = match inner {
        Value::List(pair) => pair.first()?,
        other => other,
    };
    match samples {
        Value::Tensor(tensor) if tensor.dtype() == DType::I32 => Some(tensor),
        _ => None,
    }
}

/// Integers have no NaN.
fn check_numbers(samples: &[f32], frames: usize) -> Result<(), Failure> {
    // Without an exit in the loop, so that it is vectorised.
    if !samples.iter().fold(false, |found, sample| found | sample.is_nan()) {
        return Ok(());
    }
    let index = samples.iter().position(|sample| sample.is_nan()).unwrap_or_default();
    let (channel, frame) = (index / frames.max(1), index % frames.max(1));
    Err(Failure::new(format!("channel {channel}, frame {frame} is not a number")))
}

fn to_i16(sample: f32) -> i16 {
    // In steps that are vectorised in wasm, which has no direct way from floats to 16 bits.
    (sample * 32_768.0).round_ties_even().clamp(-32_768.0, 32_767.0) as i32 as i16
}

/// `as` limits to the range of the integer, so neither 1.0 nor infinity needs a case of its own.
fn to_i32(sample: f32) -> i32 {
    (sample * 2_147_483_648.0).round_ties_even() as i32
}

fn i32_to_i16(sample: i32) -> i16 {
    (f64::from(sample) / 65_536.0).round_ties_even() as i16
}

/// A buffer of converted samples, aligned for what reads it. `None` if memory is short.
fn filled<T: Pod, U: Pod>(samples: &[T], convert: impl Fn(T) -> U) -> Option<Buffer> {
    let bytes = samples.len() * size_of::<U>();
    let mut block = Block::zeroed(bytes)?;
    let target = bytemuck::try_cast_slice_mut::<u8, U>(block.bytes_mut().get_mut(..bytes)?).ok()?;
    target.iter_mut().zip(samples).for_each(|(target, sample)| *target = convert(*sample));
    Buffer::of_block(Rc::new(block)).slice(0, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_audio::{Signal, item, params, run, samples};

    fn node(format: &str) -> FormatConverter {
        FormatConverter::new(&params(serde_json::json!({"target_format": format}))).unwrap()
    }

    fn convert(format: &str, item: Value) -> Value {
        run(&mut node(format), &[item]).remove(0)
    }

    fn integers(output: &Value) -> (DType, Vec<usize>, Vec<f64>) {
        let Value::Tensor(tensor) = output else { panic!("{output:?}") };
        (tensor.dtype(), tensor.shape().to_vec(), tensor.to_f64())
    }

    fn i32s(numbers: &[i32]) -> Value {
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        Tensor::new(DType::I32, vec![numbers.len()], Buffer::copy_of(&bytes)).unwrap().into()
    }

    #[test]
    fn samples_are_scaled_rounded_and_limited() {
        let step = 1.0 / 32_768.0;
        let floats =
            [0.0, 0.5, -0.5, 1.0, -1.0, 7.0, -7.0, f32::INFINITY, 0.5 * step, 1.5 * step, -2.5 * step];
        let (dtype, shape, numbers) = integers(&convert("i16", item(8_000, 1, &floats)));
        assert_eq!((dtype, shape), (DType::I16, vec![1, 11]));
        let (most, least) = (32_767.0, -32_768.0);
        assert_eq!(numbers, [0.0, 16_384.0, -16_384.0, most, least, most, least, most, 0.0, 2.0, -2.0]);
        let (_, shape, numbers) = integers(&convert("i32", item(8_000, 2, &[0.5, 1.0, -1.0, -0.25])));
        assert_eq!(shape, [2, 2]);
        assert_eq!(numbers, [1_073_741_824.0, 2_147_483_647.0, -2_147_483_648.0, -536_870_912.0]);
    }

    #[test]
    fn all_of_i16_comes_back() {
        let bytes: Vec<u8> = (i16::MIN..=i16::MAX).flat_map(i16::to_le_bytes).collect();
        let tensor = Tensor::new(DType::I16, vec![2, 32_768], Buffer::copy_of(&bytes)).unwrap();
        let pair = Value::from(vec![tensor.clone().into(), 8_000i64.into()]);
        let floats = convert("f32", pair);
        assert_eq!(samples(&floats)[..2], [-1.0, -32_767.0 / 32_768.0]);
        assert_eq!(convert("i16", floats.clone()), Value::from(tensor.clone()));
        let wide = convert("i32", floats);
        assert_eq!(integers(&wide).2[1], -32_767.0 * 65_536.0);
        assert_eq!(convert("i16", wide), Value::from(tensor));
    }

    #[test]
    fn i32_does_not_go_through_floats() {
        let numbers = [i32::MAX, i32::MAX - 1, 16_777_217, -1, i32::MIN, 32_768, 98_304, -32_768, -32_769];
        let exact: Vec<f64> = numbers.iter().map(|&number| f64::from(number)).collect();
        let pair = Value::from(vec![i32s(&numbers), 8_000i64.into()]);
        for item in [i32s(&numbers), pair.clone(), Value::map([("audio", pair.clone())])] {
            assert_eq!(integers(&convert("i32", item.clone())), (DType::I32, vec![1, 9], exact.clone()));
            let rounded = [32_767.0, 32_767.0, 256.0, 0.0, -32_768.0, 0.0, 2.0, 0.0, -1.0];
            assert_eq!(integers(&convert("i16", item)), (DType::I16, vec![1, 9], rounded.to_vec()));
        }
        assert_eq!(samples(&convert("f32", pair))[4], -1.0);
    }

    #[test]
    fn audio_stays_audio_without_a_copy() {
        let input = item(8_000, 1, &[0.1, -3.0]);
        let output = convert("f32", input.clone());
        let (Value::Audio(a), Value::Audio(b)) = (input, output) else { panic!() };
        assert!(Rc::ptr_eq(&a, &b));
    }

    #[test]
    fn only_audio_needs_a_rate() {
        let mut out = Out::default();
        assert!(node("f32").process(&i32s(&[0]), "in", &mut out).is_err());
        assert!(node("i16").process(&i32s(&[0]), "in", &mut out).is_ok());
        assert_eq!(integers(&convert("i16", item(8_000, 3, &[]))).1, [3, 0]);
    }

    #[test]
    fn nan_is_refused_wherever_it_is() {
        for format in ["f32", "i16", "i32"] {
            let failure =
                node(format).process(&item(8_000, 2, &[0.0, 0.0, 0.0, f32::NAN]), "in", &mut Out::default());
            assert!(failure.unwrap_err().message().contains("channel 1, frame 1"));
        }
    }

    #[test]
    fn portions_make_no_difference() {
        let signal = Signal::noise(8_000, 1, 300);
        let whole = integers(&convert("i16", signal.item(0..300))).2;
        signal.cut_at_random(0..300, 30, |items| {
            let parts = run(&mut node("i16"), &items);
            assert_eq!(parts.iter().flat_map(|part| integers(part).2).collect::<Vec<_>>(), whole);
        });
    }
}
