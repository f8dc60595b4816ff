//! Receipts.

use super::Flaw;
use super::container::malformed;
use super::edit::{Edit, Part, fragile, refuse, strict, weak};
use super::habit::Habit;
use crate::verify::chain::Path;
use crate::verify::receipt::{Facts, path_from, signers_certificate};
use crate::verify::{Crypto, Outcome, Rule, signature};
use crate::wire::{Certificate, Receipt};

const SYNTAX: Rule = Rule::ReceiptSyntax;
const SIGNATURE: Rule = Rule::ReceiptSignature;
const CHAIN: Rule = Rule::ReceiptChain;
const APP: Rule = Rule::ReceiptAppId;
const ENVIRONMENT: Rule = Rule::ReceiptEnvironment;
const FRESH: Rule = Rule::ReceiptFreshness;
const EXPIRY: Rule = Rule::ReceiptExpiration;
const KEY: Rule = Rule::ReceiptPublicKey;
const HASH: Rule = Rule::ReceiptClientHash;

/// Weakened, over-strict and fragile checks.
#[rustfmt::skip]
pub(super) const FLAWS: &[Flaw] = &[
    weak("weak.rcp.syntax.trailing", SYNTAX, "Ignores what follows the receipt.", Edit::Lens(Part::Receipt, without_trailing_bytes)),
    weak("weak.rcp.syntax.missing", SYNTAX, "Verifies the receipt if there is one.", Edit::Habit(Habit::ReceiptOptional)),
    weak("weak.rcp.syntax.metric", SYNTAX, "Takes a risk metric that is no number for none.", Edit::Receipt(|facts| with(facts, |receipt, _| Some(!receipt.fields.is_empty())))),
    weak("weak.rcp.signature.well-formed", SIGNATURE, "Calls the signature check and discards its result.", Edit::Receipt(|facts| with(facts, |receipt, _| Some(receipt.signers.len() == 1 && receipt.signers[0].signature.first() == Some(&0x30))))),
    weak("weak.rcp.signature.any-signer", SIGNATURE, "Is content with one valid signature among several.", Edit::Receipt(|facts| with(facts, |receipt, _| Some(receipt.signers.iter().any(|signer| is_signed_by(receipt, signer)))))),
    weak("weak.rcp.signature.every-signer", SIGNATURE, "Checks each signer there is, and finds no fault where there is none.", Edit::Receipt(|facts| with(facts, |receipt, _| Some(receipt.signers.iter().all(|signer| is_signed_by(receipt, signer)))))),
    weak("weak.rcp.chain.subject", CHAIN, "Recognises the root by its name.", Edit::Receipt(|facts| with(facts, |receipt, facts| path(receipt, facts, |path| path.names() == Outcome::Held)))),
    weak("weak.rcp.chain.any-vendor-root", CHAIN, "Trusts whatever the signer's certificates lead to.", Edit::Receipt(|facts| with(facts, |receipt, facts| path(receipt, facts, |path| path.signatures() == Outcome::Held).or(Some(true))))),
    weak("weak.rcp.app-id.team", APP, "Compares the team of the App ID.", Edit::Receipt(|facts| field(facts, 2, |found, facts| found.split(|byte| *byte == b'.').next() == Some(team(facts))))),
    weak("weak.rcp.app-id.absent", APP, "Compares the App ID if there is one.", Edit::Receipt(|facts| with(facts, |receipt, facts| Some(receipt.field(2).is_none_or(|found| found == own(facts)))))),
    weak("weak.rcp.app-id.prefix", APP, "Compares the beginning of the App ID, as long as its own is.", Edit::Receipt(|facts| field(facts, 2, |found, facts| found.starts_with(own(facts))))),
    weak("weak.rcp.environment.known", ENVIRONMENT, "Accepts the receipts of both environments.", Edit::Receipt(|facts| with(facts, |receipt, _| Some(receipt.environment().is_none_or(|found| ["sandbox", "production"].contains(&found)))))),
    weak("weak.rcp.environment.sandbox", ENVIRONMENT, "Also accepts receipts of the sandbox, left over from testing.", Edit::Receipt(|facts| with(facts, |receipt, facts| Some(receipt.environment().is_none_or(|found| found == "sandbox" || found == facts.policy.environment.receipt_name()))))),
    weak("weak.rcp.environment.production", ENVIRONMENT, "Also accepts receipts of production.", Edit::Receipt(|facts| with(facts, |receipt, facts| Some(receipt.environment().is_none_or(|found| found == "production" || found == facts.policy.environment.receipt_name()))))),
    weak("weak.rcp.freshness.future", FRESH, "Takes any receipt of the future for fresh.", Edit::Receipt(|facts| with(facts, |receipt, facts| age(receipt, facts).map(|age| age <= allowed(facts))))),
    weak("weak.rcp.freshness.hour", FRESH, "Takes minutes for hours and accepts a receipt of up to five hours.", Edit::Receipt(|facts| with(facts, |receipt, facts| age(receipt, facts).map(|age| age.abs() <= 60 * allowed(facts))))),
    weak("weak.rcp.freshness.not-future", FRESH, "Refuses receipts of the future and no old ones.", Edit::Receipt(|facts| with(facts, |receipt, facts| age(receipt, facts).map(|age| age >= -allowed(facts))))),
    weak("weak.rcp.freshness.absent", FRESH, "Takes a receipt without creation time for fresh.", Edit::Receipt(|facts| with(facts, |receipt, facts| Some(age(receipt, facts).is_none_or(|age| age.abs() <= allowed(facts)))))),
    weak("weak.rcp.expiration.absent", EXPIRY, "Takes a receipt without expiration for one without end.", Edit::Receipt(|facts| with(facts, |receipt, facts| Some(receipt.expiration().is_none_or(|end| facts.now < end))))),
    weak("weak.rcp.expiration.year", EXPIRY, "Compares the year of expiration.", Edit::Receipt(|facts| with(facts, |receipt, facts| receipt.field(21).map(|end| end.get(..4) >= facts.now.to_string().as_bytes().get(..4))))),
    weak("weak.rcp.public-key.absent", KEY, "Compares the key if field 3 certifies one.", Edit::Receipt(|facts| with(facts, |receipt, facts| Some(receipt.certificate().is_none_or(|der| certifies(der, facts, |point, own| point == own)))))),
    weak("weak.rcp.public-key.present", KEY, "Demands field 3 and never reads it.", Edit::Receipt(|facts| with(facts, |receipt, _| Some(receipt.certificate().is_some())))),
    weak("weak.rcp.public-key.curve", KEY, "Is content with any certificate of a key on P-256.", Edit::Receipt(|facts| with(facts, |receipt, facts| receipt.certificate().map(|der| certifies(der, facts, |point, own| point.len() == own.len()))))),
    weak("weak.rcp.client-hash.absent", HASH, "Compares the client data hash if field 4 is there.", Edit::Receipt(|facts| with(facts, |receipt, facts| Some(receipt.client_hash().is_none_or(|found| hash(facts).is_none_or(|own| found == own)))))),
    weak("weak.rcp.client-hash.length", HASH, "Demands 32 bytes of client data hash and compares none.", Edit::Receipt(|facts| field(facts, 4, |found, _| found.len() == 32))),

    strict("strict.rcp.syntax.der", SYNTAX, "Reads DER only, which no genuine receipt is.", Edit::Receipt(|facts| refuse(facts.request.receipt.starts_with(&[0x30, 0x80]), "an indefinite length"))),
    strict("strict.rcp.syntax.indefinite", SYNTAX, "Knows receipts of indefinite length only.", Edit::Receipt(|facts| refuse(facts.request.receipt.get(1).is_some_and(|length| *length != 0x80), "a definite length"))),
    strict("strict.rcp.syntax.segments", SYNTAX, "Demands two segments, the first of 1 000 bytes.", Edit::Receipt(|facts| with(facts, |receipt, _| Some(receipt.segments.len() == 2 && receipt.segments[0] == 1000)))),
    strict("strict.rcp.syntax.metric", SYNTAX, "Demands a risk metric, which first receipts have not.", Edit::Receipt(|facts| with(facts, |receipt, _| Some(receipt.field(17).is_some())))),
    strict("strict.rcp.signature.attributes", SIGNATURE, "Demands signed attributes, as most CMS has.", Edit::Receipt(|facts| with(facts, |receipt, _| Some(receipt.signers.iter().all(|signer| signer.has_signed_attributes))))),
    strict("strict.rcp.syntax.size", SYNTAX, "Keeps receipts in a column of 8 000 bytes.", Edit::Receipt(|facts| refuse(facts.request.receipt.len() > 8000, "too large"))),
    strict("strict.rcp.syntax.few-fields", SYNTAX, "Refuses fields that it does not know.", Edit::Receipt(|facts| with(facts, |receipt, _| Some(receipt.fields.iter().all(|field| matches!(field.number, 2..=7 | 12 | 17 | 19 | 21)))))),
    strict("strict.rcp.chain.signer-first", CHAIN, "Takes the first certificate for the signer's.", Edit::Receipt(|facts| with(facts, |receipt, _| Some(signer(receipt).is_none_or(|one| receipt.certificates.first() == Some(&one.der)))))),
    strict("strict.rcp.chain.now", CHAIN, "Demands that the signer's certificate is valid now, not when the receipt was made.", Edit::Receipt(|facts| with(facts, |receipt, facts| Some(signer(receipt).is_none_or(|one| one.not_before <= facts.now && facts.now <= one.not_after))))),
    strict("strict.rcp.chain.three", CHAIN, "Demands exactly three certificates.", Edit::Receipt(|facts| with(facts, |receipt, _| Some(receipt.certificates.len() == 3)))),
    strict("strict.rcp.freshness.milliseconds", FRESH, "Reads creation times with exactly three decimals.", Edit::Receipt(|facts| field(facts, 12, |found, _| found.len() == "2026-01-02T03:04:05.678Z".len()))),
    strict("strict.rcp.freshness.fraction", FRESH, "Reads creation times with a fraction only.", Edit::Receipt(|facts| field(facts, 12, |found, _| found.contains(&b'.')))),
    strict("strict.rcp.freshness.minute", FRESH, "Allows a receipt one minute.", Edit::Receipt(|facts| with(facts, |receipt, facts| age(receipt, facts).map(|age| age <= 60)))),
    strict("strict.rcp.freshness.past", FRESH, "Refuses a receipt that was made a moment later than its own clock says.", Edit::Receipt(|facts| with(facts, |receipt, facts| age(receipt, facts).map(|age| age >= 0)))),
    strict("strict.rcp.environment.demanded", ENVIRONMENT, "Demands field 7, which is not documented.", Edit::Receipt(|facts| with(facts, |receipt, _| Some(receipt.environment().is_some())))),
    strict("strict.rcp.expiration.quarter", EXPIRY, "Demands exactly 90 days between creation and expiration.", Edit::Receipt(|facts| with(facts, |receipt, _| Some(receipt.expiration().zip(receipt.creation_time()).is_some_and(|(end, start)| end.as_second() - start.as_second() == 90 * 86400))))),

    fragile("fragile.rcp.syntax.malformed", SYNTAX, "Does not catch the exception of its ASN.1 parser.", Edit::Receipt(|facts| Outcome::readable(facts.receipt))),
    fragile("fragile.rcp.syntax.missing", SYNTAX, "Reads the receipt without looking whether there is one.", Edit::Habit(Habit::ReceiptExpected)),
    fragile("fragile.rcp.syntax.nested", SYNTAX, "Runs out of stack on deep nesting.", Edit::Receipt(|facts| refuse(depth(facts.request.receipt) > 64, "stack overflow"))),
    fragile("fragile.rcp.syntax.length", SYNTAX, "Sets aside as much memory as a length announces.", Edit::Receipt(|facts| malformed(facts.receipt, "are left"))),
    fragile("fragile.rcp.signature.none", SIGNATURE, "Takes the first signer without looking whether there is one.", Edit::Receipt(|facts| with(facts, |receipt, _| Some(!receipt.signers.is_empty())))),
    fragile("fragile.rcp.freshness.whole-second", FRESH, "Breaks on a creation time without a fraction.", Edit::Receipt(|facts| field(facts, 12, |found, _| found.contains(&b'.')))),
    fragile("fragile.rcp.public-key.absent", KEY, "Reads field 3 without looking whether it is there.", Edit::Receipt(|facts| with(facts, |receipt, _| Some(receipt.certificate().is_some())))),
];

/// Whether the claim holds; `None` says that what it needs is not there.
fn with(facts: &Facts<'_>, claim: fn(&Receipt<'_>, &Facts<'_>) -> Option<bool>) -> Outcome {
    facts.with_receipt(|receipt| {
        refuse(claim(receipt, facts) != Some(true), "a receipt that will not do")
    })
}

/// Whether a field is there and the claim holds of it.
fn field(facts: &Facts<'_>, number: u64, claim: fn(&[u8], &Facts<'_>) -> bool) -> Outcome {
    facts.with_receipt(|receipt| {
        let holds = receipt.field(number).is_some_and(|found| claim(found, facts));
        refuse(!holds, "a field that will not do")
    })
}

fn without_trailing_bytes(input: &[u8]) -> Option<Vec<u8>> {
    let excess = (1..input.len().min(64))
        .find(|excess| Receipt::decode(&input[..input.len() - excess]).is_ok())?;
    Some(input[..input.len() - excess].to_vec())
}

fn is_signed_by(receipt: &Receipt<'_>, signer: &crate::wire::Signer<'_>) -> bool {
    let Ok(Certificate { curve, point, .. }) = signers_certificate(receipt, signer) else {
        return false;
    };
    let content = &receipt.content;
    let (algorithm, signature) = (signer.algorithm, signer.signature);
    signature::is_valid(Crypto::default(), curve, point, algorithm, content, signature).is_ok()
}

fn signer<'a>(receipt: &Receipt<'a>) -> Option<Certificate<'a>> {
    signers_certificate(receipt, receipt.signers.first()?).ok()
}

/// What the claim says of the path from the signer, if there is one.
fn path(receipt: &Receipt<'_>, facts: &Facts<'_>, claim: fn(Path<'_, '_>) -> bool) -> Option<bool> {
    let certificates = path_from(signer(receipt)?, receipt, facts.anchor).ok()?;
    let now = receipt.creation_time().unwrap_or(facts.now);
    Some(claim(facts.path(&certificates, now)))
}

fn own<'a>(facts: &'a Facts<'_>) -> &'a [u8] {
    facts.policy.app_id.as_str().as_bytes()
}

fn team<'a>(facts: &'a Facts<'_>) -> &'a [u8] {
    own(facts).split(|byte| *byte == b'.').next().unwrap_or_default()
}

/// Seconds since the receipt was made.
fn age(receipt: &Receipt<'_>, facts: &Facts<'_>) -> Option<i64> {
    Some(facts.now.duration_since(receipt.creation_time()?).as_secs())
}

fn allowed(facts: &Facts<'_>) -> i64 {
    facts.policy.receipt_max_age.as_secs()
}

fn certifies(der: &[u8], facts: &Facts<'_>, claim: fn(&[u8], &[u8]) -> bool) -> bool {
    let own = facts.request.public_key.unwrap_or_default();
    Certificate::decode(der).is_ok_and(|leaf| claim(leaf.point, own))
}

fn hash<'a>(facts: &Facts<'a>) -> Option<&'a [u8]> {
    facts.request.client_data_hash
}

/// How deep the first elements are nested in each other.
fn depth(input: &[u8]) -> usize {
    let mut rest = input;
    let mut depth = 0;
    while let [0x30 | 0xa0, length, after @ ..] = rest {
        let skipped = if *length > 0x80 { usize::from(length & 0x7f) } else { 0 };
        rest = after.get(skipped..).unwrap_or_default();
        depth += 1;
    }
    depth
}
