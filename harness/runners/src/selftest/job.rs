//! One server on one ground: cases in, verdicts out.

use super::constant::ConstantServer;
use super::ground::Ground;
use super::mutant::Planted;
use crate::StopFlag;
use crate::conformance;
use crate::conversation::Clock;
use crate::seeded_entropy;
use catalogue::Case;
use jiff::{SignedDuration, Timestamp};
use record::{CaseFinished, Event, EventKind, Sink};
use simulator::{Authority, Seed};
use std::sync::Arc;
use std::time::{Duration, Instant};
use targets::serve::{self, Settings, Shared};
use targets::{InProcess, Target};

/// When every run of the selftest begins: verdicts must not depend on the day.
const START: &str = "2026-11-24T09:00:00.25Z";

/// One server on one ground.
pub(super) struct Job<'a> {
    pub(super) ground: &'a Ground,
    pub(super) planted: &'a Planted,
    pub(super) cases: Vec<Case>,
    pub(super) seed: Seed,
    /// Whether all events are kept, not only the verdicts.
    pub(super) keep_events: bool,
}

/// What came of a job.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) finished: Vec<CaseFinished>,
    pub(super) events: Vec<Event>,
}

struct Collector {
    done: Done,
    keep_events: bool,
}

impl Sink for Collector {
    fn emit(&mut self, event: &Event) {
        if self.keep_events {
            self.done.events.push(event.clone());
        }
        if let EventKind::CaseFinished(finished) = &event.kind {
            self.done.finished.push(CaseFinished::clone(finished));
        }
    }
}

impl Job<'_> {
    /// Plays it, on a runtime of its own whose clock stands still while there is anything to do.
    pub(super) fn play(&self, stop: &StopFlag) -> Done {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime without input and output needs nothing of the system");
        runtime.block_on(async {
            let clock = clock();
            let authority = Authority::new(&self.seed.child("authority", 0), clock());
            match self.planted {
                Planted::Constant(constant) => {
                    let server = ConstantServer::new(self.ground.dialect().clone(), *constant);
                    self.against(&server, authority, clock, stop).await
                }
                Planted::Flaws(flaws) => {
                    let settings = Settings {
                        relying_party: self.ground.settings(&authority, flaws.clone()),
                        clock: Arc::clone(&clock),
                        entropy: seeded_entropy(self.seed.child("challenges", 0)),
                    };
                    let router = serve::router(Shared::new(settings));
                    let server = InProcess::new(&self.ground.file, router)
                        .expect("the ground's dialect was made of the same file");
                    self.against(&server, authority, clock, stop).await
                }
            }
        })
    }

    async fn against<T: Target>(
        &self,
        target: &T,
        authority: Authority,
        clock: Clock,
        stop: &StopFlag,
    ) -> Done {
        let plan = conformance::Plan {
            cases: self.cases.clone(),
            authority,
            seed: self.seed,
            session: 0,
            times: 1,
            // A kill is a kill: that a second time it comes out otherwise would change nothing.
            replays: 0,
            evidence: conformance::Keep::Nothing,
            longest_wait: Duration::MAX,
            clock,
            began: Instant::now(),
            repeat: Box::new(|_| String::new()),
        };
        let mut sink = Collector { done: Done::default(), keep_events: self.keep_events };
        conformance::run(&plan, target, &mut sink, stop).await;
        sink.done
    }
}

/// A clock that goes with the runtime's, which stands still.
fn clock() -> Clock {
    let start: Timestamp = START.parse().expect("the start of a selftest is a time");
    let began = tokio::time::Instant::now();
    Arc::new(move || {
        let passed = SignedDuration::try_from(began.elapsed()).unwrap_or(SignedDuration::MAX);
        start.saturating_add(passed).unwrap_or(Timestamp::MAX)
    })
}
