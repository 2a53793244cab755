//! The nodes of a manifest.

use std::collections::BTreeSet;

use serde_json::{Map as JsonMap, Value as Json, json};

use crate::catalog::{Catalogs, Entry, Lookup, Runtime};
use crate::issue::index_path;
use crate::manifest::fields::{Fields, Issues};
use crate::manifest::{GraphNode, params};

const FIELDS: [&str; 7] = ["id", "node_type", "params", "runtime_hint", "timeout_ms", "on_error", "retry"];
const RETRY: [&str; 4] = ["max_retries", "base_delay_ms", "max_delay_ms", "multiplier"];

/// What is known of a node, right or wrong.
pub(super) struct Node<'a> {
    /// Its id, also if it is bad or a duplicate.
    pub id: Option<&'a str>,
    /// Its catalog entry, if the type is known.
    pub entry: Option<&'a Entry>,
    /// Its input ports, those included that its params name; none if they are not known.
    pub inputs: Option<Vec<String>>,
    /// The node in normal form; only complete if there was no error.
    pub chosen: Option<GraphNode>,
}

impl Node<'_> {
    /// The ports that the end `from` or `to` of a connection may name, if they are known.
    pub(super) fn ports(&self, end: &str) -> Option<Vec<&str>> {
        if end == "to" {
            return self.inputs.as_ref().map(|ports| ports.iter().map(String::as_str).collect());
        }
        self.entry.map(|entry| entry.outputs.keys().map(String::as_str).collect())
    }
}

pub(super) fn read<'a>(
    entries: &'a [Json],
    catalogs: &'a Catalogs,
    default_runtime: Option<Runtime>,
    issues: &mut Issues,
) -> Vec<Node<'a>> {
    let mut seen = BTreeSet::new();
    let nodes = entries.iter().enumerate();
    nodes
        .map(|(index, json)| {
            let path = index_path("$.nodes", index);
            match Fields::of(json, path, issues) {
                Some(fields) => node(&fields, catalogs, default_runtime, &mut seen, issues),
                None => Node { id: None, entry: None, inputs: None, chosen: None },
            }
        })
        .collect()
}

fn node<'a>(
    fields: &Fields<'a>,
    catalogs: &'a Catalogs,
    default_runtime: Option<Runtime>,
    seen: &mut BTreeSet<&'a str>,
    issues: &mut Issues,
) -> Node<'a> {
    fields.only(&FIELDS, issues);
    let id = id(fields, seen, issues);
    let (wanted, stated_at) = hint(fields, default_runtime, issues);
    fields.require("node_type", issues);
    let name = fields.string("node_type", issues);
    let lookup = name.map(|name| catalogs.find(name, wanted));
    let (place, entry) = match lookup {
        None => (None, None),
        Some(Lookup::Found(place, entry)) => (Some(place), Some(entry)),
        Some(Lookup::Elsewhere(entry)) => {
            unavailable(fields.at(stated_at), wanted, entry, issues);
            (None, Some(entry))
        }
        Some(Lookup::Unknown) => {
            unknown_type(fields, name.unwrap_or_default(), catalogs, issues);
            (None, None)
        }
    };
    let before = issues.list.len();
    let params = params(fields, entry, issues);
    let inputs = entry.and_then(|entry| entry.input_ports((issues.list.len() == before).then_some(&params)));
    let policy = policy(fields, issues);
    let chosen = place.zip(entry).zip(id).map(|((place, entry), id)| GraphNode {
        id: id.to_owned(),
        node_type: entry.node_type.clone(),
        place,
        generates: entry.inputs.is_empty(),
        params,
        requires: entry.requires.clone(),
        policy,
    });
    Node { id, entry, inputs, chosen }
}

fn id<'a>(fields: &Fields<'a>, seen: &mut BTreeSet<&'a str>, issues: &mut Issues) -> Option<&'a str> {
    fields.require("id", issues);
    let id = fields.string("id", issues)?;
    let plain = id.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_' || c == b'-');
    if id.is_empty() || !plain || id.starts_with("__") {
        let rule = "[A-Za-z0-9_-]+, not starting with __";
        issues.error("bad_id", fields.at("id"), format!("{id:?} is not an id: {rule}"), rule, &id.into());
    }
    if !seen.insert(id) {
        let message = format!("the id {id:?} is used before");
        issues.error("duplicate_id", fields.at("id"), message, Json::Null, &id.into());
    }
    Some(id)
}

/// The runtime that the node must have, if any, and the field that states it. A wrong hint asks for nothing.
fn hint(
    fields: &Fields<'_>,
    default_runtime: Option<Runtime>,
    issues: &mut Issues,
) -> (Option<Runtime>, &'static str) {
    let Some(word) = fields.string("runtime_hint", issues) else {
        let by_default = default_runtime.filter(|_| !fields.object.contains_key("runtime_hint"));
        return (by_default, "node_type");
    };
    match Runtime::from_hint(word) {
        Some(None) => (default_runtime, "node_type"),
        Some(forced) => (forced, "runtime_hint"),
        None => {
            issues.wrong_type(fields.at("runtime_hint"), "auto, rust, python or js", &word.into());
            (None, "runtime_hint")
        }
    }
}

fn unavailable(path: String, wanted: Option<Runtime>, entry: &Entry, issues: &mut Issues) {
    let wanted = wanted.map_or("auto", Runtime::name);
    let message = format!("{} has no implementation for {wanted} here", entry.node_type);
    issues.error("unavailable_runtime", path, message, Json::Null, &wanted.into());
}

fn unknown_type(fields: &Fields<'_>, name: &str, catalogs: &Catalogs, issues: &mut Issues) {
    let near = catalogs.near(name);
    let hint = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(", ")) };
    let message = format!("unknown node type {name:?}{hint}");
    issues.error("unknown_type", fields.at("node_type"), message, near, &name.into());
}

fn params(fields: &Fields<'_>, entry: Option<&Entry>, issues: &mut Issues) -> JsonMap<String, Json> {
    let given = fields.inner("params", issues);
    let Some(entry) = entry else { return JsonMap::new() };
    if given.is_none() && fields.object.contains_key("params") {
        // Of another type: what is missing in it would only follow from that.
        return JsonMap::new();
    }
    let empty = JsonMap::new();
    let given = given.unwrap_or(Fields { object: &empty, path: fields.at("params") });
    params::complete(&given, &entry.params, issues)
}

fn policy(fields: &Fields<'_>, issues: &mut Issues) -> JsonMap<String, Json> {
    let mut policy = JsonMap::new();
    let on_error = fields.string("on_error", issues).unwrap_or("fail");
    if !matches!(on_error, "fail" | "skip") {
        issues.wrong_type(fields.at("on_error"), "fail or skip", &on_error.into());
    }
    policy.insert("on_error".to_owned(), on_error.into());
    if let Some(timeout) = fields.number("timeout_ms", issues) {
        if timeout <= 0.0 {
            out_of_range(fields, "timeout_ms", "more than 0", issues);
        }
        policy.insert("timeout_ms".to_owned(), timeout.into());
    }
    if let Some(retry) = fields.inner("retry", issues) {
        policy.insert("retry".to_owned(), read_retry(&retry, issues));
    }
    policy
}

fn read_retry(retry: &Fields<'_>, issues: &mut Issues) -> Json {
    retry.only(&RETRY, issues);
    let max_retries = retry.whole("max_retries", issues).unwrap_or(3.0);
    if !(0.0..=f64::from(u32::MAX)).contains(&max_retries) {
        out_of_range(retry, "max_retries", "0 to 4294967295", issues);
    }
    let mut number = |key: &str, default: f64, least: f64| {
        let number = retry.number(key, issues).unwrap_or(default);
        if number < least {
            out_of_range(retry, key, &format!("{} or more", Json::from(least)), issues);
        }
        number
    };
    let base = number("base_delay_ms", 100.0, 0.0);
    let max = number("max_delay_ms", 400.0, 0.0);
    let multiplier = number("multiplier", 2.0, 1.0);
    json!({"max_retries": max_retries as u32, "base_delay_ms": base, "max_delay_ms": max, "multiplier": multiplier})
}

fn out_of_range(fields: &Fields<'_>, key: &str, expected: &str, issues: &mut Issues) {
    let actual = fields.object.get(key).unwrap_or(&Json::Null);
    issues.error("bad_value", fields.at(key), format!("expected {expected}, got {actual}"), expected, actual);
}
