//! A report of many cases, beside reading the record it is made of.
//!
//! What a report costs should grow with its cases and no faster. Reading the same record's lines, in
//! the same minute on the same machine, is the yardstick: a line of the group means something as a
//! multiple of it, and the multiple for 10,000 cases should be that for 1,000.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use record::{
    CaseFinished, CaseStarted, Event, EventKind, Failure, Header, Machine, Record, RunFinished,
    TargetInfo, Verdict,
};
use report::Summary;
use report::render::{html, markdown};
use std::hint::black_box;
use std::time::Duration;

criterion_group!(
    name = benches;
    config = Criterion::default().sample_size(10).measurement_time(Duration::from_secs(5)).warm_up_time(Duration::from_secs(1));
    targets = reports
);
criterion_main!(benches);

fn reports(c: &mut Criterion) {
    let mut group = c.benchmark_group("report");
    for cases in [1_000, 10_000] {
        let record = record(cases);
        let lines: Vec<String> = record
            .events
            .iter()
            .map(|event| serde_json::to_string(event).expect("events are written as JSON"))
            .collect();
        group.throughput(Throughput::Elements(cases));
        group.bench_with_input(BenchmarkId::new("reading", cases), &lines, |b, lines| {
            b.iter(|| {
                let read = |line: &String| serde_json::from_str::<Event>(line);
                lines.iter().map(read).collect::<Result<Vec<Event>, _>>()
            });
        });
        group.bench_with_input(BenchmarkId::new("folding", cases), &record, |b, record| {
            b.iter(|| Summary::fold(black_box(record)));
        });
        let summary = Summary::fold(&record);
        group.bench_with_input(BenchmarkId::new("page", cases), &summary, |b, summary| {
            b.iter(|| html(black_box(summary)));
        });
        group.bench_with_input(BenchmarkId::new("Markdown", cases), &summary, |b, summary| {
            b.iter(|| markdown(black_box(summary)));
        });
    }
    group.finish();
}

/// So many cases, a fifth of which fail.
fn record(cases: u64) -> Record {
    let header = Header {
        schema: Header::SCHEMA,
        assay: "0".into(),
        command: "assay check shop.toml".into(),
        seed: "00".into(),
        started: "2026-11-28T00:00:00Z".into(),
        target: TargetInfo::default(),
        machine: Machine::default(),
    };
    let mut kinds = vec![EventKind::RunStarted(header)];
    for index in 0..cases {
        let case = case(index);
        kinds.push(EventKind::CaseStarted(CaseStarted { id: case.id.clone() }));
        kinds.push(EventKind::CaseFinished(Box::new(case)));
    }
    kinds.push(EventKind::RunFinished(RunFinished { interrupted: false, exit_code: 1 }));
    let events = kinds.into_iter().map(|kind| Event { at: 0.0, kind }).collect();
    Record::from_events(events).expect("it begins with a header")
}

fn case(index: u64) -> CaseFinished {
    let fails = index.is_multiple_of(5);
    let id = format!("family-{}.case-{index}", index % 100);
    CaseFinished {
        title: format!("What {id} is about, in a line"),
        family: format!("family-{}", index % 100),
        rules: Vec::new(),
        clauses: vec![format!("X-{}", index % 40)],
        level: "must".into(),
        severity: "high".into(),
        class: "false-accept".into(),
        expectation: "reject".into(),
        decision: if fails { "accept" } else { "reject" }.into(),
        reason: None,
        status: Some(if fails { 200 } else { 403 }),
        elapsed_ms: 2.25,
        excerpt: "{\"accepted\":true}".into(),
        verdict: if fails {
            let why = "expected reject, observed accept".into();
            Verdict::Fail { failure: Failure::FalseAccept, why }
        } else {
            Verdict::Pass
        },
        matters: "It lets an attacker in.".into(),
        fix: "Compare all 32 bytes.".into(),
        repeat: format!("assay check shop.toml --case {id}"),
        id,
    }
}
