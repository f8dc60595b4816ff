//! What the credential certificate binds: nonce, access control, key, App ID.

use super::Flaw;
use super::edit::{Edit, fragile, refuse, strict, weak};
use crate::terms::{KeyId, nonce, sha256};
use crate::verify::attestation::{Facts, MACOS_ACCESS_CONTROL};
use crate::verify::{Outcome, Rule};
use crate::wire::{Certificate, CoseKey, oid};

const NONCE: Rule = Rule::Nonce;
const ACCESS: Rule = Rule::KeyAccessControl;
const KEY_ID: Rule = Rule::KeyIdentifier;
const APP: Rule = Rule::CertificateAppId;
const CREDENTIAL: Rule = Rule::CredentialId;
const COSE: Rule = Rule::CoseKey;

/// Weakened, over-strict and fragile bindings.
#[rustfmt::skip]
pub(super) const FLAWS: &[Flaw] = &[
    weak("weak.att.nonce.prefix", NONCE, "Compares the first 16 bytes of the nonce.", Edit::Leaf(|leaf, facts| certified(leaf, |found| found.get(..16) == expected(facts).get(..16)))),
    weak("weak.att.nonce.common-length", NONCE, "Compares the nonce byte by byte for as long as both sides last.", Edit::Leaf(|leaf, facts| certified(leaf, |found| found.iter().zip(expected(facts)).all(|(one, other)| *one == other)))),
    weak("weak.att.nonce.anywhere", NONCE, "Looks for the nonce anywhere in the leaf.", Edit::Leaf(|leaf, facts| refuse(!contains(leaf.der, &expected(facts)), "no nonce"))),
    weak("weak.att.nonce.in-extension", NONCE, "Looks for the nonce anywhere in its extension, whatever the structure around it.", Edit::Leaf(|leaf, facts| refuse(!leaf.extension(oid::NONCE).is_some_and(|found| contains(found.value, &expected(facts))), "no nonce"))),
    weak("weak.att.nonce.last-bytes", NONCE, "Takes the last 32 bytes of the extension for the nonce.", Edit::Leaf(|leaf, facts| refuse(!leaf.extension(oid::NONCE).is_some_and(|found| found.value.ends_with(&expected(facts))), "another nonce"))),
    weak("weak.att.nonce.any-extension", NONCE, "Is content with any one of several nonce extensions.", Edit::Leaf(|leaf, facts| refuse(!leaf.extensions().any(|found| found.oid == oid::NONCE && found.value.ends_with(&expected(facts))), "another nonce"))),
    weak("weak.att.nonce.absent", NONCE, "Lets a leaf without nonce extension pass.", Edit::Leaf(|leaf, facts| match leaf.nonce() { Ok(None) => Outcome::Held, found => refuse(found.ok().flatten() != Some(&expected(facts)), "another nonce") })),
    weak("weak.att.nonce.unparsed-passes", NONCE, "Swallows the exception of a nonce extension that it cannot parse.", Edit::Leaf(|leaf, facts| match leaf.nonce() { Err(_) => Outcome::Held, found => refuse(found.ok().flatten() != Some(&expected(facts)), "another nonce") })),
    weak("weak.att.nonce.client-data-only", NONCE, "Also accepts a nonce that leaves the authenticator data out.", Edit::Leaf(|leaf, facts| certified(leaf, |found| found == expected(facts) || found == facts.request.client_data_hash || found == sha256(&[facts.request.client_data_hash])))),
    weak("weak.att.nonce.data-only", NONCE, "Also accepts a nonce that leaves the challenge out.", Edit::Leaf(|leaf, facts| certified(leaf, |found| found == expected(facts) || facts.object.as_ref().is_ok_and(|object| found == sha256(&[object.authenticator_data]))))),
    weak("weak.att.nonce.any-order", NONCE, "Tries several ways to make the nonce until one fits.", Edit::Leaf(|leaf, facts| certified(leaf, |found| found == expected(facts) || found == sha256(&[&expected(facts)]) || facts.object.as_ref().is_ok_and(|object| found == nonce(facts.request.client_data_hash, object.authenticator_data))))),
    weak("weak.att.nonce.fixed-part", NONCE, "Hashes the first 164 bytes of authenticator data, all there were before OS 27.", Edit::Leaf(fixed_part)),
    weak("weak.att.key-access-control.absent", ACCESS, "Compares the list where there is one, and demands none.", Edit::Leaf(|leaf, _| access_control(leaf, |found| found == MACOS_ACCESS_CONTROL, true))),
    weak("weak.att.key-access-control.prefix", ACCESS, "Compares the beginning of the list.", Edit::Leaf(|leaf, _| access_control(leaf, |found| found.get(4..24) == MACOS_ACCESS_CONTROL.get(4..24), false))),
    weak("weak.att.key-access-control.present", ACCESS, "Demands a list and never reads it.", Edit::Leaf(|leaf, _| access_control(leaf, |_| true, false))),
    weak("weak.att.key-access-control.unparsed", ACCESS, "Looks for the list anywhere in its extension.", Edit::Leaf(|leaf, _| refuse(leaf.is_macos() && !leaf.extension(oid::ACCESS_CONTROL).is_some_and(|found| contains(found.value, MACOS_ACCESS_CONTROL)), "another list"))),
    weak("weak.att.key-id.credential-id", KEY_ID, "Compares the key id with the credential id, never with the certified key.", Edit::Credential(|attested, facts| refuse(attested.credential_id != facts.request.key_id.0, "another credential id"))),
    weak("weak.att.key-id.cose-key", KEY_ID, "Hashes the COSE key, which nobody certified.", Edit::Credential(|attested, facts| refuse(attested.point().is_none_or(|point| KeyId::of_public_key(&point) != facts.request.key_id), "another key"))),
    weak("weak.att.key-id.prefix", KEY_ID, "Compares the first 8 bytes of the key id.", Edit::Leaf(|leaf, facts| refuse(KeyId::of_public_key(leaf.point).0[..8] != facts.request.key_id.0[..8], "another key"))),
    weak("weak.att.key-id.any-form", KEY_ID, "Tries several forms of the key until the hash of one is the key id.", Edit::Leaf(|leaf, facts| refuse(!forms(leaf).any(|form| form == facts.request.key_id.0), "another key"))),
    weak("weak.att.key-id.unchecked-point", KEY_ID, "Hashes whatever bytes the leaf has for a key.", Edit::Leaf(|leaf, facts| refuse(KeyId::of_public_key(leaf.point) != facts.request.key_id, "another key"))),
    weak("weak.att.certificate-app-id.text", APP, "Compares the certified App ID where it is text, and takes anything else for none.", Edit::Leaf(|leaf, facts| refuse(leaf.app_id_in_clear().is_some_and(|found| !found.is_empty() && found != facts.policy.app_id.as_str()), "another app"))),
    weak("weak.att.credential-id.length", CREDENTIAL, "Demands 32 bytes of credential id and compares none.", Edit::Credential(|attested, _| refuse(attested.credential_id.len() != 32, "no credential id"))),
    weak("weak.att.cose-key.x", COSE, "Compares X and not Y.", Edit::Credential(|attested, facts| coordinates(&attested.cose_key, facts, |x, _, leaf| leaf.get(1..33) == Some(x)))),
    weak("weak.att.cose-key.numbers", COSE, "Compares coordinates as numbers, whatever their width.", Edit::Credential(|attested, facts| coordinates(&attested.cose_key, facts, |x, y, leaf| leaf.len() == 65 && trimmed(x) == trimmed(&leaf[1..33]) && trimmed(y) == trimmed(&leaf[33..])))),
    weak("weak.att.cose-key.private", COSE, "Does not mind a private part in a public key.", Edit::Credential(|attested, facts| coordinates(&attested.cose_key, facts, |x, y, leaf| leaf.get(1..) == Some(&[x, y].concat()[..])))),
    weak("weak.att.cose-key.common-length", COSE, "Compares coordinates for as long as both sides last.", Edit::Credential(|attested, facts| coordinates(&attested.cose_key, facts, |x, y, leaf| leaf.len() == 65 && x.iter().zip(&leaf[1..33]).chain(y.iter().zip(&leaf[33..])).all(|(one, other)| one == other)))),

    strict("strict.att.nonce.leading-byte", NONCE, "Drops a nonce that begins with a zero byte, as numbers are written.", Edit::Leaf(|leaf, _| refuse(matches!(leaf.nonce(), Ok(Some([0, ..]))), "a short nonce"))),
    strict("strict.att.nonce.last-extension", NONCE, "Takes the last extension of the leaf for the nonce, as it was before OS 26.", Edit::Leaf(|leaf, _| refuse(leaf.extensions().last().is_none_or(|last| last.oid != oid::NONCE), "no nonce where it was expected"))),
    strict("strict.att.key-access-control.demanded", ACCESS, "Demands an access-control list of every device.", Edit::Leaf(|leaf, _| refuse(leaf.extension(oid::ACCESS_CONTROL).is_none(), "no list"))),
    strict("strict.att.key-access-control.everywhere", ACCESS, "Demands the list of Macs of every device that has one.", Edit::Leaf(|leaf, _| refuse(leaf.access_control().ok().flatten().is_some_and(|found| found != MACOS_ACCESS_CONTROL), "another list"))),
    strict("strict.att.key-access-control.no-macs", ACCESS, "Knows phones only and refuses Macs.", Edit::Leaf(|leaf, _| refuse(leaf.is_macos(), "a Mac"))),
    strict("strict.att.key-id.url-safe", KEY_ID, "Stumbles over + and / in a key id, as forms and paths do.", Edit::Attestation(|facts| refuse(facts.request.key_id.to_base64().contains(['+', '/']), "a key id with + or /"))),
    strict("strict.att.key-id.plus", KEY_ID, "Reads + in a key id as a space.", Edit::Attestation(|facts| refuse(facts.request.key_id.to_base64().contains('+'), "another key id"))),
    strict("strict.att.key-id.leading-zero", KEY_ID, "Writes coordinates as numbers, without the zero bytes they begin with, and hashes that.", Edit::Leaf(|leaf, _| refuse(leaf.point.get(1) == Some(&0) || leaf.point.get(33) == Some(&0), "another key"))),
    strict("strict.att.key-id.trailing-zero", KEY_ID, "Takes key ids for texts that a zero byte ends.", Edit::Attestation(|facts| refuse(facts.request.key_id.0.contains(&0), "a shorter key id"))),
    strict("strict.att.key-id.trailing-zero-x", KEY_ID, "Trims zero bytes at the end of X.", Edit::Leaf(|leaf, _| refuse(leaf.point.get(32) == Some(&0), "another key"))),
    strict("strict.att.key-id.like-point", KEY_ID, "Takes X for a whole point where it begins with 04.", Edit::Leaf(|leaf, _| refuse(leaf.point.get(1) == Some(&4), "no point"))),
    strict("strict.att.key-id.leading-zero-y", KEY_ID, "Writes Y as a number, without the zero bytes it begins with.", Edit::Leaf(|leaf, _| refuse(leaf.point.get(33) == Some(&0), "another key"))),
    strict("strict.att.certificate-app-id.demanded", APP, "Demands the App ID in the certificate, which is not documented.", Edit::Leaf(|leaf, _| refuse(leaf.app_id_bytes().is_none(), "no App ID"))),
    strict("strict.att.cose-key.order", COSE, "Demands the entries of the COSE key in their canonical order.", Edit::Attestation(|facts| facts.with_data(|data, _| super::container::deviant(&data.deviations, "order")))),

    fragile("fragile.att.nonce.absent", NONCE, "Breaks on a leaf without nonce extension.", Edit::Leaf(|leaf, _| refuse(leaf.extension(oid::NONCE).is_none(), "null"))),
    fragile("fragile.att.nonce.malformed", NONCE, "Breaks on a nonce extension of another structure or length.", Edit::Leaf(|leaf, _| refuse(leaf.nonce().map_or(true, |found| found.is_some_and(|nonce| nonce.len() != 32)), "no octet string"))),
    fragile("fragile.att.key-id.curve", KEY_ID, "Breaks on a certified key that is no point on P-256.", Edit::Leaf(|leaf, _| refuse(!crate::verify::signature::is_p256_point(leaf.point), "no point"))),
    fragile("fragile.att.cose-key.length", COSE, "Breaks on coordinates that are not 32 bytes.", Edit::Credential(|attested, _| refuse(attested.point().is_none(), "index out of range"))),
];

fn expected(facts: &Facts<'_>) -> [u8; 32] {
    let data = facts.object.as_ref().map_or(&[][..], |object| object.authenticator_data);
    nonce(data, facts.request.client_data_hash)
}

fn certified(leaf: &Certificate<'_>, claim: impl Fn(&[u8]) -> bool) -> Outcome {
    refuse(!matches!(leaf.nonce(), Ok(Some(found)) if claim(found)), "another nonce")
}

fn fixed_part(leaf: &Certificate<'_>, facts: &Facts<'_>) -> Outcome {
    let Ok(object) = facts.object else {
        return Outcome::Held;
    };
    let data = object.authenticator_data;
    let whole = nonce(data, facts.request.client_data_hash);
    // Those who hash the beginning only have learnt to try both.
    let part = nonce(data.get(..164).unwrap_or(data), facts.request.client_data_hash);
    certified(leaf, |found| found == whole || found == part)
}

fn access_control(
    leaf: &Certificate<'_>,
    claim: impl Fn(&[u8]) -> bool,
    may_be_absent: bool,
) -> Outcome {
    if !leaf.is_macos() {
        return Outcome::Held;
    }
    let holds = match leaf.access_control() {
        Ok(Some(found)) => claim(found),
        Ok(None) => may_be_absent,
        Err(_) => false,
    };
    refuse(!holds, "another access-control list")
}

/// SHA-256 of the key in the forms that people have taken for the right one.
fn forms(leaf: &Certificate<'_>) -> impl Iterator<Item = [u8; 32]> {
    const PUBLIC_KEY_INFO: &[u8] = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\
        \x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
    let point = leaf.point;
    let coordinates = point.get(1..).unwrap_or(&[]);
    let sign = 2 | point.last().copied().unwrap_or(0) & 1;
    [
        sha256(&[point]),
        sha256(&[coordinates]),
        sha256(&[&[sign], coordinates.get(..32).unwrap_or(&[])]),
        sha256(&[PUBLIC_KEY_INFO, point]),
    ]
    .into_iter()
}

fn coordinates(
    key: &CoseKey<'_>,
    facts: &Facts<'_>,
    claim: fn(&[u8], &[u8], &[u8]) -> bool,
) -> Outcome {
    facts.with_leaf(|leaf| refuse(!claim(key.x, key.y, leaf.point), "another key"))
}

fn trimmed(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

/// Whether `part` is somewhere in `whole`.
pub(super) fn contains(whole: &[u8], part: &[u8]) -> bool {
    !part.is_empty() && whole.windows(part.len()).any(|window| window == part)
}
