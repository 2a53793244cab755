//! Manifest v1: validation with all problems at once, and the normal form that plans are made from.

mod connections;
mod fields;
mod nodes;
mod order;
mod params;
mod top;

use serde_json::{Map as JsonMap, Value as Json};

use crate::catalog::{Catalogs, Place, Runtime};
use crate::issue::{Issue, Severity};

pub use order::canonical_order;

/// A manifest without errors, in normal form.
#[derive(Clone, Debug)]
pub struct Graph {
    /// `metadata.name`.
    pub name: Option<String>,
    /// In manifest order.
    pub nodes: Vec<GraphNode>,
    /// In manifest order.
    pub connections: Vec<Connection>,
}

/// A node whose implementation is chosen.
#[derive(Clone, Debug)]
pub struct GraphNode {
    /// Unique in the manifest.
    pub id: String,
    /// Canonical.
    pub node_type: String,
    /// Where it will run.
    pub place: Place,
    /// Whether it has no input ports and gives items when it is ticked.
    pub generates: bool,
    /// Complete: aliases resolved, defaults filled in.
    pub params: JsonMap<String, Json>,
    /// Python packages that it needs.
    pub requires: Vec<String>,
    /// `on_error`, `retry` and `timeout_ms` as a segment states them.
    pub policy: JsonMap<String, Json>,
}

/// A connection with explicit ports; the ends are indices of nodes.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Connection {
    /// The giving node.
    pub from: usize,
    /// Its output port.
    pub from_port: String,
    /// The taking node.
    pub to: usize,
    /// Its input port.
    pub to_port: String,
}

/// The result of validation: all issues, and the graph if none of them is an error.
pub struct Checked {
    /// All problems, in the order of the manifest.
    pub issues: Vec<Issue>,
    /// The manifest in normal form.
    pub graph: Option<Graph>,
}

/// Checks a manifest against what is available. `default_runtime` is for nodes whose own hint is `auto`.
#[must_use]
pub fn validate(manifest: &Json, catalogs: &Catalogs, default_runtime: Option<Runtime>) -> Checked {
    let mut issues = fields::Issues::default();
    let graph = top::read(manifest, catalogs, default_runtime, &mut issues);
    let failed = issues.list.iter().any(|issue| issue.severity == Severity::Error);
    Checked { issues: issues.list, graph: graph.filter(|_| !failed) }
}
