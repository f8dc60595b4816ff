//! What the server needs of the client data: the challenge in it. The rest is the order itself.

use super::body;
use super::refusal::No;
use protocol::flaw::{Flaws, Habit};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;

/// Client data as the server takes them.
pub(super) struct ClientData<'b> {
    /// What is hashed: the bytes as received.
    pub hashed: Cow<'b, [u8]>,
    /// The challenge, if they embed one.
    pub challenge: Option<String>,
}

#[derive(Deserialize)]
struct Embedded {
    challenge: String,
}

impl<'b> ClientData<'b> {
    pub(super) fn read(bytes: &'b [u8], flaws: &Flaws) -> Result<Self, No> {
        // Client data that is no JSON, or names the challenge twice, embeds none.
        let embedded: Option<Embedded> = body::object(bytes).ok();
        let embedded = embedded.map(|data| data.challenge);
        if flaws.is_empty() {
            return Ok(Self { hashed: Cow::Borrowed(bytes), challenge: embedded });
        }
        let members: Option<Members> = body::object(bytes).ok();
        let uncaught = flaws.with(Habit::ClientDataUncaught).filter(|_| members.is_none());
        let expected = flaws.with(Habit::ClientDataExpected).filter(|_| embedded.is_none());
        if let Some(flaw) = uncaught.or(expected) {
            return Err(No::failed(flaw.id));
        }
        let hashed = if flaws.has(Habit::ClientDataMinified) {
            Cow::Owned(minified(bytes))
        } else {
            Cow::Borrowed(bytes)
        };
        let members = members.map_or_else(Vec::new, |members| members.0);
        let challenge = embedded.or_else(|| found_otherwise(bytes, &members, flaws));
        let unknown = (flaws.has(Habit::ClientDataCompact) && minified(bytes) != bytes)
            || (flaws.has(Habit::ClientDataUnescaped) && bytes.contains(&b'\\'))
            || (flaws.has(Habit::ClientDataChallengeFirst)
                && members.first().is_none_or(|(name, _)| name != "challenge"));
        Ok(Self { hashed, challenge: challenge.filter(|_| !unknown) })
    }
}

/// The challenge where only a flawed server finds one.
fn found_otherwise(bytes: &[u8], members: &[(String, Value)], flaws: &Flaws) -> Option<String> {
    let mut named = members.iter().filter(|(name, _)| name == "challenge");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let first = named.clone().next().filter(|_| flaws.has(Habit::ClientDataFirstDouble));
    let last = named.next_back().filter(|_| flaws.has(Habit::ClientDataLastDouble));
    if let Some((_, value)) = first.or(last) {
        return text(value);
    }
    if flaws.has(Habit::ClientDataAnyDepth) {
        return members.iter().find_map(|(name, value)| anywhere(name, value));
    }
    if flaws.has(Habit::ClientDataSearched) {
        return searched(bytes);
    }
    None
}

fn anywhere(name: &str, value: &Value) -> Option<String> {
    match value {
        Value::String(text) if name == "challenge" => Some(text.clone()),
        Value::Object(members) => members.iter().find_map(|(name, value)| anywhere(name, value)),
        Value::Array(items) => items.iter().find_map(|value| anywhere("", value)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// Whatever looks like a challenge: 43 characters of URL-safe base64.
fn searched(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let is_other = |c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_');
    text.split(is_other).find(|word| word.len() == 43).map(str::to_owned)
}

/// The JSON without the white space outside of its strings.
fn minified(bytes: &[u8]) -> Vec<u8> {
    let (mut inside, mut escaped) = (false, false);
    let kept = bytes.iter().copied().filter(|byte| {
        let keep = inside || !byte.is_ascii_whitespace();
        if !escaped && *byte == b'"' {
            inside = !inside;
        }
        escaped = inside && !escaped && *byte == b'\\';
        keep
    });
    kept.collect()
}

/// The members of a JSON object in their order, doubles included.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::flaw::Flaw;

    const TEXT: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn challenge(client_data: &str, flaw: Option<&str>) -> Option<String> {
        let flaws: Flaws = flaw.map(|id| Flaw::from_id(id).unwrap()).into_iter().collect();
        ClientData::read(client_data.as_bytes(), &flaws).unwrap().challenge
    }

    #[test]
    fn the_challenge_is_one_member_of_the_object_unless_a_flaw_finds_it_elsewhere() {
        let other = "other";
        for (flaw, client_data) in [
            ("first-double", format!(r#"{{"challenge":"{TEXT}","challenge":"{other}"}}"#)),
            ("last-double", format!(r#"{{"challenge":"{other}","challenge":"{TEXT}"}}"#)),
            ("any-depth", format!(r#"{{"a":[{{"challenge":"{TEXT}"}}]}}"#)),
            ("searched", format!(r#"{{"a":"{TEXT}"}}"#)),
        ] {
            assert_eq!(challenge(&client_data, None), None, "{client_data}");
            let found = challenge(&client_data, Some(&format!("weak.asr.challenge.{flaw}")));
            assert_eq!(found.as_deref(), Some(TEXT), "{flaw}");
        }
    }

    #[test]
    fn an_over_strict_server_finds_no_challenge_in_unusual_json() {
        for (flaw, client_data) in [
            ("compact", format!(r#"{{"challenge": "{TEXT}"}}"#)),
            ("first-member", format!(r#"{{"a":1,"challenge":"{TEXT}"}}"#)),
            ("unescaped", format!(r#"{{"challen\u0067e":"{TEXT}"}}"#)),
        ] {
            assert_eq!(challenge(&client_data, None).as_deref(), Some(TEXT), "{client_data}");
            let flaw = format!("strict.asr.challenge.{flaw}");
            assert_eq!(challenge(&client_data, Some(&flaw)), None, "{flaw}");
        }
    }

    #[test]
    fn client_data_are_hashed_as_received_unless_a_flaw_writes_them_anew() {
        let client_data = br#"{ "a b": "\" c", "challenge": "d" }"#;
        let hashed =
            |flaws: &Flaws| ClientData::read(client_data, flaws).unwrap().hashed.into_owned();
        assert_eq!(hashed(&Flaws::NONE), client_data);
        let flaws = [Flaw::from_id("weak.asr.signature.minified").unwrap()].into_iter().collect();
        assert_eq!(hashed(&flaws), br#"{"a b":"\" c","challenge":"d"}"#);
    }

    #[test]
    fn a_fragile_server_fails_where_there_is_no_challenge() {
        let read = |client_data: &str, id: &str| {
            let flaws: Flaws = [Flaw::from_id(id).unwrap()].into_iter().collect();
            ClientData::read(client_data.as_bytes(), &flaws).is_err()
        };
        assert!(read("no JSON", "fragile.asr.challenge.json"));
        assert!(!read("{}", "fragile.asr.challenge.json"));
        assert!(read("{}", "fragile.asr.challenge.missing"));
        assert!(!read(r#"{"challenge":""}"#, "fragile.asr.challenge.missing"));
    }
}
