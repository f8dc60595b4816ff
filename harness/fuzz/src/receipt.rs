//! A receipt.

use crate::ground::ground;
use crate::held;
use protocol::explain::Kind;
use protocol::verify::Crypto;
use protocol::wire::{Receipt, ReceiptField, SignatureAlgorithm, Signer, oid};
use simulator::encode::der;

pub(crate) fn run(input: &[u8]) {
    decoded(input);
    held::explained(Kind::Receipt, input);
    let ground = ground();
    held::receipt(&ground.receipt(input), ground, &ground.policy(Crypto::AwsLcRs));
}

/// Holds what was read against the input, and against itself written anew with definite lengths.
pub(crate) fn decoded(input: &[u8]) {
    let receipt = match Receipt::decode(input) {
        Ok(receipt) => receipt,
        Err(malformed) => return held::malformed(&malformed, input),
    };
    assert!(receipt.content.len() <= input.len(), "what is joined is no longer than its parts");
    assert_eq!(receipt.segments.iter().sum::<usize>(), receipt.content.len());
    for part in &receipt.certificates {
        held::within(part, input);
    }
    for ReceiptField { number, value, .. } in &receipt.fields {
        assert!(value.end <= receipt.content.len() && value.start <= value.end);
        assert_eq!(receipt.field(*number), receipt.content.get(value.clone()));
    }
    for signer in &receipt.signers {
        held::sentence(&signer.algorithm.in_words());
    }
    if let Some(anew) = encoded(&receipt) {
        let again = Receipt::decode(&anew).expect("what we write is read");
        let segments = vec![receipt.content.len()];
        assert_eq!(again, Receipt { segments, ..receipt.clone() });
    }
    let texts = [receipt.app_id(), receipt.token(), receipt.kind(), receipt.environment()];
    for (number, text) in [2, 5, 6, 7].into_iter().zip(texts) {
        assert!(text.is_none_or(|text| receipt.field(number) == Some(text.as_bytes())));
    }
    let instants = [receipt.creation_time(), receipt.not_before(), receipt.expiration()];
    for (number, instant) in [12, 19, 21].into_iter().zip(instants) {
        assert!(instant.is_none() || receipt.field(number).is_some());
    }
}

/// The receipt in DER; none if it says more than was read of it.
fn encoded(receipt: &Receipt<'_>) -> Option<Vec<u8>> {
    let signers: Vec<Vec<u8>> = receipt.signers.iter().map(signer).collect::<Option<_>>()?;
    let version = der::tlv(0x02, &[1]);
    let content = der::context(0, &der::tlv(0x04, &receipt.content));
    let parts = [
        version,
        der::tlv(0x31, &[]),
        der::sequence(&[der::tlv(0x06, oid::DATA), content]),
        der::context(0, &receipt.certificates.concat()),
        der::tlv(0x31, &signers.concat()),
    ];
    let signed = der::context(0, &der::sequence(&parts));
    Some(der::sequence(&[der::tlv(0x06, oid::SIGNED_DATA), signed]))
}

fn signer(signer: &Signer<'_>) -> Option<Vec<u8>> {
    let algorithm = match signer.algorithm {
        SignatureAlgorithm::EcdsaSha256 => oid::ECDSA_SHA256,
        SignatureAlgorithm::EcdsaSha384 => oid::ECDSA_SHA384,
        // Its parameters were not kept.
        SignatureAlgorithm::Other(_) => return None,
    };
    let mut parts = vec![
        der::tlv(0x02, &[1]),
        der::sequence(&[signer.issuer, &der::tlv(0x02, signer.serial)]),
        der::sequence(&[der::tlv(0x06, signer.digest)]),
    ];
    if signer.has_signed_attributes {
        parts.push(der::context(0, &[]));
    }
    parts.push(der::sequence(&[der::tlv(0x06, algorithm)]));
    parts.push(der::tlv(0x04, signer.signature));
    Some(der::sequence(&parts))
}
