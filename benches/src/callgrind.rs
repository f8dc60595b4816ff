//! Instruction counts: what callgrind says, and how it is held against what it said before.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How much more instructions a step may take than is written down: 3 %.
pub const LIMIT: f64 = 0.03;

/// Counts by step, and what they were counted with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// As `rustc --version` says it, and the processor.
    pub compiler: String,
    /// Instructions of one step.
    pub steps: BTreeMap<String, u64>,
}

/// One step that is not as it was.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It takes more than the limit allows.
    Slower {
        /// Which.
        step: String,
        /// Then.
        was: u64,
        /// Now.
        is: u64,
    },
    /// It takes less by as much: worth writing down, so that it stays so.
    Faster {
        /// Which.
        step: String,
        /// Then.
        was: u64,
        /// Now.
        is: u64,
    },
    /// It was not counted before.
    New(String),
    /// It is not counted any more.
    Gone(String),
}

impl Change {
    /// Whether the gate fails for it.
    pub fn fails(&self) -> bool {
        match self {
            Self::Slower { .. } | Self::New(_) | Self::Gone(_) => true,
            Self::Faster { .. } => false,
        }
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let percent = |was: u64, is: u64| 100.0 * (is as f64 / was as f64 - 1.0);
        match self {
            Self::Slower { step, was, is } => {
                write!(f, "{step}: {is} instructions, {:+.1} % of {was}", percent(*was, *is))
            }
            Self::Faster { step, was, is } => write!(
                f,
                "{step}: {is} instructions, {:+.1} % of {was}: accept it, so that it stays so",
                percent(*was, *is)
            ),
            Self::New(step) => write!(f, "{step}: not written down yet"),
            Self::Gone(step) => write!(f, "{step}: written down, but not counted any more"),
        }
    }
}

impl Counts {
    /// Reads what [`Counts::to_text`] wrote; the error says which line.
    pub fn from_text(text: &str) -> Result<Self, String> {
        let mut counts = Self::default();
        for (number, line) in text.lines().enumerate() {
            let bad = || format!("line {}: `STEP COUNT` is expected, not `{line}`", number + 1);
            if let Some(compiler) = line.strip_prefix("# counted with ") {
                compiler.clone_into(&mut counts.compiler);
            } else if !line.starts_with('#') && !line.trim().is_empty() {
                let (step, count) = line.split_once(' ').ok_or_else(bad)?;
                let count = count.trim().parse().map_err(|_| bad())?;
                counts.steps.insert(step.to_owned(), count);
            }
        }
        Ok(counts)
    }

    /// One line a step.
    pub fn to_text(&self) -> String {
        let mut text = String::from(
            "# Instructions of one step in a release build, by callgrind. Written by\n\
             # `cargo run --release -p benches --bin counts -- --accept`; see benches/README.md.\n",
        );
        // Writing to a string does not fail.
        let _ = writeln!(text, "# counted with {}", self.compiler);
        for (step, count) in &self.steps {
            let _ = writeln!(text, "{step} {count}");
        }
        text
    }

    /// What has changed since.
    pub fn since(&self, before: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (step, is) in &self.steps {
            let Some(was) = before.steps.get(step) else {
                changes.push(Change::New(step.clone()));
                continue;
            };
            let ratio = *is as f64 / *was as f64;
            let (step, was, is) = (step.clone(), *was, *is);
            if ratio > 1.0 + LIMIT {
                changes.push(Change::Slower { step, was, is });
            } else if ratio < 1.0 - LIMIT {
                changes.push(Change::Faster { step, was, is });
            }
        }
        let gone = before.steps.keys().filter(|step| !self.steps.contains_key(*step));
        changes.extend(gone.map(|step| Change::Gone(step.clone())));
        changes
    }
}

/// The instructions that a profile of callgrind sums up.
pub fn instructions(profile: &str) -> Option<u64> {
    let line = profile
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("totals:").or_else(|| line.strip_prefix("summary:")));
    line?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(steps: &[(&str, u64)]) -> Counts {
        let steps = steps.iter().map(|(step, count)| ((*step).to_owned(), *count)).collect();
        Counts { compiler: "rustc 1.95.0".to_owned(), steps }
    }

    #[test]
    fn counts_survive_their_own_text() {
        let counts = counts(&[("a.b", 1), ("c", 20)]);
        assert_eq!(Counts::from_text(&counts.to_text()), Ok(counts));
        assert!(Counts::from_text("a.b x").unwrap_err().starts_with("line 1:"));
    }

    #[test]
    fn more_than_three_percent_fails_and_less_is_told() {
        let before = counts(&[
            ("same", 1000),
            ("little", 1000),
            ("more", 1000),
            ("less", 1000),
            ("gone", 1),
        ]);
        let now =
            counts(&[("same", 1000), ("little", 1030), ("more", 1031), ("less", 900), ("new", 1)]);
        let changes = now.since(&before);
        let failing: Vec<String> =
            changes.iter().filter(|one| one.fails()).map(ToString::to_string).collect();
        assert_eq!(
            failing,
            [
                "more: 1031 instructions, +3.1 % of 1000",
                "new: not written down yet",
                "gone: written down, but not counted any more",
            ]
        );
        assert_eq!(changes.len(), 4, "{changes:?}");
        assert!(before.since(&before).is_empty());
    }

    #[test]
    fn the_sum_of_a_profile_is_found() {
        let profile = "version: 1\nevents: Ir\n\nfn=(1) main\n0 12\ntotals: 123456\n";
        assert_eq!(instructions(profile), Some(123_456));
        assert_eq!(instructions("version: 1\n"), None);
    }
}
