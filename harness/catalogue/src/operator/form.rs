//! Ways to write the two numbers of a signature.

use super::value::{Declared, Depth, Hex};
use super::vocabulary::operators;
use simulator::encode::der::{Length, tag};
use simulator::signature::{Shift, SignatureForm};

operators! {
    /// Edits of how the request's own signature is written: an assertion's, or that of an
    /// attestation's leaf. The numbers are those of a valid signature.
    FormOperator {
        "signature.padded-r" PaddedR {} "A zero byte before r that DER does not allow.";
        "signature.padded-s" PaddedS {} "A zero byte before s that DER does not allow.";
        "signature.r-plus-order" RPlusOrder {} "r increased by the group order.";
        "signature.s-plus-order" SPlusOrder {} "s increased by the group order.";
        "signature.r-minus-order" RMinusOrder {} "r reduced by the group order: a negative number.";
        "signature.s-minus-order" SMinusOrder {} "s reduced by the group order: a negative number.";
        "signature.r-negated" RNegated {} "r with the other sign.";
        "signature.s-negated" SNegated {} "s with the other sign.";
        "signature.r-tag" RTag { to: u8 } "The identifier octet of r.";
        "signature.s-tag" STag { to: u8 } "The identifier octet of s.";
        "signature.r-long-length" RLongLength { bytes: u8 } "The length of r in the long form with so many length bytes.";
        "signature.s-long-length" SLongLength { bytes: u8 } "The length of s in the long form with so many length bytes.";
        "signature.r-declared" RDeclared { length: Declared } "Another length in the head of r than it has.";
        "signature.s-declared" SDeclared { length: Declared } "Another length in the head of s than it has.";
        "signature.r-indefinite" RIndefinite {} "r of indefinite length.";
        "signature.without-r" WithoutR {} "r left out.";
        "signature.without-s" WithoutS {} "s left out.";
        "signature.swapped" Swapped {} "s before r.";
        "signature.tag" OuterTag { to: u8 } "The identifier octet of the SEQUENCE.";
        "signature.declared" Declared { length: Declared } "Another length in the head of the SEQUENCE than it has.";
        "signature.long-length" LongLength { bytes: u8 } "The length of the SEQUENCE in the long form with so many length bytes.";
        "signature.indefinite" Indefinite {} "A SEQUENCE of indefinite length.";
        "signature.nested" Nested { depth: Depth } "So many more SEQUENCEs around the signature.";
        "signature.inside" Inside { bytes: Hex } "Bytes after s, inside the SEQUENCE.";
        "signature.before" Before { bytes: Hex } "Bytes before the SEQUENCE.";
        "signature.after" After { bytes: Hex } "Bytes after the SEQUENCE.";
        "signature.cut" Cut { by: usize } "So many bytes missing at the end.";
    }
}

impl FormOperator {
    pub(super) fn apply(&self, form: &mut SignatureForm) {
        match self {
            Self::PaddedR {} => form.r.padding = 1,
            Self::PaddedS {} => form.s.padding = 1,
            Self::RPlusOrder {} => form.r.shift = Shift::PlusOrder,
            Self::SPlusOrder {} => form.s.shift = Shift::PlusOrder,
            Self::RMinusOrder {} => form.r.shift = Shift::MinusOrder,
            Self::SMinusOrder {} => form.s.shift = Shift::MinusOrder,
            Self::RNegated {} => form.r.shift = Shift::Negated,
            Self::SNegated {} => form.s.shift = Shift::Negated,
            Self::RTag { to } => form.r.tag = *to,
            Self::STag { to } => form.s.tag = *to,
            Self::RLongLength { bytes } => form.r.length = Length::Long(*bytes),
            Self::SLongLength { bytes } => form.s.length = Length::Long(*bytes),
            Self::RDeclared { length } => form.r.length = Length::Declared(length.0),
            Self::SDeclared { length } => form.s.length = Length::Declared(length.0),
            Self::RIndefinite {} => {
                form.r.tag = tag::INTEGER | 0x20;
                form.r.length = Length::Indefinite;
            }
            Self::WithoutR {} => form.r.absent = true,
            Self::WithoutS {} => form.s.absent = true,
            Self::Swapped {} => form.swapped = true,
            Self::OuterTag { to } => form.tag = *to,
            Self::Declared { length } => form.length = Length::Declared(length.0),
            Self::LongLength { bytes } => form.length = Length::Long(*bytes),
            Self::Indefinite {} => form.length = Length::Indefinite,
            Self::Nested { depth } => form.nested = depth.0,
            Self::Inside { bytes } => form.inside.clone_from(&bytes.0),
            Self::Before { bytes } => form.before.clone_from(&bytes.0),
            Self::After { bytes } => form.after.clone_from(&bytes.0),
            Self::Cut { by } => form.cut = *by,
        }
    }
}
