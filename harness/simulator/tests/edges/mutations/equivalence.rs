//! What may differ between an honest object and one that is accepted as well, and why.
//!
//! Whatever else differs is an error: somebody without a key changed what is signed.

use p256::elliptic_curve::PrimeField;
use protocol::wire::{Assertion, AttestationObject, Certificate, Receipt};
use std::collections::BTreeSet;

/// A difference that is admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Equivalence {
    /// The CBOR around the parts is signed by nobody. Each part is the same, and the decoder tells
    /// what is unlike a genuine object.
    Container,
    /// ECDSA: whoever has (r, s) has (r, n - s), and both hold for the same message (no clause asks for the
    /// lower half). What is signed is the same.
    OtherHalf,
    /// The trust anchor itself may come last, and more than once, for it issued itself: it is trusted as it is
    /// pinned, and the path to it is the same.
    AnchorSent,
    /// RFC 5652 signs the content and nothing around it. Content, signer and the certificates
    /// from the signer to the anchor are the same; lengths, segments, order, versions, attributes and further
    /// certificates are not.
    ReceiptShell,
}

/// What differs, or what must not.
pub(crate) type Differences = Result<BTreeSet<Equivalence>, String>;

/// Between two attestation objects that were accepted for the same challenge and key.
pub(crate) fn of_attestations(honest: &[u8], other: &[u8], anchor: &[u8]) -> Differences {
    let mut found = BTreeSet::new();
    let read = |object| AttestationObject::decode(object).map_err(|error| error.to_string());
    let (one, two) = (read(honest)?, read(other)?);
    same("fmt", one.format.as_bytes(), two.format.as_bytes())?;
    same("authenticator data", one.authenticator_data, two.authenticator_data)?;
    let mut path = &two.certificates[..];
    while let [rest @ .., last] = path
        && *last == anchor
    {
        found.insert(Equivalence::AnchorSent);
        path = rest;
    }
    if path.len() != one.certificates.len() {
        return Err(format!("{} certificates instead of {}", path.len(), one.certificates.len()));
    }
    for (one, two) in one.certificates.iter().zip(path) {
        found.extend(of_certificates(one, two)?);
    }
    let (Some(first), Some(second)) = (one.receipt, two.receipt) else {
        return Err("a receipt is missing".to_owned());
    };
    found.extend(of_receipts(first, second)?);
    of_containers(found, honest != other, two.deviations.is_empty())
}

/// Between two assertions that were accepted for the same request and key.
pub(crate) fn of_assertions(honest: &[u8], other: &[u8]) -> Differences {
    let read = |object| Assertion::decode(object).map_err(|error| error.to_string());
    let (one, two) = (read(honest)?, read(other)?);
    same("authenticator data", one.authenticator_data, two.authenticator_data)?;
    let mut found = BTreeSet::new();
    found.extend(of_signatures(one.signature, two.signature)?);
    of_containers(found, honest != other, two.deviations.is_empty())
}

/// What differs with equal parts is the container, of which the decoder must have told.
fn of_containers(
    mut found: BTreeSet<Equivalence>,
    differ: bool,
    nothing_told: bool,
) -> Differences {
    if !nothing_told {
        found.insert(Equivalence::Container);
    } else if differ && found.is_empty() {
        return Err(
            "the objects differ, their parts do not, and the decoder tells nothing".to_owned()
        );
    }
    Ok(found)
}

fn of_receipts(one: &[u8], two: &[u8]) -> Differences {
    let mut found = BTreeSet::new();
    if one == two {
        return Ok(found);
    }
    found.insert(Equivalence::ReceiptShell);
    let read = |receipt| Receipt::decode(receipt).map_err(|error| error.to_string());
    let (one, two) = (read(one)?, read(two)?);
    same("the receipt's content", &one.content, &two.content)?;
    let ([first], [second]) = (&one.signers[..], &two.signers[..]) else {
        return Err("more than one signer".to_owned());
    };
    same("the signer's issuer", first.issuer, second.issuer)?;
    same("the signer's serial number", first.serial, second.serial)?;
    same("the digest", first.digest, second.digest)?;
    if first.algorithm != second.algorithm {
        return Err("another signature algorithm".to_owned());
    }
    found.extend(of_signatures(first.signature, second.signature)?);
    // The root comes last in an honest receipt and is not looked at: the anchor is pinned.
    let [path @ .., _] = &one.certificates[..] else {
        return Err("an honest receipt without certificates".to_owned());
    };
    for needed in path {
        // Others may stand beside it that no path leads through.
        let is_there = |sent: &&[u8]| of_certificates(needed, sent).ok();
        let differences = two.certificates.iter().find_map(is_there);
        found.extend(differences.ok_or("a certificate of the receipt's path is another")?);
    }
    Ok(found)
}

fn of_certificates(one: &[u8], two: &[u8]) -> Differences {
    if one == two {
        return Ok(BTreeSet::new());
    }
    let read = |der| Certificate::decode(der).map_err(|error| error.to_string());
    let (one, two) = (read(one)?, read(two)?);
    same("what is certified", one.tbs, two.tbs)?;
    if one.signature_algorithm != two.signature_algorithm {
        return Err("another signature algorithm".to_owned());
    }
    of_signatures(one.signature, two.signature)
}

fn of_signatures(one: &[u8], two: &[u8]) -> Differences {
    if one == two {
        return Ok(BTreeSet::new());
    }
    let unlike = || "another signature over the same".to_owned();
    let halves = (numbers::<32>(one), numbers::<32>(two));
    let is_other_half = if let (Some((r, s)), Some((other, t))) = halves {
        r == other && are_opposite_in_p256(&s, &t)
    } else {
        let (r, s) = numbers::<48>(one).ok_or_else(unlike)?;
        let (other, t) = numbers::<48>(two).ok_or_else(unlike)?;
        r == other && are_opposite_in_p384(&s, &t)
    };
    if is_other_half { Ok(BTreeSet::from([Equivalence::OtherHalf])) } else { Err(unlike()) }
}

fn are_opposite_in_p256(s: &[u8; 32], t: &[u8; 32]) -> bool {
    let scalar =
        |bytes: &[u8; 32]| Option::<p256::Scalar>::from(p256::Scalar::from_repr((*bytes).into()));
    scalar(s).zip(scalar(t)).is_some_and(|(s, t)| s == -t)
}

fn are_opposite_in_p384(s: &[u8; 48], t: &[u8; 48]) -> bool {
    let scalar =
        |bytes: &[u8; 48]| Option::<p384::Scalar>::from(p384::Scalar::from_repr((*bytes).into()));
    scalar(s).zip(scalar(t)).is_some_and(|(s, t)| s == -t)
}

/// r and s of a signature in DER, if both fit.
fn numbers<const N: usize>(signature: &[u8]) -> Option<([u8; N], [u8; N])> {
    let number = |bytes: &[u8]| -> Option<([u8; N], usize)> {
        let [2, length, ..] = bytes else { return None };
        let length = usize::from(*length);
        let digits = bytes.get(2..2 + length)?;
        let digits = digits.strip_prefix(&[0]).unwrap_or(digits);
        let mut number = [0; N];
        number.get_mut(N.checked_sub(digits.len())?..)?.copy_from_slice(digits);
        Some((number, 2 + length))
    };
    let [0x30, _, numbers @ ..] = signature else { return None };
    let (r, length) = number(numbers)?;
    let (s, _) = number(&numbers[length..])?;
    Some((r, s))
}

fn same(what: &str, one: &[u8], two: &[u8]) -> Result<(), String> {
    if one == two { Ok(()) } else { Err(format!("{what} differs")) }
}
