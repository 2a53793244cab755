//! A module of a bundle with nodes that misbehave or use files: `dist/wasm/test-module.wasm`, for tests of hosts.
#![deny(unsafe_code)]

mod files;
mod surroundings;

remotemedia_module::export!(
    [remotemedia_test_nodes::TYPES, &[files::FILE, surroundings::SURROUNDINGS]].concat()
);
