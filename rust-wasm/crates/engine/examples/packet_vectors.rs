//! Writes `tests/vectors/packets.json` and `bad-packets.json`. Headers are written by hand here, not by the encoder,
//! so that decoders are tested against the document and not against one encoder:
//!
//! `cargo run -p remotemedia-engine --example packet_vectors -- ../tests/vectors`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a tool for developers"
)]
#![allow(clippy::too_many_lines, reason = "tables, one row per vector")]

use std::fmt::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use remotemedia_engine::buffer::Buffer;
use remotemedia_engine::packet::{Packet, contiguous};
use serde_json::{Value as Json, json};

fn packet(header: &str, buffers: &[&[u8]]) -> Vec<u8> {
    let buffers = buffers.iter().map(|bytes| Buffer::copy_of(bytes)).collect();
    contiguous::write(&Packet { header: header.as_bytes().to_vec().into(), buffers }).unwrap()
}

fn i64s(numbers: &[i64]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

fn f64s(numbers: &[f64]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

fn f32s(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

/// One item of round 0, edge 0 with this encoded value and these references.
fn one(value: &str, refs: &str) -> String {
    format!(r#"{{"rounds": [0], "edges": 0, "values": [{value}], "refs": [{refs}]}}"#)
}

fn good() -> Vec<(&'static str, Json, Vec<u8>)> {
    let b64 = |bytes: Vec<u8>| BASE64.encode(bytes);
    let round_to_8 = i64s(&[0, 1, 2, 3, 4, 5, 6, 7]);
    vec![
        ("no items", json!([]), packet(r#"{"rounds": [], "edges": 0, "values": []}"#, &[])),
        (
            "compact header",
            json!([[0, 0, 10], [1, 0, "text"]]),
            packet(r#"{"rounds":[0,1],"edges":0,"values":[10,"text"],"refs":[]}"#, &[]),
        ),
        (
            "two edges",
            json!([[0, 1, 10], [0, 3, 20], [2, 1, 30]]),
            packet(r#"{"rounds": [0, 0, 2], "edges": [1, 3, 1], "values": [10, 20, 30]}"#, &[]),
        ),
        (
            "several items of one round",
            json!([[5, 0, "a"], [5, 0, "b"], [6, 0, "c"]]),
            packet(r#"{"rounds": [5, 5, 6], "edges": 0, "values": ["a", "b", "c"]}"#, &[]),
        ),
        (
            "all columns as buffers",
            json!([
                [0, 0, 10],
                [1, 1, 11],
                [2, 0, 12],
                [3, 1, 13],
                [4, 0, 14],
                [5, 1, 15],
                [6, 0, 16],
                [7, 1, 17]
            ]),
            packet(
                r#"{"rounds": {"$": 0}, "edges": {"$": 1}, "values": {"$": 2}, "refs": [
                   {"kind": "list", "dtype": "i64", "shape": [8], "buffer": 0},
                   {"kind": "list", "dtype": "i64", "shape": [8], "buffer": 1},
                   {"kind": "list", "dtype": "i64", "shape": [8], "buffer": 2}]}"#,
                &[&round_to_8, &i64s(&[0, 1, 0, 1, 0, 1, 0, 1]), &i64s(&[10, 11, 12, 13, 14, 15, 16, 17])],
            ),
        ),
        (
            "float values as a buffer",
            json!([[0, 2, 0.5], [1, 2, {"$number": "NaN"}], [2, 2, {"$number": "-0.0"}], [3, 2, 2.0]]),
            packet(
                r#"{"rounds": [0, 1, 2, 3], "edges": 2, "values": {"$": 0},
                   "refs": [{"kind": "list", "dtype": "f64", "shape": [4], "buffer": 0}]}"#,
                &[&f64s(&[0.5, f64::NAN, -0.0, 2.0])],
            ),
        ),
        (
            "refs before values, unknown fields",
            json!([[0, 0, {"$bytes": "AQID"}]]),
            packet(
                r#"{"refs": [{"buffer": 0, "kind": "bytes", "later": [1]}], "values": [{"$": 0}], "edges": 0,
                   "rounds": [0], "later": {"x": [1]}}"#,
                &[&[1, 2, 3]],
            ),
        ),
        (
            "numbers that JSON bends",
            json!([[0, 0, [{"$number": "9007199254740993"}, {"$number": "NaN"}, {"$number": "-0.0"},
                {"$number": "1.0e300"}, {"$number": "-Infinity"}]]]),
            packet(
                &one(
                    r#"[{"$": "9007199254740993"}, {"$": "NaN"}, {"$": "-0.0"}, {"$": "1.0e300"}, {"$": "-Infinity"}]"#,
                    "",
                ),
                &[],
            ),
        ),
        (
            "whole floats and JavaScript's exponent",
            json!([[0, 0, [2.0, {"$number": "1.0e21"}, 1e-7]]]),
            packet(&one(r#"[2.0, {"$": "1e+21"}, 1e-7]"#, ""), &[]),
        ),
        (
            "a map with the key $",
            json!([[0, 0, {"$map": {"$": {"a": 1}}}], [0, 0, {"$": 0, "b": {"$bytes": ""}}]]),
            packet(
                r#"{"rounds": [0, 0], "edges": 0, "values": [{"$": {"$": {"a": 1}}}, {"$": {"$": 0, "b": {"$": 0}}}],
                   "refs": [{"kind": "bytes", "buffer": 0}]}"#,
                &[&[]],
            ),
        ),
        (
            "tensors and audio that share a buffer",
            json!([
                [0, 0, {"$tensor": {"dtype": "f32", "shape": [2, 2], "data": b64(f32s(&[1.0, 2.0, 3.0, 4.0]))}}],
                [0, 1, {"a": {"$audio": {"sample_rate": 16000, "channels": 2, "timestamp": 0.5,
                                         "data": b64(f32s(&[1.0, 2.0, 3.0, 4.0]))}}}],
                [1, 1, [{"$tensor": {"dtype": "bool", "shape": [], "data": "AQ=="}}]],
            ]),
            packet(
                r#"{"rounds": [0, 0, 1], "edges": [0, 1, 1], "values": [{"$": 0}, {"a": {"$": 1}}, [{"$": 2}]], "refs": [
                   {"kind": "tensor", "dtype": "f32", "shape": [2, 2], "buffer": 0},
                   {"kind": "audio", "sample_rate": 16000, "timestamp": 0.5, "shape": [2, 2], "buffer": 0},
                   {"kind": "tensor", "dtype": "bool", "shape": [], "buffer": 1}]}"#,
                &[&f32s(&[1.0, 2.0, 3.0, 4.0]), &[1]],
            ),
        ),
        (
            "a list reference inside a value, twice",
            json!([[0, 0, [[1, 2, 3], {"k": [1, 2, 3]}]]]),
            packet(
                &one(
                    r#"[{"$": 0}, {"k": {"$": 0}}]"#,
                    r#"{"kind": "list", "dtype": "i64", "shape": [3], "buffer": 0}"#,
                ),
                &[&i64s(&[1, 2, 3])],
            ),
        ),
        (
            "audio without a timestamp or frames",
            json!([[7, 0, {"$audio": {"sample_rate": 48000, "channels": 2, "data": ""}}]]),
            packet(
                r#"{"rounds": [7], "edges": 0, "values": [{"$": 0}],
                   "refs": [{"kind": "audio", "sample_rate": 48000, "shape": [2, 0], "buffer": 0}]}"#,
                &[&[]],
            ),
        ),
        (
            "__proto__ and non-BMP keys",
            json!([[0, 0, {"__proto__": {"x": 1}, "😀": "\u{10ffff}"}]]),
            packet(&one(r#"{"__proto__": {"x": 1}, "😀": "\udbff\udfff"}"#, ""), &[]),
        ),
        (
            "128 levels",
            nested_form(128),
            packet(&one(&format!("{}1{}", "[".repeat(128), "]".repeat(128)), ""), &[]),
        ),
    ]
}

fn nested_form(levels: usize) -> Json {
    json!([[0, 0, (0..levels).fold(json!(1), |inner, _| json!([inner]))]])
}

fn bad() -> Vec<(&'static str, Vec<u8>)> {
    let fine = packet(&one("1", ""), &[&[1, 2, 3]]);
    let changed = |at: usize, bytes: &[u8]| {
        let mut changed = fine.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        changed
    };
    let header = |text: &str| packet(text, &[]);
    let value = |text: &str| packet(&one(text, ""), &[]);
    let reference = |entry: &str| packet(&one(r#"{"$": 0}"#, entry), &[&[0; 8]]);
    let total = |n: usize| (n as u32).to_le_bytes();
    vec![
        ("wrong magic", changed(0, b"RMP2")),
        ("only a magic", b"RMP1".to_vec()),
        ("cut in the header", fine[..32].to_vec()),
        ("cut by one byte", fine[..fine.len() - 1].to_vec()),
        ("cut by one buffer", fine[..fine.len() - 16].to_vec()),
        ("total length 0", changed(4, &total(0))),
        ("total length is not a multiple of 16", changed(4, &total(fine.len() - 1))),
        ("total length beyond the end", changed(4, &total(fine.len() + 16))),
        ("total length of 4 GiB", changed(4, &0xFFFF_FFF0_u32.to_le_bytes())),
        ("header length beyond the end", changed(8, &total(fine.len()))),
        ("header length of 4 GiB", changed(8, &u32::MAX.to_le_bytes())),
        ("more buffers than there are", changed(12, &2u32.to_le_bytes())),
        ("fewer buffers than there are", changed(12, &0u32.to_le_bytes())),
        ("4 billion buffers", changed(12, &u32::MAX.to_le_bytes())),
        ("buffer beyond the end", changed(16, &17u32.to_le_bytes())),
        ("buffer of 4 GiB", changed(16, &u32::MAX.to_le_bytes())),
        ("buffer shorter than the room for it", changed(16, &0u32.to_le_bytes())),
        ("bytes after the last packet", [fine.clone(), vec![0; 16]].concat()),
        ("second packet cut", [fine.clone(), fine[..16].to_vec()].concat()),
        ("gap after the header is not zero", changed(79, &[1])),
        ("gap after a buffer is not zero", changed(fine.len() - 1, &[1])),
        ("header is not UTF-8", changed(20, &[0xFF])),
        ("header is not JSON", header("{\"rounds\": [0]")),
        ("header is empty", header("")),
        ("header is a list", header("[]")),
        ("text after the header", header(&(one("1", "") + " 2"))),
        ("no rounds", header(r#"{"edges": 0, "values": []}"#)),
        ("no edges", header(r#"{"rounds": [], "values": []}"#)),
        ("no values", header(r#"{"rounds": [], "edges": 0}"#)),
        ("rounds is a number", header(r#"{"rounds": 0, "edges": 0, "values": [1]}"#)),
        ("fewer rounds than values", header(r#"{"rounds": [0], "edges": 0, "values": [1, 2]}"#)),
        ("more rounds than values", header(r#"{"rounds": [0, 1], "edges": 0, "values": [1]}"#)),
        ("fewer edges than values", header(r#"{"rounds": [0, 1], "edges": [0], "values": [1, 2]}"#)),
        ("negative round", header(r#"{"rounds": [-1], "edges": 0, "values": [1]}"#)),
        ("round beyond 2^53 - 1", header(r#"{"rounds": [9007199254740992], "edges": 0, "values": [1]}"#)),
        ("fractional round", header(r#"{"rounds": [0.5], "edges": 0, "values": [1]}"#)),
        ("round is a string", header(r#"{"rounds": ["0"], "edges": 0, "values": [1]}"#)),
        ("round is a bool", header(r#"{"rounds": [true], "edges": 0, "values": [1]}"#)),
        ("negative edge", header(r#"{"rounds": [0], "edges": -1, "values": [1]}"#)),
        ("edge is null", header(r#"{"rounds": [0], "edges": [null], "values": [1]}"#)),
        ("values is a map", header(r#"{"rounds": [0], "edges": 0, "values": {"a": 1}}"#)),
        ("values is null", header(r#"{"rounds": [], "edges": 0, "values": null}"#)),
        ("refs is a map", header(r#"{"rounds": [], "edges": 0, "values": [], "refs": {}}"#)),
        ("NaN as JSON", value("NaN")),
        ("reference out of range", value(r#"{"$": 0}"#)),
        (
            "negative reference",
            reference(r#"{"kind": "bytes", "buffer": 0}, {"kind": "bytes", "buffer": -1}"#),
        ),
        ("fractional reference", value(r#"{"$": 0.5}"#)),
        ("literal that is no number", value(r#"{"$": "abc"}"#)),
        ("empty literal", value(r#"{"$": ""}"#)),
        ("literal beyond i64", value(r#"{"$": "9223372036854775808"}"#)),
        ("literal with a plus", value(r#"{"$": "+1"}"#)),
        ("literal in lower case", value(r#"{"$": "nan"}"#)),
        ("$ is null", value(r#"{"$": null}"#)),
        ("$ is a list", value(r#"{"$": [1]}"#)),
        ("$ is true", value(r#"{"$": true}"#)),
        ("$ with another key", value(r#"{"$": "1", "a": 1}"#)),
        ("another key with $", value(r#"{"a": 1, "$": "1"}"#)),
        ("escaped map without $", value(r#"{"$": {"a": 1}}"#)),
        ("escaped map that is empty", value(r#"{"$": {}}"#)),
        ("129 lists", value(&format!("{}1{}", "[".repeat(129), "]".repeat(129)))),
        ("129 maps", value(&format!("{}1{}", "{\"a\":".repeat(129), "}".repeat(129)))),
        ("10,000 lists", value(&format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)))),
        ("buffer out of range", reference(r#"{"kind": "bytes", "buffer": 1}"#)),
        ("no buffer", reference(r#"{"kind": "bytes"}"#)),
        ("unknown kind", reference(r#"{"kind": "video", "buffer": 0}"#)),
        ("no kind", reference(r#"{"buffer": 0}"#)),
        ("unknown dtype", reference(r#"{"kind": "tensor", "dtype": "f16", "shape": [4], "buffer": 0}"#)),
        ("no dtype", reference(r#"{"kind": "tensor", "shape": [8], "buffer": 0}"#)),
        ("no shape", reference(r#"{"kind": "tensor", "dtype": "u8", "buffer": 0}"#)),
        ("shape too small", reference(r#"{"kind": "tensor", "dtype": "f32", "shape": [1], "buffer": 0}"#)),
        ("shape too large", reference(r#"{"kind": "tensor", "dtype": "f32", "shape": [3], "buffer": 0}"#)),
        (
            "0-d shape for two elements",
            reference(r#"{"kind": "tensor", "dtype": "f32", "shape": [], "buffer": 0}"#),
        ),
        (
            "negative shape",
            reference(r#"{"kind": "tensor", "dtype": "f32", "shape": [-1, -2], "buffer": 0}"#),
        ),
        (
            "fractional shape",
            reference(r#"{"kind": "tensor", "dtype": "f32", "shape": [0.5, 4], "buffer": 0}"#),
        ),
        (
            "shape that overflows",
            reference(r#"{"kind": "tensor", "dtype": "u8", "shape": [4294967296, 4294967296], "buffer": 0}"#),
        ),
        (
            "shape that overflows to its size",
            reference(
                r#"{"kind": "tensor", "dtype": "u8", "shape": [2147483649, 2147483656, 8], "buffer": 0}"#,
            ),
        ),
        ("list of f32", reference(r#"{"kind": "list", "dtype": "f32", "shape": [2], "buffer": 0}"#)),
        (
            "list with two dimensions",
            reference(r#"{"kind": "list", "dtype": "i64", "shape": [1, 1], "buffer": 0}"#),
        ),
        (
            "list longer than its buffer",
            reference(r#"{"kind": "list", "dtype": "i64", "shape": [2], "buffer": 0}"#),
        ),
        ("audio without a rate", reference(r#"{"kind": "audio", "shape": [1, 2], "buffer": 0}"#)),
        (
            "audio with rate 0",
            reference(r#"{"kind": "audio", "sample_rate": 0, "shape": [1, 2], "buffer": 0}"#),
        ),
        (
            "audio with a fractional rate",
            reference(r#"{"kind": "audio", "sample_rate": 8000.5, "shape": [1, 2], "buffer": 0}"#),
        ),
        (
            "audio with a rate beyond 32 bits",
            reference(r#"{"kind": "audio", "sample_rate": 4294967296, "shape": [1, 2], "buffer": 0}"#),
        ),
        (
            "audio with an infinite timestamp",
            reference(
                r#"{"kind": "audio", "sample_rate": 8000, "timestamp": {"$": "Infinity"}, "shape": [1, 2], "buffer": 0}"#,
            ),
        ),
        (
            "audio of 65,537 channels without frames",
            packet(
                &one(
                    r#"{"$": 0}"#,
                    r#"{"kind": "audio", "sample_rate": 8000, "shape": [65537, 0], "buffer": 0}"#,
                ),
                &[&[]],
            ),
        ),
        (
            "audio with one dimension",
            reference(r#"{"kind": "audio", "sample_rate": 8000, "shape": [2], "buffer": 0}"#),
        ),
        (
            "audio with a wrong timestamp",
            reference(
                r#"{"kind": "audio", "sample_rate": 8000, "timestamp": "0", "shape": [1, 2], "buffer": 0}"#,
            ),
        ),
        (
            "column that is not a list",
            packet(
                r#"{"rounds": {"$": 0}, "edges": 0, "values": [1], "refs": [{"kind": "bytes", "buffer": 0}]}"#,
                &[&[0; 8]],
            ),
        ),
    ]
}

fn main() {
    let folder = std::env::args().nth(1).expect("the folder of the vectors");
    let mut text = String::new();
    for (name, items, bytes) in good() {
        let (name, items) = (Json::from(name), serde_json::to_string(&items).unwrap());
        let _ = write!(
            text,
            "  {{\"name\": {name}, \"items\": {items},\n   \"packet\": \"{}\"}},\n",
            BASE64.encode(bytes)
        );
    }
    save(&folder, "packets.json", &text);
    let mut text = String::new();
    for (name, bytes) in bad() {
        let _ =
            writeln!(text, "  {{\"name\": {}, \"packet\": \"{}\"}},", Json::from(name), BASE64.encode(bytes));
    }
    save(&folder, "bad-packets.json", &text);
}

fn save(folder: &str, name: &str, rows: &str) {
    let rows = rows.trim_end().trim_end_matches(',');
    std::fs::write(Path::new(folder).join(name), format!("[\n{rows}\n]\n")).unwrap();
}
