//! Where items wait: lanes between nodes, and the ends where they leave the segment.

use std::collections::VecDeque;

use crate::packet::{Item, Packet};
use crate::value::Value;

/// A queue that holds this many items, or [`MAX_BYTES`], is full: whoever fills it stops at the next round.
pub(super) const MAX_ITEMS: usize = 4096;

/// See [`MAX_ITEMS`].
pub(super) const MAX_BYTES: usize = 4 << 20;

/// One item in a lane.
#[derive(Debug)]
pub(super) struct Waiting {
    pub round: u64,
    pub bytes: usize,
    pub value: Value,
}

/// The queue of one connection.
#[derive(Debug)]
pub(super) struct Lane {
    /// The port at which it arrives.
    pub port: String,
    items: VecDeque<Waiting>,
    bytes: usize,
}

impl Lane {
    pub(super) fn new(port: &str) -> Self {
        Self { port: port.to_owned(), items: VecDeque::new(), bytes: 0 }
    }

    pub(super) fn push(&mut self, item: Waiting) {
        self.bytes += item.bytes;
        self.items.push_back(item);
    }

    /// Puts an item back that will be tried again.
    pub(super) fn put_back(&mut self, item: Waiting) {
        self.bytes += item.bytes;
        self.items.push_front(item);
    }

    /// The first item, if it is of this round.
    pub(super) fn pop(&mut self, round: u64) -> Option<Waiting> {
        if self.next_round()? != round {
            return None;
        }
        let item = self.items.pop_front()?;
        self.bytes -= item.bytes;
        Some(item)
    }

    pub(super) fn next_round(&self) -> Option<u64> {
        self.items.front().map(|item| item.round)
    }

    pub(super) fn is_full(&self) -> bool {
        self.items.len() >= MAX_ITEMS || self.bytes >= MAX_BYTES
    }

    pub(super) fn clear(&mut self) {
        self.items.clear();
        self.bytes = 0;
    }
}

/// An end of the segment: what goes to another segment or to the host.
#[derive(Debug)]
pub(super) struct Exit {
    /// The edge's number.
    pub edge: u32,
    /// The receiving segment; `None`: the host.
    pub to: Option<u32>,
    /// The order of the node that gives.
    pub order: u32,
    pub items: Vec<Item>,
    pub bytes: usize,
}

impl Exit {
    pub(super) fn is_full(&self) -> bool {
        self.items.len() >= MAX_ITEMS || self.bytes >= MAX_BYTES
    }

    pub(super) fn push(&mut self, item: Waiting) {
        self.bytes += item.bytes;
        self.items.push(Item { round: item.round, edge: self.edge, value: item.value });
    }
}

/// Items for one receiver.
#[derive(Clone, Debug)]
pub struct Addressed {
    /// The receiving segment; `None`: the host.
    pub to: Option<u32>,
    /// The items.
    pub packet: Packet,
}

/// Empties all exits: one packet per receiver that gets something.
pub(super) fn collect(exits: &mut [Exit]) -> Vec<Addressed> {
    let mut receivers: Vec<(Option<u32>, Vec<Item>)> = Vec::new();
    for exit in exits.iter_mut().filter(|exit| !exit.items.is_empty()) {
        let items = std::mem::take(&mut exit.items);
        exit.bytes = 0;
        match receivers.iter_mut().find(|(to, _)| *to == exit.to) {
            Some((_, all)) => all.extend(items),
            None => receivers.push((exit.to, items)),
        }
    }
    receivers.into_iter().map(|(to, items)| Addressed { to, packet: Packet::of(&items) }).collect()
}
