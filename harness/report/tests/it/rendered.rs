//! What the files hold.

use crate::fixture::{self, Story};
use record::{Failure, Record};
use report::{Summary, render, render_all};
use std::path::Path;

pub(crate) fn file(record: &Record, name: &str) -> String {
    let files = render_all(record);
    let found = files.into_iter().find(|(file, _)| file == name);
    String::from_utf8(found.expect(name).1).expect("reports are UTF-8")
}

#[test]
fn the_same_record_gives_the_same_bytes() {
    for record in [fixture::green(), fixture::red(), fixture::killed()] {
        assert_eq!(render_all(&record), render_all(&record.clone()));
    }
}

#[test]
fn a_record_read_back_renders_alike() {
    let record = fixture::red();
    let lines: Vec<String> =
        record.events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    let events = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let read = Record::from_events(events).unwrap();
    assert_eq!(render_all(&read), render_all(&record));
}

#[test]
fn the_sample_report_is_what_its_record_renders_to() {
    let sample = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../reports/sample"));
    let record = Record::read(&sample.join("record.jsonl")).unwrap();
    let mut compared = 0;
    for (name, bytes) in render_all(&record) {
        // Not every file is of use to somebody who only looks at the sample.
        let Ok(kept) = std::fs::read(sample.join(&name)) else { continue };
        assert!(
            kept == bytes,
            "{name}: `assay report reports/sample --out DIR`, and copy it from there"
        );
        compared += 1;
    }
    assert!(compared > 10, "only {compared} files are kept");
}

#[test]
fn every_rendering_begins_with_the_verdict() {
    for record in [fixture::green(), fixture::red(), fixture::killed(), fixture::load_only()] {
        let sentence = Summary::fold(&record).sentence;
        let markdown = file(&record, "README.md");
        assert!(markdown.lines().next().unwrap().ends_with(&sentence), "{markdown}");
        let page = file(&record, "report.html");
        let heading = page.split("<h1>").nth(1).unwrap().split("</h1>").next().unwrap();
        for statement in Summary::fold(&record).statements {
            assert!(heading.contains(&statement), "{heading}");
        }
        let json: serde_json::Value = serde_json::from_str(&file(&record, "summary.json")).unwrap();
        assert_eq!(json["sentence"], sentence.as_str());
        assert_eq!(json["schema"], 1);
    }
}

#[test]
fn the_page_fetches_nothing_and_allows_only_its_own_style_and_script() {
    let page = file(&fixture::red(), "report.html");
    for forbidden in
        ["<link", "<img", "<iframe", "<object", "src=", "url(", "@import", " style=", " on"]
    {
        let hit = page.match_indices(forbidden).find(|(at, _)| {
            // " on" is only a threat as an attribute: a word, an equals sign and a quote.
            forbidden != " on"
                || page[at + 3..].chars().take(16).collect::<String>().contains("=\"")
        });
        assert_eq!(hit, None, "{forbidden}");
    }
    for (at, _) in page.match_indices("http") {
        assert!(!page[at.saturating_sub(6)..at].ends_with("href=\""), "a link leads away");
    }
    assert_eq!(page.matches("<style>").count(), 1);
    let style = page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    let named = page.split("style-src 'sha256-").nth(1).unwrap().split('\'').next().unwrap();
    assert_eq!(named, base64_of_sha256(style), "the policy names this very style");
    assert_eq!(page.matches("<script>").count(), 1);
    let script = page.split("<script>").nth(1).unwrap().split("</script>").next().unwrap();
    let named = page.split("script-src 'sha256-").nth(1).unwrap().split('\'').next().unwrap();
    assert_eq!(named, base64_of_sha256(script), "the policy names this very script");
    for writes in ["innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "fetch("]
    {
        assert!(!script.contains(writes), "the script writes text, never markup: {writes}");
    }
    assert!(page.contains("default-src 'none'"));
}

fn base64_of_sha256(text: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use sha2::{Digest, Sha256};
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

#[test]
fn a_failure_is_told_in_full() {
    let page = file(&fixture::red(), "report.html");
    for part in [
        "id=\"case-att.nonce.other-challenge\"",
        "Attestation bound to a challenge the server did not issue",
        "The nonce equals the octet string in the credential certificate.",
        "Whoever records one attestation",
        "assay check shop.toml --case att.nonce.other-challenge",
        "content-type: application/json",
        "HTTP 403 · 2.25 ms",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn every_case_has_a_permalink_and_what_filters_go_by() {
    let page = file(&fixture::red(), "report.html");
    let ids = page.matches(" id=\"case-").count();
    assert_eq!(ids, 14, "each case once, where it is told");
    for part in [
        "id=\"case-att.valid.ios17\" data-case=\"att.valid.ios17\" data-verdict=\"hold\" data-family=\"att.valid\" data-level=\"must\" data-severity=\"high\" data-clauses=\"|AV-0|\"",
        "data-verdict=\"fail\" data-family=\"att.nonce\" data-level=\"must\" data-severity=\"critical\" data-clauses=\"|AV-4|CH|\"",
        "data-case=\"asr.signature.high-s\" data-verdict=\"advice\"",
        "data-case=\"rcp.app-id.other-app\" data-verdict=\"not-applicable\"",
        "<option>undecided</option>",
        "<form class=\"filters\" id=\"filters\"",
    ] {
        assert!(page.contains(part), "{part}");
    }
    // Without the script everything is shown: only what the script works with is hidden.
    let hidden: Vec<&str> = page
        .split(" hidden>")
        .map(|before| {
            before.rsplit('<').next().unwrap_or_default().split(' ').next().unwrap_or_default()
        })
        .collect();
    assert_eq!(hidden[..hidden.len() - 1], ["form", "p"]);
}

#[test]
fn clauses_stand_against_verdicts_and_lead_to_their_cases() {
    let page = file(&fixture::red(), "report.html");
    let table =
        page.split("<table class=\"matrix\">").nth(1).unwrap().split("</table>").next().unwrap();
    let row = table
        .lines()
        .find(|line| line.contains("id=\"clause-") || line.contains("#clause-AS-3\""))
        .unwrap();
    for part in [
        "data-clause=\"AS-3\" data-shows=\"fail\" aria-label=\"2 fail\">2</a>",
        "data-shows=\"advice\" aria-label=\"1 advice\">1</a>",
        "data-shows=\"hold\" aria-label=\"1 hold\">1</a>",
        "The signature is valid for the nonce",
    ] {
        assert!(row.contains(part), "{part} in {row}");
    }
    assert!(
        page.contains("<details id=\"clause-AS-3\""),
        "the link leads somewhere without a script"
    );
}

#[test]
fn what_was_not_tested_is_grouped_by_reason_and_stands_before_the_tables() {
    let page = file(&fixture::red(), "report.html");
    let section =
        page.split("<section id=\"untested\">").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(section.contains("2 of 14 cases were not decided, for 2 reasons."), "{section}");
    let undecided = section.find("its honest twin att.valid.ios27 was refused").unwrap();
    let inapplicable = section.find("declares no route that takes receipts").unwrap();
    assert!(undecided < inapplicable, "what could not be decided first");
    assert!(page.find("id=\"findings\"") < page.find("id=\"untested\""));
    assert!(page.find("id=\"untested\"") < page.find("id=\"cases\""));
}

#[test]
fn a_missing_part_is_said_and_not_drawn() {
    let page = file(&fixture::cases_only(), "report.html");
    assert!(page.contains("This run has no load part"));
    assert!(!page.contains("<svg"));
    let page = file(&fixture::load_only(), "report.html");
    assert!(page.contains("This run has no cases"));
    assert_eq!(page.matches("<svg").count(), 5);
    let names: Vec<String> =
        render_all(&fixture::cases_only()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "report.html",
            "README.md",
            "summary.json",
            "junit.xml",
            "report.sarif",
            "badge.json",
            "badge.svg"
        ]
    );
}

#[test]
fn junit_is_well_formed_and_counts_what_the_summary_counts() {
    let record = fixture::red();
    let summary = Summary::fold(&record);
    let text = file(&record, "junit.xml");
    let (_, tags) = read_xml(&text);
    let count = |name: &str| tags.iter().filter(|tag| *tag == name).count() as u64;
    // One more failure and error each: wrong answers under load, and the invalid measurement.
    assert_eq!(count("failure"), summary.cases.failed + 1);
    assert_eq!(count("error"), summary.cases.inconclusive + 1);
    // Advice, and the requests without a decision, for which no limit was set.
    assert_eq!(count("skipped"), summary.cases.not_applicable + summary.cases.advice + 1);
    assert!(text.contains("type=\"false-accept\""), "{text}");

    let (_, tags) = read_xml(&file(&fixture::green(), "junit.xml"));
    assert!(!tags.iter().any(|tag| tag == "failure" || tag == "error"));
    let killed = file(&fixture::killed(), "junit.xml");
    assert!(
        killed.contains("the run ended while att.syntax.trailing-byte was in play"),
        "{killed}"
    );
}

/// Reads a document to its end; the number of elements and their names. Panics if it is malformed.
pub(crate) fn read_xml(text: &str) -> (usize, Vec<String>) {
    let mut reader = quick_xml::Reader::from_str(text);
    let mut tags = Vec::new();
    let mut open = 0i64;
    loop {
        let name = |name: &[u8]| String::from_utf8(name.to_vec()).expect("names are UTF-8");
        match reader.read_event().unwrap_or_else(|error| panic!("{error}\n{text}")) {
            quick_xml::events::Event::Start(tag) => {
                open += 1;
                attributes(&tag);
                tags.push(name(tag.name().as_ref()));
            }
            quick_xml::events::Event::Empty(tag) => {
                attributes(&tag);
                tags.push(name(tag.name().as_ref()));
            }
            quick_xml::events::Event::End(_) => open -= 1,
            quick_xml::events::Event::Text(text) => drop(text.decode().expect("text is UTF-8")),
            quick_xml::events::Event::Eof => break,
            _other => {}
        }
    }
    assert_eq!(open, 0, "an element is left open");
    (tags.len(), tags)
}

fn attributes(tag: &quick_xml::events::BytesStart<'_>) {
    for attribute in tag.attributes() {
        attribute.expect("attributes are well formed");
    }
}

#[test]
fn ten_thousand_cases_fit_into_a_page_that_says_what_it_leaves_out() {
    let mut story = Story::begin();
    for index in 0..10_000 {
        let clause = format!("X-{}", index % 40);
        let id = format!("family-{}.case-{index}", index % 100);
        let case = if index % 5 == 0 {
            fixture::failing(&id, &clause, "reject", Failure::FalseAccept)
        } else {
            fixture::case(&id, &clause, "reject")
        };
        story.play(case);
    }
    let page = render::html(&Summary::fold(&story.end(1)));
    assert!(page.len() < 12_000_000, "{} bytes", page.len());
    assert!(page.contains("… and 800 more"), "findings are cut off, and it is said");
}

#[test]
fn markdown_of_a_small_run() {
    insta::assert_snapshot!(file(&fixture::killed(), "README.md"));
}

/// Writes the sample reports into the folder named by `ASSAY_REPORT_SAMPLES`, to be looked at.
#[test]
fn samples_for_the_eye() {
    let Some(folder) = std::env::var_os("ASSAY_REPORT_SAMPLES") else {
        return;
    };
    let samples = [
        ("green", fixture::green()),
        ("red", fixture::red()),
        ("killed", fixture::killed()),
        ("load", fixture::load_only()),
        ("overload", crate::loads::overload()),
        ("soak", crate::loads::soak()),
        ("launch", crate::loads::launch()),
        ("hostile", crate::hostile::record()),
    ];
    for (name, record) in samples {
        for (file, bytes) in render_all(&record) {
            let path = Path::new(&folder).join(name).join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
    }
    assert!(!render::json(&Summary::fold(&fixture::green())).is_empty());
}
