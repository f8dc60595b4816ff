//! The reference verifier accepts what is honest, finds nothing unusual in it, and finds in an
//! edited object the one rule that the edit breaks.

use crate::honest::{ENVIRONMENTS, app_id, now};
use jiff::{SignedDuration, Timestamp};
use protocol::{
    flaw::Flaws,
    terms::{AppId, Environment, oid, sha256},
    verify::{
        AllowedCategories, AllowedVersions, AssertionRequest, AttestationRequest, Finding, Outcome,
        Policy, ReceiptRequest, Rule, TrustAnchor, examine_assertion, examine_attestation,
        examine_receipt, verify_attestation,
    },
    wire::{Assertion, AttestationObject},
};
use simulator::{
    AssertionModel, AttestationModel, Authority, Derived, Device, Generation, Seed,
    authenticator_data::{cose_key, extension, validation_category},
    certificate::{Extension, PublicKeyModel, Time},
    encode::cbor::Item,
    key::Key,
    receipt::{ReceiptModel, field},
};

/// A server that knows one device.
struct Server {
    authority: Authority,
    device: Device,
    hash: [u8; 32],
    policy: Policy,
}

impl Server {
    fn new(generation: Generation, environment: Environment) -> Self {
        let seed = Seed::from_text("reference");
        let device = Device::new(&seed, generation, app_id(), environment);
        let mut policy = Policy::new(app_id(), environment);
        policy.categories = AllowedCategories::Listed {
            categories: device.validation_category.into_iter().collect(),
            absent_allowed: !generation.has_extensions(),
        };
        policy.bundle_versions = AllowedVersions::Listed {
            versions: device.bundle_version.iter().cloned().collect(),
            absent_allowed: device.bundle_version.is_none(),
        };
        Self {
            authority: Authority::new(&seed, now()),
            device,
            hash: sha256(&[b"challenge"]),
            policy,
        }
    }

    fn attestation(&self) -> AttestationModel {
        self.device.attestation_model(&self.authority, &self.hash, now())
    }

    fn broken_by_attestation(&self, object: &[u8]) -> Vec<Rule> {
        let anchor = TrustAnchor::from_pem(&self.authority.root_pem()).unwrap();
        broken(&examine_attestation(&self.request(object), &anchor, &self.policy, now()))
    }

    fn request<'a>(&'a self, object: &'a [u8]) -> AttestationRequest<'a> {
        AttestationRequest { object, key_id: self.device.key_id(), client_data_hash: &self.hash }
    }

    fn broken_by_assertion(&self, assertion: &[u8], stored_counter: u32) -> Vec<Rule> {
        let public_key = self.device.public_key();
        let request = AssertionRequest {
            assertion,
            client_data_hash: &self.hash,
            public_key: &public_key,
            stored_counter,
        };
        broken(&examine_assertion(&request, &self.policy))
    }

    fn broken_by_receipt(&self, receipt: &[u8], at: Timestamp) -> Vec<Rule> {
        let anchor = TrustAnchor::from_pem(&self.authority.receipt_root_pem()).unwrap();
        let public_key = self.device.public_key();
        let request = ReceiptRequest {
            receipt,
            public_key: Some(&public_key),
            client_data_hash: Some(&self.hash),
        };
        broken(&examine_receipt(&request, &anchor, &self.policy, at))
    }

    #[track_caller]
    fn check(&self, edit: impl FnOnce(&mut AttestationModel), expected: &[Rule]) {
        let mut model = self.attestation();
        edit(&mut model);
        assert_eq!(self.broken_by_attestation(&model.seal()), expected);
    }

    #[track_caller]
    fn check_assertion(&self, edit: impl FnOnce(&mut AssertionModel), expected: &[Rule]) {
        let mut model = self.device.assertion_model(&self.hash);
        edit(&mut model);
        assert_eq!(self.broken_by_assertion(&model.seal(), 0), expected);
    }

    #[track_caller]
    fn check_receipt(&self, edit: impl FnOnce(&mut ReceiptModel), expected: &[Rule]) {
        let mut model = self.attestation();
        edit(&mut model.receipt);
        assert_eq!(self.broken_by_receipt(&model.seal_parts().receipt, now()), expected);
    }
}

fn broken(findings: &[Finding]) -> Vec<Rule> {
    let broken = |finding: &&Finding| matches!(finding.outcome, Outcome::Broken(_));
    findings.iter().filter(broken).map(|finding| finding.rule).collect()
}

fn stranger() -> Key {
    Key::p256(&Seed::from_text("stranger"))
}

#[test]
fn honest_objects_break_no_rule_and_deviate_nowhere() {
    for generation in Generation::ALL {
        for environment in ENVIRONMENTS {
            let mut server = Server::new(generation, environment);
            let sealed = server.attestation().seal_parts();
            let decoded = AttestationObject::decode(&sealed.object).unwrap();
            assert_eq!(decoded.deviations, [], "{generation}");
            assert_eq!(server.broken_by_attestation(&sealed.object), [], "{generation}");
            assert_eq!(server.broken_by_receipt(&sealed.receipt, now()), [], "{generation}");
            let anchor = TrustAnchor::from_der(server.authority.root_der()).unwrap();
            let request = server.request(&sealed.object);
            let verified =
                verify_attestation(&request, &anchor, &server.policy, now(), &Flaws::NONE).unwrap();
            assert_eq!(verified.public_key, Some(server.device.public_key()));
            assert_eq!(verified.receipt, Some(sealed.receipt));
            assert_eq!(verified.bundle_version, server.device.bundle_version);
            assert_eq!(verified.validation_category, server.device.validation_category);
            for stored in 0..3 {
                let hash = server.hash;
                let assertion = server.device.assert(&hash);
                assert_eq!(Assertion::decode(&assertion).unwrap().deviations, []);
                assert_eq!(server.broken_by_assertion(&assertion, stored), [], "{generation}");
            }
        }
    }
}

#[test]
fn apple_does_not_vouch_for_it() {
    let server = Server::new(Generation::Ios27, Environment::Production);
    let object = server.attestation().seal();
    let anchor = TrustAnchor::apple_app_attestation();
    let found = examine_attestation(&server.request(&object), &anchor, &server.policy, now());
    assert!(broken(&found).contains(&Rule::ChainTrustAnchor));
}

#[test]
fn an_edited_attestation_breaks_the_rule_it_is_about() {
    let server = Server::new(Generation::Ios27, Environment::Production);
    let other = || Key::p384(&Seed::from_text("other authority"));
    let point = stranger().point();
    server.check(|model| model.authenticator_data.counter = 1, &[Rule::CounterZero]);
    server.check(|model| model.authenticator_data.rp_id_hash[0] ^= 1, &[Rule::AttestationRpId]);
    server.check(|model| model.nonce = Derived::Fixed(vec![0; 32]), &[Rule::Nonce]);
    server.check(|model| model.container.format = "none".into(), &[Rule::AttestationFormat]);
    server.check(|model| model.container.tail.trailing = vec![0], &[Rule::AttestationSyntax]);
    server.check(
        |model| model.authenticator_data.trailing = vec![0xff],
        &[Rule::AuthenticatorDataSyntax],
    );
    server.check(
        |model| {
            let credential = model.authenticator_data.attested_credential.as_mut().unwrap();
            credential.credential_id[0] ^= 1;
        },
        &[Rule::CredentialId],
    );
    server.check(
        |model| {
            let credential = model.authenticator_data.attested_credential.as_mut().unwrap();
            credential.aaguid = Environment::Development.aaguid().to_vec();
        },
        &[Rule::Aaguid],
    );
    server.check(
        |model| {
            let credential = model.authenticator_data.attested_credential.as_mut().unwrap();
            credential.cose_key = cose_key(&point[1..33], &point[33..]);
        },
        &[Rule::CoseKey],
    );
    server.check(
        |model| {
            let data = &mut model.authenticator_data;
            data.set_extension(extension::VALIDATION_CATEGORY, &validation_category(3));
        },
        &[Rule::AttestationValidationCategory],
    );
    server.check(
        |model| {
            model.authenticator_data.set_extension(extension::BUNDLE_VERSION, &Item::text("2"));
        },
        &[Rule::AttestationBundleVersion],
    );
    server.check(
        |model| model.leaf.not_after = Time::Utc(now() - SignedDuration::from_secs(5)),
        &[Rule::ChainValidity],
    );
    server.check(|model| model.leaf.signature.flip = Some((60, 1)), &[Rule::ChainSignatures]);
    server.check(|model| model.chain[0].signature.key = other(), &[Rule::ChainTrustAnchor]);
    server.check(|model| model.leaf.issuer.set("2.5.4.3", "Somebody Else"), &[Rule::ChainNames]);
    server.check(
        |model| {
            let extension = Extension::critical("1.2.3.4", vec![5, 0]);
            model.leaf.extensions.get_or_insert_default().push(extension);
        },
        &[Rule::ChainCriticalExtensions],
    );
    server.check(
        |model| model.chain[0].remove_extension(oid::BASIC_CONSTRAINTS),
        &[Rule::ChainAuthority],
    );
    server.check(
        |model| {
            // A certificate below an intermediate that allows none below it.
            let mut below = model.chain[0].clone();
            below.issuer = model.chain[0].subject.clone();
            below.signature.key = server.authority.intermediate_key().clone();
            below.subject.set("2.5.4.3", "Below CA 1");
            below.public_key = PublicKeyModel::of(&other());
            model.leaf.issuer = below.subject.clone();
            model.leaf.signature.key = other();
            model.chain.insert(0, below);
        },
        &[Rule::ChainPathLength],
    );
}

#[test]
fn a_macos_key_without_its_access_control_breaks_that_rule() {
    let server = Server::new(Generation::Macos27, Environment::Production);
    server.check(|_| {}, &[]);
    server
        .check(|model| model.leaf.remove_extension(oid::ACCESS_CONTROL), &[Rule::KeyAccessControl]);
}

#[test]
fn an_edited_assertion_breaks_the_rule_it_is_about() {
    let server = Server::new(Generation::Ios27, Environment::Production);
    server.check_assertion(|model| model.authenticator_data.counter = 0, &[Rule::CounterIncreases]);
    server.check_assertion(|model| model.signature.key = stranger(), &[Rule::AssertionSignature]);
    server.check_assertion(
        |model| {
            let other = AppId::parse("ABCDE12345.com.example.other").unwrap();
            model.authenticator_data.rp_id_hash = other.rp_id_hash().to_vec();
        },
        &[Rule::AssertionRpId],
    );
    server.check_assertion(|model| model.tail.trailing = vec![0], &[Rule::AssertionSyntax]);
    server.check_assertion(
        |model| {
            let data = &mut model.authenticator_data;
            data.set_extension(extension::VALIDATION_CATEGORY, &validation_category(3));
        },
        &[Rule::AssertionValidationCategory],
    );
    for length in [72, 71, 70, 69, 68, 67] {
        server.check_assertion(|model| model.signature.wish.der_length = Some(length), &[]);
    }
}

#[test]
fn an_edited_receipt_breaks_the_rule_it_is_about() {
    let server = Server::new(Generation::Ios27, Environment::Production);
    server.check_receipt(
        |receipt| receipt.signers[0].signature.key = stranger(),
        &[Rule::ReceiptSignature],
    );
    server.check_receipt(
        |receipt| receipt.certificates[0].signature.key = stranger(),
        &[Rule::ReceiptChain],
    );
    server.check_receipt(
        |receipt| receipt.set_field(field::APP_ID, b"ABCDE12345.com.example.other"),
        &[Rule::ReceiptAppId],
    );
    server.check_receipt(
        |receipt| receipt.set_field(field::CREATION_TIME, b"2026-11-24T00:30:00Z"),
        &[Rule::ReceiptFreshness],
    );
    server.check_receipt(
        |receipt| receipt.set_field(field::CLIENT_HASH, &[0; 32]),
        &[Rule::ReceiptClientHash],
    );
    let foreign = Server::new(Generation::Ios26, Environment::Production);
    let stranger = Device::new(
        &Seed::from_text("stranger"),
        Generation::Ios27,
        app_id(),
        Environment::Production,
    );
    let leaf = stranger.attestation_model(&foreign.authority, &[0; 32], now()).seal_parts().leaf;
    server.check_receipt(
        |receipt| receipt.set_field(field::CERTIFICATE, &leaf),
        &[Rule::ReceiptPublicKey],
    );
}
