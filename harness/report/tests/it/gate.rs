//! What a gate found, in every kind of report.

use crate::fixture::{Story, case, failing, planned};
use record::{
    Because, Borne, Breach, BreachKind, Demands, EventKind, Failure, GateHeld, Record, Verdict,
};
use report::{Standing, Summary, render, render_all};

fn held(breaches: Vec<Breach>, borne: Vec<Borne>) -> GateHeld {
    GateHeld {
        file: Some("gate.toml".to_owned()),
        demands: Demands {
            level: "must".to_owned(),
            severity: "low".to_owned(),
            min_cases: Some(40),
            max_not_applicable: None,
            clauses: vec!["AV-1".to_owned()],
        },
        baseline: None,
        breaches,
        borne,
    }
}

fn breach(what: &str) -> Breach {
    let (what, mend) = (what.to_owned(), "Compare all bytes.".to_owned());
    Breach { kind: BreachKind::Failure, case: None, what, mend }
}

fn told(held: GateHeld) -> Record {
    let mut story = Story::begin();
    story.tell(planned(2));
    story.play(case("nonce.other", "AV-4", "reject"));
    story.play(failing("chain.other", "AV-1", "reject", Failure::FalseAccept));
    story.tell(EventKind::GateHeld(Box::new(held)));
    story.end(1)
}

#[test]
fn every_report_says_what_broke_the_gate_and_what_it_bears() {
    let borne = Borne {
        case: "chain.other".to_owned(),
        failure: Some(Failure::FalseAccept),
        because: Because::Baseline,
    };
    let record = told(held(vec![breach("too few cases were decided")], vec![borne]));
    let mut files = render_all(&record);
    let terminal = render::terminal(&Summary::fold(&record));
    files.push(("terminal".to_owned(), terminal.into_bytes()));
    for name in ["report.html", "README.md", "junit.xml", "summary.json", "terminal"] {
        let (_, bytes) = files.iter().find(|(file, _)| file == name).expect(name);
        let text = String::from_utf8(bytes.clone()).unwrap();
        for words in ["too few cases were decided", "Compare all bytes."] {
            assert!(text.contains(words), "no `{words}` in {name}");
        }
        let bears = if name == "summary.json" { "\"baseline\"" } else { "as in the baseline" };
        assert!(text.contains(bears), "no `{bears}` in {name}");
    }
}

#[test]
fn what_a_server_said_stays_text_in_a_breach() {
    let hostile = "</script><img src=x onerror=alert(1)> \x1b[2J | `x` [y](http://z)";
    let record = told(held(vec![breach(hostile)], Vec::new()));
    for (name, bytes) in render_all(&record) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains('\x1b'), "{name}");
        if name == "report.html" || name == "README.md" || name == "junit.xml" {
            assert!(!text.contains("<img src=x"), "{name}");
        }
        if name == "README.md" {
            assert!(!text.contains("[y](http://z)"), "{name}");
        }
    }
}

#[test]
fn apart_from_what_a_gate_decides_a_run_comes_to_what_is_left() {
    let summary = Summary::fold(&told(held(Vec::new(), Vec::new())));
    assert_eq!(summary.standing, Standing::Broken, "the server is what it is");
    assert_eq!(summary.standing_beside_gate(), Standing::Holds);

    let mut story = Story::begin();
    story.tell(planned(3));
    let mut undecided = case("nonce.other", "AV-4", "reject");
    undecided.verdict = Verdict::Inconclusive { why: "refused".to_owned() };
    story.play(undecided);
    story.play(case("nonce.more", "AV-4", "reject"));
    let summary = Summary::fold(&story.end(6));
    assert_eq!(summary.standing_beside_gate(), Standing::Incomplete, "a case was not played");
}

#[test]
fn without_a_gate_no_report_speaks_of_one() {
    let mut story = Story::begin();
    story.tell(planned(1));
    story.play(case("nonce.other", "AV-4", "reject"));
    for (name, bytes) in render_all(&story.end(0)) {
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        assert!(!text.contains("gate"), "{name}");
    }
}
