//! Answers in CBOR: where a value stands, and what it is as text.

use crate::encoding::Encoding;
use ciborium::Value;

/// The first item of a body. Nesting is bounded, and no length is believed before its bytes came.
pub(super) fn parse(body: &[u8]) -> Option<Value> {
    ciborium::from_reader(body).ok()
}

/// The value at a pointer (RFC 6901); keys are texts or whole numbers, tags are looked through.
pub(super) fn at<'v>(root: &'v Value, pointer: &str) -> Option<&'v Value> {
    pointer.split('/').skip(1).try_fold(untagged(root), |value, token| {
        let token = token.replace("~1", "/").replace("~0", "~");
        let found = match value {
            Value::Map(entries) => {
                let is_it = |key: &Value| match key {
                    Value::Text(text) => *text == token,
                    Value::Integer(number) => i128::from(*number).to_string() == token,
                    _ => false,
                };
                entries.iter().find(|(key, _)| is_it(key)).map(|(_, value)| value)
            }
            Value::Array(items) => token.parse::<usize>().ok().and_then(|index| items.get(index)),
            _ => None,
        };
        found.map(untagged)
    })
}

fn untagged(value: &Value) -> &Value {
    match value {
        Value::Tag(_, inner) => untagged(inner),
        value => value,
    }
}

/// A scalar as text, bytes in an encoding.
pub(super) fn text(value: &Value, bytes_in: Encoding) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Bytes(bytes) => bytes_in.encode(bytes),
        Value::Integer(number) => Some(i128::from(*number).to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Float(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether a value is what a target file's JSON stands for.
pub(super) fn equals(value: &Value, wanted: &serde_json::Value) -> bool {
    Value::serialized(wanted).is_ok_and(|wanted| wanted == *value)
}

/// Written down.
pub(super) fn bytes(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("writing to memory cannot fail");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value() -> Value {
        let text = |text: &str| Value::Text(text.to_owned());
        Value::Map(vec![
            (text("ok"), Value::Bool(false)),
            (text("a/b"), Value::Array(vec![Value::Tag(9, Box::new(Value::Bytes(vec![0xfb])))])),
            (Value::Integer((-1).into()), Value::Integer(7.into())),
        ])
    }

    #[test]
    fn values_are_found_by_text_number_and_place() {
        let value = parse(&bytes(&value())).unwrap();
        for (pointer, found) in [
            ("/ok", Some("false")),
            ("/a~1b/0", Some("+w==")),
            ("/-1", Some("7")),
            ("/a~1b", None),
            ("/a~1b/1", None),
            ("/none/0", None),
            ("", None),
        ] {
            let text = at(&value, pointer).and_then(|value| text(value, Encoding::B64));
            assert_eq!(text.as_deref(), found, "{pointer}");
        }
        assert!(equals(at(&value, "/ok").unwrap(), &false.into()));
        assert!(equals(at(&value, "/-1").unwrap(), &7.into()));
        assert!(!equals(at(&value, "/ok").unwrap(), &"false".into()));
    }

    #[test]
    fn hostile_bodies_are_no_cbor() {
        for body in [
            vec![0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            vec![0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00],
            vec![0xbf; 100_000],
            vec![0x81; 1_000_000],
            vec![0xd8; 100_000],
            Vec::new(),
        ] {
            assert!(parse(&body).is_none());
        }
    }
}
