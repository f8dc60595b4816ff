//! `assay load calibrate`, and what later loads make of it.

use crate::context::Context;
use crate::trust::Server;
use serde_json::Value;

#[test]
fn a_calibration_is_measured_kept_and_used() {
    let context = Context::new();
    let ran = context.run(&[
        "load",
        "calibrate",
        "--calibration",
        "here.json",
        "--hold",
        "500ms",
        "--highest",
        "40",
        "--json",
    ]);
    // 9 says that this machine was too busy to keep even 10/s.
    if ran.code == Some(9) {
        return;
    }
    let ran = ran.ends_with(0);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    let kept: Value = serde_json::from_str(&context.read("here.json")).unwrap();
    assert_eq!(told, kept);
    let ceiling = kept["ceiling"].as_f64().unwrap();
    assert!((10.0..=40.0).contains(&ceiling), "{kept}");
    assert!(kept["floor"]["p50_us"].as_u64().unwrap() > 0, "{kept}");
    let load = [
        "load",
        "--seed",
        "1",
        "--steady",
        "45/s:1s",
        "--calibration",
        "here.json",
        "--out",
        "out",
    ];
    let ran = context.run(&load);
    assert!(ran.stderr.contains("rate against the generator’s ceiling"), "{}", ran.stderr);
    let log = context.read("out/intervals.hlog");
    assert!(log.contains("Tag=45/s/challenge/honest/right/response,"), "{log}");
}

#[test]
fn a_file_that_is_no_calibration_is_refused_before_anything_is_sent() {
    let context = Context::new();
    let file = context.write("odd.json", "{\"schema\": 1}");
    let ran = context.run(&["load", "--steady", "10/s:1s", "--calibration", &file]).ends_with(2);
    assert!(ran.stderr.contains("no calibration") && ran.stderr.contains("odd.json"));
    assert!(!context.path("reports").exists(), "nothing was written");
}

#[cfg(target_os = "linux")]
#[test]
fn the_process_of_a_server_that_runs_here_is_seen() {
    let context = Context::new();
    let server = Server::start(&context, &["--null"]);
    let target = context.target(&server.url, |text| text);
    let authority = context.authority();
    let whom = ["load", &target, "--authority", &authority, "--seed", "1", "--out", "out"];
    let what = ["--steady", "20/s:3s", "--mix", "0:0:1", "--dishonest", "0"];
    // Whether the measurement is valid is for the machine to say.
    let ran = context.run(&[&whom[..], &what].concat());
    assert!([0, 9].map(Some).contains(&ran.code), "{}", ran.stderr);
    let record = context.read("out/record.jsonl");
    let events: Vec<Value> =
        record.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| events.iter().filter(|event| event["event"] == kind).collect::<Vec<_>>();
    let seconds = of("target-second");
    assert!(seconds.len() >= 2, "{seconds:?}");
    for second in seconds {
        assert!(second["rss_bytes"].as_u64().unwrap() > 1 << 20, "{second}");
        assert!((0.0..8.0).contains(&second["cpu_share"].as_f64().unwrap()), "{second}");
    }
    let words = "the server’s process on this machine (assay) computed for";
    let is_told = |note: &&Value| note["text"].as_str().unwrap().starts_with(words);
    assert!(of("note").iter().any(is_told), "{:?}", of("note"));
}
