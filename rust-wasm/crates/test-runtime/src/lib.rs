//! The reactor of `remotemedia-wasi` with further nodes that misbehave: `dist/wasm/test-runtime.wasm`, for tests of hosts.
//!
//! The reactor's modules are compiled in by themselves, because a crate that is a module already cannot be linked into
//! another one.
#![deny(unsafe_code)]

#[cfg(target_arch = "wasm32")]
#[path = "../../wasi/src/exports.rs"]
#[allow(unsafe_code, reason = "as in remotemedia-wasi")]
mod exports;
#[cfg(target_arch = "wasm32")]
#[path = "../../wasi/src/host.rs"]
mod host;
#[cfg(target_arch = "wasm32")]
#[path = "../../wasi/src/input.rs"]
mod input;
#[cfg(target_arch = "wasm32")]
#[path = "../../wasi/src/memory.rs"]
#[allow(unsafe_code, reason = "as in remotemedia-wasi")]
mod memory;
#[cfg(target_arch = "wasm32")]
mod nodes;
#[cfg(target_arch = "wasm32")]
#[path = "../../wasi/src/reactor.rs"]
mod reactor;

#[cfg(target_arch = "wasm32")]
fn registry() -> Result<remotemedia_engine::registry::Registry, remotemedia_engine::error::Error> {
    remotemedia_engine::registry::Registry::new(&[remotemedia_nodes::TYPES, nodes::TYPES].concat())
}
