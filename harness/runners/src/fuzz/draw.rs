//! Draws recipes: a base and one to four edits.

use super::dice::Dice;
use super::lexicon::{Lexicon, Word, searches};
use super::vary::varied;
use catalogue::{Base, Case, EditText, Kind, Premises, Recipe};
use protocol::verify::Rule;
use simulator::Seed;
use std::collections::BTreeMap;

/// Most edits of a recipe.
pub const MOST_EDITS: usize = 4;

/// In a hundred: recipes in which what is sent is edited after it was sealed.
const UNSEALED: usize = 12;
/// In a hundred: first edits that are drawn by the rule they break.
const BY_RULE: usize = 60;
/// In a hundred: edits whose values are not those of any case.
const VARIED: usize = 35;
/// In a hundred: further edits that cases call harmless, so that the first is not covered up.
const BENIGN: usize = 60;

/// Draws recipes that every one of some targets can be asked about.
#[derive(Debug)]
pub struct Draw<'l> {
    bases: Vec<Base>,
    attestation: Pool<'l>,
    assertion: Pool<'l>,
}

/// The words for one kind of request.
#[derive(Debug, Default)]
struct Pool<'l> {
    sealed: Vec<&'l Word>,
    unsealed: Vec<&'l Word>,
    benign: Vec<&'l Word>,
    /// Those that are sealed again, by the rules that they alone are known to break.
    by_rule: BTreeMap<Rule, Vec<&'l Word>>,
}

impl<'l> Draw<'l> {
    /// Of the lexicon what applies to all these targets.
    pub fn new(lexicon: &'l Lexicon, targets: &[&Premises]) -> Self {
        let applies = |case: &Case| targets.iter().all(|one| one.missing(case).is_none());
        let bases: Vec<Base> = Base::all().filter(|base| applies(&Case::twin(*base))).collect();
        let pool = |kind: Kind| {
            let mut pool = Pool::default();
            let Some(base) = bases.iter().copied().find(|base| base.kind == kind) else {
                return pool;
            };
            for word in lexicon.of_kind(kind) {
                let recipe = Recipe { base, edits: vec![word.edit.clone()], seed: None };
                match (applies(&recipe.case("fuzz")), word.is_unsealed()) {
                    (false, _) => {}
                    (true, true) => pool.unsealed.push(word),
                    (true, false) => {
                        pool.sealed.push(word);
                        for rule in word.rules() {
                            pool.by_rule.entry(rule).or_default().push(word);
                        }
                        pool.benign.extend(word.is_benign().then_some(word));
                    }
                }
            }
            pool
        };
        Self { attestation: pool(Kind::Attestation), assertion: pool(Kind::Assertion), bases }
    }

    /// The bases that honest devices can play.
    pub fn bases(&self) -> &[Base] {
        &self.bases
    }

    /// How many edits there are to draw from, for either kind of request.
    pub fn words(&self) -> usize {
        let of = |pool: &Pool<'_>| pool.sealed.len() + pool.unsealed.len();
        of(&self.attestation) + of(&self.assertion)
    }

    /// The recipe of a seed; none if nothing applies.
    pub fn recipe(&self, seed: &Seed) -> Option<Recipe> {
        let mut dice = Dice::new(seed);
        let base = *dice.one_of(&self.bases)?;
        let pool = match base.kind {
            Kind::Attestation => &self.attestation,
            Kind::Assertion => &self.assertion,
        };
        let count = match dice.below(10) {
            0..4 => 1,
            4..7 => 2,
            7..9 => 3,
            _ => MOST_EDITS,
        };
        let mut edits: Vec<EditText> = Vec::new();
        for number in 0..count {
            let from = if dice.happens(UNSEALED) {
                &pool.unsealed
            } else if number > 0 && dice.happens(BENIGN) {
                &pool.benign
            } else if number == 0 && dice.happens(BY_RULE) {
                // Few edits break some rules, and each rule is worth the same.
                let rules: Vec<&Vec<&Word>> = pool.by_rule.values().collect();
                dice.one_of(&rules).copied().unwrap_or(&pool.sealed)
            } else {
                &pool.sealed
            };
            let Some(word) = dice.one_of(from) else { continue };
            let other = dice.happens(VARIED).then(|| varied(&word.edit, &mut dice)).flatten();
            let edit = other.unwrap_or_else(|| word.edit.clone());
            let rarer = searches(&edit) && edits.iter().any(searches);
            if !edits.contains(&edit) && !rarer {
                edits.push(edit);
            }
        }
        // What is not sealed again comes last, as it would on the wire.
        edits.sort_by_key(|edit| ["sent.", "wire."].iter().any(|p| edit.name().starts_with(p)));
        let recipe = Recipe { base, edits, seed: Some(seed.to_hex()) };
        (!recipe.edits.is_empty() && recipe.fits().is_ok()).then_some(recipe)
    }
}
