//! What is wrong if a server refuses an honest device for a rule.

use protocol::verify::Rule;
use targets::file::Reasons;

/// A cause of a refusal: where to look, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cause {
    /// The member of the target file, if it is one's fault.
    pub(super) member: Option<&'static str>,
    pub(super) words: &'static str,
}

pub(super) const ROOT: Cause = Cause {
    member: None,
    words: "the test root is not installed in the server: `assay root --authority FILE` prints it, and FILE must be the one given to this command",
};

pub(super) const CLOCK: Cause = Cause {
    member: None,
    words: "the server's clock, or this machine's, is wrong: certificates are valid from a day before they are issued to two days after",
};

pub(super) const ENVIRONMENT: Cause = Cause {
    member: Some("target.environment"),
    words: "the server serves the other environment: write \"development\" for \"production\" in the target file, or the reverse",
};

pub(super) const APP: Cause = Cause {
    member: Some("target.app_id"),
    words: "the server serves another App ID (prefix, dot, bundle identifier): write the server's into the target file",
};

pub(super) const RECEIPT: Cause = Cause {
    member: Some("policy.receipt"),
    words: "the server verifies receipts and does not trust their test root, which is another one: `assay root --authority FILE --receipt` prints it",
};

const HASH: Cause = Cause {
    member: Some("conventions.attest_client_data_hash"),
    words: "the server hashes something else than the challenge, in none of the ways that a target file can say",
};

const CHALLENGE: Cause = Cause {
    member: Some("step.attest"),
    words: "the server does not know the challenge again: send back what it expects, for the same account, as it was handed out",
};

const KEY_ID: Cause = Cause {
    member: Some("conventions.key_id"),
    words: "the server reads another key id than the device's: another encoding, or another value in the request",
};

const OBJECT: Cause = Cause {
    member: Some("conventions.attestation"),
    words: "the server does not find the attestation object in the request: another encoding, or another name of the member",
};

const ASSERTION: Cause = Cause {
    member: Some("conventions.assertion"),
    words: "the server does not find the assertion in the request: another encoding, or another name of the member",
};

const CLIENT_DATA: Cause = Cause {
    member: Some("templates.assert"),
    words: "the server makes the client data hash of other bytes than [templates] says",
};

const CATEGORY: Cause = Cause {
    member: Some("policy.validation_category"),
    words: "the server demands a validation category that the target file does not declare",
};

const VERSION: Cause = Cause {
    member: Some("policy.bundle_version"),
    words: "the server demands a bundle version that the target file does not declare",
};

const KEY: Cause = Cause {
    member: Some("step.assert"),
    words: "the server does not know the key again: key id and account must be those of the enrolment",
};

const COUNTER: Cause = Cause {
    member: None,
    words: "the server wants another counter: devices count 1 in their first assertion",
};

/// The cause behind a refusal for a rule; what no configuration explains has none.
pub(super) fn of(rule: Rule) -> Option<Cause> {
    Some(match rule {
        Rule::ChainNames | Rule::ChainSignatures | Rule::ChainTrustAnchor => ROOT,
        Rule::ChainValidity | Rule::ReceiptFreshness | Rule::ReceiptExpiration => CLOCK,
        Rule::Aaguid | Rule::ReceiptEnvironment => ENVIRONMENT,
        Rule::AttestationRpId
        | Rule::CertificateAppId
        | Rule::AssertionRpId
        | Rule::ReceiptAppId => APP,
        Rule::ReceiptSyntax
        | Rule::ReceiptSignature
        | Rule::ReceiptChain
        | Rule::ReceiptPublicKey => RECEIPT,
        Rule::Nonce | Rule::ReceiptClientHash => HASH,
        Rule::KeyIdentifier | Rule::CredentialId => KEY_ID,
        Rule::AttestationSyntax | Rule::AttestationFormat => OBJECT,
        Rule::AssertionSyntax | Rule::AssertionAuthenticatorDataSyntax => ASSERTION,
        Rule::AssertionSignature | Rule::AssertionChallenge => CLIENT_DATA,
        Rule::AttestationValidationCategory | Rule::AssertionValidationCategory => CATEGORY,
        Rule::AttestationBundleVersion | Rule::AssertionBundleVersion => VERSION,
        Rule::ChallengeIssued | Rule::ChallengeFresh | Rule::ChallengeUnused => CHALLENGE,
        Rule::KeyUnclaimed | Rule::KeyKnown | Rule::KeyOwner | Rule::KeyActive => KEY,
        Rule::CounterIncreases => COUNTER,
        Rule::CertificateSyntax
        | Rule::ChainAuthority
        | Rule::ChainPathLength
        | Rule::ChainKeyUsage
        | Rule::ChainCriticalExtensions
        | Rule::AuthenticatorDataSyntax
        | Rule::KeyAccessControl
        | Rule::CounterZero
        | Rule::CoseKey
        | Rule::CdHash => return None,
    })
}

/// The cause that a server's words point to, and whether the target file says so or they only
/// sound like it.
pub(super) fn named(words: &str, reasons: &Reasons) -> Option<(Cause, bool)> {
    let said = reasons.code(words).and_then(Rule::from_id).and_then(of);
    said.map(|cause| (cause, true)).or_else(|| sounds_like(words).map(|cause| (cause, false)))
}

fn sounds_like(words: &str) -> Option<Cause> {
    // What is more special comes first: a receipt has a chain, too.
    const SOUNDS: [(&[&str], Cause); 14] = [
        (&["receipt"], RECEIPT),
        (&["categor"], CATEGORY),
        (&["bundle version", "bundle_version", "bundleversion"], VERSION),
        (&["aaguid", "environment", "sandbox", "development"], ENVIRONMENT),
        (&["rp id", "rp_id", "rpid", "app id", "app_id", "appid", "bundle"], APP),
        (&["nonce"], HASH),
        (&["expired", "not yet", "validity", "clock"], CLOCK),
        (&["counter", "sign count"], COUNTER),
        (&["challenge"], CHALLENGE),
        (&["key id", "key_id", "keyid", "credential"], KEY_ID),
        (&["root", "trust", "chain", "issuer", "certificate"], ROOT),
        (&["signature"], CLIENT_DATA),
        (&["key"], KEY_ID),
        (&["base64", "decode", "cbor", "parse", "malformed"], OBJECT),
    ];
    let words = words.to_lowercase();
    let sounds = |(sounds, _): &&(&[&str], Cause)| sounds.iter().any(|one| words.contains(one));
    SOUNDS.iter().find(sounds).map(|(_, cause)| *cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_taken_for_what_the_target_file_says_or_for_what_they_sound_like() {
        let mut reasons = Reasons::default();
        let check = |words: &str, reasons: &Reasons, expected| {
            assert_eq!(named(words, reasons), expected, "{words}");
        };
        check("att.chain.trust-anchor", &reasons, Some((ROOT, true)));
        check("Untrusted root", &reasons, Some((ROOT, false)));
        check("bad receipt chain", &reasons, Some((RECEIPT, false)));
        check("certificate has expired", &reasons, Some((CLOCK, false)));
        check("E17", &reasons, None);
        reasons.map.insert("E17".to_owned(), "att.aaguid".to_owned());
        check("E17", &reasons, Some((ENVIRONMENT, true)));
    }
}
