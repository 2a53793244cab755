//! The connections of a manifest.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::issue::index_path;
use crate::manifest::fields::{Fields, Issues};
use crate::manifest::nodes::Node;
use crate::manifest::{Connection, order};

pub(super) fn read(wires: &[Json], nodes: &[Node<'_>], issues: &mut Issues) -> Vec<Connection> {
    let mut ids = BTreeMap::new();
    for (index, node) in nodes.iter().enumerate() {
        if let Some(id) = node.id {
            ids.entry(id).or_insert(index);
        }
    }
    let mut connections = Vec::new();
    let mut seen = BTreeSet::new();
    let mut reached = BTreeSet::new();
    for (index, json) in wires.iter().enumerate() {
        let path = index_path("$.connections", index);
        let Some(fields) = Fields::of(json, path.as_str(), issues) else { continue };
        fields.only(&["from", "to"], issues);
        let from = end(&fields, "from", &ids, nodes, issues);
        let to = end(&fields, "to", &ids, nodes, issues);
        reached.extend(to.iter().map(|(node, _)| *node));
        let (Some((from, from_port)), Some((to, to_port))) = (from, to) else { continue };
        let connection = Connection { from, from_port, to, to_port };
        if seen.insert(connection.clone()) {
            connections.push(connection);
        } else {
            let message = "the same connection stands before";
            issues.error("duplicate_connection", path, message, Json::Null, json);
        }
    }
    for index in ids.into_values().filter(|index| !reached.contains(index)) {
        unreached(index, nodes, issues);
    }
    if let Some(cycle) = order::cycle(nodes.len(), &connections) {
        let ids: Vec<Json> = cycle.iter().filter_map(|&node| nodes.get(node)?.id).map(Json::from).collect();
        let message = "the connections form a cycle";
        issues.error("cycle", "$.connections", message, Json::Null, &ids.into());
    }
    connections
}

/// The node and port that an end names.
fn end(
    fields: &Fields<'_>,
    key: &str,
    ids: &BTreeMap<&str, usize>,
    nodes: &[Node<'_>],
    issues: &mut Issues,
) -> Option<(usize, String)> {
    fields.require(key, issues);
    let text = fields.string(key, issues)?;
    let default = if key == "from" { "out" } else { "in" };
    let (id, port) = match text.rsplit_once('.') {
        Some(split) if !ids.contains_key(text) => split,
        _ => (text, default),
    };
    let Some(&index) = ids.get(id) else {
        let message = format!("no node has the id {id:?}");
        issues.error("unknown_endpoint", fields.at(key), message, Json::Null, &text.into());
        return None;
    };
    if let Some(ports) = nodes.get(index).and_then(|node| node.ports(key))
        && !ports.contains(&port)
    {
        let message = format!("{id} has no port {port:?}; it has {}", ports.join(", "));
        issues.error("unknown_port", fields.at(key), message, ports, &text.into());
    }
    Some((index, port.to_owned()))
}

/// Notes a node that would take the pipeline's input at a port `in` that it lacks.
fn unreached(index: usize, nodes: &[Node<'_>], issues: &mut Issues) {
    let Some(ports) = nodes.get(index).and_then(|node| node.ports("to")) else { return };
    if !ports.is_empty() && !ports.contains(&"in") {
        let message = format!("no connection reaches it, and it has no port in; it has {}", ports.join(", "));
        issues.error("unknown_port", index_path("$.nodes", index), message, ports, &Json::Null);
    }
}
