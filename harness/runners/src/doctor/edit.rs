//! Changes of a target file, small enough to be pasted by hand.

use serde::Serialize;
use targets::Operation;
use targets::file::{Judged, StatusRange};
use toml::{Table, Value};

/// One change of a target file.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Edit {
    /// Sets a member, as in `conventions.key_id`.
    Set {
        /// The tables it stands in, and its name.
        path: Vec<String>,
        /// Its value.
        value: Value,
    },
    /// Takes a member out.
    Remove {
        /// The tables it stands in, and its name.
        path: Vec<String>,
    },
    /// Writes something else wherever a step's strings have a text.
    Respell {
        /// The step.
        step: &'static str,
        /// The text, as in `${key_id}`.
        from: String,
        /// What stands there afterwards.
        to: String,
    },
    /// Puts a rule of `judge.rules` before another one. Places count from 0.
    MoveRule {
        /// Where it stands.
        from: usize,
        /// Before which it shall stand.
        to: usize,
    },
    /// Sets members of a rule. The place counts from 0.
    ChangeRule {
        /// Which rule.
        at: usize,
        /// What is set.
        members: Table,
    },
    /// A new rule before the one at that place, counted from 0.
    AddRule {
        /// Where it will stand.
        at: usize,
        /// The rule.
        members: Table,
    },
}

impl Edit {
    /// Sets a member, given as in `conventions.key_id`.
    pub(super) fn set(member: &str, value: impl Into<Value>) -> Self {
        Self::Set { path: member.split('.').map(str::to_owned).collect(), value: value.into() }
    }

    pub(super) fn respell(step: Operation, from: &str, to: &str) -> Self {
        Self::Respell { step: step.as_str(), from: from.to_owned(), to: to.to_owned() }
    }

    /// What to paste: the section and the line in it, or what to do by hand.
    pub fn lines(&self) -> (String, String) {
        let judge = || "[judge]".to_owned();
        match self {
            Self::Set { path, value } => {
                let (name, tables) = path
                    .split_last()
                    .map_or(("", &[][..]), |(name, tables)| (name.as_str(), tables));
                let section = tables.iter().map(|table| key(table)).collect::<Vec<_>>().join(".");
                (format!("[{section}]"), format!("{} = {}", key(name), written(value)))
            }
            Self::Remove { path } => {
                let (name, tables) = path
                    .split_last()
                    .map_or(("", &[][..]), |(name, tables)| (name.as_str(), tables));
                (format!("[{}]", tables.join(".")), format!("# take `{name}` out"))
            }
            Self::Respell { step, from, to } => {
                (format!("[step.{step}]"), format!("# write {to} where the request has {from}"))
            }
            Self::MoveRule { from, to } => {
                (judge(), format!("# move rule {} before rule {}", from + 1, to + 1))
            }
            Self::ChangeRule { at, members } => {
                (judge(), format!("# in rule {}: {}", at + 1, bare(members)))
            }
            Self::AddRule { at, members } => {
                (judge(), format!("# before rule {}: {{ {} }},", at + 1, bare(members)))
            }
        }
    }
}

/// What a rule is about, as it is written.
pub(super) fn rule(
    on: &[Operation],
    status: StatusRange,
    json: Option<(&str, &serde_json::Value)>,
    is: Judged,
) -> Table {
    let mut rule = Table::new();
    if !on.is_empty() {
        let on: Vec<Value> = on.iter().map(|one| Value::from(one.as_str())).collect();
        rule.insert("on".to_owned(), Value::Array(on));
    }
    rule.insert("status".to_owned(), status_value(status));
    if let Some((pointer, value)) = json.and_then(|(pointer, json)| Some((pointer, plain(json)?))) {
        rule.insert("json".to_owned(), Table::from_iter([(pointer.to_owned(), value)]).into());
    }
    rule.insert("is".to_owned(), is.as_str().into());
    rule
}

/// A status or a range of them, as it is written.
pub(super) fn status_value(status: StatusRange) -> Value {
    if status.from == status.to {
        i64::from(status.from).into()
    } else {
        format!("{}..={}", status.from, status.to).into()
    }
}

/// A scalar of JSON in TOML.
pub(super) fn plain(json: &serde_json::Value) -> Option<Value> {
    match json {
        serde_json::Value::Bool(value) => Some((*value).into()),
        serde_json::Value::Number(number) => number.as_i64().map(Value::from),
        serde_json::Value::String(text) => Some(text.as_str().into()),
        serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
            None
        }
    }
}

/// A value on one line.
fn written(value: &Value) -> String {
    match value {
        Value::Table(table) => format!("{{ {} }}", bare(table)),
        Value::Array(list) => {
            format!("[{}]", list.iter().map(written).collect::<Vec<_>>().join(", "))
        }
        Value::String(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_) => value.to_string(),
    }
}

fn bare(table: &Table) -> String {
    let member = |(name, value): (&String, &Value)| format!("{} = {}", key(name), written(value));
    table.iter().map(member).collect::<Vec<_>>().join(", ")
}

/// A key, quoted if it must be.
fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(bare) {
        name.to_owned()
    } else {
        Value::from(name).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_written_as_a_target_file_has_them() {
        let check = |edit: Edit, section: &str, line: &str| {
            assert_eq!(edit.lines(), (section.to_owned(), line.to_owned()));
        };
        check(Edit::set("conventions.key_id", "hex"), "[conventions]", "key_id = \"hex\"");
        let map = Table::from_iter([("no \"way\"".to_owned(), Value::from("att.nonce"))]);
        check(Edit::set("reasons.map", map), "[reasons]", "map = { 'no \"way\"' = \"att.nonce\" }");
        let members = rule(
            &[Operation::Attest],
            StatusRange { from: 200, to: 299 },
            Some(("/ok", &true.into())),
            Judged::Accept,
        );
        check(
            Edit::AddRule { at: 1, members },
            "[judge]",
            "# before rule 2: { is = \"accept\", json = { \"/ok\" = true }, on = [\"attest\"], status = \"200..=299\" },",
        );
    }
}
