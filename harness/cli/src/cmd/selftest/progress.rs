//! How far it is: a bar on a terminal, a plain line now and then elsewhere.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use runners::selftest::{Plan, Progress};
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Without a terminal a line is printed this often.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// What a person sees while a selftest goes on, on standard error.
#[derive(Debug)]
pub(super) struct Shown {
    bar: Option<ProgressBar>,
    began: Instant,
    last_line: Mutex<Instant>,
}

impl Shown {
    pub(super) fn new(plan: &Plan) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {eta}  {msg}");
            bar.set_style(
                style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸ "),
            );
            bar
        });
        let now = Instant::now();
        let shown = Self { bar, began: now, last_line: Mutex::new(now) };
        shown.say(&format!(
            "selftest: {} cases on {} mutants, {} at once",
            plan.cases.len(),
            plan.mutants.len(),
            plan.workers
        ));
        shown
    }

    /// Called after each run, from any thread.
    pub(super) fn update(&self, progress: Progress<'_>) {
        if let Some(bar) = &self.bar {
            bar.set_length(progress.of as u64);
            bar.set_position(progress.done as u64);
            bar.set_message(format!("{}: {} fail", progress.server, progress.kills));
            return;
        }
        let mut last = self.last_line.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() >= PLAIN_EVERY {
            *last = Instant::now();
            self.say(&format!("selftest: {} of {} runs", progress.done, progress.of));
        }
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.say(&format!("selftest: took {:.0} s", self.began.elapsed().as_secs_f64()));
    }

    fn say(&self, line: &str) {
        let write = || {
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(std::io::stderr().lock(), "{line}");
        };
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}
