//! Bytes as a case file: which base, which operators, and what they are given.

use crate::input::Input;
use catalogue::schema::case_files;
use catalogue::{Base, base, parse};
use serde_json::{Map, Value};
use std::fmt::Write as _;
use std::sync::LazyLock;

/// An operator and what it takes.
#[derive(Debug)]
struct Word {
    name: String,
    fields: Vec<(String, Kind)>,
}

/// What a field holds.
#[derive(Debug)]
enum Kind {
    Number { least: i64, most: i64 },
    Boolean,
    Hex,
    Letter,
    Text,
}

/// Operators that an attestation has, and those that an assertion has.
static WORDS: LazyLock<[Vec<Word>; 2]> = LazyLock::new(|| {
    ["attestation.ios27", "assertion.ios27"].map(|base| {
        let operators = case_files()["definitions"]["Operator"]["oneOf"].take();
        let operators = operators.as_array().cloned().unwrap_or_default();
        let words = operators.iter().filter_map(Word::of);
        // The reader tells which fit the request.
        let fits = |word: &Word| {
            let mut text = head(base);
            word.write(&mut Input::new(&[]), &mut text);
            parse("fuzz.toml", &text).is_ok()
        };
        words.filter(fits).collect()
    })
});

/// The most operators of one case.
const MOST: usize = 4;
/// What a number without a bound of its own is at most: sizes, depths and places.
const LARGEST: i64 = 4096;

/// A case file that these bytes stand for; none if they choose no operator that there is.
pub(super) fn case(first: u8, input: &mut Input<'_>) -> Option<String> {
    let bases: Vec<String> = Base::all().map(|base| base.to_string()).collect();
    let base = &bases[usize::from(first) % bases.len()];
    let words = &WORDS[usize::from(base.starts_with("assertion"))];
    let mut text = head(base);
    for _ in 0..MOST {
        if input.is_at_end() {
            break;
        }
        input.choice(words)?.write(input, &mut text);
    }
    Some(text)
}

/// The names of the operators that a request of that kind has, in the order of their choice.
pub(super) fn operators(kind: base::Kind) -> impl Iterator<Item = &'static str> {
    WORDS[usize::from(kind == base::Kind::Assertion)].iter().map(|word| &word.name[..])
}

fn head(base: &str) -> String {
    format!(
        r#"schema = 1
family = "fuzz"
[[case]]
id = "fuzz.one"
title = "Edited"
level = "info"
severity = "low"
class = "false-accept"
clauses = []
base = "{base}"
expect = "either"
fault = "damage"
why = "Bytes said so."
fix = "None."
"#
    )
}

/// Operators that edit what lies around an object, and those that search for a rare key or signature.
const LEFT_OUT: [&str; 4] =
    ["wire.", "device.", "assertion.signature.der-length", "assertion.signature.leading-zero"];

impl Word {
    /// Of an operator's schema; none for those that are left out.
    fn of(schema: &Value) -> Option<Self> {
        let properties = schema["properties"].as_object()?;
        let name = properties.get("do")?["const"].as_str()?.to_owned();
        if LEFT_OUT.iter().any(|prefix| name.starts_with(prefix)) {
            return None;
        }
        let fields = properties.iter().filter(|(field, _)| *field != "do");
        let fields = fields
            .map(|(field, schema)| Some((field.clone(), Kind::of(schema.as_object()?)?)))
            .collect::<Option<_>>()?;
        Some(Self { name, fields })
    }

    fn write(&self, input: &mut Input<'_>, text: &mut String) {
        let _ = write!(text, "[[case.op]]\ndo = \"{}\"\n", self.name);
        for (field, kind) in &self.fields {
            let _ = writeln!(text, "{field} = {}", kind.value(input));
        }
    }
}

impl Kind {
    fn of(schema: &Map<String, Value>) -> Option<Self> {
        if let Some(first) = schema.get("oneOf").and_then(|all| all[0].as_object()) {
            return Self::of(first);
        }
        let bound = |name: &str| schema.get(name).and_then(Value::as_i64);
        match schema.get("type")?.as_str()? {
            "integer" => {
                let most = match bound("maximum") {
                    // What is written as it is costs nothing; what has a bound is an amount.
                    Some(most) if most == i64::from(u32::MAX) => most,
                    Some(most) => most.min(LARGEST),
                    None => LARGEST,
                };
                Some(Self::Number { least: bound("minimum").unwrap_or(-LARGEST), most })
            }
            "boolean" => Some(Self::Boolean),
            "string" if bound("maxLength") == Some(1) => Some(Self::Letter),
            "string" if schema.contains_key("pattern") => Some(Self::Hex),
            "string" => Some(Self::Text),
            _ => None,
        }
    }

    /// A value in TOML.
    fn value(&self, input: &mut Input<'_>) -> String {
        match self {
            Self::Number { least, most } => number(input).clamp(*least, *most).to_string(),
            Self::Boolean => (input.byte() % 2 == 1).to_string(),
            Self::Hex => {
                let length = usize::from(input.byte() % 64);
                format!("\"{}\"", hex::encode(input.bytes(length)))
            }
            Self::Letter => quoted(&char::from(input.byte()).to_string()),
            Self::Text => quoted(&text(input)),
        }
    }
}

/// Numbers at which something changes, or any.
fn number(input: &mut Input<'_>) -> i64 {
    const NEAR: [i64; 24] = [
        0,
        1,
        2,
        3,
        4,
        5,
        16,
        23,
        24,
        31,
        32,
        33,
        37,
        64,
        65,
        127,
        128,
        255,
        256,
        4096,
        0x7fff_ffff,
        0x8000_0000,
        0xffff_fffe,
        0xffff_ffff,
    ];
    match input.byte() {
        choice @ 0..=127 => NEAR[usize::from(choice) % NEAR.len()],
        128..=191 => i64::from(input.byte()),
        192..=254 => i64::from(input.number()),
        255 => -i64::from(input.byte()),
    }
}

/// Texts that operators know what to do with, or any.
fn text(input: &mut Input<'_>) -> String {
    const KNOWN: [&str; 26] = [
        "fmt",
        "attStmt",
        "authData",
        "x5c",
        "receipt",
        "signature",
        "authenticatorData",
        "apple-appattest",
        "packed",
        "",
        "A",
        "apple_bundle_version_01",
        "apple_validation_category_01",
        "apple_cd_hash_hash_01",
        "1.2.840.113635.100.8.2",
        "2.5.29.19",
        "1.2.3",
        "ATTEST",
        "RECEIPT",
        "sandbox",
        "production",
        "2026-11-24T10:20:30.456Z",
        "1h",
        "-5m",
        "1 year",
        "ABCDE12345.com.example.other",
    ];
    match input.byte() {
        choice @ 0..=199 => KNOWN[usize::from(choice) % KNOWN.len()].to_owned(),
        longer => String::from_utf8_lossy(input.bytes(usize::from(longer) - 199)).into_owned(),
    }
}

/// A text as TOML has it; JSON's form is one of them.
fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}
