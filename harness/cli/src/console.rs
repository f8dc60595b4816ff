//! What a person sees while a run goes on: a bar on a terminal, a plain line now and then elsewhere.
//!
//! Everything here goes to standard error; standard output is for data.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
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
    terminal: bool,
    colour: bool,
    json: bool,
    cases: (u64, u64),
    failed: u64,
    /// Failures that are known: a case's id, and the way it fails unless any way is tolerated.
    known: Vec<(String, Option<Failure>)>,
    load: LoadSoFar,
    last_line: Instant,
}

/// Totals of a load attack so far.
#[derive(Debug, Default)]
struct LoadSoFar {
    phase: String,
    seconds: f64,
    second: u64,
    answers: u64,
    wrong: u64,
    dropped: u64,
    worst_p99_us: u64,
    second_sent: u64,
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
            terminal,
            colour: terminal && !no_colour,
            json,
            cases: (0, cases as u64),
            failed: 0,
            known: Vec::new(),
            load: LoadSoFar::default(),
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
        match &self.bar {
            Some(bar) => bar.suspend(|| write_line(line)),
            None => write_line(line),
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
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
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
        } else if !self.terminal && self.last_line.elapsed() >= PLAIN_EVERY {
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
        if window.second != self.load.second {
            self.second_over();
        }
        let load = &mut self.load;
        if window.second != load.second {
            *load = LoadSoFar {
                second: window.second,
                worst_p99_us: 0,
                second_sent: 0,
                ..std::mem::take(load)
            };
        }
        load.phase.clone_from(&window.phase);
        load.answers += window.classes.values().sum::<u64>();
        load.wrong += ["false-accept", "false-reject"]
            .iter()
            .filter_map(|class| window.classes.get(*class))
            .sum::<u64>();
        load.dropped += window.dropped;
        load.second_sent += window.sent;
        load.worst_p99_us = load.worst_p99_us.max(window.response.quantile(0.99));
    }

    /// All windows of a second have come: shows what it held.
    fn second_over(&mut self) {
        let load = &self.load;
        if load.second_sent == 0 {
            return;
        }
        let state = format!(
            "{}: {} sent in this second, p99 {:.1} ms; so far {} answers, {} wrong, {} dropped",
            load.phase,
            load.second_sent,
            load.worst_p99_us as f64 / 1000.0,
            load.answers,
            load.wrong,
            load.dropped
        );
        let position = load.second + 1;
        match &self.bar {
            Some(bar) => {
                bar.set_position(position);
                bar.set_message(state);
            }
            None if self.last_line.elapsed() >= PLAIN_EVERY => {
                self.last_line = Instant::now();
                self.say(&format!("load: {position} of {:.0} s  {state}", self.load.seconds));
            }
            None => {}
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
            | EventKind::LoadSecond(_)
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
                let seconds: f64 = load.phases.iter().map(|phase| phase.for_s).sum();
                self.load = LoadSoFar { seconds, ..LoadSoFar::default() };
                self.say(&format!("load: {seconds:.0} s, {}", load.mix));
                self.start_bar(seconds.ceil() as u64, "load {wide_bar} {pos}/{len} s  {msg}");
            }
            EventKind::LoadWindow(window) => self.load_window(window),
            EventKind::WrongAnswer(wrong) => {
                let mark = self.paint("31;1", "WRONG");
                self.say(&format!("{mark} {}: {}", wrong.class, printable(&wrong.what)));
            }
            EventKind::LoadFinished(finished) => {
                self.end_bar();
                self.say(&format!(
                    "load: {} answers, {} wrong, {} dropped",
                    self.load.answers, self.load.wrong, self.load.dropped
                ));
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

fn write_line(line: &str) {
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
