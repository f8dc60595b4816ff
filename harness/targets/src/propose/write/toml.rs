//! TOML as people write it: one line for a table, quotes that need no escapes where possible.

use serde_json::Value;

/// A text in quotes.
pub(in crate::propose) fn text(text: &str) -> String {
    let plain = !text.contains(['\'', '\\']) && !text.chars().any(char::is_control);
    if text.contains('"') && plain {
        return format!("'{text}'");
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => quoted.extend(["\\u", &format!("{:04X}", u32::from(c))]),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A key, in quotes if it must be.
pub(in crate::propose) fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { text(name) }
}

/// A table in one line.
pub(in crate::propose) fn table(entries: &[(String, String)]) -> String {
    if entries.is_empty() {
        return "{}".to_owned();
    }
    let entries: Vec<String> =
        entries.iter().map(|(name, value)| format!("{} = {value}", key(name))).collect();
    format!("{{ {} }}", entries.join(", "))
}

/// JSON in one line; `None` if TOML cannot hold it.
pub(in crate::propose) fn json(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => integer.to_string(),
            (None, Some(float)) if float.is_finite() => format!("{float:?}"),
            _ => return None,
        },
        Value::String(value) => text(value),
        Value::Array(list) => {
            format!("[{}]", list.iter().map(json).collect::<Option<Vec<_>>>()?.join(", "))
        }
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| Some((key.clone(), json(value)?)));
            table(&entries.collect::<Option<Vec<_>>>()?)
        }
    })
}

/// A text in one line without anything that moves or hides what stands around it, for comments.
pub(in crate::propose) fn line(text: &str) -> String {
    let one_line = text.replace(['\n', '\r', '\t'], " ");
    let shown = crate::dialect::printable(&one_line);
    shown.chars().take(400).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let hostile = "a\"b'c\\d\ne\u{7f}\u{0}\u{1b}[2J${x}\u{202e}\u{85}";
        let value = serde_json::json!({
            "plain": "a", "with \"quotes\"": ["x", 1, -2, 1.5, 1e300, true], hostile: hostile, "": {}
        });
        let toml = format!("v = {}", json(&value).unwrap());
        let read: toml::Table = toml.parse().unwrap();
        let read = serde_json::to_value(&read["v"]).unwrap();
        assert_eq!(read[hostile], value[hostile]);
        assert_eq!(read["with \"quotes\""], value["with \"quotes\""]);
        assert_eq!(read.as_object().unwrap().len(), 4);
        assert_eq!(json(&Value::Null), None);
    }

    #[test]
    fn a_comment_stays_on_its_line() {
        let written = line("a\nb\r\u{1b}[31m\u{202e}");
        assert!(!written.chars().any(char::is_control), "{written:?}");
        assert!(line(&"x".repeat(10_000)).len() < 1000);
    }
}
