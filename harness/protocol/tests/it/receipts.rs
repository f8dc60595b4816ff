//! Genuine receipts in other clothes, and with one lie each.

use crate::forge::{broken, element};
use crate::guide::Sample;
use jiff::{SignedDuration, Timestamp};
use protocol::terms::AppId;
use protocol::verify::{Finding, ReceiptRequest, Rule, RuleSet, TrustAnchor, examine_receipt};
use protocol::wire::{AttestationObject, Certificate, Receipt};

/// The receipt of a published sample and everything it is checked against.
struct Arrival {
    sample: Sample,
    receipt: Vec<u8>,
    public_key: Vec<u8>,
    client_data_hash: Vec<u8>,
    anchor: TrustAnchor,
    now: Timestamp,
}

impl Arrival {
    fn new() -> Self {
        let [_, sample] = Sample::all();
        let object = AttestationObject::decode(&sample.object).unwrap();
        Self {
            receipt: object.receipt.unwrap().to_vec(),
            public_key: Certificate::decode(object.certificates[0]).unwrap().point.to_vec(),
            client_data_hash: sample.client_data_hash.clone(),
            anchor: TrustAnchor::apple_root_g3(),
            now: sample.now,
            sample,
        }
    }

    fn examine(&self) -> Vec<Finding> {
        let request = ReceiptRequest {
            receipt: &self.receipt,
            public_key: Some(&self.public_key),
            client_data_hash: Some(&self.client_data_hash),
        };
        examine_receipt(&request, &self.anchor, &self.sample.policy, self.now)
    }

    fn check(&self, lie: &str, rules: &[Rule]) {
        let findings = self.examine();
        assert_eq!(
            broken(&findings),
            rules.iter().copied().collect::<RuleSet>(),
            "{lie}: {findings:#?}"
        );
    }

    /// The container anew with definite lengths, and whatever `dress` makes of the parts.
    fn dressed(mut self, dress: impl FnOnce(&mut Parts)) -> Self {
        let read = Receipt::decode(&self.receipt).unwrap();
        let [signer] = &read.signers[..] else { panic!("one signer") };
        let mut parts = Parts {
            content: element(0x04, &read.content),
            certificates: read.certificates.iter().map(|der| der.to_vec()).collect(),
            attributes: vec![],
            signature: signer.signature.to_vec(),
            signers: 1,
        };
        dress(&mut parts);
        let sha256 = element(0x30, b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00");
        let name = element(0x30, &[signer.issuer, &element(0x02, signer.serial)].concat());
        let signer = element(
            0x30,
            &[
                b"\x02\x01\x01",
                &name[..],
                &sha256,
                &parts.attributes,
                b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02",
                &element(0x04, &parts.signature),
            ]
            .concat(),
        );
        let info =
            [b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01", &element(0xa0, &parts.content)[..]];
        let container = [
            b"\x02\x01\x01",
            &element(0x31, &sha256)[..],
            &element(0x30, &info.concat()),
            &element(0xa0, &parts.certificates.concat()),
            &element(0x31, &signer.repeat(parts.signers)),
        ];
        let container = element(0xa0, &element(0x30, &container.concat()));
        self.receipt = element(
            0x30,
            &[b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", &container[..]].concat(),
        );
        self
    }
}

struct Parts {
    content: Vec<u8>,
    certificates: Vec<Vec<u8>>,
    attributes: Vec<u8>,
    signature: Vec<u8>,
    signers: usize,
}

#[test]
fn a_genuine_receipt_is_accepted_in_every_legal_dress() {
    Arrival::new().check("as it is", &[]);
    Arrival::new().dressed(|_| ()).check("definite lengths, one segment", &[]);
    let segmented = Arrival::new().dressed(|parts| {
        let content = parts.content[4..].chunks(100).flat_map(|part| element(0x04, part));
        parts.content = element(0x24, &content.collect::<Vec<_>>());
    });
    assert_eq!(Receipt::decode(&segmented.receipt).unwrap().segments[0], 100);
    segmented.check("definite lengths, many segments", &[]);
    let attributes = Arrival::new().dressed(|parts| parts.attributes = element(0xa0, b"\x30\x00"));
    attributes.check("signed attributes, signed over the content", &[]);
    Arrival::new()
        .dressed(|parts| parts.certificates.reverse())
        .check("certificates reversed", &[]);
    let without_root = Arrival::new().dressed(|parts| parts.certificates.truncate(2));
    without_root.check("without the root", &[]);
}

#[test]
fn a_lie_breaks_its_rule_alone() {
    let honest = Arrival::new();
    let mut lie = Arrival::new();
    lie.sample.policy.app_id = AppId::parse("1234567890.com.example.other").unwrap();
    lie.check("another app", &[Rule::ReceiptAppId]);
    let anchor = TrustAnchor::apple_app_attestation();
    Arrival { anchor, ..Arrival::new() }.check("the attestation's root", &[Rule::ReceiptChain]);
    let mut public_key = honest.public_key.clone();
    public_key[64] ^= 1;
    Arrival { public_key, ..Arrival::new() }.check("another key", &[Rule::ReceiptPublicKey]);
    let client_data_hash = vec![0; 32];
    Arrival { client_data_hash, ..Arrival::new() }
        .check("another hash", &[Rule::ReceiptClientHash]);
    for (seconds, rules) in
        [(300, &[][..]), (301, &[Rule::ReceiptFreshness]), (-301, &[Rule::ReceiptFreshness])]
    {
        let now = honest.now + SignedDuration::from_secs(seconds);
        Arrival { now, ..Arrival::new() }.check("age", rules);
    }
}

#[test]
fn signatures_and_certificates_have_a_rule_each() {
    let flipped = Arrival::new().dressed(|parts| *parts.signature.last_mut().unwrap() ^= 1);
    flipped.check("the signature", &[Rule::ReceiptSignature]);
    for index in 0..2 {
        let flipped =
            Arrival::new().dressed(|parts| *parts.certificates[index].last_mut().unwrap() ^= 1);
        flipped.check("a certificate's signature", &[Rule::ReceiptChain]);
    }
    let missing = Arrival::new().dressed(|parts| {
        parts.certificates.remove(1);
    });
    missing.check("no intermediate", &[Rule::ReceiptChain]);
    Arrival::new()
        .dressed(|parts| parts.certificates.clear())
        .check("no certificates", &[Rule::ReceiptSignature]);
    Arrival::new().dressed(|parts| parts.signers = 0).check("no signer", &[Rule::ReceiptSignature]);
    Arrival::new()
        .dressed(|parts| parts.signers = 2)
        .check("two signers", &[Rule::ReceiptSignature]);
    let mut trailing = Arrival::new();
    trailing.receipt.push(0);
    trailing.check("a trailing byte", &[Rule::ReceiptSyntax]);
}

#[test]
fn a_field_that_occurs_twice_is_refused_where_it_does() {
    let twice = Arrival::new().dressed(|parts| {
        let field = element(0x30, b"\x02\x01\x06\x02\x01\x01\x04\x01A");
        parts.content = element(0x04, &element(0x31, &field.repeat(2)));
    });
    let malformed = Receipt::decode(&twice.receipt).unwrap_err();
    assert_eq!(malformed.what, "field 6 occurs twice");
    // The offset is into the whole receipt: the second of two equal fields.
    assert_eq!(twice.receipt[malformed.at..][..5], *b"\x30\x09\x02\x01\x06");
    assert_eq!(twice.receipt[malformed.at - 11..][..5], *b"\x30\x09\x02\x01\x06");
}

#[test]
fn fields_are_read_by_number() {
    let arrival = Arrival::new();
    let read = Receipt::decode(&arrival.receipt).unwrap();
    let numbers: Vec<u64> = read.fields.iter().map(|field| field.number).collect();
    assert_eq!(numbers, [2, 3, 4, 5, 6, 7, 12, 21]);
    assert_eq!(read.segments, [1000, 349]);
    assert_eq!((read.kind(), read.environment()), (Some("ATTEST"), Some("production")));
    assert_eq!(read.token().map(str::len), Some(88));
    assert_eq!((read.risk_metric(), read.not_before()), (None, None));
    let lifetime = read.expiration().unwrap().duration_since(read.creation_time().unwrap());
    assert_eq!(lifetime, SignedDuration::from_hours(90 * 24));
}
