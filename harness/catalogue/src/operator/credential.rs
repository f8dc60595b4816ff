//! Edits of the public key where it stands: in the leaf and in the COSE key.

use super::Scene;
use super::draft::AttestationDraft;
use super::value::another;
use protocol::terms::{nonce, sha256};
use simulator::Derived;
use simulator::authenticator_data::{AttestedCredentialModel, cose_key};
use simulator::certificate::Algorithm;
use simulator::encode::cbor::Item;
use simulator::encode::der;
use simulator::key::candidates;

/// Labels of the coordinates in a COSE key (RFC 9053 7.1.1).
const X: i64 = -2;
const Y: i64 = -3;

/// Puts other bytes in the place of the certified point; key id and credential id follow.
pub(super) fn certify_bytes(draft: &mut AttestationDraft, point: Vec<u8>) {
    draft.rename(sha256(&[&point]).to_vec());
    draft.model.leaf.public_key.bytes = point;
}

/// One bit of Y is another. The two Y of an X add up to the prime, which is odd, and this one and
/// the genuine one to an even number: so it is not on the curve.
pub(super) fn off_curve(draft: &mut AttestationDraft) {
    let mut point = draft.model.leaf.public_key.bytes.clone();
    if let Some(byte) = point.get_mut(40) {
        *byte ^= 1;
    }
    certify_bytes(draft, point);
}

/// X and the sign of Y.
pub(super) fn compressed(draft: &mut AttestationDraft) {
    let mut point = draft.model.leaf.public_key.bytes.clone();
    let form = 2 | sign(&point);
    point.first_mut().into_iter().for_each(|first| *first = form);
    point.truncate(33);
    certify_bytes(draft, point);
}

/// Both coordinates and the sign of Y.
pub(super) fn hybrid(draft: &mut AttestationDraft) {
    let mut point = draft.model.leaf.public_key.bytes.clone();
    let form = 6 | sign(&point);
    point.first_mut().into_iter().for_each(|first| *first = form);
    certify_bytes(draft, point);
}

fn sign(point: &[u8]) -> u8 {
    point.last().map_or(0, |last| last & 1)
}

/// An RSA key of 2048 bits whose modulus follows from the seed. It is the product of nothing: no
/// one signs with it, and a server must not come so far as to ask.
pub(super) fn rsa(draft: &mut AttestationDraft, scene: &Scene<'_>) {
    let mut modulus: Vec<u8> =
        (0..8).flat_map(|index| sha256(&[scene.seed.to_hex().as_bytes(), &[index]])).collect();
    modulus[0] |= 0x80;
    modulus[255] |= 1;
    let key = der::sequence(&[der::unsigned(&modulus), der::unsigned(&[1, 0, 1])]);
    let null = Some(vec![5, 0]);
    certify_other(draft, "1.2.840.113549.1.1.1", null, key);
}

/// An Ed25519 key: 32 bytes are a point more often than not.
pub(super) fn ed25519(draft: &mut AttestationDraft, scene: &Scene<'_>) {
    let bytes = sha256(&[b"ed25519", scene.seed.to_hex().as_bytes()]).to_vec();
    certify_other(draft, "1.3.101.112", None, bytes);
}

fn certify_other(
    draft: &mut AttestationDraft,
    oid: &str,
    parameters: Option<Vec<u8>>,
    bytes: Vec<u8>,
) {
    draft.model.leaf.public_key.algorithm = Algorithm { oid: oid.to_owned(), parameters };
    certify_bytes(draft, bytes);
}

/// P-256 spelled out as `ECParameters` (SEC 1 C.2): version, prime field, curve, generator, order
/// and cofactor.
pub(super) fn parameters_of_p256() -> Vec<u8> {
    const PRIME: &str = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
    const A: &str = "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc";
    const B: &str = "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b";
    const GENERATOR: &str = "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296\
                             4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
    const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let bytes = |digits: &str| hex::decode(digits).expect("the constants are hexadecimal");
    let octets = |digits| der::tlv(der::tag::OCTET_STRING, &bytes(digits));
    der::sequence(&[
        der::unsigned(&[1]),
        der::sequence(&[der::object_identifier("1.2.840.10045.1.1"), der::unsigned(&bytes(PRIME))]),
        der::sequence(&[octets(A), octets(B)]),
        octets(GENERATOR),
        der::unsigned(&bytes(ORDER)),
        der::unsigned(&[1]),
    ])
}

/// Keys that are tried: where the nonce does not follow the key, none of them fits.
const CANDIDATES: usize = 1 << 14;

/// Gives the device a key for which the nonce begins with a zero byte: one in 256 has it. After an edit that
/// cut the key out of what is hashed the device keeps the one it has.
pub(super) fn fit_to_nonce(draft: &mut AttestationDraft, scene: &Scene<'_>) {
    let hash = draft.model.client_data_hash.clone();
    let mut data = draft.model.authenticator_data.clone();
    let mut fits = |point: &[u8; 65]| {
        if let Some(credential) = &mut data.attested_credential {
            credential.credential_id = sha256(&[point]).to_vec();
            credential.cose_key = cose_key(&point[1..33], &point[33..]);
        }
        nonce(&data.seal(), &hash)[0] == 0
    };
    let mut walk = candidates(&scene.seed.child("a key for the nonce", 0)).take(CANDIDATES);
    let Some(found) = walk.find(|candidate| fits(&candidate.point)) else { return };
    let mut device = scene.device.clone();
    device.adopt(found.key());
    draft.model = device.attestation_model(scene.authority, &hash, scene.now);
    draft.key_id = device.key_id().0.to_vec();
    draft.key = Some(found.key());
}

/// Edits the bytes of X in the COSE key.
pub(super) fn edit_x(draft: &mut AttestationDraft, edit: impl Fn(&mut Vec<u8>)) {
    for value in values(draft, X) {
        if let Item::Bytes(bytes) = value {
            edit(bytes);
        }
    }
}

/// X a second time; what it says is no coordinate of the key.
pub(super) fn repeat_x(draft: &mut AttestationDraft) {
    let other = another(&draft.key_id);
    add(draft, X, &other);
}

/// The compressed form that RFC 9053 allows: Y is told by its sign.
pub(super) fn sign_of_y(draft: &mut AttestationDraft) {
    for value in values(draft, Y) {
        if let Item::Bytes(bytes) = value {
            *value = Item::Boolean(sign(bytes) == 1);
        }
    }
}

/// One more entry.
pub(super) fn add(draft: &mut AttestationDraft, label: i64, value: &[u8]) {
    for credential in credential(draft) {
        credential.cose_key.push((Item::integer(label), Item::Bytes(value.to_vec())));
    }
}

/// No COSE key at all.
pub(super) fn drop_key(draft: &mut AttestationDraft) {
    for credential in credential(draft) {
        credential.cose_key_bytes = Derived::Fixed(Vec::new());
    }
}

/// The values in the COSE key under that label.
fn values(draft: &mut AttestationDraft, wanted: i64) -> impl Iterator<Item = &mut Item> {
    let entries = credential(draft).flat_map(|credential| &mut credential.cose_key);
    entries.filter(move |(label, _)| *label == Item::integer(wanted)).map(|(_, value)| value)
}

/// The attested credential, unless an edit left it out.
fn credential(draft: &mut AttestationDraft) -> std::option::IterMut<'_, AttestedCredentialModel> {
    draft.model.authenticator_data.attested_credential.iter_mut()
}
