//! Which signatures an assertion may carry: every length, either half of s.

use p256::elliptic_curve::PrimeField;
use p256::elliptic_curve::ops::Reduce;
use p256::elliptic_curve::point::{AffineCoordinates, DecompressPoint};
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::{AffinePoint, FieldBytes, ProjectivePoint, Scalar};
use protocol::flaw::Flaws;
use protocol::terms::{AppId, Environment, nonce, sha256};
use protocol::verify::{
    AssertionRequest, Policy, Rule, Unverified, VerifiedAssertion, verify_assertion,
};

const CLIENT_DATA_HASH: &[u8] = &[7; 32];

fn policy() -> Policy {
    Policy::new(AppId::parse("ABCDE12345.com.example.app").unwrap(), Environment::Production)
}

fn authenticator_data() -> Vec<u8> {
    [&policy().app_id.rp_id_hash()[..], &[0x40, 0, 0, 0, 1]].concat()
}

/// For any (R, s) there is a key under which (R.x, s) signs the message: Q = (s·R − e·G) / r.
fn key_for(nonce_point: AffinePoint, s: Scalar) -> Vec<u8> {
    let message = nonce(&authenticator_data(), CLIENT_DATA_HASH);
    let e = Scalar::reduce(&FieldBytes::from(sha256(&[&message])));
    let r = Scalar::reduce(&nonce_point.x());
    let key = (ProjectivePoint::from(nonce_point) * s - ProjectivePoint::GENERATOR * e)
        * r.invert().unwrap();
    key.to_affine().to_sec1_point(false).as_bytes().to_vec()
}

/// A DER INTEGER of a scalar.
fn integer(scalar: Scalar) -> Vec<u8> {
    let bytes = scalar.to_repr();
    let start = bytes.iter().position(|byte| *byte != 0).unwrap();
    let sign = if bytes[start] & 0x80 == 0 { &[][..] } else { &[0] };
    let content = [sign, &bytes[start..]].concat();
    [&[0x02, content.len() as u8], &content[..]].concat()
}

fn signature(nonce_point: AffinePoint, s: Scalar) -> Vec<u8> {
    let members = [integer(Scalar::reduce(&nonce_point.x())), integer(s)].concat();
    [&[0x30, members.len() as u8], &members[..]].concat()
}

fn verify(signature: &[u8], public_key: &[u8]) -> Result<VerifiedAssertion, Unverified> {
    let data = authenticator_data();
    let assertion = [
        &b"\xa2\x69signature\x58"[..],
        &[signature.len() as u8],
        signature,
        b"\x71authenticatorData\x58",
        &[data.len() as u8],
        &data,
    ]
    .concat();
    let request = AssertionRequest {
        assertion: &assertion,
        client_data_hash: CLIENT_DATA_HASH,
        public_key,
        stored_counter: 0,
    };
    verify_assertion(&request, &policy(), &Flaws::NONE)
}

/// A point whose x is as small as any on the curve, so that r takes one byte.
fn small() -> AffinePoint {
    let found = (1..100u8).find_map(|x| {
        let mut bytes = FieldBytes::default();
        bytes[31] = x;
        Option::from(AffinePoint::decompress(&bytes, 0.into()))
    });
    found.unwrap()
}

/// A point whose x takes 33 bytes as a DER INTEGER.
fn large() -> AffinePoint {
    let mut point = ProjectivePoint::GENERATOR;
    while point.to_affine().x()[0] & 0x80 == 0 {
        point += ProjectivePoint::GENERATOR;
    }
    point.to_affine()
}

#[test]
fn a_signature_is_accepted_in_every_der_length_from_8_to_72() {
    let mut lengths = std::collections::BTreeSet::new();
    for nonce_point in [small(), large()] {
        // Doubling s adds a byte at each eighth step, or before it a sign.
        let powers = std::iter::successors(Some(Scalar::ONE), |s| Some(s.double()));
        for (bit, s) in powers.take(256).enumerate() {
            let signature = signature(nonce_point, s);
            if lengths.insert(signature.len()) {
                verify(&signature, &key_for(nonce_point, s)).unwrap_or_else(|rejection| {
                    panic!("{} bytes, s = 2^{bit}: {rejection}", signature.len())
                });
            }
        }
    }
    assert_eq!(lengths, (8..=72).collect());
}

#[test]
fn s_may_lie_in_either_half() {
    let s = Scalar::from(12345u64);
    let key = key_for(large(), s);
    verify(&signature(large(), s), &key).unwrap();
    verify(&signature(large(), -s), &key).unwrap();
}

#[test]
fn what_is_no_strict_der_signature_is_refused() {
    let (point, s) = (large(), Scalar::from(0x1234u64));
    let key = key_for(point, s);
    let (r, short) = (integer(Scalar::reduce(&point.x())), integer(s));
    let sequence = |members: &[&[u8]]| {
        let members = members.concat();
        [&[0x30, members.len() as u8], &members[..]].concat()
    };
    let genuine = sequence(&[&r, &short]);
    verify(&genuine, &key).unwrap();
    let raw = [&point.x()[..], &s.to_repr()[..]].concat();
    let long = [&[0x30, 0x81, genuine[1]], &genuine[2..]].concat();
    for (name, signature) in [
        ("empty", vec![]),
        ("raw", raw),
        ("long form", long),
        ("superfluous zero", sequence(&[&r, &[0x02, 0x03, 0x00, 0x12, 0x34]])),
        ("negative r", sequence(&[&[&[0x02, 0x20], &r[3..]].concat(), &short])),
        ("one integer", sequence(&[&r])),
        ("three integers", sequence(&[&r, &short, &short])),
        ("trailing inside", sequence(&[&r, &short, &[0]])),
        ("trailing outside", [&genuine[..], &[0]].concat()),
        ("zeros", sequence(&[&[0x02, 0x01, 0x00], &[0x02, 0x01, 0x00]])),
        ("a set", [&[0x31], &genuine[1..]].concat()),
    ] {
        assert_eq!(
            verify(&signature, &key).unwrap_err().rule(),
            Some(Rule::AssertionSignature),
            "{name}"
        );
    }
    for key in [&[][..], &[0], &[4; 65], &key[..64]] {
        assert_eq!(verify(&genuine, key).unwrap_err().rule(), Some(Rule::AssertionSignature));
    }
}
