//! The RemoteMedia engine: values, packets, manifests, plans, and the execution of segments.
//!
//! No I/O but [`assets`], no clock of its own and no `unsafe`: a host supplies what a [`host::Host`] asks for and drives an
//! [`engine::Engine`]. Nodes live in `remotemedia-nodes`, the WASI module in `remotemedia-wasi`.
#![forbid(unsafe_code)]

pub mod array;
pub mod assets;
pub mod buffer;
pub mod catalog;
#[cfg(feature = "contract")]
pub mod contract;
pub mod engine;
pub mod error;
pub mod host;
pub mod issue;
pub mod json_form;
pub mod json_text;
pub mod literal;
pub mod manifest;
pub mod node;
pub mod packet;
pub mod plan;
pub mod pool;
pub mod registry;
pub mod segment;
pub mod value;
