//! The page of a selftest: cases against mutants, what is weak first. One file that fetches nothing.
//!
//! Everything that is claimed stands in plain HTML. The matrix has a quarter of a million cells and
//! is drawn by the page's one script from a list of kills; policy allows that script and the one
//! style sheet by hash, and nothing else.

use crate::selftest::{Case, Gate, Group, Mutant, Outcome, Selftest, Totals};
use crate::text::count;
use askama::Template;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Cases and mutants that are listed as the weakest.
const WEAKEST: usize = 40;
/// What breaks a gate is listed up to here; the rest is in `selftest.json`.
const DETAILS: usize = 100;

const STYLE: &str =
    concat!(include_str!("../../templates/report.css"), include_str!("../../templates/matrix.css"));
const SCRIPT: &str = include_str!("../../templates/matrix.js");

/// The matrix of a selftest as a page.
pub fn matrix(selftest: &Selftest) -> String {
    Page::of(selftest).render().expect("a page of strings renders to a string")
}

#[derive(Template)]
#[template(path = "matrix.html")]
struct Page<'a> {
    selftest: &'a Selftest,
    style: &'static str,
    style_hash: String,
    script: &'static str,
    script_hash: String,
    data: String,
    tone: &'static str,
    symbol: &'static str,
    word: &'static str,
    sentence: String,
    gates: Vec<GateView<'a>>,
    families: Vec<Group>,
    kinds: Vec<Group>,
    weak_cases: Vec<(usize, &'a Case)>,
    weak_mutants: Vec<(usize, &'a Mutant)>,
    tiles: Vec<Tile>,
}

struct GateView<'a> {
    gate: &'a Gate,
    tone: &'static str,
    symbol: &'static str,
    word: &'static str,
    details: &'a [String],
    more: usize,
}

struct Tile {
    name: &'static str,
    number: String,
    what: String,
}

/// What the script draws from: names once, kills as places.
#[derive(Serialize)]
struct Data<'a> {
    /// Id, family, title, expectation.
    cases: Vec<[&'a str; 4]>,
    /// Name, kind, words.
    mutants: Vec<[&'a str; 3]>,
    /// Ways to fail, by the number that kills name.
    failures: Vec<&'a str>,
    /// For each mutant the cases that kill it, and how: case, failure, case, failure, …
    kills: Vec<Vec<usize>>,
    /// For each mutant the cases that came to nothing.
    nothing: Vec<&'a [usize]>,
}

impl<'a> Page<'a> {
    fn of(selftest: &'a Selftest) -> Self {
        let totals = selftest.totals();
        let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
        let (tone, symbol, word) = shown(selftest.outcome());
        Self {
            style: STYLE,
            style_hash: hash(STYLE),
            script: SCRIPT,
            script_hash: hash(SCRIPT),
            data: data(selftest),
            tone,
            symbol,
            word,
            sentence: sentence(selftest, &totals),
            gates: selftest.gates.iter().map(GateView::of).collect(),
            weak_cases: weakest(&selftest.cases, &totals.per_case, |_| true),
            weak_mutants: weakest(&selftest.mutants, &totals.per_mutant, |one| !one.is_constant()),
            tiles: tiles(selftest, &totals),
            families: totals.families,
            kinds: totals.kinds,
            selftest,
        }
    }
}

impl<'a> GateView<'a> {
    fn of(gate: &'a Gate) -> Self {
        let (tone, symbol, word) = shown(gate.outcome);
        let details = &gate.details[..gate.details.len().min(DETAILS)];
        Self { gate, tone, symbol, word, details, more: gate.details.len() - details.len() }
    }
}

fn shown(outcome: Outcome) -> (&'static str, &'static str, &'static str) {
    match outcome {
        Outcome::Holds => ("good", "✓", "Holds"),
        Outcome::Broken => ("bad", "✕", "Broken"),
        Outcome::Skipped => ("part", "!", "Skipped"),
    }
}

fn sentence(selftest: &Selftest, totals: &Totals) -> String {
    let broken: Vec<&str> = selftest
        .gates
        .iter()
        .filter(|gate| gate.outcome == Outcome::Broken)
        .map(|gate| gate.name.as_str())
        .collect();
    let kills = format!(
        "{} cases were played on {} servers that are wrong on purpose and killed them {} times.",
        count(selftest.cases.len() as u64),
        count(selftest.mutants.len() as u64),
        count(totals.kills as u64)
    );
    if broken.is_empty() { kills } else { format!("{kills} Broken: {}.", broken.join(", ")) }
}

fn tiles(selftest: &Selftest, totals: &Totals) -> Vec<Tile> {
    let flawed: Vec<usize> = selftest
        .mutants
        .iter()
        .zip(&totals.per_mutant)
        .filter(|(mutant, _)| !mutant.is_constant())
        .map(|(_, kills)| *kills)
        .collect();
    let tile = |name, number: usize, what| Tile { name, number: count(number as u64), what };
    vec![
        tile("Cases", selftest.cases.len(), spread(&totals.per_case)),
        tile("Mutants", selftest.mutants.len(), spread(&flawed)),
        tile("Kills", totals.kills, "constant servers left out".to_owned()),
        tile(
            "Reference",
            selftest.reference.iter().map(|run| run.passed).sum(),
            format!(
                "cases passed of {}, in {} runs",
                count(selftest.reference.iter().map(|run| run.planned as u64).sum()),
                selftest.reference.len()
            ),
        ),
    ]
}

fn spread(counts: &[usize]) -> String {
    let mut counts = counts.to_vec();
    counts.sort_unstable();
    let least = counts.first().copied().unwrap_or_default();
    let median = counts.get(counts.len() / 2).copied().unwrap_or_default();
    format!("kills each: {least} at least, {median} in the middle")
}

/// Those with the fewest kills, the weakest first.
fn weakest<'a, T>(
    all: &'a [T],
    kills: &[usize],
    counts: impl Fn(&T) -> bool,
) -> Vec<(usize, &'a T)> {
    let mut weak: Vec<(usize, &T)> =
        kills.iter().copied().zip(all).filter(|(_, one)| counts(one)).collect();
    weak.sort_by_key(|(kills, _)| *kills);
    weak.truncate(WEAKEST);
    weak
}

fn data(selftest: &Selftest) -> String {
    let mut failures: Vec<&str> = Vec::new();
    let mut kills = Vec::new();
    for mutant in &selftest.mutants {
        let mut pairs = Vec::new();
        for (case, failure) in &mutant.kills {
            let number = failures.iter().position(|known| known == failure).unwrap_or_else(|| {
                failures.push(failure);
                failures.len() - 1
            });
            pairs.extend([*case, number]);
        }
        kills.push(pairs);
    }
    let data = Data {
        cases: selftest
            .cases
            .iter()
            .map(|case| [&*case.id, &*case.family, &*case.title, &*case.expectation])
            .collect(),
        mutants: selftest.mutants.iter().map(|one| [&*one.name, &*one.kind, &*one.words]).collect(),
        nothing: selftest.mutants.iter().map(|mutant| &*mutant.inconclusive).collect(),
        failures,
        kills,
    };
    let text = serde_json::to_string(&data).expect("lists of texts and numbers are JSON");
    // Inside a script element only `<` could end it.
    text.replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selftest::sample;

    #[test]
    fn what_is_weak_comes_first_and_what_breaks_a_gate_is_said() {
        let page = matrix(&sample::selftest());
        let weak = page.find("id=\"weak-cases\"").unwrap();
        let after = |text: &str| page[weak..].find(text).unwrap();
        assert!(after("key.b") < after("nonce.a"));
        assert!(page.contains("key.b kills no mutant"));
        assert!(page.contains("Broken: G2."));
    }

    #[test]
    fn a_hostile_title_stays_text() {
        let mut selftest = sample::selftest();
        selftest.cases[0].title = "</script><script>alert(1)</script>".to_owned();
        let page = matrix(&selftest);
        assert_eq!(page.matches("</script>").count(), 2, "the data and the script, no more");
        assert!(!page.contains("<script>alert"));
    }

    #[test]
    fn the_page_fetches_nothing() {
        let page = matrix(&sample::selftest());
        assert!(page.contains("default-src 'none'"));
        for word in ["http://", "https://", "//cdn", "@import", "url("] {
            assert!(!page.contains(word), "{word}");
        }
    }
}
