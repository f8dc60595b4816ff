//! How far it is: a line that changes on a terminal, a plain line now and then elsewhere.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use runners::fuzz::Progress;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Without a terminal a line is printed this often.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// What a person sees while servers are asked, on standard error.
#[derive(Debug)]
pub(super) struct Shown {
    bar: Option<ProgressBar>,
    last: Instant,
}

impl Shown {
    pub(super) fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("fuzz {elapsed}  {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar
        });
        Self { bar, last: Instant::now() }
    }

    pub(super) fn update(&mut self, progress: &Progress) {
        if let Some(bar) = &self.bar {
            bar.set_message(words(progress));
            bar.tick();
        } else if self.last.elapsed() >= PLAIN_EVERY {
            self.last = Instant::now();
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(std::io::stderr().lock(), "fuzz: {}", words(progress));
        }
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Where it stands, in a line.
pub(super) fn words(progress: &Progress) -> String {
    let Progress { trials, decided, unsent, wrong, said } = progress;
    let unsent =
        if *unsent == 0 { String::new() } else { format!(", {unsent} had nothing to edit") };
    let ways = if *wrong == 1 { "way" } else { "ways" };
    format!(
        "{trials} trials, {decided} decided{unsent}; {said} different answers, {wrong} {ways} of being wrong"
    )
}
