//! Puts changes into the text of a target file, and leaves the rest as somebody wrote it.

use super::edit::Edit;
use toml_edit::{
    Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value, value,
};

/// Why changes cannot be put into a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// It is no TOML.
    #[error("{0}")]
    Toml(String),
    /// Something stands where the change would go.
    #[error("`{0}` is not written so that it can be changed; do it by hand")]
    Form(String),
}

/// The text with these changes, in order; comments and order stay.
pub fn apply<'e>(
    text: &str,
    edits: impl IntoIterator<Item = &'e Edit>,
) -> Result<String, ApplyError> {
    let mut file: DocumentMut =
        text.parse().map_err(|error: toml_edit::TomlError| ApplyError::Toml(error.to_string()))?;
    for edit in edits {
        match edit {
            Edit::Set { path, value } => set(file.as_table_mut(), path, path, value)?,
            Edit::Remove { path } => remove(file.as_table_mut(), path),
            Edit::Respell { step, from, to } => {
                if let Some(step) = file.get_mut("step").and_then(|steps| steps.get_mut(step)) {
                    respell_item(step, from, to);
                }
            }
            Edit::MoveRule { .. } | Edit::ChangeRule { .. } | Edit::AddRule { .. } => {
                let rules = file.get_mut("judge").and_then(|judge| judge.get_mut("rules"));
                let wrong = || ApplyError::Form("judge.rules".to_owned());
                match rules.ok_or_else(wrong)? {
                    Item::Value(Value::Array(rules)) => inline(rules, edit).ok_or_else(wrong)?,
                    Item::ArrayOfTables(rules) => listed(rules, edit).ok_or_else(wrong)?,
                    Item::Value(_) | Item::Table(_) | Item::None => return Err(wrong()),
                }
            }
        }
    }
    Ok(file.to_string())
}

/// The line, counted from 1, where a member such as `judge.rules.2` stands, or the innermost table
/// around it that is there.
pub fn line_of(text: &str, member: &str) -> Option<usize> {
    let file = toml_edit::Document::parse(text).ok()?;
    let mut item = file.as_item();
    let mut span = None;
    for name in member.split('.') {
        let (next, of_key) = match item {
            Item::ArrayOfTables(tables) => {
                let table = tables.get(name.parse().ok()?)?;
                return table.span().map(|span| line_at(text, span.start));
            }
            Item::Value(Value::Array(list)) => {
                let value = list.get(name.parse().ok()?);
                let span = value.and_then(Value::span).or(span);
                return span.map(|span: std::ops::Range<usize>| line_at(text, span.start));
            }
            Item::Table(_) | Item::Value(_) => {
                let table = item.as_table_like();
                let found = table.and_then(|table| table.get_key_value(name));
                let Some((key, next)) = found else { break };
                (next, key.span())
            }
            Item::None => break,
        };
        span = of_key.or_else(|| next.span()).or(span);
        item = next;
    }
    span.map(|span| line_at(text, span.start))
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

fn set(
    table: &mut dyn TableLike,
    path: &[String],
    whole: &[String],
    new: &toml::Value,
) -> Result<(), ApplyError> {
    let wrong = || ApplyError::Form(whole.join("."));
    match path {
        [] => Err(wrong()),
        [name] => {
            let mut new = written(new);
            match table.get_mut(name) {
                Some(Item::Value(old)) => {
                    *new.decor_mut() = old.decor().clone();
                    *old = new;
                }
                Some(old) => *old = value(new),
                None => {
                    table.insert(name, value(new));
                }
            }
            Ok(())
        }
        [name, rest @ ..] => {
            if table.get(name).is_none() {
                table.insert(name, Item::Table(Table::new()));
            }
            let next = table.get_mut(name).and_then(Item::as_table_like_mut).ok_or_else(wrong)?;
            set(next, rest, whole, new)
        }
    }
}

fn remove(table: &mut dyn TableLike, path: &[String]) {
    match path {
        [] => {}
        [name] => {
            table.remove(name);
        }
        [name, rest @ ..] => {
            if let Some(next) = table.get_mut(name).and_then(Item::as_table_like_mut) {
                remove(next, rest);
            }
        }
    }
}

fn respell_item(item: &mut Item, from: &str, to: &str) {
    match item {
        Item::Value(value) => respell(value, from, to),
        Item::Table(table) => {
            table.iter_mut().for_each(|(_, item)| respell_item(item, from, to));
        }
        Item::ArrayOfTables(tables) => tables
            .iter_mut()
            .flat_map(Table::iter_mut)
            .for_each(|(_, item)| respell_item(item, from, to)),
        Item::None => {}
    }
}

fn respell(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::String(text) if text.value().contains(from) => {
            let mut new = Value::from(text.value().replace(from, to));
            *new.decor_mut() = text.decor().clone();
            *value = new;
        }
        Value::Array(list) => list.iter_mut().for_each(|value| respell(value, from, to)),
        Value::InlineTable(table) => {
            table.iter_mut().for_each(|(_, value)| respell(value, from, to));
        }
        Value::String(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_) => {}
    }
}

/// Rules as they usually stand: `rules = [ { … }, { … } ]`.
fn inline(rules: &mut Array, edit: &Edit) -> Option<()> {
    match edit {
        Edit::MoveRule { from, to } => {
            (*from < rules.len() && *to < rules.len()).then_some(())?;
            let rule = rules.remove(*from);
            rules.insert_formatted(*to, rule);
        }
        Edit::ChangeRule { at, members } => {
            let rule = rules.get_mut(*at)?.as_inline_table_mut()?;
            for (name, new) in members {
                member(rule, name, written(new));
            }
        }
        Edit::AddRule { at, members } => {
            (*at <= rules.len()).then_some(())?;
            let mut rule = written(&toml::Value::Table(members.clone()));
            let beside = rules.get(*at).or_else(|| rules.get(at.checked_sub(1)?));
            let prefix = beside.and_then(|rule| rule.decor().prefix()?.as_str());
            // Only its indent is the same, not the comments before it.
            let indent =
                prefix.and_then(|prefix| prefix.rfind('\n').map(|at| prefix[at..].to_owned()));
            if let Some(indent) = indent {
                rule.decor_mut().set_prefix(indent);
            }
            rules.insert_formatted(*at, rule);
        }
        Edit::Set { .. } | Edit::Remove { .. } | Edit::Respell { .. } => {}
    }
    Some(())
}

/// Sets a member of a rule on one line, with spaces where people put them.
fn member(rule: &mut InlineTable, name: &str, mut new: Value) {
    if let Some(old) = rule.get(name) {
        *new.decor_mut() = old.decor().clone();
    } else if let Some((_, last)) = rule.iter_mut().last() {
        // What stood before the closing brace stands behind the new one.
        let end = last.decor().suffix().and_then(|end| end.as_str()).unwrap_or("").to_owned();
        last.decor_mut().set_suffix("");
        *new.decor_mut() = toml_edit::Decor::new(" ", end);
    }
    rule.insert(name, new);
}

/// Rules that each have a section: `[[judge.rules]]`.
fn listed(rules: &mut ArrayOfTables, edit: &Edit) -> Option<()> {
    let insert = |table: &mut Table, members: &toml::Table| {
        for (name, new) in members {
            table.insert(name, value(written(new)));
        }
    };
    let mut all: Vec<Table> = rules.iter().cloned().collect();
    match edit {
        Edit::MoveRule { from, to } => {
            (*from < all.len() && *to < all.len()).then_some(())?;
            let rule = all.remove(*from);
            all.insert(*to, rule);
        }
        Edit::ChangeRule { at, members } => insert(all.get_mut(*at)?, members),
        Edit::AddRule { at, members } => {
            (*at <= all.len()).then_some(())?;
            let mut table = Table::new();
            insert(&mut table, members);
            all.insert(*at, table);
        }
        Edit::Set { .. } | Edit::Remove { .. } | Edit::Respell { .. } => {}
    }
    let position = all.iter().filter_map(Table::position).min();
    rules.clear();
    for mut table in all {
        // They are written in the order of their positions, not of the list.
        table.set_position(position);
        rules.push(table);
    }
    Some(())
}

fn written(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.as_str().into(),
        toml::Value::Integer(number) => (*number).into(),
        toml::Value::Float(number) => (*number).into(),
        toml::Value::Boolean(value) => (*value).into(),
        toml::Value::Datetime(at) => at.to_string().into(),
        toml::Value::Array(list) => Value::Array(list.iter().map(written).collect()),
        toml::Value::Table(table) => Value::InlineTable(
            table
                .iter()
                .map(|(name, value)| (name.as_str(), written(value)))
                .collect::<InlineTable>(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use targets::Operation;

    fn members(text: &str) -> toml::Table {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check(text: &str, edits: &[Edit], expected: &str) {
        assert_eq!(apply(text, edits).unwrap(), expected);
    }

    #[test]
    fn a_value_changes_and_the_comment_beside_it_stays() {
        check(
            "[conventions] # how\nkey_id = \"b64\"   # as text\n",
            &[Edit::set("conventions.key_id", "hex"), Edit::set("conventions.assertion", "hex")],
            "[conventions] # how\nkey_id = \"hex\"   # as text\nassertion = \"hex\"\n",
        );
        let path = ["reasons", "map", "no. way"].map(str::to_owned).to_vec();
        check(
            "schema = 1\n",
            &[Edit::Set { path, value: "att".into() }],
            "schema = 1\n\n[reasons]\n\n[reasons.map]\n\"no. way\" = \"att\"\n",
        );
        check(
            "step.challenge = { save = { challenge_text = \"json:/a\" } }\n",
            &[Edit::set("step.challenge.save.challenge_text", "json:/b")],
            "step.challenge = { save = { challenge_text = \"json:/b\" } }\n",
        );
    }

    #[test]
    fn a_step_is_respelled_everywhere() {
        check(
            "[step.assert]\nrequest = { path = \"/${key_id}\", headers = { x = \"${key_id}\" } }\n[step.attest]\npath = \"/${key_id}\"\n",
            &[Edit::respell(Operation::Assert, "${key_id}", "${key_id|hex}")],
            "[step.assert]\nrequest = { path = \"/${key_id|hex}\", headers = { x = \"${key_id|hex}\" } }\n[step.attest]\npath = \"/${key_id}\"\n",
        );
    }

    #[test]
    fn rules_move_change_and_come_with_their_comments() {
        check(
            "[judge]\nrules = [\n  # plain\n  { is = \"accept\" },\n  # finer\n  { status = 400, is = \"reject\" },\n]\n",
            &[Edit::MoveRule { from: 1, to: 0 }],
            "[judge]\nrules = [\n  # finer\n  { status = 400, is = \"reject\" },\n  # plain\n  { is = \"accept\" },\n]\n",
        );
        check(
            "[judge]\nrules = [\n  { is = \"accept\" },\n]\n",
            &[
                Edit::ChangeRule { at: 0, members: members("status = 200") },
                Edit::AddRule { at: 1, members: members("is = \"reject\"") },
            ],
            "[judge]\nrules = [\n  { is = \"accept\", status = 200 },\n  { is = \"reject\" },\n]\n",
        );
        let apart =
            "[[judge.rules]]\nis = \"accept\"\n\n[[judge.rules]]\nstatus = 400\nis = \"reject\"\n";
        let moved = apply(apart, &[Edit::MoveRule { from: 1, to: 0 }]).unwrap();
        assert!(moved.find("reject").unwrap() < moved.find("accept").unwrap(), "{moved}");
    }

    #[test]
    fn members_are_found_by_line() {
        let text = "schema = 1\n[target]\nname = \"x\"\n[judge]\nrules = [\n  { is = \"accept\" },\n  { is = \"reject\" },\n]\n";
        let check = |member: &str, line: Option<usize>| assert_eq!(line_of(text, member), line);
        check("target.name", Some(3));
        check("judge.rules.1", Some(7));
        check("judge.rules.9", Some(5));
        check("target.environment", Some(2));
        check("conventions.key_id", None);
    }

    #[test]
    fn what_cannot_be_changed_is_said() {
        let wrong = apply("judge = 1\n", &[Edit::MoveRule { from: 1, to: 0 }]);
        assert_eq!(wrong, Err(ApplyError::Form("judge.rules".to_owned())));
        assert!(matches!(apply("= 1", &[]), Err(ApplyError::Toml(_))));
        let wrong = apply("target = 1\n", &[Edit::set("target.environment", "development")]);
        assert_eq!(wrong, Err(ApplyError::Form("target.environment".to_owned())));
    }
}
