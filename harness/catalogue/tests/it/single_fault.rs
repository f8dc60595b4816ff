//! Every recipe tells exactly the lie it declares, and its twin none.

use crate::paper::{Paper, authority, premises};
use catalogue::{Base, Case, Expectation, builtin};
use protocol::terms::Environment;
use protocol::verify::Rule;
use simulator::Seed;
use std::collections::BTreeSet;

const SEEDS: u64 = 8;

fn seeds() -> impl Iterator<Item = Seed> {
    let root = Seed::from_text("single fault");
    (0..SEEDS).map(move |index| root.child("seed", index))
}

/// The environments whose server the case can be played against on paper.
fn environments(case: &Case) -> impl Iterator<Item = Environment> {
    [Environment::Production, Environment::Development]
        .into_iter()
        .filter(|environment| premises(*environment).missing(case).is_none())
}

#[test]
fn every_case_breaks_the_rules_it_names_and_no_other() {
    let cases = builtin().unwrap();
    let mut wrong = Vec::new();
    for seed in seeds() {
        let authority = authority(&seed);
        for case in &cases {
            let declared: BTreeSet<Rule> = case.rules.iter().copied().collect();
            for environment in environments(case) {
                match Paper::new(&authority, environment).play(case, &seed) {
                    Ok(played) if played.broken == declared => {}
                    Ok(played) => wrong.push(format!(
                        "{}: declares {declared:?}, breaks {:?} ({}, seed {})",
                        case.id,
                        played.broken,
                        environment.as_str(),
                        seed.to_hex()
                    )),
                    Err(why) => wrong.push(why),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_base_is_honest() {
    for seed in seeds() {
        let authority = authority(&seed);
        for base in Base::all() {
            let twin = Case::twin(base);
            for environment in environments(&twin) {
                let played = Paper::new(&authority, environment).play(&twin, &seed).unwrap();
                assert_eq!(played.broken, BTreeSet::new(), "{base}, seed {}", seed.to_hex());
            }
        }
    }
}

#[test]
fn every_edited_request_differs_from_its_honest_twin() {
    let seed = Seed::from_text("twins");
    let authority = authority(&seed);
    for case in builtin().unwrap() {
        let edited = case.steps.last().is_some_and(|step| !step.operators.is_empty());
        // What decides about a case with steps may be what was sent before.
        let Some(environment) = environments(&case).next().filter(|_| edited) else { continue };
        let mut twin = case.clone();
        for step in &mut twin.steps {
            step.operators.clear();
            step.expectation = Expectation::Accept;
        }
        let sent =
            |case: &Case| Paper::new(&authority, environment).play(case, &seed).map(|p| p.sent);
        let (Ok(edited), Ok(honest)) = (sent(&case), sent(&twin)) else {
            panic!("{} and its twin are played to the end", case.id)
        };
        assert_ne!(edited, honest, "{}", case.id);
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let seed = Seed::from_text("again");
    let authority = authority(&seed);
    for case in builtin().unwrap() {
        let Some(environment) = environments(&case).next() else { continue };
        let sent = || Paper::new(&authority, environment).play(&case, &seed).unwrap().sent;
        assert_eq!(sent(), sent(), "{}", case.id);
    }
}
