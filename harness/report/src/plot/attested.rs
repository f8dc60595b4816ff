//! How long devices took to become attested, and how old challenges were when they were used.

use super::csv::{Cell, Csv};
use super::palette::{BLUE, Colour, INK, MUTED, ORANGE, PAPER, VERMILION};
use super::panel::Panel;
use super::pen::{Anchor, Pen, Plot, width_of};
use super::scale::Scale;
use crate::summary::{Fleet, Load};
use crate::text::{count, counted, percent};
use record::Histogram;
use std::fmt::Write as _;

pub(super) const NAME: &str = "attested";
pub(super) const TITLE: &str = "Time to an attested key, and age of challenges when used";
const HEIGHT: u32 = 330;

/// Why there is nothing to draw.
pub(super) fn absent(load: &Load) -> Option<&'static str> {
    match &load.fleet {
        None => Some(super::NO_FLEET),
        Some(fleet) if !fleet.finished => Some("the end of the fleet was not recorded"),
        Some(fleet) if awake(fleet) == 0 => Some("no device woke up to attest"),
        Some(_) => None,
    }
}

/// Two distributions, each as the share that took no longer.
pub(super) fn plot(load: &Load) -> Plot {
    let mut csv = Csv::with(&["curve", "at_most_ms", "count", "share"]);
    let caption = load.fleet.as_ref().map_or_else(String::new, |fleet| {
        rows(&mut csv, "attested", &fleet.attested_ms, awake(fleet));
        rows(&mut csv, "challenge age", &fleet.ages_ms, fleet.challenge_age.n);
        caption(fleet)
    });
    Plot::draw(NAME, TITLE, caption, csv, HEIGHT, |pen| {
        if let Some(fleet) = &load.fleet {
            paint(pen, fleet);
        }
    })
}

/// Devices that woke up to attest.
fn awake(fleet: &Fleet) -> u64 {
    fleet.attested.n.saturating_add(fleet.unattested)
}

fn caption(fleet: &Fleet) -> String {
    let awake = awake(fleet);
    let mut caption = format!(
        "Left: of {} that woke up to attest, {} had an attested key by the end",
        counted(awake, "device", "devices"),
        count(fleet.attested.n),
    );
    caption.push_str(match fleet.unattested {
        0 => ".",
        _some => "; the curve ends below 100 % by those that had none.",
    });
    caption.push_str(" Right: from a challenge being issued to its use");
    match fleet.challenge_lifetime_ms {
        Some(_) => caption.push_str("; what lies beyond the line came too late."),
        None => caption.push('.'),
    }
    if fleet.too_late > 0 {
        let late = counted(fleet.too_late, "attestation", "attestations");
        let _ = write!(
            caption,
            " {late} came after the challenge had expired; 99.9 % of challenges were used within {}.",
            millis(fleet.challenge_age.p99_9_ms)
        );
    }
    caption
}

fn rows(csv: &mut Csv, curve: &str, times: &Histogram, of: u64) {
    let mut seen = 0;
    for (bound, n) in times.cells() {
        seen += n;
        let share = seen as f64 / of.max(1) as f64;
        csv.row([Cell::Text(curve), bound.into(), n.into(), share.into()]);
    }
}

fn paint(pen: &Pen<'_>, fleet: &Fleet) {
    let awake = awake(fleet);
    let left = panel(64.0, 440.0, &fleet.attested_ms, None);
    curve(pen, &left, "Devices with an attested key", &fleet.attested_ms, awake, BLUE);
    left.draw_x(pen, &left.x.few_ticks(), "since waking up (log scale)");
    let right = panel(520.0, 892.0, &fleet.ages_ms, fleet.challenge_lifetime_ms);
    if let Some(lifetime) = fleet.challenge_lifetime_ms {
        let x = right.across(lifetime as f64 * 1e3);
        pen.dashed(&[(x, right.top), (x, right.bottom)], VERMILION, 1.6);
        let (x, anchor) = if x > f64::midpoint(right.left, right.right) {
            (x - 5.0, Anchor::End)
        } else {
            (x + 5.0, Anchor::Start)
        };
        let words = format!("expires after {}", millis(lifetime));
        pen.bold((x, right.bottom - 12.0), &words, VERMILION, anchor);
    }
    curve(pen, &right, "Challenges used", &fleet.ages_ms, fleet.challenge_age.n, ORANGE);
    right.draw_x(pen, &right.x.few_ticks(), "since the challenge was issued (log scale)");
}

fn panel(left: f64, right: f64, times: &Histogram, mark: Option<u64>) -> Panel {
    let micros = |ms: u64| ms.saturating_mul(1_000);
    let most = times.max().max(mark.unwrap_or_default());
    let x = Scale::durations(micros(times.quantile(0.0)), micros(most));
    let y = Scale::Linear(0.0, 100.0);
    Panel { left, right, top: 44.0, bottom: f64::from(HEIGHT) - 44.0, x, y }
}

/// The share that took no longer, with the times of 50, 90 and 99 %.
fn curve(pen: &Pen<'_>, panel: &Panel, title: &str, times: &Histogram, of: u64, colour: Colour) {
    for (value, label) in panel.y.ticks() {
        let y = panel.up(value);
        pen.line(&[(panel.left, y), (panel.right, y)], super::palette::GRID, 1.0);
        pen.text((panel.left - 8.0, y), &format!("{label} %"), MUTED, Anchor::End);
    }
    pen.bold((panel.left, 12.0), title, INK, Anchor::Start);
    if times.count() == 0 {
        let middle = f64::midpoint(panel.left, panel.right);
        pen.text((middle, panel.up(50.0)), "none", MUTED, Anchor::Middle);
        return;
    }
    let share = |n: u64| n as f64 / of.max(1) as f64 * 100.0;
    let (mut seen, mut last) = (0, None);
    let mut points = Vec::new();
    for (bound, n) in times.cells() {
        let before = panel.at(bound as f64 * 1e3, share(seen));
        seen += n;
        let (x, y) = panel.at(bound as f64 * 1e3, share(seen));
        // What is closer than a pixel cannot be seen.
        if last.is_none_or(|(seen_x, seen_y): (f64, f64)| x - seen_x > 0.75 || seen_y - y > 0.75) {
            points.extend([before, (x, y)]);
            last = Some((x, y));
        }
    }
    let end = panel.at(times.max() as f64 * 1e3, share(seen));
    points.extend([end, (panel.right, end.1)]);
    pen.line(&points, colour, 2.4);
    for wanted in [0.5, 0.9, 0.99] {
        let rank = (wanted * of as f64).ceil();
        if rank > seen as f64 {
            continue;
        }
        let ms = times.quantile(rank / seen as f64);
        let (x, y) = panel.at(ms as f64 * 1e3, wanted * 100.0);
        pen.dot((x, y), 3.5, INK);
        let words = format!("{} in {}", percent(wanted), millis(ms));
        // To the left of a rising curve there is room, except near the axis.
        let (x, anchor) =
            if x - panel.left > 150.0 { (x - 8.0, Anchor::End) } else { (x + 8.0, Anchor::Start) };
        let y = y + if wanted > 0.95 { 3.0 } else { 0.0 };
        let end = match anchor {
            Anchor::Start => x + width_of(&words),
            Anchor::Middle | Anchor::End => x - width_of(&words),
        };
        pen.bar((x.min(end), y - 6.0), (x.max(end), y + 6.0), PAPER);
        pen.text((x, y), &words, INK, anchor);
    }
}

fn millis(ms: u64) -> String {
    crate::text::micros(ms.saturating_mul(1_000))
}
