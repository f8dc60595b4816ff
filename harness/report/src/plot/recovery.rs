//! After a drop of the rate, or when Apple is back: backlog, right answers, and what was tried again.

use super::bins::bins;
use super::columns::columns;
use super::palette::{BLUE, GREEN, INK, MUTED, ORANGE, VERMILION};
use super::pen::Plot;
use super::series::Stroke;
use super::strip::{Axis, Moment, Strip, Track, line};
use crate::summary::{Kind, Load, Recovery, Turn};
use crate::text::{counted, micros};

pub(super) const NAME: &str = "recovery";
pub(super) const TITLE: &str = "Recovery after too much load";
/// Seconds shown before the drop.
const BEFORE_S: f64 = 30.0;

/// Why there is nothing to draw.
pub(super) fn absent(load: &Load) -> Option<&'static str> {
    load.recoveries
        .is_empty()
        .then_some("the rate never dropped from one phase to the next, and Apple was not away")
}

/// The drop from the highest rate.
fn steepest(load: &Load) -> Option<&Recovery> {
    load.recoveries.iter().max_by(|left, right| {
        (left.from_per_s - left.to_per_s).total_cmp(&(right.from_per_s - right.to_per_s))
    })
}

/// The seconds around the steepest drop.
pub(super) fn plot(load: &Load) -> Plot {
    let Some(recovery) = steepest(load) else {
        return Strip::over_all(load, Vec::new()).plot((NAME, TITLE), String::new(), load);
    };
    let phase = load.phases.iter().find(|phase| phase.name == recovery.to);
    let length = phase.map_or(1.0, |phase| phase.for_s.max(phase.measured_s));
    let (from, to) = ((recovery.at_s - BEFORE_S).max(0.0), recovery.at_s + length.max(1.0));
    let inside = |at: f64| at >= from && at <= to;
    let mut caption = told(recovery);
    let mut tracks = vec![answers(load, &inside), latency(load, &inside)];
    for (track, without) in [
        (in_flight(load, &inside), " Requests in flight were not recorded in this run."),
        (retries(load, &inside), " No device of this run repeats what failed."),
    ] {
        if track.is_empty() {
            caption.push_str(without);
        } else {
            tracks.push(track);
        }
    }
    let turn = match recovery.turn {
        Turn::Drop => "drop",
        Turn::AppleBack => "Apple is back",
    };
    let mut moments = vec![Moment { at: recovery.at_s, words: turn.to_owned(), colour: MUTED }];
    if let Some(after) = recovery.recovered_after_s {
        let words = match after {
            0 => "recovered at once".to_owned(),
            after => format!("recovered after {after} s"),
        };
        moments.push(Moment { at: recovery.at_s + after as f64, words, colour: GREEN });
    }
    Strip { from, to, tracks, moments }.plot((NAME, TITLE), caption, load)
}

/// What came of it, and by what that is judged.
fn told(recovery: &Recovery) -> String {
    let outcome = match recovery.recovered_after_s {
        Some(0) => "The server was well again at once.".to_owned(),
        Some(after) => format!("The server was well again after {after} s."),
        None => "The server did not come back while it was watched.".to_owned(),
    };
    let limit = recovery.p99_limit_us.map_or_else(String::new, |limit| {
        format!(
            " and 99 % answered within {}, twice what it took in phase {}",
            micros(limit),
            recovery.calm.as_deref().unwrap_or_default()
        )
    });
    format!(
        "{outcome} Well means 95 % of what was offered answered rightly{limit}, for {} in a row.",
        counted(recovery.held_s, "second", "seconds"),
    )
}

fn answers(load: &Load, inside: &dyn Fn(f64) -> bool) -> Track {
    let bins = bins(load, 600);
    let of = |value: fn(&super::bins::Bin) -> u64| {
        bins.iter()
            .filter(|bin| inside(bin.middle()))
            .map(move |bin| (bin.phase, bin.middle(), Some(bin.per_second(value(bin)))))
    };
    let series = vec![
        line("offered", INK, Stroke::Thin, of(|bin| bin.offered)),
        line("right", BLUE, Stroke::Solid, of(|bin| bin.of_kind(Kind::Right))),
        line(
            "no decision",
            ORANGE,
            Stroke::Dashed,
            of(|bin| bin.of_kind(Kind::Undecided) + bin.of_kind(Kind::Shed)),
        ),
    ];
    Track::new("Requests a second, by when they were due", Axis::FromZero, series)
}

fn latency(load: &Load, inside: &dyn Fn(f64) -> bool) -> Track {
    let bins = bins(load, 600);
    let of = |share: f64| {
        bins.iter()
            .filter(|bin| inside(bin.middle()) && bin.responses.count() > 0)
            .map(move |bin| (bin.phase, bin.middle(), Some(bin.responses.quantile(share) as f64)))
    };
    let series = vec![
        line("p50", BLUE, Stroke::Dashed, of(0.5)),
        line("p99", VERMILION, Stroke::Solid, of(0.99)),
    ];
    Track::new("Response time (log scale)", Axis::Durations, series)
}

fn in_flight(load: &Load, inside: &dyn Fn(f64) -> bool) -> Track {
    let columns = columns(load, &load.generator, |second| second.second, 600);
    let of = |value: fn(&crate::summary::GeneratorSecond) -> f64| {
        columns
            .iter()
            .filter(|column| inside(column.middle()))
            .map(move |column| (column.phase, column.middle(), column.most(|one| Some(value(one)))))
    };
    let series = vec![
        line("mean", GREEN, Stroke::Solid, of(|second| second.in_flight_mean)),
        line("most", INK, Stroke::Dotted, of(|second| second.in_flight_max as f64)),
    ];
    Track::new("Backlog: requests in flight", Axis::FromZero, series)
}

fn retries(load: &Load, inside: &dyn Fn(f64) -> bool) -> Track {
    let Some(fleet) = &load.fleet else {
        return Track::new("", Axis::FromZero, Vec::new());
    };
    let columns = columns(load, &fleet.seconds, |second| second.second, 600);
    let points = columns.iter().filter(|column| inside(column.middle())).map(|column| {
        let again = |second: &record::FleetSecond| second.attempts.saturating_sub(second.intents);
        (column.phase, column.middle(), Some(column.per_second(again)))
    });
    let series = vec![line("retries", ORANGE, Stroke::Solid, points)];
    Track::new("Tried again, a second", Axis::FromZero, series)
}
