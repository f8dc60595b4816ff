//! The server and the device that all targets have in common: a fixed clock, a test authority, one key.

use jiff::Timestamp;
use protocol::terms::{AppId, Environment, KeyId, sha256};
use protocol::verify::{
    AssertionRequest, AttestationRequest, Crypto, Policy, ReceiptRequest, TrustAnchor,
};
use simulator::{Authority, Device, Generation, Seed};
use std::sync::LazyLock;

/// What a verifier knows before anything arrives.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) seed: Seed,
    pub(crate) authority: Authority,
    pub(crate) app_id: AppId,
    pub(crate) now: Timestamp,
    /// The root of attestations, which remembers intermediates: signatures of honest ones would
    /// cost most of the time.
    pub(crate) anchor: TrustAnchor,
    /// The same root, which remembers what the other library for signatures found.
    pub(crate) other_anchor: TrustAnchor,
    pub(crate) receipt_anchor: TrustAnchor,
    pub(crate) client_data_hash: [u8; 32],
    pub(crate) public_key: [u8; 65],
    pub(crate) key_id: KeyId,
}

static GROUND: LazyLock<Ground> = LazyLock::new(Ground::new);

/// The same for everybody, made once.
pub(crate) fn ground() -> &'static Ground {
    &GROUND
}

impl Ground {
    fn new() -> Self {
        let seed = Seed::from_text("corpora");
        let now = "2026-11-24T10:20:30.456Z".parse().expect("an instant");
        let authority = Authority::new(&seed.child("authority", 0), now);
        let anchor = |der| TrustAnchor::from_der(der).expect("the test authority's root is one");
        let app_id = AppId::parse("ABCDE12345.com.example.app").expect("an App ID");
        let device = Device::new(&seed, Generation::Ios27, app_id.clone(), Environment::Production);
        Self {
            anchor: anchor(authority.root_der()).remembering(),
            other_anchor: anchor(authority.root_der()).remembering(),
            receipt_anchor: anchor(authority.receipt_root_der()),
            client_data_hash: sha256(&[b"the challenge of every seed"]),
            public_key: device.public_key(),
            key_id: device.key_id(),
            seed,
            authority,
            app_id,
            now,
        }
    }

    /// The device of every seed, in the shape of a generation; its key is always the same.
    pub(crate) fn device(&self, generation: Generation, environment: Environment) -> Device {
        Device::new(&self.seed, generation, self.app_id.clone(), environment)
    }

    /// Apple's text for the app, with one library for signatures.
    pub(crate) fn policy(&self, crypto: Crypto) -> Policy {
        Policy { crypto, ..Policy::new(self.app_id.clone(), Environment::Production) }
    }

    /// An attestation that arrives in answer to the challenge of every seed.
    pub(crate) fn attestation<'a>(&'a self, object: &'a [u8]) -> AttestationRequest<'a> {
        let client_data_hash = &self.client_data_hash;
        AttestationRequest { object, key_id: self.key_id, client_data_hash }
    }

    /// An assertion that arrives for the key of every seed.
    pub(crate) fn assertion<'a>(&'a self, assertion: &'a [u8]) -> AssertionRequest<'a> {
        AssertionRequest {
            assertion,
            client_data_hash: &self.client_data_hash,
            public_key: &self.public_key,
            stored_counter: 0,
        }
    }

    /// A receipt that came with such an attestation.
    pub(crate) fn receipt<'a>(&'a self, receipt: &'a [u8]) -> ReceiptRequest<'a> {
        ReceiptRequest {
            receipt,
            public_key: Some(&self.public_key),
            client_data_hash: Some(&self.client_data_hash),
        }
    }
}
