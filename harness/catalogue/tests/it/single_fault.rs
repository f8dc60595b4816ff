//! Every recipe tells exactly the lie it declares, and its twin none.

use crate::paper::{Paper, Played, authority, servers};
use catalogue::{Base, Case, Expectation, Fault, Listed, Need, Operator, Premises, builtin};
use protocol::verify::Rule;
use simulator::Seed;
use std::collections::BTreeSet;

const SEEDS: u64 = 8;

fn seeds() -> impl Iterator<Item = Seed> {
    let root = Seed::from_text("single fault");
    (0..SEEDS).map(move |index| root.child("seed", index))
}

/// The servers to which a case applies.
fn servers_for(case: &Case) -> impl Iterator<Item = Premises> {
    servers().into_iter().filter(|server| server.missing(case).is_none())
}

/// Whether exactly the declared lie was told.
fn is_as_declared(case: &Case, played: &Played) -> bool {
    match case.fault {
        Fault::Rules => {
            let declared: BTreeSet<Rule> = case.rules.iter().copied().collect();
            let accepted = case.expectation != Expectation::One || played.accepted == 1;
            played.broken == declared && played.formed != Some(false) && accepted
        }
        Fault::Form => played.broken.is_empty() && played.formed != Some(true),
        // Where a damage is harmless, either answer is right.
        Fault::Damage => {
            !played.broken.is_empty()
                || played.formed == Some(false)
                || case.expectation == Expectation::Either
        }
    }
}

#[test]
fn every_case_breaks_the_rules_it_names_and_no_other() {
    let cases = builtin().unwrap();
    let mut wrong = Vec::new();
    for (turn, seed) in seeds().enumerate() {
        let authority = authority(&seed);
        for case in &cases {
            // The servers take turns, so that each meets every case that applies to it.
            let servers: Vec<_> = servers_for(case).collect();
            let Some(server) = servers.iter().cycle().nth(turn) else { continue };
            match Paper::new(&authority, server).play(case, &seed) {
                Ok(played) if is_as_declared(case, &played) => {}
                Ok(played) => wrong.push(format!(
                    "{}: declares {:?}, fault of {}; breaks {:?}, formed {:?} (seed {}, {server:?})",
                    case.id,
                    case.rules,
                    case.fault,
                    played.broken,
                    played.formed,
                    seed.to_hex()
                )),
                Err(why) => wrong.push(why),
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
            for server in servers_for(&twin) {
                let played = Paper::new(&authority, &server).play(&twin, &seed).unwrap();
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
        let edits = |one: &Operator| !one.to_string().starts_with("wire.");
        let edited = case.steps.last().is_some_and(|step| step.operators.iter().any(edits));
        // What decides about a case with steps may be what was sent before.
        let Some(server) = servers_for(&case).next().filter(|_| edited) else { continue };
        let mut twin = case.clone();
        for step in &mut twin.steps {
            step.operators.clear();
            step.expectation = Expectation::Accept;
        }
        let sent = |case: &Case| Paper::new(&authority, &server).play(case, &seed).map(|p| p.sent);
        let (Ok(edited), Ok(honest)) = (sent(&case), sent(&twin)) else {
            panic!("{} and its twin are played to the end", case.id)
        };
        assert!(edited != honest, "{} sends what its twin sends", case.id);
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let seed = Seed::from_text("again");
    let authority = authority(&seed);
    for case in builtin().unwrap() {
        let Some(server) = servers_for(&case).next() else { continue };
        let sent = || Paper::new(&authority, &server).play(&case, &seed).unwrap().sent;
        assert_eq!(sent(), sent(), "{}", case.id);
    }
}

#[test]
fn every_case_applies_to_some_server_unless_it_needs_a_clock() {
    for case in builtin().unwrap() {
        let applies = servers_for(&case).next().is_some();
        assert_eq!(applies, !case.needs.contains(&Need::Clock), "{}", case.id);
    }
}

#[test]
fn a_lie_that_the_policy_allows_is_none() {
    let case =
        builtin().unwrap().into_iter().find(|case| case.id == "extensions.category-development");
    let case = case.unwrap();
    let mut server = servers().remove(0);
    assert_eq!(server.missing(&case), None);
    server.categories = Some(Listed { values: vec![3, 4], absent_allowed: true });
    assert!(server.missing(&case).is_some_and(|why| why.contains("allows validation category 3")));
}
