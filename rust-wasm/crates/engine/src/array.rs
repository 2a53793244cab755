//! Tensors and audio: shaped views of shared buffers.

use crate::buffer::Buffer;

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DType {
    /// Unsigned 8-bit integer.
    U8,
    /// Signed 8-bit integer.
    I8,
    /// Unsigned 16-bit integer.
    U16,
    /// Signed 16-bit integer.
    I16,
    /// Unsigned 32-bit integer.
    U32,
    /// Signed 32-bit integer.
    I32,
    /// Signed 64-bit integer.
    I64,
    /// Single precision float.
    F32,
    /// Double precision float.
    F64,
    /// One byte, 0 or 1; any other byte counts as true.
    Bool,
}

impl DType {
    /// Every dtype.
    pub const ALL: [Self; 10] = [
        Self::U8,
        Self::I8,
        Self::U16,
        Self::I16,
        Self::U32,
        Self::I32,
        Self::I64,
        Self::F32,
        Self::F64,
        Self::Bool,
    ];

    /// The name used in packets and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::I8 => "i8",
            Self::U16 => "u16",
            Self::I16 => "i16",
            Self::U32 => "u32",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Bool => "bool",
        }
    }

    /// The dtype of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dtype| dtype.name() == name)
    }

    /// Size of one element in bytes.
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 | Self::Bool => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::I64 | Self::F64 => 8,
        }
    }
}

/// How many elements a shape has; `None` if the number overflows, even where another dimension is 0.
#[must_use]
pub fn element_count(shape: &[usize]) -> Option<usize> {
    let bound = shape.iter().try_fold(1usize, |product, &dim| product.checked_mul(dim.max(1)))?;
    Some(if shape.contains(&0) { 0 } else { bound })
}

/// An n-dimensional array, row-major. A 0-d tensor has an empty shape and one element.
#[derive(Clone, Debug)]
pub struct Tensor {
    dtype: DType,
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Buffer,
}

impl Tensor {
    /// A tensor over `data`; `None` if the shape does not fit it exactly.
    #[must_use]
    pub fn new(dtype: DType, shape: Vec<usize>, data: Buffer) -> Option<Self> {
        let bytes = element_count(&shape)?.checked_mul(dtype.size())?;
        (bytes == data.len()).then_some(Self { dtype, shape, data })
    }

    /// The type of the elements.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The dimensions, outermost first.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The elements' bytes, little-endian.
    #[must_use]
    pub fn data(&self) -> &Buffer {
        &self.data
    }

    /// The elements as f64. Integers beyond ±2^53 are rounded, booleans are 0 or 1.
    #[must_use]
    pub fn to_f64(&self) -> Vec<f64> {
        match self.dtype {
            DType::U8 => self.data.bytes().iter().map(|&x| f64::from(x)).collect(),
            DType::I8 => self.data.elements::<i8>().iter().map(|&x| f64::from(x)).collect(),
            DType::U16 => self.data.elements::<u16>().iter().map(|&x| f64::from(x)).collect(),
            DType::I16 => self.data.elements::<i16>().iter().map(|&x| f64::from(x)).collect(),
            DType::U32 => self.data.elements::<u32>().iter().map(|&x| f64::from(x)).collect(),
            DType::I32 => self.data.elements::<i32>().iter().map(|&x| f64::from(x)).collect(),
            DType::I64 => self.data.elements::<i64>().iter().map(|&x| x as f64).collect(),
            DType::F32 => self.data.elements::<f32>().iter().map(|&x| f64::from(x)).collect(),
            DType::F64 => self.data.elements::<f64>().to_vec(),
            DType::Bool => self.data.bytes().iter().map(|&x| f64::from(u8::from(x != 0))).collect(),
        }
    }
}

/// Same dtype, shape and elements: NaN equals NaN, any non-zero bool is true, otherwise bit by bit.
impl PartialEq for Tensor {
    fn eq(&self, other: &Self) -> bool {
        if self.dtype != other.dtype || self.shape != other.shape {
            return false;
        }
        match self.dtype {
            DType::F32 => same_f32(&self.data, &other.data),
            DType::F64 => {
                let (a, b) = (self.data.elements::<f64>(), other.data.elements::<f64>());
                a.iter().zip(b.iter()).all(|(a, b)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan())
            }
            DType::Bool => {
                self.data.bytes().iter().zip(other.data.bytes()).all(|(a, b)| (*a != 0) == (*b != 0))
            }
            _ => self.data.bytes() == other.data.bytes(),
        }
    }
}

fn same_f32(a: &Buffer, b: &Buffer) -> bool {
    let (a, b) = (a.elements::<f32>(), b.elements::<f32>());
    a.len() == b.len()
        && a.iter().zip(b.iter()).all(|(a, b)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan())
}

/// The most channels that audio may have. Without frames a few bytes could claim any number of them.
pub const MAX_CHANNELS: usize = 65_536;

/// Planar float32 audio, nominal range [-1, 1], not clipped.
#[derive(Clone, Debug)]
pub struct Audio {
    sample_rate: u32,
    timestamp: Option<f64>,
    channels: usize,
    frames: usize,
    pub(crate) data: Buffer,
}

impl Audio {
    /// Audio of `channels` × `frames` samples, channel after channel in `data`. `None` if the sizes do not fit, the
    /// rate is 0, the timestamp is not finite, or there are not 1 to [`MAX_CHANNELS`] channels.
    #[must_use]
    pub fn new(
        sample_rate: u32,
        timestamp: Option<f64>,
        channels: usize,
        frames: usize,
        data: Buffer,
    ) -> Option<Self> {
        let bytes = element_count(&[channels, frames])?.checked_mul(size_of::<f32>())?;
        let valid = sample_rate > 0
            && (1..=MAX_CHANNELS).contains(&channels)
            && timestamp.is_none_or(f64::is_finite)
            && bytes == data.len();
        valid.then_some(Self { sample_rate, timestamp, channels, frames, data })
    }

    /// In hertz.
    #[must_use]
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// Time of the first frame in seconds, if known.
    #[must_use]
    pub fn timestamp(&self) -> Option<f64> {
        self.timestamp
    }

    /// Number of channels.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Samples per channel.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// All samples, channel after channel.
    #[must_use]
    pub fn data(&self) -> &Buffer {
        &self.data
    }
}

impl PartialEq for Audio {
    fn eq(&self, other: &Self) -> bool {
        (self.sample_rate, self.channels, self.frames) == (other.sample_rate, other.channels, other.frames)
            && self.timestamp.map(f64::to_bits) == other.timestamp.map(f64::to_bits)
            && same_f32(&self.data, &other.data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_must_fit_its_data() {
        let data = Buffer::from(vec![0.0f32; 6]);
        assert!(Tensor::new(DType::F32, vec![2, 3], data.clone()).is_some());
        assert!(Tensor::new(DType::F32, vec![2, 2], data.clone()).is_none());
        assert!(Tensor::new(DType::F64, vec![2, 3], data.clone()).is_none());
        assert!(Tensor::new(DType::U8, vec![usize::MAX, 2], data).is_none());
        assert_eq!(element_count(&[]), Some(1));
        assert_eq!(element_count(&[0, 5]), Some(0));
        assert_eq!(element_count(&[usize::MAX, 2, 0]), None);
    }

    #[test]
    fn any_byte_but_zero_is_true() {
        let tensor = |bytes: Vec<u8>| Tensor::new(DType::Bool, vec![2], bytes.into()).unwrap();
        assert_eq!(tensor(vec![0, 1]), tensor(vec![0, 7]));
        assert_eq!(tensor(vec![0, 9]).to_f64(), [0.0, 1.0]);
    }

    #[test]
    fn audio_needs_a_rate_and_a_finite_timestamp() {
        let data = Buffer::from(vec![0.0f32; 4]);
        assert!(Audio::new(8000, Some(0.5), 2, 2, data.clone()).is_some());
        assert!(Audio::new(0, None, 2, 2, data.clone()).is_none());
        assert!(Audio::new(8000, Some(f64::NAN), 2, 2, data.clone()).is_none());
        assert!(Audio::new(8000, None, 1, 2, data).is_none());
        let nothing = || Buffer::from(Vec::<f32>::new());
        assert!(Audio::new(8000, None, 1, 0, nothing()).is_some());
        assert!(Audio::new(8000, None, 0, 0, nothing()).is_none());
        assert!(Audio::new(8000, None, MAX_CHANNELS + 1, 0, nothing()).is_none());
    }
}
