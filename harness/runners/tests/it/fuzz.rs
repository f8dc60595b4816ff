//! Fuzzing against the reference and against servers that are wrong on purpose.

use crate::conformance::{clock, file};
use catalogue::{Premises, Recipe};
use jiff::SignedDuration;
use protocol::flaw::{Flaw, Flaws, flaws};
use protocol::relying_party;
use protocol::terms::Environment;
use protocol::verify::{AllowedCategories, AllowedVersions, Policy, Rule, TrustAnchor};
use record::{Event, EventKind, Verdict};
use runners::StopFlag;
use runners::conversation::Clock;
use runners::fuzz::{Interest, Lexicon, Outcome, Plan, Progress, Servers, emit};
use runners::seeded_entropy;
use simulator::{Authority, Seed};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use targets::serve::{self, Settings, Shared};
use targets::{Dialect, InProcess};

fn flaw(id: &str) -> &'static Flaw {
    flaws().iter().find(|flaw| flaw.id == id).unwrap()
}

fn authority(clock: &Clock) -> Authority {
    Authority::new(&Seed::from_text("fuzz"), clock())
}

fn premises() -> Premises {
    let file = file(Environment::Production);
    runners::conformance::premises(&Dialect::new(&file).unwrap(), Duration::ZERO)
}

/// The reference with these flaws.
fn server(clock: &Clock, flaws: Flaws) -> InProcess {
    let file = file(Environment::Production);
    let (authority, premises) = (authority(clock), premises());
    let policy = Policy {
        categories: AllowedCategories::Listed {
            categories: premises.categories.unwrap().values,
            absent_allowed: true,
        },
        bundle_versions: AllowedVersions::Listed {
            versions: premises.bundle_versions.unwrap().values,
            absent_allowed: true,
        },
        ..Policy::new(file.app_id.clone(), Environment::Production)
    };
    let anchor = |der| Some(TrustAnchor::from_der(der).unwrap());
    let settings = Settings {
        relying_party: relying_party::Settings {
            policy,
            trust_anchor: anchor(authority.root_der()).unwrap(),
            receipt_trust_anchor: anchor(authority.receipt_root_der()),
            challenge_lifetime: SignedDuration::from_mins(5),
            max_challenges: 100_000,
            max_keys: 100_000,
            flaws,
        },
        clock: Arc::clone(clock),
        entropy: seeded_entropy(Seed::from_text("challenges")),
    };
    InProcess::new(&file, serve::router(Shared::new(settings))).unwrap()
}

fn trials(number: u64) -> Plan {
    Plan { seed: Seed::from_text("fuzz run"), session: 0, time: None, trials: Some(number) }
}

async fn fuzzed(
    plan: &Plan,
    clock: &Clock,
    first: &InProcess,
    second: Option<&InProcess>,
) -> Outcome {
    fuzzed_while(plan, clock, (first, second), &|_| true).await
}

/// Fuzzes as long as the progress is such.
async fn fuzzed_while(
    plan: &Plan,
    clock: &Clock,
    (first, second): (&InProcess, Option<&InProcess>),
    goes_on: &dyn Fn(&Progress) -> bool,
) -> Outcome {
    let (premises, authority, lexicon) =
        (premises(), authority(clock), Lexicon::builtin().unwrap());
    let servers = Servers {
        first: (first, &premises),
        second: second.map(|second| (second, &premises)),
        authority: &authority,
        clock,
    };
    let stop = StopFlag::default();
    let mut watch = |progress: &Progress| stop.store(!goes_on(progress), Ordering::Relaxed);
    servers.fuzz(plan, &lexicon, &stop, &mut watch).await.unwrap()
}

fn wrong(outcome: &Outcome) -> Vec<String> {
    let wrong = outcome.found.iter().filter(|one| one.interest == Interest::Wrong);
    wrong
        .map(|one| format!("{}\n{}\n{:?}", one.name(), one.recipe.to_toml(), one.sides[0].verdict))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_reference_agrees_with_the_oracle() {
    let clock = clock();
    let outcome = fuzzed(&trials(160), &clock, &server(&clock, Flaws::NONE), None).await;
    assert_eq!(wrong(&outcome), Vec::<String>::new());
    let progress = outcome.progress;
    assert!(progress.decided * 10 > progress.trials * 8, "{progress:?}");
    assert!(progress.said > 20, "{progress:?}");
    assert!(outcome.refused.is_empty() && outcome.ended.is_none());
}

#[tokio::test(start_paused = true)]
async fn planted_flaws_are_found_and_explained_by_an_edit_or_two() {
    let clock = clock();
    for (id, rule) in [
        ("drop.att.nonce", Rule::Nonce),
        ("drop.att.aaguid", Rule::Aaguid),
        ("drop.rcp.app-id", Rule::ReceiptAppId),
        ("drop.asr.rp-id", Rule::AssertionRpId),
        ("drop.asr.signature", Rule::AssertionSignature),
    ] {
        let flaws = [flaw(id)].into_iter().collect();
        // A rule that few edits break takes its time, and whoever found one need not look further.
        let plan = trials(4_000);
        let server = server(&clock, flaws);
        let outcome =
            fuzzed_while(&plan, &clock, (&server, None), &|progress| progress.wrong == 0).await;
        let found: Vec<_> =
            outcome.found.iter().filter(|one| one.interest == Interest::Wrong).collect();
        assert!(!found.is_empty(), "{id}: nothing in {:?}", outcome.progress);
        for one in &found {
            let shown = format!("{id}: {}\n{}", one.name(), one.recipe.to_toml());
            assert!(one.bucket.rules.contains(&rule), "{shown}{:?}", one.bucket.told);
            // A byte flipped in a counter that is long enough takes two.
            assert!(one.recipe.edits.len() <= 2, "{shown}");
            let told = &one.bucket.told[0];
            assert_eq!(told.failure, Some("false-accept"), "{id}: {told:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_what_is_honest_is_found_by_a_harmless_edit() {
    let clock = clock();
    let strict = flaws().iter().filter(|flaw| flaw.kind.as_str() == "over-strict");
    let mut found = 0;
    for flaw in strict.take(4) {
        let flaws = [flaw].into_iter().collect();
        let outcome = fuzzed(&trials(80), &clock, &server(&clock, flaws), None).await;
        let is = |one: &&runners::fuzz::Found| one.bucket.told[0].failure == Some("false-reject");
        found +=
            usize::from(outcome.found.iter().any(|one| is(&one)) || !outcome.refused.is_empty());
    }
    assert!(found >= 1, "{found} of 4 over-strict servers");
}

#[tokio::test(start_paused = true)]
async fn two_servers_are_told_apart_by_what_one_of_them_accepts() {
    let clock = clock();
    let honest = server(&clock, Flaws::NONE);
    let flawed = server(&clock, [flaw("drop.att.credential-id")].into_iter().collect());
    let outcome = fuzzed(&trials(240), &clock, &honest, Some(&flawed)).await;
    let found = outcome.found.iter().find(|one| one.interest == Interest::Wrong).unwrap();
    let [first, second] = &found.sides[..] else { panic!("two servers were asked") };
    assert_eq!(first.verdict, Verdict::Pass);
    assert!(matches!(second.verdict, Verdict::Fail { .. }));
    assert!(found.bucket.rules.contains(&Rule::CredentialId));
    let same = fuzzed(&trials(40), &clock, &honest, Some(&server(&clock, Flaws::NONE))).await;
    assert!(same.found.iter().all(|one| one.interest == Interest::New), "{:?}", wrong(&same));
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_asks_and_finds_the_same() {
    let clock = clock();
    let run = async || {
        let flaws = [flaw("drop.att.counter")].into_iter().collect();
        let outcome = fuzzed(&trials(60), &clock, &server(&clock, flaws), None).await;
        let told = |one: &runners::fuzz::Found| (one.name(), one.recipe.to_toml(), one.count);
        (outcome.found.iter().map(told).collect::<Vec<_>>(), outcome.progress)
    };
    let first = run().await;
    assert!(first.0.len() > 5);
    assert_eq!(first, run().await);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_everything_decides_nothing() {
    let clock = clock();
    let trust_nobody = [flaw("drop.att.nonce")].into_iter().collect();
    // Its roots are those of another authority, so that nobody is let in.
    let target = server(&clock, trust_nobody);
    let (premises, lexicon) = (premises(), Lexicon::builtin().unwrap());
    let other = Authority::new(&Seed::from_text("another"), clock());
    let servers: Servers<'_, _, InProcess> =
        Servers { first: (&target, &premises), second: None, authority: &other, clock: &clock };
    let plan = trials(2_000);
    let outcome = servers.fuzz(&plan, &lexicon, &StopFlag::default(), &mut |_| {}).await.unwrap();
    let decided = outcome.found.iter().filter(|one| one.interest != Interest::New);
    assert_eq!(decided.count(), 0, "{:?}", wrong(&outcome));
    assert_eq!(outcome.progress.decided, 0, "whoever refuses everything says nothing");
    assert!(outcome.ended.is_some_and(|why| why.contains("no honest device")));
    assert!(outcome.progress.trials < 200, "it is not asked for ever: {:?}", outcome.progress);
}

#[tokio::test(start_paused = true)]
async fn a_recipe_shows_again_what_it_was_kept_for() {
    let clock = clock();
    let text =
        "schema = 1\nbase = \"attestation.ios27\"\n[[op]]\ndo = \"authdata.counter.set\"\nto = 3\n";
    let recipe = Recipe::parse("recipe.toml", text).unwrap();
    let (premises, authority, lexicon) =
        (premises(), authority(&clock), Lexicon::builtin().unwrap());
    for (flaws, interest) in [
        (Flaws::NONE, Interest::New),
        ([flaw("drop.att.counter")].into_iter().collect(), Interest::Wrong),
    ] {
        let target = server(&clock, flaws);
        let servers: Servers<'_, _, InProcess> = Servers {
            first: (&target, &premises),
            second: None,
            authority: &authority,
            clock: &clock,
        };
        let found = servers.ask(&trials(1), &lexicon, &recipe).await.unwrap().unwrap();
        assert_eq!(found.interest, interest);
        assert!(found.bucket.told[0].decided);
        let mut events: Vec<Event> = Vec::new();
        emit(&[found], &|_| "assay fuzz --recipe recipe.toml".to_owned(), 0.0, &mut events);
        let judged = events.iter().filter_map(|event| match &event.kind {
            EventKind::CaseObserved(observed) => Some(judge::judge(observed)),
            _ => None,
        });
        let fails = judged.filter(|verdict| matches!(verdict, Verdict::Fail { .. })).count();
        assert_eq!(fails, usize::from(interest == Interest::Wrong));
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_stops_it_gets_what_was_found_so_far() {
    let clock = clock();
    let target = server(&clock, Flaws::NONE);
    let (premises, authority, lexicon) =
        (premises(), authority(&clock), Lexicon::builtin().unwrap());
    let servers: Servers<'_, _, InProcess> =
        Servers { first: (&target, &premises), second: None, authority: &authority, clock: &clock };
    let stop: StopFlag = Arc::new(AtomicBool::new(false));
    let plan = trials(10_000);
    let outcome = servers
        .fuzz(&plan, &lexicon, &stop, &mut |progress| {
            stop.store(progress.trials >= 30, Ordering::Relaxed);
        })
        .await
        .unwrap();
    assert_eq!(outcome.progress.trials, 30);
    assert!(outcome.progress.decided > 20, "{:?}", outcome.progress);
}
