//! Whether a signature is valid, whoever is asked.

use super::Crypto;
use super::crypto::{Scheme, Table};
use crate::memory::{Memory, Remembered};
use crate::terms::sha256;
use crate::wire::{Curve, SignatureAlgorithm};
use std::cell::RefCell;

pub(crate) use super::crypto::is_p256_point;

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
    crypto: Crypto,
    curve: Curve<'_>,
    point: &[u8],
    algorithm: SignatureAlgorithm<'_>,
    message: &[u8],
    signature: &[u8],
) -> Result<(), String> {
    is_valid_by_table(None, crypto, curve, point, algorithm, message, signature)
}

/// The same, where there may be a table for the key.
pub(crate) fn is_valid_by_table(
    table: Option<&Table>,
    crypto: Crypto,
    curve: Curve<'_>,
    point: &[u8],
    algorithm: SignatureAlgorithm<'_>,
    message: &[u8],
    signature: &[u8],
) -> Result<(), String> {
    let Some(scheme) = Scheme::of(curve, algorithm) else {
        let (algorithm, curve) = (algorithm.in_words(), curve.in_words());
        return Err(format!("{algorithm} under a key of {curve} is no signature App Attest uses"));
    };
    let question = || {
        let lengths =
            [point.len(), message.len(), signature.len()].map(usize::to_be_bytes).concat();
        let algorithms = format!("{} {}", curve.in_words(), algorithm.in_words());
        sha256(&[algorithms.as_bytes(), &lengths, point, message, signature])
    };
    let verify = || {
        let by_table = table.and_then(|table| table.verifies(scheme, message, signature));
        by_table.unwrap_or_else(|| crypto.backend().verifies(scheme, point, message, signature))
    };
    if VERIFIED_BEFORE.recall(question, verify) {
        Ok(())
    } else {
        Err(format!("the signature of {} bytes is not valid", signature.len()))
    }
}
