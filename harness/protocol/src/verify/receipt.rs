use super::chain::Path;
use super::finding::{Finding, Outcome, Unverified, collect, first_broken, short_hex};
use super::{Crypto, Policy, Rule, TrustAnchor, signature};
use crate::flaw::{Flaws, Part};
use crate::terms::Environment;
use crate::wire::{Certificate, Malformed, Receipt, Signer, oid};
use jiff::Timestamp;

/// A receipt as it arrives.
#[derive(Debug, Clone, Copy)]
pub struct ReceiptRequest<'a> {
    /// The receipt, raw.
    pub receipt: &'a [u8],
    /// The attested public key, 65 bytes `04‖X‖Y`, if known.
    pub public_key: Option<&'a [u8]>,
    /// The client data hash of the attestation it came with; none for a refreshed receipt, whose
    /// field 4 has lost bytes.
    pub client_data_hash: Option<&'a [u8]>,
}

/// What an accepted receipt says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedReceipt {
    /// `ATTEST` or `RECEIPT`.
    pub kind: Option<String>,
    /// When it was made.
    pub creation_time: Option<Timestamp>,
    /// Approximate number of keys this device attested in 30 days; absent is not 0.
    pub risk_metric: Option<u64>,
    /// When it may be refreshed first.
    pub not_before: Option<Timestamp>,
    /// When it can no longer be refreshed.
    pub expiration: Option<Timestamp>,
}

/// Checks a receipt as a server does that has `flaws`.
pub fn verify_receipt(
    request: &ReceiptRequest<'_>,
    anchor: &TrustAnchor,
    policy: &Policy,
    now: Timestamp,
    flaws: &Flaws,
) -> Result<VerifiedReceipt, Unverified> {
    let receipt = flaws.see(Part::Receipt, request.receipt);
    let receipt = Receipt::decode(&receipt);
    let facts = Facts { request, anchor, policy, now, receipt: &receipt };
    first_broken(RECEIPT, &facts, flaws)?;
    let receipt = receipt.as_ref().ok();
    Ok(VerifiedReceipt {
        kind: receipt.and_then(|receipt| receipt.kind().map(str::to_owned)),
        creation_time: receipt.and_then(Receipt::creation_time),
        risk_metric: receipt.and_then(Receipt::risk_metric),
        not_before: receipt.and_then(Receipt::not_before),
        expiration: receipt.and_then(Receipt::expiration),
    })
}

/// Says of every rule whether the receipt keeps it, in order.
pub fn examine_receipt(
    request: &ReceiptRequest<'_>,
    anchor: &TrustAnchor,
    policy: &Policy,
    now: Timestamp,
) -> Vec<Finding> {
    let receipt = Receipt::decode(request.receipt);
    collect(RECEIPT, &Facts { request, anchor, policy, now, receipt: &receipt })
}

type Check = fn(&Facts<'_>) -> Outcome;

/// Apple's steps; reading comes first, since nothing else can be said without.
const RECEIPT: &[(Rule, Check)] = &[
    (Rule::ReceiptSyntax, |facts| match facts.receipt {
        Ok(receipt) => risk_metric(receipt),
        Err(malformed) => Outcome::Broken(malformed.to_string()),
    }),
    (Rule::ReceiptSignature, |facts| {
        facts.with_receipt(|receipt| content_signature(receipt, facts.policy.crypto).into())
    }),
    (Rule::ReceiptChain, |facts| facts.with_receipt(|receipt| chain(receipt, facts))),
    (Rule::ReceiptAppId, |facts| {
        facts.with_receipt(|receipt| {
            let expected = facts.policy.app_id.as_str();
            Outcome::holds(receipt.app_id() == Some(expected), || {
                let found: String = receipt.app_id().unwrap_or("absent").chars().take(80).collect();
                format!("field 2 is {found:?}, the App ID is {expected:?}")
            })
        })
    }),
    (Rule::ReceiptEnvironment, |facts| {
        facts.with_receipt(|receipt| environment(receipt, facts.policy.environment))
    }),
    (Rule::ReceiptFreshness, |facts| facts.with_receipt(|receipt| freshness(receipt, facts))),
    (Rule::ReceiptExpiration, |facts| facts.with_receipt(|receipt| expiration(receipt, facts))),
    (Rule::ReceiptPublicKey, |facts| facts.with_receipt(|receipt| public_key(receipt, facts))),
    (Rule::ReceiptClientHash, |facts| facts.with_receipt(|receipt| client_hash(receipt, facts))),
];

/// Genuine receipts carry 3; each one more may cost a signature check.
const MAX_CERTIFICATES: usize = 8;

/// Everything a check may look at, read once.
pub(crate) struct Facts<'a> {
    pub(crate) request: &'a ReceiptRequest<'a>,
    pub(crate) anchor: &'a TrustAnchor,
    pub(crate) policy: &'a Policy,
    pub(crate) now: Timestamp,
    pub(crate) receipt: &'a Result<Receipt<'a>, Malformed>,
}

impl<'a> Facts<'a> {
    pub(crate) fn with_receipt(&self, check: impl Fn(&Receipt<'a>) -> Outcome) -> Outcome {
        self.receipt.as_ref().map_or(Outcome::NotReached("the receipt could not be read"), check)
    }

    /// The path of the signer, which signs for a year.
    pub(crate) fn path<'p>(
        &self,
        certificates: &'p [Certificate<'p>],
        now: Timestamp,
    ) -> Path<'p, 'p>
    where
        'a: 'p,
    {
        Path { certificates, anchor: self.anchor, now, crypto: self.policy.crypto, fleeting: 0 }
    }
}

/// Over the content itself, also where signed attributes are present.
pub(crate) fn content_signature(receipt: &Receipt<'_>, crypto: Crypto) -> Result<(), String> {
    let signer = only_signer(receipt)?;
    let certificate = signers_certificate(receipt, signer)?;
    if signer.digest != oid::SHA256 {
        return Err(format!("the digest is {}", oid::dotted(signer.digest)));
    }
    let Certificate { curve, point, .. } = certificate;
    let content = &receipt.content;
    signature::is_valid(crypto, curve, point, signer.algorithm, content, signer.signature)
}

pub(crate) fn only_signer<'r, 'a>(receipt: &'r Receipt<'a>) -> Result<&'r Signer<'a>, String> {
    match receipt.signers.as_slice() {
        [signer] => Ok(signer),
        signers => Err(format!("{} signers instead of one", signers.len())),
    }
}

pub(crate) fn signers_certificate<'a>(
    receipt: &Receipt<'a>,
    signer: &Signer<'_>,
) -> Result<Certificate<'a>, String> {
    let certificates = receipt.certificates.iter().take(MAX_CERTIFICATES);
    let mut readable = certificates.filter_map(|der| Certificate::decode(der).ok());
    readable
        .find(|found| found.issuer == signer.issuer && found.serial == signer.serial)
        .ok_or_else(|| "the signer's certificate is not among those that came along".to_owned())
}

fn chain(receipt: &Receipt<'_>, facts: &Facts<'_>) -> Outcome {
    let first = only_signer(receipt).and_then(|signer| signers_certificate(receipt, signer));
    // That there is none is the business of the signature.
    let Ok(first) = first else {
        return Outcome::NotReached("there is no signer's certificate");
    };
    match path_from(first, receipt, facts.anchor) {
        Ok(certificates) => {
            // Signers are renewed each year, and a receipt outlives its own: what counts is that it
            // was signed in time. One that does not say when is refused as not fresh.
            let now = receipt.creation_time().unwrap_or(facts.now);
            facts.path(&certificates, now).all()
        }
        Err(detail) => Outcome::Broken(detail),
    }
}

/// From the signer by names towards the anchor; the certificates come in no promised order.
pub(crate) fn path_from<'a>(
    first: Certificate<'a>,
    receipt: &Receipt<'a>,
    anchor: &TrustAnchor,
) -> Result<Vec<Certificate<'a>>, String> {
    let mut rest = Vec::new();
    for der in receipt.certificates.iter().take(MAX_CERTIFICATES) {
        if *der != first.der {
            rest.extend(Certificate::decode(der));
        }
    }
    let mut issuer = first.issuer;
    let mut path = vec![first];
    while issuer != anchor.subject() {
        let Some(next) = rest.iter().position(|candidate| candidate.subject == issuer) else {
            return Err(format!(
                "the issuer of certificate {} of the path did not come along",
                path.len() - 1
            ));
        };
        let next = rest.swap_remove(next);
        issuer = next.issuer;
        path.push(next);
    }
    Ok(path)
}

fn freshness(receipt: &Receipt<'_>, facts: &Facts<'_>) -> Outcome {
    let Some(created) = receipt.creation_time() else {
        return Outcome::Broken("field 12 is absent or no instant".to_owned());
    };
    let age = facts.now.duration_since(created);
    let allowed = facts.policy.receipt_max_age;
    // Clocks differ, so a little in the future is as good as a little in the past.
    Outcome::holds(age.abs() <= allowed, || {
        format!(
            "field 12 is {created}, {} s from now, with {} s allowed",
            age.as_secs(),
            allowed.as_secs()
        )
    })
}

fn risk_metric(receipt: &Receipt<'_>) -> Outcome {
    let Some(found) = receipt.field(17) else {
        return Outcome::Held;
    };
    Outcome::holds(receipt.risk_metric().is_some(), || {
        format!("field 17 is {}, which is no number", short_hex(found))
    })
}

fn environment(receipt: &Receipt<'_>, environment: Environment) -> Outcome {
    // Not documented, so a receipt without it is as good as one with it.
    let Some(found) = receipt.field(7) else {
        return Outcome::Held;
    };
    let expected = environment.receipt_name();
    Outcome::holds(found == expected.as_bytes(), || {
        let shown: String = String::from_utf8_lossy(found).chars().take(40).collect();
        format!("field 7 is {shown:?}, that of {} is {expected:?}", environment.as_str())
    })
}

fn expiration(receipt: &Receipt<'_>, facts: &Facts<'_>) -> Outcome {
    let Some(expiration) = receipt.expiration() else {
        return Outcome::Broken("field 21 is absent or no instant".to_owned());
    };
    Outcome::holds(facts.now < expiration, || format!("field 21 is {expiration}, which has passed"))
}

fn public_key(receipt: &Receipt<'_>, facts: &Facts<'_>) -> Outcome {
    let Some(expected) = facts.request.public_key else {
        return Outcome::NotReached("no attested public key was given");
    };
    match receipt.certificate().map(Certificate::decode) {
        Some(Ok(found)) => Outcome::equal(
            "field 3 certifies a key that",
            found.point,
            "the attested key",
            expected,
        ),
        Some(Err(error)) => Outcome::Broken(format!("field 3: {error}")),
        None => Outcome::Broken("field 3 is absent".to_owned()),
    }
}

fn client_hash(receipt: &Receipt<'_>, facts: &Facts<'_>) -> Outcome {
    let Some(expected) = facts.request.client_data_hash else {
        return Outcome::NotReached("no client data hash of an attestation was given");
    };
    match receipt.client_hash() {
        Some(found) => Outcome::equal("field 4", found, "the client data hash", expected),
        None => Outcome::Broken("field 4 is absent".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::Phase;

    #[test]
    fn every_rule_of_the_phase_has_its_check_in_order() {
        let rules: Vec<Rule> = RECEIPT.iter().map(|(rule, _)| *rule).collect();
        let all = Rule::ALL.iter().copied().filter(|rule| rule.phase() == Phase::Receipt);
        assert_eq!(rules, all.collect::<Vec<_>>());
    }
}
