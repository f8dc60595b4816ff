//! The steps of a case, and that they make sense together.

use super::raw::{Deed, Names, Purpose as RawPurpose, StepBody};
use super::{At, Problem, Read, body, into_table, operators};
use crate::base::{ACCOUNT, DEVICE};
use crate::case::{Action, Expectation, Step};
use crate::need::Need;
use crate::operator::Operator;
use protocol::relying_party::Purpose;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;
use toml::de::DeValue;

/// Reads `[[case.step]]`.
pub(super) fn read(values: Vec<Spanned<DeValue<'_>>>) -> Read<Vec<Step>> {
    let mut names = BTreeSet::new();
    values.into_iter().map(|value| step(value, &mut names)).collect()
}

fn step(value: Spanned<DeValue<'_>>, names: &mut BTreeSet<String>) -> Read<Step> {
    let (span, mut table) = into_table(value, "a step")?;
    let operators = operators(table.remove("op"))?;
    let step: StepBody = body(span.clone(), table)?;
    let known = |name: &str, span: std::ops::Range<usize>| {
        if names.contains(name) {
            Ok(name.to_owned())
        } else {
            let known: Vec<_> = names.iter().cloned().collect();
            Err(At::new(span, Problem::unknown("earlier step's name", name, &known)))
        }
    };
    if let Some(words) = misplaced(&step) {
        return Err(At::new(span.clone(), Problem::text(words)));
    }
    let one = |name: &Spanned<String>| known(name.get_ref(), name.span());
    let challenge = step.challenge.as_ref().map(one).transpose()?;
    let beside = step.beside.as_ref().map(one).transpose()?;
    let of = match &step.of {
        None => Vec::new(),
        Some(of) => match of.get_ref() {
            Names::One(name) => vec![known(name, of.span())?],
            Names::Several(names) => {
                names.iter().map(|name| known(name, of.span())).collect::<Read<_>>()?
            }
        },
    };
    let action = action(&step, challenge, of, beside)
        .map_err(|words| At::new(span.clone(), Problem::text(words)))?;
    for operator in &operators {
        if !fits(&action, &operator.value) {
            let words = format!("`{}` edits nothing that this step sends", operator.value);
            return Err(At::new(operator.span.clone(), Problem::text(words)));
        }
    }
    let name = step.name.map(Spanned::into_inner);
    names.extend(name.clone());
    Ok(Step {
        name,
        action,
        account: step.account.unwrap_or_else(|| ACCOUNT.to_owned()),
        device: step.device.unwrap_or_else(|| DEVICE.to_owned()),
        operators: operators.into_iter().map(|at| at.value).collect(),
        expectation: step.expect.unwrap_or(Expectation::Accept),
        node: step.node.unwrap_or(0),
        kept: step.send == Some(false),
    })
}

/// What a step does, its names looked up.
fn action(
    step: &StepBody,
    challenge: Option<String>,
    of: Vec<String>,
    beside: Option<String>,
) -> Result<Action, &'static str> {
    let purpose = step.purpose.map(|purpose| match purpose {
        RawPurpose::Attest => Purpose::Attest,
        RawPurpose::Assert => Purpose::Assert,
    });
    let times = step.times.unwrap_or(1);
    Ok(match (step.action, purpose, &of[..]) {
        (Deed::Challenge, Some(purpose), _) => Action::Challenge(purpose),
        (Deed::Draw, Some(purpose), _) => Action::Draw { purpose, times, must: step.must.clone() },
        (Deed::Challenge | Deed::Draw, None, _) => {
            return Err("a challenge or draw step has a `purpose`: attest or assert");
        }
        (Deed::Attest, ..) => Action::Attest { challenge },
        (Deed::Assert, ..) => Action::Assert { challenge },
        (Deed::Replay, _, [of]) => Action::Replay { of: of.clone() },
        (Deed::Replay, ..) => return Err("a replay step says which step: `of = \"name\"`"),
        (Deed::Together, _, []) => {
            return Err("a together step says which steps: `of = [\"name\", …]`");
        }
        (Deed::Together, ..) => {
            let beside_times = step.beside_times.unwrap_or(1);
            Action::Together { of, times, beside, beside_times }
        }
        (Deed::Revoke, ..) => Action::Revoke,
        (Deed::Logout, ..) => Action::Logout,
        (Deed::Restart, ..) => Action::Restart,
        (Deed::Wait, ..) => Action::Wait,
    })
}

/// What a step of that kind does not take.
fn misplaced(step: &StepBody) -> Option<&'static str> {
    use Deed::{Assert, Attest, Challenge, Draw, Replay, Revoke, Together};
    let is = |deeds: &[Deed]| deeds.contains(&step.action);
    let kept = step.send == Some(false);
    let wrong = [
        (
            step.purpose.is_some() && !is(&[Challenge, Draw]),
            "only `challenge` and `draw` take a `purpose`",
        ),
        (step.of.is_some() && !is(&[Replay, Together]), "only `replay` and `together` take `of`"),
        (
            step.challenge.is_some() && !is(&[Attest, Assert]),
            "only `attest` and `assert` take a `challenge`",
        ),
        (step.times.is_some() && !is(&[Draw, Together]), "only `draw` and `together` take `times`"),
        (step.beside.is_some() && !is(&[Together]), "only `together` takes `beside`"),
        (
            step.beside_times.is_some() && step.beside.is_none(),
            "`beside_times` says how often what stands `beside` is begun",
        ),
        (
            step.must.is_empty() == is(&[Draw]),
            "`draw`, and nothing else, says what must hold: `must = [\"different\"]`",
        ),
        (
            kept && !is(&[Attest, Assert, Revoke]),
            "only `attest`, `assert` and `revoke` can be kept for later",
        ),
        (kept && step.name.is_none(), "a step that is kept for later has a `name`"),
        (
            step.expect == Some(Expectation::One),
            "`one` is expected of a case, whose last step is `together`",
        ),
        (step.times == Some(0) || step.beside_times == Some(0), "nothing is done 0 times"),
    ];
    wrong.into_iter().find(|(is_wrong, _)| *is_wrong).map(|(_, words)| words)
}

/// Holds what no single step can tell.
/// `one` is whether exactly one of the last requests is to be accepted.
pub(super) fn check(steps: &[Step], one: bool) -> Result<(), String> {
    let last = steps.last().filter(|step| !step.kept);
    match last.map(|step| &step.action) {
        Some(Action::Together { .. }) => {}
        _ if one => return Err("only of requests sent `together` one can be expected".to_owned()),
        Some(
            Action::Attest { .. }
            | Action::Assert { .. }
            | Action::Replay { .. }
            | Action::Draw { .. },
        ) => {}
        Some(
            Action::Challenge(_) | Action::Revoke | Action::Logout | Action::Restart | Action::Wait,
        )
        | None => {
            return Err("the last step is judged: it attests, asserts, replays or draws".to_owned());
        }
    }
    for (index, step) in steps.iter().enumerate() {
        if let Some(operator) = step.operators.iter().find(|one| one.is_foreseen())
            && !is_foreseeable(&steps[..index], step)
        {
            let words = "makes the device's key for this request: ask for its challenge by name before the device is enrolled";
            return Err(format!("`{operator}` {words}"));
        }
        if let Some(operator) = step.operators.iter().find(|one| !fits(&step.action, one)) {
            return Err(format!("`{operator}` edits nothing that this case sends"));
        }
        if let Some((one, other)) = wishes_twice(step) {
            let words =
                "are searched for, and a signature with both may not exist: leave one of them out";
            return Err(format!("`{one}` and `{other}` {words}"));
        }
    }
    Ok(())
}

/// Two edits by which one signature would have to look in two ways.
fn wishes_twice(step: &Step) -> Option<(String, String)> {
    let mut wished = BTreeMap::new();
    step.operators.iter().find_map(|operator| {
        let name = operator.to_string();
        wished.insert(operator.wishes_for()?, name.clone()).map(|other| (other, name))
    })
}

/// Whether the step's challenge comes before its device is first used.
fn is_foreseeable(before: &[Step], step: &Step) -> bool {
    let Action::Assert { challenge: Some(challenge) } = &step.action else { return false };
    let asked = before.iter().position(|one| {
        matches!(one.action, Action::Challenge(_)) && one.name.as_ref() == Some(challenge)
    });
    let used = before.iter().position(|one| {
        matches!(one.action, Action::Attest { .. } | Action::Assert { .. })
            && one.device == step.device
    });
    matches!((asked, used), (Some(asked), Some(used)) if asked < used)
}

/// What a target must have for these steps to be played at all.
pub(super) fn implied_needs(steps: &[Step]) -> impl Iterator<Item = Need> {
    steps.iter().flat_map(|step| {
        let own: &[Need] = match &step.action {
            Action::Wait => &[Need::Wait, Need::RelyingParty],
            Action::Revoke => &[Need::Revoke, Need::RelyingParty],
            Action::Logout => &[Need::Logout, Need::RelyingParty],
            Action::Restart => &[Need::Restart, Need::RelyingParty],
            Action::Draw { .. } => &[Need::RelyingParty],
            Action::Together { .. } => &[Need::Concurrency, Need::RelyingParty],
            Action::Challenge(_)
            | Action::Attest { .. }
            | Action::Assert { .. }
            | Action::Replay { .. } => &[],
        };
        let nodes = (step.node > 0).then_some(Need::Nodes);
        let requests = step.operators.iter().any(Operator::edits_request);
        let own = own.iter().copied().chain(nodes).chain(requests.then_some(Need::Requests));
        own.chain(step.operators.iter().filter_map(Operator::implied_need))
    })
}

fn fits(action: &Action, operator: &Operator) -> bool {
    match action {
        Action::Attest { .. } => operator.edits_attestation(),
        Action::Assert { .. } => operator.edits_assertion(),
        Action::Challenge(_) => operator.edits_challenge(),
        Action::Replay { .. } => operator.edits_replay(),
        Action::Draw { .. }
        | Action::Together { .. }
        | Action::Revoke
        | Action::Logout
        | Action::Restart
        | Action::Wait => false,
    }
}
