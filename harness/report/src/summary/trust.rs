//! What a run says of a target that trusts no test root.

use super::Cases;
use crate::text::{count, counted};
use record::{Failure, Trust, Verdict};

/// In which mode it was played and what that comes to; none where the test root is trusted.
pub(super) fn statement(trust: Trust, cases: &Cases) -> Option<String> {
    let of = |wanted: fn(&Verdict) -> bool| {
        let asked = |case: &&super::Case| case.expectation == "reject" && wanted(&case.verdict);
        cases.list.iter().filter(asked).count() as u64
    };
    let is_hole = |verdict: &Verdict| {
        matches!(verdict, Verdict::Fail { failure: Failure::FalseAccept | Failure::Unstable, .. })
    };
    let refused = of(|verdict| *verdict == Verdict::Pass);
    let accepted = of(is_hole);
    let asked = counted(refused + accepted, "case", "cases");
    Some(match trust {
        Trust::SwapRoot => return None,
        Trust::ExpectUntrusted if accepted > 0 => format!(
            "Trust mode expect-untrusted: the test trust anchor was shipped, or none is checked; {} of {asked} under a test root were accepted.",
            count(accepted)
        ),
        Trust::ExpectUntrusted if refused > 0 => format!(
            "Trust mode expect-untrusted: {asked} under a test root, and nothing was accepted."
        ),
        Trust::AppleRoot if accepted > 0 => format!(
            "Trust mode apple-root: {} of {asked} were accepted that nobody but Apple could make.",
            count(accepted)
        ),
        Trust::AppleRoot => {
            "Trust mode apple-root: nothing sent can be genuine, so that a refusal \
                             is weak evidence and counted apart."
                .to_owned()
        }
        Trust::ExpectUntrusted => "Trust mode expect-untrusted: nothing was decided.".to_owned(),
    })
}
