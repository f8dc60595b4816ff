//! Adapters that misbehave: each fault costs the operation in flight and no other.

use protocol::terms::KeyId;
use protocol::verify::TrustAnchor;
use std::sync::Arc;
use std::time::{Duration, Instant};
use targets::adapter::{
    AdapterTarget, Answer, Ask, Caps, Commands, Limits, OpenError, Setting, Trouble, Verdict,
    schema,
};
use targets::file::{Adapter, Spoken};
use targets::{CHALLENGE_TEXT, Decision, Facts, Operation, Saved, Target, TargetFile};

/// What every script begins with: it answers `hello` and `configure`, and does nothing else
/// before it was configured.
const HEAD: &str = r#"
answer() { echo "{\"id\":\"$id\",$1}"; }
accept() { answer '"verdict":"accept"'; }
while IFS= read -r line; do
  id=${line#*\"id\":\"}; id=${id%%\"*}
  case $line in
    *'"op":"hello"'*) HELLO ;;
    *'"op":"configure"'*) configured=1; answer '"ok":true' ;;
    *) [ -n "$configured" ] || exit 9
       case $line in *'"attestation":"YmFk"'*) BAD ;; *) accept ;; esac ;;
  esac
done
"#;

const HELLO: &str =
    r#"answer '"proto":1,"profile":"verifier","sut":{"name":"script"},"caps":{CAPS}'"#;

/// What makes a script misbehave: `YmFk`.
const BAD: &[u8] = b"bad";

fn script(hello: &str, bad: &str) -> TargetFile {
    let text = HEAD.replace("HELLO", hello).replace("BAD", bad);
    let adapter = Adapter::lines(["sh", "-c", &text].map(str::to_owned).to_vec());
    let mut file = TargetFile::of_adapter("script", Some(adapter));
    file.timeout = Duration::from_secs(3);
    file
}

fn hello(caps: &str) -> String {
    HELLO.replace("CAPS", caps)
}

fn setting(limits: Limits) -> Setting {
    let now = "2026-11-23T12:00:00Z".parse().unwrap();
    Setting {
        trust_anchor: TrustAnchor::apple_app_attestation(),
        receipt_trust_anchor: TrustAnchor::apple_root_g3(),
        clock: Arc::new(move || now),
        entropy: Arc::new(|_, _| Ok([7; 32])),
        seed: [1; 32],
        limits,
        listener: Arc::new(|_, _| {}),
    }
}

async fn open(file: &TargetFile) -> Result<AdapterTarget, OpenError> {
    AdapterTarget::open(file, setting(Limits::default())).await
}

fn asking(target: &AdapterTarget, attestation: &[u8]) -> Ask {
    target.attestation(attestation, KeyId([3; 32]), b"challenge", &[4; 32])
}

async fn ask(target: &AdapterTarget, attestation: &[u8]) -> Result<Verdict, Trouble> {
    let ask = asking(target, attestation);
    target.ask(&ask).await.answer.map(|answer| match answer {
        Answer::Decided(decided) => decided.verdict,
        other => panic!("{other:?}"),
    })
}

/// The fault costs its operation, is told in these words, and the next operation is answered.
async fn check(bad: &str, word: &str, words: &str, starts: u32) {
    let target = open(&script(&hello(""), bad)).await.unwrap();
    assert_eq!(ask(&target, b"good").await, Ok(Verdict::Accept), "{bad}");
    let trouble = ask(&target, BAD).await.expect_err(bad);
    assert_eq!(trouble.decision().as_str(), word, "{bad}: {trouble}");
    assert!(trouble.to_string().contains(words), "{bad}: no `{words}` in: {trouble}");
    assert_eq!(ask(&target, b"good").await, Ok(Verdict::Accept), "{bad}");
    assert_eq!(target.starts().await, starts, "{bad}");
    target.close().await;
}

#[tokio::test]
async fn an_adapter_that_ends_is_started_again_and_configured_again() {
    check("exit 3", "crash", "exit code 3", 2).await;
    check("kill -9 $$", "crash", "SIGKILL", 2).await;
    check("exec >&-; sleep 60", "crash", "closed its standard output", 2).await;
}

#[tokio::test]
async fn what_is_no_answer_is_told_with_what_to_do() {
    let told = "standard output is for answers alone";
    check("echo debug; accept", "unreadable", told, 2).await;
    check("echo 3", "unreadable", told, 2).await;
    check(r"printf '\377\n'", "unreadable", "no UTF-8 from byte 0 on", 2).await;
    check("echo '{\"id\":\"x\",\"verdict\":\"accept\"}'", "unreadable", "nobody waits for", 2)
        .await;
    check("echo '{\"verdict\":\"accept\"}'", "unreadable", "repeat the id", 2).await;
    check("head -c 9000000 /dev/zero | tr '\\0' a; echo", "unreadable", "more than 8 MiB", 2).await;
    check("tr '\\0' a </dev/zero", "unreadable", "more than 8 MiB", 2).await;
}

#[tokio::test]
async fn an_answer_whose_members_lie_about_their_type_is_unreadable_and_costs_no_restart() {
    for (answer, words) in [
        ("\"verdict\":\"maybe\"", "`maybe`"),
        ("\"verdict\":3", "verify_attestation"),
        ("\"ok\":true", "verdict"),
        ("\"verdict\":\"accept\",\"outputs\":{\"counter\":-1}", "-1"),
        ("\"verdict\":\"accept\",\"outputs\":{\"counter\":4294967296}", "4294967296"),
        ("\"verdict\":\"accept\",\"outputs\":{\"public_key\":\"_-\"}", "base64"),
        ("\"unsupported\":true,\"why\":\"later\"", "take it out of caps.ops"),
    ] {
        check(&format!("answer '{answer}'"), "unreadable", words, 1).await;
    }
}

#[tokio::test]
async fn a_second_answer_is_found_before_the_next_operation() {
    let target = open(&script(&hello(""), "accept; accept")).await.unwrap();
    assert_eq!(ask(&target, BAD).await, Ok(Verdict::Accept));
    let trouble = ask(&target, b"good").await.unwrap_err();
    assert!(trouble.to_string().contains("nobody waits for"), "{trouble}");
    assert_eq!(ask(&target, b"good").await, Ok(Verdict::Accept));
    target.close().await;
}

#[tokio::test]
async fn an_adapter_that_hangs_is_ended_with_its_children_and_its_late_answer_never_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pid");
    let bad = format!("sleep 60 & echo $! >{}; wait; accept", path.display());
    let mut file = script(&hello(""), &bad);
    file.timeout = Duration::from_millis(1500);
    let target = open(&file).await.unwrap();
    let started = Instant::now();
    assert_eq!(ask(&target, BAD).await, Err(Trouble::TimedOut));
    assert!(started.elapsed() < Duration::from_secs(30), "it waited for the child");
    assert_eq!(ask(&target, b"good").await, Ok(Verdict::Accept));
    target.close().await;
    let pid = std::fs::read_to_string(path).unwrap().trim().parse().unwrap();
    let mut left = true;
    for _ in 0..200 {
        left = is_running(pid);
        if !left {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!left, "process {pid} was left behind");
}

/// Whether a process runs; one that ended and is not yet taken note of does not.
fn is_running(pid: i32) -> bool {
    let about = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    about.is_ok_and(|about| !about.rsplit(')').next().unwrap_or_default().starts_with(" Z"))
}

#[tokio::test]
async fn of_several_in_flight_only_the_one_to_blame_bears_it() {
    let target = open(&script(&hello("\"concurrency\":4"), "exit 3")).await.unwrap();
    let ask = |attestation: &'static [u8]| ask(&target, attestation);
    let (one, bad, two, three) = tokio::join!(ask(b"one"), ask(BAD), ask(b"two"), ask(b"three"));
    assert!(matches!(bad, Err(Trouble::Crashed(_))), "{bad:?}");
    for good in [one, two, three] {
        assert_eq!(good, Ok(Verdict::Accept));
    }
    target.close().await;
}

#[tokio::test]
async fn an_adapter_that_crashes_too_often_is_given_up() {
    let file = script(&hello(""), "exit 3");
    let limits = Limits { restarts: 2, ..Limits::default() };
    let target = AdapterTarget::open(&file, setting(limits)).await.unwrap();
    for _ in 0..3 {
        assert!(matches!(ask(&target, BAD).await, Err(Trouble::Crashed(_))));
    }
    let Err(Trouble::GivenUp(why)) = ask(&target, b"good").await else { panic!() };
    assert!(why.contains("3 times"), "{why}");
}

#[tokio::test]
async fn an_adapter_that_does_not_come_up_says_why() {
    let limits = Limits { start: Duration::from_millis(1500), ..Limits::default() };
    for (answer, words) in [
        ("echo no module named x >&2; exit 1", "no module named x"),
        ("sleep 60", "flush it"),
        ("answer '\"proto\":7,\"profile\":\"verifier\",\"sut\":{\"name\":\"x\"}'", "version 7"),
        ("answer '\"proto\":1,\"profile\":\"verifer\",\"sut\":{\"name\":\"x\"}'", "verifer"),
        ("answer '\"ok\":true'", "proto"),
        (&hello("\"checks_not_done\":[\"asr.conter\"]"), "did you mean `asr.counter`"),
        (&hello("\"environments\":[\"sandbox\"]"), "sandbox"),
    ] {
        let opened = AdapterTarget::open(&script(answer, "exit 3"), setting(limits)).await;
        let error = opened.expect_err(answer).to_string();
        assert!(error.contains(words), "no `{words}` in: {error}");
    }
    let missing = Adapter::lines(vec!["/no/such/adapter".to_owned()]);
    let error = open(&TargetFile::of_adapter("x", Some(missing))).await.unwrap_err();
    assert!(error.to_string().contains("cannot be started"), "{error}");
}

#[tokio::test]
async fn an_adapter_that_says_something_else_of_itself_when_started_again_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("mark");
    let (first, second) = (hello(""), hello("\"checks_not_done\":[\"att\"]"));
    let path = mark.display();
    let answer = format!("if [ -e {path} ]; then {second}; else touch {path}; {first}; fi");
    let target = open(&script(&answer, "exit 3")).await.unwrap();
    assert!(ask(&target, BAD).await.is_err());
    let trouble = ask(&target, b"good").await.unwrap_err();
    assert!(trouble.to_string().contains("something else of itself"), "{trouble}");
}

#[tokio::test]
async fn what_an_adapter_says_on_standard_error_is_kept_without_what_could_move_a_cursor() {
    let target =
        open(&script(&hello(""), r"printf 'out of \033[2Jluck\n' >&2; exit 3")).await.unwrap();
    let said = target.ask(&asking(&target, BAD)).await;
    assert!(said.text.contains("out of \\u{1b}[2Jluck"), "{}", said.text);
}

#[test]
fn the_committed_schema_is_the_generated_one() {
    let committed = include_str!("../../../../corpora/schema/adapter.schema.json");
    let committed: serde_json::Value = serde_json::from_str(committed).unwrap();
    assert!(
        committed == schema::lines(),
        "write it again: cargo run -- schema adapter > corpora/schema/adapter.schema.json"
    );
}

#[test]
fn the_schema_takes_what_is_said_and_refuses_what_is_not() {
    let schema = schema::lines();
    jsonschema::draft7::meta::validate(&schema).expect("it is a schema of draft 7");
    let schema = jsonschema::draft7::new(&schema).unwrap();
    let valid = |text: &str| schema.is_valid(&serde_json::from_str(text).unwrap());
    for text in [
        r#"{"id":"1","op":"hello","proto":1,"harness":"assay/1"}"#,
        r#"{"id":"1","op":"reset"}"#,
        r#"{"id":"1","proto":1,"profile":"relying-party","sut":{"name":"x"}}"#,
        r#"{"id":"1","verdict":"reject","reason":"words"}"#,
        r#"{"id":"1","verdict":"accept","outputs":{"counter":4294967295,"public_key":"AAA="}}"#,
        r#"{"id":"1","unsupported":true}"#,
    ] {
        assert!(valid(text), "{text}");
    }
    for text in [
        r#"{"verdict":"accept"}"#,
        r#"{"id":"1","op":"verify_attestation"}"#,
        r#"{"id":"1","verdict":"maybe"}"#,
        r#"{"id":"1","verdict":"accept","outputs":{"public_key":"_-"}}"#,
        r#"{"id":"1","proto":1,"profile":"server","sut":{"name":"x"}}"#,
    ] {
        assert!(!valid(text), "{text}");
    }
}

/// A relying party in a script: one challenge for everybody, and every key it is shown.
const PARTY: &str = r#"
answer() { echo "{\"id\":\"$id\",$1}"; }
while IFS= read -r line; do
  id=${line#*\"id\":\"}; id=${id%%\"*}
  case $line in
    *'"op":"hello"'*) answer '"proto":1,"profile":"relying-party","sut":{"name":"party"},"caps":{"ops":["challenge","attest","revoke"]}' ;;
    *'"op":"configure"'*) answer '"ok":true' ;;
    *'"op":"challenge"'*) answer '"challenge":"q83v"' ;;
    *'"op":"attest"'*'"challenge":"q83v"'*) answer '"verdict":"accept","outputs":{"counter":0}' ;;
    *'"op":"attest"'*) answer '"verdict":"reject","reason":{"code":"st.challenge.issued","text":"x"}' ;;
    *'"op":"revoke"'*) answer '"ok":false,"text":"not yours"' ;;
    *) answer '"unsupported":true' ;;
  esac
done
"#;

#[tokio::test]
async fn a_relying_party_is_asked_what_requests_ask_and_its_challenge_is_the_one_that_counts() {
    let adapter = Adapter::lines(["sh", "-c", PARTY].map(str::to_owned).to_vec());
    let target = open(&TargetFile::of_adapter("party", Some(adapter))).await.unwrap();
    let (mut facts, mut saved) = (Facts::new("alice", "1"), Saved::new());
    let asked = target.perform(Operation::Challenge, &facts, &mut saved).await.unwrap();
    assert!(matches!(asked.decision, Decision::Accepted { .. }), "{asked:?}");
    assert_eq!(saved[CHALLENGE_TEXT], "q83v");
    facts.key_id = Some(KeyId([3; 32]).into());
    facts.attestation = Some(b"object".to_vec().into());
    let enrolled = target.perform(Operation::Attest, &facts, &mut saved).await.unwrap();
    let Decision::Accepted { outputs } = enrolled.decision else { panic!("{enrolled:?}") };
    assert_eq!(outputs["counter"], "0");
    saved.insert(CHALLENGE_TEXT.to_owned(), "other".to_owned());
    let refused = target.perform(Operation::Attest, &facts, &mut saved).await.unwrap();
    let code = Some("st.challenge.issued".to_owned());
    assert_eq!(refused.decision, Decision::Rejected { reason: code });
    let kept = target.perform(Operation::Revoke, &facts, &mut saved).await.unwrap();
    assert_eq!(kept.decision, Decision::Rejected { reason: Some("not yours".to_owned()) });
    target.close().await;
}

#[tokio::test]
async fn a_command_for_each_operation_gets_its_files_and_decides_with_code_and_line() {
    let run = |text: &str| {
        let command = ["sh", "-c", text, "x", "${attestation}", "${challenge}", "${now}"];
        let commands =
            Commands { attestation: Some(command.map(str::to_owned).to_vec()), assertion: None };
        let spoken = Spoken::Exec(commands);
        let adapter = Adapter { spoken, folder: None, caps: Caps::default() };
        let mut file = TargetFile::of_adapter("command", Some(adapter));
        file.timeout = Duration::from_secs(3);
        async move {
            let target = open(&file).await.unwrap();
            ask(&target, b"object").await
        }
    };
    let reads = r#"[ "$(cat "$1" "$2")$3" = objectchallenge2026-11-23T12:00:00Z ] && echo accept"#;
    assert_eq!(run(reads).await, Ok(Verdict::Accept));
    assert_eq!(run("echo talk; echo reject att.nonce; exit 1").await, Ok(Verdict::Reject));
    assert!(matches!(run("exit 1").await, Err(Trouble::Crashed(_))), "no line, no refusal");
    assert!(matches!(run("echo reject").await, Err(Trouble::Crashed(_))));
    assert!(matches!(run("exit 89").await, Err(Trouble::Unsupported(_))));
    assert!(matches!(run("yes").await, Err(Trouble::Unreadable(_))));
    assert_eq!(run("sleep 60 & wait").await, Err(Trouble::TimedOut));
}
