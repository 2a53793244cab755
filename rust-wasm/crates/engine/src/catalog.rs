//! The catalog: what a node type is called, takes and gives (`docs/internals/plan.md`, "Catalog entry").

use std::rc::Rc;

use serde::Deserialize;
use serde_json::{Map as JsonMap, Value as Json};

/// What executes a node.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Runtime {
    /// This engine.
    Rust,
    /// The Python engine.
    Python,
    /// The JavaScript engine.
    Js,
}

impl Runtime {
    /// The word in manifests, metrics and errors.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::Js => "js",
        }
    }

    /// What a `runtime_hint` forces; `Some(None)` for `auto`, `None` for an unknown word.
    #[must_use]
    pub fn from_hint(word: &str) -> Option<Option<Self>> {
        match word {
            "auto" => Some(None),
            "rust" => Some(Some(Self::Rust)),
            // The earlier system's words for its Python runtimes.
            "python" | "rust_python" | "cpython" | "cpython_wasm" => Some(Some(Self::Python)),
            "js" => Some(Some(Self::Js)),
            _ => None,
        }
    }
}

/// An address space that executes nodes. The order is that in which `auto` prefers them.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Place {
    /// The module with the built-in nodes, this one.
    Rust,
    /// A module of a bundle, by name.
    Module(Rc<str>),
    /// The Python interpreter.
    Python,
    /// JavaScript beside the engine.
    JsWorker,
    /// JavaScript in the page.
    JsPage,
}

impl Place {
    /// The place of this name in plans; none for a name that no place can have.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "rust:runtime" => Some(Self::Rust),
            "python" => Some(Self::Python),
            "js:worker" => Some(Self::JsWorker),
            "js:page" => Some(Self::JsPage),
            other => other
                .strip_prefix("rust:")
                .filter(|name| is_module_name(name))
                .map(|name| Self::Module(name.into())),
        }
    }

    /// The name in plans.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Rust => "rust:runtime".to_owned(),
            Self::Module(name) => format!("rust:{name}"),
            Self::Python => "python".to_owned(),
            Self::JsWorker => "js:worker".to_owned(),
            Self::JsPage => "js:page".to_owned(),
        }
    }

    /// The runtime that executes here.
    #[must_use]
    pub fn runtime(&self) -> Runtime {
        match self {
            Self::Rust | Self::Module(_) => Runtime::Rust,
            Self::Python => Runtime::Python,
            Self::JsWorker | Self::JsPage => Runtime::Js,
        }
    }
}

/// Whether a module of a bundle may have this name: `[a-z0-9][a-z0-9_-]*`.
fn is_module_name(name: &str) -> bool {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.bytes().next().is_some_and(plain) && name.bytes().all(|c| plain(c) || c == b'_' || c == b'-')
}

/// One node type in one runtime. Fields that only documentation uses stay in the JSON.
#[derive(Clone, Debug, Deserialize)]
pub struct Entry {
    /// The canonical type name.
    #[serde(rename = "type")]
    pub node_type: String,
    /// Other names of the type.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The params' schema.
    #[serde(default)]
    pub params: Params,
    /// Input ports; `$name` stands for those that the param `name` lists. None: a generating source.
    #[serde(default = "default_inputs")]
    pub inputs: JsonMap<String, Json>,
    /// Output ports.
    #[serde(default = "default_outputs")]
    pub outputs: JsonMap<String, Json>,
    /// Python packages that it needs.
    #[serde(default)]
    pub requires: Vec<String>,
}

/// The schema of a node's params.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Params {
    /// Names that must be given.
    #[serde(default)]
    pub required: Vec<String>,
    /// A schema per name.
    #[serde(default)]
    pub properties: JsonMap<String, Json>,
    /// Whether params that are not named are taken as they are.
    #[serde(default, rename = "additionalProperties")]
    pub takes_others: bool,
}

fn default_inputs() -> JsonMap<String, Json> {
    one_port("in")
}

fn default_outputs() -> JsonMap<String, Json> {
    one_port("out")
}

fn one_port(name: &str) -> JsonMap<String, Json> {
    let mut ports = JsonMap::new();
    ports.insert(name.to_owned(), Json::Null);
    ports
}

impl Entry {
    /// Reads a list of entries, or says what is wrong with it. Catalogs of bundles are untrusted.
    pub fn list(json: &Json) -> Result<Vec<Self>, String> {
        let list: &Vec<Json> = json.as_array().ok_or("not a list")?;
        let is_object = |json: Option<&Json>| json.is_none_or(Json::is_object);
        let read = |(index, json): (usize, &Json)| match Self::deserialize(json) {
            // Lists of fields would do for a derived `Deserialize`.
            _ if !is_object(Some(json)) || !is_object(json.get("params")) => {
                Err(format!("[{index}]: not an object, or its params are none"))
            }
            // Those are the ends of segments.
            Ok(entry) if entry.node_type.starts_with("__") => {
                Err(format!("[{index}]: types do not begin with __"))
            }
            Ok(entry) => Ok(entry),
            Err(error) => Err(format!("[{index}]: {error}")),
        };
        list.iter().enumerate().map(read).collect()
    }

    /// The input ports of a node with these params, `None` if they are not known because the params are wrong.
    #[must_use]
    pub fn input_ports(&self, params: Option<&JsonMap<String, Json>>) -> Option<Vec<String>> {
        let mut ports = Vec::new();
        for port in self.inputs.keys() {
            match port.strip_prefix('$') {
                None => ports.push(port.clone()),
                Some(param) => {
                    let named = params?.get(param).and_then(Json::as_array).into_iter().flatten();
                    ports.extend(named.filter_map(Json::as_str).map(str::to_owned));
                }
            }
        }
        Some(ports)
    }

    fn is_called(&self, name: &str) -> bool {
        self.node_type == name || self.aliases.iter().any(|alias| alias == name)
    }
}

impl Params {
    /// The canonical name of a param that may be given by an alias.
    #[must_use]
    pub fn resolve(&self, name: &str) -> Option<&str> {
        if let Some((name, _)) = self.properties.get_key_value(name) {
            return Some(name);
        }
        let has_alias = |schema: &Json| {
            schema
                .get("aliases")
                .and_then(Json::as_array)
                .is_some_and(|list| list.iter().any(|alias| alias == name))
        };
        self.properties.iter().find(|(_, schema)| has_alias(schema)).map(|(name, _)| name.as_str())
    }
}

/// All that is available for a plan: entries by place, in the order of preference.
#[derive(Clone, Debug, Default)]
pub struct Catalogs {
    places: Vec<(Place, Vec<Entry>)>,
}

/// What a search for a type gives.
pub enum Lookup<'a> {
    /// This entry at this place.
    Found(Place, &'a Entry),
    /// The type is known, but not in the runtime that was asked for.
    Elsewhere(&'a Entry),
    /// No such type.
    Unknown,
}

impl Catalogs {
    /// Adds what is available at a place.
    pub fn add(&mut self, place: Place, entries: Vec<Entry>) {
        let behind = self.places.iter().position(|(other, _)| *other > place);
        self.places.insert(behind.unwrap_or(self.places.len()), (place, entries));
    }

    /// The best implementation of a type, in the runtime asked for, if any was.
    #[must_use]
    pub fn find(&self, name: &str, runtime: Option<Runtime>) -> Lookup<'_> {
        let mut elsewhere = Lookup::Unknown;
        for (place, entries) in &self.places {
            let Some(entry) = entries.iter().find(|entry| entry.is_called(name)) else { continue };
            if runtime.is_none_or(|runtime| runtime == place.runtime()) {
                return Lookup::Found(place.clone(), entry);
            }
            if matches!(elsewhere, Lookup::Unknown) {
                elsewhere = Lookup::Elsewhere(entry);
            }
        }
        elsewhere
    }

    /// Names that someone who wrote `name` may have meant, the nearest first.
    #[must_use]
    pub fn near(&self, name: &str) -> Vec<&str> {
        let entries = self.places.iter().flat_map(|(_, entries)| entries);
        let names = entries.flat_map(|entry| std::iter::once(&entry.node_type).chain(&entry.aliases));
        let name = name.to_ascii_lowercase();
        // What differs in length by more than the limit below is not worth comparing.
        let near: Vec<(usize, &str)> = names
            .filter(|other| name.len().abs_diff(other.len()) <= 2 + other.len() / 8)
            .map(|other| (distance(&name, &other.to_ascii_lowercase()), other.as_str()))
            .filter(|(distance, other)| *distance <= 2 + other.len() / 8)
            .collect();
        let mut best: Vec<&str> = Vec::new();
        while let Some((_, other)) = near.iter().filter(|(_, other)| !best.contains(other)).min()
            && best.len() < 5
        {
            best.push(other);
        }
        best
    }
}

/// Levenshtein distance, with long names cut so that a hostile one costs little.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, pair) in b.iter().zip(row.windows(2)) {
            let &[diagonal, above] = pair else { continue };
            left = (left + 1).min(above + 1).min(diagonal + usize::from(x != *y));
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn catalogs() -> Catalogs {
        let entry = |name: &str| json!({"type": name, "aliases": [format!("{name}Alias")]});
        let mut catalogs = Catalogs::default();
        catalogs.add(Place::Python, Entry::list(&json!([entry("Both"), entry("Py")])).unwrap());
        catalogs.add(Place::Rust, Entry::list(&json!([entry("Both")])).unwrap());
        catalogs
    }

    #[test]
    fn rust_comes_before_python_unless_a_runtime_is_forced() {
        let catalogs = catalogs();
        assert!(matches!(catalogs.find("Both", None), Lookup::Found(Place::Rust, _)));
        assert!(matches!(catalogs.find("BothAlias", Some(Runtime::Python)), Lookup::Found(Place::Python, _)));
        assert!(matches!(catalogs.find("Py", None), Lookup::Found(Place::Python, _)));
        assert!(matches!(catalogs.find("Py", Some(Runtime::Rust)), Lookup::Elsewhere(_)));
        assert!(matches!(catalogs.find("Nope", None), Lookup::Unknown));
    }

    #[test]
    fn modules_of_bundles_come_behind_the_runtime_and_before_python() {
        let entries = || Entry::list(&json!([{"type": "Same"}])).unwrap();
        let mut catalogs = Catalogs::default();
        for place in ["python", "rust:b", "rust:a"] {
            catalogs.add(Place::named(place).unwrap(), entries());
        }
        let chosen = |catalogs: &Catalogs| match catalogs.find("Same", None) {
            Lookup::Found(place, _) => place.name(),
            _ => String::new(),
        };
        assert_eq!(chosen(&catalogs), "rust:a");
        catalogs.add(Place::Rust, entries());
        assert_eq!(chosen(&catalogs), "rust:runtime");
        for wrong in ["rust", "rust:", "rust:A", "rust:-a", "rust:a/b", "rust:ä", "lua", "python:x", "js"] {
            assert_eq!(Place::named(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_catalog_that_is_none_is_refused() {
        let wrong = [
            json!(null),
            json!({"type": "A"}),
            json!([null]),
            json!([["A"]]),
            json!([{}]),
            json!([{"type": 1}]),
            json!([{"type": "__In"}]),
            json!([{"type": "A", "aliases": "B"}]),
            json!([{"type": "A", "aliases": [1]}]),
            json!([{"type": "A", "params": []}]),
            json!([{"type": "A", "params": {"properties": []}}]),
            json!([{"type": "A", "params": {"required": [null]}}]),
            json!([{"type": "A", "params": {"additionalProperties": {}}}]),
            json!([{"type": "A", "inputs": ["in"]}]),
            json!([{"type": "A", "outputs": null}]),
            json!([{"type": "A", "requires": [[]]}]),
        ];
        for catalog in wrong {
            assert!(Entry::list(&catalog).is_err(), "{catalog}");
        }
    }

    #[test]
    fn params_may_name_ports() {
        let entries = Entry::list(&json!([{"type": "Zip", "inputs": {"$ports": {}, "in": {}}}])).unwrap();
        let params = json!({"ports": ["a", "b"]});
        let mut ports = entries[0].input_ports(params.as_object()).unwrap();
        ports.sort();
        assert_eq!(ports, ["a", "b", "in"]);
        assert_eq!(entries[0].input_ports(None), None);
    }

    #[test]
    fn near_misses_ignore_case_and_small_typos() {
        assert_eq!(catalogs().near("bohtalias"), ["BothAlias"]);
        assert!(catalogs().near("SomethingElse").is_empty());
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }
}
