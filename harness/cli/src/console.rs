//! What a person sees while a run goes on: a bar on a terminal, a plain line now and then elsewhere.
//!
//! Everything here goes to standard error; standard output is for data.

use crate::live::{Light, Live};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use judge::known::Known;
use record::{CaseFinished, Event, EventKind, Failure, LoadWindow, Sink, Verdict};
use std::io::Write;
use std::time::{Duration, Instant};

/// Without a terminal a line is printed this often.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// Shows the events of a run as they come.
#[derive(Debug)]
pub(crate) struct Console {
    bar: Option<ProgressBar>,
    /// Lines below the bar while a load runs: its figures, and what must not be overlooked.
    below: Option<(MultiProgress, [ProgressBar; 2])>,
    terminal: bool,
    colour: bool,
    json: bool,
    cases: (u64, u64),
    failed: u64,
    /// Failures that are known: a case's id, and the way it fails unless any way is tolerated.
    known: Vec<(String, Option<Failure>)>,
    load: Live,
    last_line: Instant,
}

impl Console {
    /// A console for `cases` cases. `json` also prints each event on standard output.
    pub(crate) fn new(cases: usize, json: bool) -> Self {
        use std::io::IsTerminal;
        let terminal = std::io::stderr().is_terminal();
        // https://no-color.org: any non-empty value turns colour off.
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            bar: None,
            below: None,
            terminal,
            colour: terminal && !no_colour,
            json,
            cases: (0, cases as u64),
            failed: 0,
            known: Vec::new(),
            load: Live::default(),
            last_line: Instant::now(),
        }
    }

    /// Failures listed there for that target are told in one line; whether they are excused is said at the end.
    pub(crate) fn expect(&mut self, known: &Known, target: &str) {
        for entry in known.entries_for(target) {
            self.known.extend(entry.cases.iter().map(|id| (id.clone(), entry.kind)));
        }
    }

    /// Prints a line above the bar.
    pub(crate) fn say(&self, line: &str) {
        match (&self.below, &self.bar) {
            (Some((all, _)), _) => all.suspend(|| write_line(line)),
            (None, Some(bar)) => bar.suspend(|| write_line(line)),
            (None, None) => write_line(line),
        }
    }

    fn start_bar(&mut self, length: u64, template: &str) {
        self.end_bar();
        if self.terminal {
            let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template(template)
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("━╸ ");
            bar.set_style(style);
            self.bar = Some(bar);
        }
    }

    fn end_bar(&mut self) {
        if let Some((_, lines)) = self.below.take() {
            lines.iter().for_each(ProgressBar::finish_and_clear);
        }
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// The bar of a load, with two lines below it.
    fn start_load(&mut self, seconds: u64) {
        self.start_bar(seconds, "load {wide_bar} {msg}");
        let Some(bar) = self.bar.take() else { return };
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        self.bar = Some(all.add(bar));
        let line = || {
            let style = ProgressStyle::with_template("     {msg}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner());
            all.add(ProgressBar::new_spinner().with_style(style))
        };
        let lines = [line(), line()];
        self.below = Some((all, lines));
        self.show_load();
    }

    /// Shows how a load goes: where it is, its figures, and its totals.
    fn show_load(&self) {
        let light = match self.load.light() {
            Light::OnTime => self.paint("32", "●"),
            Light::Late => self.paint("33;1", "◐"),
            Light::TooLate => self.paint("31;1", "○"),
        };
        let totals = self.load.totals();
        let totals = if self.load.wrong > 0 { self.paint("31;1", &totals) } else { totals };
        if let (Some(bar), Some((_, [figures, sums]))) = (&self.bar, &self.below) {
            bar.set_position(self.load.position());
            bar.set_message(self.load.progress());
            figures.set_message(self.load.figures());
            sums.set_message(format!("{totals}  {light} {}", self.load.lag()));
        }
    }

    fn case_finished(&mut self, case: &CaseFinished) {
        self.cases.0 += 1;
        if let Some(bar) = &self.bar {
            bar.inc(1);
            bar.set_message(case.id.clone());
        }
        match &case.verdict {
            Verdict::Pass | Verdict::NotApplicable { .. } => {}
            Verdict::Fail { failure, .. } if self.is_known(&case.id, *failure) => {
                self.say(&format!("known {}  {}", case.id, failure.as_str()));
            }
            Verdict::Fail { failure, why } => {
                self.failed += 1;
                let mark = self.paint("31;1", "FAIL");
                self.say(&format!("{mark}  {}  {}  {}", case.id, failure.as_str(), case.severity));
                self.say(&format!("      {}", case.title));
                self.say(&format!("      expected   {}", case.expectation));
                self.say(&format!("      observed   {}", printable(why)));
                self.say(&format!("      fix        {}", case.fix));
                self.say(&format!("      repeat     {}", case.repeat));
            }
            Verdict::Inconclusive { why } => {
                let mark = self.paint("33;1", "????");
                self.say(&format!("{mark}  {}  inconclusive: {}", case.id, printable(why)));
            }
        }
        if self.cases.0 == self.cases.1 {
            self.end_bar();
            self.say(&format!("cases: {} played, {} failed", self.cases.0, self.failed));
        } else if !self.terminal && self.cases.1 > 0 && self.last_line.elapsed() >= PLAIN_EVERY {
            self.last_line = Instant::now();
            self.say(&format!("cases: {} of {}", self.cases.0, self.cases.1));
        }
    }

    fn is_known(&self, id: &str, failure: Failure) -> bool {
        let is = |(known, kind): &(String, Option<Failure>)| {
            known == id && kind.is_none_or(|kind| kind == failure)
        };
        self.known.iter().any(is)
    }

    fn load_window(&mut self, window: &LoadWindow) {
        if !self.load.window(window) {
            return;
        }
        if self.terminal {
            self.show_load();
        } else if self.last_line.elapsed() >= PLAIN_EVERY {
            self.last_line = Instant::now();
            let Live { wrong, dropped, .. } = &self.load;
            self.say(&format!(
                "load: {}  {}  lag {}; so far {wrong} wrong, {dropped} dropped",
                self.load.progress(),
                self.load.figures(),
                self.load.lag()
            ));
        }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

impl Sink for Console {
    fn emit(&mut self, event: &Event) {
        if self.json {
            let line = serde_json::to_string(event).expect("events have no maps with odd keys");
            let _ = writeln!(std::io::stdout().lock(), "{line}");
        }
        match &event.kind {
            EventKind::RunStarted(header) => {
                self.say(&format!(
                    "assay {} against {} ({})",
                    header.assay,
                    header.target.name,
                    header.target.nodes.join(", ")
                ));
            }
            EventKind::CasesPlanned(_)
            | EventKind::Evidence(_)
            | EventKind::CaseObserved(_)
            | EventKind::KnownFailures(_)
            | EventKind::GateHeld(_)
            | EventKind::TargetSecond(_)
            | EventKind::FleetSecond(_)
            | EventKind::FleetFinished(_) => {}
            EventKind::CaseStarted(case) => {
                if self.cases.0 == 0 && self.bar.is_none() {
                    self.start_bar(self.cases.1, "cases {wide_bar} {pos}/{len}  {msg}");
                }
                if let Some(bar) = &self.bar {
                    bar.set_message(case.id.clone());
                }
            }
            EventKind::CaseFinished(case) => self.case_finished(case),
            EventKind::LoadStarted(load) => {
                self.load = Live::new(load);
                let seconds = self.load.length();
                self.say(&format!("load: {seconds:.0} s, {}", load.mix));
                self.start_load(seconds.ceil() as u64);
            }
            EventKind::LoadWindow(window) => self.load_window(window),
            EventKind::LoadSecond(second) => self.load.generator(second),
            EventKind::WrongAnswer(wrong) => {
                let mark = self.paint("31;1", "WRONG");
                self.say(&format!("{mark} {}: {}", wrong.class, printable(&wrong.what)));
            }
            EventKind::LoadFinished(finished) => {
                self.end_bar();
                self.say(&format!("load: {}", self.load.totals()));
                for why in &finished.invalid {
                    let mark = self.paint("33;1", "INVALID");
                    self.say(&format!("{mark} {why}"));
                }
            }
            EventKind::Note { text } => self.say(&format!("note: {}", printable(text))),
            EventKind::RunFinished(_) => self.end_bar(),
        }
    }
}

/// What a server said must not move the cursor or colour the terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
        .collect()
}

/// Writes a line to standard error.
pub(crate) fn write_line(line: &str) {
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn control_characters_of_a_server_do_not_reach_the_terminal() {
        assert_eq!(printable("a\x1b[2Jb\r\n"), "a\\u{1b}[2Jb\\r\\n");
        assert_eq!(printable("größe ✓"), "größe ✓");
    }
}
