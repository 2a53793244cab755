//! Reading JSON objects field by field, noting every problem.

use serde_json::{Map as JsonMap, Value as Json};

use crate::issue::{Issue, Severity, key_path};

/// All problems so far.
#[derive(Default)]
pub(super) struct Issues {
    pub list: Vec<Issue>,
}

impl Issues {
    /// Notes an error.
    pub(super) fn error(
        &mut self,
        code: &'static str,
        path: impl Into<String>,
        message: impl Into<String>,
        expected: impl Into<Json>,
        actual: &Json,
    ) {
        self.list.push(Issue {
            code,
            path: path.into(),
            message: message.into(),
            severity: Severity::Error,
            expected: expected.into(),
            actual: actual.clone(),
        });
    }

    /// Notes that `actual` is not of the JSON type or word that is `expected`.
    pub(super) fn wrong_type(&mut self, path: impl Into<String>, expected: &str, actual: &Json) {
        let message = format!("expected {expected}, got {}", type_name(actual));
        self.error("wrong_type", path, message, expected, actual);
    }

    fn unknown_field(&mut self, path: String, allowed: &[&str], actual: &Json) {
        self.list.push(Issue {
            code: "unknown_field",
            path,
            message: "unknown field, ignored".to_owned(),
            severity: Severity::Warning,
            expected: allowed.into(),
            actual: actual.clone(),
        });
    }
}

/// The JSON type of a value, in the schema's words.
pub(super) fn type_name(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

/// An integer, also if it is written as a whole float.
pub(super) fn integer(json: &Json) -> Option<i64> {
    let whole = |float: f64| float.fract() == 0.0 && float.abs() <= crate::literal::MAX_SAFE as f64;
    json.as_i64().or_else(|| json.as_f64().filter(|&float| whole(float)).map(|float| float as i64))
}

/// One object of the manifest and where it stands.
pub(super) struct Fields<'a> {
    pub object: &'a JsonMap<String, Json>,
    pub path: String,
}

impl<'a> Fields<'a> {
    /// The object at `path`, or a note that it is none.
    pub(super) fn of(json: &'a Json, path: impl Into<String>, issues: &mut Issues) -> Option<Self> {
        let path = path.into();
        let object = json.as_object();
        if object.is_none() {
            issues.wrong_type(path.as_str(), "object", json);
        }
        object.map(|object| Self { object, path })
    }

    /// The path of a field.
    pub(super) fn at(&self, key: &str) -> String {
        key_path(&self.path, key)
    }

    /// Warns of every field that is not `allowed`.
    pub(super) fn only(&self, allowed: &[&str], issues: &mut Issues) {
        for (key, value) in self.object.iter().filter(|(key, _)| !allowed.contains(&key.as_str())) {
            issues.unknown_field(self.at(key), allowed, value);
        }
    }

    /// Notes a field that is required and missing.
    pub(super) fn require(&self, key: &str, issues: &mut Issues) {
        if !self.object.contains_key(key) {
            issues.error("missing_field", self.at(key), "missing", Json::Null, &Json::Null);
        }
    }

    /// The string in a field, if it is there and one.
    pub(super) fn string(&self, key: &str, issues: &mut Issues) -> Option<&'a str> {
        self.typed(key, "string", Json::as_str, issues)
    }

    /// The number in a field, if it is there and one.
    pub(super) fn number(&self, key: &str, issues: &mut Issues) -> Option<f64> {
        self.typed(key, "number", Json::as_f64, issues)
    }

    /// The integer in a field, of any size, if it is there and one.
    pub(super) fn whole(&self, key: &str, issues: &mut Issues) -> Option<f64> {
        self.typed(key, "integer", |json| json.as_f64().filter(|number| number.fract() == 0.0), issues)
    }

    /// The list in a field, if it is there and one.
    pub(super) fn array(&self, key: &str, issues: &mut Issues) -> Option<&'a Vec<Json>> {
        self.typed(key, "array", Json::as_array, issues)
    }

    /// The object in a field, if it is there and one.
    pub(super) fn inner(&self, key: &str, issues: &mut Issues) -> Option<Fields<'a>> {
        self.object.get(key).and_then(|json| Fields::of(json, self.at(key), issues))
    }

    fn typed<T>(
        &self,
        key: &str,
        expected: &str,
        of: impl Fn(&'a Json) -> Option<T>,
        issues: &mut Issues,
    ) -> Option<T> {
        let json = self.object.get(key)?;
        let value = of(json);
        if value.is_none() {
            issues.wrong_type(self.at(key), expected, json);
        }
        value
    }
}
