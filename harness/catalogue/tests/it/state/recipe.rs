//! A conversation as a case that a person can paste into a file of cases.

use super::deed::{Deed, Due};
use super::model::Model;
use protocol::relying_party::Refusal;
use protocol::verify::Rule;
use std::collections::BTreeSet;

/// A conversation whose last step was decided otherwise than the model says.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) start: Model,
    pub(super) deeds: Vec<Deed>,
    /// What must come of the last step.
    pub(super) due: Due,
    /// What came of it.
    pub(super) came: Result<(), Refusal>,
}

impl Found {
    /// The case file: schema, family, and the one case.
    pub(super) fn recipe(&self) -> String {
        let (rules, guards, expect, class) = match (self.due.is_empty(), &self.came) {
            (false, _) => (self.due.clone(), Vec::new(), "reject", "false-accept"),
            // What it guards is the rule that was told.
            (true, Err(Refusal::Broken(broken))) => {
                (Vec::new(), vec![broken.rule], "accept", "false-reject")
            }
            (true, _) => (Vec::new(), vec![Rule::KeyKnown], "accept", "false-reject"),
        };
        let rule = *rules.iter().chain(&guards).next().expect("one of them is not empty");
        let clause = rule.clause().split(", ").next().unwrap_or_default();
        let members = |rules: Vec<Rule>| {
            let unique: BTreeSet<Rule> = rules.into_iter().collect();
            let ids: Vec<String> = unique.iter().map(|rule| format!("\"{}\"", rule.id())).collect();
            ids.join(", ")
        };
        let (generation, needs) = (self.start.generation, members_of_policy(rule));
        let came = match &self.came {
            Ok(()) => "accepted".to_owned(),
            Err(Refusal::Broken(broken)) => format!("refused: {}", broken.rule.requirement()),
            Err(other) => format!("refused: {other}"),
        };
        format!(
            "{}schema = 1\nfamily = \"found\"\n\n[[case]]\nid = \"found.by-the-model\"\n\
             title = \"A conversation that the model decides otherwise\"\nlevel = \"must\"\n\
             severity = \"high\"\nclass = \"{class}\"\nclauses = [\"{clause}\"]\n\
             base = \"assertion.{generation}\"\nexpect = \"{expect}\"\nrules = [{}]\nguards = [{}]\n\
             why = \"The last step was {}.\"\nfix = \"{}\"\nneeds = [{needs}]\n{}",
            self.policy(),
            members(rules),
            members(guards),
            plain(came.trim_end_matches('.')),
            plain(rule.requirement()),
            steps(&self.start, &self.deeds),
        )
    }

    /// What the server allowed, which a case does not say.
    fn policy(&self) -> String {
        let premises = &self.start.premises;
        format!(
            "# Found on a server with categories {:?}, bundle versions {:?}, receipts {}.\n",
            premises.categories.as_ref().map(|one| (&one.values, one.absent_allowed)),
            premises.bundle_versions.as_ref().map(|one| (&one.values, one.absent_allowed)),
            if premises.receipt_required { "demanded" } else { "stored unread" },
        )
    }
}

/// All steps; those before the last say what they are expected to meet.
pub(super) fn steps(start: &Model, deeds: &[Deed]) -> String {
    let mut model = start.clone();
    let last = deeds.len() - 1;
    let step = |(at, deed): (usize, &Deed)| {
        let refused = !model.step(deed).is_empty();
        deed.recipe(refused && at < last)
    };
    deeds.iter().enumerate().map(step).collect()
}

/// The policy without which the rule says nothing.
fn members_of_policy(rule: Rule) -> &'static str {
    match rule {
        Rule::AttestationValidationCategory | Rule::AssertionValidationCategory => {
            "\"policy.validation-category\""
        }
        Rule::AttestationBundleVersion | Rule::AssertionBundleVersion => {
            "\"policy.bundle-version\""
        }
        _ => "",
    }
}

/// Words that stand between quotation marks in TOML.
fn plain(words: &str) -> String {
    words.replace('\\', "\\\\").replace('"', "\\\"").chars().take(250).collect()
}
