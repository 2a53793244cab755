//! What the tests of this folder share: the vectors and how they are compared, the Python entries, and a host.
#![allow(dead_code, reason = "each test uses a part")]

pub mod host;
pub mod naive;
pub mod vector;

use std::path::PathBuf;

use remotemedia_engine::registry::Registry;
use serde_json::{Value as Json, json};

/// All vectors of a folder, with their file names.
pub fn vectors(folder: &str) -> Vec<(String, Json)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../tests/vectors").join(folder);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |file: PathBuf| {
        let text = std::fs::read_to_string(&file).unwrap();
        (
            file.file_name().unwrap().to_string_lossy().into_owned(),
            remotemedia_engine::json_text::parse(&text).unwrap(),
        )
    };
    let vectors: Vec<_> =
        files.into_iter().filter(|file| file.extension().is_some_and(|e| e == "json")).map(read).collect();
    assert!(vectors.len() > 5, "{} has vectors", path.display());
    vectors
}

/// What the Python package would offer: a twin of every Rust node, and the nodes that only it has.
pub fn python_entries(registry: &Registry) -> Json {
    let mut entries: Vec<Json> = registry.catalog().to_vec();
    let text = json!([
        "uppercase",
        "lowercase",
        "title_case",
        "reverse",
        "word_count",
        "char_count",
        "remove_spaces",
        "first_word",
        "last_word"
    ]);
    let only = |name: &str, aliases: Json, properties: Json| {
        json!({"type": name, "aliases": aliases, "params": {"required": [], "properties": properties},
               "inputs": {"in": {}}, "outputs": {"out": {}}, "requires": []})
    };
    entries.push(only(
        "TextProcessorNode",
        json!([]),
        json!({"operations":
        {"type": "array", "items": {"type": "string", "enum": text}, "default": ["uppercase"]}}),
    ));
    entries.push(only(
        "DataTransformNode",
        json!(["DataTransform"]),
        json!({"operation":
        {"type": "string", "enum": ["passthrough", "double", "increment"], "default": "passthrough"}}),
    ));
    entries.push(only(
        "SpeechSegmentsNode",
        json!([]),
        json!({"min_gap_ms": {"type": "number", "default": 200}}),
    ));
    entries.into()
}
