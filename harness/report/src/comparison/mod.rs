//! Two runs side by side: what broke, what was mended, what can no longer be said.
//!
//! A failure is a case and the way it fails, as everywhere: what fails in another way than before is
//! a failure that was not there. Wrong answers under load stand beside the cases, as `load.…`.

mod change;
mod item;
mod markdown;
mod terminal;

use crate::Summary;
use crate::summary::Tally;
use crate::text::{count, counted};
pub use change::Change;
pub use item::{Item, Outcome};
use serde::Serialize;
use std::collections::BTreeMap;

/// Two runs side by side. Written by `assay compare --json`; fields are added, never renamed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Version of this format.
    pub schema: u32,
    /// The earlier run.
    pub before: Compared,
    /// The later run.
    pub after: Compared,
    /// What is not the same about the two runs themselves.
    pub differences: Vec<Difference>,
    /// What changed, in a sentence.
    pub sentence: String,
    /// How many failures the later run has that the earlier had not, those that are known or advice left out.
    pub regressions: u64,
    /// The three numbers, then and now.
    pub headline: Vec<Figure>,
    /// What became of each case that did not stay as it was, the gravest first; empty groups too.
    pub groups: Vec<Group>,
}

/// One of the two runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// The target.
    pub target: String,
    /// Wall-clock start.
    pub started: String,
    /// Version of the harness.
    pub assay: String,
    /// The seed.
    pub seed: String,
    /// How many cases were played.
    pub cases: u64,
    /// How many of them were decided.
    pub decided: u64,
    /// Whether the run reached its end.
    pub complete: bool,
}

/// Something about the two runs that is not the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What.
    pub what: String,
    /// In the earlier run.
    pub before: String,
    /// In the later one.
    pub after: String,
}

/// One of the three numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// Its name.
    pub name: &'static str,
    /// Faults in cases of the earlier run.
    pub before: u64,
    /// Faults in cases of the later one.
    pub after: u64,
}

/// Cases with which the same happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// What happened.
    pub change: Change,
    /// The cases, the most pressing first.
    pub cases: Vec<Changed>,
}

/// One case in both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Changed {
    /// Its id.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// Its severity.
    pub severity: String,
    /// Its level.
    pub level: String,
    /// Whether it is a failure that was not there before, binding, and not known.
    pub regression: bool,
    /// What the earlier run said, if it played the case.
    pub before: Option<Outcome>,
    /// What the later run said, if it played the case.
    pub after: Option<Outcome>,
}

impl Comparison {
    /// Version of the format.
    pub const SCHEMA: u32 = 1;

    /// Compares two runs. Pure: the same records give the same comparison.
    pub fn of(before: &Summary, after: &Summary) -> Self {
        let groups = groups(&item::of(before), &item::of(after));
        let regressions = groups.iter().flat_map(|group| &group.cases).filter(|one| one.regression);
        Self {
            schema: Self::SCHEMA,
            before: Compared::of(before),
            after: Compared::of(after),
            differences: differences(before, after),
            sentence: sentence(&groups),
            regressions: regressions.count() as u64,
            headline: headline(before, after),
            groups,
        }
    }

    /// The comparison in plain text.
    pub fn terminal(&self) -> String {
        terminal::terminal(self)
    }

    /// The comparison as Markdown.
    pub fn markdown(&self) -> String {
        markdown::markdown(self)
    }

    /// The comparison as indented JSON.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a comparison has no maps with odd keys")
    }
}

impl Compared {
    fn of(summary: &Summary) -> Self {
        let run = &summary.run;
        let decided = summary.cases.list.iter().filter(|case| case.decided()).count() as u64;
        Self {
            target: run.target.name.clone(),
            started: run.started.clone(),
            assay: run.assay.clone(),
            seed: run.seed.clone(),
            cases: summary.cases.list.len() as u64,
            decided,
            complete: summary.completeness.complete && summary.cases.unplayed == 0,
        }
    }
}

fn differences(before: &Summary, after: &Summary) -> Vec<Difference> {
    let facts = |summary: &Summary| {
        let run = &summary.run;
        let target = &run.target;
        let policy: Vec<String> =
            target.policy.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let whole = Compared::of(summary);
        [
            ("target", target.name.clone()),
            ("App ID", target.app_id.clone()),
            ("environment", target.environment.clone()),
            ("declared policy", policy.join("; ")),
            ("version of assay", run.assay.clone()),
            ("cases played", count(whole.cases)),
            ("seed", run.seed.clone()),
            ("the run", if whole.complete { "complete" } else { "incomplete" }.to_owned()),
        ]
    };
    let pairs = facts(before).into_iter().zip(facts(after));
    let differing = pairs.filter(|((_, before), (_, after))| before != after);
    differing
        .map(|((what, before), (_, after))| Difference { what: what.to_owned(), before, after })
        .collect()
}

fn headline(before: &Summary, after: &Summary) -> Vec<Figure> {
    let figure = |name, of: fn(&Summary) -> Tally| Figure {
        name,
        before: of(before).in_cases,
        after: of(after).in_cases,
    };
    vec![
        figure("security", |summary| summary.headline.security),
        figure("interoperability", |summary| summary.headline.interoperability),
        figure("robustness", |summary| summary.headline.robustness),
    ]
}

fn groups(before: &[Item], after: &[Item]) -> Vec<Group> {
    let by_id = |items: &[Item]| -> BTreeMap<String, usize> {
        // Of two with one id the first counts.
        items.iter().enumerate().rev().map(|(place, item)| (item.id.clone(), place)).collect()
    };
    let (then, now) = (by_id(before), by_id(after));
    let mut groups: Vec<Group> =
        Change::ALL.iter().map(|change| Group { change: *change, cases: Vec::new() }).collect();
    let pairs = now
        .iter()
        .map(|(id, place)| (then.get(id).map(|place| &before[*place]), Some(&after[*place])));
    let gone = then.iter().filter(|(id, _)| !now.contains_key(*id));
    let gone = gone.map(|(_, place)| (Some(&before[*place]), None));
    for (old, new) in pairs.chain(gone) {
        let (Some(change), Some(item)) = (Change::between(old, new), new.or(old)) else { continue };
        let fresh = matches!(change, Change::NewFailure | Change::OtherFailure);
        let changed = Changed {
            id: item.id.clone(),
            title: item.title.clone(),
            severity: item.severity.clone(),
            level: item.level.clone(),
            regression: fresh && new.is_some_and(Item::counts),
            before: old.map(|item| item.outcome.clone()),
            after: new.map(|item| item.outcome.clone()),
        };
        if let Some(group) = groups.iter_mut().find(|group| group.change == change) {
            group.cases.push(changed);
        }
    }
    for group in &mut groups {
        group.cases.sort_by_key(|one| (!one.regression, rank(&one.severity)));
    }
    groups
}

fn rank(severity: &str) -> u8 {
    match severity {
        "critical" => 0,
        "medium" => 2,
        "low" => 3,
        _high_or_unknown => 1,
    }
}

fn sentence(groups: &[Group]) -> String {
    let of = |change| {
        let group = groups.iter().find(|group| group.change == change);
        group.map_or(&[][..], |group| &group.cases)
    };
    let fresh = of(Change::NewFailure);
    let counting = fresh.iter().filter(|one| one.regression).count();
    let mut parts = vec![match counting as u64 {
        0 => "No new failure".to_owned(),
        n => counted(n, "new failure", "new failures"),
    }];
    if counting < fresh.len() {
        parts.push(format!("{} new as advice or known", count((fresh.len() - counting) as u64)));
    }
    let others = [
        Change::OtherFailure,
        Change::Fixed,
        Change::StillFailing,
        Change::Undecided,
        Change::NotApplicable,
    ];
    for change in others {
        let n = of(change).len() as u64;
        if n > 0 {
            parts.push(format!("{} {}", count(n), change.words()));
        }
    }
    format!("{}.", parts.join(", "))
}
