//! Values that operators take: bytes in hex, amounts with a bound, lengths of time.

use jiff::SignedDuration;
use schemars::{JsonSchema, json_schema};
use serde::{Deserialize, Deserializer, de::Error};
use std::borrow::Cow;

/// Bytes, written as hexadecimal digits; white space between them is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hex(pub(crate) Vec<u8>);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        hex::decode(&digits)
            .map(Self)
            .map_err(|error| D::Error::custom(format!("`{text}` is not hexadecimal: {error}")))
    }
}

impl JsonSchema for Hex {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Hex".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        json_schema!({
            "description": "Bytes in hexadecimal digits; white space between them is allowed.",
            "type": "string",
            "pattern": r"^\s*([0-9A-Fa-f]\s*[0-9A-Fa-f]\s*)*$",
        })
    }
}

/// How much of something a case asks for. What is far more than any server takes only eats the memory
/// of whoever plays the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UpTo<const MOST: usize>(pub(crate) usize);

/// A length in bytes.
pub(crate) type Size = UpTo<{ 64 << 20 }>;
/// How many things of some size: certificates, extensions, fields.
pub(crate) type Count = UpTo<{ 1 << 16 }>;
/// How deep something is nested.
pub(crate) type Depth = UpTo<{ 1 << 16 }>;

impl<'de, const MOST: usize> Deserialize<'de> for UpTo<MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let asked = usize::deserialize(deserializer)?;
        if asked <= MOST {
            Ok(Self(asked))
        } else {
            Err(D::Error::custom(format!("{asked} is too much here: at most {MOST}")))
        }
    }
}

impl<const MOST: usize> JsonSchema for UpTo<MOST> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("UpTo{MOST}").into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        json_schema!({ "type": "integer", "minimum": 0, "maximum": MOST })
    }
}

/// An object identifier: numbers with dots between, the first of them 0, 1 or 2.
pub(crate) fn oid<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let mut arcs = text.split('.').map(str::parse::<u32>);
    let begins = matches!((arcs.next(), arcs.next()), (Some(Ok(0..=2)), Some(Ok(_))));
    if begins && arcs.all(|arc| arc.is_ok()) {
        Ok(text)
    } else {
        let words = "is no object identifier: write numbers with dots between, as in 2.5.29.15";
        Err(D::Error::custom(format!("`{text}` {words}")))
    }
}

/// JSON, written as text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Json(pub(crate) serde_json::Value);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        serde_json::from_str(&text)
            .map(Self)
            .map_err(|error| D::Error::custom(format!("`{text}` is no JSON: {error}")))
    }
}

impl JsonSchema for Json {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Json".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        json_schema!({
            "description": "JSON, written as text.",
            "type": "string",
            "minLength": 1,
        })
    }
}

/// A length or count as a head declares it; beyond what TOML's numbers hold, its 16 hexadecimal
/// digits in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Declared(pub(crate) u64);

impl<'de> Deserialize<'de> for Declared {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u64),
            Digits(String),
        }
        match Written::deserialize(deserializer) {
            Ok(Written::Number(number)) => Ok(Self(number)),
            Ok(Written::Digits(digits)) if digits.len() == 16 => u64::from_str_radix(&digits, 16)
                .map(Self)
                .map_err(|error| D::Error::custom(format!("`{digits}`: {error}"))),
            Ok(Written::Digits(_)) | Err(_) => Err(D::Error::custom(
                "write a number below 2^63, or 16 hexadecimal digits: \"ffffffffffffffff\"",
            )),
        }
    }
}

impl JsonSchema for Declared {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Declared".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        json_schema!({
            "description": "A number below 2^63, or any of 64 bits in 16 hexadecimal digits.",
            "oneOf": [
                { "type": "integer", "minimum": 0, "maximum": i64::MAX },
                { "type": "string", "pattern": "^[0-9A-Fa-f]{16}$" },
            ],
        })
    }
}

/// A length of time, signed: `"-1s"`, `"48h"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offset(pub(crate) SignedDuration);

impl<'de> Deserialize<'de> for Offset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|_| {
            D::Error::custom(format!("`{text}` is no length of time; write \"-1s\" or \"48h\""))
        })
    }
}

impl JsonSchema for Offset {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Offset".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        json_schema!({
            "description": "A length of time, counted from now: \"-1s\", \"48h\".",
            "type": "string",
            "minLength": 2,
        })
    }
}

/// The 32 bytes of a SHA-256, so spoiled that nothing is left of it.
pub(crate) fn another(bytes: &[u8]) -> Vec<u8> {
    protocol::terms::sha256(&[b"another one than ", bytes]).to_vec()
}
