//! What a fuzzer starts from: simulated objects of every generation, and what the built-in cases
//! make of them.
//!
//! Same program, same bytes. Everything is signed by the test authority of a seed that stands here:
//! it protects nothing and is for tests alone.

mod objects;
mod texts;

use crate::Target;
use std::collections::BTreeMap;

/// The seeds of a target by name. Each is an input of its own; none is empty.
pub fn of(target: Target) -> BTreeMap<String, Vec<u8>> {
    let mut seeds = BTreeMap::new();
    let mut add = |name: String, bytes: Vec<u8>| {
        if !bytes.is_empty() && bytes.len() <= LARGEST {
            seeds.insert(name, bytes);
        }
    };
    match target.name {
        "attestation" => objects::attestations(&mut add),
        "assertion" => objects::assertions(&mut add),
        "authenticator-data" => objects::authenticator_data(&mut add),
        "certificate" => objects::certificates(&mut add),
        "receipt" => objects::receipts(&mut add),
        "target-file" => texts::target_files(&mut add),
        "adapter" => texts::lines(&mut add),
        "http" => texts::answers(&mut add),
        "structured" => texts::choices(&mut add),
        other => unreachable!("no target is called {other}"),
    }
    seeds
}

/// Bytes of a seed: a case about size alone teaches a fuzzer nothing.
const LARGEST: usize = 16 << 10;

/// Takes a seed and its name.
type Add<'a> = dyn FnMut(String, Vec<u8>) + 'a;
