//! The words that trials are made of: every edit of the catalogue, and what its cases say about it.

use catalogue::builtin::FILES;
use catalogue::{Base, Case, EditText, Expectation, Fault, Kind, Level, Recipe, Severity, parse};
use protocol::verify::Rule;
use simulator::Generation;
use std::collections::{BTreeMap, BTreeSet};

/// All edits that the catalogue's cases are written in.
#[derive(Debug, Clone)]
pub struct Lexicon {
    words: Vec<Word>,
}

/// One edit, with its values.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    pub(crate) edit: EditText,
    /// What the cases that are a base and edits say about it.
    pub(crate) uses: Vec<Use>,
    /// The requests that have what it edits.
    kinds: Vec<Kind>,
}

/// What one case says about an edit.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    pub(crate) expectation: Expectation,
    pub(crate) fault: Fault,
    pub(crate) rules: BTreeSet<Rule>,
    pub(crate) level: Level,
    pub(crate) severity: Severity,
    pub(crate) clauses: Vec<String>,
    pub(crate) why: String,
    pub(crate) fix: String,
}

/// Edits that search for keys of a rare shape.
const KEYS: &str = "device.key.";
/// And those that search for signatures and nonces.
const OTHERS: [&str; 2] = ["signature.der-length", "leading-zero"];

/// Whether an edit searches for something rare. Two in one recipe search for what is rare squared.
pub(crate) fn searches(edit: &EditText) -> bool {
    let name = edit.name();
    name.starts_with(KEYS) || OTHERS.iter().any(|part| name.contains(part))
}

impl Lexicon {
    /// The edits of the cases that come with Assay. An error names what of them cannot be read, and
    /// means that this build is broken.
    pub fn builtin() -> Result<Self, String> {
        let mut words: BTreeMap<String, Word> = BTreeMap::new();
        for (name, text) in FILES {
            let cases = parse(name, text).map_err(|error| error.to_string())?;
            let file: toml::Table = toml::from_str(text).map_err(|error| error.to_string())?;
            let tables = file.get("case").and_then(toml::Value::as_array);
            for (case, table) in cases.iter().zip(tables.into_iter().flatten()) {
                for edit in edits(table)? {
                    let key = edit.table().to_string();
                    let word = words.entry(key).or_insert_with(|| Word::new(edit));
                    word.uses.extend(Use::of(case, table));
                }
            }
        }
        let words = words.into_values().filter(|word| !word.kinds.is_empty() && !word.is_slow());
        Ok(Self { words: words.collect() })
    }

    /// The words for requests of that kind.
    pub(crate) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Word> {
        self.words.iter().filter(move |word| word.kinds.contains(&kind))
    }

    /// What is said about exactly that edit.
    pub(crate) fn exactly(&self, edit: &EditText) -> Option<&Word> {
        self.words.iter().find(|word| word.edit.table() == edit.table())
    }

    /// What is said about edits of that name, whatever they take.
    pub(crate) fn named(&self, name: &str) -> impl Iterator<Item = &Use> {
        self.words.iter().filter(move |word| word.edit.name() == name).flat_map(|word| &word.uses)
    }
}

impl Word {
    fn new(edit: EditText) -> Self {
        let fits = |kind: &Kind| {
            let base = Base { kind: *kind, generation: Generation::Ios27 };
            Recipe { base, edits: vec![edit.clone()], seed: None }.fits().is_ok()
        };
        let kinds = [Kind::Attestation, Kind::Assertion].into_iter().filter(fits).collect();
        Self { edit, uses: Vec::new(), kinds }
    }

    /// Whether what it edits is not sealed again afterwards: bytes and what lies around them.
    pub(crate) fn is_unsealed(&self) -> bool {
        ["wire.", "sent."].iter().any(|prefix| self.edit.name().starts_with(prefix))
    }

    /// Whether a case that must be accepted has it.
    pub(crate) fn is_benign(&self) -> bool {
        self.uses.iter().any(|one| one.expectation == Expectation::Accept)
    }

    /// The rules that a case with it breaks.
    pub(crate) fn rules(&self) -> BTreeSet<Rule> {
        let lies = self.uses.iter().filter(|one| one.expectation == Expectation::Reject);
        lies.flat_map(|one| one.rules.iter().copied()).collect()
    }

    /// Whether it searches for longer than a trial is worth: a key of which one in 256 is like that
    /// is found at once, signatures are dearer, and what takes a value becomes rarer when it is varied.
    fn is_slow(&self) -> bool {
        let name = self.edit.name();
        let is_plain = name.starts_with(KEYS) && self.edit.table().len() == 1;
        searches(&self.edit) && (!is_plain || name.ends_with("-both"))
    }
}

impl Use {
    /// What a case says, if nothing but its base and edits decides about it.
    fn of(case: &Case, table: &toml::Value) -> Option<Self> {
        table.get("step").is_none().then(|| Self {
            expectation: case.expectation,
            fault: case.fault,
            rules: case.rules.iter().copied().collect(),
            level: case.level,
            severity: case.severity,
            clauses: case.clauses.clone(),
            why: case.why.clone(),
            fix: case.fix.clone(),
        })
    }
}

/// All edits of a case, those of its steps included.
fn edits(case: &toml::Value) -> Result<Vec<EditText>, String> {
    let list = |value: &toml::Value, name: &str| -> Vec<toml::Value> {
        value.get(name).and_then(toml::Value::as_array).cloned().unwrap_or_default()
    };
    let of_steps = list(case, "step").iter().flat_map(|step| list(step, "op")).collect::<Vec<_>>();
    let all = list(case, "op").into_iter().chain(of_steps);
    all.filter_map(|value| value.try_into::<toml::Table>().ok())
        .map(|table| EditText::new(table).map_err(|error| error.to_string()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_drawn_searches_for_long_and_what_is_found_at_once_is_drawn() {
        let lexicon = Lexicon::builtin().unwrap();
        let drawn = |name: &str| lexicon.words.iter().any(|word| word.edit.name() == name);
        for quick in ["device.key.leading-zero-x", "key.other-everywhere-but-leaf"] {
            assert!(drawn(quick), "{quick}");
        }
        for slow in ["device.key.leading-zero-both", "leaf.signature.leading-zero-r"] {
            assert!(!drawn(slow), "{slow}");
        }
        let deep = |word: &&Word| searches(&word.edit) && word.edit.table().len() > 1;
        assert_eq!(lexicon.words.iter().find(deep).map(|word| word.edit.name()), None);
    }
}
