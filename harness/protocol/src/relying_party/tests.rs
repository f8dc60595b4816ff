//! The state alone: signatures are taken as verified. With real objects it is tested where there
//! is a simulator, in `targets`.

use super::*;
use crate::terms::{AppId, Environment};
use crate::verify::Rule;

const LIFETIME: SignedDuration = SignedDuration::from_mins(1);
const KEY: KeyId = KeyId([7; 32]);
const POINT: [u8; 65] = [4; 65];

/// A relying party with a clock and entropy that move on by themselves.
struct Bench {
    party: RelyingParty,
    now: Timestamp,
    drawn: u8,
}

impl Bench {
    fn new(forgetting: impl IntoIterator<Item = Rule>) -> Self {
        Self::with_room(forgetting, 100, 100)
    }

    fn with_room(
        forgetting: impl IntoIterator<Item = Rule>,
        max_challenges: usize,
        max_keys: usize,
    ) -> Self {
        let settings = Settings {
            policy: Policy::new(
                AppId::parse("ABCDE12345.com.example.app").unwrap(),
                Environment::Production,
            ),
            trust_anchor: TrustAnchor::apple_app_attestation(),
            receipt_trust_anchor: None,
            challenge_lifetime: LIFETIME,
            max_challenges,
            max_keys,
            flaws: Flaws::dropping(forgetting),
        };
        Self {
            party: RelyingParty::new(settings),
            now: "2026-11-23T12:00:00Z".parse().unwrap(),
            drawn: 0,
        }
    }

    fn try_challenge(&mut self, account: &str, purpose: Purpose) -> Result<String, Refusal> {
        self.drawn += 1;
        let challenge = self.party.issue_challenge(account, purpose, [self.drawn; 32], self.now)?;
        assert_eq!(challenge.text.len(), 43);
        assert_eq!(challenge.expires, self.now + LIFETIME);
        Ok(challenge.text)
    }

    fn challenge(&mut self, account: &str, purpose: Purpose) -> String {
        self.try_challenge(account, purpose).unwrap()
    }

    fn begin_attest(
        &mut self,
        account: &str,
        challenge: &str,
    ) -> Result<PendingAttestation, Refusal> {
        let enrolment = Enrolment { key_id: KEY, challenge, attestation: b"" };
        self.party.begin_attest(account, &enrolment, self.now)
    }

    fn enrol_with(&mut self, account: &str, challenge: &str) -> Result<Enrolled, Refusal> {
        let pending = self.begin_attest(account, challenge)?;
        let proven = ProvenAttestation::assume(pending, POINT, Environment::Production);
        self.party.finish_attest(proven)
    }

    fn enrol(&mut self, account: &str) -> Result<Enrolled, Refusal> {
        let challenge = self.challenge(account, Purpose::Attest);
        self.enrol_with(account, &challenge)
    }

    fn begin_assert(
        &mut self,
        account: &str,
        challenge: Option<&str>,
    ) -> Result<PendingAssertion, Refusal> {
        let request =
            ProtectedRequest { key_id: KEY, client_data: b"{}", assertion: b"", challenge };
        self.party.begin_assert(account, &request, self.now)
    }

    fn assert_with(
        &mut self,
        account: &str,
        challenge: Option<&str>,
        counter: u32,
    ) -> Result<u32, Refusal> {
        let pending = self.begin_assert(account, challenge)?;
        let proven = ProvenAssertion::assume(pending, counter)?;
        self.party.finish_assert(&proven).map(|accepted| accepted.counter)
    }

    fn assert(&mut self, account: &str, counter: u32) -> Result<u32, Refusal> {
        let challenge = self.challenge(account, Purpose::Assert);
        self.assert_with(account, Some(&challenge), counter)
    }

    fn stored(&self) -> u32 {
        self.party.key(&KEY).unwrap().counter
    }
}

#[track_caller]
fn broken<T: std::fmt::Debug>(result: Result<T, Refusal>, rule: Rule) {
    match result {
        Err(Refusal::Broken(rejection)) => assert_eq!(rejection.rule, rule, "{}", rejection.detail),
        other => panic!("{rule} should be broken: {other:?}"),
    }
}

#[test]
fn a_key_is_enrolled_and_asserts_with_rising_counters() {
    let mut bench = Bench::new([]);
    let enrolled = bench.enrol("alice").unwrap();
    assert_eq!((enrolled.counter, enrolled.key_id), (0, KEY));
    for counter in [1, 2, 1000, u32::MAX] {
        assert_eq!(bench.assert("alice", counter), Ok(counter));
        assert_eq!(bench.stored(), counter);
    }
}

#[test]
fn an_equal_or_lower_counter_is_refused_and_changes_nothing() {
    let mut bench = Bench::new([]);
    bench.enrol("alice").unwrap();
    broken(bench.assert("alice", 0), Rule::CounterIncreases);
    bench.assert("alice", 5).unwrap();
    for counter in [5, 4, 0] {
        broken(bench.assert("alice", counter), Rule::CounterIncreases);
        assert_eq!(bench.stored(), 5);
    }
    assert_eq!(bench.assert("alice", 6), Ok(6));
}

#[test]
fn a_challenge_is_good_for_one_attempt_even_if_that_failed() {
    let mut bench = Bench::new([]);
    let challenge = bench.challenge("alice", Purpose::Attest);
    bench.begin_attest("alice", &challenge).unwrap();
    broken(bench.begin_attest("alice", &challenge), Rule::ChallengeUnused);
    bench.enrol("alice").unwrap();

    let challenge = bench.challenge("alice", Purpose::Assert);
    broken(bench.assert_with("alice", Some(&challenge), 0), Rule::CounterIncreases);
    broken(bench.assert_with("alice", Some(&challenge), 1), Rule::ChallengeUnused);
    assert_eq!(bench.stored(), 0);
}

#[test]
fn a_challenge_is_bound_to_account_and_purpose() {
    let mut bench = Bench::new([]);
    let challenge = bench.challenge("alice", Purpose::Attest);
    broken(bench.begin_attest("mallory", &challenge), Rule::ChallengeIssued);
    bench.enrol_with("alice", &challenge).expect("a stranger cannot burn it");

    let for_attesting = bench.challenge("alice", Purpose::Attest);
    broken(bench.assert_with("alice", Some(&for_attesting), 1), Rule::ChallengeIssued);
    let never_issued = "A".repeat(43);
    broken(bench.assert_with("alice", Some(&never_issued), 1), Rule::ChallengeIssued);
    broken(bench.assert_with("alice", None, 1), Rule::AssertionChallenge);
    let other_case = bench.challenge("alice", Purpose::Assert).to_lowercase();
    broken(bench.assert_with("alice", Some(&other_case), 1), Rule::ChallengeIssued);
}

#[test]
fn a_challenge_dies_with_its_lifetime_and_is_still_told_from_one_never_issued() {
    let mut bench = Bench::new([]);
    let challenge = bench.challenge("alice", Purpose::Attest);
    bench.now += LIFETIME - SignedDuration::from_nanos(1);
    bench.enrol_with("alice", &challenge).unwrap();

    let challenge = bench.challenge("alice", Purpose::Assert);
    bench.now += LIFETIME;
    broken(bench.assert_with("alice", Some(&challenge), 1), Rule::ChallengeFresh);
}

#[test]
fn a_key_belongs_to_one_account() {
    let mut bench = Bench::new([]);
    broken(bench.assert("alice", 1), Rule::KeyKnown);
    bench.enrol("alice").unwrap();
    broken(bench.enrol("mallory"), Rule::KeyUnclaimed);
    broken(bench.assert("mallory", 1), Rule::KeyOwner);
    broken(bench.party.revoke("mallory", KEY), Rule::KeyOwner);
    assert_eq!(bench.assert("alice", 1), Ok(1));
}

#[test]
fn an_account_may_have_several_keys() {
    let mut bench = Bench::new([]);
    bench.enrol("alice").unwrap();
    bench.assert("alice", 9).unwrap();
    let challenge = bench.challenge("alice", Purpose::Attest);
    let other = KeyId([8; 32]);
    let enrolment = Enrolment { key_id: other, challenge: &challenge, attestation: b"" };
    let pending = bench.party.begin_attest("alice", &enrolment, bench.now).unwrap();
    let proven = ProvenAttestation::assume(pending, POINT, Environment::Production);
    bench.party.finish_attest(proven).unwrap();
    assert_eq!(bench.party.key(&other).unwrap().counter, 0);
    assert_eq!(bench.stored(), 9);
}

#[test]
fn enrolling_again_keeps_the_counter() {
    let mut bench = Bench::new([]);
    bench.enrol("alice").unwrap();
    bench.assert("alice", 5).unwrap();
    assert_eq!(bench.enrol("alice").unwrap().counter, 5);
    broken(bench.assert("alice", 5), Rule::CounterIncreases);
}

#[test]
fn revocation_is_final() {
    let mut bench = Bench::new([]);
    bench.enrol("alice").unwrap();
    bench.party.revoke("alice", KEY).unwrap();
    assert_eq!(bench.party.key(&KEY).unwrap().receipt, None);
    broken(bench.assert("alice", 1), Rule::KeyActive);
    broken(bench.enrol("alice"), Rule::KeyActive);
    broken(bench.enrol("bob"), Rule::KeyUnclaimed);
    broken(bench.party.revoke("alice", KEY), Rule::KeyActive);
}

#[test]
fn of_two_assertions_verified_at_once_the_counter_lets_one_through() {
    for (first, second) in [(1, 1), (2, 1)] {
        let mut bench = Bench::new([]);
        bench.enrol("alice").unwrap();
        let challenges =
            [bench.challenge("alice", Purpose::Assert), bench.challenge("alice", Purpose::Assert)];
        let one = bench.begin_assert("alice", Some(&challenges[0])).unwrap();
        let two = bench.begin_assert("alice", Some(&challenges[1])).unwrap();
        let one = ProvenAssertion::assume(one, first).unwrap();
        let two = ProvenAssertion::assume(two, second).unwrap();
        assert_eq!(bench.party.finish_assert(&one), Ok(Accepted { counter: first }));
        broken(bench.party.finish_assert(&two), Rule::CounterIncreases);
        assert_eq!(bench.stored(), first);
    }
    let mut bench = Bench::new([]);
    bench.enrol("alice").unwrap();
    let challenges =
        [bench.challenge("alice", Purpose::Assert), bench.challenge("alice", Purpose::Assert)];
    let one = bench.begin_assert("alice", Some(&challenges[0])).unwrap();
    let two = bench.begin_assert("alice", Some(&challenges[1])).unwrap();
    let one = ProvenAssertion::assume(one, 1).unwrap();
    let two = ProvenAssertion::assume(two, 2).unwrap();
    bench.party.finish_assert(&one).unwrap();
    assert_eq!(bench.party.finish_assert(&two), Ok(Accepted { counter: 2 }), "no needless refusal");
}

#[test]
fn of_two_attempts_with_one_challenge_the_first_to_begin_has_it() {
    let mut bench = Bench::new([]);
    bench.enrol("alice").unwrap();
    let challenge = bench.challenge("alice", Purpose::Assert);
    let one = bench.begin_assert("alice", Some(&challenge)).unwrap();
    let two = bench.begin_assert("alice", Some(&challenge)).unwrap();
    broken(ProvenAssertion::assume(two, 2).map_err(Refusal::from), Rule::ChallengeUnused);
    let one = ProvenAssertion::assume(one, 1).unwrap();
    assert_eq!(bench.party.finish_assert(&one), Ok(Accepted { counter: 1 }));
}

#[test]
fn a_key_revoked_while_its_assertion_is_verified_is_refused() {
    let mut bench = Bench::new([]);
    bench.enrol("alice").unwrap();
    let challenge = bench.challenge("alice", Purpose::Assert);
    let pending = bench.begin_assert("alice", Some(&challenge)).unwrap();
    let proven = ProvenAssertion::assume(pending, 1).unwrap();
    bench.party.revoke("alice", KEY).unwrap();
    broken(bench.party.finish_assert(&proven), Rule::KeyActive);
    assert_eq!(bench.stored(), 0);
}

#[test]
fn of_two_accounts_enrolling_one_key_at_once_the_first_to_finish_has_it() {
    let mut bench = Bench::new([]);
    let one = bench.challenge("alice", Purpose::Attest);
    let two = bench.challenge("bob", Purpose::Attest);
    let one = bench.begin_attest("alice", &one).unwrap();
    let two = bench.begin_attest("bob", &two).unwrap();
    let prove = |pending| ProvenAttestation::assume(pending, POINT, Environment::Production);
    bench.party.finish_attest(prove(two)).unwrap();
    broken(bench.party.finish_attest(prove(one)), Rule::KeyUnclaimed);
    assert_eq!(bench.party.key(&KEY).unwrap().account, "bob");
}

#[test]
fn stores_are_bounded_and_expired_challenges_make_room() {
    let mut bench = Bench::with_room([], 3, 1);
    for _ in 0..3 {
        bench.challenge("alice", Purpose::Attest);
    }
    assert_eq!(bench.try_challenge("bob", Purpose::Attest), Err(Refusal::Full("challenges")));
    bench.now += LIFETIME;
    bench.enrol("alice").expect("expired challenges are forgotten first");
    assert!(bench.party.challenges_remembered() <= 3);

    let challenge = bench.challenge("alice", Purpose::Attest);
    let enrolment = Enrolment { key_id: KeyId([9; 32]), challenge: &challenge, attestation: b"" };
    let pending = bench.party.begin_attest("alice", &enrolment, bench.now).unwrap();
    let proven = ProvenAttestation::assume(pending, POINT, Environment::Production);
    assert_eq!(bench.party.finish_attest(proven), Err(Refusal::Full("keys")));
    assert_eq!(bench.enrol("alice").unwrap().counter, 0, "a known key needs no room");
}

#[test]
fn entropy_given_twice_does_not_revive_a_challenge() {
    let mut bench = Bench::new([]);
    bench.challenge("alice", Purpose::Attest);
    bench.drawn = 0;
    assert_eq!(bench.try_challenge("alice", Purpose::Attest), Err(Refusal::RepeatedEntropy));
}

#[test]
fn a_forgetful_party_accepts_what_breaks_the_forgotten_rule_and_nothing_else() {
    type Attack = fn(&mut Bench) -> Result<u32, Refusal>;
    let attacks: [(Rule, Attack); 9] = [
        (Rule::ChallengeIssued, |bench| {
            bench.enrol("alice")?;
            bench.assert_with("alice", Some("never issued"), 1)
        }),
        (Rule::ChallengeFresh, |bench| {
            bench.enrol("alice")?;
            let challenge = bench.challenge("alice", Purpose::Assert);
            bench.now += LIFETIME;
            bench.assert_with("alice", Some(&challenge), 1)
        }),
        (Rule::ChallengeUnused, |bench| {
            bench.enrol("alice")?;
            let challenge = bench.challenge("alice", Purpose::Assert);
            bench.assert_with("alice", Some(&challenge), 1)?;
            bench.assert_with("alice", Some(&challenge), 2)
        }),
        (Rule::KeyUnclaimed, |bench| {
            bench.enrol("alice")?;
            bench.enrol("mallory")?;
            bench.assert("mallory", 1)
        }),
        (Rule::KeyKnown, |bench| bench.assert("alice", 1)),
        (Rule::KeyOwner, |bench| {
            bench.enrol("alice")?;
            bench.assert("mallory", 1)
        }),
        (Rule::KeyActive, |bench| {
            bench.enrol("alice")?;
            bench.party.revoke("alice", KEY)?;
            bench.assert("alice", 1)
        }),
        (Rule::AssertionChallenge, |bench| {
            bench.enrol("alice")?;
            bench.assert_with("alice", None, 1)
        }),
        (Rule::CounterIncreases, |bench| {
            bench.enrol("alice")?;
            bench.assert("alice", 5)?;
            bench.assert("alice", 4)
        }),
    ];
    for (rule, attack) in attacks {
        for (forgotten, _) in attacks {
            let outcome = attack(&mut Bench::new([forgotten]));
            if forgotten == rule {
                assert!(outcome.is_ok(), "without {rule}: {outcome:?}");
            } else {
                broken(outcome, rule);
            }
        }
    }
}
