//! Path validation, and the certificates as a whole.

use super::Flaw;
use super::edit::{Edit, fragile, refuse, strict, weak};
use crate::verify::chain::{Path, constraints, signed};
use crate::verify::{Crypto, Outcome, Rule, attestation::Facts, signature};
use crate::wire::{Certificate, KeyUsage, SignatureAlgorithm, oid};

const SYNTAX: Rule = Rule::CertificateSyntax;
const NAMES: Rule = Rule::ChainNames;
const SIGNATURES: Rule = Rule::ChainSignatures;
const ANCHOR: Rule = Rule::ChainTrustAnchor;
const VALIDITY: Rule = Rule::ChainValidity;
const AUTHORITY: Rule = Rule::ChainAuthority;
const LENGTH: Rule = Rule::ChainPathLength;
const USAGE: Rule = Rule::ChainKeyUsage;
const CRITICAL: Rule = Rule::ChainCriticalExtensions;

/// Weakened, over-strict and fragile validation.
#[rustfmt::skip]
pub(super) const FLAWS: &[Flaw] = &[
    weak("weak.att.certificates.trailing", SYNTAX, "Parses the certificate and ignores what follows it in its byte string.", Edit::Chain(without_trailing_bytes)),
    weak("weak.att.certificates.leaf-alone", SYNTAX, "Takes a leaf without CA certificate as if its chain had been found elsewhere.", Edit::Attestation(leaf_alone)),
    weak("weak.att.chain.names.first-two", NAMES, "Takes the first two certificates for the chain and never looks at the others.", Edit::Chain(|chain| chain.truncate(2))),
    weak("weak.att.chain.names.any-order", NAMES, "Puts the certificates in order itself before it validates them.", Edit::Chain(leaf_first)),
    weak("weak.att.chain.names.below", NAMES, "Compares issuer and subject within the chain, not with the trust anchor.", path(|path| pairs(path, |pair| pair[0].issuer == pair[1].subject))),
    weak("weak.att.chain.names.anchor-only", NAMES, "Compares the last issuer with the trust anchor and nothing below.", path(|path| refuse(path.certificates.last().is_none_or(|last| last.issuer != path.anchor.subject()), "another root's name"))),
    weak("weak.att.chain.signatures.well-formed", SIGNATURES, "Calls the signature check and discards its result; only a signature of no known algorithm is noticed.", path(|path| pairs(path, |pair| !matches!(pair[0].signature_algorithm, SignatureAlgorithm::Other(_))))),
    weak("weak.att.chain.signatures.error-is-true", SIGNATURES, "Takes the library's error code -1 for true: what cannot be checked passes.", path(|path| pairs(path, |pair| !is_der_signature(pair[0].signature) || is_signed(pair)))),
    weak("weak.att.chain.signatures.zero", SIGNATURES, "Lets r = 0 and s = 0 pass as a signature.", path(|path| pairs(path, |pair| pair[0].signature == ZERO || is_signed(pair)))),
    weak("weak.att.chain.signatures.last-pair", SIGNATURES, "Checks the signature on the last but one certificate only.", path(|path| refuse(path.certificates.windows(2).last().is_some_and(|pair| !is_signed(pair)), "not signed"))),
    weak("weak.att.chain.signatures.outer-algorithm", SIGNATURES, "Believes the algorithm beside the signature, which nobody signs.", path(|path| pairs(path, |pair| signed_as_outside_says(&pair[0], &pair[1])))),
    weak("weak.att.chain.trust-anchor.subject", ANCHOR, "Recognises the root by its name.", path(|path| refuse(path.certificates.last().is_none_or(|last| last.issuer != path.anchor.subject()), "another root's name"))),
    weak("weak.att.chain.trust-anchor.self-signed", ANCHOR, "Trusts a root that came along, beside its own.", path(|path| either(path.trust_anchor(), path.certificates.last().is_some_and(|last| last.issuer == last.subject)))),
    weak("weak.att.chain.trust-anchor.organisation", ANCHOR, "Adds its root to the trust store of the system: any root of the vendor will do.", path(|path| either(path.trust_anchor(), path.certificates.last().is_some_and(|last| organisation(last.issuer).is_some_and(|name| Some(name) == organisation(path.anchor.subject())))))),
    weak("weak.att.chain.trust-anchor.error-is-true", ANCHOR, "Takes the library's error for true: only a well-formed wrong signature is refused.", path(|path| either(path.trust_anchor(), path.certificates.last().is_none_or(|last| !is_der_signature(last.signature))))),
    weak("weak.att.chain.validity.leaf", VALIDITY, "Looks at the dates of the leaf only.", path(|path| dates(&path.certificates[..1], path, 0))),
    weak("weak.att.chain.validity.intermediate", VALIDITY, "Looks at the dates of the intermediate only.", path(|path| dates(&path.certificates[1..], path, 0))),
    weak("weak.att.chain.validity.end", VALIDITY, "Looks at the end of validity only.", path(|path| refuse(path.without_anchor().iter().any(|one| one.not_after < path.now), "expired"))),
    weak("weak.att.chain.validity.start", VALIDITY, "Looks at the start of validity only.", path(|path| refuse(path.without_anchor().iter().any(|one| one.not_before > path.now), "not yet valid"))),
    weak("weak.att.chain.validity.week", VALIDITY, "Allows for clocks that are a week off.", path(|path| dates(path.without_anchor(), path, 7 * 24 * 3600))),
    weak("weak.att.chain.ca.intermediate", AUTHORITY, "Does not mind a leaf that is a CA.", path(|path| pairs(path, |pair| is_authority(&pair[1])))),
    weak("weak.att.chain.ca.leaf", AUTHORITY, "Does not ask whether the certificates above the leaf are CAs.", path(|path| refuse(path.certificates.first().is_some_and(is_authority), "a CA"))),
    weak("weak.att.chain.ca.absent", AUTHORITY, "Takes a certificate without basic constraints for a CA.", path(|path| either(path.authority(), path.certificates[1..].iter().any(|one| one.extension(oid::BASIC_CONSTRAINTS).is_none())))),
    weak("weak.att.chain.ca.key-usage", AUTHORITY, "Takes whoever may sign certificates for a CA.", path(|path| either(path.authority(), path.certificates[1..].iter().all(may_certify)))),
    weak("weak.att.chain.path-length.zero-is-none", LENGTH, "Takes a path length of 0 for none at all.", path(|path| refuse(below(path).any(|(allowed, below)| allowed > 0 && allowed < below), "too long"))),
    weak("weak.att.chain.path-length.off-by-one", LENGTH, "Counts one intermediate too few.", path(|path| refuse(below(path).any(|(allowed, below)| allowed + 1 < below), "too long"))),
    weak("weak.att.chain.key-usage.leaf", USAGE, "Looks at the key usage of the leaf only.", path(|path| refuse(path.certificates.first().is_some_and(|leaf| !usage(leaf).is_none_or(KeyUsage::digital_signature)), "may not sign"))),
    weak("weak.att.chain.key-usage.authority", USAGE, "Looks at the key usage of CAs only.", path(|path| refuse(path.without_anchor().iter().skip(1).any(|one| usage(one).is_some_and(|usage| !usage.key_cert_sign())), "may not certify"))),
    weak("weak.att.chain.key-usage.any-bit", USAGE, "Is content with any bit in the key usage.", path(|path| refuse(path.without_anchor().iter().any(|one| usage(one).is_some_and(|usage| usage.0 == 0)), "no usage"))),
    weak("weak.att.chain.critical.leaf", CRITICAL, "Looks for unknown critical extensions in the leaf only.", path(|path| critical(&path.certificates[..1], path))),
    weak("weak.att.chain.critical.intermediate", CRITICAL, "Looks for unknown critical extensions in CAs only.", path(|path| critical(&path.certificates[1..], path))),
    weak("weak.att.chain.critical.doubles", CRITICAL, "Lets an extension occur twice.", path(|path| refuse(path.critical_extensions() != Outcome::Held && !has_doubles(path), "unknown"))),
    weak("weak.att.chain.critical.unknown", CRITICAL, "Refuses extensions that occur twice, and nothing that is unknown.", path(|path| refuse(has_doubles(path), "an extension twice"))),

    strict("strict.att.chain.names.intermediate", NAMES, "Pins the intermediate's common name.", path(|path| refuse(path.certificates.get(1).is_some_and(|ca| !ends_in(ca.subject, b" CA 1")), "another intermediate"))),
    strict("strict.att.chain.names.no-root", NAMES, "Refuses a chain that has the root in it.", path(|path| refuse(path.certificates.last().is_some_and(|last| last.der == path.anchor.der()), "the root itself"))),
    strict("strict.att.chain.names.key-identifiers", NAMES, "Demands the authority key identifier, as strict profiles do.", path(|path| refuse(path.certificates.first().is_some_and(|leaf| leaf.extension(oid::AUTHORITY_KEY_ID).is_none()), "no authority key identifier"))),
    strict("strict.att.chain.names.no-key-identifiers", NAMES, "Knows leaves without key identifiers only.", path(|path| refuse(path.certificates.first().is_some_and(|leaf| leaf.extension(oid::AUTHORITY_KEY_ID).is_some()), "an authority key identifier"))),
    strict("strict.att.chain.signatures.curve-fits", SIGNATURES, "Demands SHA-384 of a key on P-384.", path(|path| refuse(path.certificates.first().is_some_and(|leaf| leaf.signature_algorithm != SignatureAlgorithm::EcdsaSha384), "a hash that does not fit the curve"))),
    strict("strict.att.chain.signatures.sha256-only", SIGNATURES, "Knows leaves signed with SHA-256 only.", path(|path| refuse(path.certificates.first().is_some_and(|leaf| leaf.signature_algorithm != SignatureAlgorithm::EcdsaSha256), "another hash"))),
    strict("strict.att.chain.trust-anchor.serial", ANCHOR, "Pins the intermediate by its serial number of sixteen bytes.", path(|path| refuse(path.certificates.get(1).is_some_and(|ca| ca.serial.len() != 16), "another serial number"))),
    strict("strict.att.chain.validity.hour-old", VALIDITY, "Demands that a certificate is a day and an hour old, for clocks that differ.", path(|path| refuse(path.certificates.first().is_some_and(|leaf| path.now.as_second() - leaf.not_before.as_second() < 25 * 3600), "too young"))),
    strict("strict.att.chain.validity.short-lived", VALIDITY, "Takes leaves of at most four days.", path(|path| refuse(path.certificates.first().is_some_and(|leaf| leaf.not_after.as_second() - leaf.not_before.as_second() > 4 * 86400), "too long a life"))),
    strict("strict.att.chain.validity.utc-time", VALIDITY, "Reads dates in UTCTime only.", path(|path| refuse(path.certificates.iter().any(|one| one.tbs.windows(2).any(|two| two == [0x18, 0x0f])), "GeneralizedTime"))),
    strict("strict.att.chain.validity.before-2050", VALIDITY, "Reads years from 2050 on as those of the last century.", path(|path| refuse(path.certificates.iter().any(|one| one.not_after.as_second() >= 2_524_608_000), "expired"))),
    strict("strict.att.chain.validity.since-1970", VALIDITY, "Takes a start before 1971 for a date that was never set.", path(|path| refuse(path.certificates.iter().any(|one| one.not_before.as_second() < 31_536_000), "no date"))),
    strict("strict.att.chain.critical.constraints-first", CRITICAL, "Expects basic constraints as the first extension.", path(|path| refuse(path.certificates.first().is_some_and(|leaf| leaf.extensions().next().is_none_or(|one| one.oid != oid::BASIC_CONSTRAINTS)), "another extension"))),
    strict("strict.att.chain.validity.last-second", VALIDITY, "Takes the last ten minutes of validity for past it.", path(|path| refuse(path.certificates.first().is_some_and(|leaf| leaf.not_after.as_second() - path.now.as_second() < 600), "too close to the end"))),
    strict("strict.att.chain.path-length.demanded", LENGTH, "Demands that the intermediate states a path length of 0.", path(|path| refuse(path.certificates.get(1).is_some_and(|ca| constraints(ca).ok().and_then(|found| found.path_length) != Some(0)), "no path length of 0"))),
    strict("strict.att.chain.ca.one-intermediate", AUTHORITY, "Refuses a chain with more than one intermediate.", path(|path| refuse(path.without_anchor().len() > 2, "more than one intermediate"))),
    strict("strict.att.chain.critical.known-only", CRITICAL, "Refuses extensions of the leaf that it does not know, critical or not.", path(|path| refuse(path.certificates.first().is_some_and(|leaf| leaf.extensions().any(|one| !is_known(one.oid))), "an unknown extension"))),
    strict("strict.att.chain.critical.any", CRITICAL, "Refuses an intermediate with an extension more than usual.", path(|path| refuse(path.certificates.get(1).is_some_and(|ca| ca.extensions().count() > 4), "an unusual extension"))),
    strict("strict.att.chain.key-usage.server-auth", USAGE, "Demands the extended key usage of web servers, as libraries do by default.", path(|path| refuse(path.certificates.first().is_some_and(|leaf| leaf.extension(oid::EXTENDED_KEY_USAGE).is_some()), "incompatible key usage"))),
    strict("strict.att.chain.key-usage.extended", USAGE, "Demands the extended key usage that leaves have since 2026.", path(|path| refuse(path.certificates.first().is_some_and(|leaf| leaf.extension(oid::EXTENDED_KEY_USAGE).is_none()), "no extended key usage"))),
    strict("strict.att.certificates.serial", SYNTAX, "Takes serial numbers of six bytes only.", path(|path| refuse(path.certificates.first().is_some_and(|leaf| leaf.serial.len() != 6), "another serial number"))),
    strict("strict.att.certificates.size", SYNTAX, "Keeps the leaf in a column of 1 000 bytes.", path(|path| refuse(path.certificates.first().is_some_and(|leaf| leaf.der.len() > 1000), "too large"))),

    fragile("fragile.att.chain.critical.unknown", CRITICAL, "Breaks on an extension that it does not know.", path(|path| refuse(path.certificates.first().is_some_and(|leaf| leaf.extensions().any(|one| !is_known(one.oid))), "an unknown extension"))),
    fragile("fragile.att.chain.signatures.algorithm", SIGNATURES, "Breaks on a signature algorithm that it does not know.", path(|path| refuse(path.certificates.iter().any(|one| matches!(one.signature_algorithm, SignatureAlgorithm::Other(_)) || one.inner_algorithm != one.signature_algorithm), "an unknown algorithm"))),
    fragile("fragile.att.chain.signatures.malformed", SIGNATURES, "Breaks on a signature that is no DER, or is zero.", path(|path| refuse(path.certificates.iter().any(|one| !is_der_signature(one.signature) || one.signature == ZERO), "no signature"))),
    fragile("fragile.att.chain.signatures.invalid", SIGNATURES, "Breaks on a signature that is not valid.", path(|path| pairs(path, is_signed))),
    fragile("fragile.att.chain.validity.generalized", VALIDITY, "Breaks on dates after 2049.", path(|path| refuse(path.certificates.iter().any(|one| one.tbs.windows(2).any(|two| two == [0x18, 0x0f])), "GeneralizedTime"))),
    fragile("fragile.att.chain.names.spelling", NAMES, "Breaks where an issuer is not written as the subject above it is.", path(|path| pairs(path, |pair| pair[0].issuer == pair[1].subject))),
    fragile("fragile.att.chain.names.repeated", NAMES, "Breaks on a certificate that is there twice.", path(|path| pairs(path, |pair| pair[0].der != pair[1].der))),
    fragile("fragile.att.chain.trust-anchor.unknown", ANCHOR, "Breaks where no root of its own is above the chain.", path(|path| path.trust_anchor())),
    fragile("fragile.att.chain.ca.constraints", AUTHORITY, "Breaks on basic constraints that it cannot read.", path(|path| refuse(path.certificates.iter().skip(1).any(|one| constraints(one).is_err()), "no basic constraints"))),
    fragile("fragile.att.chain.names.many", NAMES, "Breaks on more certificates than its array has room for.", path(|path| refuse(path.certificates.len() > 3, "index out of range"))),
];

/// r = 0 and s = 0.
pub(super) const ZERO: &[u8] = &[0x30, 6, 2, 1, 0, 2, 1, 0];

const fn path(check: fn(Path<'_, '_>) -> Outcome) -> Edit {
    Edit::Path(check)
}

fn leaf_alone(facts: &Facts<'_>) -> Outcome {
    facts.with_object(|object| match object.certificates.as_slice() {
        [leaf] => refuse(Certificate::decode(leaf).is_err(), "no certificate"),
        _ => facts.certificates.as_ref().map(|_| ()).map_err(Clone::clone).into(),
    })
}

fn without_trailing_bytes(chain: &mut Vec<&[u8]>) {
    for certificate in chain {
        let input: &[u8] = certificate;
        if let [0x30, 0x82, high, low, ..] = *input {
            let end = 4 + usize::from(u16::from_be_bytes([high, low]));
            *certificate = input.get(..end).unwrap_or(input);
        }
    }
}

/// Leaves before CAs, otherwise as they came.
fn leaf_first(chain: &mut Vec<&[u8]>) {
    chain.sort_by_key(|der| Certificate::decode(der).is_ok_and(|one| is_authority(&one)));
}

fn either(outcome: Outcome, also: bool) -> Outcome {
    if also { Outcome::Held } else { outcome }
}

/// Whether the claim holds of each certificate and the next.
fn pairs(path: Path<'_, '_>, claim: fn(&[Certificate<'_>]) -> bool) -> Outcome {
    refuse(!path.certificates.windows(2).all(claim), "a link that does not hold")
}

fn is_signed(pair: &[Certificate<'_>]) -> bool {
    signed(Crypto::default(), None, &pair[0], pair[1].curve, pair[1].point).is_ok()
}

fn signed_as_outside_says(certificate: &Certificate<'_>, issuer: &Certificate<'_>) -> bool {
    // Whatever was meant, the signer's own word is tried as well.
    [certificate.signature_algorithm, certificate.inner_algorithm].into_iter().any(|algorithm| {
        let (tbs, signature) = (certificate.tbs, certificate.signature);
        let Certificate { curve, point, .. } = *issuer;
        signature::is_valid(Crypto::default(), curve, point, algorithm, tbs, signature).is_ok()
    })
}

/// Whether it has the outline of an ECDSA signature.
fn is_der_signature(signature: &[u8]) -> bool {
    matches!(signature, [0x30, length, 2, ..] if usize::from(*length) + 2 == signature.len())
}

/// The organisation in a name, as it is encoded.
fn organisation(name: &[u8]) -> Option<&[u8]> {
    const ORGANISATION: &[u8] = &[0x06, 3, 0x55, 4, 0x0a];
    let at = name.windows(5).position(|window| window == ORGANISATION)? + 5;
    let length = usize::from(*name.get(at + 1)?);
    name.get(at + 2..at + 2 + length)
}

fn ends_in(name: &[u8], end: &[u8]) -> bool {
    name.windows(end.len()).any(|window| window == end)
}

/// Whether now, give or take so many seconds, lies within each validity.
fn dates(certificates: &[Certificate<'_>], path: Path<'_, '_>, allowance: i64) -> Outcome {
    let now = path.now.as_second();
    let is_valid = |one: &Certificate<'_>| {
        one.not_before.as_second() - allowance <= now
            && now <= one.not_after.as_second() + allowance
    };
    refuse(!certificates.iter().all(is_valid), "not valid at this time")
}

fn is_authority(certificate: &Certificate<'_>) -> bool {
    constraints(certificate).is_ok_and(|found| found.ca)
}

fn usage(certificate: &Certificate<'_>) -> Option<KeyUsage> {
    certificate.extension(oid::KEY_USAGE)?.key_usage().ok()
}

fn may_certify(certificate: &Certificate<'_>) -> bool {
    usage(certificate).is_some_and(KeyUsage::key_cert_sign)
}

/// Of each CA that states a path length: what it allows, and how many intermediates are below it.
fn below(path: Path<'_, '_>) -> impl Iterator<Item = (u64, u64)> {
    let authorities = path.without_anchor().iter().skip(1).zip(0..);
    authorities
        .filter_map(|(ca, below)| constraints(ca).ok()?.path_length.map(|allowed| (allowed, below)))
}

fn critical(certificates: &[Certificate<'_>], path: Path<'_, '_>) -> Outcome {
    Path { certificates, ..path }.critical_extensions()
}

fn has_doubles(path: Path<'_, '_>) -> bool {
    path.without_anchor().iter().any(|one| {
        let oids: Vec<&[u8]> = one.extensions().map(|extension| extension.oid).collect();
        oids.iter().enumerate().any(|(index, oid)| oids[..index].contains(oid))
    })
}

fn is_known(oid: &[u8]) -> bool {
    const KNOWN: [&[u8]; 7] = [
        oid::BASIC_CONSTRAINTS,
        oid::KEY_USAGE,
        oid::EXTENDED_KEY_USAGE,
        oid::NONCE,
        oid::ACCESS_CONTROL,
        oid::KEY_PROPERTIES,
        oid::OS_PROPERTIES,
    ];
    KNOWN.contains(&oid)
}
