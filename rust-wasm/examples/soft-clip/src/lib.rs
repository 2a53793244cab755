//! The node of the bundle `packages/pipelines/soft-clip`: `soft_clip` is the node, `curve` what it is made of.
#![deny(unsafe_code)]

mod curve;
mod soft_clip;

remotemedia_module::export!([soft_clip::TYPE]);
