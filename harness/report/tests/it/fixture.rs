//! Records as runners would write them.

use record::{
    Attempt, CaseFinished, CaseObserved, CaseStarted, CasesPlanned, Event, EventKind, Failure,
    Header, Histogram, LoadFinished, LoadStarted, LoadWindow, Machine, Observed, ObservedDecision,
    Phase, ReasonMode, Record, RunFinished, TargetInfo, TwinObserved, Verdict, Wording,
    WrongAnswer,
};
use std::collections::BTreeMap;

/// Builds a record event by event, a tenth of a second apart.
pub(crate) struct Story {
    events: Vec<Event>,
}

impl Story {
    pub(crate) fn begin() -> Self {
        let mut story = Self { events: Vec::new() };
        story.tell(EventKind::RunStarted(Header {
            schema: 1,
            assay: "0.1.0".into(),
            command: "assay run shop.toml --seed 5eed0000000000000000000000000000000000000000000000000000000000aa".into(),
            seed: "5eed0000000000000000000000000000000000000000000000000000000000aa".into(),
            started: "2026-11-23T09:30:00Z".into(),
            target: TargetInfo {
                name: "shop".into(),
                nodes: vec!["http://127.0.0.1:8080".into()],
                app_id: "ABCDE12345.com.example.shop".into(),
                environment: "production".into(),
                trust: record::Trust::SwapRoot,
                policy: BTreeMap::from([("validation category".into(), "any".into())]),
            },
            machine: Machine {
                system: "Linux x86_64".into(),
                cpu: "Example CPU at 2.4 GHz".into(),
                cores: 8,
            },
        }));
        story
    }

    pub(crate) fn tell(&mut self, kind: EventKind) -> &mut Self {
        let at = self.events.len() as f64 / 10.0;
        self.events.push(Event { at, kind });
        self
    }

    pub(crate) fn play(&mut self, case: CaseFinished) -> &mut Self {
        self.tell(EventKind::CaseStarted(CaseStarted { id: case.id.clone() }));
        self.tell(EventKind::CaseFinished(Box::new(case)))
    }

    pub(crate) fn end(&mut self, exit_code: u8) -> Record {
        self.tell(EventKind::RunFinished(RunFinished { interrupted: false, exit_code }));
        self.as_it_stands()
    }

    pub(crate) fn as_it_stands(&self) -> Record {
        Record::from_events(self.events.clone()).expect("the story begins with a header")
    }
}

pub(crate) fn wording(id: &str, words: &str) -> Wording {
    Wording { id: id.into(), words: words.into() }
}

pub(crate) fn planned(cases: u64) -> EventKind {
    EventKind::CasesPlanned(CasesPlanned {
        cases,
        clauses: vec![
            wording(
                "CH",
                "The server issues a random challenge that is used once and soon expires.",
            ),
            wording("AV-0", "The attestation object has the documented syntax."),
            wording(
                "AV-1",
                "The certificates in x5c are valid and chain up to Apple's App Attest root.",
            ),
            wording("AV-4", "The nonce equals the octet string in the credential certificate."),
            wording("AV-6", "The RP ID hash is SHA-256 of the app's App ID."),
            wording("AS-3", "The signature is valid for the nonce under the stored public key."),
            wording("AS-5", "The counter is greater than the one stored before."),
            wording("FR-4", "The receipt carries the server's own App ID."),
        ],
        rules: vec![
            wording(
                "att.nonce",
                "The nonce in the credential certificate is SHA-256 of the authenticator data and the client data hash.",
            ),
            wording("asr.counter", "The counter is greater than the one stored for this key."),
        ],
    })
}

/// A case that passes.
pub(crate) fn case(id: &str, clause: &str, expectation: &str) -> CaseFinished {
    CaseFinished {
        id: id.into(),
        title: format!("What {id} is about, in a line"),
        family: id.rsplit_once('.').map_or(id, |(family, _)| family).into(),
        rules: vec![],
        clauses: vec![clause.into()],
        level: "must".into(),
        severity: "high".into(),
        class: if expectation == "accept" { "false-reject" } else { "false-accept" }.into(),
        expectation: expectation.into(),
        decision: expectation.into(),
        reason: (expectation == "reject").then(|| "attestation rejected".into()),
        status: Some(if expectation == "accept" { 200 } else { 403 }),
        elapsed_ms: 2.25,
        excerpt: String::new(),
        verdict: Verdict::Pass,
        matters: "It lets an attacker in.".into(),
        fix: "Compare all 32 bytes.".into(),
        repeat: format!("assay check shop.toml --case {id}"),
    }
}

pub(crate) fn failing(id: &str, clause: &str, expectation: &str, failure: Failure) -> CaseFinished {
    let decision = match failure {
        Failure::FalseAccept | Failure::WrongOutput | Failure::Race | Failure::Unstable => "accept",
        Failure::FalseReject | Failure::WrongReason => "reject",
        Failure::Error | Failure::Crash | Failure::Timeout | Failure::Unreadable => {
            failure.as_str()
        }
    };
    CaseFinished {
        decision: decision.into(),
        reason: (decision == "reject").then(|| "untrusted certificate chain".into()),
        status: match decision {
            "accept" | "unreadable" => Some(200),
            "reject" => Some(403),
            "error" => Some(500),
            _no_answer => None,
        },
        excerpt: "{\"accepted\":true}".into(),
        verdict: Verdict::Fail {
            failure,
            why: format!("expected {expectation}, observed {decision}"),
        },
        ..case(id, clause, expectation)
    }
}

/// A case of one request, as it was observed.
pub(crate) fn observed(id: &str, expectation: &str, decision: ObservedDecision) -> CaseObserved {
    CaseObserved {
        trust: record::Trust::SwapRoot,
        id: id.to_owned(),
        expectation: expectation.to_owned(),
        reasons: vec!["att.nonce".to_owned()],
        reason_mode: ReasonMode::Ignore,
        attempts: vec![Attempt {
            turns: vec![Observed {
                what: "attest (step 1)".to_owned(),
                expectation: expectation.to_owned(),
                decision,
                status: None,
                elapsed_ms: 1.0,
                excerpt: String::new(),
                truth: None,
                broken: None,
            }],
            judged: vec![0],
        }],
        unplayed: None,
        twin: TwinObserved::default(),
    }
}

pub(crate) fn not_applicable(id: &str, clause: &str, why: &str) -> CaseFinished {
    CaseFinished {
        decision: String::new(),
        status: None,
        reason: None,
        verdict: Verdict::NotApplicable { why: why.into() },
        ..case(id, clause, "reject")
    }
}

/// What a simulated server does under load.
#[derive(Clone, Copy)]
pub(crate) struct Server {
    /// Requests a second it can answer; beyond that, responses wait.
    pub(crate) capacity: f64,
    /// Requests a second that the generator can send.
    pub(crate) generator: f64,
    /// Every so many dishonest requests one is accepted; 0 for never.
    pub(crate) hole_every: u64,
    /// Every so many requests one gets a 5xx; 0 for never.
    pub(crate) error_every: u64,
}

pub(crate) const SOUND: Server =
    Server { capacity: 1e9, generator: 1e9, hole_every: 0, error_every: 0 };

/// The main job's load: 100/s for 15 s, then three stairs of 5 s.
pub(crate) fn load(story: &mut Story, server: Server) {
    let stairs = [
        ("steady", 0.0, 15.0, 100.0),
        ("stair-1", 15.0, 5.0, 200.0),
        ("stair-2", 20.0, 5.0, 400.0),
        ("stair-3", 25.0, 5.0, 800.0),
    ];
    story.tell(EventKind::LoadStarted(LoadStarted {
        phases: stairs
            .map(|(name, from_s, for_s, rate)| Phase {
                name: name.into(),
                from_s,
                for_s,
                rate,
                apple_down: false,
            })
            .into(),
        mix: "10 % attestations, 40 % assertions, 50 % challenges; 5 % dishonest".into(),
        arrivals: "constant".into(),
        users: 256,
        timeout_s: 5.0,
        promises: Vec::new(),
    }));
    let mut dice = 0x9E37_79B9_7F4A_7C15u64;
    let mut dishonest = 0;
    let mut sent = 0;
    for (name, from, length, rate) in stairs {
        for second in from as u64..(from + length) as u64 {
            let over =
                (rate / server.capacity - 1.0).max(0.0) * (second as f64 - from + 1.0) * 400_000.0;
            for (operation, share, micros) in
                [("challenge", 0.5, 420.0), ("attest", 0.1, 3_100.0), ("assert", 0.4, 1_250.0)]
            {
                for honest in [true, false] {
                    let part = if honest { 0.95 } else { 0.05 };
                    let offered = (rate * share * part).round() as u64;
                    let dropped =
                        (offered as f64 * (1.0 - server.generator / rate).max(0.0)) as u64;
                    let mut window = LoadWindow {
                        phase: name.into(),
                        second,
                        operation: operation.into(),
                        honest,
                        offered,
                        sent: offered - dropped,
                        dropped,
                        classes: BTreeMap::new(),
                        response: Histogram::default(),
                        service: Histogram::default(),
                        lag: Histogram::default(),
                        by_class: BTreeMap::new(),
                    };
                    for _ in 0..offered - dropped {
                        sent += 1;
                        dishonest += u64::from(!honest);
                        let class = if server.error_every > 0 && sent % server.error_every == 0 {
                            "error"
                        } else if !honest
                            && server.hole_every > 0
                            && dishonest % server.hole_every == 0
                        {
                            "false-accept"
                        } else {
                            "right"
                        };
                        *window.classes.entry(class.into()).or_default() += 1;
                        let slow = 1.0 / roll(&mut dice).max(1e-4);
                        let service = micros * (0.7 + 0.6 * roll(&mut dice)) * slow.powf(0.28);
                        let lag = (25.0 + 40.0 * roll(&mut dice)) * slow.powf(0.35) + over;
                        window.service.record(service as u64);
                        window.lag.record(lag as u64);
                        window.response.record((service + lag) as u64);
                    }
                    story.tell(EventKind::LoadWindow(Box::new(window)));
                }
            }
        }
    }
    if server.hole_every > 0 {
        story.tell(EventKind::WrongAnswer(WrongAnswer {
            arrival: 4_211,
            operation: "assert".into(),
            class: "false-accept".into(),
            what: "An assertion with the counter of the one before was accepted.".into(),
            status: Some(200),
            repeat: "assay load shop.toml --only-arrival 4211".into(),
        }));
    }
    let invalid = if server.generator < 800.0 {
        vec!["arrivals were dropped for want of a free user in phase stair-3".to_owned()]
    } else {
        vec![]
    };
    story.tell(EventKind::LoadFinished(LoadFinished {
        complete: true,
        invalid,
        goose: "median 1 ms, 99 % below 9 ms".into(),
        ..LoadFinished::default()
    }));
}

/// A number between 0 and 1 from a fixed sequence (xorshift).
pub(crate) fn roll(dice: &mut u64) -> f64 {
    *dice ^= *dice << 13;
    *dice ^= *dice >> 7;
    *dice ^= *dice << 17;
    (*dice >> 11) as f64 / (1u64 << 53) as f64
}

/// Ten cases and a load, all well.
pub(crate) fn green() -> Record {
    let mut story = Story::begin();
    story.tell(planned(10));
    for (id, clause, expectation) in [
        ("st.challenge.twice", "CH", "reject"),
        ("att.valid.ios17", "AV-0", "accept"),
        ("att.syntax.trailing-byte", "AV-0", "reject"),
        ("att.chain.other-root", "AV-1", "reject"),
        ("att.nonce.other-challenge", "AV-4", "reject"),
        ("att.rp-id.other-app", "AV-6", "reject"),
        ("asr.valid.ios17", "AS-3", "accept"),
        ("asr.signature.other-key", "AS-3", "reject"),
        ("asr.counter.equal", "AS-5", "reject"),
    ] {
        story.play(case(id, clause, expectation));
    }
    story.play(not_applicable(
        "rcp.app-id.other-app",
        "FR-4",
        "the target file declares no route that takes receipts",
    ));
    load(&mut story, SOUND);
    story.end(0)
}

/// A failure of each kind, one undecided, one that is advice, and a load that overwhelms.
pub(crate) fn red() -> Record {
    let mut story = Story::begin();
    story.tell(planned(14));
    story.play(case("att.valid.ios17", "AV-0", "accept"));
    for (id, clause, expectation, failure) in [
        ("att.valid.ios27", "AV-0", "accept", Failure::FalseReject),
        ("att.chain.expired-leaf", "AV-1", "reject", Failure::Error),
        ("att.rp-id.nesting", "AV-6", "reject", Failure::Crash),
        ("asr.signature.garbage", "AS-3", "reject", Failure::Timeout),
        ("asr.valid.counter", "AS-5", "accept", Failure::WrongOutput),
        ("asr.syntax.html", "AS-3", "reject", Failure::Unreadable),
    ] {
        story.play(failing(id, clause, expectation, failure));
    }
    let nonce = failing("att.nonce.other-challenge", "AV-4", "reject", Failure::FalseAccept);
    story.play(CaseFinished {
        title: "Attestation bound to a challenge the server did not issue".into(),
        rules: vec!["att.nonce".into()],
        clauses: vec!["AV-4".into(), "CH".into()],
        severity: "critical".into(),
        excerpt: "HTTP/1.1 200 OK\ncontent-type: application/json\n\n{\"accepted\":true,\"keyId\":\"p2B7…\",\"counter\":0}".into(),
        matters: "Whoever records one attestation can enrol again with it, from any device.".into(),
        fix: "Compute the nonce from the challenge that was stored for this session, and compare all 32 bytes.".into(),
        ..nonce
    });
    story.play(CaseFinished {
        rules: vec!["asr.counter".into()],
        ..failing("asr.counter.equal", "AS-5", "reject", Failure::FalseAccept)
    });
    story.play(CaseFinished {
        level: "should".into(),
        severity: "low".into(),
        ..failing("asr.signature.high-s", "AS-3", "accept", Failure::FalseReject)
    });
    story.play(CaseFinished {
        verdict: Verdict::Inconclusive {
            why: "its honest twin att.valid.ios27 was refused".into(),
        },
        ..case("att.syntax.ios27-truncated", "AV-0", "reject")
    });
    story.play(case("st.challenge.twice", "CH", "reject"));
    story.play(case("asr.valid.ios17", "AS-3", "accept"));
    story.play(not_applicable(
        "rcp.app-id.other-app",
        "FR-4",
        "the target file declares no route that takes receipts",
    ));
    load(
        &mut story,
        Server { capacity: 500.0, generator: 700.0, hole_every: 150, error_every: 97 },
    );
    story.tell(EventKind::Note { text: "The server runs on the machine of the generator: figures include the generator's own work.".into() });
    story.end(1)
}

/// Killed while a case was in play.
pub(crate) fn killed() -> Record {
    let mut story = Story::begin();
    story.tell(planned(9));
    story.play(case("att.valid.ios17", "AV-0", "accept"));
    story.tell(EventKind::CaseStarted(CaseStarted { id: "att.syntax.trailing-byte".into() }));
    story.as_it_stands()
}

/// Cases and no load.
pub(crate) fn cases_only() -> Record {
    let mut story = Story::begin();
    story.play(case("att.valid.ios17", "AV-10", "accept"));
    story.play(case("att.valid.ios26", "AV-9", "accept"));
    story.end(0)
}

/// Load and no cases.
pub(crate) fn load_only() -> Record {
    let mut story = Story::begin();
    load(&mut story, SOUND);
    story.end(0)
}
