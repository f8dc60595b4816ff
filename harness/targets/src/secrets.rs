//! Values that must not be shown.

use std::collections::BTreeMap;
use std::fmt;

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

    /// The text with every secret replaced by a mark, the longest first.
    pub fn mask(&self, text: &str) -> String {
        let mut values: Vec<&String> = self.0.values().filter(|value| !value.is_empty()).collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.into_iter().fold(text.to_owned(), |text, value| text.replace(value, MASK))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
