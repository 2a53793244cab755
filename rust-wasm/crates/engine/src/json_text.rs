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

/// The first number in JSON text that is written as an integer and is none of 64 bits. Parsed, it would be a float.
#[must_use]
pub fn beyond_64_bits(text: &str) -> Option<&str> {
    let in_number = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.');
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
        rest = rest.get(start..)?;
        if let Some(string) = rest.strip_prefix('"') {
            rest = after_string(string);
            continue;
        }
        let (number, after) = rest.split_at(rest.find(|c| !in_number(c)).unwrap_or(rest.len()));
        let digits = number.strip_prefix('-').unwrap_or(number);
        if digits.bytes().all(|c| c.is_ascii_digit()) && number.parse::<i64>().is_err() {
            return Some(number);
        }
        rest = after;
    }
    None
}

/// What follows the string whose content starts here.
fn after_string(text: &str) -> &str {
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        let ends = !escaped && byte == b'"';
        escaped = !escaped && byte == b'\\';
        ends
    });
    end.and_then(|end| text.get(end + 1..)).unwrap_or_default()
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
    fn integers_beyond_64_bits_are_found_outside_strings() {
        for text in
            ["9223372036854775807", "-9223372036854775808", "1e300", "-1.5E+30", "[12345678901234567890.0]"]
        {
            assert_eq!(beyond_64_bits(text), None, "{text}");
        }
        assert_eq!(
            beyond_64_bits(r#"{"99999999999999999999": "a\"99999999999999999999\\", "é": [1, "x"]}"#),
            None
        );
        assert_eq!(beyond_64_bits(r#"["\\", -9223372036854775809]"#), Some("-9223372036854775809"));
        assert_eq!(beyond_64_bits("[1,9223372036854775808]"), Some("9223372036854775808"));
    }

    #[test]
    fn trailing_text_is_refused() {
        assert!(parse("1 2").is_err());
        assert!(parse("").is_err());
    }
}
