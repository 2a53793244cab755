//! The node types that an engine can create.

use serde_json::{Value as Json, json};

use crate::catalog::Entry;
use crate::error::Error;
use crate::node::NodeType;

/// Node types with their parsed catalog entries.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    types: Vec<(Entry, NodeType)>,
    catalog: Vec<Json>,
}

impl Registry {
    /// A registry of these types. An entry that is not valid JSON is a mistake in this program, and an error.
    pub fn new(types: &[NodeType]) -> Result<Self, Error> {
        let mut registry = Self::default();
        for node_type in types {
            let wrong = |error: serde_json::Error| Error::bad_request(format!("catalog entry: {error}"));
            let mut json: Json = serde_json::from_str(node_type.entry).map_err(wrong)?;
            complete(&mut json);
            let entry = serde::Deserialize::deserialize(&json).map_err(wrong)?;
            registry.types.push((entry, *node_type));
            registry.catalog.push(json);
        }
        Ok(registry)
    }

    /// The entries, for plans.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.types.iter().map(|(entry, _)| entry.clone()).collect()
    }

    /// The catalog as JSON: a list of entries.
    #[must_use]
    pub fn catalog(&self) -> &[Json] {
        &self.catalog
    }

    /// The type of this canonical name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&(Entry, NodeType)> {
        self.types.iter().find(|(entry, _)| entry.node_type == name)
    }

    /// All types.
    pub fn types(&self) -> impl Iterator<Item = &(Entry, NodeType)> {
        self.types.iter()
    }
}

/// Fills in what an entry need not say.
fn complete(entry: &mut Json) {
    let params = json!({"type": "object", "additionalProperties": false, "required": [], "properties": {}});
    let whole = json!({"aliases": [], "params": params, "runtime": "rust", "requires": []});
    fill(entry, &whole);
}

fn fill(json: &mut Json, from: &Json) {
    let (Some(fields), Some(from)) = (json.as_object_mut(), from.as_object()) else { return };
    for (key, default) in from {
        fill(fields.entry(key.clone()).or_insert_with(|| default.clone()), default);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Failure;

    #[test]
    fn an_entry_need_not_say_what_goes_without_saying() {
        let entry =
            r#"{"type": "ANode", "params": {"required": ["p"], "properties": {"p": {"type": "string"}}}}"#;
        let node_type = NodeType { entry, create: |_| Err(Failure::new("no")) };
        let registry = Registry::new(&[node_type]).unwrap();
        let expected = json!({"type": "ANode", "aliases": [], "runtime": "rust", "requires": [],
            "params": {"type": "object", "additionalProperties": false, "required": ["p"],
                       "properties": {"p": {"type": "string"}}}});
        assert_eq!(registry.catalog(), [expected]);
        assert!(Registry::new(&[NodeType { entry: "{", ..node_type }]).is_err());
    }
}
