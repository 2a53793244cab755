//! `runtime.wasm` with further nodes that misbehave: `dist/wasm/test-runtime.wasm`, for tests of hosts.
#![deny(unsafe_code)]

remotemedia_module::export!([remotemedia_nodes::TYPES, remotemedia_test_nodes::TYPES].concat(), planner);
