//! The node types that an engine can create.

use serde_json::Value as Json;

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
            let json: Json = serde_json::from_str(node_type.entry).map_err(wrong)?;
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
