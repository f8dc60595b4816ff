//! Keys with a look that chance seldom gives, and keys made to fit one signature.

use super::value::Hex;
use super::vocabulary::operators;
use simulator::KeyTrait;
use simulator::key::Foreseen;

operators! {
    /// Properties of a device that were settled before its first request.
    KeyOperator {
        "device.key.leading-zero-x" LeadingZeroX { count: Option<usize> } "A key whose X begins with a zero byte, or with 2 of them.";
        "device.key.leading-zero-y" LeadingZeroY { count: Option<usize> } "A key whose Y begins with a zero byte, or with 2 of them.";
        "device.key.leading-zero-both" LeadingZeroBoth {} "A key whose X and Y both begin with a zero byte.";
        "device.key.begins-like-point" BeginsLikePoint {} "A key whose X begins with 04, as an uncompressed point does.";
        "device.key.trailing-zero-x" TrailingZeroX {} "A key whose X ends with a zero byte.";
        "device.key.plus-and-slash" PlusAndSlash {} "A key whose id contains + and / in base64.";
        "device.key.id-leading-zero" LeadingZeroId {} "A key whose id begins with a zero byte.";
        "device.key.id-trailing-zero" TrailingZeroId {} "A key whose id ends with a zero byte.";
        "device.key.id-begins" IdBegins { with: char } "A key whose id begins with this character in base64.";
    }
}

operators! {
    /// Keys that are made to fit the signature of this very request. Its challenge must have a name
    /// and be asked for before the device is enrolled.
    ForeseenOperator {
        "foreseen.lengths" Lengths { r: usize, s: usize } "A valid signature whose r and s have so many content bytes in DER, 1 to 33.";
        "foreseen.numbers" Numbers { r: Hex, s: Hex } "A valid signature of these r and s; r is the x-coordinate of some point.";
        "foreseen.r-above-order" AboveOrder {} "A valid signature whose nonce point has an x-coordinate above the group order.";
        "foreseen.s-is-digest" DigestAsS {} "A valid signature whose s is the digest.";
        "foreseen.s-is-r" EqualNumbers {} "A valid signature whose s and r are the same number.";
        "foreseen.doubling" Doubling {} "A valid signature for which a verifier must add a point to itself.";
        "foreseen.infinity" Infinity {} "A signature for which a verifier's sum is the point at infinity.";
    }
}

impl KeyOperator {
    /// What the key shall look like.
    pub(crate) fn wanted(&self) -> KeyTrait {
        match self {
            Self::LeadingZeroX { count } => KeyTrait::LeadingZerosX(count.unwrap_or(1)),
            Self::LeadingZeroY { count } => KeyTrait::LeadingZerosY(count.unwrap_or(1)),
            Self::LeadingZeroBoth {} => KeyTrait::LeadingZeroBoth,
            Self::BeginsLikePoint {} => KeyTrait::BeginsLikePoint,
            Self::TrailingZeroX {} => KeyTrait::TrailingZeroX,
            Self::PlusAndSlash {} => KeyTrait::PlusAndSlash,
            Self::LeadingZeroId {} => KeyTrait::LeadingZeroId,
            Self::TrailingZeroId {} => KeyTrait::TrailingZeroId,
            Self::IdBegins { with } => KeyTrait::IdBegins(*with),
        }
    }
}

impl ForeseenOperator {
    /// What the signature shall be.
    pub(crate) fn wanted(&self) -> Foreseen {
        match self {
            Self::Lengths { r, s } => Foreseen::Lengths { r: *r, s: *s },
            Self::Numbers { r, s } => Foreseen::Numbers { r: r.0.clone(), s: s.0.clone() },
            Self::AboveOrder {} => Foreseen::AboveOrder,
            Self::DigestAsS {} => Foreseen::DigestAsS,
            Self::EqualNumbers {} => Foreseen::EqualNumbers,
            Self::Doubling {} => Foreseen::Doubling,
            Self::Infinity {} => Foreseen::Infinity,
        }
    }
}
