//! The oracle's own oracle: tries every order of a small history against a server of a few lines.

use super::key::Act;
use super::ledger::Answer;
use std::collections::BTreeMap;

/// A request of a history, with the places of its send and its answer in the order of events.
#[derive(Debug, Clone, Copy)]
pub(super) struct Done {
    pub(super) key: u32,
    pub(super) act: Act,
    pub(super) challenge: u64,
    pub(super) sent: usize,
    /// Place and answer, if one came.
    pub(super) answered: Option<(usize, Answer)>,
}

/// What a server has stored.
#[derive(Debug, Clone, Default)]
struct Stored {
    /// Counter of each enrolled key.
    keys: BTreeMap<u32, u32>,
    used: Vec<u64>,
}

/// Whether a right server could have given these answers.
pub(super) fn is_explained(history: &[Done]) -> bool {
    let sent: Vec<Done> = history
        .iter()
        .copied()
        .filter(|done| !matches!(done.answered, Some((_, Answer::Unsent))))
        .collect();
    search(&sent, &mut vec![false; sent.len()], &Stored::default())
}

fn search(history: &[Done], placed: &mut Vec<bool>, stored: &Stored) -> bool {
    let must = |done: &Done| !matches!(done.answered, None | Some((_, Answer::Lost)));
    let rest = || (0..history.len()).filter(|&index| must(&history[index]));
    if rest().all(|index| placed[index]) {
        return true;
    }
    // Whoever was answered first bounds what can come next.
    let bound = rest()
        .filter(|&index| !placed[index])
        .filter_map(|index| history[index].answered)
        .map(|(place, _)| place)
        .min();
    for index in 0..history.len() {
        let done = history[index];
        if placed[index] || bound.is_some_and(|bound| done.sent > bound) {
            continue;
        }
        placed[index] = true;
        for after in outcomes(&done, stored) {
            if search(history, placed, &after) {
                placed[index] = false;
                return true;
            }
        }
        placed[index] = false;
    }
    false
}

/// What may be stored after a request with that answer; nothing if the answer would be wrong.
fn outcomes(done: &Done, stored: &Stored) -> Vec<Stored> {
    let mut spent = stored.clone();
    spent.used.push(done.challenge);
    let good = !stored.used.contains(&done.challenge);
    let counter = stored.keys.get(&done.key).copied();
    let accepted = good.then(|| act(done, &spent)).flatten();
    let refused = match done.act {
        // Who enrols again may be told no as well.
        Act::Enrol => !good || counter.is_some(),
        Act::Assert { .. } => accepted.is_none(),
    };
    match done.answered {
        Some((_, Answer::Accepted)) => accepted.into_iter().collect(),
        // What fails may leave its challenge as it was, or not.
        Some((_, Answer::Refused)) if refused => vec![stored.clone(), spent],
        Some((_, Answer::Refused | Answer::Unsent)) => Vec::new(),
        // It may have broken down half-way. Not having come at all is not placing it.
        Some((_, Answer::Lost)) | None => accepted.into_iter().chain([spent]).collect(),
    }
}

fn act(done: &Done, spent: &Stored) -> Option<Stored> {
    let mut after = spent.clone();
    let counter = after.keys.get(&done.key).copied();
    match (done.act, counter) {
        (Act::Enrol, None) => after.keys.insert(done.key, 0),
        (Act::Enrol, Some(_)) => None,
        (Act::Assert { counter }, Some(last)) if counter > last => {
            after.keys.insert(done.key, counter)
        }
        (Act::Assert { .. }, _) => return None,
    };
    Some(after)
}
