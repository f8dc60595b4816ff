//! New devices, each from its number.

use super::keyring::Keyring;
use super::plan::LoadPlan;
use super::state::Issued;
use protocol::terms::{AppId, Environment};
use simulator::key::{Key, KeyWalk, walk_from};
use simulator::{Device, Generation, Seed};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use targets::file::{Declared, DeclaredPolicy, SessionRules};
use targets::{Saved, TargetFile};

/// A device and the account it belongs to.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) device: Device,
    pub(super) account: String,
    /// What the target gave it to keep, its challenge included.
    pub(super) saved: Saved,
    /// The counter that was last accepted.
    pub(super) accepted_counter: u32,
    /// Its number, by which the state oracle knows its key.
    pub(super) number: u32,
    /// The challenge in `saved`.
    pub(super) issued: Option<Issued>,
    /// The challenge that it used last, if that was accepted.
    pub(super) used: Option<(String, Issued)>,
    /// A second challenge, and what else the target gave with it, for those who race with themselves.
    pub(super) spare: Option<Box<(Saved, Issued)>>,
}

/// Makes the devices of a fleet, each from its number.
#[derive(Debug)]
pub(super) struct Recruiter {
    seed: Seed,
    run: String,
    session: SessionRules,
    app_id: AppId,
    environment: Environment,
    generations: Vec<Generation>,
    version: Option<String>,
    category: Option<u32>,
    /// The next number, and the walk that its key is on.
    next: Mutex<(u64, KeyWalk)>,
    numbered: Keyring,
}

impl Recruiter {
    /// Devices that the target's declared policy admits.
    ///
    /// A target that is not started anew remembers keys and counters. So devices depend on `run`
    /// besides the seed, a number that no two runs share; schedule, mix and lies do not.
    pub(super) fn new(plan: &LoadPlan, target: &TargetFile, run: u64) -> Self {
        let policy = &target.policy;
        let seed = plan.seed.child("load fleet", run);
        Self {
            next: Mutex::new((0, walk_from(&seed, 0))),
            numbered: Keyring::new(seed.child("numbered devices", 0)),
            seed,
            run: plan.seed.child("load accounts", run).to_hex()[..8].to_owned(),
            session: target.session.clone(),
            app_id: target.app_id.clone(),
            environment: target.environment,
            generations: generations(policy),
            version: policy.bundle_version.as_ref().and_then(allowed).cloned(),
            category: policy.validation_category.as_ref().and_then(allowed).copied(),
        }
    }

    /// The next device that nobody has seen.
    pub(super) fn recruit(&self) -> Member {
        let (number, key) = self.next_key();
        self.made(number, self.seed.child("device", number), key)
    }

    /// The device of a number with the key that came after so many others.
    ///
    /// Its keys follow from its number alone, so that nobody has to remember them.
    pub(super) fn member(&self, number: u32, keys: u16) -> Member {
        let seed = self.seed.child("numbered device", number.into());
        self.made(number.into(), seed, self.numbered.key(number, keys))
    }

    /// The account of the device of a number.
    pub(super) fn account(&self, number: u32) -> String {
        self.named(number)
    }

    /// What the target file calls an account, or else what we do.
    fn named(&self, who: impl fmt::Display) -> String {
        let number = format!("{}-{who}", self.run);
        self.session.account(&number).unwrap_or_else(|| format!("load-{number}"))
    }

    fn made(&self, number: u64, seed: Seed, key: Key) -> Member {
        let generation = self.generations[number as usize % self.generations.len()];
        let app_id = self.app_id.clone();
        let mut device = Device::with_key(&seed, key, generation, app_id, self.environment);
        if device.bundle_version.is_some() && self.version.is_some() {
            device.bundle_version.clone_from(&self.version);
        }
        if device.validation_category.is_some() && self.category.is_some() {
            device.validation_category = self.category;
        }
        Member {
            device,
            account: self.named(number),
            saved: Saved::new(),
            accepted_counter: 0,
            number: number as u32,
            issued: None,
            used: None,
            spare: None,
        }
    }

    fn next_key(&self) -> (u64, Key) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let (number, walk) = &mut *next;
        let key = walk.next().expect("a walk has no end").into_walked();
        *number += 1;
        (*number - 1, key)
    }

    /// An account without a device: it asks for challenges that nobody uses, and sends garbage.
    pub(super) fn guest(&self) -> String {
        self.named("guest")
    }
}

/// Old and new shapes, unless the target demands what only new ones carry.
fn generations(policy: &DeclaredPolicy) -> Vec<Generation> {
    let demanded = matches!(policy.bundle_version, Some(Declared::Require(_)))
        || matches!(policy.validation_category, Some(Declared::Require(_)));
    if demanded {
        vec![Generation::Ios27]
    } else {
        vec![Generation::Ios27, Generation::Ios26, Generation::Ios17]
    }
}

fn allowed<T>(declared: &Declared<T>) -> Option<&T> {
    match declared {
        Declared::Ignore => None,
        Declared::AllowMissing(values) | Declared::Require(values) => values.first(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::time::Duration;

    fn recruiter(edit: impl FnOnce(&mut TargetFile)) -> Recruiter {
        recruiter_of_run(1, edit)
    }

    fn recruiter_of_run(run: u64, edit: impl FnOnce(&mut TargetFile)) -> Recruiter {
        let seed = Seed::from_text("fleet");
        let plan = LoadPlan::steady(10.0, Duration::from_secs(1), seed);
        let mut target =
            TargetFile::reference("http://127.0.0.1:1", Duration::from_mins(1)).unwrap();
        edit(&mut target);
        Recruiter::new(&plan, &target, run)
    }

    #[test]
    fn the_same_seed_recruits_the_same_devices_and_no_two_alike() {
        let (one, other) = (recruiter(|_| {}), recruiter(|_| {}));
        let ids: Vec<_> = (0..5).map(|_| one.recruit().device.key_id()).collect();
        let again: Vec<_> = (0..5).map(|_| other.recruit().device.key_id()).collect();
        assert_eq!(ids, again);
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 5);
        let later = recruiter_of_run(2, |_| {}).recruit();
        assert!(!ids.contains(&later.device.key_id()), "a target may remember the first run");
    }

    #[test]
    fn a_device_of_a_number_is_always_the_same_and_each_of_its_keys_another() {
        let one = recruiter(|_| {});
        let (first, again) = (one.member(7, 0), recruiter(|_| {}).member(7, 0));
        assert_eq!(first.device.key_id(), again.device.key_id());
        assert_eq!(first.account, one.account(7));
        let keys: HashSet<_> = (0..4).map(|keys| one.member(7, keys).device.key_id()).collect();
        assert_eq!(keys.len(), 4);
        assert_eq!(one.member(7, 3).account, first.account);
        assert_ne!(one.member(8, 0).device.key_id(), first.device.key_id());
    }

    #[test]
    fn accounts_are_called_as_the_target_file_says() {
        let plain = recruiter(|_| {});
        let run = plain.guest().replace("load-", "").replace("-guest", "");
        assert_eq!(plain.account(7), format!("load-{run}-7"));
        let named = recruiter(|target| {
            target.session.account = Some("user+${n}@example.org".to_owned());
        });
        assert_eq!(named.account(7), format!("user+{run}-7@example.org"));
        assert_eq!(named.guest(), format!("user+{run}-guest@example.org"));
        assert_eq!(named.recruit().account, format!("user+{run}-0@example.org"));
    }

    #[test]
    fn devices_carry_what_the_declared_policy_demands() {
        let strict = recruiter(|target| {
            target.policy.bundle_version = Some(Declared::Require(vec!["7.1".to_owned()]));
            target.policy.validation_category = Some(Declared::AllowMissing(vec![2]));
        });
        for member in (0..4).map(|_| strict.recruit()) {
            assert_eq!(member.device.bundle_version.as_deref(), Some("7.1"));
            assert_eq!(member.device.validation_category, Some(2));
        }
    }
}
