//! Rules that read a no as a yes, or a yes as a no, and what they should be instead.

use super::edit::{Edit, plain, rule, status_value};
use super::finding::{Check, Finding};
use super::quest::Yes;
use super::told::{Told, difference};
use catalogue::Kind;
use targets::file::{AnswerRule, Judged, StatusRange};
use targets::{Operation, ReadBy, TargetFile};
use toml::{Table, Value};

/// What reads both the answer to an honest request and the one to garbage wrong, if something does;
/// the file is changed as the finding says.
pub(super) fn mend(
    file: &mut TargetFile,
    kind: Kind,
    (honest, how): (&Told, Yes),
    garbage: &Told,
) -> Option<Finding> {
    match how {
        Yes::Inverted => Some(inverted(file, kind, honest, garbage)),
        Yes::Unread => Some(unread(file, kind, honest)),
        Yes::Read if garbage.accepted() => Some(too_broad(file, kind, honest, garbage)),
        Yes::Read => None,
    }
}

/// The step that a kind of request is.
pub(super) fn step_of(kind: Kind) -> Operation {
    match kind {
        Kind::Attestation => Operation::Attest,
        Kind::Assertion => Operation::Assert,
    }
}

/// What read an answer, as people look for it.
pub(super) fn reader(told: &Told, kind: Kind) -> String {
    match told.read_by() {
        Some(ReadBy::Rule(place)) => format!("rule {} of [judge]", place + 1),
        Some(ReadBy::Ok) => format!("the `ok` of [step.{}]", step_of(kind).as_str()),
        None => "no rule".to_owned(),
    }
}

fn inverted(file: &mut TargetFile, kind: Kind, honest: &Told, garbage: &Told) -> Finding {
    let said = format!(
        "the verdicts are the wrong way round: {} reads the answer to random bytes as accept, and {} the one to an honest {} as reject",
        reader(garbage, kind),
        reader(honest, kind),
        kind.as_str(),
    );
    let mut finding = Finding::broken(Check::Garbage, said);
    for (told, is) in [(honest, Judged::Accept), (garbage, Judged::Reject)] {
        match told.rule() {
            Some(at) => {
                finding = finding.at(format!("judge.rules.{at}")).edits([becomes(file, at, is)]);
            }
            None => finding = without_ok(finding, file, kind),
        }
    }
    finding
}

fn becomes(file: &mut TargetFile, at: usize, is: Judged) -> Edit {
    if let Some(rule) = file.judge.get_mut(at) {
        rule.is = is;
    }
    Edit::ChangeRule { at, members: Table::from_iter([("is".to_owned(), is.as_str().into())]) }
}

/// Takes the `ok` out of a step, so that rules read its answers.
fn without_ok(finding: Finding, file: &mut TargetFile, kind: Kind) -> Finding {
    let on = step_of(kind);
    if let Some(step) = file.steps.get_mut(&on) {
        step.ok = None;
    }
    let path = ["step", on.as_str(), "ok"].map(str::to_owned).to_vec();
    finding.at(format!("step.{}.ok", on.as_str())).edits([Edit::Remove { path }])
}

fn too_broad(file: &mut TargetFile, kind: Kind, honest: &Told, garbage: &Told) -> Finding {
    let said = format!(
        "{} reads the answer to random bytes ({}) as accept: it is too broad",
        reader(garbage, kind),
        garbage.words(),
    );
    let mut finding = Finding::broken(Check::Garbage, said);
    let own = garbage.rule();
    if own != honest.rule()
        && let Some(at) = own
    {
        return finding.at(format!("judge.rules.{at}")).edits([becomes(file, at, Judged::Reject)]);
    }
    let on = match own.and_then(|at| file.judge.get(at)) {
        Some(rule) => rule.on.clone(),
        None => vec![step_of(kind)],
    };
    if own.is_none() {
        finding = without_ok(finding, file, kind);
    } else if let Some(at) = own {
        finding = finding.at(format!("judge.rules.{at}"));
    }
    let (yes, no) = match (honest.json(), garbage.json()) {
        _ if honest.status() != garbage.status() => {
            (condition(honest.status(), None), condition(garbage.status(), None))
        }
        (Some(one), Some(other)) => match difference(&one, &other) {
            Some((pointer, yes, no)) => (
                condition(honest.status(), Some((pointer.clone(), yes))),
                condition(garbage.status(), Some((pointer, no))),
            ),
            None => return undecided(finding),
        },
        _ => return undecided(finding),
    };
    let at = own.unwrap_or(0);
    if own.is_some() {
        finding = finding.edits([narrowed(file, at, &yes)]);
        return finding.edits([added(file, at + 1, on, no, Judged::Reject)]);
    }
    let accept = added(file, at, on.clone(), yes, Judged::Accept);
    finding.edits([accept, added(file, at + 1, on, no, Judged::Reject)])
}

fn undecided(finding: Finding) -> Finding {
    finding.detail(
        "say in the rule what tells the two answers apart: the status, or a member of the body",
    )
}

struct Condition {
    status: StatusRange,
    json: Option<(String, serde_json::Value)>,
}

/// The hundred that a status is of: servers say 200 here and 201 there.
fn condition(status: u16, json: Option<(String, serde_json::Value)>) -> Condition {
    let from = status / 100 * 100;
    Condition { status: StatusRange { from, to: from + 99 }, json }
}

fn narrowed(file: &mut TargetFile, at: usize, yes: &Condition) -> Edit {
    let mut members = Table::new();
    let Some(rule) = file.judge.get_mut(at) else { return Edit::ChangeRule { at, members } };
    match &yes.json {
        None => {
            rule.status = yes.status;
            members.insert("status".to_owned(), status_value(yes.status));
        }
        Some((pointer, value)) => {
            rule.json.push((pointer.clone(), value.clone()));
            let all = rule
                .json
                .iter()
                .filter_map(|(pointer, value)| Some((pointer.clone(), plain(value)?)));
            members.insert("json".to_owned(), Value::Table(all.collect()));
        }
    }
    Edit::ChangeRule { at, members }
}

fn added(
    file: &mut TargetFile,
    at: usize,
    on: Vec<Operation>,
    when: Condition,
    is: Judged,
) -> Edit {
    let json = when.json.as_ref().map(|(pointer, value)| (pointer.as_str(), value));
    let members = rule(&on, when.status, json, is);
    let json = when.json.into_iter().collect();
    let new = AnswerRule { on, json, ..AnswerRule::new(when.status, is) };
    file.judge.insert(at.min(file.judge.len()), new);
    Edit::AddRule { at, members }
}

fn unread(file: &mut TargetFile, kind: Kind, honest: &Told) -> Finding {
    let said = format!(
        "an honest {} seems to be accepted, but its answer is not read: {}",
        kind.as_str(),
        honest.words(),
    );
    let finding = Finding::broken(Check::Garbage, said).at("judge.rules");
    if honest.read_by().is_some() {
        return finding.detail(
            "a value that [outputs] or `save` names is not in it; write `?` behind its source if it may be missing",
        );
    }
    let when = condition(honest.status(), None);
    finding.edits([added(file, 0, vec![step_of(kind)], when, Judged::Accept)])
}
