//! The built-in nodes that run in Rust. `docs/nodes/` says what each does; its catalog entry stands beside its code.
#![forbid(unsafe_code)]

mod arithmetic;
mod audio_clock;
mod audio_energy;
mod audio_input;
mod audio_runs;
mod audio_stream;
mod fft;
mod nesting;
mod simd;
mod spectrum;
#[cfg(test)]
mod test_audio;
mod vad_frames;
mod wav_format;
mod wav_stream;

pub mod add;
pub mod audio_channels;
pub mod audio_chunker;
pub mod audio_level;
pub mod batcher;
pub mod biquad;
pub mod calculator;
pub mod clipping_detector;
pub mod counter;
pub mod echo;
pub mod expander;
pub mod filter;
pub mod format_converter;
pub mod gain;
pub mod log_mel;
pub mod multiply;
pub mod normalize;
pub mod pass_through;
pub mod range_generator;
pub mod resample;
pub mod silence_detector;
pub mod spectral_vad;
pub mod spectrogram;
pub mod vad;
pub mod wav_decode;
pub mod wav_encode;
pub mod zip;

use remotemedia_engine::error::Error;
use remotemedia_engine::node::NodeType;
use remotemedia_engine::registry::Registry;

/// Every built-in type. To add one: write its file, add a line here.
pub const TYPES: &[NodeType] = &[
    pass_through::TYPE,
    echo::TYPE,
    multiply::TYPE,
    add::TYPE,
    calculator::TYPE,
    filter::TYPE,
    expander::TYPE,
    counter::TYPE,
    batcher::TYPE,
    range_generator::TYPE,
    zip::TYPE,
    wav_decode::TYPE,
    wav_encode::TYPE,
    audio_channels::TYPE,
    format_converter::TYPE,
    audio_chunker::TYPE,
    gain::TYPE,
    audio_level::TYPE,
    normalize::TYPE,
    biquad::TYPE,
    silence_detector::TYPE,
    clipping_detector::TYPE,
    resample::TYPE,
    vad::TYPE,
    spectral_vad::TYPE,
    spectrogram::TYPE,
    log_mel::TYPE,
];

/// A registry of all built-in types.
pub fn registry() -> Result<Registry, Error> {
    Registry::new(TYPES)
}
