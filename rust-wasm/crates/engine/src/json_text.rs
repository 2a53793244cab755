//! Reads JSON text. `serde_json` stops at 128 levels, which is fewer than a request that holds an item of
//! [`MAX_DEPTH`](crate::value::MAX_DEPTH) levels; without a limit hostile text would overflow the stack.

use serde::Deserialize as _;
use serde_json::Value as Json;

const MAX_LEVELS: usize = 256;

/// The JSON value of `text`, or a sentence that says what is wrong.
pub fn parse(text: &str) -> Result<Json, String> {
    if deepest(text) > MAX_LEVELS {
        return Err(format!("JSON nested deeper than {MAX_LEVELS} levels"));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit();
    let value = Json::deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    value.map_err(|error| format!("invalid JSON: {error}"))
}

/// The deepest nesting of brackets outside strings.
fn deepest(text: &str) -> usize {
    let (mut depth, mut max, mut in_string, mut escaped) = (0usize, 0usize, false, false);
    for byte in text.bytes() {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                max = max.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    max
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_text_is_refused_before_it_is_parsed() {
        assert!(parse(&format!("{}1{}", "[".repeat(200), "]".repeat(200))).is_ok());
        assert!(parse(&"[".repeat(1_000_000)).unwrap_err().contains("deeper"));
    }

    #[test]
    fn brackets_in_strings_do_not_count() {
        assert_eq!(deepest(r#"["[[[", "\"[[", "\\", [1]]"#), 2);
    }

    #[test]
    fn trailing_text_is_refused() {
        assert!(parse("1 2").is_err());
        assert!(parse("").is_err());
    }
}
