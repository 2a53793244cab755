//! References: what `{"$": n}` in a packet stands for.

use std::cell::OnceCell;

use crate::array::{Audio, DType, Tensor};
use crate::buffer::Buffer;
use crate::error::Error;
use crate::packet::header::Reference;
use crate::value::Value;

/// A checked reference.
pub(super) enum Ref {
    /// A list of numbers; the list value is made at its first use and then shared.
    List(Numbers, OnceCell<Value>),
    /// Bytes, a tensor or audio.
    Value(Value),
}

/// The numbers of a `list` reference, not yet made into values.
pub(super) enum Numbers {
    I64(Buffer),
    F64(Buffer),
}

impl Numbers {
    pub(super) fn values(&self) -> Vec<Value> {
        match self {
            Self::I64(buffer) => buffer.elements::<i64>().iter().map(|&int| Value::Int(int)).collect(),
            Self::F64(buffer) => buffer.elements::<f64>().iter().map(|&float| Value::Float(float)).collect(),
        }
    }
}

impl Ref {
    pub(super) fn value(&self) -> Value {
        match self {
            Self::List(numbers, made) => made.get_or_init(|| numbers.values().into()).clone(),
            Self::Value(value) => value.clone(),
        }
    }

    /// Checks one entry of `refs` against the buffers.
    pub(super) fn read(entry: &Reference<'_>, path: &str, buffers: &[Buffer]) -> Result<Self, Error> {
        let wrong = |field: &str, message: String| Error::bad_packet(format!("{path}.{field}"), message);
        let buffer = buffers
            .get(entry.buffer)
            .cloned()
            .ok_or_else(|| wrong("buffer", format!("buffer {} of {}", entry.buffer, buffers.len())))?;
        let dtype = || {
            let name = entry.dtype.as_deref().unwrap_or_default();
            DType::from_name(name).ok_or_else(|| wrong("dtype", format!("unknown dtype {name:?}")))
        };
        let shape = || -> Result<Vec<usize>, Error> {
            let dims = entry.shape.as_ref().ok_or_else(|| wrong("shape", "missing".to_owned()))?;
            let dims = dims.iter().map(|&dim| usize::try_from(dim).ok()).collect::<Option<_>>();
            dims.ok_or_else(|| wrong("shape", "too large for this machine".to_owned()))
        };
        let misfit = |length| wrong("shape", format!("does not fit a buffer of {length} bytes"));
        let length = buffer.len();
        match &*entry.kind {
            "bytes" => Ok(Self::Value(Value::Bytes(buffer))),
            "list" => {
                let (dtype, shape) = (dtype()?, shape()?);
                if shape.len() != 1 || Tensor::new(dtype, shape, buffer.clone()).is_none() {
                    return Err(misfit(length));
                }
                let numbers = match dtype {
                    DType::I64 => Numbers::I64(buffer),
                    DType::F64 => Numbers::F64(buffer),
                    _ => return Err(wrong("dtype", format!("a list is i64 or f64, not {}", dtype.name()))),
                };
                Ok(Self::List(numbers, OnceCell::new()))
            }
            "tensor" => {
                let tensor = Tensor::new(dtype()?, shape()?, buffer).ok_or_else(|| misfit(length))?;
                Ok(Self::Value(tensor.into()))
            }
            "audio" => {
                let rate = entry.sample_rate.filter(|&rate| rate > 0);
                let rate = rate.ok_or_else(|| wrong("sample_rate", "an integer from 1".to_owned()))?;
                let timestamp =
                    entry.timestamp.map(|raw| super::decode::float(raw.get(), path)).transpose()?;
                if timestamp.is_some_and(|seconds| !seconds.is_finite()) {
                    return Err(wrong("timestamp", "a finite number".to_owned()));
                }
                let shape = shape()?;
                let [channels, frames] = shape[..] else {
                    return Err(wrong("shape", "audio is [channels, frames]".to_owned()));
                };
                let audio =
                    Audio::new(rate, timestamp, channels, frames, buffer).ok_or_else(|| misfit(length))?;
                Ok(Self::Value(audio.into()))
            }
            other => Err(wrong("kind", format!("unknown kind {other:?}"))),
        }
    }
}
