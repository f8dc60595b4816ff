//! The CBOR containers: attestation object and assertion.

use super::Flaw;
use super::edit::{Edit, Part, fragile, refuse, strict, weak};
use super::loose_cbor::{Keep, first_item, loosely_typed, untagged, without_doubles};
use crate::verify::{Outcome, Rule, assertion, attestation};
use crate::wire::{Deviation, Malformed};

const OBJECT: Rule = Rule::AttestationSyntax;
const FORMAT: Rule = Rule::AttestationFormat;
const ASSERTION: Rule = Rule::AssertionSyntax;

/// Weakened, over-strict and fragile readers.
#[rustfmt::skip]
pub(super) const FLAWS: &[Flaw] = &[
    weak("weak.att.syntax.first-item", OBJECT, "Decodes the first CBOR item and ignores whatever follows it.", object(first_item)),
    weak("weak.att.syntax.last-duplicate", OBJECT, "Takes the last of two entries with one key.", object(|input| without_doubles(input, Keep::Last))),
    weak("weak.att.syntax.first-duplicate", OBJECT, "Takes the first of two entries with one key.", object(|input| without_doubles(input, Keep::First))),
    weak("weak.att.syntax.tagged", OBJECT, "Looks through any tag before the object.", object(untagged)),
    weak("weak.att.syntax.loose-strings", OBJECT, "Takes text for bytes and bytes for text.", object(|input| loosely_typed(input, &["authData"], &["fmt"]))),
    weak("weak.att.format.prefix", FORMAT, "Is content with a format that begins with `apple`.", Edit::Attestation(|facts| facts.with_object(|object| refuse(!object.format.starts_with("apple"), "another format")))),
    weak("weak.att.format.case", FORMAT, "Compares the format without regard to case.", Edit::Attestation(|facts| facts.with_object(|object| refuse(!object.format.eq_ignore_ascii_case(attestation::FORMAT), "another format")))),
    weak("weak.att.format.contains", FORMAT, "Looks for `appattest` somewhere in the format.", Edit::Attestation(|facts| facts.with_object(|object| refuse(!object.format.contains("appattest"), "another format")))),
    weak("weak.asr.syntax.first-item", ASSERTION, "Decodes the first CBOR item and ignores whatever follows it.", assertion(first_item)),
    weak("weak.asr.syntax.last-duplicate", ASSERTION, "Takes the last of two entries with one key.", assertion(|input| without_doubles(input, Keep::Last))),
    weak("weak.asr.syntax.first-duplicate", ASSERTION, "Takes the first of two entries with one key.", assertion(|input| without_doubles(input, Keep::First))),
    weak("weak.asr.syntax.tagged", ASSERTION, "Looks through any tag before the assertion.", assertion(untagged)),
    weak("weak.asr.syntax.loose-strings", ASSERTION, "Takes text for bytes.", assertion(|input| loosely_typed(input, &["signature", "authenticatorData"], &[]))),

    strict("strict.att.syntax.canonical", OBJECT, "Demands the one deterministic encoding of CBOR.", Edit::Attestation(|facts| deviant(of_object(facts), ""))),
    strict("strict.att.syntax.key-order", OBJECT, "Demands that the keys come in the order of genuine objects.", Edit::Attestation(|facts| deviant(of_object(facts), "order"))),
    strict("strict.att.syntax.size", OBJECT, "Takes no attestation of more than 5 500 bytes.", Edit::Attestation(|facts| refuse(facts.request.object.len() > 5500, "too large"))),
    strict("strict.att.certificates.exactly-two", Rule::CertificateSyntax, "Demands exactly two certificates.", Edit::Attestation(|facts| facts.with_object(|object| refuse(object.certificates.len() != 2, "not two certificates")))),
    strict("strict.asr.syntax.canonical", ASSERTION, "Demands the one deterministic encoding of CBOR.", Edit::Assertion(|facts| deviant(of_assertion(facts), ""))),
    strict("strict.asr.syntax.key-order", ASSERTION, "Demands that the signature comes first.", Edit::Assertion(|facts| deviant(of_assertion(facts), "order"))),

    fragile("fragile.att.syntax.malformed", OBJECT, "Does not catch the exception of its CBOR decoder.", Edit::Attestation(|facts| Outcome::readable(facts.object))),
    fragile("fragile.att.syntax.deviant", OBJECT, "Breaks on CBOR that is legal and unusual.", Edit::Attestation(|facts| deviant(of_object(facts), ""))),
    fragile("fragile.att.syntax.nested", OBJECT, "Runs out of stack on deep nesting.", Edit::Attestation(|facts| malformed(facts.object, "deep"))),
    fragile("fragile.att.syntax.missing", OBJECT, "Reads a member without looking whether it is there.", Edit::Attestation(|facts| malformed(facts.object, "is missing"))),
    fragile("fragile.att.syntax.type", OBJECT, "Casts a value to the type it expects.", Edit::Attestation(|facts| malformed(facts.object, "instead of"))),
    fragile("fragile.att.syntax.length", OBJECT, "Sets aside as much memory as a length announces.", Edit::Attestation(|facts| malformed(facts.object, "are left"))),
    fragile("fragile.att.syntax.empty", OBJECT, "Reads the first byte of nothing.", Edit::Attestation(|facts| refuse(facts.request.object.is_empty(), "empty"))),
    fragile("fragile.att.certificates.malformed", Rule::CertificateSyntax, "Does not catch the exception of its certificate parser.", Edit::Attestation(|facts| facts.with_object(|_| facts.certificates.as_ref().map(|_| ()).map_err(Clone::clone).into()))),
    fragile("fragile.att.certificates.none", Rule::CertificateSyntax, "Takes the first two of the certificates without counting them.", Edit::Attestation(|facts| facts.with_object(|object| refuse(object.certificates.len() < 2, "index out of range")))),
    fragile("fragile.asr.syntax.malformed", ASSERTION, "Does not catch the exception of its CBOR decoder.", Edit::Assertion(|facts| Outcome::readable(facts.assertion))),
    fragile("fragile.asr.syntax.deviant", ASSERTION, "Breaks on CBOR that is legal and unusual.", Edit::Assertion(|facts| deviant(of_assertion(facts), ""))),
    fragile("fragile.asr.syntax.missing", ASSERTION, "Reads a member without looking whether it is there.", Edit::Assertion(|facts| malformed(facts.assertion, "is missing"))),
    fragile("fragile.asr.syntax.type", ASSERTION, "Casts a value to the type it expects.", Edit::Assertion(|facts| malformed(facts.assertion, "instead of"))),
    fragile("fragile.asr.syntax.empty", ASSERTION, "Reads the first byte of nothing.", Edit::Assertion(|facts| refuse(facts.request.assertion.is_empty(), "empty"))),
];

const fn object(lens: fn(&[u8]) -> Option<Vec<u8>>) -> Edit {
    Edit::Lens(Part::AttestationObject, lens)
}

const fn assertion(lens: fn(&[u8]) -> Option<Vec<u8>>) -> Edit {
    Edit::Lens(Part::Assertion, lens)
}

fn of_object<'a>(facts: &'a attestation::Facts<'_>) -> &'a [Deviation] {
    facts.object.as_ref().map_or(&[], |object| &object.deviations)
}

fn of_assertion<'a>(facts: &'a assertion::Facts<'_>) -> &'a [Deviation] {
    facts.assertion.as_ref().map_or(&[], |assertion| &assertion.deviations)
}

/// Whether something legal and unusual was found whose description has `words` in it.
pub(super) fn deviant(deviations: &[Deviation], words: &str) -> Outcome {
    let found = deviations.iter().find(|deviation| deviation.what.contains(words));
    found.map_or(Outcome::Held, |deviation| Outcome::Broken(deviation.to_string()))
}

/// Whether reading failed for a reason whose description has `words` in it.
pub(super) fn malformed<T>(read: &Result<T, Malformed>, words: &str) -> Outcome {
    match read {
        Err(malformed) if malformed.what.contains(words) => Outcome::Broken(malformed.to_string()),
        Ok(_) | Err(_) => Outcome::Held,
    }
}
