//! Numbers that JSON bends, written as strings: `"9007199254740993"`, `"NaN"`, `"-0.0"`, `"1.0e300"`.

use crate::value::Value;

/// The largest integer that every JSON reader keeps: 2^53 − 1.
pub const MAX_SAFE: i64 = 9_007_199_254_740_991;

/// Whether JSON keeps this integer in every language.
#[must_use]
pub fn is_safe_int(int: i64) -> bool {
    (-MAX_SAFE..=MAX_SAFE).contains(&int)
}

/// The literal of a float that JSON cannot hold; `None` if JSON can.
#[must_use]
pub fn of_float(float: f64) -> Option<&'static str> {
    if float.is_nan() {
        Some("NaN")
    } else if float == f64::INFINITY {
        Some("Infinity")
    } else if float == f64::NEG_INFINITY {
        Some("-Infinity")
    } else if float == 0.0 && float.is_sign_negative() {
        Some("-0.0")
    } else {
        None
    }
}

/// The number that a literal stands for: an integer within i64 if it is all digits, else a float.
#[must_use]
pub fn parse(text: &str) -> Option<Value> {
    match text {
        "NaN" => return Some(Value::Float(f64::NAN)),
        "Infinity" => return Some(Value::Float(f64::INFINITY)),
        "-Infinity" => return Some(Value::Float(f64::NEG_INFINITY)),
        _ => {}
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if digits.bytes().all(|c| c.is_ascii_digit()) {
        return text.parse().ok().map(Value::Int);
    }
    // Rust also reads "inf" and "nan"; those never get here.
    text.parse().ok().filter(|float: &f64| float.is_finite()).map(Value::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_integers_and_everything_else_is_a_float() {
        assert!(matches!(parse("9007199254740993"), Some(Value::Int(9_007_199_254_740_993))));
        assert!(matches!(parse("-9223372036854775808"), Some(Value::Int(i64::MIN))));
        assert!(matches!(parse("1.0e300"), Some(Value::Float(1.0e300))));
        assert!(matches!(parse("1e+300"), Some(Value::Float(1.0e300))));
        assert!(matches!(parse("-0.0"), Some(Value::Float(zero)) if zero.is_sign_negative()));
        assert!(matches!(parse("NaN"), Some(Value::Float(nan)) if nan.is_nan()));
    }

    #[test]
    fn other_words_are_refused() {
        for text in
            ["", "-", "+1", "inf", "nan", "-inf", "infinity", "1e999", "0x10", "9223372036854775808", "1 "]
        {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
