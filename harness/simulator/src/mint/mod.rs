//! The fast way to honest objects: for fleets, where a thousand a second would be few.
//!
//! What a device of one kind sends differs in a few places only, so those are written into bytes
//! that the models made once; and a signature takes its nonce from a batch that shared one
//! inversion, so that it costs two multiplications. Nothing here can lie. All but the two numbers of each signature are the bytes that
//! [`Device::attest`] and [`Device::assert`] give, which a test compares.

mod bytes;
mod nonces;
mod receipt;
mod shape;
mod stencil;

use crate::{
    authority::Authority,
    certificate::Algorithm,
    device::Device,
    encode::der,
    key::{Integers, Key, Wish},
    seed::Seed,
};
use bytes::{Signature, cbor_bytes, der_header, der_header_length};
use jiff::{SignedDuration, Timestamp};
use nonces::{P256Nonces, P384Nonces, scalar};
use p256::elliptic_curve::{PrimeField, ops::Reduce};
use protocol::terms::{nonce, sha256};
use receipt::ReceiptFrame;
use shape::{SERIAL_LENGTH, Shape, flags_and_counter};

/// Kinds of devices that are remembered; a full memory begins anew. A kind takes about 3 kB.
const SHAPES: usize = 64;

/// Makes honest attestations and assertions under one authority, each in microseconds.
///
/// Same seed, lane and calls, same bytes. No nonce serves two signatures of a seed, in whatever
/// lane: give each thread a lane of its own, and each run a seed of its own.
///
/// **Nonces are neighbours: whoever sees two signatures of a key can compute the key.** Those of
/// devices are for tests and protect nothing. For an authority that is not open
/// ([`Authority::opened`]), leaves and receipts are signed with the nonces of RFC 6979, which give
/// nothing away and take most of an attestation's time.
#[derive(Debug)]
pub struct FastMint {
    authority: Authority,
    device_nonces: P256Nonces,
    /// How the authority signs; with RFC 6979 if it keeps its secrets.
    open: Option<OpenAuthority>,
    frame: ReceiptFrame,
    /// What follows the part of a leaf that is signed.
    algorithm: Vec<u8>,
    shapes: Vec<Shape>,
    leaf: Vec<u8>,
    receipt: Vec<u8>,
}

/// An authority whose keys are no secret.
#[derive(Debug)]
struct OpenAuthority {
    intermediate: p384::Scalar,
    nonces: P384Nonces,
    receipt_signer: p256::Scalar,
}

impl FastMint {
    /// A mint under this authority.
    pub fn new(authority: &Authority, seed: &Seed, lane: u32) -> Self {
        Self {
            device_nonces: P256Nonces::p256(&seed.child("fast mint", 256), lane),
            open: authority.is_open().then(|| OpenAuthority::of(authority, seed, lane)),
            frame: ReceiptFrame::of(authority),
            algorithm: Algorithm::ecdsa_with_sha256().seal(),
            shapes: Vec::new(),
            leaf: Vec::with_capacity(1536),
            receipt: Vec::with_capacity(6144),
            authority: authority.clone(),
        }
    }

    /// What [`Device::attest`] gives, signed otherwise.
    pub fn attest(&mut self, device: &Device, client_data_hash: &[u8], now: Timestamp) -> Vec<u8> {
        let (created, issued) = device.dates(now);
        let serial = issued.as_millisecond().to_be_bytes();
        let [0, 0, 1..0x80, ..] = serial else {
            // Of another length than the sample's.
            return device.attest(&self.authority, client_data_hash, now);
        };
        let Some(shape) = shape_of(&mut self.shapes, device, &self.authority) else {
            return device.attest(&self.authority, client_data_hash, now);
        };
        let point = device.public_key();
        let key_id = device.key_id().0;
        let data = shape.attested_data.with([&key_id, &point[1..33], &point[33..]]);
        let nonce = nonce(data, client_data_hash);

        let to_be_signed = shape.leaf.with([
            &version_and_serial(serial),
            &validity(issued, device.leaf_lifetime),
            &hexadecimal(&key_id),
            &point,
            &nonce,
        ]);
        let digest = sha256(&[to_be_signed]);
        let signature = match &mut self.open {
            Some(open) => {
                let (r, s) = open.nonces.sign(&open.intermediate, &scalar(&digest));
                Signature::of(&r.to_repr(), &s.to_repr())
            }
            None => ordinary(self.authority.intermediate_key(), &digest),
        };
        let signature = signature.as_bytes();
        let bits = 1 + signature.len();
        let leaf = &mut self.leaf;
        leaf.clear();
        let length = to_be_signed.len() + self.algorithm.len() + der_header_length(bits) + bits;
        der_header(leaf, der::tag::SEQUENCE, length);
        leaf.extend_from_slice(to_be_signed);
        leaf.extend_from_slice(&self.algorithm);
        der_header(leaf, der::tag::BIT_STRING, bits);
        leaf.push(0);
        leaf.extend_from_slice(signature);

        let sign = |content: &[u8]| {
            let digest = sha256(&[content]);
            match &self.open {
                Some(open) => {
                    let signer = &open.receipt_signer;
                    let (r, s) = self.device_nonces.sign(signer, &reduced(&digest));
                    Signature::of(&r.to_repr(), &s.to_repr())
                }
                None => ordinary(self.authority.receipt_signer_key(), &digest),
            }
        };
        self.frame.fill(&mut self.receipt, shape, leaf, client_data_hash, device, created, sign);

        let mut object = Vec::with_capacity(leaf.len() + self.receipt.len() + 1536);
        object.extend_from_slice(b"\xa3\x63fmt\x6fapple-appattest\x67attStmt\xa2\x63x5c\x82");
        cbor_bytes(&mut object, leaf);
        cbor_bytes(&mut object, self.authority.intermediate_der());
        object.extend_from_slice(b"\x67receipt");
        cbor_bytes(&mut object, &self.receipt);
        object.extend_from_slice(b"\x68authData");
        cbor_bytes(&mut object, shape.attested_data.as_bytes());
        object
    }

    /// What [`Device::assert`] gives, signed otherwise; the device has counted one more then.
    pub fn assert(&mut self, device: &mut Device, client_data_hash: &[u8]) -> Vec<u8> {
        let object = self.assertion(device, client_data_hash);
        device.next_counter = device.next_counter.wrapping_add(1);
        object
    }

    /// [`FastMint::assert`], but the device does not count it.
    pub fn assertion(&mut self, device: &Device, client_data_hash: &[u8]) -> Vec<u8> {
        let shape = shape_of(&mut self.shapes, device, &self.authority);
        let (Some(shape), Some(secret)) = (shape, device.key().p256_scalar()) else {
            return device.assertion_model(client_data_hash).seal();
        };
        let counter = flags_and_counter(shape.flags, device.next_counter);
        let data = shape.assertion_data.with([&counter]);
        let digest = reduced(&sha256(&[&nonce(data, client_data_hash)]));
        let (r, s) = self.device_nonces.sign(&secret, &digest);
        let signature = Signature::of(&r.to_repr(), &s.to_repr());
        let mut object = Vec::with_capacity(data.len() + 128);
        object.extend_from_slice(b"\xa2\x69signature");
        cbor_bytes(&mut object, signature.as_bytes());
        object.extend_from_slice(b"\x71authenticatorData");
        cbor_bytes(&mut object, data);
        object
    }
}

impl OpenAuthority {
    fn of(authority: &Authority, seed: &Seed, lane: u32) -> Self {
        let intermediate = authority.intermediate_key().p384_scalar();
        let receipt_signer = authority.receipt_signer_key().p256_scalar();
        Self {
            intermediate: intermediate.expect("an authority issues leaves with a P-384 key"),
            receipt_signer: receipt_signer.expect("an authority signs receipts with a P-256 key"),
            nonces: P384Nonces::p384(&seed.child("fast mint", 384), lane),
        }
    }
}

/// What is known of devices of this kind, looked up or found out.
fn shape_of<'s>(
    shapes: &'s mut Vec<Shape>,
    device: &Device,
    authority: &Authority,
) -> Option<&'s mut Shape> {
    let known = shapes.iter().position(|shape| shape.is_of(device));
    let place = if let Some(place) = known {
        place
    } else {
        let shape = Shape::of(device, authority)?;
        if shapes.len() >= SHAPES {
            shapes.clear();
        }
        shapes.push(shape);
        shapes.len() - 1
    };
    shapes.get_mut(place)
}

/// A signature with the nonce of RFC 6979.
fn ordinary(key: &Key, digest: &[u8; 32]) -> Signature {
    let Integers { r, s } = key.sign(digest, Wish::default());
    Signature::of(&r, &s)
}

/// A digest modulo the order of P-256.
fn reduced(digest: &[u8; 32]) -> p256::Scalar {
    p256::Scalar::reduce(&p256::FieldBytes::from(*digest))
}

/// The part of a leaf that holds version 3 and the serial number.
fn version_and_serial(serial: [u8; 8]) -> [u8; 7 + SERIAL_LENGTH] {
    let mut part = [0xa0, 3, 2, 1, 2, der::tag::INTEGER, SERIAL_LENGTH as u8, 0, 0, 0, 0, 0, 0];
    part[7..].copy_from_slice(&serial[8 - SERIAL_LENGTH..]);
    part
}

/// The validity of a leaf, from a day before it was issued.
fn validity(issued: Timestamp, lifetime: SignedDuration) -> [u8; 32] {
    let second = Timestamp::from_second(issued.as_second());
    let not_before =
        second.expect("a timestamp's second is a timestamp") - SignedDuration::from_hours(24);
    let mut part = [0; 32];
    part[..4].copy_from_slice(&[der::tag::SEQUENCE, 30, der::tag::UTC_TIME, 13]);
    part[4..17].copy_from_slice(&bytes::utc_time(not_before));
    part[17..19].copy_from_slice(&[der::tag::UTC_TIME, 13]);
    part[19..].copy_from_slice(&bytes::utc_time(not_before + lifetime));
    part
}

fn hexadecimal(bytes: &[u8; 32]) -> [u8; 64] {
    let mut text = [0; 64];
    hex::encode_to_slice(bytes, &mut text).expect("two digits for each byte");
    text
}
