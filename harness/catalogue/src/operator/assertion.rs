//! Edits of an assertion: its signature, and how the device counts.

use super::Scene;
use super::draft::AssertionDraft;
use super::value::{Hex, another};
use super::vocabulary::operators;
use protocol::terms::{nonce, sha256};
use simulator::Derived;
use simulator::encode::der;
use simulator::key::{Half, Integers};
use simulator::signature::Digest;

operators! {
    /// Edits of an assertion.
    AssertionOperator {
        "assertion.nonce.pin" NoncePin {} "Keeps what is signed as it is now, whatever is edited afterwards.";
        "assertion.nonce.other-request" NonceOtherRequest {} "Signs the client data hash of another request.";
        "assertion.nonce.of-client-data-hash" NonceOfHash {} "Signs the client data hash without the authenticator data.";
        "assertion.nonce.of-authenticator-data" NonceOfData {} "Signs the authenticator data without the client data hash.";
        "assertion.nonce.swapped" NonceSwapped {} "Signs client data hash and authenticator data, in this order.";
        "assertion.signature.other-key" OtherKey {} "Signed by a stranger's key.";
        "assertion.signature.hashed-once" HashedOnce {} "The nonce itself as digest, not hashed once more.";
        "assertion.signature.high-s" HighS {} "s above half the group order.";
        "assertion.signature.low-s" LowS {} "s below half the group order.";
        "assertion.signature.der-length" DerLength { bytes: usize } "A signature whose DER form has so many bytes; below 69 the search takes long.";
        "assertion.signature.leading-zero-r" LeadingZeroR { count: Option<usize> } "r begins with a zero byte in its full width, or with 2 to 4 of them.";
        "assertion.signature.leading-zero-s" LeadingZeroS { count: Option<usize> } "s begins with a zero byte in its full width, or with 2 of them, which takes a moment.";
        "assertion.signature.flip" Flip { at: usize, bits: u8 } "Flips bits of one byte of the signature.";
        "assertion.signature.zero" Zero {} "r = 0 and s = 0.";
        "assertion.signature.r" R { to: Hex } "The content bytes of r.";
        "assertion.signature.s" S { to: Hex } "The content bytes of s.";
        "assertion.signature.s-plus-order" SPlusOrder {} "s increased by the group order.";
        "assertion.signature.r-plus-order" RPlusOrder {} "r increased by the group order.";
        "assertion.signature.replace" Replace { with: Hex } "Other bytes in the place of the signature.";
        "assertion.signature.fixed-width" FixedWidth {} "r and s in 32 bytes each, without DER.";
        "assertion.signature.trailing" SignatureTrailing { bytes: Hex } "Bytes after the signature's SEQUENCE.";
        "assertion.signature.padded-r" PaddedR {} "A zero byte before r that DER does not allow.";
        "assertion.signature.long-length" LongLength {} "The length of the SEQUENCE in the long form, in two bytes.";
        "assertion.signature.indefinite" Indefinite {} "A SEQUENCE of indefinite length.";
        "assertion.signature.as-set" AsSet {} "A SET in the place of the SEQUENCE.";
        "assertion.signature.third-integer" ThirdInteger {} "A third INTEGER after r and s, 1.";
    }
}

operators! {
    /// Edits of what the device remembers; they stay.
    DeviceOperator {
        "counter.set" Set { to: u32 } "The counter of the next assertion; the device goes on from there.";
        "counter.skip" Skip { by: u32 } "So many assertions were made and never sent.";
        "counter.repeat" Repeat {} "The counter of the assertion before, once more.";
    }
}

impl AssertionOperator {
    pub(super) fn apply(&self, draft: &mut AssertionDraft, scene: &Scene<'_>) {
        let signature = &mut draft.model.signature;
        match self {
            Self::NoncePin {} => {
                let honest = draft.model.nonce();
                draft.model.nonce = Derived::Fixed(honest);
            }
            Self::NonceOtherRequest {} => {
                draft.model.client_data_hash = another(&draft.model.client_data_hash);
            }
            Self::NonceOfHash {} => pin(draft, |_, hash| sha256(&[hash])),
            Self::NonceOfData {} => pin(draft, |data, _| sha256(&[data])),
            Self::NonceSwapped {} => pin(draft, |data, hash| nonce(hash, data)),
            Self::OtherKey {} => signature.key = scene.stranger().key().clone(),
            Self::HashedOnce {} => signature.digest = Derived::Fixed(Digest::Identity),
            Self::HighS {} => signature.wish.high_s = Some(true),
            Self::LowS {} => signature.wish.high_s = Some(false),
            Self::DerLength { bytes } => signature.wish.der_length = Some(*bytes),
            Self::LeadingZeroR { count } => {
                signature.wish.leading_zeros = Some((Half::R, count.unwrap_or(1)));
            }
            Self::LeadingZeroS { count } => {
                signature.wish.leading_zeros = Some((Half::S, count.unwrap_or(1)));
            }
            Self::Flip { at, bits } => signature.flip = Some((*at, *bits)),
            Self::Zero {} => {
                signature.r = Derived::Fixed(vec![0]);
                signature.s = Derived::Fixed(vec![0]);
            }
            Self::R { to } => signature.r = Derived::Fixed(to.0.clone()),
            Self::S { to } => signature.s = Derived::Fixed(to.0.clone()),
            Self::SPlusOrder {} => {
                let sum = plus(&integers(draft).s, &draft.model.signature.key.order());
                draft.model.signature.s = Derived::Fixed(der::unsigned_content(&sum));
            }
            Self::RPlusOrder {} => {
                let sum = plus(&integers(draft).r, &draft.model.signature.key.order());
                draft.model.signature.r = Derived::Fixed(der::unsigned_content(&sum));
            }
            Self::Replace { with } => signature.encoding = Derived::Fixed(with.0.clone()),
            Self::FixedWidth {} => {
                let Integers { r, s } = integers(draft);
                draft.model.signature.encoding = Derived::Fixed([r, s].concat());
            }
            Self::PaddedR {} => {
                let padded = [vec![0], der::unsigned_content(&integers(draft).r)].concat();
                draft.model.signature.r = Derived::Fixed(padded);
            }
            Self::LongLength {} => {
                wrap(draft, der::tag::SEQUENCE, der::Length::Long(2), &[]);
            }
            Self::Indefinite {} => wrap(draft, der::tag::SEQUENCE, der::Length::Indefinite, &[]),
            Self::AsSet {} => wrap(draft, der::tag::SET, der::Length::Minimal, &[]),
            Self::ThirdInteger {} => {
                let one = der::tlv(der::tag::INTEGER, &[1]);
                wrap(draft, der::tag::SEQUENCE, der::Length::Minimal, &one);
            }
            Self::SignatureTrailing { bytes } => {
                let honest = draft.model.signature.seal(&draft.model.nonce(), Digest::Sha256);
                let longer = [honest, bytes.0.clone()].concat();
                draft.model.signature.encoding = Derived::Fixed(longer);
            }
        }
    }
}

/// Fixes what is signed to what `make` gives for authenticator data and client data hash.
fn pin(draft: &mut AssertionDraft, make: impl FnOnce(&[u8], &[u8]) -> [u8; 32]) {
    let data = draft.model.authenticator_data.seal();
    let pinned = make(&data, &draft.model.client_data_hash);
    draft.model.nonce = Derived::Fixed(pinned.to_vec());
}

fn integers(draft: &AssertionDraft) -> Integers {
    draft.model.signature.integers(&draft.model.nonce(), Digest::Sha256)
}

/// Writes r and s, and what follows them, in another wrapping.
fn wrap(draft: &mut AssertionDraft, tag: u8, length: der::Length, after: &[u8]) {
    let Integers { r, s } = integers(draft);
    let integer = |number: &[u8]| der::tlv(der::tag::INTEGER, &der::unsigned_content(number));
    let content = [&integer(&r)[..], &integer(&s), after].concat();
    draft.model.signature.encoding = Derived::Fixed(der::element(&[tag], length, &content));
}

/// The sum of two big-endian numbers of one width, one byte wider.
fn plus(one: &[u8], other: &[u8]) -> Vec<u8> {
    let mut sum = Vec::with_capacity(one.len() + 1);
    let mut carry = 0;
    for (a, b) in one.iter().rev().zip(other.iter().rev()) {
        let digit = u16::from(*a) + u16::from(*b) + carry;
        sum.push(digit as u8);
        carry = digit >> 8;
    }
    sum.push(carry as u8);
    sum.reverse();
    sum
}

#[cfg(test)]
mod tests {
    #[test]
    fn sums_carry_into_a_new_byte() {
        assert_eq!(super::plus(&[0xff, 0xff], &[0x00, 0x01]), [1, 0, 0]);
        assert_eq!(super::plus(&[0x12, 0x34], &[0x01, 0xf0]), [0, 0x14, 0x24]);
    }
}
