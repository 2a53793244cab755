//! Makes a crate of nodes a WebAssembly module that `RemoteMedia` runs, in browsers, in Node.js and natively
//! (`docs/rust.md`).
//!
//! A node is a type that implements [`Node`], and a [`NodeType`]: its catalog entry and how it is made.
//! [`export!`](export) gives the crate, a `cdylib` for `wasm32-wasip1`, the functions that hosts call. Natively it does
//! nothing, so that the same crate can be tested: the feature `contract` has `contract::check`.
//!
//! ```
//! use remotemedia_module::{Failure, Node, NodeType, Out, Value};
//!
//! const NEGATE: NodeType = NodeType {
//!     entry: r#"{"type": "NegateNode", "summary": "Turns the sign of numbers.", "category": "math",
//!                "inputs": {"in": {"kinds": ["number"]}}, "outputs": {"out": {"kinds": ["number"]}},
//!                "stateful": false}"#,
//!     create: |_params| Ok(Box::new(Negate)),
//! };
//!
//! struct Negate;
//!
//! impl Node for Negate {
//!     fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
//!         let number = item.as_number().ok_or_else(|| Failure::new("not a number"))?;
//!         out.emit(-number);
//!         Ok(())
//!     }
//! }
//!
//! remotemedia_module::export!([NEGATE]);
//! ```
#![deny(unsafe_code)]

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
#[allow(unsafe_code, reason = "an import: see there")]
pub mod abi;
pub mod host;
pub mod input;
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "an allocator: see there")]
mod memory;
pub mod reactor;

pub use remotemedia_engine::array::{Audio, DType, Tensor};
pub use remotemedia_engine::buffer::Buffer;
#[cfg(feature = "contract")]
pub use remotemedia_engine::contract;
pub use remotemedia_engine::error::{Error, Failure};
pub use remotemedia_engine::node::{Node, NodeType, Out, Params};
pub use remotemedia_engine::registry::Registry;
pub use remotemedia_engine::value::{Map, Value};
pub use remotemedia_engine::{assets, pool};

/// The code of `docs/rust.md` compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../../docs/rust.md")]
struct Guide;

/// Exports the ABI (`docs/internals/boundaries.md`) with these node types: an array, a slice or a list of [`NodeType`].
/// Once per crate, at its root. Does nothing but look at the types where the target is not WebAssembly.
///
/// `export!(TYPES, planner)` exports `rm_plan` too, as the built-in runtime does; modules of bundles need no planner.
#[macro_export]
macro_rules! export {
    ($types:expr) => {
        $crate::__export!($types, {});
    };
    ($types:expr, planner) => {
        $crate::__export!($types, {
            #[unsafe(no_mangle)]
            extern "C" fn rm_plan(len: u32) -> u32 {
                $crate::abi::plan(registry, len)
            }
        });
    };
}

// The names of the exports are unique to a module; that is all `unsafe(no_mangle)` asks for.
//
// `_initialize` makes the module a WASI reactor: the linker leaves constructors to whoever calls `__wasm_call_ctors`.
// Otherwise it would make a command of it, and every call of an export would run all constructors and destructors.
#[doc(hidden)]
#[macro_export]
macro_rules! __export {
    ($types:expr, { $($more:item)* }) => {
        // So that the types are in use.
        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() -> Result<$crate::Registry, $crate::Error> =
            || $crate::Registry::new(::core::convert::AsRef::<[$crate::NodeType]>::as_ref(&$types));

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            fn registry() -> Result<$crate::Registry, $crate::Error> {
                $crate::Registry::new(::core::convert::AsRef::<[$crate::NodeType]>::as_ref(&$types))
            }

            #[global_allocator]
            static ALLOCATOR: $crate::abi::Noting = $crate::abi::Noting;

            unsafe extern "C" {
                safe fn __wasm_call_ctors();
            }

            #[unsafe(no_mangle)]
            extern "C" fn _initialize() {
                __wasm_call_ctors();
            }

            #[unsafe(no_mangle)]
            extern "C" fn rm_abi_version() -> u32 {
                $crate::abi::VERSION
            }

            #[unsafe(no_mangle)]
            extern "C" fn rm_mailbox() -> u32 {
                $crate::abi::mailbox()
            }

            #[unsafe(no_mangle)]
            extern "C" fn rm_alloc(bytes: u32) -> u32 {
                $crate::abi::alloc(registry, bytes)
            }

            #[unsafe(no_mangle)]
            extern "C" fn rm_free() {
                $crate::abi::free(registry);
            }

            #[unsafe(no_mangle)]
            extern "C" fn rm_catalog() -> u32 {
                $crate::abi::catalog(registry)
            }

            #[unsafe(no_mangle)]
            extern "C" fn rm_segment_open(len: u32) -> u32 {
                $crate::abi::open(registry, len)
            }

            #[unsafe(no_mangle)]
            extern "C" fn rm_segment_run(handle: u32, len: u32, until_round: f64, until_order: u32) -> u32 {
                $crate::abi::run(registry, handle, len, until_round, until_order)
            }

            #[unsafe(no_mangle)]
            extern "C" fn rm_segment_resume(handle: u32) -> u32 {
                $crate::abi::resume(registry, handle)
            }

            #[unsafe(no_mangle)]
            extern "C" fn rm_segment_flush(handle: u32, len: u32, until_round: f64, until_order: u32) -> u32 {
                $crate::abi::flush(registry, handle, len, until_round, until_order)
            }

            #[unsafe(no_mangle)]
            extern "C" fn rm_segment_metrics(handle: u32) -> u32 {
                $crate::abi::metrics(registry, handle)
            }

            #[unsafe(no_mangle)]
            extern "C" fn rm_segment_close(handle: u32) {
                $crate::abi::close(registry, handle);
            }

            #[unsafe(no_mangle)]
            extern "C" fn rm_last_error() -> u32 {
                $crate::abi::report()
            }

            $($more)*
        };
    };
}
