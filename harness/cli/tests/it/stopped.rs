//! Processes stopped in the middle of a load: our own makes the figures invalid, the server's shows
//! in them; and Ctrl-C, once and twice.

use crate::context::{Context, Ran};
use record::{CheckStanding, EventKind, Histogram, LoadFinished, Record};
use std::process::{Child, Command};
use std::time::Duration;

/// How long a process is stopped: the longest that a load may lack its generator is 200 ms.
const STOP: Duration = Duration::from_millis(300);

/// A load under way, with at least one of its seconds on record.
fn under_way(context: &Context, more: &[&str]) -> Child {
    let arguments = [&["load", "--seed", "1", "--dishonest", "0", "--out", "out"], more].concat();
    let child = context.assay(&arguments).spawn().unwrap();
    let record = context.path("out/record.jsonl");
    let begun = || {
        std::fs::read_to_string(&record)
            .is_ok_and(|text| text.contains("\"event\":\"load-window\""))
    };
    let seen = (0..1_200).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        begun()
    });
    assert!(seen, "the load never began");
    child
}

fn signal(name: &str, process: u32) {
    let sent = Command::new("kill").args([name, &process.to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Keeps a process from running for a while.
fn stop(process: u32) {
    signal("-STOP", process);
    std::thread::sleep(STOP);
    signal("-CONT", process);
}

/// The reference server that a program started: its child.
fn server_of(program: u32) -> u32 {
    let parent = |stat: &str| -> Option<u32> {
        stat.rsplit_once(") ")?.1.split_whitespace().nth(1)?.parse().ok()
    };
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .find(|id| {
            let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            parent(&stat) == Some(program)
        })
        .expect("the program has started its server")
}

/// How the load ended, and its response times.
fn ended(context: &Context) -> (LoadFinished, Histogram) {
    let record = Record::read(&context.path("out/record.jsonl")).unwrap();
    let mut response = Histogram::default();
    let mut finished = None;
    for event in record.events {
        match event.kind {
            EventKind::LoadWindow(window) => response.add(&window.response),
            EventKind::LoadFinished(load) => finished = Some(load),
            _ => {}
        }
    }
    (finished.unwrap(), response)
}

fn standing(finished: &LoadFinished, name: &str) -> CheckStanding {
    let check = finished.checks.iter().find(|check| check.check.contains(name));
    check.unwrap_or_else(|| panic!("{name}: {:?}", finished.checks)).standing
}

#[test]
fn a_generator_that_was_stopped_has_measured_nothing() {
    let context = Context::new();
    let child = under_way(&context, &["--steady", "50/s:5s"]);
    stop(child.id());
    let ran = Ran::of(child.wait_with_output().unwrap()).ends_with(9);
    assert!(ran.stderr.contains("longest stop of the generator"), "{}", ran.stderr);
    let (finished, _) = ended(&context);
    assert_eq!(standing(&finished, "longest stop"), CheckStanding::Breached);
    assert_eq!(standing(&finished, "counts"), CheckStanding::Holds, "{finished:?}");
    assert_eq!(standing(&finished, "Little"), CheckStanding::Holds, "{finished:?}");
}

#[test]
fn a_server_that_was_stopped_is_slow_and_no_fault_of_the_generator() {
    // A busy machine may stop the generator as well, which proves nothing: again. Whether nine of
    // ten left within 10 ms is then the machine's business, and not asked here.
    let stood = (0..5).any(|_| {
        let context = Context::new();
        let child = under_way(&context, &["--steady", "50/s:5s"]);
        stop(server_of(child.id()));
        let ran = Ran::of(child.wait_with_output().unwrap());
        let (finished, response) = ended(&context);
        assert!(response.quantile(0.99) > 150_000, "{} µs", response.quantile(0.99));
        assert_eq!(ran.code == Some(9), !finished.invalid.is_empty(), "{}", ran.stderr);
        let ours = ["longest stop", "lag of 99 %", "given up", "counts", "Little"];
        ours.iter().all(|name| standing(&finished, name) == CheckStanding::Holds)
    });
    assert!(stood, "a stalled server was taken for a stalled generator in every run");
}

#[test]
fn asked_twice_it_ends_at_once_and_the_record_can_be_read() {
    let context = Context::new();
    let child = under_way(&context, &["--steady", "10/s:60s", "--timeout", "20s"]);
    // Nothing is answered any more, so what is in flight would take twenty seconds to end.
    let server = server_of(child.id());
    signal("-STOP", server);
    std::thread::sleep(STOP);
    signal("-INT", child.id());
    std::thread::sleep(STOP);
    signal("-INT", child.id());
    let ran = Ran::of(child.wait_with_output().unwrap());
    signal("-CONT", server);
    ran.ends_with(130);
    let record = Record::read(&context.path("out/record.jsonl")).unwrap();
    let windows =
        record.events.iter().filter(|event| matches!(event.kind, EventKind::LoadWindow(_)));
    assert!(windows.count() > 0, "what was measured is kept");
    let ended = |event: &record::Event| matches!(event.kind, EventKind::RunFinished(_));
    assert!(!record.events.iter().any(ended), "it waited for what was in flight");
    let again = context.run(&["report", "out"]);
    assert!(context.path("out/report.html").exists(), "{}", again.stderr);
}
