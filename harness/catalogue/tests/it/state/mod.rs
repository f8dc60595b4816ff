//! The reference relying party against a model of it that is a tenth of its size.
//!
//! Both hold a conversation: challenges, enrolments, protected requests, replays, revocations and
//! time that passes, by two accounts with two devices. Every decision, and the rule that is told
//! first, must be the same. What differs is shrunk to the shortest conversation that shows it and
//! printed as a case.

mod deed;
mod flawed;
mod machine;
mod model;
mod recipe;
mod stage;

use crate::paper::authority;
use catalogue::{Case, parse};
use deed::{ACCOUNTS, Act, DEVICES, Deed, Lie};
use machine::Machine;
use model::Model;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use proptest_state_machine::ReferenceStateMachine;
use protocol::flaw::Flaws;
use protocol::relying_party::Refusal;
use recipe::{Found, steps};
use simulator::{Authority, Seed};
use stage::Stage;
use std::sync::LazyLock;
use std::sync::atomic::Ordering;

/// Steps of the longest conversation.
const STEPS: usize = 20;

static AUTHORITY: LazyLock<Authority> =
    LazyLock::new(|| authority(&Seed::from_text("state machine")));

/// Which differences count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compared {
    /// Also the rule that is told first.
    Rules,
    /// What a client sees of a server that tells no reasons.
    Decisions,
}

/// Plays the conversation up to the first step that is decided otherwise than the model says.
fn play(
    start: &Model,
    deeds: &[Deed],
    flaws: &Flaws,
    compared: Compared,
    seen: &dyn Fn(),
) -> Option<Found> {
    let case = rehearsed(start, deeds);
    let mut stage = Stage::new(&case, &AUTHORITY, &start.premises, flaws.clone());
    let mut model = start.clone();
    for (at, (deed, step)) in deeds.iter().zip(&case.steps).enumerate() {
        seen();
        let due = model.step(deed);
        let decided = stage.play(step);
        let told = match &decided {
            Ok(()) => None,
            Err(Refusal::Broken(broken)) => Some(broken.rule),
            // Whatever else it is, it is none of the rules.
            Err(Refusal::Failed(_) | Refusal::Full(_) | Refusal::RepeatedEntropy) => {
                return Some(Found {
                    start: start.clone(),
                    deeds: deeds[..=at].to_vec(),
                    due,
                    came: decided,
                });
            }
        };
        let agree = match compared {
            Compared::Rules => told == due.first().copied(),
            Compared::Decisions => !deed.can_be_judged() || decided.is_ok() == due.is_empty(),
        };
        if !agree {
            return Some(Found {
                start: start.clone(),
                deeds: deeds[..=at].to_vec(),
                due,
                came: decided,
            });
        }
    }
    None
}

/// The conversation as the parser of cases reads it; an honest step stands at the end, because a
/// case must end with one that can be judged.
fn rehearsed(start: &Model, deeds: &[Deed]) -> Case {
    let mut deeds = deeds.to_vec();
    let name = deeds.last().map_or(0, |last| last.name) + 1;
    let act = Act::Attest { device: DEVICES[0], challenge: None, lie: Lie::None };
    deeds.push(Deed { name, account: ACCOUNTS[0], act });
    let text = format!(
        "schema = 1\nfamily = \"found\"\n[[case]]\nid = \"found.by-the-model\"\ntitle = \"Any\"\n\
         level = \"must\"\nseverity = \"high\"\nclass = \"state\"\nclauses = []\nbase = \"assertion.{}\"\n\
         expect = \"either\"\nwhy = \"None.\"\nfix = \"None.\"\n{}",
        start.generation,
        steps(start, &deeds),
    );
    only(&text)
}

fn only(text: &str) -> Case {
    let mut cases = parse("found.toml", text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    cases.remove(0)
}

/// The shortest conversation that tells the flawed relying party from the model, if any is found.
fn search(flaws: &Flaws, compared: Compared, mut runner: TestRunner) -> Option<Found> {
    // Hundreds of conversations meet the same keys.
    let searched = protocol::verify::remembering(|| {
        simulator::key::remembering(|| {
            runner
                .run(&Machine::sequential_strategy(1..STEPS), |(start, deeds, counter)| {
                    let seen = || {
                        if let Some(counter) = &counter {
                            counter.fetch_add(1, Ordering::SeqCst);
                        }
                    };
                    match play(&start, &deeds, flaws, compared, &seen) {
                        None => Ok(()),
                        Some(found) => Err(TestCaseError::fail(found.recipe())),
                    }
                })
                .map_err(Box::new)
        })
    });
    match searched.map_err(|error| *error) {
        Ok(()) => None,
        Err(TestError::Fail(_, (start, deeds, _))) => play(&start, &deeds, flaws, compared, &|| {}),
        Err(TestError::Abort(why)) => panic!("the search ended early: {why}"),
    }
}

#[test]
fn the_relying_party_decides_as_the_model_does() {
    // 256, or as many as `PROPTEST_CASES` says.
    let config = Config { source_file: Some(file!()), ..Config::default() };
    let found = search(&Flaws::NONE, Compared::Rules, TestRunner::new(config));
    if let Some(found) = found {
        panic!("decided otherwise than the model says:\n\n{}", found.recipe());
    }
}
