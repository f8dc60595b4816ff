//! From nothing to a judged run against a server in another language, with another verifier.

use crate::context::{Context, Ran};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const APP_ID: &str = "ABCDE12345.com.example.foreign";
const PASSWORD: &str = "correct horse battery staple";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign")
}

/// A Python with the shop's requirements, in the scratch folder. `None` without Python or registry,
/// which only CI must have.
#[expect(clippy::print_stdout, reason = "whoever runs the test should see that it was skipped")]
fn python(context: &Context) -> Option<PathBuf> {
    let run = |command: &mut Command| {
        let output = command.stdin(Stdio::null()).output();
        let said = match &output {
            Ok(output) if output.status.success() => return true,
            Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
            Err(error) => error.to_string(),
        };
        assert!(
            std::env::var_os("CI").is_none(),
            "the foreign server needs Python 3 and pip: {said}"
        );
        println!("skipped: no Python with the shop's requirements: {said}");
        false
    };
    let venv = context.path("venv");
    let made = run(Command::new("python3").args(["-m", "venv"]).arg(&venv));
    let python = venv.join("bin/python");
    let installed = made
        && run(Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(folder().join("requirements.txt")));
    installed.then_some(python)
}

/// The shop, ended with the test.
struct Shop {
    child: Child,
    url: String,
}

impl Shop {
    fn open(python: &Path, root: &str) -> Self {
        let mut child = Command::new(python)
            .arg(folder().join("server.py"))
            .args(["--root", root, "--app-id", APP_ID, "--challenge-lifetime", "3"])
            .env("SHOP_PASSWORD", PASSWORD)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        Self { child, url }
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Families that together play every step and every refusal of the shop's own. The library takes its
/// time over the others, which say more about it than about the way here.
const CASES: [&str; 6] =
    ["genuine.*", "nonce.*", "counter.*", "challenge.*", "registration.*", "client-data.*"];

#[test]
fn a_server_in_another_language_is_judged_from_nothing_but_its_description() {
    let context = Context::new();
    let Some(python) = python(&context) else { return };
    let authority = context.authority();
    let root = context.run(&["root", "--authority", &authority]).stdout;
    let root = context.write("root.pem", &root);
    let shop = Shop::open(&python, &root);

    let description = folder().join("openapi.yaml").display().to_string();
    context
        .run(&["init", "--from", &description, "--app-id", APP_ID, "--out", "proposed.toml"])
        .ends_with(0);
    let proposed = context.read("proposed.toml");
    assert!(!proposed.contains(PASSWORD));
    // Its address, which changes with each test, and how long its challenges live, which nobody can
    // find out without waiting: the rest is for the doctor to find.
    let filled = [
        ("http://127.0.0.1:8000", shop.url.as_str()),
        ("# challenge_ttl = \"5m\"", "challenge_ttl = \"3s\""),
    ];
    let filled = filled.iter().fold(proposed, |text, (question, answer)| {
        assert!(text.contains(question), "no `{question}` in\n{text}");
        text.replace(question, answer)
    });
    let target = context.write("shop.toml", &filled);
    let with_password = |arguments: &[&str]| {
        let ran = context.assay(arguments).env("FOREIGN_SHOP_PASSWORD", PASSWORD).output();
        Ran::of(ran.unwrap())
    };

    let doctor = with_password(&["doctor", &target, "--authority", &authority, "--write"]);
    assert_eq!(doctor.code, Some(0), "{}\n{}", doctor.stdout, doctor.stderr);
    assert!(!doctor.stdout.contains(PASSWORD), "secrets are masked");
    let found = context.read("shop.toml");
    for line in [
        "attest_client_data_hash = \"sha256(challenge_bytes)\"",
        "challenge_spent_by_failure = true",
        "mode = \"ignore\"",
        "InvalidNonceException = \"att.nonce\"",
    ] {
        assert!(found.contains(line), "the doctor did not find `{line}`:\n{found}");
    }

    let mut check =
        vec!["check", &target, "--authority", &authority, "--seed", "1", "--out", "out"];
    check.extend(CASES.iter().flat_map(|family| ["--case", family]));
    let ran = with_password(&check);
    // What the run finds is between the shop and its library; here it must be a judgement.
    assert!(matches!(ran.code, Some(0 | 1)), "{:?}\n{}\n{}", ran.code, ran.stdout, ran.stderr);
    let record = context.read("out/record.jsonl");
    assert!(!record.contains(PASSWORD), "secrets are masked");
    let events =
        || record.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let verdicts: Vec<String> = events()
        .filter(|event| event["event"] == "case-finished")
        .map(|event| event["verdict"].as_str().unwrap().to_owned())
        .collect();
    let count = |verdict: &str| verdicts.iter().filter(|one| *one == verdict).count();
    // Two cases come to nothing with this shop: they enrol a key twice, which it refuses.
    assert!(count("inconclusive") <= 2, "{}", ran.stdout);
    assert!(count("pass") > 70, "{} cases passed\n{}", count("pass"), ran.stdout);
    let observed = events().filter(|event| event["event"] == "case-observed");
    let mut twins = 0;
    for case in observed {
        for side in ["before", "after"] {
            let twin = &case["twin"][side];
            if twin["twin"] == "played" {
                twins += 1;
                assert_eq!(twin["decision"], "accept", "{}: {twin}", case["id"]);
            }
        }
        let attempts = case["attempts"].as_array().unwrap();
        for turn in attempts.iter().flat_map(|attempt| attempt["turns"].as_array().unwrap()) {
            let undecided = matches!(turn["decision"].as_str(), Some("unreadable" | "unreachable"));
            assert!(!undecided, "{}: {turn}", case["id"]);
        }
    }
    assert!(twins > 30, "{twins} honest twins were played");
}
