//! Genuine certificates under keys of our own, with one thing changed in them at a time.
//!
//! The signed parts stay Apple's bytes except for the keys, so whatever is honest in a genuine
//! object is honest here, under a trust anchor that only these tests know.

use crate::guide::Sample;
use p384::ecdsa::signature::hazmat::PrehashSigner;
use p384::ecdsa::{Signature, SigningKey};
use protocol::terms::nonce;
use protocol::verify::{
    AttestationRequest, Finding, Outcome, RuleSet, TrustAnchor, examine_attestation,
};
use protocol::wire::{AttestationObject, Certificate};
use sha2::{Digest, Sha256, Sha384};
use std::ops::Range;

/// A genuine attestation taken apart, its certificates not yet signed again.
pub(crate) struct Forgery {
    pub(crate) sample: Sample,
    /// Signed parts: leaf, intermediates.
    pub(crate) chain: Vec<Vec<u8>>,
    pub(crate) root: Vec<u8>,
    pub(crate) authenticator_data: Vec<u8>,
    /// Changed before signing, with its nonce in the leaf if it is to be honest.
    pub(crate) format: &'static str,
}

pub(crate) fn key(number: u8) -> SigningKey {
    SigningKey::from_slice(&[number; 48]).unwrap()
}

impl Forgery {
    pub(crate) fn new() -> Self {
        let [_, sample] = Sample::all();
        let object = AttestationObject::decode(&sample.object).unwrap();
        let leaf = Certificate::decode(object.certificates[0]).unwrap();
        let intermediate = Certificate::decode(object.certificates[1]).unwrap();
        let anchor = TrustAnchor::apple_app_attestation();
        let root = Certificate::decode(anchor.der()).unwrap();
        let keyed = |certificate: &Certificate<'_>, number| {
            replaced(certificate.tbs, certificate.point, &point(number))
        };
        Self {
            chain: vec![leaf.tbs.to_vec(), keyed(&intermediate, 2)],
            root: keyed(&root, 1),
            authenticator_data: object.authenticator_data.to_vec(),
            format: "apple-appattest",
            sample,
        }
    }

    /// Changes bytes of one certificate's signed part, of whatever length.
    pub(crate) fn edit(mut self, index: usize, from: &[u8], to: &[u8]) -> Self {
        self.chain[index] = replaced(&self.chain[index], from, to);
        self
    }

    /// Changes one byte of the authenticator data and certifies the result.
    pub(crate) fn edit_data(mut self, at: usize, value: u8) -> Self {
        self.authenticator_data[at] = value;
        self.renonce()
    }

    /// Puts the nonce of the present authenticator data into the leaf.
    pub(crate) fn renonce(mut self) -> Self {
        let hash = &self.sample.client_data_hash;
        let genuine = AttestationObject::decode(&self.sample.object).unwrap().authenticator_data;
        let (from, to) = (nonce(genuine, hash), nonce(&self.authenticator_data, hash));
        self.chain[0] = replaced(&self.chain[0], &from, &to);
        self
    }

    pub(crate) fn anchor(&self) -> TrustAnchor {
        TrustAnchor::from_der(&certificate::<Sha384>(&self.root, 1)).unwrap()
    }

    /// The chain, each signed by the next one's key: 2 signs the leaf, 3 the intermediate if there are two, 1 the last.
    pub(crate) fn certificates(&self) -> Vec<Vec<u8>> {
        let last = self.chain.len() - 1;
        let signed = self.chain.iter().enumerate().map(|(index, tbs)| match index {
            0 => certificate::<Sha256>(tbs, 2),
            _ if index == last => certificate::<Sha384>(tbs, 1),
            _ => certificate::<Sha384>(tbs, 3),
        });
        signed.collect()
    }

    pub(crate) fn object(&self, certificates: &[Vec<u8>]) -> Vec<u8> {
        let mut object = vec![0xa3];
        object.extend(text("fmt"));
        object.extend(text(self.format));
        object.extend(text("attStmt"));
        object.push(0xa1);
        object.extend(text("x5c"));
        object.push(0x80 | certificates.len() as u8);
        for certificate in certificates {
            object.extend(bytes(certificate));
        }
        object.extend(text("authData"));
        object.extend(bytes(&self.authenticator_data));
        object
    }

    pub(crate) fn examine(&self) -> Vec<Finding> {
        self.examine_object(&self.object(&self.certificates()), &self.anchor())
    }

    pub(crate) fn examine_object(&self, object: &[u8], anchor: &TrustAnchor) -> Vec<Finding> {
        let request = AttestationRequest { object, ..self.sample.request() };
        examine_attestation(&request, anchor, &self.sample.policy, self.sample.now)
    }
}

pub(crate) fn broken(findings: &[Finding]) -> RuleSet {
    let broken = findings.iter().filter(|finding| matches!(finding.outcome, Outcome::Broken(_)));
    broken.map(|finding| finding.rule).collect()
}

/// The uncompressed point of a key.
pub(crate) fn point(number: u8) -> Vec<u8> {
    key(number).verifying_key().to_sec1_point(false).as_bytes().to_vec()
}

/// A certificate of a signed part; the algorithm outside is the one that is used.
pub(crate) fn certificate<D: Hash>(tbs: &[u8], signer: u8) -> Vec<u8> {
    let signature: Signature = key(signer).sign_prehash(&D::digest_of(tbs)).unwrap();
    let bits = [&[0], signature.to_der().as_bytes()].concat();
    element(0x30, &[tbs, D::ALGORITHM, &element(0x03, &bits)].concat())
}

/// A hash and the DER of its signature algorithm.
pub(crate) trait Hash {
    const ALGORITHM: &[u8];
    fn digest_of(bytes: &[u8]) -> Vec<u8>;
}

impl Hash for Sha256 {
    const ALGORITHM: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
    fn digest_of(bytes: &[u8]) -> Vec<u8> {
        Self::digest(bytes).to_vec()
    }
}

impl Hash for Sha384 {
    const ALGORITHM: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03";
    fn digest_of(bytes: &[u8]) -> Vec<u8> {
        Self::digest(bytes).to_vec()
    }
}

/// Replaces the only occurrence of `from`, and corrects the length of every element around it.
pub(crate) fn replaced(der: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut places = der.windows(from.len()).enumerate().filter(|(_, window)| *window == from);
    let (at, _) = places.next().expect("what is to be replaced is there");
    assert!(places.next().is_none(), "what is to be replaced is there once");
    spliced(der, at..at + from.len(), to)
}

/// Elements with a range of bytes replaced that lies inside one of them, or covers some of them.
fn spliced(elements: &[u8], range: Range<usize>, to: &[u8]) -> Vec<u8> {
    let mut start = 0;
    while start < range.start {
        let (tag, length) = (elements[start], &elements[start + 1..]);
        let (header, length) = match length[0] {
            short @ 0..=0x7f => (2, usize::from(short)),
            0x81 => (3, usize::from(length[1])),
            _ => (4, usize::from(length[1]) << 8 | usize::from(length[2])),
        };
        let content = start + header..start + header + length;
        if content.start <= range.start && range.end <= content.end {
            let inner = range.start - content.start..range.end - content.start;
            let bytes = &elements[content.clone()];
            let bytes = if tag & 0x20 == 0 {
                [&bytes[..inner.start], to, &bytes[inner.end..]].concat()
            } else {
                spliced(bytes, inner, to)
            };
            return [&elements[..start], &element(tag, &bytes), &elements[content.end..]].concat();
        }
        start = content.end;
    }
    [&elements[..range.start], to, &elements[range.end..]].concat()
}

pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let header: &[u8] = match length {
        0..=0x7f => &[tag, length as u8],
        0x80..=0xff => &[tag, 0x81, length as u8],
        0x100.. => &[tag, 0x82, (length >> 8) as u8, length as u8],
    };
    [header, content].concat()
}

fn text(text: &str) -> Vec<u8> {
    [&[0x60 | text.len() as u8], text.as_bytes()].concat()
}

fn bytes(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap();
    [&[0x59], &length.to_be_bytes()[..], bytes].concat()
}
