//! Why an honest request is refused: single things are changed, and what the server says then is
//! compared with what it says to lies.

use super::Pliable;
use super::cause::{self, Cause};
use super::edit::Edit;
use super::finding::{Check, Finding};
use super::misread::step_of;
use super::quest::{Found, changed, yes};
use super::told::Told;
use super::ward::{Setting, Ward};
use catalogue::Kind;
use jiff::SignedDuration;
use protocol::terms::Environment;
use simulator::Generation;
use targets::file::Declared;
use toml::{Table, Value};

/// Lies about enrolments, in the order in which servers look for them.
pub(super) const ATTESTATION_LIES: [&str; 6] =
    ["random", "stranger", "nonce", "key-id", "app", "environment"];

/// Lies about protected requests.
pub(super) const ASSERTION_LIES: [&str; 4] = ["random", "stranger", "app", "counter"];

/// What was found, and the setting in which the request is accepted after all.
pub(super) type Diagnosis = (Finding, Option<Setting>);

/// Finds out why an honest enrolment is refused.
pub(super) async fn attestation<T: Pliable>(
    ward: &mut Ward<'_, T>,
    found: &Found,
    garbage: &Told,
) -> Diagnosis {
    let (changes, told) = match &found.furthest {
        Some((changes, told)) => (&changes[..], told),
        None => (&[][..], &found.first),
    };
    let setting = changed(&ward.setting, changes);
    let lines = || changes.iter().flat_map(super::conventions::Change::edits);
    if ward.given_up().is_none()
        && let Some((finding, setting)) = variations(ward, &setting, garbage).await
    {
        return (finding.edits(lines()), setting);
    }
    (refused(ward, Kind::Attestation, &setting, found, told).await.edits(lines()), None)
}

/// Finds out why an honest protected request is refused.
pub(super) async fn assertion<T: Pliable>(ward: &mut Ward<'_, T>, found: &Found) -> Finding {
    let setting = ward.setting.clone();
    refused(ward, Kind::Assertion, &setting, found, &found.first).await
}

/// Changes one thing of the device at a time; the first that is accepted is the answer.
async fn variations<T: Pliable>(
    ward: &mut Ward<'_, T>,
    setting: &Setting,
    garbage: &Told,
) -> Option<Diagnosis> {
    let honest = super::probes::honest(Kind::Attestation);
    let mut other = setting.clone();
    other.file.environment = match setting.file.environment {
        Environment::Production => Environment::Development,
        Environment::Development => Environment::Production,
    };
    if yes(&ward.play(&other, &honest).await, garbage).is_some() {
        let name = other.file.environment.as_str();
        let said = format!(
            "the server serves {name}: a device of that environment is accepted, and one of {} is refused",
            setting.file.environment.as_str()
        );
        let finding = Finding::broken(Check::Attestation, said)
            .at("target.environment")
            .edits([Edit::set("target.environment", name)]);
        return Some((finding, Some(other)));
    }
    for offset in offsets(ward) {
        if ward.given_up().is_some() {
            return None;
        }
        let other = Setting { offset, ..setting.clone() };
        if yes(&ward.play(&other, &honest).await, garbage).is_some() {
            let which = if offset.is_negative() { "behind" } else { "ahead" };
            let said = format!(
                "the server's clock is {which} by about {}: a device of that time is accepted, and one of now is refused",
                super::around::in_words(offset.abs()),
            );
            let finding = Finding::broken(Check::Attestation, said)
                .detail(cause::CLOCK.words)
                .detail("no line of the target file mends this: set the clocks");
            return Some((finding, None));
        }
    }
    if yes(&ward.lie_in(setting, Kind::Attestation, "no-receipt").await, garbage).is_some() {
        let finding = Finding::broken(
            Check::Attestation,
            "an honest attestation is refused for its receipt: without one it is accepted",
        );
        return Some((finding.detail(cause::RECEIPT.words).at("policy.receipt"), None));
    }
    newer(ward, setting, garbage).await
}

/// Tries a device that states more of its app than older ones do.
async fn newer<T: Pliable>(
    ward: &mut Ward<'_, T>,
    setting: &Setting,
    garbage: &Told,
) -> Option<Diagnosis> {
    let mut other = Setting { generation: Generation::Ios27, ..setting.clone() };
    if setting.generation == Generation::Ios27
        || yes(&ward.play(&other, &super::probes::honest(Kind::Attestation)).await, garbage)
            .is_none()
    {
        return None;
    }
    let mut finding = Finding::broken(
        Check::Attestation,
        "the server demands what only devices of OS 27 state: one is accepted, and an older one is refused",
    );
    let category = match other.file.environment {
        Environment::Production => 4,
        Environment::Development => 3,
    };
    let require = |value: Value| {
        let members = [
            ("mode".to_owned(), Value::from("require")),
            ("allow".to_owned(), Value::Array(vec![value])),
        ];
        Table::from_iter(members)
    };
    if yes(&ward.lie_in(&other, Kind::Attestation, "no-category").await, garbage).is_none() {
        other.file.policy.validation_category = Some(Declared::Require(vec![category]));
        let value = require(i64::from(category).into());
        finding = finding
            .at("policy.validation_category")
            .edits([Edit::set("policy.validation_category", value)]);
    }
    if yes(&ward.lie_in(&other, Kind::Attestation, "no-version").await, garbage).is_none() {
        other.file.policy.bundle_version = Some(Declared::Require(vec!["1".to_owned()]));
        let value = require("1".into());
        finding =
            finding.at("policy.bundle_version").edits([Edit::set("policy.bundle_version", value)]);
    }
    Some((finding.detail("add the other values that the server allows"), Some(other)))
}

/// How far the server's clock may be off: as its `Date` says, or two days either way.
fn offsets<T: Pliable>(ward: &Ward<'_, T>) -> Vec<SignedDuration> {
    let day = SignedDuration::from_hours(24);
    let mut offsets = vec![-(day * 2), day * 2];
    if let Some(skew) = super::around::skew(&ward.dates)
        && skew.abs() > SignedDuration::from_mins(1)
    {
        offsets.insert(0, skew);
    }
    offsets
}

/// The causes of a refusal, the likeliest first.
async fn refused<T: Pliable>(
    ward: &mut Ward<'_, T>,
    kind: Kind,
    setting: &Setting,
    found: &Found,
    told: &Told,
) -> Finding {
    let (check, step) = match kind {
        Kind::Attestation => (Check::Attestation, "attest"),
        Kind::Assertion => (Check::Assertion, "assert"),
    };
    let said = format!("an honest {} is refused: {}", kind.as_str(), told.words());
    let mut finding = Finding::broken(check, said);
    if let Some(why) = ward.given_up() {
        return finding
            .at(format!("step.{step}"))
            .detail(format!("not looked into further: {why}"));
    }
    let mut causes: Vec<Cause> = Vec::new();
    if let Some((cause, sure)) =
        told.reason().and_then(|words| cause::named(words, &setting.file.reasons))
    {
        let how = if sure { "by the server's own words" } else { "as the server's words sound" };
        finding = finding.detail(format!("{how}: {}", cause.words));
        causes.push(cause);
        if sure {
            return placed(finding, &causes, step).detail(tried(found));
        }
    }
    let status = told.status();
    if let Some(hint) = by_status(status, step_of(kind).as_str()) {
        finding = finding.detail(hint);
    }
    let (alike, unlike) = likeness(ward, kind, setting, told).await;
    let list =
        |names: &[&str]| names.iter().map(|name| words_of(name)).collect::<Vec<_>>().join("; ");
    if unlike.is_empty() {
        finding = finding.detail(
            "whatever is sent gets this answer, so that it does not tell why; the likeliest causes in order:",
        );
        causes.extend(usual(kind));
    } else if alike.is_empty() {
        finding = finding.detail(format!(
            "it gets further than any of these, which are answered otherwise: {}",
            list(&unlike)
        ));
        causes.extend([cause::RECEIPT, cause::CLOCK]);
    } else {
        finding = finding.detail(format!(
            "the server answers the same to this: {}; and otherwise to this: {}",
            list(&alike),
            list(&unlike)
        ));
        causes.extend(alike.iter().filter_map(|name| cause_of(kind, name)));
    }
    let mut told_causes = Vec::new();
    for cause in &causes {
        if !told_causes.contains(cause)
            && !finding.details.iter().any(|one| one.ends_with(cause.words))
        {
            finding = finding.detail(cause.words);
        }
        told_causes.push(*cause);
    }
    placed(finding, &causes, step).detail(tried(found))
}

fn placed(finding: Finding, causes: &[Cause], step: &str) -> Finding {
    let member = causes.iter().find_map(|cause| cause.member);
    match (causes.first(), member) {
        (Some(Cause { member: None, .. }), _) => finding,
        (_, Some(member)) => finding.at(member),
        (_, None) => finding.at(format!("step.{step}")),
    }
}

fn tried(found: &Found) -> String {
    let ended = found.ended.as_ref().map(|why| format!(", then no more: {why}"));
    let were = if found.trials == 1 { "way of writing it was" } else { "ways of writing it were" };
    format!("{} {were} tried{}", found.trials, ended.unwrap_or_default())
}

/// What a status says before any rule of App Attest is applied.
pub(super) fn by_status(status: u16, step: &str) -> Option<String> {
    let what = match status {
        404 => "the path is not known there",
        405 => "the path knows another method",
        401 if step != "assert" => "it wants to know who asks: look at [headers] and [secrets]",
        415 => "the body is of another media type: look at `content_type`",
        400 | 422 => "the request itself is not understood: look at the names of its members",
        413 => "the request is too large for it",
        300..=399 => "it redirects, which is not followed: write the final address into `nodes`",
        500..=599 => "the server failed: its log knows more",
        _ => return None,
    };
    Some(format!("status {status} of [step.{step}]: {what}"))
}

/// The lies that are answered as the honest request is, and those that are not.
async fn likeness<T: Pliable>(
    ward: &mut Ward<'_, T>,
    kind: Kind,
    setting: &Setting,
    told: &Told,
) -> (Vec<&'static str>, Vec<&'static str>) {
    let lies: &[&'static str] = match kind {
        Kind::Attestation => &ATTESTATION_LIES,
        Kind::Assertion => &ASSERTION_LIES,
    };
    let (mut alike, mut unlike) = (Vec::new(), Vec::new());
    for name in lies {
        if ward.given_up().is_some() {
            break;
        }
        let lie = ward.lie_in(setting, kind, name).await;
        if lie.is_like(told) { alike.push(*name) } else { unlike.push(*name) }
    }
    (alike, unlike)
}

/// A lie in words.
pub(super) fn words_of(name: &str) -> &'static str {
    match name {
        "random" => "random bytes",
        "stranger" => "an object signed by a stranger",
        "nonce" => "one made for another challenge",
        "key-id" => "one with another key id",
        "app" => "one of another app",
        "environment" => "one of the other environment",
        "counter" => "a counter that does not grow",
        "truncated" => "an object cut in the middle",
        _ => "another lie",
    }
}

fn cause_of(kind: Kind, name: &str) -> Option<Cause> {
    use protocol::verify::Rule;
    cause::of(match (kind, name) {
        (Kind::Attestation, "random") => Rule::AttestationSyntax,
        (Kind::Attestation, "stranger") => Rule::ChainTrustAnchor,
        (Kind::Attestation, "nonce") => Rule::Nonce,
        (Kind::Attestation, "key-id") => Rule::KeyIdentifier,
        (_, "environment") => Rule::Aaguid,
        (Kind::Assertion, "random") => Rule::AssertionSyntax,
        (Kind::Assertion, "stranger") => Rule::AssertionSignature,
        (Kind::Assertion, "counter") => Rule::CounterIncreases,
        (_, "app") => Rule::AttestationRpId,
        _ => return None,
    })
}

fn usual(kind: Kind) -> Vec<Cause> {
    match kind {
        Kind::Attestation => {
            vec![cause::ROOT, cause::APP, cause::ENVIRONMENT, cause::CLOCK, cause::RECEIPT]
        }
        Kind::Assertion => ["random", "stranger"]
            .iter()
            .filter_map(|name| cause_of(Kind::Assertion, name))
            .collect(),
    }
}
