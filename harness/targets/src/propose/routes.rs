//! Which of the requests are the routes of a conversation, told from what they carry and are called.

use super::role::{self, Role, letters};
use super::sighting::{Leaf, Place, Sighting};
use super::{encoded, sighting};

/// The routes that were found, as places in the list of requests.
#[derive(Debug, Default)]
pub(super) struct Routes {
    pub(super) challenge: Option<Chosen>,
    /// Where challenges for assertions come from, if that is another route.
    pub(super) challenge_for_assert: Option<usize>,
    pub(super) attest: Option<Chosen>,
    pub(super) assert: Option<Chosen>,
    pub(super) revoke: Option<Chosen>,
    pub(super) login: Option<Chosen>,
}

/// A part of a conversation, in the order they are had in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Login,
    Challenge,
    Attest,
    Assert,
    Revoke,
}

impl Part {
    /// What target files call it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Challenge => "challenge",
            Self::Attest => "attest",
            Self::Assert => "assert",
            Self::Revoke => "revoke",
        }
    }
}

impl Routes {
    /// Challenges come from whatever answered with this one before the attestation.
    pub(super) fn settle(&mut self, requests: &[Sighting], challenge: &str) {
        let until = self.attest.as_ref().map_or(0, |attest| attest.at);
        let gives = |one: &Sighting| {
            one.answers.iter().any(|answer| super::answers::gives(answer, challenge))
        };
        let Some(at) = (0..until).rev().find(|at| gives(&requests[*at])) else { return };
        match &mut self.challenge {
            Some(chosen) if requests[chosen.at].same_route(&requests[at]) => {}
            chosen => *chosen = Some(Chosen { at, others: Vec::new() }),
        }
    }

    /// The request of a part.
    pub(super) fn of(&self, part: Part) -> Option<&Chosen> {
        match part {
            Part::Login => self.login.as_ref(),
            Part::Challenge => self.challenge.as_ref(),
            Part::Attest => self.attest.as_ref(),
            Part::Assert => self.assert.as_ref(),
            Part::Revoke => self.revoke.as_ref(),
        }
    }
}

/// A request, and others that could have been meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) at: usize,
    pub(super) others: Vec<usize>,
}

/// Points from which on a request is taken for a route.
const ENOUGH: i32 = 6;

/// Chooses the routes.
pub(super) fn choose(requests: &[Sighting]) -> Routes {
    let attest = best(requests, &[], attest_points);
    let taken: Vec<usize> = attest.iter().map(|chosen| chosen.at).collect();
    let assert = best(requests, &taken, assert_points);
    let taken: Vec<usize> = attest.iter().chain(&assert).map(|chosen| chosen.at).collect();
    let mut challenge = best(requests, &taken, challenge_points);
    let revoke = best(requests, &taken, revoke_points);
    let login = best(requests, &taken, login_points);
    let challenge_for_assert = challenge.as_mut().and_then(|chosen| by_purpose(requests, chosen));
    Routes { challenge, challenge_for_assert, attest, assert, revoke, login }
}

/// The request with the most points; of equals the first. Others of a different route come along.
fn best(requests: &[Sighting], taken: &[usize], points: fn(&Sighting) -> i32) -> Option<Chosen> {
    let is_taken = |one: &Sighting| taken.iter().any(|at| requests[*at].same_route(one));
    let mut scored: Vec<(i32, usize)> = requests
        .iter()
        .enumerate()
        .filter(|(_, one)| !is_taken(one))
        .map(|(at, one)| (points(one), at))
        .filter(|(points, _)| *points >= ENOUGH)
        .collect();
    scored.sort_by_key(|(points, at)| (std::cmp::Reverse(*points), *at));
    let (_, at) = *scored.first()?;
    let mut others: Vec<usize> = Vec::new();
    for (_, other) in &scored[1..] {
        let is_known = |known: &usize| requests[*known].same_route(&requests[*other]);
        if !is_known(&at) && !others.iter().any(is_known) {
            others.push(*other);
        }
    }
    Some(Chosen { at, others })
}

/// If challenges come from one route for attestations and from another for assertions, the first
/// becomes the chosen one and the second is given back.
fn by_purpose(requests: &[Sighting], chosen: &mut Chosen) -> Option<usize> {
    let purpose = |at: usize| {
        let path = letters(&requests[at].shown_path()).replace("appattest", "");
        let names = letters(&requests[at].names).replace("appattest", "");
        let says = |word: &str| path.contains(word) || names.contains(word);
        match (says("attest") || says("enrol") || says("regist"), says("assert")) {
            (true, false) => Some(Role::Attestation),
            (false, true) => Some(Role::Assertion),
            (true, true) | (false, false) => None,
        }
    };
    let alike = |one: usize, other: usize| {
        let (one, other) = (&requests[one], &requests[other]);
        one.method == other.method && one.path.len() == other.path.len()
    };
    let first = chosen.at;
    let wanted = match purpose(first)? {
        Role::Attestation => Role::Assertion,
        _ => Role::Attestation,
    };
    let second = chosen
        .others
        .iter()
        .copied()
        .find(|other| purpose(*other) == Some(wanted) && alike(first, *other))?;
    chosen.others.retain(|other| *other != second);
    if wanted == Role::Assertion {
        return Some(second);
    }
    chosen.at = second;
    Some(first)
}

/// How surely a request carries a value of this role: by its bytes, by its name, or not.
pub(super) fn carries(sighting: &Sighting, wanted: Role) -> i32 {
    let points = |name: &str, leaf: &Leaf| {
        let by_bytes = |found: bool| if found { 10 } else { 0 };
        let text = leaf.as_str().unwrap_or_default();
        let proven = match wanted {
            Role::Attestation => by_bytes(encoded::attestation(text).is_some()),
            Role::Assertion => by_bytes(encoded::assertion(text).is_some()),
            _ => 0,
        };
        let named = if role::of(name, leaf) == Some(wanted) { 6 } else { 0 };
        proven.max(named)
    };
    let leaves = sighting.leaves();
    let best = leaves.iter().map(|(_, name, leaf)| points(name, leaf)).max();
    best.unwrap_or_default()
}

/// Whether the path or the names say one of these words, the framework's own name aside.
fn says(sighting: &Sighting, words: &[&str]) -> bool {
    let path = letters(&sighting.shown_path());
    let names = letters(&sighting.names);
    [path, names].iter().any(|text| {
        let text = text.replace("appattest", "").replace("deviceattest", "");
        words.iter().any(|word| text.contains(word))
    })
}

fn if_true(holds: bool, points: i32) -> i32 {
    if holds { points } else { 0 }
}

fn attest_points(sighting: &Sighting) -> i32 {
    let carried = carries(sighting, Role::Attestation);
    let raw = matches!(sighting.body, sighting::Body::Raw(..));
    if carried == 0 && !raw {
        return 0;
    }
    carried
        + if_true(sighting.good_answer().is_some(), 1)
        + if_true(carries(sighting, Role::KeyId) > 0, 3)
        + if_true(says(sighting, &["attest", "enrol", "register", "registration"]), 3)
        - if_true(carries(sighting, Role::Assertion) > 0, 6)
        - if_true(sighting.method == "GET", 4)
}

fn assert_points(sighting: &Sighting) -> i32 {
    let carried = carries(sighting, Role::Assertion);
    if carried == 0 {
        return 0;
    }
    carried
        + if_true(sighting.good_answer().is_some(), 1)
        + if_true(carries(sighting, Role::KeyId) > 0, 2)
        + if_true(says(sighting, &["assert", "verify"]), 2)
        - if_true(carries(sighting, Role::Attestation) == 10, 6)
}

fn challenge_points(sighting: &Sighting) -> i32 {
    if carries(sighting, Role::Attestation) > 0 || carries(sighting, Role::Assertion) > 0 {
        return 0;
    }
    let answered = sighting.good_answer().and_then(|answer| answer.json.as_ref());
    let holds = answered.is_some_and(|json| {
        json.leaves().iter().any(|(_, name, leaf)| role::of(name, leaf) == Some(Role::Challenge))
    });
    if_true(holds, 6) + if_true(says(sighting, &["challenge", "nonce"]), 6)
}

fn revoke_points(sighting: &Sighting) -> i32 {
    let names_key = carries(sighting, Role::KeyId) > 0;
    if_true(names_key, 3)
        + if_true(says(sighting, &["revoke", "unregister", "deregister", "unenrol"]), 4)
        + if_true(sighting.method == "DELETE", 3)
}

fn login_points(sighting: &Sighting) -> i32 {
    if sighting.method == "GET" || carries(sighting, Role::Assertion) > 0 {
        return 0;
    }
    let leaves = sighting.leaves();
    let password = leaves.iter().any(|(place, name, leaf)| {
        matches!(place, Place::Json(_) | Place::Field(_))
            && (letters(name).contains("passw") || leaf.hint.contains("password") || leaf.secret)
    });
    let gives = sighting.good_answer().is_some_and(|answer| {
        let token = answer.json.as_ref().is_some_and(|json| {
            json.leaves().iter().any(|(_, name, leaf)| role::of(name, leaf) == Some(Role::Secret))
        });
        token || !answer.cookies.is_empty()
    });
    if_true(says(sighting, &["login", "signin", "logon", "session", "authenticate", "oauth"]), 4)
        + if_true(password, 4)
        + if_true(gives, 3)
        - if_true(says(sighting, &["logout", "signout"]), 6)
}
