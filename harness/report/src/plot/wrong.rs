//! Wrong answers, and how rare they must be where there were none.

use super::csv::{Cell, Csv};
use super::palette::{AXIS, BLUE, GRID, INK, MUTED, VERMILION, WAIT};
use super::panel::Panel;
use super::pen::{Anchor, Pen, Plot};
use super::scale::Scale;
use crate::summary::{Kind, Load, kind_of};
use crate::text::{count, counted, percent, shorten};
use std::collections::BTreeMap;
use std::fmt::Write as _;

pub(super) const NAME: &str = "wrong";
pub(super) const TITLE: &str = "Wrong answers, and how rare they must be";
const ROW: f64 = 26.0;
const HEAD: f64 = 30.0;
const FOOT: f64 = 50.0;

/// Why there is nothing to draw.
pub(super) fn absent(load: &Load) -> Option<&'static str> {
    rows(load).is_empty().then_some("no request was decided")
}

/// Decided requests of one sort, and the wrong ones among them.
#[derive(Debug, Clone, PartialEq)]
struct Sort {
    name: String,
    decided: u64,
    wrong: u64,
}

impl Sort {
    /// The interval of 95 % of the rate of wrong answers: 3 ÷ n if there was none, else Wilson's.
    fn interval(&self) -> (f64, f64) {
        let n = self.decided.max(1) as f64;
        if self.wrong == 0 {
            return (0.0, (3.0 / n).min(1.0));
        }
        let share = self.wrong as f64 / n;
        let z = 1.96f64;
        let centre = share + z * z / (2.0 * n);
        let reach = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
        let scale = 1.0 + z * z / n;
        (((centre - reach) / scale).max(0.0), ((centre + reach) / scale).min(1.0))
    }

    fn words(&self) -> String {
        let (low, high) = self.interval();
        if self.wrong == 0 {
            return format!("none in {}: below {}", count(self.decided), percent(high));
        }
        format!(
            "{} in {}: {} ({} to {})",
            count(self.wrong),
            count(self.decided),
            percent(self.wrong as f64 / self.decided.max(1) as f64),
            percent(low).trim_end_matches(" %"),
            percent(high)
        )
    }
}

/// Each operation, honest and dishonest, then all dishonest ones with those of the audit.
fn rows(load: &Load) -> Vec<Sort> {
    let mut sorts: BTreeMap<(usize, &str, bool), (u64, u64)> = BTreeMap::new();
    for row in &load.rows {
        let rank = load.rows.iter().position(|one| one.operation == row.operation);
        let key = (rank.unwrap_or_default(), row.operation.as_str(), !row.honest);
        let (decided, wrong) = sorts.entry(key).or_default();
        for (class, n) in &row.classes {
            match kind_of(class) {
                Kind::Right => *decided += n,
                Kind::Wrong => {
                    *decided += n;
                    *wrong += n;
                }
                Kind::Shed | Kind::Undecided => {}
            }
        }
    }
    let mut rows: Vec<Sort> = sorts
        .into_iter()
        .filter(|(_, (decided, _))| *decided > 0)
        .map(|((_, operation, dishonest), (decided, wrong))| {
            let sort =
                if dishonest { "accepted though dishonest" } else { "refused though honest" };
            Sort { name: format!("{}: {sort}", shorten(operation, 14)), decided, wrong }
        })
        .collect();
    let right = &load.correctness;
    if right.dishonest > 0 {
        let name = "all: accepted though dishonest".to_owned();
        rows.push(Sort { name, decided: right.dishonest, wrong: right.false_accepts });
    }
    rows
}

/// A bar for each sort of request: where the true rate lies with 95 % confidence.
pub(super) fn plot(load: &Load) -> Plot {
    let rows = rows(load);
    let mut csv = Csv::with(&["requests", "decided", "wrong", "rate_from", "rate_to"]);
    for row in &rows {
        let (low, high) = row.interval();
        let counts = [Cell::Text(&row.name), row.decided.into(), row.wrong.into()];
        csv.row(counts.into_iter().chain([low.into(), high.into()]));
    }
    let mut caption = "Bars show where the true rate of wrong answers lies with 95 % confidence. \
                       Where none was seen in n requests, that is below 3 ÷ n, and the bar has no dot."
        .to_owned();
    if load.correctness.audited > 0 {
        let _ = write!(
            caption,
            " The last row holds the audit after the load too, which asked {} once more.",
            counted(load.correctness.audited, "key", "keys")
        );
    }
    let height = HEAD + FOOT + ROW * rows.len().max(1) as f64;
    Plot::draw(NAME, TITLE, caption, csv, height as u32, |pen| paint(pen, &rows, height))
}

fn paint(pen: &Pen<'_>, rows: &[Sort], height: f64) {
    let least = rows.iter().map(|row| row.interval().1).fold(1.0, f64::min);
    let from = 10f64.powf((least / 10.0).log10().floor()).max(1e-9);
    let (x, y) = (Scale::Log(from, 1.0), Scale::Linear(0.0, 1.0));
    let panel = Panel { left: 258.0, right: 560.0, top: HEAD, bottom: height - FOOT, x, y };
    pen.bold((0.0, 12.0), "Requests", INK, Anchor::Start);
    pen.bold((panel.right + 16.0, 12.0), "Wrong answers", INK, Anchor::Start);
    let decades: Vec<(f64, String)> = (-9..=0)
        .map(|power| 10f64.powi(power))
        .filter(|mark| *mark >= from * 0.99)
        .map(|mark| (mark, percent(mark)))
        .collect();
    // Labels as wide as `0.00001 %` stand at every second mark at most.
    let every = decades.len().div_ceil(4).max(1);
    let mut labelled = decades.iter().rev().step_by(every).cloned().collect::<Vec<_>>();
    labelled.reverse();
    for (mark, _) in &decades {
        let x = panel.across(*mark);
        pen.line(&[(x, panel.top), (x, panel.bottom)], GRID, 1.0);
    }
    for (place, row) in rows.iter().enumerate() {
        let y = panel.top + (place as f64 + 0.5) * ROW;
        pen.text((0.0, y), &row.name, INK, Anchor::Start);
        pen.line(&[(panel.left, y + ROW / 2.0), (panel.right, y + ROW / 2.0)], GRID, 1.0);
        let (low, high) = row.interval();
        let ends = (panel.across(low.max(from)), panel.across(high));
        if row.wrong == 0 {
            pen.bar((ends.0, y - 5.0), (ends.1, y + 5.0), WAIT);
            pen.line(&[(ends.1, y - 7.0), (ends.1, y + 7.0)], BLUE, 2.5);
            pen.text((panel.right + 16.0, y), &row.words(), MUTED, Anchor::Start);
        } else {
            let share = panel.across(row.wrong as f64 / row.decided.max(1) as f64);
            pen.line(&[(ends.0, y), (ends.1, y)], VERMILION, 3.0);
            pen.dot((share, y), 4.5, VERMILION);
            pen.cross((panel.right + 16.0, y), VERMILION);
            pen.bold((panel.right + 26.0, y), &row.words(), VERMILION, Anchor::Start);
        }
    }
    pen.line(&[(panel.left, panel.top), (panel.right, panel.top)], AXIS, 1.0);
    panel.draw_x(pen, &labelled, "rate of wrong answers (log scale)");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sort(wrong: u64, decided: u64) -> Sort {
        Sort { name: String::new(), decided, wrong }
    }

    #[test]
    fn where_none_was_seen_the_bound_is_three_in_n() {
        assert_eq!(sort(0, 412_000).interval(), (0.0, 3.0 / 412_000.0));
        assert_eq!(sort(0, 1).interval(), (0.0, 1.0));
        assert_eq!(sort(0, 3_000).words(), "none in 3,000: below 0.10 %");
    }

    #[test]
    fn where_some_were_seen_the_interval_is_wilsons() {
        // Newcombe 1998, table I: 15 of 148 and 1 of 29.
        let (low, high) = sort(15, 148).interval();
        assert!((low - 0.0624).abs() < 5e-5 && (high - 0.1605).abs() < 5e-5, "{low} {high}");
        let (low, high) = sort(1, 29).interval();
        assert!((low - 0.0061).abs() < 5e-5 && (high - 0.1718).abs() < 5e-5, "{low} {high}");
    }
}
