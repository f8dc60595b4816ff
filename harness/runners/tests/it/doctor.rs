//! The doctor on servers with other habits than their target file says: it names what is wrong, and
//! with its changes in the file it finds nothing more.

use crate::conformance::clock;
use crate::foreign::{Answers, ClientData, Habits, router};
use catalogue::builtin;
use jiff::SignedDuration;
use protocol::terms::{AppId, Environment};
use runners::StopFlag;
use runners::doctor::{Check, Finding, Outcome, Plan, Standing, apply, examine};
use simulator::{Authority, Seed};
use std::sync::Arc;
use std::time::Duration;
use targets::encoding::Encoding;
use targets::file::Challenge;
use targets::{InProcess, Target, TargetFile};

const FILE: &str = r#"schema = 1

[target]
name = "foreign"
nodes = ["http://127.0.0.1:1"]
app_id = "ABCDE12345.com.example.app"
environment = "production"

[conventions]
attest_client_data_hash = "sha256(challenge_text)"
challenge = "b64url_nopad"
key_id = "b64"                # as the device names it
attestation = "b64"
assertion = "b64"

[templates]
assert = '{"challenge":"${challenge_text}","item":"book"}'

[step.challenge]
request = { method = "POST", path = "/challenge" }
ok = { status = 200 }
save = { challenge_text = "json:/nonce" }

[step.attest]
request = { method = "POST", path = "/enrol", json = { challenge = "${challenge_text}", key = "${key_id}", attestation = "${attestation}" } }

[step.assert]
request = { method = "POST", path = "/order", body = "${client_data}", headers = { x-key = "${key_id}", x-assertion = "${assertion}" } }

[judge]
rules = [
  # what it says
  { status = "200..=299", is = "accept" },
  { status = "400..=499", is = "reject", reason = "json:/error?" },
  { status = "500..=599", is = "error" },
]
"#;

fn habits() -> Habits {
    let clock = clock();
    let authority = authority();
    Habits {
        app_id: AppId::parse("ABCDE12345.com.example.app").unwrap(),
        environment: Environment::Production,
        root: authority.root_der().to_vec(),
        receipt_root: None,
        clock,
        ahead: SignedDuration::ZERO,
        hash: Challenge::Sha256OfText,
        challenge: Encoding::B64UrlNoPad,
        challenge_bytes: 32,
        constant_challenge: false,
        key_id: Encoding::B64,
        assert_key_id: Encoding::B64,
        attestation: Encoding::B64,
        assertion: Encoding::B64,
        category_required: false,
        client_data: ClientData::Body,
        answers: Answers::Words,
        verifies: true,
        remembers: true,
        throttles: None,
    }
}

fn authority() -> Authority {
    Authority::new(&Seed::from_text("doctor"), clock()())
}

/// Examines a server with these habits, as this text says that it is spoken to.
async fn examined(habits: &Habits, text: &str) -> Outcome {
    let file = TargetFile::parse(text, "foreign.toml", &|_| None).unwrap();
    let target = InProcess::new(&file, router(habits.clone())).unwrap();
    let plan = Plan {
        authority: authority(),
        seed: Seed::from_text("doctor"),
        session: 0,
        clock: Arc::clone(&habits.clock),
        cases: builtin().unwrap(),
        longest_wait: Duration::from_mins(1),
        burst: 20,
    };
    let mut told = 0;
    let outcome = examine(&plan, &target, &StopFlag::default(), &mut |_| told += 1).await;
    assert_eq!(told, outcome.findings.len());
    outcome
}

fn listed(outcome: &Outcome) -> String {
    let line = |one: &Finding| {
        let details = one.details.join("\n      ");
        let edits: Vec<_> = one.edits.iter().map(|edit| edit.lines().1).collect();
        format!("{:?} {:?} {}\n      {details}\n      {edits:?}", one.standing, one.check, one.said)
    };
    outcome.findings.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn broken(outcome: &Outcome) -> Vec<&Finding> {
    outcome.findings.iter().filter(|one| one.standing == Standing::Broken).collect()
}

/// What is wrong is named, and nothing else is; with the changes in the file nothing is wrong.
async fn is_mended(habits: &Habits, text: &str, check: Check, said: &str, line: &str) -> String {
    let outcome = examined(habits, text).await;
    let found = broken(&outcome);
    assert!(
        found.iter().any(|one| one.check == check && one.said.contains(said)),
        "no `{said}` in:\n{}",
        listed(&outcome)
    );
    let mended = apply(text, outcome.edits()).unwrap();
    assert!(mended.contains(line), "no `{line}` in:\n{mended}\n{}", listed(&outcome));
    let again = examined(habits, &mended).await;
    assert!(again.is_ready(), "{mended}\n{}", listed(&again));
    assert!(again.can_run > 100, "{}", again.can_run);
    mended
}

/// What is wrong is named, and no line mends it.
async fn is_named(habits: &Habits, text: &str, check: Check, words: &[&str]) {
    let outcome = examined(habits, text).await;
    assert!(!outcome.is_ready());
    let found = broken(&outcome);
    let named = found.iter().find(|one| one.check == check);
    let named = named.unwrap_or_else(|| panic!("nothing of {check:?} in:\n{}", listed(&outcome)));
    let all = format!("{} {}", named.said, named.details.join(" "));
    for word in words {
        assert!(all.contains(word), "no `{word}` in:\n{}", listed(&outcome));
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_fits_is_ready() {
    let outcome = examined(&habits(), FILE).await;
    assert!(outcome.is_ready(), "{}", listed(&outcome));
    assert!(outcome.can_run > 100 && !outcome.cannot_run.is_empty());
    let lines = outcome.cannot_run.iter().filter_map(|one| one.line);
    assert!(lines.into_iter().any(|line| line.contains("[step.revoke]")), "{outcome:?}");
    let spent = outcome.edits().any(|edit| edit.lines().1 == "challenge_spent_by_failure = true");
    assert!(spent, "{}", listed(&outcome));
}

#[tokio::test(start_paused = true)]
async fn every_encoding_is_found() {
    for encoding in [Encoding::B64Url, Encoding::B64UrlNoPad, Encoding::Hex] {
        let name = encoding.as_str();
        let mended = |habits: Habits, check: Check, member: &'static str| async move {
            let line = format!("{member} = \"{name}\"");
            is_mended(&habits, FILE, check, member, &line).await;
        };
        let key = Habits { key_id: encoding, assert_key_id: encoding, ..habits() };
        mended(key, Check::Attestation, "key_id").await;
        mended(Habits { attestation: encoding, ..habits() }, Check::Attestation, "attestation")
            .await;
        mended(Habits { assertion: encoding, ..habits() }, Check::Assertion, "assertion").await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_hash_of_an_attestation_is_found() {
    for hash in [Challenge::Sha256OfBytes, Challenge::Text, Challenge::Bytes] {
        let line = format!("attest_client_data_hash = \"{}\"", hash.as_str());
        let said = "attest_client_data_hash";
        let habits = Habits { hash, ..habits() };
        is_mended(&habits, FILE, Check::Attestation, said, &line).await;
        let habits = Habits { challenge: Encoding::Hex, challenge_bytes: 16, ..habits };
        is_mended(&habits, FILE, Check::Attestation, said, &line).await;
    }
}

#[tokio::test(start_paused = true)]
async fn several_conventions_at_once_are_found_even_without_a_word() {
    let all = Habits {
        hash: Challenge::Sha256OfBytes,
        key_id: Encoding::Hex,
        assert_key_id: Encoding::Hex,
        attestation: Encoding::B64Url,
        assertion: Encoding::B64UrlNoPad,
        ..habits()
    };
    let mended =
        is_mended(&all, FILE, Check::Attestation, "`conventions.key_id`", "key_id = \"hex\"").await;
    assert!(mended.contains("# as the device names it") && mended.contains("# what it says"));
    let curt = Habits {
        hash: Challenge::Text,
        attestation: Encoding::Hex,
        answers: Answers::Curt,
        ..habits()
    };
    let line = "attestation = \"hex\"";
    is_mended(&curt, FILE, Check::Attestation, "conventions.attestation", line).await;
}

#[tokio::test(start_paused = true)]
async fn the_client_data_and_the_key_id_of_a_protected_request_are_found() {
    let habits = Habits { assert_key_id: Encoding::Hex, ..habits() };
    is_mended(&habits, FILE, Check::Assertion, "step.assert", "x-key = \"${key_id|hex}\"").await;
    let habits = Habits { client_data: ClientData::ChallengeOfBody, ..crate::doctor::habits() };
    // A server that is sent its client data cannot hash something else: this one composes it.
    let text = FILE.replace(
        "body = \"${client_data}\"",
        "json = { challenge = \"${challenge_text}\", item = \"book\" }",
    );
    let line = "assert = \"${challenge_text}\"";
    is_mended(&habits, &text, Check::Assertion, "templates.assert", line).await;
}

#[tokio::test(start_paused = true)]
async fn the_other_environment_is_found() {
    for answers in [Answers::Words, Answers::Curt] {
        let habits = Habits { environment: Environment::Development, answers, ..habits() };
        let (said, line) = ("serves development", "environment = \"development\"");
        is_mended(&habits, FILE, Check::Attestation, said, line).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_demand_for_a_category_is_found() {
    let habits = Habits { category_required: true, ..habits() };
    let line = "validation_category = { allow = [4], mode = \"require\" }";
    is_mended(&habits, FILE, Check::Attestation, "OS 27", line).await;
}

#[tokio::test(start_paused = true)]
async fn a_missing_root_is_named() {
    let stranger = Authority::new(&Seed::from_text("stranger"), clock()());
    let root = stranger.root_der().to_vec();
    let words = ["E-att-chain-trust-anchor", "`assay root --authority FILE`", "random bytes"];
    is_named(&Habits { root: root.clone(), ..habits() }, FILE, Check::Attestation, &words).await;
    // Without a word the causes are listed, this one first.
    let outcome = examined(&Habits { root, answers: Answers::Curt, ..habits() }, FILE).await;
    let named = broken(&outcome)[0];
    assert!(named.details[1].contains("test root is not installed"), "{}", listed(&outcome));
    assert!(named.details[0].contains("does not tell why"), "{}", listed(&outcome));
    assert!(outcome.trials < 100, "{}", outcome.trials);
}

#[tokio::test(start_paused = true)]
async fn another_app_is_named() {
    let app_id = AppId::parse("ABCDE12345.com.example.shop").unwrap();
    is_named(&Habits { app_id, ..habits() }, FILE, Check::Attestation, &["App ID", "another app"])
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_days_off_is_named() {
    for days in [-2, 2] {
        let ahead = SignedDuration::from_hours(25 * days);
        let habits = Habits { ahead, ..habits() };
        let which = if days < 0 { "behind by about 2 days" } else { "ahead by about 2 days" };
        is_named(&habits, FILE, Check::Attestation, &[which]).await;
        is_named(&habits, FILE, Check::Clock, &["2 days"]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_demand_for_a_receipt_is_named_or_declared() {
    let receipt_root = Some(authority().root_der().to_vec());
    let habits = Habits { receipt_root, ..habits() };
    let words = ["--receipt", "E-rcp-chain"];
    is_named(&habits, FILE, Check::Attestation, &words).await;
    let receipt_root = Some(authority().receipt_root_der().to_vec());
    let outcome = examined(&Habits { receipt_root, ..habits }, FILE).await;
    assert!(outcome.is_ready(), "{}", listed(&outcome));
    assert!(outcome.edits().any(|edit| edit.lines().1 == "receipt = \"require\""));
}

#[tokio::test(start_paused = true)]
async fn challenges_that_are_constant_or_short_are_named() {
    let constant = Habits { constant_challenge: true, ..habits() };
    is_named(&constant, FILE, Check::Challenge, &["of 9 challenges only 1 differ"]).await;
    let outcome = examined(&Habits { challenge_bytes: 8, ..habits() }, FILE).await;
    let short = outcome.findings.iter().find(|one| one.check == Check::Challenge).unwrap();
    assert_eq!(short.standing, Standing::Warn);
    assert!(short.said.contains("8 bytes"), "{}", listed(&outcome));
}

#[tokio::test(start_paused = true)]
async fn a_challenge_is_found_where_it_stands() {
    let text = FILE.replace("json:/nonce", "json:/challenge");
    let outcome = examined(&habits(), &text).await;
    assert_eq!(apply(&text, outcome.edits()).unwrap(), FILE, "{}", listed(&outcome));
}

#[tokio::test(start_paused = true)]
async fn verdicts_the_wrong_way_round_are_turned() {
    let text = FILE.replace("\"accept\"", "\"?\"").replace("\"reject\"", "\"accept\"");
    let text = text.replace("\"?\"", "\"reject\"");
    let text = text.replace("reason = \"json:/error?\"", "on = [\"attest\", \"assert\"]");
    let line = "{ status = \"200..=299\", is = \"accept\" }";
    is_mended(&habits(), &text, Check::Garbage, "the wrong way round: rule 2 of [judge]", line)
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_is_too_broad_is_narrowed() {
    let flag = Habits { answers: Answers::Flag, ..habits() };
    let line = "json = { \"/ok\" = true }";
    let mended = is_mended(&flag, FILE, Check::Garbage, "rule 1 of [judge] reads", line).await;
    assert!(mended.contains("json = { \"/ok\" = false }"), "{mended}");
    let broad = FILE.replace("{ status = \"200..=299\", is", "{ status = \"200..=499\", is");
    let broad = broad
        .replace("  { status = \"400..=499\", is = \"reject\", reason = \"json:/error?\" },\n", "");
    let line = "{ status = \"200..=299\", is = \"accept\" }";
    is_mended(&habits(), &broad, Check::Garbage, "too broad", line).await;
    // It is found through wrong conventions, too.
    let flag = Habits { attestation: Encoding::Hex, ..flag };
    is_mended(&flag, FILE, Check::Attestation, "attestation", "attestation = \"hex\"").await;
}

#[tokio::test(start_paused = true)]
async fn a_shadowed_rule_is_moved() {
    let flag = Habits { answers: Answers::Flag, ..habits() };
    let finer =
        "is = \"accept\" },\n  { status = 200, json = { \"/ok\" = false }, is = \"reject\" },";
    let text = FILE.replace("is = \"accept\" },", finer);
    let mended =
        is_mended(&flag, &text, Check::File, "rule 2 (reject) never reads", "\"/ok\" = false")
            .await;
    assert!(mended.find("\"/ok\" = false").unwrap() < mended.find("# what it says").unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_status_that_no_rule_reads_gets_one() {
    let text = FILE.replace("\"400..=499\"", "\"404..=499\"");
    is_mended(&habits(), &text, Check::Garbage, "no rule reads", "{ is = \"reject\", status =")
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_verifies_or_remembers_nothing_is_told_from_a_wrong_file() {
    let nothing = Habits { verifies: false, ..habits() };
    let words = ["get the same answer", "rule 1 of [judge]", "verifies nothing"];
    is_named(&nothing, FILE, Check::Garbage, &words).await;
    let outcome = examined(&Habits { remembers: false, ..habits() }, FILE).await;
    assert!(outcome.is_ready(), "{}", listed(&outcome));
    let replay = outcome.findings.iter().find(|one| one.check == Check::Replay).unwrap();
    assert_eq!(replay.standing, Standing::Warn);
}

#[tokio::test(start_paused = true)]
async fn reasons_become_lines_of_the_map() {
    let outcome = examined(&habits(), FILE).await;
    let mended = apply(FILE, outcome.edits()).unwrap();
    assert!(mended.contains("E-att-nonce = \"att.nonce\""), "{mended}");
    assert!(mended.contains("counter = \"json:/counter?\""), "{mended}");
    let again = examined(&habits(), &mended).await;
    let reasons = again.findings.iter().find(|one| one.check == Check::Reasons).unwrap();
    assert_eq!(reasons.standing, Standing::Ok, "{}", listed(&again));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_throttles_is_told_and_read_as_one() {
    // Everything before the burst asks for a challenge once, the assertions twice.
    let asked = count_until_burst().await;
    let throttling = || Habits { throttles: Some((asked, 15)), ..habits() };
    let line = "{ is = \"throttled\", status = 429 }";
    let outcome = examined(&throttling(), FILE).await;
    let rate = outcome.findings.iter().find(|one| one.check == Check::Rate).unwrap();
    assert_eq!(rate.standing, Standing::Broken, "{}", listed(&outcome));
    let edits = &rate.edits;
    let mended = apply(FILE, edits).unwrap();
    assert!(mended.contains(line), "{mended}");
    let again = examined(&throttling(), &mended).await;
    let rate = again.findings.iter().find(|one| one.check == Check::Rate).unwrap();
    assert_eq!(rate.standing, Standing::Warn, "{}", listed(&again));
    assert!(rate.said.contains("to come back in 2 s"), "{}", rate.said);
}

/// Challenges that an examination asks for before its burst.
async fn count_until_burst() -> u64 {
    let habits = habits();
    let file = TargetFile::parse(FILE, "foreign.toml", &|_| None).unwrap();
    let router = router(habits.clone());
    let target = InProcess::new(&file, router.clone()).unwrap();
    let plan = Plan {
        authority: authority(),
        seed: Seed::from_text("doctor"),
        session: 0,
        clock: Arc::clone(&habits.clock),
        cases: Vec::new(),
        longest_wait: Duration::ZERO,
        burst: 0,
    };
    examine(&plan, &target, &StopFlag::default(), &mut |_| ()).await;
    let (mut saved, facts) = (targets::Saved::new(), targets::Facts::new("qa", "qa"));
    let file = FILE.replace("json:/nonce", "json:/id");
    let file = TargetFile::parse(&file, "foreign.toml", &|_| None).unwrap();
    let target = InProcess::new(&file, router).unwrap();
    target.perform(targets::Operation::Challenge, &facts, &mut saved).await.unwrap();
    saved["challenge_text"].parse::<u64>().unwrap() - 1
}
