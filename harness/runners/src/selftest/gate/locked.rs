use super::{Gate, some};
use crate::selftest::lock::KillsLock;

/// G4: the kills are those of the lock: none is lost, and new ones are written down.
pub fn kills_only_grow(lock: &KillsLock, now: &KillsLock) -> Gate {
    let drift = lock.drift(now);
    let mut broken = Vec::new();
    for (mutant, cases) in &drift.lost {
        let cases = some(cases.iter().map(String::as_str));
        broken.push(format!("lost: {mutant} no longer dies to {cases}"));
    }
    let gained: usize = drift.gained.values().map(std::collections::BTreeSet::len).sum();
    if gained > 0 || !drift.new_mutants.is_empty() {
        let mutants = some(drift.gained.keys().chain(&drift.new_mutants).map(String::as_str));
        broken.push(format!(
            "{gained} kills are not in the lock ({mutants}): run `assay selftest --update`"
        ));
    }
    Gate::new("G4", "The kills are those of kills.lock.", broken)
}

#[cfg(test)]
mod tests {
    use super::super::broken;
    use super::*;

    #[test]
    fn lost_and_new_kills_break_it_each_in_its_way() {
        let lock = |text: &str| text.parse::<KillsLock>().unwrap();
        let old = lock("m\n  a\n  b\n");
        assert!(!kills_only_grow(&old, &old).is_broken());
        assert_eq!(
            broken(&kills_only_grow(&old, &lock("m\n  a\n"))),
            ["lost: m no longer dies to b"]
        );
        assert_eq!(
            broken(&kills_only_grow(&old, &lock("m\n  a\n  b\n  c\n"))),
            ["1 kills are not in the lock (m): run `assay selftest --update`"]
        );
        assert_eq!(
            broken(&kills_only_grow(&old, &lock("m\n  a\n  b\nn\n"))),
            ["0 kills are not in the lock (n): run `assay selftest --update`"]
        );
    }
}
