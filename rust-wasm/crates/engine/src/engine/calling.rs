//! Which node is being called, for the report of a panic: the module that panicked can only be asked afterwards.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::error::{Error, Failure};

/// Who a node is.
#[derive(Debug)]
pub(super) struct Identity {
    pub id: String,
    pub node_type: String,
    /// Place in the canonical order of the whole manifest.
    pub order: u32,
}

thread_local! {
    static NODE: RefCell<Option<Rc<Identity>>> = const { RefCell::new(None) };
    static PLACE: Cell<Option<Place>> = const { Cell::new(None) };
}

/// Where in the run a call stands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub round: u64,
    /// The round, or none in flush.
    pub item: Option<u64>,
}

/// From now on this node is at work, or none.
pub(super) fn set_node(node: Option<&Rc<Identity>>) {
    NODE.with(|current| current.replace(node.cloned()));
    PLACE.set(None);
}

/// The node at work is called at this place.
pub(super) fn set_place(place: Place) {
    PLACE.set(Some(place));
}

/// Whether a node is being called.
#[must_use]
pub fn is_calling() -> bool {
    NODE.with(|node| node.try_borrow().is_ok_and(|node| node.is_some()))
}

/// What took the runtime down, with `code` `panic` or `out_of_memory`: a `NodeError` of the node that was being
/// called, or a `RemoteMediaError` if none was.
#[must_use]
pub fn blame(code: &'static str, message: impl Into<String>) -> Error {
    let node = NODE.with(|node| node.try_borrow().ok().and_then(|node| node.clone()));
    let Some(node) = node else { return Error::crash(code, message) };
    let error = Error::node(&node.id, &node.node_type, Failure::coded(code, message));
    match PLACE.get() {
        Some(place) => error.at(place.round, place.item, node.order),
        None => error,
    }
}
