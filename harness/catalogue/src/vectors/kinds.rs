//! What a test says, for each kind of object.

use super::made::Made;
use super::model::{
    AssertionTest, AttestationTest, AuthenticatorDataTest, Head, Read, ReceiptTest, Verdict,
};
use crate::base::Kind;
use crate::case::{Expectation, Level};
use crate::frozen::Frozen;
use base64::{Engine, engine::general_purpose::STANDARD};
use protocol::terms::sha256;
use protocol::verify::{Phase, Rule};
use protocol::wire::{Assertion, AttestationObject, AuthenticatorData};

/// What a test begins with, when only these rules are asked about.
fn head(made: &Made, number: usize, asked: fn(Rule) -> bool) -> Head {
    let Made { case, seen, .. } = made;
    let flags: Vec<Rule> = seen.broken.iter().copied().filter(|rule| asked(*rule)).collect();
    let open = case.expectation == Expectation::Either || case.level > Level::Should;
    let result = match (open, flags.is_empty()) {
        (true, _) => Verdict::Acceptable,
        (false, true) => Verdict::Valid,
        (false, false) => Verdict::Invalid,
    };
    Head {
        tc_id: number,
        id: case.id.clone(),
        comment: case.title.clone(),
        clauses: case.clauses.clone(),
        flags: flags.into_iter().map(|rule| rule.id().to_owned()).collect(),
        level: case.level.to_string(),
        result,
    }
}

/// Every attestation.
pub(super) fn attestation(made: &Made, number: usize) -> Option<AttestationTest> {
    let Frozen { kind: Kind::Attestation, key_id, object, used, enrolled, .. } = &made.frozen
    else {
        return None;
    };
    let head = head(made, number, |_| true);
    let valid = head.result == Verdict::Valid;
    Some(AttestationTest {
        head,
        challenge: used.clone(),
        client_data_hash: hex::encode(sha256(&[used.as_bytes()])),
        key_id: STANDARD.encode(key_id.bytes()),
        attestation_object: STANDARD.encode(object.bytes()),
        public_key: valid.then(|| hex::encode(&enrolled.public_key)),
    })
}

/// Every assertion.
pub(super) fn assertion(made: &Made, number: usize) -> Option<AssertionTest> {
    let Frozen { kind: Kind::Assertion, object, client_data: Some(client_data), enrolled, .. } =
        &made.frozen
    else {
        return None;
    };
    let head = head(made, number, |_| true);
    let valid = head.result == Verdict::Valid;
    Some(AssertionTest {
        head,
        public_key: hex::encode(&enrolled.public_key),
        stored_counter: 0,
        client_data: STANDARD.encode(client_data),
        assertion: STANDARD.encode(object.bytes()),
        counter: valid.then_some(enrolled.counter),
    })
}

/// The receipt of an attestation, where the case is about it or says nothing wrong.
pub(super) fn receipt(made: &Made, number: usize) -> Option<ReceiptTest> {
    let Frozen { kind: Kind::Attestation, object, used, enrolled, .. } = &made.frozen else {
        return None;
    };
    let about = made.case.operators().iter().any(|name| name.starts_with("receipt."));
    let object = AttestationObject::decode(object.bytes()).ok()?;
    let of_others = made.seen.broken.iter().any(|rule| rule.phase() != Phase::Receipt);
    if !(about || made.case.operators().is_empty()) || of_others {
        return None;
    }
    Some(ReceiptTest {
        head: head(made, number, |rule| rule.phase() == Phase::Receipt),
        public_key: hex::encode(&enrolled.public_key),
        client_data_hash: hex::encode(sha256(&[used.as_bytes()])),
        receipt: STANDARD.encode(object.receipt?),
    })
}

/// Authenticator data, where the case is about how it is written.
pub(super) fn data(made: &Made, number: usize) -> Option<AuthenticatorDataTest> {
    let names = made.case.operators();
    let about = |name: &String| name.starts_with("authdata.") || name.starts_with("cose.");
    if !names.iter().any(about) && !names.is_empty() {
        return None;
    }
    let bytes = made.frozen.object.bytes();
    let (of, data) = match made.frozen.kind {
        Kind::Attestation => {
            ("attestation", AttestationObject::decode(bytes).ok()?.authenticator_data)
        }
        Kind::Assertion => ("assertion", Assertion::decode(bytes).ok()?.authenticator_data),
    };
    let decoded = match made.frozen.kind {
        Kind::Attestation => AuthenticatorData::decode_attestation(data),
        Kind::Assertion => AuthenticatorData::decode_assertion(data),
    };
    let mut head = head(made, number, |rule| {
        matches!(rule, Rule::AuthenticatorDataSyntax | Rule::AssertionAuthenticatorDataSyntax)
    });
    // Whoever reads it may go on to judge what it says; here it is only read.
    if head.flags.is_empty() && head.result != Verdict::Acceptable {
        head.result = Verdict::Valid;
    }
    let read = decoded.ok().map(|data| Read::from(&data));
    Some(AuthenticatorDataTest {
        head,
        of: of.to_owned(),
        authenticator_data: hex::encode(data),
        read,
    })
}

impl From<&AuthenticatorData<'_>> for Read {
    fn from(data: &AuthenticatorData<'_>) -> Self {
        let extensions = data.extensions.as_ref();
        Self {
            rp_id_hash: hex::encode(data.rp_id_hash),
            flags: data.flags,
            counter: data.counter,
            aaguid: data.attested.as_ref().map(|one| hex::encode(one.aaguid)),
            credential_id: data.attested.as_ref().map(|one| hex::encode(one.credential_id)),
            validation_category: extensions.and_then(|one| one.validation_category),
            bundle_version: extensions.and_then(|one| one.bundle_version.map(str::to_owned)),
        }
    }
}
