//! What a node is: `create(params)`, `process(item, port)`, `flush()`, `close()`.

use serde_json::{Map as JsonMap, Value as Json};

use crate::error::Failure;
use crate::value::Value;

/// A running node. State lives in it for the whole run.
///
/// A call that fails must leave the state as it was, because it may be retried or skipped. A generating source, which
/// has no input ports, gets null at `in` for every tick and gives the next value, until it calls [`Out::end`].
pub trait Node {
    /// Takes one item that arrived on `port` and gives zero or more outputs.
    fn process(&mut self, item: &Value, port: &str, out: &mut Out) -> Result<(), Failure>;

    /// Whether the node has a `flush` of its own; if not, it is not called.
    fn flushes(&self) -> bool {
        false
    }

    /// The end of the stream: gives what is still held. Called only if the node [`flushes`](Node::flushes).
    fn flush(&mut self, out: &mut Out) -> Result<(), Failure> {
        let _ = out;
        Ok(())
    }

    /// The end of the run, called exactly once, also after a failure.
    fn close(&mut self) {}
}

/// Collects the outputs of one call; they travel on only if the call succeeds.
#[derive(Debug, Default)]
pub struct Out {
    ports: Vec<String>,
    pub(crate) items: Vec<Output>,
    /// Whether a generating source has said that this was its last tick.
    pub(crate) ended: bool,
    trouble: Option<Failure>,
}

/// One output of a call.
#[derive(Debug)]
pub(crate) struct Output {
    pub port: usize,
    pub bytes: usize,
    pub value: Value,
}

impl Out {
    /// For a node with these output ports; the first is the one that [`Out::emit`] uses.
    #[must_use]
    pub fn new(ports: Vec<String>) -> Self {
        Self { ports, ..Self::default() }
    }

    /// Gives a value on the default port.
    pub fn emit(&mut self, value: impl Into<Value>) {
        self.push(0, value.into());
    }

    /// Gives a value on a named port.
    pub fn emit_to(&mut self, port: &str, value: impl Into<Value>) {
        match self.port(port) {
            Some(index) => self.push(index, value.into()),
            None => self.trouble = Some(Failure::new(format!("the node has no output port {port:?}"))),
        }
    }

    /// A generating source has no more to give: it is not called again but for `flush` and `close`.
    pub fn end(&mut self) {
        self.ended = true;
    }

    fn push(&mut self, port: usize, value: Value) {
        match value.measure() {
            Ok(bytes) => self.items.push(Output { port, bytes, value }),
            Err(path) => {
                let message = format!("an output nests deeper than {} levels", crate::value::MAX_DEPTH);
                self.trouble = Some(Failure::unrepresentable(message).at(format!("${path}")));
            }
        }
    }

    /// The index of an output port.
    pub(crate) fn port(&self, name: &str) -> Option<usize> {
        self.ports.iter().position(|port| port == name)
    }

    /// Ends a call: what went wrong with the outputs, if anything did.
    pub(crate) fn settle(&mut self) -> Result<(), Failure> {
        self.trouble.take().map_or(Ok(()), Err)
    }

    /// Forgets the outputs of a failed call.
    pub(crate) fn discard(&mut self) {
        self.items.clear();
        self.ended = false;
        self.trouble = None;
    }

    /// Whether a generating source has called [`Out::end`]; for tests of a node by itself.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// The values so far with their ports; for tests of a node by itself.
    pub fn take_by_port(&mut self) -> Vec<(String, Value)> {
        let Self { items, ports, .. } = self;
        let named = |output: Output| (ports.get(output.port).cloned().unwrap_or_default(), output.value);
        items.drain(..).map(named).collect()
    }

    /// The values so far, whatever their port; for tests of a node by itself.
    pub fn take(&mut self) -> Vec<Value> {
        self.drain().collect()
    }

    /// The same without a list of them.
    pub fn drain(&mut self) -> impl Iterator<Item = Value> {
        self.items.drain(..).map(|output| output.value)
    }
}

/// A node type: its catalog entry as JSON text, and how to create a node of it.
#[derive(Clone, Copy, Debug)]
pub struct NodeType {
    /// The catalog entry (`docs/internals/plan.md`), without what goes without saying: `aliases`, `runtime`, `requires`, params.
    pub entry: &'static str,
    /// Creates a node from complete params.
    pub create: fn(&Params) -> Result<Box<dyn Node>, Failure>,
}

/// The complete params of a node, checked against its entry when the manifest was planned. A segment comes from
/// outside, so the types are checked again here.
#[derive(Clone, Debug, Default)]
pub struct Params(JsonMap<String, Json>);

impl Params {
    /// Params from a manifest in normal form.
    #[must_use]
    pub fn new(params: JsonMap<String, Json>) -> Self {
        Self(params)
    }

    /// A number.
    pub fn number(&self, name: &str) -> Result<f64, Failure> {
        self.of(name, "a number", Json::as_f64)
    }

    /// An integer.
    pub fn integer(&self, name: &str) -> Result<i64, Failure> {
        self.of(name, "an integer", Json::as_i64)
    }

    /// An integer that fits u32 and is not 0, if the param is given.
    pub fn positive(&self, name: &str) -> Result<Option<u32>, Failure> {
        let positive = |json: &Json| json.as_u64().filter(|&n| n > 0).and_then(|n| u32::try_from(n).ok());
        if self.0.contains_key(name) {
            self.of(name, "an integer from 1", positive).map(Some)
        } else {
            Ok(None)
        }
    }

    /// True or false.
    pub fn flag(&self, name: &str) -> Result<bool, Failure> {
        self.of(name, "true or false", Json::as_bool)
    }

    /// A list of strings.
    pub fn texts(&self, name: &str) -> Result<Vec<&str>, Failure> {
        self.of(name, "a list of strings", |json| json.as_array()?.iter().map(Json::as_str).collect())
    }

    /// A string.
    pub fn text(&self, name: &str) -> Result<&str, Failure> {
        self.of(name, "a string", Json::as_str)
    }

    fn of<'a, T>(&'a self, name: &str, what: &str, of: impl Fn(&'a Json) -> Option<T>) -> Result<T, Failure> {
        self.0.get(name).and_then(of).ok_or_else(|| Failure::new(format!("param {name} is not {what}")))
    }
}
