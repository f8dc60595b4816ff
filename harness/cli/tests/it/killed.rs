//! A server that dies in the middle of a run.

use crate::context::{Context, Ran};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The embedded reference as a server that somebody else runs: a script starts it in the background
/// and writes down its process, below those of earlier ones.
struct Started {
    script: String,
    pids: PathBuf,
}

impl Started {
    fn new(context: &Context, authority: &str, address: &str) -> Self {
        let root = context.run(&["root", "--authority", authority]).stdout;
        let root = context.write("root.pem", &root);
        let receipts = context.run(&["root", "--authority", authority, "--receipt"]).stdout;
        let receipts = context.write("receipts.pem", &receipts);
        let assay = env!("CARGO_BIN_EXE_assay");
        let pids = context.path("pids");
        let script = format!(
            "'{assay}' serve --listen {address} --trust-anchor '{root}' \
             --receipt-trust-anchor '{receipts}' >/dev/null 2>&1 & echo $! >> '{}'\n",
            pids.display()
        );
        Self { script: context.write("start.sh", &script), pids }
    }

    fn start(&self) {
        assert!(Command::new("sh").arg(&self.script).status().unwrap().success());
    }

    fn processes(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.pids).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Kills all that were ever started; who is dead already does not mind.
    fn kill(&self) {
        let _ =
            Command::new("kill").arg("-9").args(self.processes()).stderr(Stdio::null()).status();
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.kill();
    }
}

/// How many cases a record holds so far.
fn finished(record: &str) -> usize {
    record.matches("\"event\":\"case-finished\"").count()
}

#[test]
fn a_server_that_is_killed_is_started_again_and_costs_the_cases_in_flight() {
    let context = Context::new();
    let authority = context.authority();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let server = Started::new(&context, &authority, &address);
    let script = &server.script;
    let restart = format!(
        "[target]\nrestart = {{ command = [\"sh\", \"{script}\"], wait_for = \"GET /healthz 200\" }}\n"
    );
    let target = context
        .target(&format!("http://{address}"), |text| text.replacen("[target]\n", &restart, 1));
    server.start();
    let run = context
        .assay(&["check", &target, "--authority", &authority, "--seed", "1", "--out", "out"])
        .spawn()
        .unwrap();

    let begun = Instant::now();
    let record = context.path("out/record.jsonl");
    let so_far = || std::fs::read_to_string(&record).unwrap_or_default();
    while finished(&so_far()) < 20 {
        assert!(begun.elapsed() < Duration::from_mins(2), "no case was finished in two minutes");
        std::thread::sleep(Duration::from_millis(5));
    }
    server.kill();

    let ran = Ran::of(run.wait_with_output().unwrap());
    assert!(server.processes().len() > 1, "the command started no other\n{}", ran.stderr);
    let record = so_far();
    let events =
        || record.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let planned = events().find_map(|event| event["cases"].as_u64()).unwrap();
    assert_eq!(finished(&record) as u64, planned, "every case came to a verdict\n{}", ran.stderr);
    let of = |verdict: &str| {
        let finished = events().filter(|event| event["event"] == "case-finished");
        finished.filter(|event| event["verdict"] == verdict).count()
    };
    // What was in flight, or enrolled before the death, is undecided or failed; the others hold.
    assert!(of("pass") as u64 > planned / 2, "{} of {planned} passed\n{}", of("pass"), ran.stdout);
    assert!(matches!(ran.code, Some(1 | 6)), "{:?}\n{}", ran.code, ran.stderr);
    let last = events().next_back().unwrap();
    assert_eq!(last["event"], "run-finished");
    assert_eq!(last["exit_code"].as_i64(), ran.code.map(i64::from));
}
