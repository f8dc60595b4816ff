//! Fills that differ without colour: bars in a row, with a pattern that runs through them.

use super::palette::{Colour, MUTED, PAPER};
use super::pen::Pen;

/// How a filled field is patterned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Texture {
    Plain,
    /// Level lines.
    Level,
    /// Upright lines.
    Upright,
    /// Both.
    Grid,
    Dots,
}

/// A colour with a pattern.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fill {
    pub(super) colour: Colour,
    pub(super) texture: Texture,
    /// The pattern's own colour.
    pub(super) ink: Colour,
}

impl Fill {
    /// A light colour, patterned darkly.
    pub(super) const fn light(colour: Colour, texture: Texture) -> Self {
        Self { colour, texture, ink: MUTED }
    }

    /// A dark colour, patterned lightly.
    pub(super) const fn dark(colour: Colour, texture: Texture) -> Self {
        Self { colour, texture, ink: PAPER }
    }
}

/// A bar between pixels: left, right, upper and lower edge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bar {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

/// Pixels from line to line of a pattern.
const STEP: f64 = 6.0;

/// Fills bars that stand side by side, from left to right, and runs the pattern through all of them.
pub(super) fn fill(pen: &Pen<'_>, bars: &[Bar], fill: Fill) {
    let together = |one: &Bar, next: &Bar| (next.left - one.right).abs() < 0.1;
    for stretch in bars.chunk_by(together) {
        // One field without seams: along the heads, and back along the feet.
        let heads = stretch.iter().flat_map(|bar| [(bar.left, bar.top), (bar.right, bar.top)]);
        let feet =
            stretch.iter().rev().flat_map(|bar| [(bar.right, bar.bottom), (bar.left, bar.bottom)]);
        pen.fill(&heads.chain(feet).collect::<Vec<_>>(), fill.colour);
    }
    let ink = fill.ink;
    match fill.texture {
        Texture::Plain => {}
        Texture::Level => level(pen, bars, ink),
        Texture::Upright => upright(pen, bars, ink),
        Texture::Grid => {
            level(pen, bars, ink);
            upright(pen, bars, ink);
        }
        Texture::Dots => dots(pen, bars, ink),
    }
}

/// A swatch for a legend.
pub(super) fn swatch(pen: &Pen<'_>, (x, y): (f64, f64), kind: Fill) {
    fill(pen, &[Bar { left: x, right: x + 14.0, top: y - 6.0, bottom: y + 6.0 }], kind);
}

/// Marks on a grid that all fields share, strictly between two edges.
fn marks(from: f64, to: f64) -> impl Iterator<Item = f64> {
    let (first, last) = ((from / STEP).floor() as i32, (to / STEP).ceil() as i32);
    (first.saturating_add(1)..last).map(|mark| f64::from(mark) * STEP)
}

/// One line for each stretch of bars that it crosses.
fn level(pen: &Pen<'_>, bars: &[Bar], ink: Colour) {
    let top = bars.iter().map(|bar| bar.top).fold(f64::INFINITY, f64::min);
    let bottom = bars.iter().map(|bar| bar.bottom).fold(f64::NEG_INFINITY, f64::max);
    for y in marks(top, bottom) {
        let crosses = |bar: &Bar| bar.top + 0.5 < y && y < bar.bottom - 0.5;
        for stretch in
            bars.chunk_by(|one, next| crosses(one) == crosses(next) && next.left - one.right < 2.0)
        {
            if crosses(&stretch[0]) {
                let right = stretch[stretch.len() - 1].right;
                pen.line(&[(stretch[0].left, y), (right, y)], ink, 0.75);
            }
        }
    }
}

fn upright(pen: &Pen<'_>, bars: &[Bar], ink: Colour) {
    for bar in bars.iter().filter(|bar| bar.bottom - bar.top > 1.0) {
        for x in marks(bar.left - 0.01, bar.right) {
            pen.line(&[(x, bar.top), (x, bar.bottom)], ink, 0.75);
        }
    }
}

fn dots(pen: &Pen<'_>, bars: &[Bar], ink: Colour) {
    for bar in bars {
        for x in marks(bar.left - 0.01, bar.right) {
            // Every second column is shifted by half a step.
            let shift = if (x / STEP) as i32 % 2 == 0 { 0.0 } else { STEP / 2.0 };
            for y in marks(bar.top + 1.0 - shift, bar.bottom - 1.0 - shift) {
                pen.dot((x, y + shift), 1.0, ink);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_lie_between_the_edges_and_on_one_grid() {
        assert_eq!(marks(0.0, 18.0).collect::<Vec<_>>(), [6.0, 12.0]);
        assert_eq!(marks(5.0, 13.0).collect::<Vec<_>>(), [6.0, 12.0]);
        assert_eq!(marks(7.0, 11.0).count(), 0);
        assert_eq!(marks(9.0, 3.0).count(), 0, "an empty field has none");
    }
}
