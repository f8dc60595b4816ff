//! Annotations: workflow commands on standard output, one a line.

use crate::Summary;
use crate::summary::{Case, Load, Standing};
use crate::text::{count, shorten};
use record::Verdict;

/// Annotations of a kind that a step may have; what is beyond is dropped without a word.
const SHOWN: usize = 10;
/// Characters of a message that are shown.
const MESSAGE_SHOWN: usize = 800;

/// The findings as workflow commands: ten at most, then how many more there are and where.
pub fn annotations(summary: &Summary, folder: &str) -> String {
    let mut list: Vec<Annotation> = summary.load.iter().flat_map(of_load).collect();
    let (binding, advice): (Vec<&Case>, Vec<&Case>) =
        summary.cases.findings().into_iter().partition(|case| case.binding);
    list.extend(binding.into_iter().map(of_case));
    list.extend(of_run(summary));
    list.extend(advice.into_iter().map(of_case));
    let more = list.len().saturating_sub(SHOWN);
    let mut text: String = list.iter().take(SHOWN).map(Annotation::line).collect();
    if more > 0 {
        let message = format!("…and {} more: see report.html in {folder}", count(more as u64));
        text.push_str(&Annotation { level: "notice", title: "Assay".to_owned(), message }.line());
    }
    text
}

struct Annotation {
    level: &'static str,
    title: String,
    message: String,
}

impl Annotation {
    fn line(&self) -> String {
        let Self { level, title, message } = self;
        let message = data(&shorten(message, MESSAGE_SHOWN));
        format!("::{level} title={}::{message}\n", property(&shorten(title, 160)))
    }
}

fn of_case(case: &Case) -> Annotation {
    let failure = match &case.verdict {
        Verdict::Fail { failure, .. } => failure.as_str(),
        Verdict::Pass | Verdict::NotApplicable { .. } | Verdict::Inconclusive { .. } => "",
    };
    let lines = [
        case.title.clone(),
        case.verdict.why().to_owned(),
        format!("why: {}", case.matters),
        format!("mend: {}", case.fix),
    ];
    Annotation {
        level: if case.binding { "error" } else { "warning" },
        title: format!("{failure}: {} ({})", case.id, case.severity),
        message: lines.join("\n"),
    }
}

fn of_load(load: &Load) -> Vec<Annotation> {
    let right = &load.correctness;
    let ways = [
        (right.false_accepts, "false-accept"),
        (right.false_rejects, "false-reject"),
        (right.unreadable, "unreadable"),
    ];
    let wrong = ways.into_iter().filter(|(wrong, _)| *wrong > 0);
    wrong
        .map(|(wrong, class)| {
            let example = load.wrong.iter().find(|one| one.class == class);
            Annotation {
                level: "error",
                title: format!("{class}: {} under load", count(wrong)),
                message: example.map_or_else(
                    || "An answer was wrong only because the server was busy.".to_owned(),
                    |one| one.what.clone(),
                ),
            }
        })
        .collect()
}

/// A run that neither holds nor breaks says so: no annotation must not look like a success.
fn of_run(summary: &Summary) -> Option<Annotation> {
    match summary.standing {
        Standing::Broken if summary.completeness.complete => None,
        Standing::Holds => None,
        Standing::Broken
        | Standing::Invalid
        | Standing::Empty
        | Standing::Incomplete
        | Standing::Undecided
        | Standing::Strained
        | Standing::Outdated => Some(Annotation {
            level: "warning",
            title: format!("Assay: {}", summary.standing.word()),
            message: summary.sentence.clone(),
        }),
    }
}

/// Text of a command: what would end the line is written in per cent.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text of a property, which a comma or a colon would end besides.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{data, property};

    #[test]
    fn what_would_end_a_command_is_written_in_per_cent() {
        assert_eq!(data("100 %\r\n::error::x, y"), "100 %25%0D%0A::error::x, y");
        assert_eq!(property("a: b, %3A\n"), "a%3A b%2C %253A%0A");
    }
}
