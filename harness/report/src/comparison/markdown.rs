//! A comparison as Markdown.

use super::terminal::{moved, note};
use super::{Change, Changed, Comparison, Group};
use crate::render::markdown::{Page, code, escape};
use crate::text::{count, shorten};

/// Cases of a group that are shown.
const SHOWN: usize = 200;
/// Characters of a sentence that are shown.
const WORDS_SHOWN: usize = 300;

pub(super) fn markdown(comparison: &Comparison) -> String {
    let Comparison { before, after, .. } = comparison;
    let mut page = Page::default();
    let symbol = match comparison.regressions {
        0 if after.complete && after.decided > 0 => "✓",
        0 => "!",
        _failures => "✕",
    };
    page.line(&format!("# {symbol} {}", escape(&comparison.sentence)));
    page.list(
        [
            "| | before | after |".to_owned(),
            "|---|---|---|".to_owned(),
            format!("| target | {} | {} |", escape(&before.target), escape(&after.target)),
            format!("| started | {} | {} |", escape(&before.started), escape(&after.started)),
        ]
        .into_iter()
        .chain(comparison.headline.iter().map(|figure| {
            format!("| {} | {} | {} |", figure.name, count(figure.before), count(figure.after))
        })),
    );
    if !comparison.differences.is_empty() {
        page.line("**Not the same in both runs:**");
        page.list(comparison.differences.iter().map(|one| {
            let (old, new) = (shorten(&one.before, WORDS_SHOWN), shorten(&one.after, WORDS_SHOWN));
            format!("- {}: {} → {}", one.what, escape(&old), escape(&new))
        }));
    }
    for group in comparison.groups.iter().filter(|group| !group.cases.is_empty()) {
        section(&mut page, group);
    }
    page.0
}

fn section(page: &mut Page, group: &Group) {
    let n = count(group.cases.len() as u64);
    page.line(&format!("## {} ({n})", capital(group.change.words())));
    let mut items: Vec<String> =
        group.cases.iter().take(SHOWN).map(|case| item(group.change, case)).collect();
    if group.cases.len() > SHOWN {
        items.push(format!("- … and {} more", count((group.cases.len() - SHOWN) as u64)));
    }
    page.list(items);
}

fn item(change: Change, case: &Changed) -> String {
    let note = shorten(&note(change, case), WORDS_SHOWN);
    let note = if note.is_empty() { note } else { format!(": {}", escape(&note)) };
    format!(
        "- `{}` **{}**, {}, {}, {}{note}",
        code(&case.id),
        escape(&moved(case)),
        escape(&case.severity),
        escape(&case.level),
        escape(&case.title)
    )
}

fn capital(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
