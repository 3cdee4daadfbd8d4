//! JSON from outside. A NUL, which PostgreSQL takes in no text, and which nobody
//! writes on purpose, is read as U+FFFD.

use serde_json::{Error, Map, Value};
use std::borrow::Cow;

pub fn parse(bytes: &[u8]) -> Result<Value, Error> {
    let read: Value = serde_json::from_slice(bytes)?;
    // There is no other way to write one.
    let may_have = bytes.windows(ESCAPED.len()).any(|part| part == ESCAPED);
    Ok(if may_have { without_nul(&read).into_owned() } else { read })
}

const ESCAPED: &[u8] = b"\\u0000";

/// The same where there is no NUL.
pub fn without_nul(value: &Value) -> Cow<'_, Value> {
    if has_nul(value) { Cow::Owned(cleaned(value)) } else { Cow::Borrowed(value) }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn cleaned(value: &Value) -> Value {
    let text = |text: &str| text.replace('\0', "\u{fffd}");
    match value {
        Value::String(said) => Value::String(text(said)),
        Value::Array(items) => Value::Array(items.iter().map(cleaned).collect()),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (text(name), cleaned(value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_nul_is_read_as_a_sign_that_can_be_stored() {
        let read = |text: &str| parse(text.as_bytes()).unwrap();
        assert_eq!(read(r#"{"a\u0000": ["x\u0000y", 1, null]}"#), json!({"a\u{fffd}": ["x\u{fffd}y", 1, null]}));
        // Somebody speaks of one.
        assert_eq!(read(r#"["\\u0000"]"#), json!([r"\u0000"]));
        assert!(parse(b"{\0}").is_err());
    }
}
