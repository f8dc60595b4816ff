//! A page of criterion's measurements: a bar for each step, and how it relates to the bare signature.

use crate::criterion_data::{Groups, Line};
use crate::ratios::{Ratio, TURN, TURNS};
use plotters::prelude::{
    BLACK, Color, IntoDrawingArea, IntoFont, PathElement, RGBColor, Rectangle, SVGBackend, Text,
};
use std::fmt::Write as _;

/// What the figures of a page were measured on.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The processor.
    pub machine: String,
    /// Compiler and libraries, one a line.
    pub versions: Vec<String>,
}

/// The line of a group that its others are multiples of.
const YARDSTICKS: [(&str, &str); 7] = [
    ("assertion", "bare P-256 signature"),
    ("attestation", "bare P-384 signature"),
    ("receipt", "bare signatures"),
    ("fleet attestation", "aws-lc-rs signs with P-384"),
    ("fleet assertion", "aws-lc-rs signs with P-256"),
    ("mint", "one P-384 signature"),
    ("threads", "1 thread"),
];

/// A file of the page: its name and its text.
pub type File = (String, String);

/// The page in Markdown, and its plots.
pub fn page(groups: &Groups, ratios: &[Ratio], setting: &Setting) -> Vec<File> {
    let mut text = String::from(
        "# Speed\n\nDrawn by `cargo run -p benches --bin page` from what `cargo bench -p benches` left. \
         What the lines are and how to read them stands in [benches/README.md](../../benches/README.md). \
         Times are medians with their confidence interval of 95 %; on a shared machine the ratio of two \
         lines of one group is worth more than either.\n\n",
    );
    // Writing to a string does not fail.
    let _ =
        writeln!(text, "Measured on {}, with {}.", setting.machine, setting.versions.join(", "));
    text += &goals(ratios);
    let mut files = Vec::new();
    for (group, lines) in groups {
        let file = format!("{}.svg", group.replace(' ', "-"));
        let _ = writeln!(text, "\n## {group}\n\n![{group}]({file})\n");
        let of = match lines.iter().find_map(|line| yardstick(group, lines, line)) {
            Some(_) if group == RULES => "reading alone",
            Some(line) => line.name.as_str(),
            None => "–",
        };
        let _ = writeln!(text, "| step | median | 95 % | × {of} |\n| --- | ---: | ---: | ---: |");
        for line in lines {
            let ratio = yardstick(group, lines, line)
                .map_or("–".to_owned(), |bare| format!("{:.3}", line.median / bare.median));
            let (median, low, high) = (time(line.median), time(line.low), time(line.high));
            let _ = writeln!(text, "| {} | {median} | {low} to {high} | {ratio} |", line.name);
        }
        files.push((file, plot(group, lines)));
    }
    files.push(("README.md".to_owned(), text));
    files
}

/// The steps that have a goal, timed by turns with their yardsticks.
fn goals(ratios: &[Ratio]) -> String {
    let mut text = format!(
        "\n## Steps that have a goal\n\nStep and yardstick by turns of {} ms, {TURNS} of each, so that a clock \
         that changes its pace changes both; the median of the ratios, and their middle half.\n\n\
         | step | yardstick, by aws-lc-rs | ratio | middle half | goal | |\n\
         | --- | --- | ---: | ---: | ---: | --- |\n",
        TURN.as_millis()
    );
    for Ratio { step, yardstick: (times, name), goal, quartiles: [low, median, high] } in ratios {
        let held = if median <= goal { "held" } else { "missed" };
        let _ = writeln!(
            text,
            "| {step} | {times} × {name} | {median:.3} | {low:.3} to {high:.3} | {goal:.2} | {held} |"
        );
    }
    text
}

/// The group of rules, each of which is held against reading what it looks at.
const RULES: &str = "rules";

/// What a line of a group is a multiple of.
fn yardstick<'l>(group: &str, lines: &'l [Line], of: &Line) -> Option<&'l Line> {
    let name = if group == RULES {
        let read = [("asr.", "Assertion"), ("att.", "Attestation"), ("rcp.", "Receipt")];
        let object = |(rules, object): &(&str, &str)| {
            of.name.starts_with(rules) || of.name.starts_with(object)
        };
        format!("{}: reading alone", read.iter().find(|one| object(one))?.1)
    } else {
        YARDSTICKS.iter().find(|(one, _)| *one == group)?.1.to_owned()
    };
    lines.iter().find(|line| line.name == name)
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        ..1e3 => format!("{nanoseconds:.1} ns"),
        1e3..1e6 => format!("{:.2} µs", nanoseconds / 1e3),
        _ => format!("{:.2} ms", nanoseconds / 1e6),
    }
}

const WIDTH: i32 = 900;
const ROW: i32 = 26;
/// Where bars begin, and how long the longest is.
const BARS: (i32, i32) = (330, 400);

fn plot(group: &str, lines: &[Line]) -> String {
    const IN_MEMORY: &str = "drawing in memory does not fail";
    let height = (20..).step_by(ROW as usize).nth(lines.len()).unwrap_or(i32::MAX);
    let longest = lines.iter().map(|line| line.high).fold(f64::MIN_POSITIVE, f64::max);
    let place = |value: f64| BARS.0 + (value / longest * f64::from(BARS.1)) as i32;
    let mut svg = String::new();
    {
        let area =
            SVGBackend::with_string(&mut svg, (WIDTH as u32, height as u32)).into_drawing_area();
        area.fill(&RGBColor(255, 255, 255)).expect(IN_MEMORY);
        let font = ("sans-serif", 14).into_font();
        for (top, line) in (10..).step_by(ROW as usize).zip(lines) {
            let yardstick = yardstick(group, lines, line);
            let colour = if yardstick.is_some_and(|bare| bare.name == line.name) {
                RGBColor(150, 150, 150)
            } else {
                RGBColor(48, 105, 172)
            };
            let bar = [(BARS.0, top + 3), (place(line.median), top + ROW - 5)];
            area.draw(&Rectangle::new(bar, colour.filled())).expect(IN_MEMORY);
            let middle = top + ROW / 2 - 1;
            let whisker = vec![(place(line.low), middle), (place(line.high), middle)];
            area.draw(&PathElement::new(whisker, BLACK.stroke_width(2))).expect(IN_MEMORY);
            area.draw(&Text::new(line.name.clone(), (8, top + 4), font.clone())).expect(IN_MEMORY);
            let ratio = yardstick
                .map_or_else(String::new, |bare| format!("  × {:.2}", line.median / bare.median));
            let said = format!("{}{ratio}", time(line.median));
            let after = (place(line.high) + 8, top + 4);
            area.draw(&Text::new(said, after, font.clone())).expect(IN_MEMORY);
        }
        area.present().expect(IN_MEMORY);
    }
    // Readers of the image hear what it is.
    svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{group}\" "), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_shown_as_a_multiple_of_the_bare_signature() {
        let line =
            |name: &str, median| Line { name: name.to_owned(), median, low: median, high: median };
        let lines = vec![line("bare P-256 signature", 40_000.0), line("verify", 41_000.0)];
        let groups = Groups::from([("assertion".to_owned(), lines)]);
        let setting =
            Setting { machine: "a machine".to_owned(), versions: vec!["rustc 1".to_owned()] };
        let quartiles = [0.9, 1.02, 1.1];
        let ratio = Ratio { step: "verify", yardstick: (2, "bare"), goal: 1.05, quartiles };
        let missed = Ratio { goal: 1.0, ..ratio.clone() };
        let files = page(&groups, &[ratio, missed], &setting);
        let text = |name: &str| &files.iter().find(|(file, _)| file == name).unwrap().1;
        assert!(text("README.md").contains("| verify | 41.00 µs | 41.00 µs to 41.00 µs | 1.025 |"));
        let goals = "| verify | 2 × bare | 1.020 | 0.900 to 1.100 | 1.05 | held |\n\
                     | verify | 2 × bare | 1.020 | 0.900 to 1.100 | 1.00 | missed |\n";
        assert!(text("README.md").contains(goals), "{}", text("README.md"));
        assert!(text("README.md").contains("on a machine, with rustc 1."));
        assert!(text("assertion.svg").contains("× 1.02"), "{}", text("assertion.svg"));
    }

    #[test]
    fn a_rule_is_a_multiple_of_reading_what_it_looks_at() {
        let names = ["Attestation: reading alone", "Assertion: reading alone", "asr.counter"];
        let lines =
            names.map(|name| Line { name: name.to_owned(), median: 1.0, low: 1.0, high: 1.0 });
        let of = |line: &Line| yardstick(RULES, &lines, line).map(|line| line.name.as_str());
        assert_eq!(lines.each_ref().map(of), [Some(names[0]), Some(names[1]), Some(names[1])]);
    }

    #[test]
    fn times_have_the_unit_that_suits_them() {
        assert_eq!([time(1.25), time(1250.0), time(1.25e6)], ["1.2 ns", "1.25 µs", "1.25 ms"]);
    }
}
