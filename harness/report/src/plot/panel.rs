//! A field with two axes, and the phases behind it.

use super::bins::Bin;
use super::palette::{AXIS, BAND, GRID, INK, MUTED};
use super::pen::{Anchor, Pen, width_of};
use super::scale::Scale;
use crate::summary::Load;
use crate::text::{plain, shorten};

/// A field between pixels, with its scales.
pub(super) struct Panel {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    pub(super) x: Scale,
    pub(super) y: Scale,
}

impl Panel {
    /// The usual field of a plot over time.
    pub(super) fn over_time(load: &Load, bins: &[Bin], height: f64, y: Scale) -> Self {
        let from = bins.first().map_or(0.0, |bin| bin.from);
        let seen = bins.iter().map(|bin| bin.to).fold(from + 1.0, f64::max);
        let planned =
            load.phases.iter().map(|phase| phase.from_s + phase.for_s).fold(seen, f64::max);
        let x = Scale::Linear(from.min(0.0), if load.complete { seen } else { planned });
        Self { left: 64.0, right: 826.0, top: 62.0, bottom: height - 44.0, x, y }
    }

    pub(super) fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.across(x), self.up(y))
    }

    pub(super) fn across(&self, x: f64) -> f64 {
        self.left + self.x.share(x) * (self.right - self.left)
    }

    pub(super) fn up(&self, y: f64) -> f64 {
        self.bottom - self.y.share(y) * (self.bottom - self.top)
    }

    /// Grid lines and labels of the upright axis.
    pub(super) fn draw_y(&self, pen: &Pen<'_>, labelled: bool) {
        for (value, label) in self.y.ticks() {
            let y = self.up(value);
            pen.line(&[(self.left, y), (self.right, y)], GRID, 1.0);
            if labelled {
                pen.text((self.left - 8.0, y), &label, MUTED, Anchor::End);
            }
        }
    }

    /// As [`Self::draw_y`], with few labels.
    pub(super) fn draw_y_sparsely(&self, pen: &Pen<'_>) {
        for (value, label) in self.y.few_ticks() {
            let y = self.up(value);
            pen.line(&[(self.left, y), (self.right, y)], GRID, 1.0);
            pen.text((self.left - 8.0, y), &label, MUTED, Anchor::End);
        }
    }

    /// The axis at the foot, its labels as far as they do not touch, and what it measures.
    pub(super) fn draw_x(&self, pen: &Pen<'_>, ticks: &[(f64, String)], title: &str) {
        pen.line(&[(self.left, self.bottom), (self.right, self.bottom)], AXIS, 1.0);
        let mut free = f64::MIN;
        for (value, label) in ticks {
            let x = self.across(*value);
            pen.line(&[(x, self.bottom), (x, self.bottom + 4.0)], AXIS, 1.0);
            // Labels at the ends stay within the field, so that those of neighbours do not touch.
            let anchor = match x {
                x if x - self.left < 8.0 => Anchor::Start,
                x if self.right - x < 24.0 => Anchor::End,
                _inside => Anchor::Middle,
            };
            let width = width_of(label);
            let from = match anchor {
                Anchor::Start => x,
                Anchor::Middle => x - width / 2.0,
                Anchor::End => x - width,
            };
            if from > free {
                pen.text((x, self.bottom + 14.0), label, MUTED, anchor);
                free = from + width + 2.0;
            }
        }
        if !title.is_empty() {
            let middle = f64::midpoint(self.left, self.right);
            pen.text((middle, self.bottom + 33.0), title, INK, Anchor::Middle);
        }
    }

    /// Axes of a plot over time.
    pub(super) fn draw_time_axes(&self, pen: &Pen<'_>, title: &str) {
        self.draw_y(pen, true);
        self.draw_x(pen, &self.x.ticks(), "seconds since the start of the load");
        pen.bold((0.0, 12.0), title, INK, Anchor::Start);
    }

    /// Each second phase shaded, each named at the top as far as there is room.
    pub(super) fn draw_phases(&self, pen: &Pen<'_>, load: &Load) {
        self.draw_phases_from(pen, load, self.top - 24.0);
    }

    /// The same, shaded and named from further up.
    pub(super) fn draw_phases_from(&self, pen: &Pen<'_>, load: &Load, upper: f64) {
        for (index, phase) in load.phases.iter().enumerate().filter(|(_, phase)| phase.for_s > 0.0)
        {
            let from = self.across(phase.from_s);
            let to = self.across(phase.from_s + phase.for_s);
            if index % 2 == 0 {
                pen.bar((from, upper), (to, self.bottom), BAND);
            }
            let room = ((to - from - 6.0) / width_of("n")) as usize;
            let rate = format!("{}/s", plain(phase.rate));
            // A phase that is called by its rate need not say it twice.
            let full =
                if phase.name == rate { rate.clone() } else { format!("{} · {rate}", phase.name) };
            let label = if full.chars().count() <= room {
                full
            } else if phase.name.chars().count() <= room {
                phase.name.clone()
            } else if rate.chars().count() > room {
                shorten(&phase.name, room.saturating_sub(1))
            } else {
                rate
            };
            if room > 2 {
                let middle = f64::midpoint(from, to);
                pen.text((middle, upper + 12.0), &label, MUTED, Anchor::Middle);
            }
        }
    }
}

/// Names lines where they end, pushed apart where they would overlap, and not below the field.
pub(super) fn name_ends(
    pen: &Pen<'_>,
    x: f64,
    bottom: f64,
    mut ends: Vec<(f64, String, super::palette::Colour)>,
) {
    const APART: f64 = 15.0;
    ends.sort_by(|left, right| left.0.total_cmp(&right.0));
    let mut free = f64::MIN;
    for end in &mut ends {
        end.0 = end.0.max(free);
        free = end.0 + APART;
    }
    let mut free = bottom;
    for end in ends.iter_mut().rev() {
        end.0 = end.0.min(free);
        free = end.0 - APART;
    }
    for (y, label, colour) in ends {
        pen.bold((x + 6.0, y), &label, colour, Anchor::Start);
    }
}
