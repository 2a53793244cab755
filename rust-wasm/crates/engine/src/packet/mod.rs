//! Packets: how a batch of items crosses a boundary (`docs/internals/packets.md`).
//!
//! A [`Packet`] is a gather list: a JSON header and the buffers it refers to. [`contiguous`] lays it out in one block.

pub mod contiguous;
mod decode;
mod encode;
mod header;
mod refs;

use crate::buffer::Buffer;
use crate::error::Error;
use crate::value::Value;

/// A value on its way along an edge.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The round it belongs to.
    pub round: u64,
    /// The edge it travels along.
    pub edge: u32,
    /// The value.
    pub value: Value,
}

/// A batch of items as a header and buffers.
#[derive(Clone, Debug)]
pub struct Packet {
    /// UTF-8 JSON.
    pub header: Buffer,
    /// What the header's references name.
    pub buffers: Vec<Buffer>,
}

impl Packet {
    /// Encodes items. Arrays are shared, not copied.
    #[must_use]
    pub fn of(items: &[Item]) -> Self {
        encode::packet(items)
    }

    /// Decodes the items. Arrays are views into the buffers, not copies.
    pub fn items(&self) -> Result<Vec<Item>, Error> {
        decode::items(self)
    }
}
