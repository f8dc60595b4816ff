//! The one place that asks a cryptographic library; another back end would replace this file.

use crate::memory::{Memory, Remembered};
use crate::terms::sha256;
use crate::wire::{Curve, SignatureAlgorithm};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    EcdsaVerificationAlgorithm, ParsedPublicKey, UnparsedPublicKey,
};
use std::cell::RefCell;

thread_local! {
    static VERIFIED: Remembered<bool> = const { RefCell::new(None) };
}

const VERIFIED_BEFORE: Memory<bool> = Memory::new(&VERIFIED);

/// Remembers on this thread which signatures are valid, for as long as `work` runs.
pub fn remembering<T>(work: impl FnOnce() -> T) -> T {
    VERIFIED_BEFORE.during(work)
}

/// Whether `signature` (ECDSA in DER, s in either half) over `message` is valid under the key; if not, why.
///
/// Curve and hash need not match: genuine leaves are signed with SHA-256 by a P-384 key.
pub(crate) fn is_valid(
    curve: Curve<'_>,
    point: &[u8],
    algorithm: SignatureAlgorithm<'_>,
    message: &[u8],
    signature: &[u8],
) -> Result<(), String> {
    let Some(verification) = verification(curve, algorithm) else {
        let (algorithm, curve) = (algorithm.in_words(), curve.in_words());
        return Err(format!("{algorithm} under a key of {curve} is no signature App Attest uses"));
    };
    let question = || {
        let lengths =
            [point.len(), message.len(), signature.len()].map(usize::to_be_bytes).concat();
        let algorithms = format!("{} {}", curve.in_words(), algorithm.in_words());
        sha256(&[algorithms.as_bytes(), &lengths, point, message, signature])
    };
    let verify = || UnparsedPublicKey::new(verification, point).verify(message, signature).is_ok();
    if VERIFIED_BEFORE.recall(question, verify) {
        Ok(())
    } else {
        Err(format!("the signature of {} bytes is not valid", signature.len()))
    }
}

/// Whether the bytes are an uncompressed point on P-256.
pub(crate) fn is_p256_point(point: &[u8]) -> bool {
    point.len() == 65
        && point[0] == 4
        && ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).is_ok()
}

fn verification(
    curve: Curve<'_>,
    algorithm: SignatureAlgorithm<'_>,
) -> Option<&'static EcdsaVerificationAlgorithm> {
    match (curve, algorithm) {
        (Curve::P256, SignatureAlgorithm::EcdsaSha256) => Some(&ECDSA_P256_SHA256_ASN1),
        (Curve::P256, SignatureAlgorithm::EcdsaSha384) => Some(&ECDSA_P256_SHA384_ASN1),
        (Curve::P384, SignatureAlgorithm::EcdsaSha256) => Some(&ECDSA_P384_SHA256_ASN1),
        (Curve::P384, SignatureAlgorithm::EcdsaSha384) => Some(&ECDSA_P384_SHA384_ASN1),
        (Curve::Other(_), _) | (_, SignatureAlgorithm::Other(_)) => None,
    }
}
