//! Nothing a server or a target file says becomes markup, and nothing it says breaks a file.

use crate::fixture::{self, SOUND, Story};
use crate::rendered::read_xml;
use record::{
    Assumption, Basis, ByteDifference, CaseFinished, CaseStarted, CheckStanding, EventKind,
    Evidence, Failure, FleetFinished, FleetSecond, Histogram, LoadSecond, PartBytes, Record,
    SentObject, SentRequest, TargetSecond, ValidityCheck, Verdict, WrongAnswer,
};
use report::{Summary, render, render_all};

/// One text with the tricks of every format; `PWN` marks what must not come alive.
pub(crate) const EVIL: &str = "\"'><script>PWN()</script><img src=x onerror=PWN()>&lt;]]><!--PWN-->\u{0}\u{1b}[31m\u{202e}txet\u{202c}\
    \u{feff}\u{fffe}\u{85} ```\n\n# PWN\n| a | b |\n[PWN](javascript:PWN) <https://evil.example> {{ 7*7 }} {% PWN %} שלום \r\n\
    <svg/onload=PWN()> </pre></code></td></style></title>";

/// Evidence in which every string and number that could be hostile is.
fn evidence() -> Evidence {
    let evil = || EVIL.to_owned();
    let part = || {
        Some(PartBytes {
            at: u64::MAX,
            len: u64::MAX,
            skipped: u64::MAX,
            shown: evil(),
            marked: (u64::MAX, u64::MAX),
            value: evil(),
        })
    };
    let difference = |consequence| ByteDifference {
        path: evil(),
        label: evil(),
        twin: part(),
        sent: part(),
        consequence,
    };
    Evidence {
        id: evil(),
        requests: vec![SentRequest {
            what: evil(),
            method: evil(),
            url: evil(),
            headers: vec![(evil(), evil())],
            body: evil(),
            body_left_out: u64::MAX,
            secrets: vec![evil()],
            status: None,
            decision: evil(),
            excerpt: evil(),
        }],
        deciding: Some(usize::MAX),
        objects: vec![SentObject {
            name: evil(),
            sent: evil(),
            twin: Some(evil()),
            differences: vec![difference(false), difference(true)],
            more: u64::MAX,
        }],
    }
}

/// A record in which every string that comes from outside is hostile.
pub(crate) fn record() -> Record {
    let mut story = Story::begin();
    let evil = || EVIL.to_owned();
    for verdict in [
        Verdict::Pass,
        Verdict::NotApplicable { why: evil() },
        Verdict::Inconclusive { why: evil() },
        Verdict::Fail { failure: Failure::FalseAccept, why: evil() },
    ] {
        story.play(CaseFinished {
            id: evil(),
            title: evil(),
            family: evil(),
            rules: vec![evil()],
            clauses: vec![evil(), evil()],
            level: evil(),
            severity: evil(),
            class: evil(),
            expectation: evil(),
            decision: evil(),
            reason: Some(evil()),
            status: Some(200),
            elapsed_ms: f64::NAN,
            excerpt: evil(),
            verdict,
            matters: evil(),
            fix: evil(),
            repeat: evil(),
        });
    }
    fixture::load(&mut story, SOUND);
    story.tell(EventKind::WrongAnswer(WrongAnswer {
        arrival: u64::MAX,
        operation: evil(),
        class: evil(),
        what: evil(),
        status: Some(200),
        repeat: evil(),
    }));
    beside_the_answers(&mut story);
    story.tell(EventKind::Evidence(Box::new(evidence())));
    story.tell(EventKind::Note { text: evil() });
    story.tell(EventKind::CaseStarted(CaseStarted { id: evil() }));
    let mut record = story.as_it_stands();
    for event in &mut record.events {
        match &mut event.kind {
            EventKind::LoadStarted(load) => {
                load.mix = evil();
                load.arrivals = evil();
                load.phases.iter_mut().for_each(|phase| phase.name.push_str(EVIL));
            }
            EventKind::LoadWindow(window) => {
                window.phase.push_str(EVIL);
                window.operation.push_str(EVIL);
                window.classes.insert(evil(), 1);
            }
            EventKind::LoadFinished(load) => {
                load.invalid = vec![evil()];
                load.goose = evil();
                load.checks = [CheckStanding::Breached, CheckStanding::Holds]
                    .map(|standing| ValidityCheck {
                        check: evil(),
                        value: evil(),
                        limit: evil(),
                        standing,
                        blame: evil(),
                        remedy: evil(),
                    })
                    .to_vec();
                (load.probes, load.audited) = (u64::MAX, u64::MAX);
            }
            _other => {}
        }
    }
    let header = &mut record.header;
    header.target.name = evil();
    header.target.nodes = vec![evil()];
    header.target.app_id = evil();
    header.target.environment = evil();
    header.target.policy = [(evil(), evil())].into();
    header.command = evil();
    header.machine.cpu = evil();
    record
}

/// What a load tells besides its answers, with every text and number as odd as it can be.
fn beside_the_answers(story: &mut Story) {
    let evil = || EVIL.to_owned();
    let mut longest = Histogram::default();
    longest.record(u64::MAX);
    for (second, share) in [(0, f64::NAN), (3, f64::INFINITY), (u64::MAX, 1e300)] {
        story.tell(EventKind::LoadSecond(Box::new(LoadSecond {
            second,
            in_flight_mean: share,
            in_flight_max: u64::MAX,
            queue_us: longest.clone(),
            cpu_share: Some(share),
            hottest_thread: Some(-share),
            steal_share: None,
            rss_bytes: Some(u64::MAX),
            ..LoadSecond::default()
        })));
        story.tell(EventKind::TargetSecond(TargetSecond {
            second,
            rss_bytes: Some(u64::MAX),
            cpu_share: Some(share),
        }));
        story.tell(EventKind::FleetSecond(Box::new(FleetSecond {
            second,
            states: (0..40).map(|n| (format!("{EVIL}{n}"), u64::MAX)).collect(),
            intents: u64::MAX,
            attempts: u64::MAX,
            apple_refused: u64::MAX,
            apple_served: u64::MAX,
            expired_challenges: u64::MAX,
            outcomes: [(evil(), u64::MAX)].into(),
        })));
    }
    story.tell(EventKind::FleetFinished(Box::new(FleetFinished {
        attested: longest.clone(),
        unattested: u64::MAX,
        challenge_age: longest,
        challenge_lifetime_ms: Some(u64::MAX),
        too_late: u64::MAX,
        policy: evil(),
        assumptions: vec![Assumption {
            name: evil(),
            value: evil(),
            basis: Basis::Assumed,
            source: evil(),
        }],
    })));
}

#[test]
fn nothing_from_outside_becomes_markup_in_the_page() {
    let files = render_all(&record());
    let page = String::from_utf8(files[0].1.clone()).unwrap();
    assert!(page.contains("PWN()"), "the text itself is shown");
    for alive in [
        "<script>PWN",
        "<img",
        "<!--",
        "<svg/",
        "&lt;]]>",
        "javascript:PWN\"",
        "href=\"javascript",
        "{% PWN %}\"",
        "</pre></code>",
    ] {
        assert!(!page.contains(alive), "{alive}");
    }
    // The plots are the only drawings, and every one of them is ours.
    assert_eq!(page.matches("<svg ").count(), 8);
    assert_eq!(page.matches("</style>").count(), 1);
    assert_eq!((page.matches("<script").count(), page.matches("</script>").count()), (1, 1));
    assert!(
        page.ends_with("</script>\n</body>\n</html>")
            || page.ends_with("</script>\n</body>\n</html>\n")
    );
    assert_eq!(page.matches("</title>").count(), 1);
    let silent = |char: char| {
        (char.is_control() && char != '\n' && char != '\t')
            || ('\u{202a}'..='\u{202e}').contains(&char)
    };
    assert_eq!(page.chars().find(|char| silent(*char)), None);
}

#[test]
fn xml_and_svg_stay_well_formed() {
    for (name, bytes) in render_all(&record()) {
        if name == "junit.xml" || name.strip_suffix(".svg").is_some() {
            let text = String::from_utf8(bytes).unwrap();
            let (_, tags) = read_xml(&text);
            assert!(!tags.iter().any(|tag| tag == "script" || tag == "img"), "{name}");
        }
    }
}

#[test]
fn markdown_keeps_foreign_text_as_text() {
    let files = render_all(&record());
    let summary = Summary::fold(&record());
    keeps_text(&String::from_utf8(files[1].1.clone()).unwrap());
    keeps_text(&render::job_summary(&summary, EVIL, render::JOB_SUMMARY_LIMIT));
}

/// Markdown in which nothing of what is hostile has come alive.
pub(crate) fn keeps_text(text: &str) {
    let mut fence = None;
    for line in text.lines() {
        let ticks = line.chars().take_while(|char| *char == '`').count();
        match fence {
            None if ticks >= 3 => fence = Some(ticks),
            Some(open) if ticks >= open && line.trim_end().chars().all(|char| char == '`') => {
                fence = None;
            }
            Some(_) => {}
            None => {
                let outside_code: String = line.replace("\\`", "").split('`').step_by(2).collect();
                for alive in ["<script", "<img", "<svg", "<https", "<!--", "://", "www."] {
                    assert!(!outside_code.contains(alive), "{alive} in {line}");
                }
                let unescaped = |(at, _): (usize, &str)| !outside_code[..at].ends_with('\\');
                assert!(!outside_code.match_indices("](java").any(unescaped), "{line}");
                assert!(!line.trim_start().starts_with("# PWN"), "{line}");
            }
        }
    }
    assert_eq!(fence, None, "every fence is closed");
}

#[test]
fn odd_numbers_do_not_stop_a_report() {
    let mut story = Story::begin();
    for elapsed_ms in [f64::INFINITY, -1.0, 1e300, 0.0] {
        story.play(CaseFinished {
            elapsed_ms,
            ..fixture::failing("a.b", "AV-0", "reject", Failure::Crash)
        });
    }
    fixture::load(&mut story, SOUND);
    let mut record = story.as_it_stands();
    for event in &mut record.events {
        if let EventKind::LoadStarted(load) = &mut event.kind {
            load.phases[0].for_s = f64::NAN;
            load.phases[1].from_s = -5.0;
            load.phases[2].rate = f64::INFINITY;
            load.timeout_s = f64::NAN;
        }
        if let EventKind::LoadWindow(window) = &mut event.kind {
            window.second *= 1_000_000_007;
        }
    }
    assert_eq!(render_all(&record).len(), 7 + 2 * 5);
}
