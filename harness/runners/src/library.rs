//! The suite as a function, for somebody else's `cargo test`: a verifier in, an outcome to assert on.

use crate::StopFlag;
use crate::conformance::{self, Keep};
use catalogue::{CaseFileError, builtin, select};
use jiff::Timestamp;
use protocol::terms::{AppId, Environment};
use protocol::verify::TrustAnchor;
use record::{CaseFinished, Event, EventKind, Verdict};
use simulator::{Authority, Seed};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use targets::TargetFile;
use targets::adapter::{AdapterTarget, Limits, OpenError, Setting, Verifier};
use targets::file::DeclaredPolicy;
use targets::serve::{system_clock, system_entropy};

/// What is played with a verifier, and what is declared of it.
#[derive(Debug, Clone)]
pub struct Suite {
    /// What the verifier is called.
    pub name: String,
    /// The App ID it serves.
    pub app_id: AppId,
    /// The environment it serves.
    pub environment: Environment,
    /// What it claims to enforce of categories, versions and receipts; cases about the rest do not
    /// apply.
    pub policy: DeclaredPolicy,
    /// Patterns of the cases that are played, `*` stands for any text; all if there is none.
    pub cases: Vec<String>,
    /// The seed of everything random: the same seed, the same objects, but for the time in them.
    pub seed: String,
    /// Time for one operation.
    pub timeout: Duration,
}

impl Suite {
    /// Every case, for an app in an environment; nothing is declared.
    pub fn new(name: &str, app_id: AppId, environment: Environment) -> Self {
        Self {
            name: name.to_owned(),
            app_id,
            environment,
            policy: DeclaredPolicy::default(),
            cases: Vec::new(),
            seed: "library".to_owned(),
            timeout: Duration::from_secs(5),
        }
    }

    /// Plays it with a verifier, on a runtime of its own.
    pub fn check(&self, verifier: Arc<dyn Verifier>) -> Result<Outcome, SuiteError> {
        let now = Timestamp::now();
        let seed = Seed::from_text(&self.seed);
        let authority = Authority::new(&seed.child("authority", 0), now);
        let mut file = TargetFile::of_adapter(&self.name, None);
        file.app_id = self.app_id.clone();
        file.environment = self.environment;
        file.policy = self.policy.clone();
        let root = |der| TrustAnchor::from_der(der).expect("a test authority's root is a root");
        let setting = Setting {
            trust_anchor: root(authority.root_der()),
            receipt_trust_anchor: root(authority.receipt_root_der()),
            clock: system_clock(),
            entropy: system_entropy(),
            seed: [0; 32],
            limits: Limits { operation: self.timeout, ..Limits::default() },
            listener: Arc::new(|_, _| {}),
        };
        let plan = conformance::Plan {
            cases: select(builtin()?, &self.cases),
            authority,
            seed,
            session: 0,
            times: 1,
            replays: conformance::REPLAYS,
            evidence: Keep::Nothing,
            longest_wait: Duration::ZERO,
            clock: Arc::new(Timestamp::now),
            began: Instant::now(),
            repeat: Box::new(|id| format!("Suite {{ cases: vec![\"{id}\"], .. }}")),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut events: Vec<Event> = Vec::new();
        runtime.block_on(async {
            let target = AdapterTarget::library(&file, verifier, setting).await?;
            conformance::run(&plan, &target, &mut events, &StopFlag::default()).await;
            Ok::<_, SuiteError>(())
        })?;
        Ok(Outcome::of(events))
    }
}

/// Why a suite could not be played.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// What the verifier says it can do is no sense.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The built-in cases cannot be read: this build is broken.
    #[error(transparent)]
    Cases(#[from] CaseFileError),
    /// The system gives no runtime.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

/// What came of the cases.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Those that passed.
    pub passed: Vec<CaseFinished>,
    /// Those that failed.
    pub failed: Vec<CaseFinished>,
    /// Those that came to nothing.
    pub inconclusive: Vec<CaseFinished>,
    /// Those that do not apply.
    pub not_applicable: Vec<CaseFinished>,
}

impl Outcome {
    fn of(events: Vec<Event>) -> Self {
        let mut outcome = Self::default();
        for event in events {
            let EventKind::CaseFinished(finished) = event.kind else { continue };
            match finished.verdict {
                Verdict::Pass => outcome.passed.push(*finished),
                Verdict::Fail { .. } => outcome.failed.push(*finished),
                Verdict::Inconclusive { .. } => outcome.inconclusive.push(*finished),
                Verdict::NotApplicable { .. } => outcome.not_applicable.push(*finished),
            }
        }
        outcome
    }

    /// Whether something was played and all of it passed.
    pub fn holds(&self) -> bool {
        !self.passed.is_empty() && self.failed.is_empty() && self.inconclusive.is_empty()
    }

    /// Panics with every case that did not pass, unless it [`Self::holds`].
    pub fn assert_holds(&self) {
        assert!(self.holds(), "{self}");
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} passed, {} failed, {} inconclusive, {} do not apply",
            self.passed.len(),
            self.failed.len(),
            self.inconclusive.len(),
            self.not_applicable.len()
        )?;
        for finished in self.failed.iter().chain(&self.inconclusive) {
            writeln!(f, "  {} ({}): {}", finished.id, finished.level, finished.verdict.why())?;
        }
        Ok(())
    }
}
