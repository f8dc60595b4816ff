//! Edits of the client data of a protected request, and of the challenge that is named.

use super::value::{Hex, Size};
use super::vocabulary::operators;
use serde_json::{Map, Value};

operators! {
    /// Edits of client data before it is hashed: the device signs what comes out.
    ClientDataOperator {
        "clientdata.json.reverse" Reverse {} "The members of the JSON object in the opposite order.";
        "clientdata.json.spaced" Spaced {} "JSON with spaces and line breaks that mean nothing.";
        "clientdata.json.escaped" Escaped {} "The first letter of the challenge's member name written as an escape.";
        "clientdata.replace" Replace { with: Hex } "Other bytes in the place of client data.";
        "clientdata.pad" Pad { to: Size } "Spaces after the JSON, so that it has so many bytes.";
        "clientdata.challenge.drop" ChallengeDrop {} "Leaves out the member that holds the challenge.";
        "clientdata.challenge.after-another" ChallengeAfterAnother {} "The challenge's member twice, first with another value.";
        "clientdata.challenge.before-another" ChallengeBeforeAnother {} "The challenge's member twice, last with another value.";
        "clientdata.challenge.nested" ChallengeNested {} "The challenge's member inside another one.";
    }
}

operators! {
    /// Edits of what is sent after it was signed.
    SentOperator {
        "sent.clientdata.append" Append { bytes: Hex } "Bytes after the client data.";
        "sent.clientdata.respaced" Respaced {} "The same JSON with other white space than was signed.";
        "sent.keyid.other" KeyIdOther {} "Names a key id that is no key's.";
    }
}

operators! {
    /// Edits of the challenge that a request uses.
    ChallengeOperator {
        "challenge.alter" Alter {} "A challenge that was never issued: one character of the issued one is another.";
        "challenge.recased" Recased {} "The issued challenge with the case of its letters changed.";
        "challenge.padded" Padded {} "The issued challenge with the sign = after it.";
    }
}

/// Why client data could not be edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClientDataError {
    /// It is no JSON object.
    #[error("client data is no JSON object")]
    NoObject,
    /// No member of it is the challenge.
    #[error("no member of the client data is the challenge")]
    NoChallenge,
    /// The key was made for another request than this one.
    #[error("the request is not the one that its key was made for")]
    NotForeseen,
}

impl ClientDataOperator {
    pub(crate) fn apply(&self, data: &[u8], challenge: &str) -> Result<Vec<u8>, ClientDataError> {
        let mut object = object(data)?;
        match self {
            Self::Reverse {} => {
                let entries: Vec<_> = object.into_iter().collect();
                Ok(written(&entries.into_iter().rev().collect()))
            }
            Self::Spaced {} => Ok(spaced(&object)),
            Self::Replace { with } => Ok(with.0.clone()),
            Self::Pad { to } => {
                let mut padded = data.to_vec();
                padded.resize(to.0.max(data.len()), b' ');
                Ok(padded)
            }
            Self::Escaped {} => {
                let name = member(&object, challenge)?;
                let first = name.chars().next().ok_or(ClientDataError::NoChallenge)?;
                let plain = format!("\"{name}\"");
                let escaped =
                    format!("\"\\u{:04x}{}\"", u32::from(first), &name[first.len_utf8()..]);
                let text =
                    String::from_utf8(written(&object)).map_err(|_| ClientDataError::NoObject)?;
                Ok(text.replacen(&plain, &escaped, 1).into_bytes())
            }
            Self::ChallengeAfterAnother {} => {
                let other = pair(&member(&object, challenge)?, &another(challenge));
                Ok([b"{", other.as_bytes(), b",", &written(&object)[1..]].concat())
            }
            Self::ChallengeBeforeAnother {} => {
                let other = pair(&member(&object, challenge)?, &another(challenge));
                let whole = written(&object);
                Ok([&whole[..whole.len() - 1], b",", other.as_bytes(), b"}"].concat())
            }
            Self::ChallengeNested {} => {
                let name = member(&object, challenge)?;
                object.shift_remove(&name);
                let inner = Map::from_iter([(name, Value::from(challenge))]);
                object.insert("nested".to_owned(), Value::Object(inner));
                Ok(written(&object))
            }
            Self::ChallengeDrop {} => {
                let name = member(&object, challenge)?;
                object.shift_remove(&name);
                Ok(written(&object))
            }
        }
    }
}

impl SentOperator {
    /// Changes what is sent: client data and key id.
    pub(crate) fn apply(
        &self,
        data: &mut Vec<u8>,
        key_id: &mut Vec<u8>,
    ) -> Result<(), ClientDataError> {
        match self {
            Self::Append { bytes } => data.extend_from_slice(&bytes.0),
            Self::Respaced {} => *data = spaced(&object(data)?),
            Self::KeyIdOther {} => *key_id = super::value::another(key_id),
        }
        Ok(())
    }
}

impl ChallengeOperator {
    /// The challenge that is used instead.
    pub(crate) fn apply(&self, text: &str) -> String {
        match self {
            Self::Recased {} => text.chars().map(recased).collect(),
            Self::Padded {} => format!("{text}="),
            Self::Alter {} => {
                let middle = text.chars().count() / 2;
                text.chars()
                    .enumerate()
                    .map(|(at, c)| if at == middle { neighbour(c) } else { c })
                    .collect()
            }
        }
    }
}

fn recased(c: char) -> char {
    if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
}

/// Another character of the same kind, so that the text stays what it was an encoding of.
fn neighbour(c: char) -> char {
    match c {
        'a' | 'A' | '0' => char::from(c as u8 + 1),
        'b'..='z' | 'B'..='Z' | '1'..='9' => char::from(c as u8 - 1),
        _ => 'A',
    }
}

/// Whether client data is a JSON object with a member that is the challenge.
pub fn embeds_challenge(data: &[u8], challenge: &str) -> bool {
    object(data).is_ok_and(|object| member(&object, challenge).is_ok())
}

fn object(data: &[u8]) -> Result<Map<String, Value>, ClientDataError> {
    serde_json::from_slice(data).map_err(|_| ClientDataError::NoObject)
}

fn member(object: &Map<String, Value>, challenge: &str) -> Result<String, ClientDataError> {
    let found = object.iter().find(|(_, value)| value.as_str() == Some(challenge));
    found.map(|(name, _)| name.clone()).ok_or(ClientDataError::NoChallenge)
}

/// A challenge that was never issued, of the same shape.
fn another(challenge: &str) -> String {
    ChallengeOperator::Alter {}.apply(challenge)
}

/// A member of a JSON object as it is written.
fn pair(name: &str, value: &str) -> String {
    format!("{}:{}", Value::from(name), Value::from(value))
}

fn written(object: &Map<String, Value>) -> Vec<u8> {
    Value::Object(object.clone()).to_string().into_bytes()
}

fn spaced(object: &Map<String, Value>) -> Vec<u8> {
    let members: Vec<_> = object
        .iter()
        .map(|(name, value)| format!("  {} :\t{value}", Value::from(name.as_str())))
        .collect();
    format!("{{\r\n{}\n}} ", members.join(" ,\n")).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::{ChallengeOperator, ClientDataOperator, embeds_challenge};

    const DATA: &[u8] = br#"{"challenge":"abc","item":"book","quantity":1}"#;

    #[track_caller]
    fn check(operator: &ClientDataOperator, expected: &str) {
        let edited = operator.apply(DATA, "abc").unwrap();
        assert_eq!(String::from_utf8(edited).unwrap(), expected);
    }

    #[test]
    fn client_data_is_written_otherwise_and_means_the_same() {
        check(&ClientDataOperator::Reverse {}, r#"{"quantity":1,"item":"book","challenge":"abc"}"#);
        check(
            &ClientDataOperator::Escaped {},
            r#"{"\u0063hallenge":"abc","item":"book","quantity":1}"#,
        );
        check(
            &ClientDataOperator::ChallengeAfterAnother {},
            r#"{"challenge":"aac","challenge":"abc","item":"book","quantity":1}"#,
        );
        check(
            &ClientDataOperator::ChallengeBeforeAnother {},
            r#"{"challenge":"abc","item":"book","quantity":1,"challenge":"aac"}"#,
        );
        check(
            &ClientDataOperator::ChallengeNested {},
            r#"{"item":"book","quantity":1,"nested":{"challenge":"abc"}}"#,
        );
        check(&ClientDataOperator::ChallengeDrop {}, r#"{"item":"book","quantity":1}"#);
        let spaced = ClientDataOperator::Spaced {}.apply(DATA, "abc").unwrap();
        assert_ne!(spaced, DATA);
        assert!(embeds_challenge(&spaced, "abc"));
    }

    #[test]
    fn what_embeds_no_challenge_is_told() {
        assert!(!embeds_challenge(b"abc", "abc"));
        assert!(!embeds_challenge(DATA, "abd"));
        assert!(ClientDataOperator::Reverse {}.apply(b"[1]", "abc").is_err());
    }

    #[test]
    fn an_altered_challenge_has_the_same_shape() {
        assert_eq!(ChallengeOperator::Alter {}.apply("abcd"), "abbd");
        assert_eq!(ChallengeOperator::Alter {}.apply("A_-"), "AA-");
    }
}
