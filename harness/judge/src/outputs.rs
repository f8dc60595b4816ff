//! Whether what a server reports about a request it accepted is true.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use record::Truth;
use std::collections::BTreeMap;

/// What of a server's report is not true, in one sentence. What it does not report is no lie.
pub(crate) fn disagreement(outputs: &BTreeMap<String, String>, truth: &Truth) -> Option<String> {
    let wrong = |name: &str, expected: &str, holds: &dyn Fn(&str) -> bool| {
        let found = outputs.get(name)?;
        (!holds(found))
            .then(|| format!("it was accepted, but with {name} `{found}` instead of `{expected}`"))
    };
    let counter = truth.counter.to_string();
    wrong("counter", &counter, &|found| found.parse() == Ok(truth.counter))
        .or_else(|| wrong("key_id", &truth.key_id, &|found| spells(found, &truth.key_id)))
        .or_else(|| {
            wrong("public_key", &truth.public_key, &|found| spells(found, &truth.public_key))
        })
        .or_else(|| wrong("environment", &truth.environment, &|found| found == truth.environment))
}

/// Whether a text is these bytes (given in base64) in hexadecimal or any base64.
fn spells(text: &str, base64: &str) -> bool {
    let Ok(bytes) = STANDARD.decode(base64) else { return text == base64 };
    hex::decode(text).is_ok_and(|decoded| decoded == bytes)
        || [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
            .iter()
            .any(|engine| engine.encode(&bytes) == text)
}
