//! The engine and the built-in nodes behind the ABI of `docs/internals/boundaries.md`, and as a command.
//!
//! [`reactor`] is safe code that also runs natively, for tests; `exports` (wasm only) is the ABI around it and holds
//! the only unsafe declarations of the workspace but those of the allocator in `memory`; [`command`] is what `remotemedia-command` does with its input.
#![deny(unsafe_code)]

pub mod command;
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "symbols for the host: see each block")]
mod exports;
mod host;
pub mod input;
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "an allocator: see there")]
mod memory;
pub mod reactor;

use remotemedia_engine::error::Error;
use remotemedia_engine::registry::Registry;

/// What the module offers.
#[cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "asked for by the exports"))]
fn registry() -> Result<Registry, Error> {
    remotemedia_nodes::registry()
}
