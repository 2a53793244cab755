//! One problem of a manifest, and the paths that say where it is.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value as Json;

/// Whether an issue stops a run.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The manifest cannot run.
    Error,
    /// It can, but something is probably not meant.
    Warning,
}

/// One problem of a manifest. Codes and paths are listed in `docs/internals/plan.md`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Issue {
    /// A stable word, such as `unknown_param`.
    pub code: &'static str,
    /// Where, as `$.nodes[2].params.rate`.
    pub path: String,
    /// A sentence for people.
    pub message: String,
    /// Error or warning.
    pub severity: Severity,
    /// What would have been right.
    pub expected: Json,
    /// What stood there.
    pub actual: Json,
}

/// Appends `.key`, or `["key"]` where the key is not a plain name, to `path`.
#[must_use]
pub fn key_path(path: &str, key: &str) -> String {
    let mut chars = key.chars();
    let plain = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { format!("{path}.{key}") } else { format!("{path}[{}]", Json::from(key)) }
}

/// Appends `[index]` to `path`.
#[must_use]
pub fn index_path(path: &str, index: usize) -> String {
    let mut longer = path.to_owned();
    let _ = write!(longer, "[{index}]");
    longer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_not_plain_names_are_quoted() {
        assert_eq!(key_path("$.nodes[0].params", "rate_2"), "$.nodes[0].params.rate_2");
        assert_eq!(key_path("$", "the key"), r#"$["the key"]"#);
        assert_eq!(key_path("$", "2x"), r#"$["2x"]"#);
        assert_eq!(key_path("$", "a\"b"), r#"$["a\"b"]"#);
        assert_eq!(key_path("$", ""), r#"$[""]"#);
        assert_eq!(index_path("$.a", 3), "$.a[3]");
    }
}
