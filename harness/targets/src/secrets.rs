//! Values that must not be shown.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use url::form_urlencoded;

/// Secrets by name. They are never printed, not even in debug output.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secrets(BTreeMap<String, String>);

/// What is shown in place of a secret.
const MASK: &str = "[secret]";

impl Secrets {
    /// These secrets, by the names that templates use.
    pub fn new(values: BTreeMap<String, String>) -> Self {
        Self(values)
    }

    /// Names and values, to be put into requests.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// These and others.
    #[must_use]
    pub fn and(&self, others: Self) -> Self {
        Self(self.0.clone().into_iter().chain(others.0).collect())
    }

    /// The bytes with every secret replaced by the name it has in templates, as `${secret.name}`, and
    /// those names; what was derived from a secret is named `${secret.name|base64}` and the like.
    pub fn name_in(&self, bytes: &[u8]) -> (Vec<u8>, BTreeSet<String>) {
        let mut spelled: Vec<(Vec<u8>, String)> =
            self.0.iter().flat_map(|(name, value)| spellings(name, value)).collect();
        spelled.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        let mut rewritten = Vec::with_capacity(bytes.len());
        let mut names = BTreeSet::new();
        let mut rest = bytes;
        while let Some((first, after)) = rest.split_first() {
            let found = spelled.iter().find(|(value, _)| rest.starts_with(value));
            if let Some((value, name)) = found {
                rewritten.extend_from_slice(format!("${{secret.{name}}}").as_bytes());
                names.insert(name.clone());
                rest = &rest[value.len()..];
            } else {
                rewritten.push(*first);
                rest = after;
            }
        }
        (rewritten, names)
    }

    /// The text with every secret replaced by a mark, however it is written, the longest first.
    pub fn mask(&self, text: &str) -> String {
        let mut values: Vec<String> = self
            .0
            .iter()
            .flat_map(|(name, value)| spellings(name, value))
            .filter_map(|(value, _)| String::from_utf8(value).ok())
            .collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.into_iter().fold(text.to_owned(), |text, value| {
            if text.contains(&value) { text.replace(&value, MASK) } else { text }
        })
    }
}

/// A secret as templates and bodies may write it, with what each is called.
fn spellings(name: &str, value: &str) -> Vec<(Vec<u8>, String)> {
    let json = serde_json::Value::from(value).to_string();
    let form: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let derived = [
        ("base64", STANDARD.encode(value)),
        ("base64url", URL_SAFE_NO_PAD.encode(value)),
        ("hex", hex::encode(value)),
        ("urlencode", form),
        ("json", json.trim_matches('"').to_owned()),
    ];
    let mut all = vec![(value.as_bytes().to_vec(), name.to_owned())];
    for (how, text) in derived {
        if !all.iter().any(|(known, _)| known == text.as_bytes()) {
            all.push((text.into_bytes(), format!("{name}|{how}")));
        }
    }
    all.retain(|(value, _)| !value.is_empty());
    all
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_named_however_it_is_written() {
        let values = [("token", "s3cr\"t/+"), ("empty", "")];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let secrets = Secrets::new(BTreeMap::from(values));
        for (written, named) in [
            ("Bearer s3cr\"t/+!", "Bearer ${secret.token}!"),
            ("Basic czNjciJ0Lys=", "Basic ${secret.token|base64}"),
            ("a=s3cr%22t%2F%2B&b=1", "a=${secret.token|urlencode}&b=1"),
            ("{\"a\":\"s3cr\\\"t/+\"}", "{\"a\":\"${secret.token|json}\"}"),
            ("7333637222742f2b", "${secret.token|hex}"),
            ("nothing in it", "nothing in it"),
        ] {
            let (bytes, names) = secrets.name_in(written.as_bytes());
            let masked = secrets.mask(written);
            assert_eq!(masked != written, written != named, "{masked}");
            assert!(!masked.contains("s3cr"), "{masked}");
            assert_eq!(String::from_utf8(bytes).unwrap(), named);
            assert_eq!(names.is_empty(), written == named, "{names:?}");
        }
    }
}
