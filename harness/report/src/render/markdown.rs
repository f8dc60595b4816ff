//! `README.md`: what a repository or a job summary shows.

use super::finding::{evidence_folder, text};
use crate::Summary;
use crate::summary::known::lines;
use crate::summary::{Case, Load, Tally};
use crate::text::{count, counted, micros, percent, plain, shorten, three_digits};
use record::{Evidence, Verdict};

/// Findings shown in full; the rest is in `report.html` and `summary.json`.
const FINDINGS_SHOWN: usize = 50;
/// Characters of an answer that are shown.
const EXCERPT_SHOWN: usize = 600;

/// The report as Markdown.
pub fn markdown(summary: &Summary) -> String {
    let mut page = Page::default();
    page.line(&format!(
        "# {} {}: {}",
        summary.standing.symbol(),
        summary.standing.word(),
        escape(&summary.sentence)
    ));
    page.line(&format!(
        "`{}` at {}, {}. The same in full: [report.html](report.html).",
        code(&summary.run.target.name),
        escape(&summary.run.started),
        escape(&format!("assay {}", summary.run.assay)),
    ));
    headline(&mut page, summary);
    next(&mut page, summary);
    findings(&mut page, summary);
    for (index, load) in summary.load.iter().enumerate() {
        load_section(&mut page, load, index);
    }
    known(&mut page, summary);
    clauses(&mut page, summary);
    not_tested(&mut page, summary);
    foot(&mut page, summary);
    page.0
}

#[derive(Default)]
struct Page(String);

impl Page {
    /// A block of its own.
    fn line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push_str("\n\n");
    }

    fn list(&mut self, items: impl IntoIterator<Item = String>) {
        for item in items {
            self.0.push_str(&item);
            self.0.push('\n');
        }
        self.0.push('\n');
    }

    fn fence(&mut self, text: &str) {
        let longest = text.split(|char| char != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        self.line(&format!("{fence}text\n{}\n{fence}", text.trim_end()));
    }
}

/// Foreign text as text: nothing in it is markup, a link or a mention.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        match char {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '@' => escaped.push_str("&#64;"),
            // Only before a slash does a colon make an address of a word.
            ':' if rest.peek() == Some(&'/') => escaped.push_str("&#58;"),
            '\n' | '\r' | '\t' => escaped.push(' '),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '!' | '$' => {
                escaped.push('\\');
                escaped.push(char);
            }
            other => escaped.push(other),
        }
    }
    let escaped = escaped.replace("www.", "www&#46;");
    if escaped.starts_with(['-', '+', '=']) { format!("\\{escaped}") } else { escaped }
}

/// Foreign text between single backticks.
fn code(text: &str) -> String {
    text.replace('`', "'").replace(['\n', '\r'], " ").replace('|', "¦")
}

fn headline(page: &mut Page, summary: &Summary) {
    let headline = &summary.headline;
    let row = |name: &str, what: &str, tally: Tally| {
        format!(
            "| {name} | {what} | {}{} of {} | {} of {} |",
            count(tally.in_cases),
            if tally.known > 0 {
                format!(" (and {} known)", count(tally.known))
            } else {
                String::new()
            },
            count(tally.of_cases),
            count(tally.under_load),
            count(tally.of_requests)
        )
    };
    page.list([
        "| | faults | in cases | under load |".to_owned(),
        "|---|---|--:|--:|".to_owned(),
        row("Security", "false accepts", headline.security),
        row("Interoperability", "false rejects, wrong outputs", headline.interoperability),
        row("Robustness", "no decision", headline.robustness),
        format!(
            "| Coverage | clauses reached | {} of {} | |",
            count(headline.coverage.covered),
            count(headline.coverage.named)
        ),
    ]);
}

fn next(page: &mut Page, summary: &Summary) {
    page.line("## What to do next");
    page.list(summary.next.iter().enumerate().map(|(index, step)| {
        let case = step.case.as_ref().map(|case| format!(" (`{}`)", code(case)));
        format!("{}. {}{}", index + 1, escape(&step.what), case.unwrap_or_default())
    }));
}

fn findings(page: &mut Page, summary: &Summary) {
    let findings = summary.cases.findings();
    if findings.is_empty() {
        return;
    }
    page.line(&format!("## Findings ({})", findings.len()));
    for case in findings.iter().take(FINDINGS_SHOWN) {
        finding(page, case, summary.evidence.get(&case.id));
    }
    if findings.len() > FINDINGS_SHOWN {
        let more = (findings.len() - FINDINGS_SHOWN) as u64;
        page.line(&format!("… and {} more, in `summary.json`.", count(more)));
    }
}

fn finding(page: &mut Page, case: &Case, evidence: Option<&Evidence>) {
    let failure = match &case.verdict {
        Verdict::Fail { failure, .. } => failure.as_str(),
        Verdict::Pass | Verdict::NotApplicable { .. } | Verdict::Inconclusive { .. } => return,
    };
    let grade = if case.binding { "✕" } else { "advice:" };
    page.line(&format!("### {grade} `{}` {}", code(&case.id), escape(&case.title)));
    let status = case.status.map(|status| format!(", HTTP {status}")).unwrap_or_default();
    let reason = case.reason.as_ref().map(|reason| format!(", “{}”", escape(reason)));
    let mut items = vec![
        format!("- **{failure}**, {}, {}", escape(&case.severity), escape(&case.level)),
        format!(
            "- expected **{}**, observed **{}**{status} in {} ms{}",
            escape(&case.expectation),
            escape(&case.decision),
            three_digits(case.elapsed_ms),
            reason.unwrap_or_default()
        ),
        format!("- {}", escape(case.verdict.why())),
    ];
    for demand in case.rules.iter().chain(&case.clauses) {
        items.push(format!("- `{}` {}", code(&demand.id), escape(&demand.words)));
    }
    if !case.matters.is_empty() {
        items.push(format!("- why it matters: {}", escape(&case.matters)));
    }
    if !case.fix.is_empty() {
        items.push(format!("- how to mend it: {}", escape(&case.fix)));
    }
    page.list(items);
    if let Some(evidence) = evidence {
        page.line("The bytes, those that differ in brackets:");
        page.fence(&text(evidence));
    }
    if !case.repeat.is_empty() {
        page.fence(&case.repeat);
    }
    if evidence.is_some() {
        let folder = evidence_folder(&case.id);
        page.line(&format!("The request and its objects: [`{folder}/curl.sh`]({folder}/curl.sh)"));
    }
    if !case.excerpt.trim().is_empty() {
        page.fence(&shorten(&case.excerpt, EXCERPT_SHOWN));
    }
}

fn load_section(page: &mut Page, load: &Load, index: usize) {
    page.line("## Under load");
    for why in &load.invalid {
        page.line(&format!("**Invalid measurement:** {}", escape(why)));
    }
    let right = &load.correctness;
    if let Some(below) = right.false_accepts_below {
        page.line(&format!(
            "0 wrong accepts in {}: below {} at 95 % confidence (3/n).",
            counted(right.dishonest, "dishonest request", "dishonest requests"),
            percent(below)
        ));
    } else if right.false_accepts > 0 {
        page.line(&format!(
            "**{} wrong accepts in {}.**",
            count(right.false_accepts),
            counted(right.dishonest, "dishonest request", "dishonest requests")
        ));
    }
    page.line(&format!("Mix: {}. Arrivals: {}.", escape(&load.mix), escape(&load.arrivals)));
    let mut rows = vec![
        "| phase | length | offered/s | sent/s | right/s | dropped | response p50 | p99 | p99.9 | max | lag p99 |".to_owned(),
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|".to_owned(),
    ];
    rows.extend(load.phases.iter().map(|phase| {
        format!(
            "| {} | {} s | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            escape(&phase.name),
            plain(phase.measured_s),
            three_digits(phase.offered_per_s),
            three_digits(phase.sent_per_s),
            three_digits(phase.achieved_per_s),
            count(phase.dropped),
            micros(phase.response.p50_us),
            micros(phase.response.p99_us),
            micros(phase.response.p99_9_us),
            micros(phase.response.max_us),
            micros(phase.lag.p99_us),
        )
    }));
    page.list(rows);
    for wrong in load.wrong.iter().take(FINDINGS_SHOWN) {
        page.line(&format!("✕ **{}** {}", escape(&wrong.class), escape(&wrong.what)));
        if !wrong.repeat.is_empty() {
            page.fence(&wrong.repeat);
        }
    }
    if !load.seconds.is_empty() {
        for (name, title) in crate::plot::TITLES {
            let name = crate::plot::file_name(name, index);
            page.line(&format!("![{title}](plots/{name}.svg)"));
        }
    }
}

fn known(page: &mut Page, summary: &Summary) {
    let Some(known) = &summary.known else { return };
    page.line("## Known failures");
    page.line(&format!("As listed in `{}` on {}.", code(&known.file), escape(&known.today)));
    let mut rows = vec![
        "| case | fails with | became | owner | until | why |".to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    rows.extend(lines(known).iter().map(|line| {
        let entry = line.entry;
        let issue = entry.issue.as_deref().map(|issue| format!(" ({})", escape(issue)));
        format!(
            "| `{}` | {} | {}{} | {} | {} | {}{} |",
            code(line.case),
            line.kind,
            if line.needs_care { "**!** " } else { "" },
            line.became,
            escape(&entry.owner),
            escape(&entry.expires),
            escape(&entry.reason),
            issue.unwrap_or_default()
        )
    }));
    page.list(rows);
}

fn clauses(page: &mut Page, summary: &Summary) {
    if summary.cases.clauses.is_empty() {
        return;
    }
    page.line("## By clause");
    let mut rows = vec![
        "| clause | demands | holds | fails | undecided | not applicable |".to_owned(),
        "|---|---|--:|--:|--:|--:|".to_owned(),
    ];
    rows.extend(summary.cases.clauses.iter().map(|clause| {
        format!(
            "| {} | {} | {} | {} | {} | {} |",
            escape(&clause.id),
            escape(&clause.words),
            count(clause.passed),
            count(clause.failed),
            count(clause.inconclusive),
            count(clause.not_applicable)
        )
    }));
    page.list(rows);
}

fn not_tested(page: &mut Page, summary: &Summary) {
    let untested: Vec<&Case> = summary.cases.list.iter().filter(|case| !case.decided()).collect();
    let missing = &summary.headline.coverage.missing;
    page.line("## Not tested, and why");
    let unmapped = &summary.cases.unmapped;
    if untested.is_empty()
        && missing.is_empty()
        && unmapped.is_empty()
        && summary.cases.unplayed == 0
    {
        page.line("Nothing was left out: every case of the selection was decided.");
        return;
    }
    let mut items: Vec<String> = untested
        .iter()
        .take(FINDINGS_SHOWN)
        .map(|case| {
            let word = case.verdict.as_str().replace('-', " ");
            format!("- `{}` {word}: {}", code(&case.id), escape(case.verdict.why()))
        })
        .collect();
    if untested.len() > FINDINGS_SHOWN {
        let more = (untested.len() - FINDINGS_SHOWN) as u64;
        items.push(format!("- … and {} more, in `summary.json`", count(more)));
    }
    if summary.cases.unplayed > 0 {
        let n = counted(summary.cases.unplayed, "planned case was", "planned cases were");
        items.push(format!("- {n} never played: the run ended before"));
    }
    items.extend(unmapped.iter().take(FINDINGS_SHOWN).map(|one| {
        format!(
            "- the reason “{}” ({}) stands for no rule: the target file does not map it",
            escape(&one.words),
            counted(one.times, "time", "times")
        )
    }));
    if !missing.is_empty() {
        items.push(format!(
            "- clauses that no decided case reached: {}",
            escape(&missing.join(", "))
        ));
    }
    page.list(items);
}

fn foot(page: &mut Page, summary: &Summary) {
    let run = &summary.run;
    page.line("## The run");
    for note in &summary.notes {
        page.line(&format!("> {}", escape(note)));
    }
    page.fence(&run.command);
    page.list([
        format!("- seed `{}`", code(&run.seed)),
        format!(
            "- server: {}, App ID {}, {}",
            escape(&run.target.nodes.join(", ")),
            escape(&run.target.app_id),
            escape(&run.target.environment)
        ),
        format!(
            "- machine: {}, {}, {}",
            escape(&run.machine.system),
            escape(&run.machine.cpu),
            counted(run.machine.cores as u64, "core", "cores")
        ),
        format!("- assay {}, record schema {}", escape(&run.assay), run.record_schema),
    ]);
}
