//! What lies around the verification: the server's clock, and how much it bears.

use super::Pliable;
use super::edit::{Edit, rule};
use super::finding::{Check, Finding, shown};
use super::ward::Ward;
use futures_util::future::join_all;
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use targets::file::{Judged, StatusRange};
use targets::{Decision, Exchange, Facts, Operation, Saved};

/// Beyond this a clock is told.
const NOTICED: SignedDuration = SignedDuration::from_secs(60);
/// Beyond this certificates of honest devices are not valid, or soon will not be.
const TOO_FAR: SignedDuration = SignedDuration::from_hours(24);

/// How far the server's clock is ahead of ours, by the last `Date` that can be read.
pub(super) fn skew(dates: &[(Timestamp, String)]) -> Option<SignedDuration> {
    let skew = |(at, date): &(Timestamp, String)| {
        let said = rfc2822::parse(date).ok()?.timestamp();
        Some(said.duration_since(*at))
    };
    dates.iter().rev().find_map(skew)
}

/// A length of time as people say it.
pub(super) fn in_words(length: SignedDuration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// Holds the server's clock against ours.
pub(super) fn clock(dates: &[(Timestamp, String)]) -> Finding {
    let Some(skew) = skew(dates) else {
        return match dates.last() {
            None => Finding::skipped(Check::Clock, "no answer has a `Date`"),
            Some((_, date)) => {
                Finding::skipped(Check::Clock, format!("the `Date` {} is none", shown(date)))
            }
        };
    };
    let which = if skew.is_negative() { "behind" } else { "ahead of" };
    let said = format!("the server's clock is {} {which} this machine's", in_words(skew.abs()));
    if skew.abs() <= NOTICED {
        Finding::ok(Check::Clock, "the server's clock goes as this machine's does, by its `Date`")
    } else if skew.abs() <= TOO_FAR {
        Finding::warn(Check::Clock, said)
            .detail("receipts are good for five minutes, challenges for what the server says: set the clocks")
    } else {
        Finding::broken(Check::Clock, said)
            .detail("certificates are valid from a day before they are issued to two days after: set the clocks")
    }
}

/// Asks for many challenges at once and sees whether the server bears it.
pub(super) async fn rate<T: Pliable>(ward: &mut Ward<'_, T>) -> Finding {
    let burst = ward.plan.burst;
    let Some(target) = ward.target().filter(|_| burst > 0) else {
        return Finding::skipped(Check::Rate, "not probed beyond this machine without permission");
    };
    let target = &target;
    let seed = ward.seed();
    let requests = (0..burst).map(|number| async move {
        let opaque = seed.child("burst", number.into()).to_hex();
        let facts = Facts::new("qa-burst", &opaque[..32]);
        target.perform(Operation::Challenge, &facts, &mut Saved::new()).await
    });
    let answers: Vec<Exchange> =
        join_all(requests).await.into_iter().filter_map(Result::ok).collect();
    let misread = answers.iter().filter(|one| {
        one.status == Some(429) && !matches!(one.decision, Decision::Throttled { .. })
    });
    let misread = misread.count();
    if misread > 0 {
        let status = StatusRange { from: 429, to: 429 };
        let said = format!(
            "of {burst} requests at once {misread} were throttled (status 429), which no rule reads so: they would count as decisions"
        );
        let members = rule(&[], status, None, Judged::Throttled);
        return Finding::broken(Check::Rate, said)
            .at("judge.rules")
            .edits([Edit::AddRule { at: 0, members }]);
    }
    let decisions: Vec<&Decision> = answers.iter().map(|one| &one.decision).collect();
    let throttled = decisions.iter().filter_map(|decision| match decision {
        Decision::Throttled { retry_after } => Some(*retry_after),
        _ => None,
    });
    let waits: Vec<_> = throttled.collect();
    let lost = decisions.iter().filter(|decision| {
        matches!(
            decision,
            Decision::TimedOut | Decision::Closed { .. } | Decision::Unreachable { .. }
        )
    });
    let lost = lost.count();
    if !waits.is_empty() {
        let wait = waits.iter().flatten().max();
        let when = wait.map_or_else(
            || "without saying when to come back".to_owned(),
            |wait| format!("to come back in {} s", wait.as_secs()),
        );
        Finding::warn(
            Check::Rate,
            format!("of {burst} requests at once {} were throttled, {when}", waits.len()),
        )
        .detail("runs wait and send again, up to four times; lift the limit for the test, or cases take long and load is not measured")
    } else if lost > 0 {
        Finding::warn(Check::Rate, format!("of {burst} requests at once {lost} got no answer"))
    } else {
        Finding::ok(Check::Rate, format!("{burst} requests at once, none throttled"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;

    #[test]
    fn a_clock_is_judged_by_how_far_it_is_off() {
        let at: Timestamp = "2026-11-24T09:00:00Z".parse().unwrap();
        let check = |date: &str, standing: Standing, words: &str| {
            let finding = clock(&[(at, date.to_owned())]);
            assert_eq!(finding.standing, standing, "{finding:?}");
            assert!(finding.said.contains(words), "{finding:?}");
        };
        check("Tue, 24 Nov 2026 09:00:59 GMT", Standing::Ok, "goes as");
        check("Tue, 24 Nov 2026 09:01:30 GMT", Standing::Warn, "90 s ahead");
        check("Tue, 24 Nov 2026 06:00:00 GMT", Standing::Warn, "3 h behind");
        check("Thu, 26 Nov 2026 09:00:00 GMT", Standing::Broken, "2 days ahead");
        check("<b>soon</b>", Standing::Skipped, "is none");
        assert_eq!(clock(&[]).standing, Standing::Skipped);
    }
}
