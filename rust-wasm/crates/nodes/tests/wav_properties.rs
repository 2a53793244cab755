//! Random WAV files, whole and broken: nothing panics, nothing grows, and portions give what the whole gives.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use proptest::prelude::*;
use remotemedia_engine::array::Audio;
use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out, Params};
use remotemedia_engine::value::Value;
use remotemedia_nodes::{wav_decode, wav_encode};
use serde_json::{Value as Json, json};

fn node(node_type: &NodeType, params: &Json) -> Box<dyn Node> {
    (node_type.create)(&Params::new(params.as_object().unwrap().clone())).unwrap()
}

fn chunk(name: &[u8], body: &[u8]) -> Vec<u8> {
    let mut chunk = [name, &(body.len() as u32).to_le_bytes(), body].concat();
    chunk.resize(chunk.len().next_multiple_of(2), 0);
    chunk
}

fn fmt((tag, bits): (u16, u16), channels: u16, extensible: bool) -> Vec<u8> {
    let align = channels * bits / 8;
    let mut body = [if extensible { 0xFFFE } else { tag }.to_le_bytes(), channels.to_le_bytes()].concat();
    body.extend([8_000u32.to_le_bytes(), (8_000 * u32::from(align)).to_le_bytes()].concat());
    body.extend([align.to_le_bytes(), bits.to_le_bytes()].concat());
    if extensible {
        body.extend([22, 0, bits as u8, 0, 0, 0, 0, 0, tag as u8, 0]);
        body.extend([0; 14]);
    }
    chunk(b"fmt ", &body)
}

const ENCODINGS: [(u16, u16); 6] = [(1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (3, 64)];

fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    chunk(b"RIFF", &[b"WAVE".to_vec(), chunks.concat()].concat())
}

/// A correct file with fmt before data and other chunks around them.
fn good() -> impl Strategy<Value = Vec<u8>> {
    let others = || prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 0..3);
    let format = (0..ENCODINGS.len(), 1u16..4, any::<bool>());
    (format, prop::collection::vec(any::<u8>(), 0..200), others(), others()).prop_map(
        |((encoding, channels, extensible), mut data, before, after)| {
            let (tag, bits) = ENCODINGS[encoding];
            data.truncate(data.len() - data.len() % usize::from(channels * bits / 8));
            let other = |body: &Vec<u8>| chunk(b"LIST", body);
            let mut chunks: Vec<Vec<u8>> = before.iter().map(other).collect();
            chunks.extend([fmt((tag, bits), channels, extensible), chunk(b"data", &data)]);
            chunks.extend(after.iter().map(other));
            riff(&chunks)
        },
    )
}

/// A file with bytes changed, cut off or repeated.
fn broken() -> impl Strategy<Value = Vec<u8>> {
    let edits =
        prop::collection::vec((any::<prop::sample::Index>(), prop_oneof![Just(0xFF), any::<u8>()]), 0..6);
    (good(), edits, any::<prop::sample::Index>(), 0..3).prop_map(|(mut file, edits, at, kind)| {
        for (index, byte) in edits {
            let index = index.index(file.len());
            file[index] = byte;
        }
        match kind {
            0 => file.truncate(at.index(file.len())),
            1 => file.extend_from_within(12 + at.index(file.len() - 12)..),
            _ => {}
        }
        file
    })
}

/// Outputs of a run, or its first error. The portions' lengths are used again and again.
fn decoded(streaming: bool, file: &[u8], portions: &[usize]) -> Result<Vec<Audio>, Failure> {
    let mut node = node(&wav_decode::TYPE, &json!({"streaming": streaming}));
    let (mut out, mut rest, mut lengths) = (Out::default(), file, portions.iter().cycle());
    while !rest.is_empty() {
        let length = if streaming { *lengths.next().unwrap() } else { rest.len() };
        let (part, after) = rest.split_at(length.min(rest.len()));
        node.process(&Value::Bytes(part.to_vec().into()), "in", &mut out)?;
        rest = after;
    }
    node.flush(&mut out)?;
    let audio = |value: Value| if let Value::Audio(audio) = value { (*audio).clone() } else { panic!() };
    Ok(out.take().into_iter().map(audio).collect())
}

/// Format and bits of the samples, channel after channel: NaN is a sample here like any other.
fn joined(parts: &[Audio]) -> Option<(u32, Vec<Vec<u32>>)> {
    let first = parts.first()?;
    let mut channels = vec![Vec::new(); first.channels()];
    for part in parts {
        assert_eq!((part.sample_rate(), part.channels()), (first.sample_rate(), first.channels()));
        let samples = part.data().elements::<f32>();
        for (own, all) in samples.chunks(part.frames().max(1)).zip(&mut channels) {
            all.extend(own.iter().map(|x| x.to_bits()));
        }
    }
    Some((first.sample_rate(), channels))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn portions_give_what_the_whole_gives(file in good(), portions in prop::collection::vec(1usize..40, 1..6)) {
        let whole = decoded(false, &file, &[]).unwrap();
        let parts = decoded(true, &file, &portions).unwrap();
        prop_assert_eq!(joined(&parts), joined(&whole));
        let mut frames = 0;
        for part in &parts {
            prop_assert_eq!(part.timestamp(), Some(frames as f64 / 8_000.0));
            frames += part.frames();
        }
    }

    #[test]
    fn broken_files_are_errors_and_never_grow(file in broken(), portions in prop::collection::vec(1usize..40, 1..6)) {
        let (whole, parts) = (decoded(false, &file, &[]), decoded(true, &file, &portions));
        for audio in whole.iter().chain(&parts).flatten() {
            prop_assert!(audio.data().len() <= 4 * file.len());
        }
        match (&whole, &parts) {
            // Portions allow less, so what they take a whole file is, too. Only nothing at all is nothing.
            (_, Ok(parts)) if !file.is_empty() => prop_assert_eq!(joined(parts), joined(&whole.unwrap())),
            (Err(failure), _) | (_, Err(failure)) => prop_assert!(failure.message().contains("not a WAV file")),
            _ => {}
        }
    }

    #[test]
    fn noise_is_refused(bytes in prop::collection::vec(any::<u8>(), 1..64), portion in 1usize..9) {
        prop_assert!(decoded(false, &bytes, &[]).is_err());
        prop_assert!(decoded(true, &bytes, &[portion]).is_err());
    }

    #[test]
    fn what_is_encoded_comes_back(
        samples in prop::collection::vec(-0.99f32..0.99, 0..60),
        channels in 1usize..5,
        cut in any::<prop::sample::Index>(),
        format in 0usize..6,
    ) {
        let (name, step) = [
            ("pcm8", 0.5f64.powi(7)), ("pcm16", 0.5f64.powi(15)), ("pcm24", 0.5f64.powi(23)),
            ("pcm32", 0.5f64.powi(23)), ("float32", 0.0), ("float64", 0.0),
        ][format];
        let mut encode = node(&wav_encode::TYPE, &json!({"format": name}));
        let mut out = Out::default();
        let frames = samples.len() / channels;
        let cut = cut.index(frames + 1);
        for range in [0..cut, cut..frames] {
            let part: Vec<f32> =
                (0..channels).flat_map(|c| samples[c * frames..][range.clone()].to_vec()).collect();
            let audio = Audio::new(8_000, None, channels, range.len(), part.into()).unwrap();
            encode.process(&audio.into(), "in", &mut out).unwrap();
        }
        encode.flush(&mut out).unwrap();
        let file = out.take().remove(0);
        let Value::Bytes(file) = &file else { panic!() };
        let audio = &decoded(true, file.bytes(), &[file.len()]).unwrap()[0];
        prop_assert_eq!((audio.channels(), audio.frames()), (channels, frames));
        for (a, b) in audio.data().elements::<f32>().iter().zip(&samples) {
            prop_assert!((f64::from(*a) - f64::from(*b)).abs() <= step / 2.0, "{a} {b}");
        }
    }
}
