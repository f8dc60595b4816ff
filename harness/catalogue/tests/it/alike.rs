//! No two cases send the same to the same servers: the second would only count twice.

use crate::paper::{Paper, authority, servers};
use catalogue::{Case, Need, builtin};
use simulator::Seed;
use std::collections::BTreeMap;

#[test]
fn no_two_cases_are_the_same_conversation() {
    let cases = builtin().unwrap();
    for (index, case) in cases.iter().enumerate() {
        let same = cases[..index].iter().find(|other| {
            (other.base, &other.steps, &other.needs) == (case.base, &case.steps, &case.needs)
        });
        assert!(same.is_none(), "{} is {}", case.id, same.unwrap().id);
    }
}

#[test]
fn no_two_edits_of_one_request_give_the_same_bytes() {
    // What an edit asks for may be there by chance, but not under every seed.
    let seeds = ["one", "two", "three", "four", "five", "six"].map(Seed::from_text);
    let servers = servers();
    let mut alike = Vec::new();
    let mut known: BTreeMap<(Vec<Need>, Vec<u8>), String> = BTreeMap::new();
    for case in builtin().unwrap().into_iter().filter(edits_the_last_request_only) {
        let applies = servers.iter().position(|server| server.missing(&case).is_none());
        let Some(server) = applies else { continue };
        // The same name for all, so that only the edits tell them apart.
        let nameless = Case { id: "alike".to_owned(), ..case.clone() };
        let sent = |seed: &Seed| {
            Paper::new(&authority(seed), &servers[server]).play(&nameless, seed).unwrap().sent
        };
        let sent: Vec<u8> = seeds.iter().flat_map(sent).collect();
        if let Some(other) = known.insert((case.needs, sent), case.id.clone()) {
            alike.push(format!("{} sends the same as {other}", case.id));
        }
    }
    assert!(alike.is_empty(), "{}", alike.join("\n"));
    assert!(known.len() > 200, "only {} cases were compared", known.len());
}

/// What decides about other conversations is what was sent before.
fn edits_the_last_request_only(case: &Case) -> bool {
    let mut unedited = case.steps.clone();
    if let Some(last) = unedited.last_mut() {
        last.operators.clear();
    }
    // Paper does not see what lies around the values of a request.
    let is_around = |name: String| name.starts_with("wire.");
    unedited == Case::twin(case.base).steps && !case.operators().into_iter().any(is_around)
}
