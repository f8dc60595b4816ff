//! Edits of what a device makes of a challenge, and of a request that is sent again.

use super::vocabulary::operators;
use protocol::terms::sha256;
use protocol::wire::Assertion;
use simulator::encode::der;

operators! {
    /// Edits of the client data hash that an attestation is made for: conventions of other servers.
    HashOperator {
        "hash.of-bytes" OfBytes {} "SHA-256 of the bytes that the challenge stands for.";
        "hash.text" Text {} "The challenge itself as text, not hashed.";
        "hash.bytes" Bytes {} "The bytes that the challenge stands for, not hashed.";
    }
}

operators! {
    /// Edits of a request that is sent again.
    ReplayOperator {
        "replay.malleated" Malleated {} "The other signature that follows from the one that was sent: s subtracted from the group order.";
    }
}

impl HashOperator {
    /// The hash for a challenge; `decoded` are the bytes it stands for.
    pub(crate) fn apply(&self, text: &str, decoded: &[u8]) -> Vec<u8> {
        match self {
            Self::OfBytes {} => sha256(&[decoded]).to_vec(),
            Self::Text {} => text.as_bytes().to_vec(),
            Self::Bytes {} => decoded.to_vec(),
        }
    }
}

impl ReplayOperator {
    /// The assertion that is sent again; `order` is the group order of the device's key. One that
    /// is no assertion of the documented shape stays what it is.
    pub(crate) fn apply(&self, assertion: &[u8], order: &[u8]) -> Vec<u8> {
        match self {
            Self::Malleated {} => malleated(assertion, order).unwrap_or_else(|| assertion.to_vec()),
        }
    }
}

fn malleated(object: &[u8], order: &[u8]) -> Option<Vec<u8>> {
    let signature = Assertion::decode(object).ok()?.signature;
    let (r, s) = integers(signature)?;
    let other = difference(order, s)?;
    let integer = |content: &[u8]| der::tlv(der::tag::INTEGER, content);
    let content = [integer(r), integer(&der::unsigned_content(&other))].concat();
    let made = der::tlv(der::tag::SEQUENCE, &content);
    let at = object.windows(signature.len()).position(|window| window == signature)?;
    // A string of 24 to 255 bytes: its length is the byte before it.
    let length = u8::try_from(made.len()).ok()?;
    let head = object[..at].split_last()?.1;
    Some([head, &[length], &made, &object[at + signature.len()..]].concat())
}

/// The contents of the two INTEGERs of a signature.
fn integers(signature: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = signature.get(2..)?;
    let (r, rest) = integer(rest)?;
    let (s, _) = integer(rest)?;
    Some((r, s))
}

fn integer(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = usize::from(*rest.get(1)?);
    rest.get(2..)?.split_at_checked(length)
}

/// The difference of two big-endian numbers, of which the first is greater.
fn difference(from: &[u8], subtrahend: &[u8]) -> Option<Vec<u8>> {
    let bare: Vec<u8> = subtrahend.iter().copied().skip_while(|byte| *byte == 0).collect();
    let padding = from.len().checked_sub(bare.len())?;
    let padded = [vec![0; padding], bare].concat();
    let mut borrow = 0;
    let mut digits: Vec<u8> = from
        .iter()
        .zip(&padded)
        .rev()
        .map(|(from, less)| {
            let digit = i16::from(*from) - i16::from(*less) - borrow;
            borrow = i16::from(digit < 0);
            digit.rem_euclid(256) as u8
        })
        .collect();
    digits.reverse();
    (borrow == 0).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn differences_borrow() {
        assert_eq!(difference(&[1, 0, 0], &[0, 0, 0, 1]).unwrap(), [0, 0xff, 0xff]);
        assert_eq!(difference(&[2, 1], &[1]).unwrap(), [2, 0]);
        assert_eq!(difference(&[1], &[2]), None);
    }
}
