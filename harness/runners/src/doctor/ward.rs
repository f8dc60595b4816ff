//! What all checks share: the server, how it is spoken to by now, and what was seen of it.

use super::probes::{Probes, honest};
use super::told::Told;
use super::{Plan, Pliable};
use crate::StopFlag;
use crate::conformance::premises;
use crate::conversation::Stage;
use catalogue::{Case, Kind};
use jiff::{SignedDuration, Timestamp};
use protocol::relying_party::Purpose;
use protocol::verify::Rule;
use simulator::{Authority, Generation, Seed};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use targets::{Decision, Saved, TargetFile};

/// Requests in a row that came to nothing before no more are sent.
const PATIENCE: u32 = 3;

/// How a trial is made.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    /// How the server is spoken to; devices are of its app and environment.
    pub(super) file: TargetFile,
    /// The shape of the device.
    pub(super) generation: Generation,
    /// Whose root the device's certificates chain up to.
    pub(super) authority: Authority,
    /// How far the device's clock is ahead.
    pub(super) offset: SignedDuration,
}

/// The server under examination.
pub(super) struct Ward<'a, T> {
    pub(super) plan: &'a Plan,
    pub(super) setting: Setting,
    pub(super) probes: Probes,
    /// What the server said of the lies whose rules are known.
    pub(super) heard: BTreeMap<String, Vec<Rule>>,
    /// `Date`s, each with the time it came.
    pub(super) dates: Vec<(Timestamp, String)>,
    door: &'a T,
    stop: &'a StopFlag,
    seed: Seed,
    trials: u64,
    silent: u32,
}

impl<'a, T: Pliable> Ward<'a, T> {
    pub(super) fn new(plan: &'a Plan, door: &'a T, stop: &'a StopFlag) -> Self {
        let file = door.dialect().file().clone();
        let setting = Setting {
            file,
            generation: Generation::Ios26,
            authority: plan.authority.clone(),
            offset: SignedDuration::ZERO,
        };
        Self {
            plan,
            setting,
            probes: Probes::new(),
            heard: BTreeMap::new(),
            dates: Vec::new(),
            door,
            stop,
            seed: plan.seed.child("doctor", plan.session),
            trials: 0,
            silent: 0,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.plan.clock)()
    }

    /// Why nothing more is sent, if that is so.
    pub(super) fn given_up(&self) -> Option<&'static str> {
        if self.stop.load(Ordering::Relaxed) {
            Some("it was interrupted")
        } else if self.silent >= PATIENCE {
            Some("three requests in a row got no decision")
        } else {
            None
        }
    }

    pub(super) fn trials(&self) -> u64 {
        self.trials
    }

    /// The honest request of that kind, as the setting has it by now.
    pub(super) async fn honest(&mut self, kind: Kind) -> Told {
        let setting = self.setting.clone();
        self.play(&setting, &honest(kind)).await
    }

    /// A lie, as the setting has it by now.
    pub(super) async fn lie(&mut self, kind: Kind, name: &str) -> Told {
        let setting = self.setting.clone();
        self.lie_in(&setting, kind, name).await
    }

    /// A lie in another setting.
    pub(super) async fn lie_in(&mut self, setting: &Setting, kind: Kind, name: &str) -> Told {
        let probe = self.probes.of(kind, name);
        self.play(setting, &probe).await
    }

    /// A lie to a server that accepts what is honest; what it says is remembered.
    pub(super) async fn hear(&mut self, kind: Kind, name: &str) -> Told {
        let probe = self.probes.of(kind, name);
        let setting = self.setting.clone();
        let told = self.play(&setting, &probe).await;
        if told.reached
            && let Some(reason) = told.reason()
        {
            let rules = self.heard.entry(reason.to_owned()).or_default();
            rules.extend(
                probe.rules.iter().filter(|rule| !rules.contains(rule)).collect::<Vec<_>>(),
            );
        }
        told
    }

    /// Plays a case with a device and an account that nobody has seen.
    pub(super) async fn play(&mut self, setting: &Setting, case: &Case) -> Told {
        let mut case = case.clone();
        case.base.generation = setting.generation;
        self.trials += 1;
        let seed = self.seed.child("trial", self.trials);
        let nothing = |trouble: String| Told { trouble: Some(trouble), ..Told::default() };
        let target = match self.door.speaking(&setting.file) {
            Ok(target) => target,
            Err(error) => return nothing(error.to_string()),
        };
        let (clock, offset) = (Arc::clone(&self.plan.clock), setting.offset);
        let clock: crate::conversation::Clock = Arc::new(move || clock() + offset);
        let premises = premises(target.dialect(), self.plan.longest_wait);
        let stage = Stage {
            target: &target,
            premises: &premises,
            authority: &setting.authority,
            clock: &clock,
            keeps: false,
        };
        let played = match stage.play(&case, &seed).await {
            Ok(played) => played,
            Err(error) => return nothing(error.to_string()),
        };
        let reached = !played.last.is_empty();
        let turn = played.last.into_iter().next().or_else(|| played.before.into_iter().last());
        let Some(turn) = turn else { return nothing("the case has no request".to_owned()) };
        self.note(&turn.exchange.decision, turn.exchange.noted.date.as_ref());
        Told {
            reached,
            what: turn.what,
            truth: turn.truth,
            exchange: Some(turn.exchange),
            trouble: None,
        }
    }

    /// Asks a node for a challenge.
    pub(super) async fn ask(&mut self, purpose: Purpose, node: usize) -> (Told, Saved) {
        self.trials += 1;
        let seed = self.seed.child("trial", self.trials);
        let nothing =
            |trouble: String| (Told { trouble: Some(trouble), ..Told::default() }, Saved::new());
        let target = match self.door.speaking(&self.setting.file) {
            Ok(target) => target,
            Err(error) => return nothing(error.to_string()),
        };
        let premises = premises(target.dialect(), self.plan.longest_wait);
        let stage = Stage {
            target: &target,
            premises: &premises,
            authority: &self.setting.authority,
            clock: &self.plan.clock,
            keeps: false,
        };
        match stage.ask(&honest(Kind::Attestation), &seed, purpose, node).await {
            Err(error) => nothing(error.to_string()),
            Ok((exchange, saved)) => {
                self.note(&exchange.decision, exchange.noted.date.as_ref());
                let told = Told {
                    exchange: Some(exchange),
                    reached: true,
                    what: "challenge".to_owned(),
                    ..Told::default()
                };
                (told, saved)
            }
        }
    }

    /// The server as it is spoken to by now.
    pub(super) fn target(&self) -> Option<T> {
        self.door.speaking(&self.setting.file).ok()
    }

    /// A seed for requests that are no trials.
    pub(super) fn seed(&self) -> Seed {
        self.seed
    }

    fn note(&mut self, decision: &Decision, date: Option<&String>) {
        if let Some(date) = date {
            self.dates.push((self.now(), date.clone()));
        }
        match decision {
            Decision::TimedOut
            | Decision::Unreachable { .. }
            | Decision::Closed { .. }
            | Decision::Throttled { .. } => self.silent += 1,
            Decision::Accepted { .. }
            | Decision::Rejected { .. }
            | Decision::Failed
            | Decision::Unreadable { .. } => self.silent = 0,
        }
    }
}
