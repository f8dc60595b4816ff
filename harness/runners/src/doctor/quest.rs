//! The search for conventions under which an honest request is accepted.

use super::Pliable;
use super::conventions::{Change, rhyme};
use super::probes::honest;
use super::told::Told;
use super::ward::{Setting, Ward};
use catalogue::Kind;
use protocol::verify::Rule;
use std::cmp::Reverse;
use std::collections::VecDeque;
use targets::Decision;

/// Trials of one kind at most, the first included.
pub(super) const TRIALS: usize = 40;

/// How an answer says that the server said yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Yes {
    /// It is read so.
    Read,
    /// It is read as a no, and what no server accepts as a yes.
    Inverted,
    /// No rule reads it, or not to its end, but it looks like one.
    Unread,
}

/// What a search came to.
#[derive(Debug)]
pub(super) struct Found {
    /// What became of the request as the file has it.
    pub(super) first: Told,
    /// The changes with which it was accepted, how that was said, and the answer.
    pub(super) hit: Option<(Vec<Change>, Yes, Told)>,
    /// The refusal that got furthest, if any got further than the first.
    pub(super) furthest: Option<(Vec<Change>, Told)>,
    /// Requests made.
    pub(super) trials: usize,
    /// Why it ended before all was tried, if it did.
    pub(super) ended: Option<String>,
}

/// Whether the server said yes, given its answer to garbage.
pub(super) fn yes(told: &Told, garbage: &Told) -> Option<Yes> {
    if !told.reached || garbage.reached && told.is_like(garbage) {
        return None;
    }
    let unread = |told: &Told| matches!(told.decision(), Some(Decision::Unreadable { .. }));
    let is_good = |told: &Told| (200..300).contains(&told.status());
    if told.accepted() {
        // Where a no is read as a yes, another word is no sign of one.
        (!garbage.accepted() || told.tells_from(garbage)).then_some(Yes::Read)
    } else if told.rejected() && garbage.accepted() && told.status() <= garbage.status() {
        Some(Yes::Inverted)
    } else if unread(told) && is_good(told) && !is_good(garbage) {
        Some(Yes::Unread)
    } else {
        None
    }
}

/// Tries one convention after another: first each alone, then together, those first that made the
/// server say something else.
pub(super) async fn search<T: Pliable>(
    ward: &mut Ward<'_, T>,
    kind: Kind,
    dimensions: &[Vec<Change>],
    garbage: &Told,
) -> Found {
    let first = ward.honest(kind).await;
    let mut found =
        Found { first: first.clone(), hit: None, furthest: None, trials: 1, ended: None };
    if let Some(how) = yes(&first, garbage) {
        found.hit = Some((Vec::new(), how, first));
        return found;
    }
    let mut candidates = Candidates::of(dimensions);
    let mut gists = vec![first.gist()];
    let mut deepest = depth(ward, &first);
    while found.trials < TRIALS {
        if let Some(why) = ward.given_up() {
            found.ended = Some(why.to_owned());
            return found;
        }
        if let Some(rule) = deepest.filter(|rule| !is_about_conventions(*rule)) {
            found.ended = Some(format!("the server says {rule}, which no convention changes"));
            return found;
        }
        let Some(changes) = candidates.next() else { return found };
        let told = ward.play(&changed(&ward.setting, &changes), &honest(kind)).await;
        found.trials += 1;
        if let Some(how) = yes(&told, garbage) {
            found.hit = Some((changes, how, told));
            return found;
        }
        let gist = told.gist();
        if told.reached && !gists.contains(&gist) {
            gists.push(gist);
            candidates.moved.push(changes.clone());
        }
        let reached = depth(ward, &told);
        if reached > deepest {
            deepest = reached;
            found.furthest = Some((changes, told));
        }
    }
    found.ended = Some(format!("{TRIALS} trials are the most"));
    found
}

/// A setting with these conventions.
pub(super) fn changed(setting: &Setting, changes: &[Change]) -> Setting {
    let mut setting = setting.clone();
    for change in changes {
        change.apply(&mut setting.file);
    }
    setting
}

/// How far a refusal got: the rule it is for, if the server's reasons tell.
fn depth<T: Pliable>(ward: &Ward<'_, T>, told: &Told) -> Option<Rule> {
    let rule = told.broken(&ward.setting.file.reasons)?;
    // Rules of the state come last in the list and first in a server.
    (told.reached && rule < Rule::ChallengeIssued).then_some(rule)
}

/// Whether another convention could mend what breaks the rule.
fn is_about_conventions(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::AttestationSyntax
            | Rule::AttestationFormat
            | Rule::Nonce
            | Rule::KeyIdentifier
            | Rule::CredentialId
            | Rule::AssertionSyntax
            | Rule::AssertionAuthenticatorDataSyntax
            | Rule::AssertionSignature
            | Rule::AssertionChallenge
    )
}

/// What is still to be tried.
struct Candidates {
    /// Each change alone, the likeliest of each thing first.
    alone: VecDeque<Change>,
    /// Two changes and more of different things, each with its rank.
    together: Vec<(Vec<Change>, usize)>,
    /// Those that made the server say something it had not said before.
    moved: Vec<Vec<Change>>,
}

impl Candidates {
    fn of(dimensions: &[Vec<Change>]) -> Self {
        let longest = dimensions.iter().map(Vec::len).max().unwrap_or_default();
        let alone = (0..longest)
            .flat_map(|rank| dimensions.iter().filter_map(move |options| options.get(rank)))
            .cloned()
            .collect();
        let mut together: Vec<(Vec<Change>, usize)> = vec![(Vec::new(), 0)];
        for options in dimensions {
            let longer = together.iter().flat_map(|(changes, rank)| {
                options.iter().enumerate().map(move |(place, change)| {
                    let mut changes = changes.clone();
                    changes.push(change.clone());
                    (changes, rank + place)
                })
            });
            together.extend(longer.collect::<Vec<_>>());
        }
        together.retain(|(changes, _)| changes.len() > 1);
        Self { alone, together, moved: Vec::new() }
    }

    fn next(&mut self) -> Option<Vec<Change>> {
        if let Some(change) = self.alone.pop_front() {
            return Some(vec![change]);
        }
        let best = (0..self.together.len()).min_by_key(|place| self.order(*place))?;
        Some(self.together.swap_remove(best).0)
    }

    /// What goes on from where the server said something new comes first.
    fn order(&self, place: usize) -> impl Ord + use<> {
        let (changes, rank) = &self.together[place];
        let contains = |base: &Vec<Change>| base.iter().all(|change| changes.contains(change));
        let furthest = self.moved.iter().filter(|base| contains(base)).map(Vec::len).max();
        let unmoved =
            changes.iter().filter(|change| !self.moved.iter().flatten().any(|one| one == *change));
        let rhymes = rhyme(&changes.iter().collect::<Vec<_>>());
        (
            furthest.is_none(),
            unmoved.count(),
            Reverse(furthest),
            changes.len(),
            Reverse(rhymes),
            *rank,
        )
    }
}
