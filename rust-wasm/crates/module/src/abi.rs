//! What the exports of a module do: calls of one [`Reactor`], and the tables that the host reads. Nothing here reads or
//! writes through an address; the host does, in the input block and in the tables that [`Module::publish`] fills.
//!
//! The exports themselves are made by [`export`](crate::export) in the crate that is the module.

use std::cell::RefCell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use remotemedia_engine::engine::{Limit, blame, is_calling};
use remotemedia_engine::error::Error;
use remotemedia_engine::registry::Registry;

use crate::memory;
pub use crate::memory::Noting;
use crate::reactor::{Answer, FAILED, Reactor};

/// The version of this ABI.
pub const VERSION: u32 = 1;

/// Makes the registry of the module's nodes.
pub type Make = fn() -> Result<Registry, Error>;

const HOST: u32 = u32::MAX;

/// Words of the mailbox table, see `docs/internals/boundaries.md`.
static MAILBOX: [AtomicU32; 8] = [const { AtomicU32::new(0) }; 8];

/// Message and location of a panic. The module is dead after one, but its memory can still be read.
static PANIC: Mutex<Option<Error>> = Mutex::new(None);

thread_local! {
    static MODULE: RefCell<Option<Module>> = const { RefCell::new(None) };
}

/// The reactor and the tables of its last answer.
struct Module {
    reactor: Reactor,
    records: Vec<u32>,
    buffers: Vec<u32>,
}

impl Module {
    fn new(make: Make) -> Self {
        memory::prepare();
        std::panic::set_hook(Box::new(|info| {
            if let Ok(mut panic) = PANIC.lock() {
                *panic = Some(blame(memory::code_of(info), info.to_string()));
            }
        }));
        let (registry, wrong) = match make() {
            Ok(registry) => (registry, None),
            Err(error) => (Registry::default(), Some(error)),
        };
        let mut reactor = Reactor::new(registry, enter);
        if let Some(error) = wrong {
            reactor.answer = Answer::error(&error);
        }
        Self { reactor, records: Vec::new(), buffers: Vec::new() }
    }

    /// Fills the mailbox table from the reactor.
    fn publish(&mut self) {
        let answer = &self.reactor.answer;
        self.buffers.clear();
        for buffer in answer.packets.iter().flat_map(|packet| &packet.packet.buffers) {
            self.buffers.extend([address(buffer.bytes()), buffer.len() as u32]);
        }
        // The pairs are complete and do not move any more.
        let mut pairs = self.buffers.as_slice();
        self.records.clear();
        for packet in &answer.packets {
            let (header, count) = (&packet.packet.header, packet.packet.buffers.len());
            let to = packet.to.unwrap_or(HOST);
            self.records.extend([
                to,
                address(header.bytes()),
                header.len() as u32,
                address(pairs),
                count as u32,
            ]);
            pairs = pairs.get(2 * count..).unwrap_or_default();
        }
        let words = [
            address(self.reactor.input.bytes_mut()),
            self.reactor.input.capacity() as u32,
            self.reactor.answer.status,
            self.reactor.answer.sleep_ms,
            address(self.reactor.answer.json.as_bytes()),
            self.reactor.answer.json.len() as u32,
            address(&self.records),
            self.reactor.answer.packets.len() as u32,
        ];
        MAILBOX.iter().zip(words).for_each(|(word, value)| word.store(value, Relaxed));
    }
}

fn address<T>(slice: &[T]) -> u32 {
    slice.as_ptr().addr() as u32
}

/// Runs `call` on the module and publishes what it gave. Calls from inside `rm_enter` are refused.
fn with(make: Make, refused: u32, call: impl FnOnce(&mut Reactor) -> u32) -> u32 {
    MODULE.with(|module| {
        let Ok(mut module) = module.try_borrow_mut() else { return refused };
        let module = module.get_or_insert_with(|| Module::new(make));
        memory::forget();
        let result = call(&mut module.reactor);
        module.publish();
        result
    })
}

fn enter(handle: u32, order: u32, round: u64) {
    rm_enter(handle, order, round as f64);
}

// Sound to call: the host only takes note of the three numbers. It may end the module instead of returning.
#[link(wasm_import_module = "remotemedia")]
unsafe extern "C" {
    safe fn rm_enter(handle: u32, order: u32, round: f64);
}

/// Address of the mailbox table.
#[must_use]
pub fn mailbox() -> u32 {
    address(&MAILBOX)
}

/// Makes the input block at least this large and gives its address, or 0.
pub fn alloc(make: Make, bytes: u32) -> u32 {
    with(make, 0, |reactor| {
        reactor.answer = Answer::default();
        if reactor.input.reserve(bytes as usize) { address(reactor.input.bytes_mut()) } else { 0 }
    })
}

/// Gives the input block and the last result back.
pub fn free(make: Make) {
    with(make, 0, |reactor| {
        reactor.free();
        0
    });
}

/// The catalog as result JSON.
pub fn catalog(make: Make) -> u32 {
    with(make, FAILED, Reactor::catalog)
}

/// Answers a plan request.
pub fn plan(make: Make, len: u32) -> u32 {
    with(make, FAILED, |reactor| reactor.plan(len as usize))
}

/// Opens a segment: a handle, or 0.
pub fn open(make: Make, len: u32) -> u32 {
    with(make, 0, |reactor| reactor.open(len as usize))
}

/// Runs a batch.
pub fn run(make: Make, handle: u32, len: u32, until_round: f64, until_order: u32) -> u32 {
    let until = Limit::from_host(until_round, until_order);
    with(make, FAILED, |reactor| reactor.run(handle, len as usize, until))
}

/// Goes on after `more` or `sleep`.
pub fn resume(make: Make, handle: u32) -> u32 {
    with(make, FAILED, |reactor| reactor.resume(handle))
}

/// Runs the flush round.
pub fn flush(make: Make, handle: u32, len: u32, until_round: f64, until_order: u32) -> u32 {
    let until = Limit::from_host(until_round, until_order);
    with(make, FAILED, |reactor| reactor.flush(handle, len as usize, until))
}

/// Counts and durations as result JSON.
pub fn metrics(make: Make, handle: u32) -> u32 {
    with(make, FAILED, |reactor| reactor.metrics(handle))
}

/// Closes a segment.
pub fn close(make: Make, handle: u32) {
    with(make, 0, |reactor| {
        reactor.close(handle);
        0
    });
}

/// After a trap: makes what is known of it the result JSON and gives its length; 0 if nothing is.
pub fn report() -> u32 {
    // The module may be borrowed for ever, so this leaves it alone.
    let Some(error) = last_error() else { return 0 };
    let json: &'static str = String::leak(error.to_json());
    let words = [(4, address(json.as_bytes())), (5, json.len() as u32)];
    for (index, value) in words {
        if let Some(word) = MAILBOX.get(index) {
            word.store(value, Relaxed);
        }
    }
    json.len() as u32
}

/// A panic, an allocation that failed, or at least the node that was being called.
fn last_error() -> Option<Error> {
    let missing = memory::missing();
    if let Some(panic) = PANIC.lock().ok()?.take() {
        return Some(panic);
    }
    match missing {
        Some(bytes) => Some(blame("out_of_memory", format!("memory allocation of {bytes} bytes failed"))),
        None => is_calling().then(|| blame("panic", "the runtime was aborted")),
    }
}
