//! Objects of the test authority, and each step of verifying and minting them as a closure.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA256_ASN1, UnparsedPublicKey};
use jiff::Timestamp;
use protocol::flaw::Flaws;
use protocol::terms::{AppId, Environment, nonce};
use protocol::verify::{
    AssertionRequest, AttestationRequest, Crypto, Policy, ReceiptRequest, TrustAnchor,
    verify_assertion, verify_attestation, verify_receipt,
};
use protocol::wire::{Assertion, AttestationObject, Certificate, Receipt};
use simulator::key::{KeyWalk, candidates};
use simulator::{Authority, Device, FastMint, Generation, Seed};
use std::hint::black_box;

/// The client data hash of every object.
pub const CLIENT_DATA_HASH: [u8; 32] = [7; 32];
/// Leaves after which an intermediate's key has its table, and some.
const WARM: usize = 300;

/// The permanent name of a step, and the step.
pub type Step<'s> = (&'static str, Box<dyn FnMut() + 's>);

static FAULTLESS: Flaws = Flaws::NONE;

/// One device, what it sent, and who verifies it.
#[derive(Debug)]
pub struct Subject {
    /// Whose root is trusted.
    pub authority: Authority,
    /// A device of iOS 27.
    pub device: Device,
    /// Its attestation.
    pub attestation: Vec<u8>,
    /// Its first assertion.
    pub assertion: Vec<u8>,
    /// The receipt in the attestation.
    pub receipt: Vec<u8>,
    /// When all this happens.
    pub now: Timestamp,
}

impl Subject {
    /// The same each time.
    pub fn new() -> Self {
        let seed = Seed::from_text("assay benches");
        let now = Timestamp::from_second(1_790_000_000).expect("it is a time");
        let authority = Authority::new(&seed, now).opened();
        let app_id = AppId::parse("ABCDE12345.com.example.app").expect("it is an App ID");
        let environment = Environment::Production;
        let mut device = Device::new(&seed, Generation::Ios27, app_id, environment);
        let attestation = device.attest(&authority, &CLIENT_DATA_HASH, now);
        let assertion = device.assert(&CLIENT_DATA_HASH);
        let object = AttestationObject::decode(&attestation).expect("the device is honest");
        let receipt = object.receipt.expect("an honest attestation has a receipt").to_vec();
        Self { authority, device, attestation, assertion, receipt, now }
    }

    /// Who signatures are checked by, and nothing else that differs from Apple's text.
    pub fn policy(&self, crypto: Crypto) -> Policy {
        let policy = Policy::new(self.device.app_id().clone(), self.device.environment());
        Policy { crypto, ..policy }
    }

    /// The root of attestations, remembering nothing.
    pub fn anchor(&self) -> TrustAnchor {
        TrustAnchor::from_der(self.authority.root_der()).expect("an authority's root is a root")
    }

    /// The root of receipts, remembering nothing.
    pub fn receipt_anchor(&self) -> TrustAnchor {
        TrustAnchor::from_der(self.authority.receipt_root_der())
            .expect("an authority's root is a root")
    }

    /// Verifies the attestation once.
    pub fn verify_attestation(&self, anchor: &TrustAnchor, policy: &Policy, flaws: &Flaws) {
        let request = AttestationRequest {
            object: black_box(&self.attestation),
            key_id: self.device.key_id(),
            client_data_hash: &CLIENT_DATA_HASH,
        };
        let verified = verify_attestation(&request, anchor, policy, self.now, flaws);
        black_box(verified.expect("the device is honest"));
    }

    /// An anchor that has met this intermediate so often that its key has a table.
    pub fn warm_anchor(&self) -> TrustAnchor {
        let anchor = self.anchor().remembering();
        let policy = self.policy(Crypto::Tables);
        for _ in 0..WARM {
            self.verify_attestation(&anchor, &policy, &Flaws::NONE);
        }
        anchor
    }

    /// Verifies the assertion once.
    pub fn verify_assertion(&self, policy: &Policy, flaws: &Flaws) {
        let request = AssertionRequest {
            assertion: black_box(&self.assertion),
            client_data_hash: &CLIENT_DATA_HASH,
            public_key: &self.device.public_key(),
            stored_counter: 0,
        };
        black_box(verify_assertion(&request, policy, flaws).expect("the device is honest"));
    }

    /// Verifies the receipt once.
    pub fn verify_receipt(&self, anchor: &TrustAnchor, policy: &Policy, flaws: &Flaws) {
        let request = ReceiptRequest {
            receipt: black_box(&self.receipt),
            public_key: Some(&self.device.public_key()),
            client_data_hash: Some(&CLIENT_DATA_HASH),
        };
        let verified = verify_receipt(&request, anchor, policy, self.now, flaws);
        black_box(verified.expect("the device is honest"));
    }

    /// The fast mint under this authority.
    pub fn mint(&self) -> FastMint {
        FastMint::new(&self.authority, &Seed::from_text("assay benches"), 0)
    }

    /// Keys without end.
    pub fn keys(&self) -> KeyWalk {
        candidates(&Seed::from_text("assay benches"))
    }

    /// The steps whose instructions are counted, each by its permanent name.
    pub fn steps(&self) -> Vec<Step<'_>> {
        let fast = self.policy(Crypto::AwsLcRs);
        let slow = self.policy(Crypto::RustCrypto);
        let tables = self.policy(Crypto::Tables);
        let (cold, known) = (self.anchor(), self.anchor().remembering());
        let (receipts, known_receipts) =
            (self.receipt_anchor(), self.receipt_anchor().remembering());
        let mut steps: Vec<Step<'_>> = Vec::new();
        let none = &FAULTLESS;
        let (policy, anchor) = (fast.clone(), cold.clone());
        steps.push((
            "verify.attestation.cold",
            Box::new(move || self.verify_attestation(&anchor, &policy, none)),
        ));
        let policy = fast.clone();
        steps.push((
            "verify.attestation.known",
            Box::new(move || self.verify_attestation(&known, &policy, none)),
        ));
        let mut warm = None;
        steps.push((
            "verify.attestation.table",
            Box::new(move || {
                let anchor = warm.get_or_insert_with(|| self.warm_anchor());
                self.verify_attestation(anchor, &tables, none);
            }),
        ));
        steps.push((
            "verify.attestation.rustcrypto",
            Box::new(move || self.verify_attestation(&cold, &slow, none)),
        ));
        let policy = fast.clone();
        steps.push(("verify.assertion", Box::new(move || self.verify_assertion(&policy, none))));
        let policy = fast.clone();
        steps.push((
            "verify.receipt.cold",
            Box::new(move || self.verify_receipt(&receipts, &policy, none)),
        ));
        steps.push((
            "verify.receipt.known",
            Box::new(move || self.verify_receipt(&known_receipts, &fast, none)),
        ));
        steps.push((
            "decode.attestation",
            Box::new(|| {
                let object = AttestationObject::decode(black_box(&self.attestation));
                let object = object.expect("the device is honest");
                for der in &object.certificates {
                    black_box(Certificate::decode(der).expect("the device is honest"));
                }
            }),
        ));
        steps.push((
            "decode.receipt",
            Box::new(|| {
                black_box(Receipt::decode(black_box(&self.receipt)).expect("the device is honest"));
            }),
        ));
        self.bare_steps(&mut steps);
        let mut keys = self.keys();
        steps.push((
            "mint.key",
            Box::new(move || {
                black_box(keys.next());
            }),
        ));
        let mut mint = self.mint();
        steps.push((
            "mint.attestation",
            Box::new(move || {
                black_box(mint.attest(black_box(&self.device), &CLIENT_DATA_HASH, self.now));
            }),
        ));
        let mut mint = self.mint();
        steps.push((
            "mint.assertion",
            Box::new(move || {
                black_box(mint.assertion(black_box(&self.device), &CLIENT_DATA_HASH));
            }),
        ));
        steps.push((
            "mint.attestation.ordinary",
            Box::new(|| {
                black_box(self.device.attest(&self.authority, &CLIENT_DATA_HASH, self.now));
            }),
        ));
        steps
    }
}

impl Subject {
    /// The yardsticks: what aws-lc-rs takes to check one signature. To sign is none, since keys and nonces
    /// are drawn from the processor's jitter, which takes another number of instructions each time.
    fn bare_steps<'s>(&'s self, steps: &mut Vec<Step<'s>>) {
        let object = AttestationObject::decode(&self.attestation).expect("the device is honest");
        let read = |der| Certificate::decode(der).expect("the device is honest");
        let (leaf, issuer) = (read(object.certificates[0]), read(object.certificates[1]));
        let key = UnparsedPublicKey::new(&ECDSA_P384_SHA256_ASN1, issuer.point.to_vec());
        let (message, signature) = (leaf.tbs.to_vec(), leaf.signature.to_vec());
        steps.push((
            "bare.p384.verify",
            Box::new(move || key.verify(black_box(&message), &signature).expect("it is valid")),
        ));
        let assertion = Assertion::decode(&self.assertion).expect("the device is honest");
        let message = nonce(assertion.authenticator_data, &CLIENT_DATA_HASH);
        let signature = assertion.signature.to_vec();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, self.device.public_key());
        steps.push((
            "bare.p256.verify",
            Box::new(move || key.verify(black_box(&message), &signature).expect("it is valid")),
        ));
    }
}

impl Default for Subject {
    fn default() -> Self {
        Self::new()
    }
}
