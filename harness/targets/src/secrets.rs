//! Values that must not be shown.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use url::form_urlencoded;

/// Secrets by name. They are never printed, not even in debug output.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secrets(Arc<Kept>);

#[derive(PartialEq, Eq, Default)]
struct Kept {
    values: BTreeMap<String, String>,
    /// Each as it may be written, with what that is called; the longest first. Every answer under
    /// load is looked through for them.
    spelled: Vec<(Vec<u8>, String)>,
}

/// What is shown in place of a secret.
const MASK: &str = "[secret]";

impl Secrets {
    /// These secrets, by the names that templates use.
    pub fn new(values: BTreeMap<String, String>) -> Self {
        let mut spelled: Vec<(Vec<u8>, String)> =
            values.iter().flat_map(|(name, value)| spellings(name, value)).collect();
        spelled.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        Self(Arc::new(Kept { values, spelled }))
    }

    /// Names and values, to be put into requests.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.values.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// These and others.
    #[must_use]
    pub fn and(&self, others: &Self) -> Self {
        let both = self.iter().chain(others.iter());
        Self::new(both.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// The bytes with every secret replaced by the name it has in templates, as `${secret.name}`, and
    /// those names; what was derived from a secret is named `${secret.name|base64}` and the like.
    pub fn name_in(&self, bytes: &[u8]) -> (Vec<u8>, BTreeSet<String>) {
        let mut rewritten = Vec::with_capacity(bytes.len());
        let mut names = BTreeSet::new();
        let mut rest = bytes;
        while let Some((first, after)) = rest.split_first() {
            let found = self.0.spelled.iter().find(|(value, _)| rest.starts_with(value));
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
        let spelled = self.0.spelled.iter().filter_map(|(value, _)| str::from_utf8(value).ok());
        spelled.fold(text.to_owned(), |text, value| {
            if text.contains(value) { text.replace(value, MASK) } else { text }
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
        f.debug_set().entries(self.0.values.keys()).finish()
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
