//! In steady state the nodes that shape and measure audio allocate what they give, and nothing else: so many times per
//! chunk, however long the chunk and the stream are.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use remotemedia_engine::array::Audio;
use remotemedia_engine::node::{Node, Out, Params};
use remotemedia_engine::value::Value;
use remotemedia_nodes::registry;
use serde_json::{Value as Json, json};

fn node(name: &str, params: &Json) -> Box<dyn Node> {
    let registry = registry().unwrap();
    let (entry, node_type) = registry.find(name).unwrap();
    let defaults = entry.params.properties.iter();
    let mut complete: serde_json::Map<String, Json> =
        defaults.filter_map(|(name, schema)| Some((name.clone(), schema.get("default")?.clone()))).collect();
    complete.extend(params.as_object().unwrap().clone());
    (node_type.create)(&Params::new(complete)).unwrap()
}

fn chunk(frames: usize) -> Value {
    let samples: Vec<f32> = (0..2 * frames).map(|n| (n as f32 * 0.1).sin() * 0.5).collect();
    Audio::new(48_000, None, 2, frames, samples.into()).unwrap().into()
}

/// Allocations of a hundred chunks, after a hundred others.
fn count(node: &mut dyn Node, frames: usize) -> u64 {
    let chunk = chunk(frames);
    let mut out = Out::new(vec!["out".to_owned()]);
    let mut take = || {
        node.process(&chunk, "in", &mut out).unwrap();
        drop(out.take());
    };
    (0..100).for_each(|_| take());
    allocation_counter::measure(|| (0..100).for_each(|_| take())).count_total
}

#[test]
fn chunks_allocate_what_they_give() {
    // At most. Audio: the samples, the buffer that shares them, the audio that shares it; and the list of taken outputs.
    for (name, params, most) in [
        ("AudioChannelsNode", json!({"channels": 1}), 4),
        ("AudioChannelsNode", json!({"channels": 6}), 4),
        ("GainNode", json!({"gain_db": 6}), 4),
        ("NormalizeNode", json!({"mode": "rms"}), 4),
        ("BiquadFilterNode", json!({"filter_type": "peaking", "gain_db": 3}), 4),
        // Audio that stays as it is.
        ("FormatConverterNode", json!({"target_format": "f32"}), 1),
        // A tensor has a shape, too, and its samples lie in a block.
        ("FormatConverterNode", json!({"target_format": "i16"}), 6),
        // Maps: the map, its node and its keys, and the lists in it.
        ("AudioLevelNode", json!({}), 18),
        ("SilenceDetectorNode", json!({}), 8),
        ("ClippingDetectorNode", json!({}), 11),
    ] {
        let counts = [480, 4_800, 481].map(|frames| count(&mut *node(name, &params), frames));
        assert!(counts.iter().all(|count| *count <= 100 * most), "{name}: {counts:?}");
    }
}

#[test]
fn chunks_of_a_chunker_cost_the_same_each() {
    for (size, hop) in [(512, 512), (512, 100), (100, 512)] {
        let params = json!({"chunk_size": size, "hop": hop});
        let per_chunk = |frames: usize| {
            let given = 100.0 * frames as f64 / f64::from(hop);
            count(&mut *node("AudioChunkerNode", &params), frames) as f64 / given
        };
        let (short, long) = (per_chunk(480), per_chunk(4_800));
        assert!(short < 4.1 && long < 4.1, "{short} and {long} allocations per chunk of {size}");
    }
}
