//! What audio nodes take as audio (`docs/nodes.md`, "Audio input").

use std::borrow::Cow;
use std::rc::Rc;

use remotemedia_engine::array::{Audio, DType, MAX_CHANNELS, Tensor};
use remotemedia_engine::buffer::Buffer;
use remotemedia_engine::error::Failure;
use remotemedia_engine::issue::index_path;
use remotemedia_engine::value::{Map, Value};

/// Full scale of 16-bit PCM.
const I16_SCALE: f64 = 32_768.0;
/// Full scale of 32-bit PCM.
const I32_SCALE: f64 = 2_147_483_648.0;

const CHANNELS: &str = "audio has 1 to 65,536 channels";

/// The item as audio. `input_rate` is the param that bare tensors and lists need.
pub(crate) fn audio(item: &Value, input_rate: Option<u32>) -> Result<Rc<Audio>, Failure> {
    match item {
        Value::Map(map) => match map.get("audio") {
            Some(inner) => plain(inner, input_rate, "$.audio"),
            None => from_earlier_system(map),
        },
        _ => plain(item, input_rate, "$"),
    }
}

/// Audio that is not in a map.
fn plain(item: &Value, input_rate: Option<u32>, path: &str) -> Result<Rc<Audio>, Failure> {
    match item {
        Value::Audio(audio) => Ok(Rc::clone(audio)),
        Value::List(list) => match &list[..] {
            [samples @ (Value::Tensor(_) | Value::List(_)), rate @ (Value::Int(_) | Value::Float(_))] => {
                planar(samples, whole(rate, &index_path(path, 1))?, &index_path(path, 0))
            }
            _ => planar(item, needed(input_rate, "list")?, path),
        },
        Value::Tensor(_) => planar(item, needed(input_rate, "tensor")?, path),
        other => Err(Failure::new(format!("not audio but {}", other.kind())).at(path)),
    }
}

fn needed(input_rate: Option<u32>, kind: &str) -> Result<u32, Failure> {
    input_rate.ok_or_else(|| Failure::new(format!("a bare {kind} needs the param input_sample_rate")))
}

/// Interleaved numbers in a map.
fn from_earlier_system(map: &Map) -> Result<Rc<Audio>, Failure> {
    let (Some(data), Some(rate)) = (map.get("data"), map.get("sample_rate")) else {
        return Err(Failure::new("a map is audio if it has audio, or data and sample_rate"));
    };
    let rate = whole(rate, "$.sample_rate")?;
    let channels = match map.get("channels") {
        None => 1,
        // Refused before anything is done per channel.
        Some(channels) => match whole(channels, "$.channels")? as usize {
            channels if channels > MAX_CHANNELS => {
                return Err(Failure::new(CHANNELS).at("$.channels"));
            }
            channels => channels,
        },
    };
    let scale = match map.get("format").map(|format| format.as_str().unwrap_or_default()) {
        None | Some("F32") => 1.0,
        Some("I16") => I16_SCALE,
        Some("I32") => I32_SCALE,
        Some(_) => return Err(Failure::new("format is F32, I16 or I32").at("$.format")),
    };
    let (rows, samples) = match data {
        Value::Tensor(tensor) => {
            from_tensor(tensor, "$.data").map(|(rows, data)| (rows, data.elements().into_owned()))?
        }
        Value::List(list) => (1, numbers(list, scale, "$.data")?),
        other => return Err(Failure::new(format!("not a list but {}", other.kind())).at("$.data")),
    };
    if rows != 1 || samples.len() % channels != 0 {
        let message = format!("{} interleaved samples do not fill {channels} channels", samples.len());
        return Err(Failure::new(message).at("$.data"));
    }
    let frames = samples.len() / channels;
    let planes = (0..channels).flat_map(|channel| samples.iter().skip(channel).step_by(channels).copied());
    make(rate, channels, frames, planes.collect::<Vec<f32>>().into())
}

/// A whole number from 1 to 2^32 − 1.
fn whole(value: &Value, path: &str) -> Result<u32, Failure> {
    let number = value.as_number().filter(|n| n.fract() == 0.0 && (1.0..=f64::from(u32::MAX)).contains(n));
    number.map(|n| n as u32).ok_or_else(|| Failure::new("not an integer from 1 to 4,294,967,295").at(path))
}

/// Samples of one channel, or channels × frames.
fn planar(samples: &Value, rate: u32, path: &str) -> Result<Rc<Audio>, Failure> {
    match samples {
        Value::Tensor(tensor) => {
            let (channels, data) = from_tensor(tensor, path)?;
            make(rate, channels, data.len() / size_of::<f32>() / channels.max(1), data)
        }
        Value::List(rows) if rows.first().is_some_and(|row| matches!(row, Value::List(_))) => {
            let mut data = Vec::new();
            let mut frames = None;
            for (index, row) in rows.iter().enumerate() {
                let path = index_path(path, index);
                let Value::List(row) = row else {
                    return Err(Failure::new(format!("not a list but {}", row.kind())).at(path));
                };
                if *frames.get_or_insert(row.len()) != row.len() {
                    return Err(Failure::new("channels differ in length").at(path));
                }
                data.extend(numbers(row, 1.0, &path)?);
            }
            make(rate, rows.len(), frames.unwrap_or_default(), data.into())
        }
        Value::List(list) => {
            let data = numbers(list, 1.0, path)?;
            make(rate, 1, data.len(), data.into())
        }
        other => Err(Failure::new(format!("not samples but {}", other.kind())).at(path)),
    }
}

fn numbers(list: &[Value], scale: f64, path: &str) -> Result<Vec<f32>, Failure> {
    let number = |(index, value): (usize, &Value)| match value.as_number() {
        Some(number) => Ok((number / scale) as f32),
        None => Err(Failure::new(format!("not a number but {}", value.kind())).at(index_path(path, index))),
    };
    list.iter().enumerate().map(number).collect()
}

/// Channels and f32 samples of a tensor; f32 data is shared, not copied.
fn from_tensor(tensor: &Tensor, path: &str) -> Result<(usize, Buffer), Failure> {
    let channels = match tensor.shape() {
        [_] => 1,
        [channels, _] => *channels,
        shape => {
            let message =
                format!("a tensor of {} dimensions is neither samples nor channels × frames", shape.len());
            return Err(Failure::new(message).at(path));
        }
    };
    let data = match tensor.dtype() {
        DType::F32 => return Ok((channels, tensor.data().clone())),
        DType::F64 => tensor.data().elements::<f64>().iter().map(|&x| x as f32).collect::<Vec<_>>(),
        DType::I16 => {
            tensor.data().elements::<i16>().iter().map(|&x| f32::from(x) / I16_SCALE as f32).collect()
        }
        DType::I32 => {
            tensor.data().elements::<i32>().iter().map(|&x| (f64::from(x) / I32_SCALE) as f32).collect()
        }
        other => {
            return Err(
                Failure::new(format!("samples are f32, f64, i16 or i32, not {}", other.name())).at(path)
            );
        }
    };
    Ok((channels, data.into()))
}

/// Refuses NaN and infinity, which would never leave a filter again.
pub(crate) fn check_finite(samples: &[f32], frames: usize) -> Result<(), Failure> {
    // Without an exit in the inner loop, so that it is vectorised.
    let is_bad = |part: &[f32]| part.iter().fold(false, |bad, sample| bad | !sample.is_finite());
    if !samples.chunks(1_024).any(is_bad) {
        return Ok(());
    }
    let index = samples.iter().position(|sample| !sample.is_finite()).unwrap_or_default();
    let (channel, frame) = (index / frames.max(1), index % frames.max(1));
    Err(Failure::new(format!("channel {channel}, frame {frame} is not a finite sample")))
}

/// The average of the channels of planar samples: a view if there is only one.
pub(crate) fn mono(samples: &[f32], frames: usize) -> Cow<'_, [f32]> {
    let mut channels = samples.chunks_exact(frames.max(1));
    let count = channels.len();
    let Some(first) = channels.next().filter(|_| count > 1) else { return Cow::Borrowed(samples) };
    let mut sums = first.to_vec();
    for channel in channels {
        sums.iter_mut().zip(channel).for_each(|(sum, sample)| *sum += sample);
    }
    let factor = 1.0 / count as f32;
    for sum in &mut sums {
        *sum *= factor;
    }
    Cow::Owned(sums)
}

fn make(rate: u32, channels: usize, frames: usize, data: Buffer) -> Result<Rc<Audio>, Failure> {
    let audio = Audio::new(rate, None, channels, frames, data);
    audio.map(Rc::new).ok_or_else(|| Failure::new(CHANNELS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(item: &Value, rate: Option<u32>) -> Result<(u32, usize, Vec<f32>), String> {
        let audio = audio(item, rate).map_err(|failure| failure.message().to_owned())?;
        Ok((audio.sample_rate(), audio.channels(), audio.data().elements().into_owned()))
    }

    fn list(numbers: &[f64]) -> Value {
        numbers.iter().map(|&x| Value::Float(x)).collect::<Vec<_>>().into()
    }

    fn tensor(dtype: DType, shape: &[usize], bytes: &[u8]) -> Value {
        Tensor::new(dtype, shape.to_vec(), Buffer::copy_of(bytes)).unwrap().into()
    }

    #[test]
    fn the_earlier_systems_object_is_interleaved() {
        let item = Value::map([
            ("data", list(&[16384.0, -32768.0, 0.0, 8192.0])),
            ("sample_rate", 8000.0.into()),
            ("channels", 2i64.into()),
            ("format", "I16".into()),
        ]);
        assert_eq!(samples(&item, None), Ok((8000, 2, vec![0.5, 0.0, -1.0, 0.25])));
    }

    #[test]
    fn pairs_and_bare_samples_are_planar() {
        let pair: Value = vec![vec![list(&[1.0, 2.0]), list(&[3.0, 4.0])].into(), 8000i64.into()].into();
        assert_eq!(samples(&pair, None), Ok((8000, 2, vec![1.0, 2.0, 3.0, 4.0])));
        let ints = tensor(DType::I16, &[2], &[0, 0x40, 0, 0x80]);
        assert_eq!(samples(&vec![ints.clone(), 9i64.into()].into(), None), Ok((9, 1, vec![0.5, -1.0])));
        assert_eq!(samples(&ints, Some(7)), Ok((7, 1, vec![0.5, -1.0])));
        assert_eq!(samples(&list(&[0.5]), Some(7)), Ok((7, 1, vec![0.5])));
        assert_eq!(samples(&list(&[]), Some(7)), Ok((7, 1, vec![])));
    }

    #[test]
    fn a_map_may_carry_any_of_them_under_audio() {
        let pair: Value = vec![list(&[0.5]), 9i64.into()].into();
        for audio in [pair, list(&[0.5])] {
            assert_eq!(
                samples(&Value::map([("audio", audio), ("other", Value::Null)]), Some(9)),
                Ok((9, 1, vec![0.5]))
            );
        }
    }

    #[test]
    fn float_tensors_are_not_copied() {
        let item = tensor(DType::F32, &[1, 2], &[0; 8]);
        let Value::Tensor(inner) = &item else { panic!() };
        let audio = audio(&item, Some(8000)).unwrap();
        assert_eq!(audio.data().bytes().as_ptr(), inner.data().bytes().as_ptr());
    }

    #[test]
    fn limits_are_checked_before_the_samples_are_looked_at() {
        let map = |rate: f64, channels: f64| {
            Value::map([("data", list(&[])), ("sample_rate", rate.into()), ("channels", channels.into())])
        };
        let refused = |item: Value| audio(&item, None).unwrap_err();
        assert_eq!(samples(&map(4_294_967_295.0, 65_536.0), None), Ok((u32::MAX, 65_536, vec![])));
        assert_eq!(refused(map(8000.0, 65_537.0)), Failure::new(CHANNELS).at("$.channels"));
        assert_eq!(refused(map(8000.0, 4_294_967_295.0)), Failure::new(CHANNELS).at("$.channels"));
        assert!(audio(&map(4_294_967_296.0, 1.0), None).is_err());
    }

    #[test]
    fn what_is_not_audio_is_refused() {
        let pair = |rate: f64| Value::from(vec![list(&[0.0]), rate.into()]);
        for item in [
            Value::Null,
            "audio".into(),
            Value::map([("audio", 1i64.into())]),
            Value::map([("data", list(&[0.0]))]),
            Value::map([("data", list(&[0.0])), ("sample_rate", 8000i64.into()), ("channels", 2i64.into())]),
            Value::map([("data", list(&[0.0])), ("sample_rate", 8000i64.into()), ("format", "U8".into())]),
            vec![Value::Null].into(),
            vec![list(&[0.0]), vec![list(&[0.0])].into()].into(),
            pair(0.0),
            pair(0.5),
            tensor(DType::U8, &[1], &[0]),
            tensor(DType::F32, &[], &[0; 4]),
            tensor(DType::F32, &[0, 3], &[]),
        ] {
            assert!(samples(&item, Some(8000)).is_err(), "{item:?}");
        }
        assert!(samples(&list(&[0.0]), None).unwrap_err().contains("input_sample_rate"));
    }
}
