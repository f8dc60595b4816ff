//! Several flaws together, as they were seen in the field: behaviour only, nobody's name.

use protocol::flaw::{Flaw, flaws};
use serde::Deserialize;

/// The profiles that come with Assay.
const BUILTIN: &str = include_str!("../../../../corpora/mutants/profiles.toml");

/// Several flaws that go together.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Permanent name.
    pub id: String,
    /// What such a server does, in a sentence.
    pub words: String,
    /// Its flaws, two at least.
    pub flaws: Vec<&'static Flaw>,
}

/// Why profiles cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The file has another shape.
    #[error("profiles.toml: {0}")]
    Shape(#[from] toml::de::Error),
    /// A flaw that does not exist.
    #[error(
        "profiles.toml: profile `{profile}`: there is no flaw `{flaw}`; did you mean `{closest}`?"
    )]
    UnknownFlaw {
        /// The profile that names it.
        profile: String,
        /// What it names.
        flaw: String,
        /// The closest id there is.
        closest: &'static str,
    },
    /// An id that was given before.
    #[error("profiles.toml: there are two profiles `{0}`")]
    Repeated(String),
    /// A profile that is no combination.
    #[error("profiles.toml: profile `{0}` has fewer than two flaws")]
    Single(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    profile: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    words: String,
    flaws: Vec<String>,
}

impl Profile {
    /// The profile of that id, with or without `profile.` before it.
    pub fn from_id(id: &str) -> Result<Option<Self>, ProfileError> {
        let id = id.strip_prefix("profile.").unwrap_or(id);
        Ok(profiles()?.into_iter().find(|profile| profile.id == id))
    }
}

/// The profiles that come with Assay. An error means that this build is broken; it is tested that
/// there is none.
pub fn profiles() -> Result<Vec<Profile>, ProfileError> {
    parse(BUILTIN)
}

fn parse(text: &str) -> Result<Vec<Profile>, ProfileError> {
    let file: File = toml::from_str(text)?;
    let mut profiles: Vec<Profile> = Vec::new();
    for Entry { id, words, flaws } in file.profile {
        if profiles.iter().any(|profile| profile.id == id) {
            return Err(ProfileError::Repeated(id));
        }
        if flaws.len() < 2 {
            return Err(ProfileError::Single(id));
        }
        let flaws = flaws.into_iter().map(|flaw| known(&id, flaw)).collect::<Result<_, _>>()?;
        profiles.push(Profile { id, words, flaws });
    }
    Ok(profiles)
}

fn known(profile: &str, flaw: String) -> Result<&'static Flaw, ProfileError> {
    Flaw::from_id(&flaw).ok_or_else(|| {
        let likeness = |known: &&Flaw| strsim::jaro_winkler(known.id, &flaw);
        let closest = flaws().iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        let closest = closest.map_or("", |flaw| flaw.id);
        ProfileError::UnknownFlaw { profile: profile.to_owned(), flaw, closest }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profiles_that_come_along_are_whole() {
        let profiles = profiles().unwrap();
        assert!(profiles.len() >= 8, "only {}", profiles.len());
        for profile in &profiles {
            assert!(profile.words.ends_with('.'), "{}", profile.id);
            assert_eq!(Profile::from_id(&profile.id).unwrap().unwrap().id, profile.id);
        }
    }

    #[test]
    fn what_is_wrong_with_a_profile_is_said() {
        let check = |flaws: &str, expected: &str| {
            let one = format!("[[profile]]\nid = \"a\"\nwords = \"A.\"\nflaws = {flaws}\n");
            let error = parse(&one).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(r#"["drop.att.nonce"]"#, "fewer than two");
        check(r#"["drop.att.nonce", "drop.att.rp-di"]"#, "did you mean `drop.att.rp-id`?");
        let twice = "[[profile]]\nid = \"a\"\nwords = \"\"\nflaws = [\"drop.att.nonce\", \"drop.att.rp-id\"]\n";
        assert!(parse(&twice.repeat(2)).unwrap_err().to_string().contains("two profiles `a`"));
        assert!(parse("[[profil]]").unwrap_err().to_string().contains("profil"));
    }
}
