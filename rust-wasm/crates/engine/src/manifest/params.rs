//! A node's params against the schema of its catalog entry.

use std::collections::BTreeSet;

use serde_json::{Map as JsonMap, Value as Json};

use crate::catalog::Params;
use crate::issue::index_path;
use crate::manifest::fields::{Fields, Issues, integer, type_name};

/// Checks what is given and gives all params: aliases resolved, defaults filled in, whole floats made integers where
/// the schema wants integers.
pub(super) fn complete(given: &Fields<'_>, schema: &Params, issues: &mut Issues) -> JsonMap<String, Json> {
    let mut complete = JsonMap::new();
    for (key, value) in given.object {
        let path = given.at(key);
        let Some(name) = schema.resolve(key) else {
            let allowed: Vec<&str> = schema.properties.keys().map(String::as_str).collect();
            let message = format!("unknown param {key:?}; allowed: {}", allowed.join(", "));
            issues.error("unknown_param", path, message, allowed, value);
            continue;
        };
        // Aliases come in alphabetical order, so the first of several counts.
        if name != key && (given.object.contains_key(name) || complete.contains_key(name)) {
            let message = format!("{key} is another word for {name}, which is given too");
            issues.error("bad_param", path, message, Json::Null, value);
            continue;
        }
        let value = check(value, schema.properties.get(name).unwrap_or(&Json::Null), &path, issues);
        complete.insert(name.to_owned(), value);
    }
    for (name, property) in &schema.properties {
        if !complete.contains_key(name) {
            match property.get("default") {
                Some(default) => _ = complete.insert(name.clone(), default.clone()),
                None if schema.required.contains(name) => given.require(name, issues),
                None => {}
            }
        }
    }
    complete
}

/// Checks one value against a schema and gives it back, normalised.
fn check(value: &Json, schema: &Json, path: &str, issues: &mut Issues) -> Json {
    let mut wrong = |expected: Json, message: String| {
        issues.error("bad_param", path, message, expected, value);
        value.clone()
    };
    let wanted = schema.get("type").and_then(Json::as_str);
    if let Some(wanted) = wanted
        && !is_of_type(value, wanted)
    {
        return wrong(wanted.into(), format!("expected {wanted}, got {}", type_name(value)));
    }
    if let Some(allowed) = schema.get("enum")
        && !allowed
            .as_array()
            .is_some_and(|allowed| allowed.iter().any(|word| identity(word) == identity(value)))
    {
        return wrong(allowed.clone(), format!("{value} is not one of {allowed}"));
    }
    for (keyword, fits) in LIMITS {
        if let (Some(limit), Some(number)) = (schema.get(keyword).and_then(Json::as_f64), value.as_f64())
            && !fits(&number, &limit)
        {
            let rule = format!("{keyword} {}", Json::from(limit));
            return wrong(rule.as_str().into(), format!("{value} violates {rule}"));
        }
    }
    if let (Some(pattern), Some(text)) = (schema.get("pattern").and_then(Json::as_str), value.as_str())
        && !fits_pattern(text, pattern)
    {
        return wrong(pattern.into(), format!("{value} does not match {pattern}"));
    }
    let Some(items) = value.as_array() else {
        return if wanted == Some("integer") {
            integer(value).map_or(Json::Null, Json::from)
        } else {
            value.clone()
        };
    };
    if let Some(least) = schema.get("minItems").and_then(Json::as_u64)
        && (items.len() as u64) < least
    {
        return wrong(format!("minItems {least}").into(), format!("at least {least} items"));
    }
    let inner = schema.get("items").unwrap_or(&Json::Null);
    let unique = schema.get("uniqueItems") == Some(&Json::Bool(true));
    let mut seen = BTreeSet::new();
    let mut check_item = |(index, item)| {
        let path = index_path(path, index);
        let before = issues.list.len();
        let checked = check(item, inner, &path, issues);
        if unique && issues.list.len() == before && !seen.insert(identity(item).to_string()) {
            issues.error("bad_param", path, format!("{item} stands there already"), Json::Null, item);
        }
        checked
    };
    items.iter().enumerate().map(&mut check_item).collect()
}

/// What equal JSON values, and only those, have in common: whole floats become integers, as 2 equals 2.0.
fn identity(value: &Json) -> Json {
    match value {
        Json::Number(_) => value.as_f64().map_or(Json::Null, |float| {
            let whole = float.fract() == 0.0 && float.abs() < 2f64.powi(63);
            value.as_i64().or(whole.then_some(float as i64)).map_or(Json::from(float), Json::from)
        }),
        Json::Array(items) => items.iter().map(identity).collect(),
        Json::Object(fields) => fields.iter().map(|(key, field)| (key.clone(), identity(field))).collect(),
        other => other.clone(),
    }
}

/// Whether all of a text is of a pattern of the form `^[class]+$`; no other form matches anything.
fn fits_pattern(text: &str, pattern: &str) -> bool {
    let class = pattern.strip_prefix("^[").and_then(|rest| rest.strip_suffix("]+$"));
    let class: Vec<char> = class.unwrap_or_default().chars().collect();
    !text.is_empty() && text.chars().all(|c| is_in_class(c, &class))
}

/// Whether a class such as `A-Za-z_-` holds a character.
fn is_in_class(c: char, class: &[char]) -> bool {
    match class {
        [from, '-', to, rest @ ..] => (*from..=*to).contains(&c) || is_in_class(c, rest),
        [one, rest @ ..] => *one == c || is_in_class(c, rest),
        [] => false,
    }
}

type Fits = fn(&f64, &f64) -> bool;

const LIMITS: [(&str, Fits); 4] = [
    ("minimum", f64::ge),
    ("maximum", f64::le),
    ("exclusiveMinimum", f64::gt),
    ("exclusiveMaximum", f64::lt),
];

fn is_of_type(value: &Json, wanted: &str) -> bool {
    match wanted {
        "integer" => integer(value).is_some(),
        other => type_name(value) == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize as _;
    use serde_json::json;

    fn run(schema: &Json, given: &Json) -> (Json, Vec<(&'static str, String)>) {
        let mut issues = Issues::default();
        let fields = Fields { object: given.as_object().unwrap(), path: "$.p".to_owned() };
        let complete = complete(&fields, &Params::deserialize(schema).unwrap(), &mut issues);
        (complete.into(), issues.list.into_iter().map(|issue| (issue.code, issue.path)).collect())
    }

    #[test]
    fn params_come_out_complete() {
        let schema = json!({"properties": {"n": {"type": "integer", "aliases": ["count"]}, "x": {"default": 2.5},
                                           "optional": {"type": "number"}}});
        let (complete, issues) = run(&schema, &json!({"count": 3.0}));
        assert_eq!(complete, json!({"n": 3, "x": 2.5}));
        assert!(issues.is_empty());
    }

    #[test]
    fn a_float_that_may_be_rounded_is_no_integer() {
        let schema = json!({"properties": {"n": {"type": "integer"}}});
        for float in [1e17, 9_007_199_254_740_992.0, -1e300, 0.5] {
            assert_eq!(run(&schema, &json!({"n": float})).1, [("bad_param", "$.p.n".to_owned())], "{float}");
        }
        assert_eq!(
            run(&schema, &json!({"n": 9_007_199_254_740_991.0})).0,
            json!({"n": 9_007_199_254_740_991_i64})
        );
    }

    #[test]
    fn every_keyword_is_checked() {
        let schema = json!({"required": ["must"], "properties": {
            "must": {"type": "string"},
            "low": {"type": "number", "minimum": 1}, "high": {"type": "number", "maximum": 1},
            "above": {"type": "number", "exclusiveMinimum": 1}, "below": {"type": "number", "exclusiveMaximum": 1},
            "word": {"enum": ["a", "b"]}, "list": {"type": "array", "items": {"type": "string"}},
            "some": {"type": "array", "minItems": 1}}});
        let (_, issues) = run(
            &schema,
            &json!({"low": 0.5, "high": 1.5, "above": 1, "below": 1, "word": "c",
                                               "list": ["a", 1], "some": []}),
        );
        let bad = |path: &str| ("bad_param", format!("$.p.{path}"));
        let mut expected =
            vec![bad("above"), bad("below"), bad("high"), bad("list[1]"), bad("low"), bad("some")];
        expected.extend([bad("word"), ("missing_field", "$.p.must".to_owned())]);
        assert_eq!(issues, expected);
        assert!(run(&json!({"properties": {"low": {"minimum": 1}}}), &json!({"low": 1})).1.is_empty());
    }
}
