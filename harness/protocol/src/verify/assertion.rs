use super::attestation::{bundle_version, category};
use super::finding::{Finding, Outcome, Unverified, collect, first_broken};
use super::{Policy, Rule, signature};
use crate::flaw::{Flaws, Part};
use crate::terms::nonce;
use crate::wire::{Assertion, AuthenticatorData, Curve, Malformed, SignatureAlgorithm};

/// An assertion as it arrives, with what the server knows of its key.
#[derive(Debug, Clone, Copy)]
pub struct AssertionRequest<'a> {
    /// The assertion object.
    pub assertion: &'a [u8],
    /// The hash of the client data as received.
    pub client_data_hash: &'a [u8],
    /// The stored public key, 65 bytes `04‖X‖Y`.
    pub public_key: &'a [u8],
    /// The counter stored for the key.
    pub stored_counter: u32,
}

/// What an accepted assertion changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedAssertion {
    /// The counter to store.
    pub counter: u32,
    /// The validation category, if stated.
    pub validation_category: Option<u32>,
    /// The bundle version, if stated.
    pub bundle_version: Option<String>,
}

/// Checks an assertion as a server does that has `flaws`.
///
/// The challenge inside the client data ([`Rule::AssertionChallenge`]) is the relying party's to find.
pub fn verify_assertion(
    request: &AssertionRequest<'_>,
    policy: &Policy,
    flaws: &Flaws,
) -> Result<VerifiedAssertion, Unverified> {
    let assertion = flaws.see(Part::Assertion, request.assertion);
    let assertion = Assertion::decode(&assertion);
    let data = assertion.as_ref().ok();
    let data = data.map(|read| flaws.see(Part::AssertionData, read.authenticator_data));
    let facts = Facts::new(request, policy, &assertion, data.as_deref());
    first_broken(ASSERTION, &facts, flaws)?;
    let data = facts.data.as_ref().and_then(|data| data.as_ref().ok());
    Ok(VerifiedAssertion {
        // Undecodable only when a rule about structure is left out; then nothing is counted.
        counter: data.map_or(request.stored_counter, |data| data.counter),
        validation_category: data.and_then(category),
        bundle_version: data.and_then(bundle_version).map(str::to_owned),
    })
}

/// Says of every rule whether the assertion keeps it, in order.
pub fn examine_assertion(request: &AssertionRequest<'_>, policy: &Policy) -> Vec<Finding> {
    let assertion = Assertion::decode(request.assertion);
    let data = assertion.as_ref().ok().map(|read| read.authenticator_data);
    collect(ASSERTION, &Facts::new(request, policy, &assertion, data))
}

type Check = fn(&Facts<'_>) -> Outcome;

/// Apple's steps in their order.
const ASSERTION: &[(Rule, Check)] = &[
    (Rule::AssertionSyntax, |facts| Outcome::readable(facts.assertion)),
    (Rule::AssertionAuthenticatorDataSyntax, |facts| {
        facts.data.as_ref().map_or(Outcome::NotReached(NO_ASSERTION), Outcome::readable)
    }),
    (Rule::AssertionSignature, signed),
    (Rule::AssertionRpId, |facts| {
        let expected = facts.policy.app_id.rp_id_hash();
        let other = "SHA-256 of the App ID";
        facts.with_data(|data| Outcome::equal("the RP ID hash", data.rp_id_hash, other, &expected))
    }),
    (Rule::CounterIncreases, |facts| {
        let stored = facts.request.stored_counter;
        facts.with_data(|data| {
            Outcome::holds(data.counter > stored, || {
                format!("the counter is {}, the stored one {stored}", data.counter)
            })
        })
    }),
    (Rule::AssertionChallenge, |_| {
        Outcome::NotReached("the client data is read by the relying party, not here")
    }),
    (Rule::AssertionValidationCategory, |facts| {
        facts.with_data(|data| facts.policy.categories.judge(category(data)))
    }),
    (Rule::AssertionBundleVersion, |facts| {
        facts.with_data(|data| facts.policy.bundle_versions.judge(bundle_version(data)))
    }),
];

pub(crate) const NO_ASSERTION: &str = "the assertion could not be read";
const NO_DATA: &str = "the authenticator data could not be read";

/// Everything a check may look at, read once.
pub(crate) struct Facts<'a> {
    pub(crate) request: &'a AssertionRequest<'a>,
    pub(crate) policy: &'a Policy,
    pub(crate) assertion: &'a Result<Assertion<'a>, Malformed>,
    pub(crate) data: Option<Result<AuthenticatorData<'a>, Malformed>>,
}

impl<'a> Facts<'a> {
    fn new(
        request: &'a AssertionRequest<'a>,
        policy: &'a Policy,
        assertion: &'a Result<Assertion<'a>, Malformed>,
        data: Option<&'a [u8]>,
    ) -> Self {
        let data = data.map(AuthenticatorData::decode_assertion);
        Self { request, policy, assertion, data }
    }

    pub(crate) fn with_data(&self, check: impl Fn(&AuthenticatorData<'a>) -> Outcome) -> Outcome {
        match &self.data {
            Some(Ok(data)) => check(data),
            Some(Err(_)) | None => Outcome::NotReached(NO_DATA),
        }
    }
}

/// The nonce is the message of the signature, so it is hashed once more.
fn signed(facts: &Facts<'_>) -> Outcome {
    let Ok(assertion) = facts.assertion else {
        return Outcome::NotReached(NO_ASSERTION);
    };
    let nonce = nonce(assertion.authenticator_data, facts.request.client_data_hash);
    let (key, algorithm) = (facts.request.public_key, SignatureAlgorithm::EcdsaSha256);
    let crypto = facts.policy.crypto;
    signature::is_valid(crypto, Curve::P256, key, algorithm, &nonce, assertion.signature)
        .map_err(|why| {
            let (nonce, key) = (super::finding::short_hex(&nonce), super::finding::short_hex(key));
            format!("{why} for nonce {nonce} under key {key}")
        })
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::Phase;

    #[test]
    fn every_rule_of_the_phase_has_its_check_in_order() {
        let rules: Vec<Rule> = ASSERTION.iter().map(|(rule, _)| *rule).collect();
        let all = Rule::ALL.iter().copied().filter(|rule| rule.phase() == Phase::Assertion);
        assert_eq!(rules, all.collect::<Vec<_>>());
    }
}
