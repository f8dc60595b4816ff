//! What every number of a fleet's life rests on.

use super::config::JourneyPlan;
use record::{Assumption, Basis};
use serde_json::Value;

/// A key of a profile: its name, what its default rests on, and where that stands.
type Row = (&'static str, Basis, &'static str);

const APPLE: &str = "Apple, Preparing to use the App Attest service";
const DC_ERROR: &str = "Apple, DCError";
const FORUM_STICKY: &str =
    "reports of 5 to 10 % of devices that attest and whose every assertion fails with invalidInput";

/// Every key with a default. A number is `Documented` if Apple writes it, `Field` if people have
/// measured it, `Assumed` if it is our guess.
const ROWS: [Row; 49] = [
    ("journeys.waking", Basis::Assumed, "what is asked"),
    ("journeys.p50", Basis::Assumed, "how fast people open a pushed message"),
    ("journeys.p95", Basis::Assumed, "the slow ones take five times as long"),
    ("journeys.rate", Basis::Assumed, "what is asked"),
    ("journeys.within", Basis::Assumed, "what is asked"),
    ("journeys.lost", Basis::Assumed, "an update that loses the key of every third installation"),
    ("journeys.for", Basis::Assumed, "what is asked"),
    ("journeys.speed", Basis::Assumed, "what is asked"),
    ("journeys.assertions", Basis::Assumed, "protected requests of one session"),
    ("journeys.think_p50", Basis::Assumed, "a person reads before the next tap"),
    ("journeys.think_p95", Basis::Assumed, "a person reads before the next tap"),
    ("journeys.duplicates", Basis::Assumed, "mobile networks that lose the answer"),
    ("journeys.replays", Basis::Assumed, "share of probes"),
    ("journeys.stale", Basis::Assumed, "share of probes"),
    ("fleet.devices", Basis::Assumed, "what is asked"),
    ("fleet.enrolled", Basis::Assumed, "what is asked"),
    ("fleet.unsupported", Basis::Assumed, "old systems, app extensions, jailbroken phones"),
    ("fleet.sticky_invalid_input", Basis::Field, FORUM_STICKY),
    (
        "fleet.unknown_failure",
        Basis::Field,
        "reports of assertions that fail until re-attestation; the share is a guess",
    ),
    (
        "fleet.invalid_key",
        Basis::Field,
        "reports of keys that are invalid all at once; the share is a guess",
    ),
    ("fleet.reinstall", Basis::Assumed, "0.1 % of sessions follow a reinstallation or a new phone"),
    ("fleet.reset_after", Basis::Assumed, "failures in a row before an app makes another key"),
    ("fleet.signing", Basis::Assumed, "a signature of the Secure Enclave and a hash"),
    ("fleet.challenge_lifetime", Basis::Assumed, "where the target file declares none"),
    ("apple.rate", Basis::Documented, APPLE),
    ("apple.burst", Basis::Assumed, "one second of the documented rate"),
    (
        "apple.unavailable",
        Basis::Field,
        "reports of single failures on quiet days; the share is a guess",
    ),
    (
        "apple.latency_p50",
        Basis::Assumed,
        "a request to a service and a key that is certified there",
    ),
    ("apple.latency_p95", Basis::Assumed, "the same over a mobile network"),
    (
        "apple.outages",
        Basis::Field,
        "reports of hours in which every call ends in serverUnavailable",
    ),
    ("retry.policy", Basis::Documented, DC_ERROR),
    ("retry.base", Basis::Assumed, "by policy: firebase from its source, the others as named"),
    ("retry.cap", Basis::Assumed, "by policy: firebase from its source, the others as named"),
    ("retry.own_pace", Basis::Assumed, "how often an app asks for a token it does not get"),
    (
        "retry.spread",
        Basis::Assumed,
        "so that devices told the same time do not come at the same time",
    ),
    ("retry.tries", Basis::Assumed, "an app goes on until it has what it wants"),
    ("model.rate", Basis::Assumed, "of the modelled server alone"),
    ("model.latency_p50", Basis::Assumed, "of the modelled server alone"),
    ("model.latency_p95", Basis::Assumed, "of the modelled server alone"),
    ("model.timeout", Basis::Assumed, "of the modelled server alone"),
    ("model.silent", Basis::Assumed, "of the modelled server alone"),
    ("model.outages", Basis::Assumed, "of the modelled server alone"),
    ("same key and hash after serverUnavailable", Basis::Documented, DC_ERROR),
    ("another key after invalidKey", Basis::Documented, DC_ERROR),
    ("one attestation per key", Basis::Documented, "Apple, attestKey"),
    (
        "throttled calls answer serverUnavailable",
        Basis::Field,
        "what apps saw beyond the rate; Apple does not say",
    ),
    ("the rate is fixed", Basis::Assumed, "Apple moves it and calls it guidance"),
    (
        "refused attestations cost a key",
        Basis::Documented,
        "Apple, attestKey: a key is attested once",
    ),
    (
        "no answer to an attestation",
        Basis::Assumed,
        "sent again; by firebase begun anew with the same key, as its source does",
    ),
];

impl JourneyPlan {
    /// Every number that the fleet's life follows, with its value in this plan and what it rests
    /// on.
    pub fn assumptions(&self) -> Vec<Assumption> {
        let (own, default) = (tables(self), tables(&Self::default()));
        let row = |&(name, basis, source): &Row| {
            let (value, usual) = (at(&own, name), at(&default, name));
            let Some(value) = value else {
                let (name, value) = (name.to_owned(), "yes".to_owned());
                return Assumption { name, value, basis, source: source.to_owned() };
            };
            let (basis, source) = if Some(value) == usual {
                (basis, source.to_owned())
            } else {
                let usual = usual.map(words).unwrap_or_default();
                let was = format!("set by the profile; by default {usual} ({})", basis.as_str());
                (Basis::Assumed, was)
            };
            Assumption { name: name.to_owned(), value: words(value), basis, source }
        };
        ROWS.iter().map(row).collect()
    }
}

fn tables(plan: &JourneyPlan) -> Value {
    serde_json::to_value(plan).unwrap_or_default()
}

fn at<'v>(tables: &'v Value, name: &str) -> Option<&'v Value> {
    let (table, key) = name.split_once('.')?;
    tables.get(table)?.get(key)
}

fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "as the policy has it".to_owned(),
        Value::Array(list) if list.is_empty() => "none".to_owned(),
        Value::Array(list) => list.iter().map(words).collect::<Vec<_>>().join(", "),
        Value::Object(table) => {
            let pairs = table.iter().map(|(key, value)| format!("{key} {}", words(value)));
            pairs.collect::<Vec<_>>().join(" ")
        }
        // A third has no end: four digits say what is meant.
        Value::Number(number) if number.is_f64() => {
            let number = number.as_f64().unwrap_or_default();
            ((number * 1e4).round() / 1e4).to_string()
        }
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::units::{Lasting, Rate, Share};
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_key_of_a_profile_is_labelled_once() {
        let Value::Object(tables) = tables(&JourneyPlan::default()) else { panic!("tables") };
        let keys: BTreeSet<String> = tables
            .iter()
            .flat_map(|(table, keys)| {
                let keys = keys.as_object().unwrap().keys();
                keys.map(move |key| format!("{table}.{key}"))
            })
            .collect();
        let rows: Vec<_> = ROWS.iter().map(|row| row.0).filter(|name| name.contains('.')).collect();
        assert_eq!(rows.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>(), keys);
        assert_eq!(rows.len(), keys.len(), "no key has two labels");
        assert!(ROWS.iter().all(|(_, _, source)| !source.is_empty()));
    }

    #[test]
    fn what_a_profile_sets_is_no_longer_what_the_default_rests_on() {
        let mut plan = JourneyPlan::default();
        let find = |plan: &JourneyPlan| {
            plan.assumptions().into_iter().find(|row| row.name == "apple.rate").unwrap()
        };
        let usual = find(&plan);
        assert_eq!((usual.value.as_str(), usual.basis), ("100/s", Basis::Documented));
        plan.apple.rate = Rate(40.0);
        let set = find(&plan);
        assert_eq!((set.value.as_str(), set.basis), ("40/s", Basis::Assumed));
        assert_eq!(set.source, "set by the profile; by default 100/s (documented)");
    }

    #[test]
    fn outages_are_told_in_words() {
        let mut plan = JourneyPlan::default();
        plan.apple.outages.push(super::super::Outage {
            from: Lasting::secs(60),
            length: Lasting::secs(600),
            share: Share(1.0),
        });
        let rows = plan.assumptions();
        let row = rows.iter().find(|row| row.name == "apple.outages").unwrap();
        assert_eq!(row.value, "from 1m for 10m share 1");
    }
}
