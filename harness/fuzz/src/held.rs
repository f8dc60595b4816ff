//! What holds everywhere: offsets lie within, words are short and printable, verifiers agree.

use crate::ground::Ground;
use protocol::explain::{Kind, explain};
use protocol::flaw::Flaws;
use protocol::verify::{
    AssertionRequest, AttestationRequest, Crypto, Finding, Outcome, Policy, ReceiptRequest,
    Rejection, Rule, TrustAnchor, Unverified, VerifiedAssertion, VerifiedAttestation,
    VerifiedReceipt, examine_assertion, examine_attestation, examine_receipt, verify_assertion,
    verify_attestation, verify_receipt,
};
use protocol::wire::{Deviation, Malformed};
use std::collections::BTreeSet;
use std::fmt::Debug;

/// Bytes of a sentence about somebody else's bytes; they fit a line of a report.
const LONGEST: usize = 400;

/// A sentence is short, and nothing in it moves a terminal's cursor or turns the text around it.
#[track_caller]
pub(crate) fn sentence(text: &str) {
    assert!(text.len() <= LONGEST, "{} bytes are no sentence: {text:?}", text.len());
    printable(text, false);
}

/// Nothing in a text moves a terminal's cursor, but for line breaks and tabs where they are allowed.
#[track_caller]
pub(crate) fn printable(text: &str, lines: bool) {
    let hidden = |c: &char| {
        let kept = lines && matches!(c, '\n' | '\t');
        let turns = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
        (c.is_control() || turns) && !kept
    };
    if let Some(hidden) = text.chars().find(hidden) {
        panic!("{hidden:?} stands in {text:?}");
    }
}

/// What could not be read is told with a place in the input.
#[track_caller]
pub(crate) fn malformed(malformed: &Malformed, input: &[u8]) {
    let Malformed { at, what } = malformed;
    assert!(*at <= input.len(), "byte {at} of {}: {what}", input.len());
    sentence(what);
}

/// Deviations have their place in the input, and each byte has few of them: what is told about an
/// object does not outgrow it.
#[track_caller]
pub(crate) fn deviations(deviations: &[Deviation], input: &[u8]) {
    assert!(deviations.len() <= input.len(), "{} deviations", deviations.len());
    for Deviation { at, what } in deviations {
        assert!(*at < input.len(), "byte {at} of {}: {what}", input.len());
        sentence(what);
    }
}

/// A part lies where it was found: it is borrowed from the input, not made up.
#[track_caller]
pub(crate) fn within(part: &[u8], input: &[u8]) {
    assert!(part.is_empty() || input.as_ptr_range().contains(&part.as_ptr()), "{part:02x?}");
    assert!(part.len() <= input.len());
}

/// Every byte belongs to one node, nodes have a path each, and what they say is printable.
#[track_caller]
pub(crate) fn explained(kind: Kind, input: &[u8]) {
    let nodes = explain(kind, input);
    let mut owned = vec![false; input.len()];
    let mut paths = BTreeSet::new();
    for node in &nodes {
        assert!(node.at + node.len <= input.len(), "{} reaches beyond the object", node.path);
        assert!(paths.insert(&node.path), "{} is there twice", node.path);
        for at in node.own.iter().flat_map(Clone::clone) {
            assert!(!std::mem::replace(&mut owned[at], true), "byte {at} is told twice");
        }
        for text in [&node.label, &node.value, node.damage.as_ref().unwrap_or(&node.value)] {
            printable(text, false);
        }
    }
    assert_eq!(owned.iter().position(|owned| !owned), None, "a byte belongs to nothing");
}

/// The verifier stops at the first rule that the collect-all verifier finds broken, in its words.
#[track_caller]
fn agree<T: Debug>(verified: &Result<T, Unverified>, findings: &[Finding]) {
    let first = findings.iter().find_map(|finding| match &finding.outcome {
        Outcome::Broken(detail) => Some(Rejection { rule: finding.rule, detail: detail.clone() }),
        Outcome::Held | Outcome::NotReached(_) => None,
    });
    assert_eq!(verified.as_ref().err().cloned(), first.map(Unverified::Broken), "{findings:#?}");
    for finding in findings {
        if let Outcome::Broken(detail) = &finding.outcome {
            sentence(detail);
        }
    }
}

/// The rules that are broken.
pub(crate) fn broken(findings: &[Finding]) -> BTreeSet<Rule> {
    let broken = findings.iter().filter(|one| matches!(one.outcome, Outcome::Broken(_)));
    broken.map(|finding| finding.rule).collect()
}

/// The rules that are looked at, whatever becomes of them.
pub(crate) fn examined<A: Asked>(asked: &A, ground: &Ground, policy: &Policy) -> BTreeSet<Rule> {
    asked.examine(ground, policy).iter().map(|finding| finding.rule).collect()
}

/// What a verifier is asked about: all three are asked in the same ways.
pub(crate) trait Asked {
    type Verified: Debug + PartialEq;

    fn examine(&self, ground: &Ground, policy: &Policy) -> Vec<Finding>;

    fn verify(
        &self,
        ground: &Ground,
        policy: &Policy,
        flaws: &Flaws,
    ) -> Result<Self::Verified, Unverified>;
}

impl Asked for AttestationRequest<'_> {
    type Verified = VerifiedAttestation;

    fn examine(&self, ground: &Ground, policy: &Policy) -> Vec<Finding> {
        examine_attestation(self, anchor(ground, policy), policy, ground.now)
    }

    fn verify(
        &self,
        ground: &Ground,
        policy: &Policy,
        flaws: &Flaws,
    ) -> Result<VerifiedAttestation, Unverified> {
        verify_attestation(self, anchor(ground, policy), policy, ground.now, flaws)
    }
}

/// Both libraries see every signature; what was found by one is remembered for itself alone.
fn anchor<'g>(ground: &'g Ground, policy: &Policy) -> &'g TrustAnchor {
    match policy.crypto {
        Crypto::AwsLcRs | Crypto::Tables => &ground.anchor,
        Crypto::RustCrypto => &ground.other_anchor,
    }
}

impl Asked for AssertionRequest<'_> {
    type Verified = VerifiedAssertion;

    fn examine(&self, _ground: &Ground, policy: &Policy) -> Vec<Finding> {
        examine_assertion(self, policy)
    }

    fn verify(
        &self,
        _ground: &Ground,
        policy: &Policy,
        flaws: &Flaws,
    ) -> Result<VerifiedAssertion, Unverified> {
        verify_assertion(self, policy, flaws)
    }
}

impl Asked for ReceiptRequest<'_> {
    type Verified = VerifiedReceipt;

    fn examine(&self, ground: &Ground, policy: &Policy) -> Vec<Finding> {
        examine_receipt(self, &ground.receipt_anchor, policy, ground.now)
    }

    fn verify(
        &self,
        ground: &Ground,
        policy: &Policy,
        flaws: &Flaws,
    ) -> Result<VerifiedReceipt, Unverified> {
        verify_receipt(self, &ground.receipt_anchor, policy, ground.now, flaws)
    }
}

/// All ways to verify one object agree: stopping at once and collecting all, one library for
/// signatures and the other, and the list of rules without those that are broken.
#[track_caller]
fn verified<A: Asked>(asked: &A, ground: &Ground, policy: &Policy) -> Held<A::Verified> {
    let other = Policy { crypto: Crypto::RustCrypto, ..policy.clone() };
    let findings = asked.examine(ground, policy);
    let verified = asked.verify(ground, policy, &Flaws::NONE);
    agree(&verified, &findings);
    assert_eq!(findings, asked.examine(ground, &other), "the libraries disagree");
    let broken = broken(&findings);
    if !broken.is_empty() {
        let lenient = asked.verify(ground, policy, &Flaws::dropping(broken.iter().copied()));
        assert!(lenient.is_ok(), "{lenient:?} without {broken:?}");
    }
    Held { verified: verified.ok(), broken }
}

/// What came of it.
pub(crate) struct Held<V> {
    /// What is known of an object that was accepted.
    pub(crate) verified: Option<V>,
    /// The rules it breaks.
    pub(crate) broken: BTreeSet<Rule>,
}

/// Holds an attestation against everything a server checks; what is accepted is held against facts
/// that need no decoder.
#[track_caller]
pub(crate) fn attestation(
    request: &AttestationRequest<'_>,
    ground: &Ground,
    policy: &Policy,
) -> Held<VerifiedAttestation> {
    let held = verified(request, ground, policy);
    if let Some(accepted) = &held.verified {
        let point = accepted.public_key.expect("nothing is accepted without a key");
        assert_eq!(protocol::terms::KeyId::of_public_key(&point), request.key_id);
        assert_eq!((accepted.counter, accepted.environment), (0, policy.environment));
        let holds = |part: &[u8]| request.object.windows(part.len()).any(|window| window == part);
        assert!(holds(&point), "the key is certified");
        assert!(holds(&policy.app_id.rp_id_hash()), "the app is named");
        assert!(holds(&policy.environment.aaguid()), "the environment is named");
    }
    held
}

/// Holds an assertion against everything a server checks.
#[track_caller]
pub(crate) fn assertion(
    request: &AssertionRequest<'_>,
    ground: &Ground,
    policy: &Policy,
) -> Held<VerifiedAssertion> {
    let held = verified(request, ground, policy);
    if let Some(accepted) = &held.verified {
        assert!(accepted.counter > request.stored_counter, "counters grow");
    }
    held
}

/// Holds a receipt against everything a server checks.
#[track_caller]
pub(crate) fn receipt(
    request: &ReceiptRequest<'_>,
    ground: &Ground,
    policy: &Policy,
) -> Held<VerifiedReceipt> {
    verified(request, ground, policy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::ground;
    use protocol::terms::Environment;
    use simulator::Generation;
    use std::panic::{UnwindSafe, catch_unwind};

    /// A check that cannot fail holds nothing.
    fn fails(what: &str, check: impl FnOnce() + UnwindSafe) {
        assert!(catch_unwind(check).is_err(), "{what} went unnoticed");
    }

    #[test]
    fn what_does_not_hold_is_noticed() {
        let beyond = |at| Malformed { at, what: "a break".to_owned() };
        malformed(&beyond(3), b"abc");
        fails("an offset beyond the input", move || malformed(&beyond(4), b"abc"));
        fails("a word that moves the cursor", || sentence("no \u{1b}[2J"));
        fails("a word that turns the text", || printable("\u{202e}gnp", true));
        fails("a line break in a sentence", || sentence("one\ntwo"));
        fails("a sentence without end", || sentence(&"x".repeat(LONGEST + 1)));
        let deviation = Deviation { at: 0, what: "tag 1".to_owned() };
        deviations(std::slice::from_ref(&deviation), b"a");
        let both = [deviation.clone(), deviation];
        fails("more deviations than bytes", move || deviations(&both, b"a"));
        fails("a part of something else", || within(b"abc", &Vec::from(b"abc")));
    }

    #[test]
    fn verifiers_of_two_minds_are_noticed() {
        let finding = |outcome| [Finding { rule: Rule::Nonce, outcome }];
        let broken = finding(Outcome::Broken("other".to_owned()));
        agree(&Ok(1), &finding(Outcome::Held));
        fails("an acceptance", || agree(&Ok(1), &broken));
        let rejection = Rejection { rule: Rule::Nonce, detail: "one".to_owned() };
        let rejected: Result<u8, _> = Err(Unverified::Broken(rejection));
        fails("another word", || agree(&rejected, &broken));
        fails("a refusal", || agree(&rejected, &finding(Outcome::Held)));
    }

    #[test]
    fn honest_objects_are_accepted_and_others_refused() {
        let ground = ground();
        let policy = ground.policy(Crypto::AwsLcRs);
        for generation in Generation::ALL {
            for environment in [Environment::Production, Environment::Development] {
                let mut device = ground.device(generation, environment);
                let hash = &ground.client_data_hash;
                let object = device.attest(&ground.authority, hash, ground.now);
                let held = attestation(&ground.attestation(&object), ground, &policy);
                let is_served = environment == Environment::Production;
                assert_eq!(held.verified.is_some(), is_served, "{:?}", held.broken);
                let object = device.assert(hash);
                let held = assertion(&ground.assertion(&object), ground, &policy);
                assert_eq!(held.broken, BTreeSet::new());
            }
        }
    }
}
