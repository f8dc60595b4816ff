//! A storm of retries: what devices wanted against what they tried.

use super::columns::columns;
use super::palette::{BLUE, GREEN, ORANGE, PURPLE, VERMILION, WAIT};
use super::pen::Plot;
use super::series::Stroke;
use super::strip::{Axis, Strip, Track, line};
use crate::summary::{Fleet, Load};
use crate::text::{plain, shorten};
use record::FleetSecond;

pub(super) const NAME: &str = "retries";
pub(super) const TITLE: &str = "What devices wanted and what they tried";

/// Why there is nothing to draw.
pub(super) fn absent(load: &Load) -> Option<&'static str> {
    let told = load.fleet.as_ref().is_some_and(|fleet| !fleet.seconds.is_empty());
    (!told).then_some(super::NO_FLEET)
}

/// Wants and tries a second, and how Apple’s simulated service answered.
pub(super) fn plot(load: &Load) -> Plot {
    let seconds = load.fleet.as_ref().map_or(&[][..], |fleet| &fleet.seconds);
    let columns = columns(load, seconds, |second| second.second, 240);
    let of = |count: fn(&FleetSecond) -> u64| {
        columns
            .iter()
            .map(move |column| (column.phase, column.middle(), Some(column.per_second(count))))
    };
    let mut wants = Track::new(
        "Wanted and tried, a second",
        Axis::FromZero,
        vec![
            line("wanted", BLUE, Stroke::Solid, of(|second| second.intents)),
            line("tried", ORANGE, Stroke::Dashed, of(|second| second.attempts)),
        ],
    );
    wants.shaded = Some(WAIT);
    let mut tracks = vec![wants];
    let any = |count: fn(&FleetSecond) -> u64| seconds.iter().any(|second| count(second) > 0);
    if any(|second| second.apple_served.saturating_add(second.apple_refused)) {
        tracks.push(Track::new(
            "attestKey at Apple’s simulated service, a second",
            Axis::FromZero,
            vec![
                line("served", GREEN, Stroke::Solid, of(|second| second.apple_served)),
                line("refused", VERMILION, Stroke::Dashed, of(|second| second.apple_refused)),
            ],
        ));
    }
    if any(|second| second.expired_challenges) {
        tracks.push(Track::new(
            "Attestations sent after their challenge had expired, a second",
            Axis::FromZero,
            vec![line("too late", PURPLE, Stroke::Solid, of(|second| second.expired_challenges))],
        ));
    }
    let caption = load.fleet.as_ref().map_or_else(String::new, caption);
    Strip::over_all(load, tracks).plot((NAME, TITLE), caption, load)
}

fn caption(fleet: &Fleet) -> String {
    let policy = match fleet.policy.as_str() {
        "" => String::new(),
        policy => format!(" Devices repeat by the policy “{}”.", shorten(policy, 40)),
    };
    let times = fleet.amplification.map_or_else(String::new, |times| {
        format!(" Over the whole attack each thing wanted was tried {} times.", plain(times))
    });
    format!("The shaded gap between wanted and tried is the server’s extra work.{times}{policy}")
}
