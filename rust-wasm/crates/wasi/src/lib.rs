//! The engine and the built-in nodes behind the ABI of `docs/internals/boundaries.md`, and as a command.
//!
//! [`reactor`] is safe code that also runs natively, for tests; `exports` (wasm only) is the ABI around it and holds
//! the only unsafe declarations of the workspace; [`command`] is what `remotemedia-command` does with its input.
#![deny(unsafe_code)]

pub mod command;
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "symbols for the host: see each block")]
mod exports;
mod host;
pub mod input;
pub mod reactor;
