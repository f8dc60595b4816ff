//! What devices hold between two requests: their challenge, and what the target gave them to keep.
//!
//! At a launch nearly all devices hold a challenge while they wait for Apple, and for most that is
//! all they hold. So that is kept in few bytes.

use super::super::audit::OTHERS;
use super::super::fleet::Kept as AsKept;
use super::steps::Keep;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use targets::{CHALLENGE_TEXT, Saved};

/// What all devices hold.
#[derive(Debug)]
pub(super) struct Held {
    of: HashMap<u32, Kept>,
    /// When the challenge was asked for and when it was there, in ms since `origin`.
    times: Vec<(u32, u32)>,
    /// By which numbers the state oracle knows their keys.
    keys: Vec<u32>,
    next_key: u32,
    /// Some of the requests that were accepted, for the audit.
    accepted: Vec<AsKept>,
    origin: Instant,
}

#[derive(Debug)]
enum Kept {
    /// A challenge and nothing else.
    Challenge(Box<str>),
    /// Anything else.
    More(Box<More>),
}

#[derive(Debug, Default)]
struct More {
    saved: Saved,
    accepted: Option<Accepted>,
}

/// A protected request that was accepted, to be sent again.
pub(super) type Accepted = Box<AsKept>;

/// When a challenge was asked for, and when it was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) asked: Instant,
    pub(super) there: Instant,
}

impl Held {
    /// Nothing yet, for so many devices.
    pub(super) fn by(devices: u32) -> Self {
        let times = vec![(0, 0); devices as usize];
        let keys = vec![0; devices as usize];
        let (of, accepted) = (HashMap::new(), Vec::new());
        Self { of, times, keys, next_key: 0, accepted, origin: Instant::now() }
    }

    /// What a device holds. It does not hold it any more.
    pub(super) fn take(&mut self, device: u32) -> (Saved, Option<Accepted>) {
        match self.of.remove(&device) {
            None => (Saved::new(), None),
            Some(Kept::Challenge(text)) => {
                (Saved::from([(CHALLENGE_TEXT.to_owned(), text.into())]), None)
            }
            Some(Kept::More(more)) => (more.saved, more.accepted),
        }
    }

    /// Gives a device something to hold.
    fn give(&mut self, device: u32, mut saved: Saved, accepted: Option<Accepted>) {
        let kept = match (saved.len(), accepted) {
            (0, None) => return,
            (1, None) => match saved.remove(CHALLENGE_TEXT) {
                Some(text) => Kept::Challenge(text.into_boxed_str()),
                None => Kept::More(Box::new(More { saved, accepted: None })),
            },
            (_, accepted) => Kept::More(Box::new(More { saved, accepted })),
        };
        self.of.insert(device, kept);
    }

    /// Gives a device back what its next request needs, and nothing else.
    pub(super) fn keep(
        &mut self,
        device: u32,
        keep: Keep,
        mut saved: Saved,
        accepted: Option<Accepted>,
    ) {
        if keep != Keep::Challenge {
            saved.remove(CHALLENGE_TEXT);
        }
        self.give(device, saved, accepted.filter(|_| keep == Keep::Request));
    }

    /// A device has a key that nobody has seen. Gives back its number.
    pub(super) fn another_key(&mut self, device: u32) -> u32 {
        self.keys[device as usize] = self.next_key;
        self.next_key += 1;
        self.keys[device as usize]
    }

    /// The number of a device's key.
    pub(super) fn key(&self, device: u32) -> u32 {
        self.keys[device as usize]
    }

    /// Keeps an accepted request for the audit, if it has not enough of them.
    pub(super) fn keep_for_audit(&mut self, accepted: &AsKept) {
        if self.accepted.len() < OTHERS {
            self.accepted.push(accepted.clone());
        }
    }

    /// Takes what was kept for the audit.
    pub(super) fn take_for_audit(&mut self) -> Vec<AsKept> {
        std::mem::take(&mut self.accepted)
    }

    /// Notes when a device's challenge was asked for and there.
    pub(super) fn note(&mut self, device: u32, times: Times) {
        let millis = |at: Instant| at.saturating_duration_since(self.origin).as_millis();
        // Rounded so that the challenge is thought no younger and no older than it may be.
        let (asked, there) = (millis(times.asked), millis(times.there) + 1);
        let short = |millis: u128| u32::try_from(millis).unwrap_or(u32::MAX);
        self.times[device as usize] = (short(asked), short(there));
    }

    /// When a device's challenge was asked for and there.
    pub(super) fn times(&self, device: u32) -> Times {
        let (asked, there) = self.times[device as usize];
        let at = |millis: u32| self.origin + Duration::from_millis(millis.into());
        Times { asked: at(asked), there: at(there) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::state::key::Act;
    use super::super::super::state::{Request, Sincerity};
    use super::*;
    use targets::Facts;

    fn saved(names: &[&str]) -> Saved {
        names.iter().map(|name| ((*name).to_owned(), format!("of {name}"))).collect()
    }

    fn kept() -> AsKept {
        let request = Request {
            key: 0,
            act: Act::Assert { counter: 1 },
            challenge: None,
            sincerity: Sincerity::Sincere,
        };
        AsKept { facts: Facts::new("a", ""), saved: saved(&["x"]), request }
    }

    #[test]
    fn what_is_given_is_taken_once_whatever_it_is() {
        let mut held = Held::by(9);
        let contents = [
            (saved(&[]), None),
            (saved(&[CHALLENGE_TEXT]), None),
            (saved(&["token"]), None),
            (saved(&[CHALLENGE_TEXT, "token"]), None),
            (saved(&[]), Some(Box::new(kept()))),
        ];
        for (device, (saved, accepted)) in contents.into_iter().enumerate() {
            let wanted = (saved.clone(), accepted.is_some());
            held.give(device as u32, saved, accepted);
            let (saved, accepted) = held.take(device as u32);
            assert_eq!((saved, accepted.is_some()), wanted);
            assert_eq!(held.take(device as u32).0, Saved::new());
        }
    }

    #[test]
    fn a_challenge_alone_costs_few_bytes() {
        assert!(size_of::<(u32, Kept)>() <= 24, "{}", size_of::<(u32, Kept)>());
    }

    #[test]
    fn no_two_keys_have_one_number() {
        let mut held = Held::by(2);
        let numbers = [held.another_key(0), held.another_key(1), held.another_key(0)];
        assert_eq!(numbers, [0, 1, 2]);
        assert_eq!((held.key(0), held.key(1)), (2, 1));
    }

    #[test]
    fn times_are_kept_to_the_millisecond_and_never_flatter() {
        let mut held = Held::by(2);
        let asked = held.origin + Duration::from_micros(1_500);
        let there = asked + Duration::from_micros(7_100);
        held.note(1, Times { asked, there });
        let times = held.times(1);
        assert!(times.asked <= asked && asked - times.asked < Duration::from_millis(1));
        assert!(times.there >= there && times.there - there <= Duration::from_millis(1));
    }
}
