//! Errors, in the one shape in which they cross runtimes (`docs/internals/plan.md`, "Errors on the wire").
//!
//! | name | when |
//! |---|---|
//! | `RemoteMediaError` | a request that cannot be read, or an internal failure |
//! | `ManifestError` | the manifest is wrong; `issues` lists all problems |
//! | `RuntimeLoadError` | a node's runtime or implementation is not there |
//! | `NodeError` | a node refused its params or an item, gave what cannot cross a boundary, or took the runtime down |
//! | `NodeTimeoutError` | a call of a node took longer than its `timeout_ms` |
//! | `CircuitOpenError` | a node failed too often in a row and is not called for a while |
//! | `ClosedError` | a segment was used after `close` |
//! | `PacketError` | a packet is malformed |

use std::fmt;

use serde::Serialize;

use crate::issue::Issue;

/// The class of an error.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[allow(clippy::enum_variant_names, reason = "these are the names on the wire")]
pub enum ErrorName {
    /// Anything else.
    RemoteMediaError,
    /// The manifest is wrong.
    ManifestError,
    /// A runtime or an implementation is missing.
    RuntimeLoadError,
    /// A node failed.
    NodeError,
    /// A node took too long.
    NodeTimeoutError,
    /// A node is not called for a while.
    CircuitOpenError,
    /// Used after `close`.
    ClosedError,
    /// A packet is malformed.
    PacketError,
}

/// An error with everything the wire shape can say. Boxed, so that results stay small.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Error(Box<Detail>);

/// The fields of an [`Error`]; absent ones are null on the wire.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Detail {
    /// The class.
    pub name: ErrorName,
    /// A stable word within the class.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
    /// The node's id.
    pub node_id: Option<String>,
    /// The node's type.
    pub node_type: Option<String>,
    /// The runtime that ran the node.
    pub runtime: Option<&'static str>,
    /// The round, null in flush.
    pub item_index: Option<u64>,
    /// Where in a value or packet.
    pub path: Option<String>,
    /// Always null from Rust.
    pub traceback: Option<String>,
    /// All problems, for a `ManifestError`.
    pub issues: Option<Vec<Issue>>,
    /// The round, also in flush.
    pub round: Option<u64>,
    /// The node's place in the canonical order.
    pub order: Option<u32>,
}

impl Error {
    fn new(name: ErrorName, code: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Detail {
            name,
            code,
            message: message.into(),
            node_id: None,
            node_type: None,
            runtime: None,
            item_index: None,
            path: None,
            traceback: None,
            issues: None,
            round: None,
            order: None,
        }))
    }

    /// A request (plan, segment, call) that cannot be read.
    #[must_use]
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(ErrorName::RemoteMediaError, "bad_request", message)
    }

    /// What took the runtime down outside a node: `code` is `panic` or `out_of_memory`.
    #[must_use]
    pub fn crash(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorName::RemoteMediaError, code, message)
    }

    /// A malformed packet; `path` names the field.
    #[must_use]
    pub fn bad_packet(path: impl Into<String>, message: impl Into<String>) -> Self {
        let mut error = Self::new(ErrorName::PacketError, "bad_packet", message);
        error.0.path = Some(path.into());
        error
    }

    /// A wrong manifest.
    #[must_use]
    pub fn manifest(issues: Vec<Issue>) -> Self {
        let message = issues
            .iter()
            .map(|issue| format!("{}: {}", issue.path, issue.message))
            .collect::<Vec<_>>()
            .join("; ");
        let mut error = Self::new(ErrorName::ManifestError, "manifest_error", message);
        error.0.issues = Some(issues);
        error
    }

    /// A node type that this runtime does not have.
    #[must_use]
    pub fn runtime_load(message: impl Into<String>) -> Self {
        Self::new(ErrorName::RuntimeLoadError, "runtime_load_error", message)
    }

    /// A segment that is already closed.
    #[must_use]
    pub fn closed() -> Self {
        Self::new(ErrorName::ClosedError, "closed", "the segment is closed")
    }

    /// A failure of the node `id` of `node_type`. Round and order are added by the engine.
    #[must_use]
    pub fn node(id: &str, node_type: &str, failure: Failure) -> Self {
        let mut error = Self::new(ErrorName::NodeError, failure.code, failure.message);
        error.0.node_id = Some(id.to_owned());
        error.0.node_type = Some(node_type.to_owned());
        error.0.runtime = Some("rust");
        error.0.path = failure.path;
        error
    }

    /// A call of the node `id` of `node_type` that took too long. Round and order are added by the caller.
    #[must_use]
    pub fn node_timeout(id: &str, node_type: &str, timeout_ms: f64) -> Self {
        let failure = Failure::coded("node_timeout", format!("the call took longer than {timeout_ms} ms"));
        Self::node(id, node_type, failure).called(ErrorName::NodeTimeoutError)
    }

    /// A call that was not made, because the node's circuit stays open for another `wait_ms`.
    #[must_use]
    pub fn circuit_open(id: &str, node_type: &str, wait_ms: f64) -> Self {
        let message = format!("failed too often in a row; will be tried again in {:.0} ms", wait_ms.ceil());
        Self::node(id, node_type, Failure::coded("circuit_open", message)).called(ErrorName::CircuitOpenError)
    }

    fn called(mut self, name: ErrorName) -> Self {
        self.0.name = name;
        self
    }

    /// The same error at a place in the run. `item_index` is the round, or none in flush.
    #[must_use]
    pub fn at(mut self, round: u64, item_index: Option<u64>, order: u32) -> Self {
        self.0.round = Some(round);
        self.0.item_index = item_index;
        self.0.order = Some(order);
        self
    }

    /// The fields.
    #[must_use]
    pub fn detail(&self) -> &Detail {
        &self.0
    }

    /// The wire shape as JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let detail = self.detail();
        write!(f, "{:?}", detail.name)?;
        if let Some(node) = &detail.node_id {
            write!(f, " in node {node}")?;
        }
        if let Some(item) = detail.item_index {
            write!(f, ", item {item}")?;
        }
        write!(f, ": {}", detail.message)?;
        if let Some(path) = &detail.path {
            write!(f, " (at {path})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Why a node refused its params or an item. The engine adds which node, item and round.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    code: &'static str,
    message: String,
    path: Option<String>,
}

impl Failure {
    /// A failure with a sentence for people.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { code: "node_error", message: message.into(), path: None }
    }

    /// A value that cannot cross a boundary.
    #[must_use]
    pub fn unrepresentable(message: impl Into<String>) -> Self {
        Self { code: "unrepresentable_value", message: message.into(), path: None }
    }

    /// A failure that is not the node's own word.
    pub(crate) fn coded(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), path: None }
    }

    /// The same failure, at a place inside the item, such as `$.a[2]`.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// The sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_shape_has_every_field() {
        let error = Error::node("mul", "MultiplyNode", Failure::new("no").at("$.a[2]")).at(3, Some(3), 0);
        let json: serde_json::Value = serde_json::from_str(&error.to_json()).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "name": "NodeError", "code": "node_error", "message": "no", "node_id": "mul",
                "node_type": "MultiplyNode", "runtime": "rust", "item_index": 3, "path": "$.a[2]",
                "traceback": null, "issues": null, "round": 3, "order": 0
            })
        );
        assert_eq!(error.to_string(), "NodeError in node mul, item 3: no (at $.a[2])");
    }
}
