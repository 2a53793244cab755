//! The conformance vectors on the host `rust`: the engine alone, at several batch sizes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, reason = "tests")]

mod support;

use std::path::PathBuf;
use std::{env, fs};

use remotemedia_nodes::registry;
use serde_json::{Value as Json, json};

/// Writes the column of the matrix if `REMOTEMEDIA_CONFORMANCE` names a folder.
fn record(cells: &[Json]) {
    if let Some(folder) = env::var_os("REMOTEMEDIA_CONFORMANCE").map(PathBuf::from) {
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("rust.json"), json!(cells).to_string()).unwrap();
    }
}

#[test]
fn the_engine_conforms() {
    let registry = registry().unwrap();
    let check = |(file, vector): (String, Json)| {
        let name = file.strip_suffix(".json").unwrap();
        let message = [1, 3, 256]
            .iter()
            .find_map(|&batch| support::vector::failure(&vector, &registry, batch, Some(0)));
        json!({"name": name, "host": "rust", "passed": message.is_none(), "message": message})
    };
    let cells: Vec<Json> = support::vectors("conformance").into_iter().map(check).collect();
    record(&cells);
    let failed: Vec<&Json> = cells.iter().filter(|cell| cell["passed"] != true).collect();
    assert!(failed.is_empty(), "{} of {} failed: {failed:#?}", failed.len(), cells.len());
}
