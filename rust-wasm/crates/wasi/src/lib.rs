//! The built-in nodes as the module `runtime.wasm`, planner included, and as a command.
//!
//! [`command`] is what `remotemedia-command` does with its input.
#![deny(unsafe_code)]

pub mod command;

remotemedia_module::export!(remotemedia_nodes::TYPES, planner);
