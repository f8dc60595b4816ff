//! Drawing by plotters in fractions of a pixel, and what comes of it.

use super::csv::Csv;
use super::palette::{Colour, PAPER, dark_style};
use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::{
    Circle, DrawingArea, EmptyElement, IntoDrawingArea, PathElement, Polygon, Rectangle,
    SVGBackend, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, IntoFont, ShapeStyle};

/// A plot, ready to stand in a page or in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    /// Stem of its file's name.
    pub name: String,
    /// What it shows, in a few words.
    pub title: &'static str,
    /// How to read it, in a sentence or two.
    pub caption: String,
    /// Width in CSS pixels.
    pub width: u32,
    /// Height in CSS pixels.
    pub height: u32,
    /// The same data as comma-separated values.
    pub csv: String,
    /// The elements between `<svg>` and `</svg>`.
    body: String,
}

impl Plot {
    /// Draws a plot of 900 pixels' width.
    pub(super) fn draw(
        name: &str,
        title: &'static str,
        caption: String,
        csv: Csv,
        height: u32,
        paint: impl FnOnce(&Pen<'_>),
    ) -> Self {
        let mut text = String::new();
        {
            let size = (WIDTH * GRAIN, height * GRAIN);
            let pen = Pen { area: SVGBackend::with_string(&mut text, size).into_drawing_area() };
            paint(&pen);
            pen.area.present().expect(IN_MEMORY);
        }
        let body = text
            .split_once(">\n")
            .and_then(|(_svg, rest)| rest.trim_end().strip_suffix("</svg>"))
            .expect("plotters wraps its elements in one svg element")
            .to_owned();
        let csv = csv.finish();
        Self { name: name.to_owned(), title, caption, width: WIDTH, height, csv, body }
    }

    /// As an element of a page whose style sheet knows the dark colours.
    pub fn inline(&self) -> String {
        format!(
            "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n{}</svg>",
            self.width * GRAIN,
            self.height * GRAIN,
            self.title,
            self.body
        )
    }

    /// As a file of its own.
    pub fn standalone(&self) -> String {
        let Self { width, height, title, body, .. } = self;
        let [_, red, green, blue] = PAPER.packed().to_be_bytes();
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{title}\">\n<title>{title}</title>\n\
             <style>@media (prefers-color-scheme: dark) {{\n{}}}</style>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#{red:02X}{green:02X}{blue:02X}\"/>\n{body}</svg>\n",
            width * GRAIN,
            height * GRAIN,
            dark_style(""),
        )
    }
}

/// Where a text sits against its point.
#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Draws with coordinates in CSS pixels; plotters' whole numbers are quarters of these.
pub(super) struct Pen<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

impl Pen<'_> {
    pub(super) fn line(&self, points: &[(f64, f64)], colour: Colour, width: f64) {
        if points.len() > 1 {
            let points: Vec<_> = points.iter().map(|point| place(*point)).collect();
            self.area.draw(&PathElement::new(points, stroke(colour, width))).expect(IN_MEMORY);
        }
    }

    pub(super) fn dashed(&self, points: &[(f64, f64)], colour: Colour, width: f64) {
        if points.len() > 1 {
            let points: Vec<_> = points.iter().map(|point| place(*point)).collect();
            let dash = DashedPathElement::new(points, 5 * GRAIN, 3 * GRAIN, stroke(colour, width));
            self.area.draw(&dash).expect(IN_MEMORY);
        }
    }

    pub(super) fn dotted(&self, points: &[(f64, f64)], colour: Colour, width: f64) {
        if points.len() > 1 {
            let points: Vec<_> = points.iter().map(|point| place(*point)).collect();
            let (dot, gap) = (GRAIN * 3 / 2, GRAIN * 3);
            let dots = DashedPathElement::new(points, dot, gap, stroke(colour, width));
            self.area.draw(&dots).expect(IN_MEMORY);
        }
    }

    pub(super) fn fill(&self, points: &[(f64, f64)], colour: Colour) {
        let points: Vec<_> = points.iter().map(|point| place(*point)).collect();
        self.area.draw(&Polygon::new(points, colour.rgb().filled())).expect(IN_MEMORY);
    }

    pub(super) fn bar(&self, from: (f64, f64), to: (f64, f64), colour: Colour) {
        let corners = [place(from), place(to)];
        self.area.draw(&Rectangle::new(corners, colour.rgb().filled())).expect(IN_MEMORY);
    }

    /// An empty bar: something that did not happen.
    pub(super) fn hollow(&self, from: (f64, f64), to: (f64, f64), colour: Colour) {
        let (x0, x1) = (from.0 + 0.5, to.0 - 0.5);
        let outline = [(x0, from.1), (x1, from.1), (x1, to.1), (x0, to.1), (x0, from.1)];
        self.line(&outline, colour, 1.0);
    }

    pub(super) fn dot(&self, at: (f64, f64), radius: f64, colour: Colour) {
        let radius = (radius * f64::from(GRAIN)).round() as i32;
        self.area.draw(&Circle::new(place(at), radius, colour.rgb().filled())).expect(IN_MEMORY);
    }

    /// A cross: a wrong answer, for readers without colour too.
    pub(super) fn cross(&self, (x, y): (f64, f64), colour: Colour) {
        const ARM: f64 = 3.5;
        self.line(&[(x - ARM, y - ARM), (x + ARM, y + ARM)], colour, 2.0);
        self.line(&[(x - ARM, y + ARM), (x + ARM, y - ARM)], colour, 2.0);
    }

    pub(super) fn text(&self, at: (f64, f64), text: &str, colour: Colour, anchor: Anchor) {
        self.write(at, text, colour, anchor, FontStyle::Normal);
    }

    pub(super) fn bold(&self, at: (f64, f64), text: &str, colour: Colour, anchor: Anchor) {
        self.write(at, text, colour, anchor, FontStyle::Bold);
    }

    fn write(&self, at: (f64, f64), text: &str, colour: Colour, anchor: Anchor, weight: FontStyle) {
        let across = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let font = ("sans-serif", TEXT * f64::from(GRAIN) * POINTS)
            .into_font()
            .style(weight)
            .color(&colour.rgb())
            .pos(Pos::new(across, VPos::Center));
        let element = EmptyElement::at(place(at)) + Text::new(text.to_owned(), (0, 0), font);
        self.area.draw(&element).expect(IN_MEMORY);
    }
}

/// About how wide a text is drawn: no font is at hand to measure it.
pub(super) fn width_of(text: &str) -> f64 {
    text.chars().count() as f64 * TEXT * 0.55
}

fn place((x, y): (f64, f64)) -> (i32, i32) {
    let grain = f64::from(GRAIN);
    ((x * grain).round() as i32, (y * grain).round() as i32)
}

fn stroke(colour: Colour, width: f64) -> ShapeStyle {
    colour.rgb().stroke_width((width * f64::from(GRAIN)).round() as u32)
}

/// Width of every plot in CSS pixels.
pub(super) const WIDTH: u32 = 900;
/// Parts of a pixel, for plotters' SVG knows whole numbers only.
const GRAIN: u32 = 4;
/// Size of all text in CSS pixels.
const TEXT: f64 = 12.5;
/// plotters divides sizes by this on the way to SVG.
const POINTS: f64 = 1.24;
const IN_MEMORY: &str = "SVG text is drawn in memory";
