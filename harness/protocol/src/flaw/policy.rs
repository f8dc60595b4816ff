//! Validation category and bundle version, in attestations and assertions alike.

use super::Flaw;
use super::edit::{Edit, fragile, refuse, strict, weak};
use crate::verify::attestation::{bundle_version, category};
use crate::verify::{AllowedCategories, AllowedVersions, Outcome, Policy, Rule};
use crate::wire::AuthenticatorData;

const CATEGORY: Rule = Rule::AttestationValidationCategory;
const VERSION: Rule = Rule::AttestationBundleVersion;
const ASSERTED_CATEGORY: Rule = Rule::AssertionValidationCategory;
const ASSERTED_VERSION: Rule = Rule::AssertionBundleVersion;

/// Weakened, over-strict and fragile policies.
#[rustfmt::skip]
pub(super) const FLAWS: &[Flaw] = &[
    weak("weak.att.validation-category.truthy", CATEGORY, "Accepts every category but 0.", Edit::Data(|data, _| refuse(category(data) == Some(0), "no category"))),
    weak("weak.att.validation-category.low-byte", CATEGORY, "Reads the first of the four bytes.", Edit::Data(low_byte)),
    weak("weak.att.validation-category.documented", CATEGORY, "Accepts every category that the documentation names.", Edit::Data(|data, _| refuse(category(data).is_some_and(|found| !matches!(found, 1..=6 | 10)), "an unknown category"))),
    weak("weak.att.validation-category.development", CATEGORY, "Also accepts builds signed for development, left over from testing.", Edit::Data(|data, policy| either(data, policy, 3))),
    weak("weak.att.bundle-version.prefix", VERSION, "Compares the beginning of the bundle version.", Edit::Data(|data, policy| version(data, policy, |found, listed| found.starts_with(listed)))),
    weak("weak.att.bundle-version.at-least", VERSION, "Accepts every version that is no lower, as numbers compare.", Edit::Data(|data, policy| version(data, policy, |found, listed| number(found) >= number(listed)))),
    weak("weak.asr.validation-category.truthy", ASSERTED_CATEGORY, "Accepts every category but 0.", Edit::Data(|data, _| refuse(category(data) == Some(0), "no category"))),
    weak("weak.asr.validation-category.low-byte", ASSERTED_CATEGORY, "Reads the first of the four bytes.", Edit::Data(low_byte)),
    weak("weak.asr.validation-category.documented", ASSERTED_CATEGORY, "Accepts every category that the documentation names.", Edit::Data(|data, _| refuse(category(data).is_some_and(|found| !matches!(found, 1..=6 | 10)), "an unknown category"))),
    weak("weak.asr.validation-category.development", ASSERTED_CATEGORY, "Also accepts builds signed for development, left over from testing.", Edit::Data(|data, policy| either(data, policy, 3))),
    weak("weak.asr.bundle-version.prefix", ASSERTED_VERSION, "Compares the beginning of the bundle version.", Edit::Data(|data, policy| version(data, policy, |found, listed| found.starts_with(listed)))),
    weak("weak.asr.bundle-version.at-least", ASSERTED_VERSION, "Accepts every version that is no lower, as numbers compare.", Edit::Data(|data, policy| version(data, policy, |found, listed| number(found) >= number(listed)))),

    strict("strict.att.validation-category.app-store", CATEGORY, "Accepts builds of the App Store only.", Edit::Data(|data, _| refuse(category(data).is_some_and(|found| found != 4), "not the App Store"))),
    strict("strict.att.validation-category.absent", CATEGORY, "Demands a validation category, which devices before OS 27 do not state.", Edit::Data(|data, _| refuse(category(data).is_none(), "no category"))),
    strict("strict.att.validation-category.big-endian", CATEGORY, "Reads the category big endian.", Edit::Data(|data, policy| category(data).map_or(Outcome::Held, |found| policy.categories.judge(Some(found.swap_bytes()))))),
    strict("strict.att.bundle-version.number", VERSION, "Demands that the bundle version is one number.", Edit::Data(|data, _| refuse(bundle_version(data).is_some_and(|found| found.parse::<u32>().is_err()), "no number"))),
    strict("strict.att.bundle-version.three-parts", VERSION, "Demands bundle versions of three parts.", Edit::Data(|data, _| refuse(bundle_version(data).is_some_and(|found| found.split('.').count() != 3), "not three parts"))),
    strict("strict.att.bundle-version.short", VERSION, "Keeps the bundle version in a column of 18 characters.", Edit::Data(|data, _| refuse(bundle_version(data).is_some_and(|found| found.len() > 18), "too long"))),
    strict("strict.att.bundle-version.64", VERSION, "Keeps the bundle version in a column of 64 characters.", Edit::Data(|data, _| refuse(bundle_version(data).is_some_and(|found| found.len() > 64), "too long"))),
    strict("strict.att.bundle-version.ascii", VERSION, "Takes bundle versions of digits and dots only.", Edit::Data(|data, _| refuse(bundle_version(data).is_some_and(|found| !found.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')), "another character"))),
    strict("strict.att.bundle-version.absent", VERSION, "Demands a bundle version, which Macs and older devices do not state.", Edit::Data(|data, _| refuse(bundle_version(data).is_none(), "no bundle version"))),
    strict("strict.asr.validation-category.app-store", ASSERTED_CATEGORY, "Accepts builds of the App Store only.", Edit::Data(|data, _| refuse(category(data).is_some_and(|found| found != 4), "not the App Store"))),
    strict("strict.asr.validation-category.absent", ASSERTED_CATEGORY, "Demands a validation category, which devices before OS 27 do not state.", Edit::Data(|data, _| refuse(category(data).is_none(), "no category"))),
    strict("strict.asr.bundle-version.number", ASSERTED_VERSION, "Demands that the bundle version is one number.", Edit::Data(|data, _| refuse(bundle_version(data).is_some_and(|found| found.parse::<u32>().is_err()), "no number"))),
    strict("strict.asr.bundle-version.short", ASSERTED_VERSION, "Keeps the bundle version in a column of 18 characters.", Edit::Data(|data, _| refuse(bundle_version(data).is_some_and(|found| found.len() > 18), "too long"))),
    strict("strict.asr.bundle-version.absent", ASSERTED_VERSION, "Demands a bundle version, which Macs and older devices do not state.", Edit::Data(|data, _| refuse(bundle_version(data).is_none(), "no bundle version"))),

    fragile("fragile.att.bundle-version.parts", VERSION, "Breaks on a bundle version that is no list of numbers.", Edit::Data(|data, _| refuse(bundle_version(data).is_some_and(|found| !is_numbers(found)), "no number"))),
    fragile("fragile.att.bundle-version.empty", VERSION, "Breaks on an empty bundle version.", Edit::Data(|data, _| refuse(bundle_version(data) == Some(""), "empty"))),
    fragile("fragile.att.bundle-version.long", VERSION, "Breaks on a bundle version of more than 64 characters.", Edit::Data(|data, _| refuse(bundle_version(data).is_some_and(|found| found.len() > 64), "too long"))),
    fragile("fragile.att.validation-category.unknown", CATEGORY, "Breaks on a category that its enumeration lacks.", Edit::Data(|data, _| refuse(category(data).is_some_and(|found| found > 10), "no such member"))),
    fragile("fragile.att.validation-category.absent", CATEGORY, "Breaks on a device that states no category.", Edit::Data(|data, _| refuse(category(data).is_none(), "null"))),
    fragile("fragile.asr.bundle-version.parts", ASSERTED_VERSION, "Breaks on a bundle version that is no list of numbers.", Edit::Data(|data, _| refuse(bundle_version(data).is_some_and(|found| !is_numbers(found)), "no number"))),
    fragile("fragile.asr.validation-category.unknown", ASSERTED_CATEGORY, "Breaks on a category that its enumeration lacks.", Edit::Data(|data, _| refuse(category(data).is_some_and(|found| found > 10), "no such member"))),
    fragile("fragile.asr.validation-category.absent", ASSERTED_CATEGORY, "Breaks on a device that states no category.", Edit::Data(|data, _| refuse(category(data).is_none(), "null"))),
];

fn low_byte(data: &AuthenticatorData<'_>, policy: &Policy) -> Outcome {
    policy.categories.judge(category(data).map(|found| found & 0xff))
}

/// One more category than the policy lists.
fn either(data: &AuthenticatorData<'_>, policy: &Policy, also: u32) -> Outcome {
    match &policy.categories {
        AllowedCategories::Listed { .. } if category(data) == Some(also) => Outcome::Held,
        categories => categories.judge(category(data)),
    }
}

fn version(
    data: &AuthenticatorData<'_>,
    policy: &Policy,
    matches: fn(&str, &str) -> bool,
) -> Outcome {
    match (&policy.bundle_versions, bundle_version(data)) {
        (AllowedVersions::Listed { versions, .. }, Some(found)) => {
            refuse(!versions.iter().any(|listed| matches(found, listed)), "another version")
        }
        (allowed, found) => allowed.judge(found),
    }
}

/// What a careless conversion makes of it: the digits it begins with.
fn number(version: &str) -> u64 {
    let digits = version.bytes().take_while(u8::is_ascii_digit);
    digits.fold(0, |value, digit| value.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
}

fn is_numbers(version: &str) -> bool {
    version.split('.').all(|part| part.parse::<u32>().is_ok())
}
