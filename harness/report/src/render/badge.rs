//! `badge.json` and `badge.svg`: the verdict in two words, for a README.

use crate::Summary;
use crate::summary::{Headline, Standing};
use crate::text::counted;
use serde_json::json;

const LABEL: &str = "App Attest";

/// The badge as an endpoint that shields.io reads.
pub fn badge_json(summary: &Summary) -> String {
    let badge = json!({
        "schemaVersion": 1,
        "label": LABEL,
        "message": message(summary),
        "color": &colour(summary.standing)[1..],
        "isError": summary.standing == Standing::Broken,
    });
    format!("{badge:#}\n")
}

/// The badge as a drawing of its own, which needs nobody to draw it.
pub fn badge_svg(summary: &Summary) -> String {
    let message = message(summary);
    let (left, right) = (width(LABEL) + 10, width(&message) + 10);
    let whole = left + right;
    let text = |from: usize, words: &str, room: usize| {
        let (middle, length) = (from * 10 + room * 5, (room - 10) * 10);
        let words = escape(words);
        format!(
            "<text x=\"{middle}\" y=\"140\" textLength=\"{length}\" transform=\"scale(.1)\">{words}</text>"
        )
    };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{whole}\" height=\"20\" role=\"img\" aria-label=\"{label}: {said}\">\n\
         <title>{label}: {said}</title>\n\
         <clipPath id=\"r\"><rect width=\"{whole}\" height=\"20\" rx=\"3\"/></clipPath>\n\
         <g clip-path=\"url(#r)\"><rect width=\"{left}\" height=\"20\" fill=\"#3c444d\"/>\
         <rect x=\"{left}\" width=\"{right}\" height=\"20\" fill=\"{colour}\"/></g>\n\
         <g fill=\"#fff\" text-anchor=\"middle\" font-family=\"Verdana,DejaVu Sans,Geneva,sans-serif\" font-size=\"110\">\n\
         {first}\n{second}\n</g>\n</svg>\n",
        label = escape(LABEL),
        said = escape(&message),
        colour = colour(summary.standing),
        first = text(0, LABEL, left),
        second = text(left, &message, right),
    )
}

/// The standing, and what it rests on: a word alone would not tell one case from three hundred.
fn message(summary: &Summary) -> String {
    let cases = &summary.cases;
    let word = summary.standing.word().to_lowercase();
    match summary.standing {
        Standing::Broken => {
            let Headline { security, .. } = &summary.headline;
            match (security.in_cases, cases.failed) {
                (0, 0) => format!("{word} under load"),
                (0, failed) => format!("{word}, {}", counted(failed, "case fails", "cases fail")),
                (holes, _) => format!("{word}, {}", counted(holes, "hole", "holes")),
            }
        }
        Standing::Holds if cases.list.is_empty() => format!("{word} under load"),
        Standing::Holds => {
            let held = counted(cases.passed, "case", "cases");
            if cases.known > 0 {
                format!("{word}, {held}, {} known failing", cases.known)
            } else {
                format!("{word}, {held}")
            }
        }
        Standing::Invalid
        | Standing::Empty
        | Standing::Incomplete
        | Standing::Undecided
        | Standing::Strained
        | Standing::Outdated => word,
    }
}

/// Dark enough for white letters.
fn colour(standing: Standing) -> &'static str {
    match standing {
        Standing::Holds => "#00694d",
        Standing::Broken => "#b3300c",
        Standing::Invalid
        | Standing::Empty
        | Standing::Incomplete
        | Standing::Undecided
        | Standing::Strained
        | Standing::Outdated => "#855600",
    }
}

/// Roughly the pixels of a text in Verdana of 11 pixels; the drawing is told to keep to it.
fn width(text: &str) -> usize {
    let tenths: usize = text
        .chars()
        .map(|char| match char {
            'i' | 'j' | 'l' | '.' | ',' | ' ' | 'I' | ':' => 38,
            'f' | 'r' | 't' => 45,
            'm' | 'w' | 'M' | 'W' => 100,
            'A'..='Z' => 76,
            _other => 67,
        })
        .sum();
    tenths.div_ceil(10)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
