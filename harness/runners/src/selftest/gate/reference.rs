use super::Gate;
use crate::selftest::player::ReferenceRun;

/// G1: the reference passes every case that applies, on every ground and with every seed.
pub fn the_reference_passes(runs: &[ReferenceRun]) -> Gate {
    let mut broken = Vec::new();
    if runs.is_empty() {
        broken.push("the reference was not played".to_owned());
    }
    for run in runs {
        let place = format!("{}, seed {}", run.ground, run.seed);
        for (case, what) in &run.wrong {
            broken.push(format!("{place}: {case}: {what}"));
        }
        let told = run.passed + run.wrong.len();
        if told != run.planned {
            broken.push(format!("{place}: only {told} of {} cases were played", run.planned));
        }
    }
    Gate::new("G1", "The reference passes every case, on every ground, with every seed.", broken)
}

#[cfg(test)]
mod tests {
    use super::super::broken;
    use super::*;

    fn run() -> ReferenceRun {
        ReferenceRun { ground: "production", seed: 2, planned: 3, passed: 3, wrong: Vec::new() }
    }

    #[test]
    fn it_holds_if_everything_passed() {
        assert!(!the_reference_passes(&[run(), run()]).is_broken());
    }

    #[test]
    fn a_case_that_fails_on_the_reference_breaks_it() {
        let wrong = vec![("nonce.x".to_owned(), "fail: it was accepted".to_owned())];
        let gate = the_reference_passes(&[run(), ReferenceRun { passed: 2, wrong, ..run() }]);
        assert_eq!(broken(&gate), ["production, seed 2: nonce.x: fail: it was accepted"]);
    }

    #[test]
    fn a_case_that_was_lost_breaks_it() {
        let gate = the_reference_passes(&[ReferenceRun { passed: 2, ..run() }]);
        assert_eq!(broken(&gate), ["production, seed 2: only 2 of 3 cases were played"]);
        assert!(the_reference_passes(&[]).is_broken());
    }
}
