//! Edits of a request's JSON body: its members, and how they are written.

use super::value::Json;
use super::vocabulary::operators;
use super::wire::Named;
use crate::sheet::{Sheet, SheetError};
use serde_json::{Map, Value};

operators! {
    /// Edits of the JSON body of a request, in order, after what it carries.
    JsonBodyOperator {
        "wire.json.drop" Drop { of: Named } "Leaves out the member of the JSON body that holds a value.";
        "wire.json.set" Set { of: Named, to: Json } "Other JSON in the member that holds a value.";
        "wire.json.after-another" AfterAnother { of: Named } "The member that holds a value twice, first with another one.";
        "wire.json.before-another" BeforeAnother { of: Named } "The member that holds a value twice, last with another one.";
        "wire.json.repeat" Repeat { of: Named } "The member that holds a value twice, with the same value.";
        "wire.json.escaped" Escaped { of: Named } "Every character of the member that holds a value written as an escape.";
        "wire.json.recased" Recased { of: Named } "The name of the member that holds a value with its letters in the other case.";
        "wire.json.nested" Nested { of: Named } "The member that holds a value inside another one.";
        "wire.json.add" Add { name: String, value: Json } "One more member in the JSON body.";
        "wire.json.hash" Hash { name: String } "One more member: the client data hash that the object was made for, in base64.";
        "wire.json.reverse" Reverse {} "The members of the JSON body in the opposite order.";
        "wire.json.array" Array {} "The JSON body as the only element of an array.";
        "wire.json.trailing-comma" TrailingComma {} "A comma after the last member of the JSON body.";
        "wire.json.spaced" Spaced {} "The JSON body with spaces and line breaks that mean nothing.";
    }
}

impl JsonBodyOperator {
    /// Edits the members of the body.
    pub(crate) fn apply(&self, sheet: &mut Sheet) -> Result<(), SheetError> {
        let mut object = sheet.object()?;
        let mut members: Vec<String> =
            object.iter().map(|(name, value)| pair(&quoted(name), &value.to_string())).collect();
        let place = |of: &Named| {
            let name = member(*of, sheet, &object)?;
            let at = object.keys().position(|key| *key == name).unwrap_or_default();
            Ok((at, name, of.text(sheet).unwrap_or_default().to_owned()))
        };
        match self {
            Self::Drop { of } => {
                members.remove(place(of)?.0);
            }
            Self::Set { of, to } => {
                let (at, name, _) = place(of)?;
                members[at] = pair(&quoted(&name), &to.0.to_string());
            }
            Self::AfterAnother { of } => {
                let (at, name, text) = place(of)?;
                members.insert(at, pair(&quoted(&name), &quoted(&another_text(&text))));
            }
            Self::BeforeAnother { of } => {
                let (at, name, text) = place(of)?;
                members.insert(at + 1, pair(&quoted(&name), &quoted(&another_text(&text))));
            }
            Self::Repeat { of } => {
                let (at, ..) = place(of)?;
                members.push(members[at].clone());
            }
            Self::Escaped { of } => {
                let (at, name, text) = place(of)?;
                members[at] = pair(&escaped(&name), &escaped(&text));
            }
            Self::Recased { of } => {
                let (at, name, text) = place(of)?;
                members[at] = pair(&quoted(&recased(&name)), &quoted(&text));
            }
            Self::Nested { of } => {
                let (at, name, _) = place(of)?;
                let inner = Map::from_iter(object.shift_remove(&name).map(|value| (name, value)));
                members[at] = pair(&quoted("nested"), &Value::Object(inner).to_string());
            }
            Self::Add { name, value } => members.push(pair(&quoted(name), &value.0.to_string())),
            Self::Hash { name } => {
                let hash = sheet.values.client_data_hash.clone().unwrap_or_default();
                members.push(pair(&quoted(name), &quoted(&hash)));
            }
            Self::Reverse {} => members.reverse(),
            Self::Array {} => {
                sheet.body = [b"[", &sheet.body[..], b"]"].concat();
                return Ok(());
            }
            Self::TrailingComma {} => members.push(String::new()),
            Self::Spaced {} => {
                sheet.body = format!(" {{\r\n\t{}\n}} ", members.join(" ,\n ")).into_bytes();
                return Ok(());
            }
        }
        sheet.body = format!("{{{}}}", members.join(",")).into_bytes();
        Ok(())
    }
}

/// The member of a body that holds a value.
fn member(of: Named, sheet: &Sheet, object: &Map<String, Value>) -> Result<String, SheetError> {
    let text = of.text(sheet);
    let holds = |value: &&Value| value.as_str().is_some() && value.as_str() == text;
    let found = object.iter().find(|(_, value)| holds(value));
    found.map(|(name, _)| name.clone()).ok_or(SheetError::NoMember(of.words()))
}

fn pair(name: &str, value: &str) -> String {
    format!("{name}:{value}")
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Every character as `\uXXXX`.
fn escaped(text: &str) -> String {
    let units: Vec<String> = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    format!("\"{}\"", units.concat())
}

fn recased(name: &str) -> String {
    name.chars()
        .map(
            |c| {
                if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
            },
        )
        .collect()
}

/// Another value of the same shape: all but its last character in the opposite order.
pub(super) fn another_text(text: &str) -> String {
    let bare = text.trim_end_matches('=');
    let last = bare.chars().next_back().map_or(0, char::len_utf8);
    let (reversed, kept) = text.split_at(bare.len() - last);
    reversed.chars().rev().chain(kept.chars()).collect()
}
