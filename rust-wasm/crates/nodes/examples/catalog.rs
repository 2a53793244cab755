//! Prints the catalog of the Rust nodes as JSON, for `scripts/generate`.
#![allow(clippy::unwrap_used, reason = "a tool for developers")]

fn main() {
    println!("{}", serde_json::to_string(remotemedia_nodes::registry().unwrap().catalog()).unwrap());
}
