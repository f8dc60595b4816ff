//! Authenticator data: their layout, RP ID hash, counter, AAGUID.

use super::Flaw;
use super::container::{deviant, malformed};
use super::edit::{Edit, Part, fragile, refuse, strict, weak};
use super::loose_cbor::{Keep, item, without_doubles};
use crate::terms::{Environment, sha256};
use crate::verify::{Outcome, Policy, Rule, assertion, attestation};
use crate::wire::{AttestedCredential, AuthenticatorData, Malformed};

const ATTESTED: Rule = Rule::AuthenticatorDataSyntax;
const ASSERTED: Rule = Rule::AssertionAuthenticatorDataSyntax;
const RP_ID: Rule = Rule::AttestationRpId;
const ASSERTED_RP_ID: Rule = Rule::AssertionRpId;
const ZERO: Rule = Rule::CounterZero;
const COUNTER: Rule = Rule::CounterIncreases;
const AAGUID: Rule = Rule::Aaguid;
const CD_HASH: Rule = Rule::CdHash;

/// Bytes before an attested credential, or an assertion's extensions.
const HEAD: usize = 37;
/// Bytes of a genuine attestation's data without extensions.
const WITHOUT_EXTENSIONS: usize = 164;
/// The flag AT.
const ATTESTED_CREDENTIAL: u8 = 0x40;
/// The flag ED.
const EXTENSION_DATA: u8 = 0x80;

/// Weakened, over-strict and fragile readers.
#[rustfmt::skip]
pub(super) const FLAWS: &[Flaw] = &[
    weak("weak.att.authenticator-data.trailing", ATTESTED, "Ignores what follows the extension map.", attested(|data| only_items(data, attested_tail(data)?, 2))),
    weak("weak.att.authenticator-data.fixed", ATTESTED, "Reads the first 164 bytes and takes the rest for nothing.", attested(|data| data.get(..WITHOUT_EXTENSIONS).map(without_extension_flag))),
    weak("weak.att.authenticator-data.fixed-length", ATTESTED, "Reads the credential id from its usual place, whatever its length says.", attested(usual_length)),
    weak("weak.att.authenticator-data.last-duplicate", ATTESTED, "Takes the last of two entries of a map with one key.", attested(|data| deduplicated(data, attested_tail(data)?, Keep::Last))),
    weak("weak.att.authenticator-data.first-duplicate", ATTESTED, "Takes the first of two entries of a map with one key.", attested(|data| deduplicated(data, attested_tail(data)?, Keep::First))),
    weak("weak.att.authenticator-data.extension-flag", ATTESTED, "Does not mind a flag ED where nothing follows.", attested(without_empty_extensions)),
    weak("weak.att.authenticator-data.extensions-optional", ATTESTED, "Swallows the exception of an extension map that it cannot read, and goes on without.", attested(|data| readable_extensions(data, attested_tail(data)?, 1))),
    weak("weak.att.rp-id.any-of-ours", RP_ID, "Accepts every app of its developer.", Edit::Data(|data, policy| hash_of(data, policy, |own| vec![own.to_owned(), format!("{own}.other")]))),
    weak("weak.att.rp-id.case", RP_ID, "Also tries its App ID in capital and small letters.", Edit::Data(|data, policy| hash_of(data, policy, in_any_case))),
    weak("weak.att.rp-id.without-team", RP_ID, "Also accepts the bundle identifier without the team.", Edit::Data(|data, policy| hash_of(data, policy, with_bundle_alone))),
    weak("weak.att.rp-id.any-team", RP_ID, "Accepts its bundle identifier under any team it has heard of.", Edit::Data(|data, policy| hash_of(data, policy, with_other_teams))),
    weak("weak.att.counter.low-byte", ZERO, "Looks at the last byte of the counter.", Edit::Data(|data, _| refuse(data.counter & 0xff != 0, "not 0"))),
    weak("weak.att.counter.signed", ZERO, "Reads a signed counter and demands that it is not above 0.", Edit::Data(|data, _| refuse(data.counter.cast_signed() > 0, "above 0"))),
    weak("weak.att.counter.small", ZERO, "Is content with a counter of up to 1.", Edit::Data(|data, _| refuse(data.counter > 1, "above 1"))),
    weak("weak.att.aaguid.prefix", AAGUID, "Compares the first nine bytes, `appattest`, which both environments share.", Edit::Credential(|attested, facts| aaguid(attested, facts, |found, _| found.starts_with(b"appattest")))),
    weak("weak.att.aaguid.either", AAGUID, "Accepts the AAGUID of either environment.", Edit::Credential(|attested, facts| aaguid(attested, facts, |found, _| [Environment::Development, Environment::Production].iter().any(|known| known.aaguid() == *found)))),
    weak("weak.att.aaguid.sandbox", AAGUID, "Also accepts `appattestsandbox`, which a page of the documentation names.", Edit::Credential(|attested, facts| aaguid(attested, facts, |found, own| *found == own.aaguid() || found == b"appattestsandbox"))),
    weak("weak.att.aaguid.zero", AAGUID, "Also accepts sixteen zero bytes, the AAGUID of nobody.", Edit::Credential(|attested, facts| aaguid(attested, facts, |found, own| *found == own.aaguid() || *found == [0; 16]))),
    weak("weak.att.aaguid.trimmed", AAGUID, "Compares the text before the first zero byte.", Edit::Credential(|attested, facts| aaguid(attested, facts, |found, own| text(found) == text(&own.aaguid())))),
    weak("weak.att.aaguid.case", AAGUID, "Compares without regard to case.", Edit::Credential(|attested, facts| aaguid(attested, facts, |found, own| found.eq_ignore_ascii_case(&own.aaguid())))),
    weak("weak.att.cd-hash.type-absent", CD_HASH, "Takes a code-directory hash without type for one of SHA-256.", Edit::Data(|data, _| cd_hash(data, |hash, kind| hash && kind.is_none()))),
    weak("weak.att.cd-hash.any-type", CD_HASH, "Takes a code-directory hash of any type.", Edit::Data(|data, _| cd_hash(data, |hash, kind| hash && kind.is_some()))),
    weak("weak.asr.authenticator-data.trailing", ASSERTED, "Ignores what follows the extension map.", asserted(|data| only_items(data, HEAD, 1))),
    weak("weak.asr.authenticator-data.fixed", ASSERTED, "Reads the first 37 bytes and takes the rest for nothing.", asserted(|data| data.get(..HEAD).map(without_extension_flag))),
    weak("weak.asr.authenticator-data.last-duplicate", ASSERTED, "Takes the last of two extensions with one key.", asserted(|data| deduplicated(data, HEAD, Keep::Last))),
    weak("weak.asr.authenticator-data.extension-flag", ASSERTED, "Does not mind a flag ED where nothing follows.", asserted(without_empty_extensions)),
    weak("weak.asr.authenticator-data.extensions-optional", ASSERTED, "Swallows the exception of an extension map that it cannot read, and goes on without.", asserted(|data| readable_extensions(data, HEAD, 0))),
    weak("weak.asr.rp-id.any-of-ours", ASSERTED_RP_ID, "Accepts every app of its developer.", Edit::Data(|data, policy| hash_of(data, policy, |own| vec![own.to_owned(), format!("{own}.other")]))),
    weak("weak.asr.rp-id.case", ASSERTED_RP_ID, "Also tries its App ID in capital and small letters.", Edit::Data(|data, policy| hash_of(data, policy, in_any_case))),
    weak("weak.asr.counter.equal", COUNTER, "Refuses a lower counter only: the same one passes.", Edit::Assertion(|facts| counter(facts, |found, stored| found >= stored))),
    weak("weak.asr.counter.different", COUNTER, "Refuses the same counter only: a lower one passes.", Edit::Assertion(|facts| counter(facts, |found, stored| found != stored))),
    weak("weak.asr.counter.signed", COUNTER, "Reads counters as signed numbers of 32 bits.", Edit::Assertion(|facts| counter(facts, |found, stored| found.cast_signed() > stored.cast_signed()))),
    weak("weak.asr.counter.wrapping", COUNTER, "Compares counters as sequence numbers that wrap around.", Edit::Assertion(|facts| counter(facts, |found, stored| found.wrapping_sub(stored).cast_signed() > 0))),
    weak("weak.asr.counter.above-zero", COUNTER, "Demands a counter above 0 and compares it with nothing.", Edit::Assertion(|facts| counter(facts, |found, _| found > 0))),
    weak("weak.asr.counter.first", COUNTER, "Takes any counter for the first assertion of a key.", Edit::Assertion(|facts| counter(facts, |found, stored| stored == 0 || found > stored))),

    strict("strict.att.authenticator-data.164-only", ATTESTED, "Demands 164 bytes of authenticator data, as it was before OS 27.", Edit::Attestation(|facts| facts.with_object(|object| refuse(object.authenticator_data.len() != WITHOUT_EXTENSIONS, "another length")))),
    strict("strict.att.authenticator-data.extension-flag", ATTESTED, "Demands the flag ED of data with extensions.", Edit::Data(|data, _| refuse(data.extensions.is_some() && data.flags & EXTENSION_DATA == 0, "no ED"))),
    strict("strict.att.authenticator-data.no-extension-flag", ATTESTED, "Demands flags of exactly 40.", Edit::Data(|data, _| refuse(data.flags != ATTESTED_CREDENTIAL, "other flags"))),
    strict("strict.att.authenticator-data.user-present", ATTESTED, "Demands the flag UP, as passkeys have it.", Edit::Data(|data, _| refuse(data.flags & 1 == 0, "no user was present"))),
    strict("strict.att.authenticator-data.known-extensions", ATTESTED, "Refuses extensions that it does not know.", Edit::Data(|data, _| refuse(data.extensions.as_ref().is_some_and(|found| !found.unknown_keys.is_empty()), "an unknown extension"))),
    strict("strict.att.authenticator-data.canonical", ATTESTED, "Demands the one deterministic encoding of CBOR.", Edit::Data(|data, _| deviant(&data.deviations, ""))),
    strict("strict.att.authenticator-data.extensions", ATTESTED, "Demands extensions, which devices before OS 27 have not.", Edit::Data(|data, _| refuse(data.extensions.is_none(), "no extensions"))),
    strict("strict.att.authenticator-data.short", ATTESTED, "Reads no authenticator data of more than 255 bytes.", Edit::Attestation(|facts| facts.with_object(|object| refuse(object.authenticator_data.len() > 255, "too long")))),
    strict("strict.att.cd-hash.refused", CD_HASH, "Knows no code-directory hashes.", Edit::Data(|data, _| refuse(data.extensions.as_ref().is_some_and(|found| found.cd_hash.is_some()), "an unknown extension"))),
    strict("strict.att.aaguid.development", AAGUID, "Knows the AAGUID of production only.", Edit::Credential(|attested, _| refuse(*attested.aaguid != Environment::Production.aaguid(), "another AAGUID"))),
    strict("strict.att.aaguid.production", AAGUID, "Knows the AAGUID of development only.", Edit::Credential(|attested, _| refuse(*attested.aaguid != Environment::Development.aaguid(), "another AAGUID"))),
    strict("strict.asr.authenticator-data.37-only", ASSERTED, "Demands 37 bytes of authenticator data, as it was before OS 27.", Edit::Data(|data, _| refuse(data.extensions.is_some(), "another length"))),
    strict("strict.asr.authenticator-data.no-credential-flag", ASSERTED, "Believes the flag AT and finds no credential.", Edit::Data(|data, _| refuse(data.flags & ATTESTED_CREDENTIAL != 0, "no credential"))),
    strict("strict.asr.authenticator-data.credential-flag", ASSERTED, "Demands the flag AT.", Edit::Data(|data, _| refuse(data.flags & ATTESTED_CREDENTIAL == 0, "no AT"))),
    strict("strict.asr.authenticator-data.extension-flag", ASSERTED, "Demands the flag ED of data with extensions.", Edit::Data(|data, _| refuse(data.extensions.is_some() && data.flags & EXTENSION_DATA == 0, "no ED"))),
    strict("strict.asr.authenticator-data.user-present", ASSERTED, "Demands the flag UP, as passkeys have it.", Edit::Data(|data, _| refuse(data.flags & 1 == 0, "no user was present"))),
    strict("strict.asr.authenticator-data.known-extensions", ASSERTED, "Refuses extensions that it does not know.", Edit::Data(|data, _| refuse(data.extensions.as_ref().is_some_and(|found| !found.unknown_keys.is_empty()), "an unknown extension"))),
    strict("strict.asr.authenticator-data.extensions", ASSERTED, "Demands extensions, which devices before OS 27 have not.", Edit::Data(|data, _| refuse(data.extensions.is_none(), "no extensions"))),
    strict("strict.asr.counter.next", COUNTER, "Demands exactly the next counter.", Edit::Assertion(|facts| counter(facts, |found, stored| stored.checked_add(1) == Some(found)))),
    strict("strict.asr.counter.31-bit", COUNTER, "Refuses counters from 2^31 up.", Edit::Assertion(|facts| counter(facts, |found, _| found < 1 << 31))),
    strict("strict.asr.counter.million", COUNTER, "Refuses counters from a million up.", Edit::Assertion(|facts| counter(facts, |found, _| found < 1_000_000))),
    strict("strict.asr.counter.16-bit", COUNTER, "Keeps counters in 16 bits.", Edit::Assertion(|facts| counter(facts, |found, _| found < 1 << 16))),
    strict("strict.asr.counter.24-bit", COUNTER, "Keeps counters in a floating-point number of single precision.", Edit::Assertion(|facts| counter(facts, |found, _| found < 1 << 24))),
    strict("strict.asr.counter.signed-difference", COUNTER, "Takes a leap of more than 2^31 for a step back.", Edit::Assertion(|facts| counter(facts, |found, stored| found.wrapping_sub(stored) >> 31 == 0))),
    strict("strict.asr.counter.leap", COUNTER, "Takes a leap of more than a hundred for an attack.", Edit::Assertion(|facts| counter(facts, |found, stored| found.saturating_sub(stored) <= 100))),
    strict("strict.asr.counter.last", COUNTER, "Takes the last counter of all for an overflow.", Edit::Assertion(|facts| counter(facts, |found, _| found < u32::MAX))),

    fragile("fragile.att.authenticator-data.short", ATTESTED, "Cuts authenticator data into parts without looking how long they are.", Edit::Attestation(|facts| of_attested(facts, "left"))),
    fragile("fragile.att.authenticator-data.malformed", ATTESTED, "Does not catch the exception of its reader.", Edit::Attestation(|facts| of_attested(facts, ""))),
    fragile("fragile.att.authenticator-data.map", ATTESTED, "Breaks on an extension map.", Edit::Data(|data, _| refuse(data.extensions.is_some(), "an unexpected map"))),
    fragile("fragile.att.authenticator-data.type", ATTESTED, "Casts extensions to the types it expects.", Edit::Attestation(|facts| of_attested(facts, "instead of"))),
    fragile("fragile.att.authenticator-data.unknown", ATTESTED, "Breaks on an extension that it does not know.", Edit::Data(|data, _| refuse(data.extensions.as_ref().is_some_and(|found| !found.unknown_keys.is_empty()), "an unknown extension"))),
    fragile("fragile.att.authenticator-data.deviant", ATTESTED, "Breaks on CBOR that is legal and unusual.", Edit::Data(|data, _| deviant(&data.deviations, ""))),
    fragile("fragile.att.counter.negative", ZERO, "Breaks on a counter that is negative when read as signed.", Edit::Data(|data, _| refuse(data.counter >> 31 != 0, "negative"))),
    fragile("fragile.asr.authenticator-data.short", ASSERTED, "Cuts authenticator data into parts without looking how long they are.", Edit::Assertion(|facts| of_asserted(facts, "left"))),
    fragile("fragile.asr.authenticator-data.malformed", ASSERTED, "Does not catch the exception of its reader.", Edit::Assertion(|facts| of_asserted(facts, ""))),
    fragile("fragile.asr.authenticator-data.credential", ASSERTED, "Believes the flag AT and reads a credential from whatever follows.", Edit::Assertion(credential_read)),
    fragile("fragile.asr.authenticator-data.map", ASSERTED, "Breaks on an extension map.", Edit::Data(|data, _| refuse(data.extensions.is_some(), "an unexpected map"))),
    fragile("fragile.asr.authenticator-data.type", ASSERTED, "Casts extensions to the types it expects.", Edit::Assertion(|facts| of_asserted(facts, "instead of"))),
    fragile("fragile.asr.counter.overflow", COUNTER, "Breaks where a counter does not fit in 31 bits.", Edit::Assertion(|facts| counter(facts, |found, _| found >> 31 == 0))),
    fragile("fragile.asr.counter.next", COUNTER, "Adds one to the last counter of all.", Edit::Assertion(|facts| counter(facts, |found, _| found < u32::MAX))),
];

const fn attested(lens: fn(&[u8]) -> Option<Vec<u8>>) -> Edit {
    Edit::Lens(Part::AttestationData, lens)
}

const fn asserted(lens: fn(&[u8]) -> Option<Vec<u8>>) -> Edit {
    Edit::Lens(Part::AssertionData, lens)
}

/// Where the COSE key begins, by the length of the credential id.
fn attested_tail(data: &[u8]) -> Option<usize> {
    let length = data.get(53..55)?;
    Some(55 + usize::from(u16::from_be_bytes([length[0], length[1]])))
}

/// So many items from `tail` on, and nothing after them.
fn only_items(data: &[u8], tail: usize, count: usize) -> Option<Vec<u8>> {
    let mut end = tail;
    for _ in 0..count {
        end += item(data.get(end..)?)?;
    }
    data.get(..end).map(<[u8]>::to_vec)
}

fn deduplicated(data: &[u8], tail: usize, keep: Keep) -> Option<Vec<u8>> {
    let mut seen = data.get(..tail)?.to_vec();
    let mut rest = &data[tail..];
    while let Some(length) = item(rest) {
        let (one, after) = rest.split_at(length);
        seen.extend(without_doubles(one, keep).unwrap_or_else(|| one.to_vec()));
        rest = after;
    }
    seen.extend_from_slice(rest);
    Some(seen)
}

fn without_extension_flag(data: &[u8]) -> Vec<u8> {
    let mut data = data.to_vec();
    if let Some(flags) = data.get_mut(32) {
        *flags &= !EXTENSION_DATA;
    }
    data
}

fn without_empty_extensions(data: &[u8]) -> Option<Vec<u8>> {
    matches!(data.len(), HEAD | WITHOUT_EXTENSIONS).then(|| without_extension_flag(data))
}

/// Without what follows the first `items` of the tail, unless it is a well-formed extension map.
fn readable_extensions(data: &[u8], tail: usize, items: usize) -> Option<Vec<u8>> {
    let kept = only_items(data, tail, items)?;
    let read = if tail == HEAD {
        AuthenticatorData::decode_assertion(data)
    } else {
        AuthenticatorData::decode_attestation(data)
    };
    read.is_err().then(|| without_extension_flag(&kept))
}

fn usual_length(data: &[u8]) -> Option<Vec<u8>> {
    let mut data = data.to_vec();
    data.get_mut(53..55)?.copy_from_slice(&[0, 32]);
    Some(data)
}

fn hash_of(
    data: &AuthenticatorData<'_>,
    policy: &Policy,
    accepted: fn(&str) -> Vec<String>,
) -> Outcome {
    let accepted = accepted(policy.app_id.as_str());
    let found = accepted.iter().any(|app| *data.rp_id_hash == sha256(&[app.as_bytes()]));
    refuse(!found, "another app")
}

fn in_any_case(own: &str) -> Vec<String> {
    vec![own.to_owned(), own.to_uppercase(), own.to_lowercase()]
}

fn with_bundle_alone(own: &str) -> Vec<String> {
    let bundle = own.split_once('.').map_or("", |(_, bundle)| bundle);
    vec![own.to_owned(), bundle.to_owned()]
}

fn with_other_teams(own: &str) -> Vec<String> {
    let bundle = own.split_once('.').map_or("", |(_, bundle)| bundle);
    let of = |team: &str| format!("{team}.{bundle}");
    vec![own.to_owned(), of("ZYXWV98765"), of("ABCDE12345")]
}

/// The bytes before the first zero byte.
fn text(aaguid: &[u8; 16]) -> &[u8] {
    aaguid.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn cd_hash(data: &AuthenticatorData<'_>, also: fn(bool, Option<&[u8]>) -> bool) -> Outcome {
    let Some(extensions) = &data.extensions else {
        return Outcome::Held;
    };
    let kind = extensions.cd_hash_type;
    let holds = match (extensions.cd_hash, kind) {
        (None, None) | (Some(_), Some([2..=4])) => true,
        (hash, kind) => also(hash.is_some(), kind),
    };
    refuse(!holds, "a code-directory hash of no known type")
}

fn of_attested(facts: &attestation::Facts<'_>, words: &str) -> Outcome {
    of(facts.data.as_ref(), words)
}

fn of_asserted(facts: &assertion::Facts<'_>, words: &str) -> Outcome {
    of(facts.data.as_ref(), words)
}

fn of(read: Option<&Result<AuthenticatorData<'_>, Malformed>>, words: &str) -> Outcome {
    read.map_or(Outcome::Held, |read| malformed(read, words))
}

/// Whoever reads a credential because of AT runs off the end, unless nothing at all follows.
fn credential_read(facts: &assertion::Facts<'_>) -> Outcome {
    let Ok(assertion) = facts.assertion else {
        return Outcome::Held;
    };
    let data = assertion.authenticator_data;
    let announced = data.get(32).is_some_and(|flags| flags & ATTESTED_CREDENTIAL != 0);
    refuse(announced && data.len() > HEAD, "ends inside a credential")
}

fn counter(facts: &assertion::Facts<'_>, claim: fn(u32, u32) -> bool) -> Outcome {
    let stored = facts.request.stored_counter;
    facts.with_data(|data| refuse(!claim(data.counter, stored), "a counter that will not do"))
}

fn aaguid(
    attested: &AttestedCredential<'_>,
    facts: &attestation::Facts<'_>,
    claim: fn(&[u8; 16], Environment) -> bool,
) -> Outcome {
    refuse(!claim(attested.aaguid, facts.policy.environment), "another AAGUID")
}
