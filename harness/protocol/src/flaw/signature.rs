//! The signature of an assertion.

use super::Flaw;
use super::chain::ZERO;
use super::edit::{Edit, fragile, refuse, strict, weak};
use crate::terms::nonce;
use crate::verify::{Crypto, Outcome, Rule, assertion::Facts, signature::is_valid};
use crate::wire::{Curve, SignatureAlgorithm};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

const SIGNATURE: Rule = Rule::AssertionSignature;

/// Weakened, over-strict and fragile checks.
#[rustfmt::skip]
pub(super) const FLAWS: &[Flaw] = &[
    weak("weak.asr.signature.well-formed", SIGNATURE, "Calls the signature check and discards its result: what looks like a signature passes.", Edit::Assertion(|facts| with(facts, |signature, _| numbers(signature).is_some()))),
    weak("weak.asr.signature.error-is-true", SIGNATURE, "Takes the library's error code -1 for true: what cannot be checked passes.", Edit::Assertion(|facts| with(facts, |signature, facts| numbers(signature).is_none() || is_signed(signature, facts)))),
    weak("weak.asr.signature.zero", SIGNATURE, "Lets r = 0 and s = 0 pass.", Edit::Assertion(|facts| with(facts, |signature, facts| signature == ZERO || is_signed(signature, facts)))),
    weak("weak.asr.signature.any-zero", SIGNATURE, "Lets a signature pass in which r or s is 0.", Edit::Assertion(|facts| with(facts, |signature, facts| numbers(signature).is_some_and(|(r, s)| is_zero(r) || is_zero(s)) || is_signed(signature, facts)))),
    weak("weak.asr.signature.fixed-width", SIGNATURE, "Also accepts r and s in 32 bytes each, without DER.", Edit::Assertion(|facts| with(facts, |signature, facts| is_signed(signature, facts) || (signature.len() == 64 && UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, facts.request.public_key).verify(&message(facts), signature).is_ok())))),
    weak("weak.asr.signature.trailing", SIGNATURE, "Ignores what follows the signature's SEQUENCE.", Edit::Assertion(|facts| with(facts, |signature, facts| is_signed(sequence(signature), facts)))),
    weak("weak.asr.signature.lenient-der", SIGNATURE, "Reads BER, padded integers and whatever follows them, and verifies the numbers.", Edit::Assertion(|facts| with(facts, |signature, facts| lenient(signature).is_some_and(|strict| is_signed(&strict, facts))))),
    weak("weak.asr.signature.modulo-order", SIGNATURE, "Takes r and s modulo the order of the group.", Edit::Assertion(|facts| with(facts, |signature, facts| reduced(signature).is_some_and(|reduced| is_signed(&reduced, facts))))),
    weak("weak.asr.signature.empty", SIGNATURE, "Checks the signature only if there is one.", Edit::Assertion(|facts| with(facts, |signature, facts| signature.is_empty() || is_signed(signature, facts)))),
    weak("weak.asr.signature.client-data-only", SIGNATURE, "Also accepts a signature that leaves the authenticator data out.", Edit::Assertion(|facts| with(facts, |signature, facts| is_signed(signature, facts) || signs(signature, facts, facts.request.client_data_hash) || signs(signature, facts, &nonce(&[], facts.request.client_data_hash))))),
    weak("weak.asr.signature.data-only", SIGNATURE, "Also accepts a signature that leaves the client data out.", Edit::Assertion(|facts| with(facts, |signature, facts| is_signed(signature, facts) || signs(signature, facts, data(facts)) || signs(signature, facts, &nonce(data(facts), &[]))))),
    weak("weak.asr.signature.any-order", SIGNATURE, "Also accepts a signature over client data hash and authenticator data in this order.", Edit::Assertion(|facts| with(facts, |signature, facts| is_signed(signature, facts) || signs(signature, facts, &nonce(facts.request.client_data_hash, data(facts)))))),
    weak("weak.asr.signature.hashed-once", SIGNATURE, "Also accepts a signature whose digest is the nonce itself.", Edit::Assertion(|facts| with(facts, |signature, facts| is_signed(signature, facts) || signs_digest(signature, facts)))),
    weak("weak.asr.signature.fixed-part", SIGNATURE, "Hashes the first 37 bytes of authenticator data, and all of them only if that fails.", Edit::Assertion(|facts| with(facts, |signature, facts| is_signed(signature, facts) || signs(signature, facts, &nonce(data(facts).get(..37).unwrap_or_default(), facts.request.client_data_hash))))),

    strict("strict.asr.signature.low-s", SIGNATURE, "Refuses s above half the order of the group.", Edit::Assertion(|facts| with(facts, |signature, _| numbers(signature).is_none_or(|(_, s)| !is_high(s))))),
    strict("strict.asr.signature.high-s", SIGNATURE, "Refuses s below half the order of the group.", Edit::Assertion(|facts| with(facts, |signature, _| numbers(signature).is_none_or(|(_, s)| is_high(s))))),
    strict("strict.asr.signature.usual-length", SIGNATURE, "Takes signatures of 70 to 72 bytes.", Edit::Assertion(|facts| with(facts, |signature, _| (70..=72).contains(&signature.len())))),
    strict("strict.asr.signature.not-longest", SIGNATURE, "Takes signatures of up to 71 bytes.", Edit::Assertion(|facts| with(facts, |signature, _| signature.len() < 72))),
    strict("strict.asr.signature.not-shortest", SIGNATURE, "Takes signatures of at least 71 bytes.", Edit::Assertion(|facts| with(facts, |signature, _| signature.len() > 70))),
    strict("strict.asr.signature.full-r", SIGNATURE, "Demands 32 bytes of r, which drops the zeros it begins with.", Edit::Assertion(|facts| with(facts, |signature, _| numbers(signature).is_none_or(|(r, _)| r.len() >= 32)))),
    strict("strict.asr.signature.full-s", SIGNATURE, "Demands 32 bytes of s, which drops the zeros it begins with.", Edit::Assertion(|facts| with(facts, |signature, _| numbers(signature).is_none_or(|(_, s)| s.len() >= 32)))),
    strict("strict.asr.signature.minimum", SIGNATURE, "Takes signatures of at least 64 bytes.", Edit::Assertion(|facts| with(facts, |signature, _| signature.len() >= 64))),

    strict("strict.asr.signature.two-numbers", SIGNATURE, "Refuses a signature in which r and s are one number.", Edit::Assertion(|facts| with(facts, |signature, _| numbers(signature).is_none_or(|(r, s)| r != s)))),
    fragile("fragile.asr.signature.malformed", SIGNATURE, "Breaks on a signature that is no DER.", Edit::Assertion(|facts| with(facts, |signature, _| numbers(signature).is_some()))),
    fragile("fragile.asr.signature.empty", SIGNATURE, "Reads the first byte of nothing.", Edit::Assertion(|facts| with(facts, |signature, _| !signature.is_empty()))),
    fragile("fragile.asr.signature.zero", SIGNATURE, "Divides by s without looking at it.", Edit::Assertion(|facts| with(facts, |signature, _| numbers(signature).is_none_or(|(r, s)| !is_zero(r) && !is_zero(s))))),
    fragile("fragile.asr.signature.short", SIGNATURE, "Copies r and s into buffers of 32 bytes, and breaks where one is shorter.", Edit::Assertion(|facts| with(facts, |signature, _| numbers(signature).is_none_or(|(r, s)| r.len() >= 32 && s.len() >= 32)))),
    fragile("fragile.asr.signature.long", SIGNATURE, "Copies r and s into buffers of 33 bytes, and breaks where one is longer.", Edit::Assertion(|facts| with(facts, |signature, _| numbers(signature).is_none_or(|(r, s)| r.len() <= 33 && s.len() <= 33)))),
];

/// Whether the claim holds of the signature.
fn with(facts: &Facts<'_>, claim: fn(&[u8], &Facts<'_>) -> bool) -> Outcome {
    let Ok(assertion) = facts.assertion else {
        return Outcome::NotReached("the assertion could not be read");
    };
    refuse(!claim(assertion.signature, facts), "a signature that will not do")
}

fn data<'a>(facts: &Facts<'a>) -> &'a [u8] {
    facts.assertion.as_ref().map_or(&[], |assertion| assertion.authenticator_data)
}

fn message(facts: &Facts<'_>) -> [u8; 32] {
    nonce(data(facts), facts.request.client_data_hash)
}

fn signs(signature: &[u8], facts: &Facts<'_>, message: &[u8]) -> bool {
    let (key, algorithm) = (facts.request.public_key, SignatureAlgorithm::EcdsaSha256);
    is_valid(Crypto::default(), Curve::P256, key, algorithm, message, signature).is_ok()
}

fn is_signed(signature: &[u8], facts: &Facts<'_>) -> bool {
    signs(signature, facts, &message(facts))
}

fn signs_digest(signature: &[u8], facts: &Facts<'_>) -> bool {
    let digest = digest(&SHA256, &[data(facts), facts.request.client_data_hash].concat());
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, facts.request.public_key);
    key.verify_digest(&digest, signature).is_ok()
}

/// Content of r and s, if the signature has the outline of one and nothing more.
fn numbers(signature: &[u8]) -> Option<(&[u8], &[u8])> {
    let [0x30, length, 2, rest @ ..] = signature else {
        return None;
    };
    let (r, rest) = rest.split_first().and_then(|(r, rest)| rest.split_at_checked((*r).into()))?;
    let [2, s, rest @ ..] = rest else {
        return None;
    };
    let whole = usize::from(*length) + 2 == signature.len() && usize::from(*s) == rest.len();
    (whole && !r.is_empty() && !rest.is_empty()).then_some((r, rest))
}

/// The signature as far as its SEQUENCE says it goes.
fn sequence(signature: &[u8]) -> &[u8] {
    let end = signature.get(1).map_or(0, |length| usize::from(*length) + 2);
    signature.get(..end).unwrap_or(signature)
}

/// Written anew in DER, from whatever two INTEGERs are found in it.
fn lenient(signature: &[u8]) -> Option<Vec<u8>> {
    let [0x30 | 0x31, length, rest @ ..] = signature else {
        return None;
    };
    let rest = match length {
        0x81 => rest.get(1..)?,
        0x82 => rest.get(2..)?,
        _ => rest,
    };
    let integer = |input: &'_ [u8]| -> Option<(Vec<u8>, usize)> {
        let [2, length, content @ ..] = input else {
            return None;
        };
        let length = usize::from(*length);
        Some((content.get(..length)?.to_vec(), length + 2))
    };
    let (r, length) = integer(rest)?;
    let (s, _) = integer(&rest[length..])?;
    Some(der(&r, &s))
}

/// The order of P-256.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
    0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

fn reduced(signature: &[u8]) -> Option<Vec<u8>> {
    let (r, s) = numbers(signature)?;
    Some(der(&modulo_order(r), &modulo_order(s)))
}

/// A number below twice the order of 33 bytes at most, less the order if it is not below it.
fn modulo_order(number: &[u8]) -> Vec<u8> {
    let digits = trimmed(number);
    if digits.len() < 32 || digits.len() > 33 || (digits.len() == 32 && *digits < ORDER[..]) {
        return digits.to_vec();
    }
    let mut result = vec![0; 33 - digits.len()];
    result.extend_from_slice(digits);
    let mut borrow = 0;
    for (digit, order) in result.iter_mut().rev().zip(ORDER.iter().rev().chain([&0])) {
        let difference = i16::from(*digit) - i16::from(*order) - borrow;
        borrow = i16::from(difference < 0);
        *digit = u8::try_from(difference.rem_euclid(256)).expect("a remainder of 256 is a byte");
    }
    result
}

fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    for number in [r, s] {
        let digits = trimmed(number);
        let signed = digits.first().is_none_or(|first| first & 0x80 != 0);
        let length = digits.len() + usize::from(signed);
        content.extend([2, u8::try_from(length).unwrap_or(u8::MAX)]);
        content.extend(signed.then_some(0));
        content.extend_from_slice(digits);
    }
    let mut signature = vec![0x30, u8::try_from(content.len()).unwrap_or(u8::MAX)];
    signature.extend(content);
    signature
}

fn trimmed(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

fn is_zero(number: &[u8]) -> bool {
    trimmed(number).is_empty()
}

/// Above half the order, whose first bytes are 7fffffff 80000000.
fn is_high(s: &[u8]) -> bool {
    const HALF: [u8; 8] = [0x7f, 0xff, 0xff, 0xff, 0x80, 0, 0, 0];
    let digits = trimmed(s);
    digits.len() == 32 && digits[..8] >= HALF[..]
}
