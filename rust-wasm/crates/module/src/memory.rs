//! Notes which allocation failed: the standard library then aborts, and hosts can only ask afterwards.

use std::alloc::{GlobalAlloc, Layout, System};
use std::panic::PanicHookInfo;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Bytes set aside for the report.
const RESERVE: usize = 64 << 10;

/// The size of the allocation that failed; 0: none did.
static FAILED: AtomicUsize = AtomicUsize::new(0);
static SET_ASIDE: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// The system allocator, which notes what it cannot give.
pub struct Noting;

fn note(address: *mut u8, bytes: usize) -> *mut u8 {
    if address.is_null() {
        FAILED.store(bytes, Relaxed);
    }
    address
}

// Sound: every method is the system allocator's own, with the caller's guarantees handed on; `note` only looks at the
// result.
unsafe impl GlobalAlloc for Noting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, address: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        note(unsafe { System.realloc(address, layout, bytes) }, bytes)
    }

    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        unsafe { System.dealloc(address, layout) }
    }
}

/// Sets memory aside for the report of a failure.
pub(crate) fn prepare() {
    if let Ok(mut reserve) = SET_ASIDE.lock() {
        reserve.resize(RESERVE, 0);
    }
}

/// Forgets failures that were handled.
pub(crate) fn forget() {
    FAILED.store(0, Relaxed);
}

/// What a panic means. A vector beyond 2 GiB is not even asked for.
pub(crate) fn code_of(panic: &PanicHookInfo) -> &'static str {
    if panic.payload_as_str() == Some("capacity overflow") { "out_of_memory" } else { "panic" }
}

/// How many bytes could not be had, if that is why the module died. Gives back what was set aside.
pub(crate) fn missing() -> Option<usize> {
    if let Ok(mut reserve) = SET_ASIDE.lock() {
        *reserve = Vec::new();
    }
    Some(FAILED.load(Relaxed)).filter(|&bytes| bytes > 0)
}
