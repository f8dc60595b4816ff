//! An edit breaks what it says and nothing else: whatever depends on it follows.

use crate::{
    facts::{Known, broken_in_assertion, broken_in_attestation},
    honest::{app_id, now},
};
use protocol::terms::{Environment, sha256};
use simulator::{
    AssertionModel, AttestationModel, Authority, Derived, Device, Generation, Seed,
    attestation::{ChainElement, ObjectPart},
    authenticator_data::cose_key,
    certificate::{Algorithm, Critical, Extension},
    container::{Entry, Value},
    encode::cbor::{Form, Item, Width},
    encode::der::Length,
    key::{Half, Key, Wish},
    receipt::{FieldValue, Lengths, Segments, field},
    signature::Digest,
};

struct Scene {
    authority: Authority,
    device: Device,
    hash: [u8; 32],
}

impl Scene {
    fn new() -> Self {
        let seed = Seed::from_text("edits");
        let environment = Environment::Production;
        Self {
            authority: Authority::new(&seed, now()),
            device: Device::new(&seed, Generation::Ios27, app_id(), environment),
            hash: sha256(&[b"challenge"]),
        }
    }

    fn attestation(&self) -> AttestationModel {
        self.device.attestation_model(&self.authority, &self.hash, now())
    }

    fn assertion(&self) -> AssertionModel {
        self.device.assertion_model(&self.hash)
    }

    #[track_caller]
    fn check(&self, edit: impl FnOnce(&mut AttestationModel), expected: &[&str]) {
        let mut model = self.attestation();
        edit(&mut model);
        let app_id = app_id();
        let known = Known {
            authority: &self.authority,
            app_id: &app_id,
            environment: self.device.environment(),
            key_id: self.device.key_id(),
            client_data_hash: &self.hash,
        };
        assert_eq!(broken_in_attestation(&model.seal(), &known), expected);
    }

    #[track_caller]
    fn check_assertion(&self, edit: impl FnOnce(&mut AssertionModel), expected: &[&str]) {
        let mut model = self.assertion();
        edit(&mut model);
        let broken =
            broken_in_assertion(&model.seal(), &app_id(), &self.device.public_key(), &self.hash, 1);
        assert_eq!(broken, expected);
    }
}

fn stranger() -> Key {
    Key::p256(&Seed::from_text("stranger"))
}

fn credential(
    model: &mut AttestationModel,
) -> &mut simulator::authenticator_data::AttestedCredentialModel {
    model.authenticator_data.attested_credential.as_mut().unwrap()
}

#[test]
fn authenticator_data_breaks_alone() {
    let scene = Scene::new();
    scene.check(|_| {}, &[]);
    scene.check(|model| model.authenticator_data.counter = 1, &["counter"]);
    scene.check(|model| model.authenticator_data.flags = 0x40, &[]);
    scene.check(|model| model.authenticator_data.rp_id_hash = vec![7; 32], &["RP ID"]);
    scene.check(|model| credential(model).aaguid = vec![0; 16], &["AAGUID"]);
    scene.check(|model| credential(model).credential_id = vec![0; 32], &["credential id"]);
    scene.check(|model| credential(model).credential_id_length = Derived::Fixed(0x8020), &[]);
    scene.check(|model| credential(model).cose_key.swap(0, 1), &[]);
    let other = stranger().point();
    scene.check(
        |model| credential(model).cose_key = cose_key(&other[1..33], &other[33..]),
        &["COSE key"],
    );
    scene.check(|model| model.authenticator_data.extensions = None, &[]);
    scene.check(|model| model.authenticator_data.trailing = vec![0; 3], &[]);
}

#[test]
fn the_nonce_breaks_alone() {
    let scene = Scene::new();
    scene.check(|model| model.client_data_hash = vec![9; 32], &["nonce"]);
    scene.check(|model| model.nonce = Derived::Fixed(vec![9; 32]), &["nonce"]);
    scene.check(|model| model.leaf.remove_extension(protocol::terms::oid::NONCE), &["nonce"]);
    scene.check(
        |model| {
            let mut altered = model.authenticator_data.clone();
            altered.flags ^= 1;
            let altered = Item::Bytes(altered.seal());
            model.container.object.replace(&ObjectPart::AuthenticatorData, &altered);
        },
        &["nonce"],
    );
}

#[test]
fn certificates_break_alone() {
    let scene = Scene::new();
    let other = || Key::p384(&Seed::from_text("other authority"));
    scene.check(|model| model.leaf.signature.key = other(), &["leaf signed"]);
    scene.check(|model| model.leaf.signature.flip = Some((60, 1)), &["leaf signed"]);
    scene.check(|model| model.chain[0].signature.flip = Some((60, 1)), &["intermediate signed"]);
    scene.check(|model| model.chain[0].signature.key = other(), &["intermediate signed"]);
    scene.check(|model| model.leaf.certify(&stranger()), &["key id", "COSE key"]);
    scene.check(
        |model| model.leaf.issuer.set("2.5.4.3", "Somebody Else"),
        &["leaf names its issuer"],
    );
    scene.check(|model| model.leaf.not_after = model.leaf.not_before.clone(), &[]);
    scene.check(|model| model.leaf.signature_algorithm = Algorithm::ecdsa_with_sha384(), &[]);
    scene.check(
        |model| {
            let outer = Algorithm::ecdsa_with_sha384();
            model.leaf.outer_signature_algorithm = Derived::Fixed(outer);
        },
        &["leaf signed"],
    );
    scene.check(
        |model| {
            let extension = Extension::critical("1.2.3.4", vec![5, 0]);
            model.leaf.extensions.get_or_insert_default().push(extension);
        },
        &[],
    );
    scene.check(
        |model| {
            for extension in model.leaf.extensions_of(protocol::terms::oid::NONCE) {
                extension.critical = Critical::True;
            }
        },
        &[],
    );
    scene.check(|model| model.leaf.length = Length::Long(3), &[]);
    scene.check(
        |model| {
            model.chain[0].certify(&other());
            model.leaf.signature.key = other();
        },
        &[],
    );
}

#[test]
fn receipts_break_alone() {
    let scene = Scene::new();
    let app = b"ABCDE12345.com.example.other";
    scene.check(|model| model.receipt.set_field(field::APP_ID, app), &["receipt App ID"]);
    scene.check(|model| model.receipt.remove_field(field::KIND), &["receipt kind"]);
    scene.check(
        |model| model.receipt.fields[1].value = FieldValue::Bytes(vec![1]),
        &["receipt certificate"],
    );
    scene.check(|model| model.receipt.signers[0].signature.key = stranger(), &["receipt signed"]);
    scene.check(
        |model| model.receipt.certificates[0].signature.key = stranger(),
        &["receipt signer signed"],
    );
    scene.check(
        |model| {
            let mut altered = model.receipt.clone();
            altered.set_field(field::ENVIRONMENT, b"sandbox");
            let leaf = model.seal_parts().leaf;
            model.receipt.carried_content = Derived::Fixed(altered.content(&leaf));
        },
        &["receipt signed", "receipt environment"],
    );
    scene.check(|model| model.receipt.lengths = Lengths::Definite, &[]);
    scene.check(|model| model.receipt.segments = Segments::Whole, &[]);
    scene.check(|model| model.receipt.segments = Segments::Of(1), &[]);
    scene.check(|model| model.receipt.fields.reverse(), &[]);
}

#[test]
fn containers_bend_and_hold_the_same_parts() {
    let scene = Scene::new();
    scene.check(|model| model.container.object.entries.reverse(), &[]);
    scene.check(|model| model.container.object.form = Form::Wide(Width::Eight), &[]);
    scene.check(|model| model.container.object.entries[2].form = Form::Wide(Width::Four), &[]);
    scene.check(
        |model| {
            let extra = Entry::new("extra", Value::Item(Item::Unsigned(1)));
            model.container.object.entries.insert(0, extra);
        },
        &[],
    );
    scene.check(
        |model| {
            let root = Item::Bytes(scene.authority.root_der().to_vec());
            model.container.certificates = Derived::Fixed(vec![
                ChainElement::Leaf(Form::Plain),
                ChainElement::Chain(0, Form::Wide(Width::Eight)),
                ChainElement::Item(root),
            ]);
        },
        &[],
    );
}

#[test]
fn tails_change_the_end_only() {
    let scene = Scene::new();
    let honest = scene.attestation().seal();
    let mut model = scene.attestation();
    model.container.tail.trailing = vec![0, 1];
    assert_eq!(model.seal(), [&honest[..], &[0, 1]].concat());
    model.container.tail.truncate = Some(100);
    assert_eq!(model.seal(), honest[..100]);
}

#[test]
fn assertions_break_alone() {
    let scene = Scene::new();
    scene.check_assertion(|_| {}, &[]);
    scene.check_assertion(|model| model.authenticator_data.counter = 0, &["counter"]);
    scene.check_assertion(|model| model.authenticator_data.rp_id_hash[0] ^= 1, &["RP ID"]);
    scene.check_assertion(|model| model.authenticator_data.flags = 0, &[]);
    scene.check_assertion(|model| model.signature.key = stranger(), &["signature"]);
    scene.check_assertion(|model| model.client_data_hash = vec![0; 32], &["signature"]);
    scene.check_assertion(
        |model| model.signature.digest = Derived::Fixed(Digest::Identity),
        &["signature"],
    );
    scene.check_assertion(
        |model| model.signature.message = Derived::Fixed(scene.hash.to_vec()),
        &["signature"],
    );
    scene.check_assertion(|model| model.signature.r = Derived::Fixed(vec![0]), &["signature"]);
    scene.check_assertion(|model| model.signature.s = Derived::Fixed(vec![0]), &["signature"]);
    scene.check_assertion(|model| model.signature.flip = Some((20, 0x80)), &["signature"]);
    scene
        .check_assertion(|model| model.signature.encoding = Derived::Fixed(vec![]), &["signature"]);
    let wishes = [
        Wish { high_s: Some(true), ..Wish::default() },
        Wish { high_s: Some(false), ..Wish::default() },
        Wish { leading_zeros: Some((Half::R, 1)), ..Wish::default() },
        Wish { leading_zeros: Some((Half::S, 1)), ..Wish::default() },
        Wish { der_length: Some(69), ..Wish::default() },
        Wish { der_length: Some(68), ..Wish::default() },
    ];
    for wish in wishes {
        scene.check_assertion(|model| model.signature.wish = wish, &[]);
    }
}
