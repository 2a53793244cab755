//! Random changes of JSON that keep most of its structure.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

/// One change at one place: which place, what is done, and with what.
#[derive(Clone, Debug)]
pub struct Change {
    place: prop::sample::Index,
    deed: Deed,
}

#[derive(Clone, Debug)]
enum Deed {
    Replace(Json),
    Remove(prop::sample::Index),
    Add(String, Json),
    Double(prop::sample::Index),
}

/// Changes with `words` among the new values and keys.
pub fn change(words: &'static [&'static str]) -> impl Strategy<Value = Change> {
    let deed = prop_oneof![
        3 => odd(words).prop_map(Deed::Replace),
        1 => any::<prop::sample::Index>().prop_map(Deed::Remove),
        1 => (prop::sample::select(words), odd(words)).prop_map(|(key, json)| Deed::Add(key.to_owned(), json)),
        1 => any::<prop::sample::Index>().prop_map(Deed::Double),
    ];
    (any::<prop::sample::Index>(), deed).prop_map(|(place, deed)| Change { place, deed })
}

/// Values at the edges of what is allowed.
fn odd(words: &'static [&'static str]) -> impl Strategy<Value = Json> {
    prop_oneof![
        prop::sample::select(vec![
            json!(null),
            json!(true),
            json!(0),
            json!(-1),
            json!(1),
            json!(2.0),
            json!(0.5),
            json!(1e300),
            json!(u64::MAX),
            json!(i64::MIN),
            json!(""),
            json!("é\u{0}"),
            json!([]),
            json!({}),
            json!([[]]),
            json!({"$": 0}),
            json!({"$": "NaN"}),
        ]),
        any::<i32>().prop_map(Json::from),
        prop::sample::select(words).prop_map(Json::from),
        prop::sample::select(words).prop_map(|word| json!([word, word])),
    ]
}

/// Changes `json` in place.
pub fn apply(json: &mut Json, change: &Change) {
    let count = size(json);
    let target = nth(json, &mut change.place.index(count)).expect("counted before");
    match (&change.deed, target) {
        (Deed::Replace(other), target) => *target = other.clone(),
        (Deed::Remove(at), Json::Array(list)) if !list.is_empty() => _ = list.remove(at.index(list.len())),
        (Deed::Remove(at), Json::Object(object)) if !object.is_empty() => {
            let key = object.keys().nth(at.index(object.len())).cloned();
            object.remove(&key.expect("counted before"));
        }
        (Deed::Add(key, value), Json::Object(object)) => _ = object.insert(key.clone(), value.clone()),
        (Deed::Add(_, value), Json::Array(list)) => list.push(value.clone()),
        (Deed::Double(at), Json::Array(list)) if !list.is_empty() => {
            let copy = list[at.index(list.len())].clone();
            list.push(copy);
        }
        _ => {}
    }
}

fn size(json: &Json) -> usize {
    1 + match json {
        Json::Array(list) => list.iter().map(size).sum(),
        Json::Object(object) => object.values().map(size).sum(),
        _ => 0,
    }
}

fn nth<'a>(json: &'a mut Json, left: &mut usize) -> Option<&'a mut Json> {
    if *left == 0 {
        return Some(json);
    }
    *left -= 1;
    match json {
        Json::Array(list) => list.iter_mut().find_map(|inner| nth(inner, left)),
        Json::Object(object) => object.values_mut().find_map(|inner| nth(inner, left)),
        _ => None,
    }
}
