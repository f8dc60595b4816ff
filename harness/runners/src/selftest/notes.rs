//! What the gates let pass, each with its reason, and each void as soon as it is no longer true.

use serde::Deserialize;

/// Exceptions from the gates about kills.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notes {
    /// Cases that kill no mutant.
    #[serde(default)]
    pub masked: Vec<Masked>,
    /// Mutants of which only one case can be built.
    #[serde(default)]
    pub single: Vec<Single>,
}

/// A case that kills no mutant, and why it stays.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Masked {
    /// Its id.
    pub case: String,
    /// Why.
    pub why: String,
}

/// A mutant that one case kills, and why there is no other.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Single {
    /// Its name.
    pub mutant: String,
    /// Why.
    pub why: String,
}

/// The notes cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("masked.toml: {0}")]
pub struct NotesError(#[from] toml::de::Error);

impl Notes {
    /// The notes that came with this build.
    pub fn builtin() -> Result<Self, NotesError> {
        Ok(toml::from_str(include_str!("../../../../corpora/mutants/masked.toml"))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notes_that_come_along_give_reasons() {
        let notes = Notes::builtin().unwrap();
        let whys = notes.masked.iter().map(|note| &note.why);
        for why in whys.chain(notes.single.iter().map(|note| &note.why)) {
            assert!(why.len() > 30 && why.ends_with('.'), "{why}");
        }
    }
}
