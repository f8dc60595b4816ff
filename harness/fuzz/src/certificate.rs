//! A certificate, alone and in the place of each of a chain's.

use crate::ground::ground;
use crate::held;
use protocol::explain::Kind;
use protocol::verify::{Crypto, TrustAnchor};
use protocol::wire::{Certificate, SignatureAlgorithm, oid};
use simulator::encode::cbor::Item;
use simulator::encode::der;
use std::sync::LazyLock;

pub(crate) fn run(input: &[u8]) {
    decoded(input);
    held::explained(Kind::Certificate, input);
    match TrustAnchor::from_der(input) {
        Ok(anchor) => assert_eq!(anchor.der(), input),
        Err(malformed) => held::malformed(&malformed, input),
    }
    if Certificate::decode(input).is_ok() {
        let ground = ground();
        let policy = ground.policy(Crypto::AwsLcRs);
        let chain = Chain::honest();
        for certificates in [[input, &chain.intermediate], [&chain.leaf, input]] {
            let object = chain.object(&certificates);
            held::attestation(&ground.attestation(&object), ground, &policy);
        }
    }
}

/// Reads everything in it. What was read as DER is the only way to write it.
pub(crate) fn decoded(input: &[u8]) {
    let certificate = match Certificate::decode(input) {
        Ok(certificate) => certificate,
        Err(malformed) => return held::malformed(&malformed, input),
    };
    assert_eq!(certificate.der, input);
    for part in [certificate.tbs, certificate.issuer, certificate.subject, certificate.point] {
        held::within(part, input);
    }
    if let Some(algorithm) = algorithm(certificate.signature_algorithm) {
        let signature = der::bit_string(certificate.signature);
        assert_eq!(der::sequence(&[certificate.tbs, &algorithm, &signature]), input);
    }
    held::sentence(&certificate.signature_algorithm.in_words());
    held::sentence(&certificate.curve.in_words());
    let extensions: Vec<_> = certificate.extensions().collect();
    assert!(extensions.len() <= 64, "{} extensions", extensions.len());
    for extension in extensions {
        held::within(extension.value, input);
        assert_eq!(
            certificate.extension(extension.oid).map(|first| first.oid),
            Some(extension.oid)
        );
        let malformed = [
            extension.basic_constraints().err(),
            extension.key_usage().err(),
            extension.lists_purpose(&[]).err(),
        ];
        for malformed in malformed.into_iter().flatten() {
            held::malformed(&malformed, input);
        }
    }
    for octets in [certificate.nonce(), certificate.access_control()] {
        match octets {
            Ok(octets) => held::within(octets.unwrap_or_default(), input),
            Err(malformed) => held::malformed(&malformed, input),
        }
    }
    let texts = [certificate.app_id_in_clear(), certificate.os_version(), certificate.platform()];
    for text in texts.into_iter().flatten() {
        held::within(text.as_bytes(), input);
    }
    assert!(certificate.platform() != Some("macosx") || certificate.is_macos());
}

/// An algorithm in DER, where there is but one way to write it.
fn algorithm(found: SignatureAlgorithm<'_>) -> Option<Vec<u8>> {
    let oid = match found {
        SignatureAlgorithm::EcdsaSha256 => oid::ECDSA_SHA256,
        SignatureAlgorithm::EcdsaSha384 => oid::ECDSA_SHA384,
        SignatureAlgorithm::Other(_) => return None,
    };
    Some(der::sequence(&[der::tlv(0x06, oid)]))
}

/// The parts of an honest attestation, around a certificate that may be anything.
struct Chain {
    leaf: Vec<u8>,
    intermediate: Vec<u8>,
    receipt: Vec<u8>,
    data: Vec<u8>,
}

static HONEST: LazyLock<Chain> = LazyLock::new(Chain::new);

impl Chain {
    fn honest() -> &'static Self {
        &HONEST
    }

    fn new() -> Self {
        use protocol::{terms::Environment, wire::AttestationObject};
        let ground = ground();
        let device = ground.device(simulator::Generation::Ios27, Environment::Production);
        let object = device.attest(&ground.authority, &ground.client_data_hash, ground.now);
        let object = AttestationObject::decode(&object).expect("an honest object");
        Self {
            leaf: object.certificates[0].to_vec(),
            intermediate: object.certificates[1].to_vec(),
            receipt: object.receipt.expect("an honest receipt").to_vec(),
            data: object.authenticator_data.to_vec(),
        }
    }

    fn object(&self, certificates: &[&[u8]]) -> Vec<u8> {
        let bytes = |bytes: &[u8]| Item::Bytes(bytes.to_vec());
        let certificates = certificates.iter().map(|der| bytes(der)).collect();
        let statement = vec![
            (Item::text("x5c"), Item::Array(certificates)),
            (Item::text("receipt"), bytes(&self.receipt)),
        ];
        Item::Map(vec![
            (Item::text("fmt"), Item::text("apple-appattest")),
            (Item::text("attStmt"), Item::Map(statement)),
            (Item::text("authData"), bytes(&self.data)),
        ])
        .encode()
    }
}
