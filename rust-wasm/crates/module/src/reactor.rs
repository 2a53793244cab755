//! What the exports do, without the addresses.

use std::collections::BTreeMap;
use std::rc::Rc;

use remotemedia_engine::catalog::Entry;
use remotemedia_engine::engine::{Addressed, Engine, Limit, Outcome, Status};
use remotemedia_engine::error::Error;
use remotemedia_engine::packet::{Packet, contiguous};
use remotemedia_engine::registry::Registry;
use remotemedia_engine::{json_text, plan};
use serde_json::Value as Json;

use crate::host::{Enter, WasiHost};
use crate::input::Input;

/// All items went through, or the answer is there.
pub const DONE: u32 = 0;
/// Like [`DONE`], and the generating sources have no more.
pub const ENDED: u32 = 4;
/// Call resume.
pub const MORE: u32 = 1;
/// Call resume after [`Answer::sleep_ms`].
pub const SLEEP: u32 = 2;
/// The answer's JSON is an error.
pub const FAILED: u32 = 3;

/// What the last call gave. Valid until the next one.
#[derive(Default)]
pub struct Answer {
    /// One of the words above.
    pub status: u32,
    /// How long to wait, in whole milliseconds, rounded up.
    pub sleep_ms: u32,
    /// Result or error JSON.
    pub json: String,
    /// Packets, each with its receiver.
    pub packets: Vec<Addressed>,
}

impl Answer {
    fn json(json: String) -> Self {
        Self { json, ..Self::default() }
    }

    /// An answer that is only an error.
    #[must_use]
    pub fn error(error: &Error) -> Self {
        Self { status: FAILED, json: error.to_json(), ..Self::default() }
    }
}

impl From<Outcome> for Answer {
    fn from(outcome: Outcome) -> Self {
        let (status, sleep_ms, json) = match outcome.status {
            Status::Done => (DONE, 0, String::new()),
            Status::Ended => (ENDED, 0, String::new()),
            Status::More => (MORE, 0, String::new()),
            Status::Sleep(ms) => (SLEEP, ms.ceil() as u32, String::new()),
            Status::Failed(error) => (FAILED, 0, error.to_json()),
        };
        Self { status, sleep_ms, json, packets: outcome.packets }
    }
}

/// The module's state: open segments, the input block and the last answer.
pub struct Reactor {
    registry: Registry,
    /// What a plan needs of the registry, from the first one on.
    entries: Option<Vec<Entry>>,
    engines: BTreeMap<u32, Engine>,
    last_handle: u32,
    enter: Enter,
    /// Where requests and packets come in.
    pub input: Input,
    /// What the last call gave.
    pub answer: Answer,
}

impl Reactor {
    /// A module with these node types.
    #[must_use]
    pub fn new(registry: Registry, enter: Enter) -> Self {
        let entries = None;
        let (input, answer) = (Input::default(), Answer::default());
        Self { registry, entries, engines: BTreeMap::new(), last_handle: 0, enter, input, answer }
    }

    /// The catalog of Rust nodes.
    pub fn catalog(&mut self) -> u32 {
        let json = serde_json::to_string(self.registry.catalog()).unwrap_or_default();
        self.settle(Answer::json(json))
    }

    /// Plans the request in the input block.
    pub fn plan(&mut self, len: usize) -> u32 {
        self.forget();
        let request = self.request(len);
        let entries = self.entries.get_or_insert_with(|| self.registry.entries());
        let answer = request.and_then(|request| plan::plan(&request, entries));
        let answer = match answer {
            Ok(planned) => Answer::json(planned.into_json().to_string()),
            Err(error) => Answer::error(&error),
        };
        self.settle(answer)
    }

    /// Opens the segment in the input block; 0 is a failure.
    pub fn open(&mut self, len: usize) -> u32 {
        self.forget();
        let handle = self.last_handle + 1;
        let host = Rc::new(WasiHost::new(handle, self.enter));
        match self.request(len).and_then(|segment| Engine::open(&segment, &self.registry, host)) {
            Ok(engine) => {
                self.engines.insert(handle, engine);
                self.last_handle = handle;
                self.settle(Answer::default());
                handle
            }
            Err(error) => {
                self.settle(Answer::error(&error));
                0
            }
        }
    }

    /// Runs the packets in the input block.
    pub fn run(&mut self, handle: u32, len: usize, until: Limit) -> u32 {
        self.call(handle, len, |engine, packets| engine.run(packets, until))
    }

    /// The flush round.
    pub fn flush(&mut self, handle: u32, len: usize, until: Limit) -> u32 {
        self.call(handle, len, |engine, packets| engine.flush(packets, until))
    }

    /// Goes on after [`MORE`] or [`SLEEP`].
    pub fn resume(&mut self, handle: u32) -> u32 {
        self.call(handle, 0, |engine, _| engine.resume())
    }

    /// Counts and durations.
    pub fn metrics(&mut self, handle: u32) -> u32 {
        let answer = match self.engines.get(&handle) {
            Some(engine) => Answer::json(engine.metrics().to_string()),
            None => Answer::error(&unknown(handle)),
        };
        self.settle(answer)
    }

    /// Closes the nodes and forgets the handle.
    pub fn close(&mut self, handle: u32) {
        if let Some(mut engine) = self.engines.remove(&handle) {
            engine.close();
        }
        self.settle(Answer::default());
    }

    /// Gives the input block and the last answer back.
    pub fn free(&mut self) {
        self.answer = Answer::default();
        self.input.free();
    }

    fn call(&mut self, handle: u32, len: usize, call: impl FnOnce(&mut Engine, &[Packet]) -> Outcome) -> u32 {
        self.forget();
        let packets = self.read(len).and_then(|bytes| contiguous::read_all(&bytes));
        let answer = match (self.engines.get_mut(&handle), packets) {
            (None, _) => Answer::error(&unknown(handle)),
            (_, Err(error)) => Answer::error(&error),
            (Some(engine), Ok(packets)) => call(engine, &packets).into(),
        };
        self.settle(answer)
    }

    fn read(&self, len: usize) -> Result<remotemedia_engine::buffer::Buffer, Error> {
        let too_long = || Error::bad_request(format!("{len} bytes in a block of {}", self.input.capacity()));
        self.input.read(len).ok_or_else(too_long)
    }

    fn request(&self, len: usize) -> Result<Json, Error> {
        let bytes = self.read(len)?;
        let text =
            std::str::from_utf8(bytes.bytes()).map_err(|error| Error::bad_request(error.to_string()))?;
        json_text::parse(text).map_err(Error::bad_request)
    }

    /// Drops the last answer, so that memory which only it refers to can be used again.
    fn forget(&mut self) {
        self.answer = Answer::default();
    }

    fn settle(&mut self, answer: Answer) -> u32 {
        self.answer = answer;
        self.input.renew();
        self.answer.status
    }
}

fn unknown(handle: u32) -> Error {
    Error::bad_request(format!("no open segment has the handle {handle}"))
}
