//! What an honest object states, checked with other code than the reference verifier's.

use crate::{
    parts::{Parts, receipt_content, receipt_fields},
    template::{Cbor, Node},
};
use p256::ecdsa::signature::{Verifier, hazmat::PrehashVerifier};
use protocol::terms::{AppId, Environment, KeyId, nonce, sha256};
use sha2::{Digest, Sha384};
use simulator::Authority;

/// What the server knows when an attestation arrives.
pub(crate) struct Known<'a> {
    pub(crate) authority: &'a Authority,
    pub(crate) app_id: &'a AppId,
    pub(crate) environment: Environment,
    pub(crate) key_id: KeyId,
    pub(crate) client_data_hash: &'a [u8],
}

/// The statements of an attestation that do not hold.
pub(crate) fn broken_in_attestation(object: &[u8], known: &Known<'_>) -> Vec<&'static str> {
    let parts = Parts::of(object);
    let data = parts.authenticator_data;
    let root = Node::read(known.authority.root_der()).unwrap();
    let receipt_root = Node::read(known.authority.receipt_root_der()).unwrap();
    let point = point(&parts.leaf);
    let expected_nonce = nonce(data, known.client_data_hash);
    let nonce_extension = parts.extension("2a864886f763640802").unwrap_or_default();
    let (cose, _) = Cbor::read_first(&data[87..]).expect("a COSE key");

    let receipt = parts.receipt.as_ref().expect("a receipt");
    let content = receipt_content(receipt);
    let fields = receipt_fields(&content);
    let field = |kind| fields.iter().find(|(number, _)| *number == kind).map(|(_, value)| *value);
    let [signer, intermediate, carried_root] = &receipt.at(&[1, 0, 3]).children[..] else {
        panic!("a receipt carries three certificates");
    };
    let receipt_signature = receipt.at(&[1, 0, 4, 0]).children.last().unwrap().content;

    let statements = [
        ("leaf signed", is_signed(&parts.leaf, &parts.intermediate)),
        ("leaf names its issuer", names(&parts.leaf, &parts.intermediate)),
        ("intermediate signed", is_signed(&parts.intermediate, &root)),
        ("intermediate names its issuer", names(&parts.intermediate, &root)),
        ("nonce", nonce_extension.get(6..) == Some(&expected_nonce[..])),
        ("key id", KeyId::of_public_key(point) == known.key_id),
        ("RP ID", data[..32] == known.app_id.rp_id_hash()),
        ("counter", data[33..37] == [0; 4]),
        ("AAGUID", data[37..53] == known.environment.aaguid()),
        ("credential id", data[55..87] == known.key_id.0),
        ("COSE key", cose_point(&cose) == point),
        ("receipt signed", verifies(signer, &content, receipt_signature)),
        ("receipt signer signed", is_signed(signer, intermediate)),
        ("receipt intermediate signed", is_signed(intermediate, &receipt_root)),
        ("receipt root carried", carried_root.whole == receipt_root.whole),
        ("receipt App ID", field(2) == Some(known.app_id.as_str().as_bytes())),
        ("receipt certificate", field(3) == Some(parts.leaf.whole)),
        ("receipt client hash", field(4) == Some(known.client_data_hash)),
        ("receipt kind", field(6) == Some(b"ATTEST")),
        ("receipt environment", field(7) == Some(known.environment.receipt_name().as_bytes())),
    ];
    statements.into_iter().filter(|(_, holds)| !holds).map(|(name, _)| name).collect()
}

/// The statements of an assertion that do not hold.
pub(crate) fn broken_in_assertion(
    object: &[u8],
    app_id: &AppId,
    public_key: &[u8],
    client_data_hash: &[u8],
    counter: u32,
) -> Vec<&'static str> {
    let object = Cbor::read(object).expect("one definite CBOR item");
    let bytes = |name| object.get(name).and_then(Cbor::bytes).expect("a byte string");
    let (signature, data) = (bytes("signature"), bytes("authenticatorData"));
    let statements = [
        ("signature", p256_verifies(public_key, &nonce(data, client_data_hash), signature)),
        ("RP ID", data[..32] == app_id.rp_id_hash()),
        ("counter", data[33..37] == counter.to_be_bytes()),
    ];
    statements.into_iter().filter(|(_, holds)| !holds).map(|(name, _)| name).collect()
}

fn names(certificate: &Node<'_>, issuer: &Node<'_>) -> bool {
    certificate.at(&[0, 3]).whole == issuer.at(&[0, 5]).whole
}

fn point<'a>(certificate: &Node<'a>) -> &'a [u8] {
    &certificate.at(&[0, 6, 1]).content[1..]
}

fn cose_point(key: &Cbor<'_>) -> Vec<u8> {
    let Cbor::Map { entries, .. } = key else { return Vec::new() };
    entries.iter().filter_map(|(_, value)| value.bytes()).fold(vec![4], |mut point, half| {
        point.extend_from_slice(half);
        point
    })
}

fn is_signed(certificate: &Node<'_>, issuer: &Node<'_>) -> bool {
    verifies_with(
        issuer,
        certificate.children[1].children[0].content,
        certificate.children[0].whole,
        &certificate.children[2].content[1..],
    )
}

fn verifies(signer: &Node<'_>, message: &[u8], signature: &[u8]) -> bool {
    p256_verifies(point(signer), message, signature)
}

/// Checks by the issuer's curve and the algorithm the certificate names.
fn verifies_with(issuer: &Node<'_>, algorithm: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let digest = match hex::encode(algorithm).as_str() {
        "2a8648ce3d040302" => sha256(&[message]).to_vec(),
        "2a8648ce3d040303" => Sha384::digest(message).to_vec(),
        _ => return false,
    };
    let point = point(issuer);
    if point.len() == 65 {
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point);
        let signature = p256::ecdsa::Signature::from_der(signature);
        matches!((key, signature), (Ok(key), Ok(signature)) if key.verify_prehash(&digest, &signature).is_ok())
    } else {
        let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point);
        let signature = p384::ecdsa::Signature::from_der(signature);
        matches!((key, signature), (Ok(key), Ok(signature)) if key.verify_prehash(&digest, &signature).is_ok())
    }
}

fn p256_verifies(point: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point);
    let signature = p256::ecdsa::Signature::from_der(signature);
    matches!((key, signature), (Ok(key), Ok(signature)) if key.verify(message, &signature).is_ok())
}
