//! Apple's two published samples, part of every test run.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use protocol::flaw::Flaws;
use protocol::terms::{AppId, Environment, KeyId};
use protocol::verify::{
    AttestationRequest, ClientDataConvention, Outcome, Policy, ReceiptRequest, TrustAnchor,
    examine_attestation, verify_attestation, verify_receipt,
};
use protocol::wire::{AttestationObject, AuthenticatorData};

/// One published sample, decoded from its text.
pub(crate) struct Sample {
    pub(crate) policy: Policy,
    pub(crate) key_id: KeyId,
    pub(crate) client_data_hash: Vec<u8>,
    pub(crate) now: Timestamp,
    pub(crate) object: Vec<u8>,
}

impl Sample {
    pub(crate) fn all() -> [Self; 2] {
        [include_str!("../data/guide-2024.json"), include_str!("../data/guide-2026.json")]
            .map(Self::read)
    }

    fn read(text: &str) -> Self {
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        let text = |name: &str| json[name].as_str().unwrap();
        let environment: Environment = text("environment").parse().unwrap();
        Self {
            policy: Policy::new(AppId::parse(text("appId")).unwrap(), environment),
            key_id: KeyId::from_base64(text("keyId")).unwrap(),
            client_data_hash: ClientDataConvention::Raw.hash(text("clientDataUtf8").as_bytes()),
            now: text("verifyAt").parse().unwrap(),
            object: STANDARD.decode(text("attestationObject")).unwrap(),
        }
    }

    pub(crate) fn request(&self) -> AttestationRequest<'_> {
        let Self { object, key_id, client_data_hash, .. } = self;
        AttestationRequest { object, key_id: *key_id, client_data_hash }
    }
}

#[test]
fn apples_samples_verify_against_apples_roots() {
    for sample in Sample::all() {
        let anchor = TrustAnchor::apple_app_attestation();
        let request = sample.request();
        for finding in examine_attestation(&request, &anchor, &sample.policy, sample.now) {
            assert_eq!(finding.outcome, Outcome::Held, "{}", finding.rule);
        }
        let verified =
            verify_attestation(&request, &anchor, &sample.policy, sample.now, &Flaws::NONE)
                .unwrap();
        let public_key = verified.public_key.unwrap();
        assert_eq!(KeyId::of_public_key(&public_key), sample.key_id);
        let receipt = ReceiptRequest {
            receipt: &verified.receipt.unwrap(),
            public_key: Some(&public_key),
            client_data_hash: Some(&sample.client_data_hash),
        };
        let root = TrustAnchor::apple_root_g3();
        verify_receipt(&receipt, &root, &sample.policy, sample.now, &Flaws::NONE).unwrap();
    }
}

#[test]
fn the_sample_of_2026_carries_extensions_with_the_flag_clear() {
    let [_, sample] = Sample::all();
    let object = AttestationObject::decode(&sample.object).unwrap();
    assert_eq!(object.deviations, []);
    let data = AuthenticatorData::decode_attestation(object.authenticator_data).unwrap();
    let extensions = data.extensions.unwrap();
    assert_eq!(data.flags, 0x40);
    assert_eq!(extensions.validation_category, Some(1));
    assert_eq!(extensions.bundle_version, Some("1"));
}
