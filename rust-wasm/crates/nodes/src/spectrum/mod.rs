//! What `SpectrogramNode` and `LogMelNode` share: overlapping windowed frames of a stream and their power spectra.

mod framer;
pub(crate) mod logarithm;
pub(crate) mod mel;
pub(crate) mod stft;
pub(crate) mod stream;
