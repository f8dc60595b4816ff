//! The steps of a case, and that they make sense together.

use super::raw::{Deed, Purpose as RawPurpose, StepBody};
use super::{At, Problem, Read, body, into_table, operators};
use crate::base::{ACCOUNT, DEVICE};
use crate::case::{Action, Expectation, Step};
use crate::need::Need;
use crate::operator::Operator;
use protocol::relying_party::Purpose;
use std::collections::BTreeSet;
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
    let wrong = |words: &str| Err(At::new(span.clone(), Problem::text(words)));
    let known = |name: &Spanned<String>| {
        if names.contains(name.get_ref()) {
            Ok(name.get_ref().clone())
        } else {
            let known: Vec<_> = names.iter().cloned().collect();
            Err(At::new(
                name.span(),
                Problem::unknown("earlier step's name", name.get_ref(), &known),
            ))
        }
    };
    let challenge = step.challenge.as_ref().map(known).transpose()?;
    let action = match (step.action, challenge, &step.purpose, &step.of) {
        (Deed::Challenge, None, Some(purpose), None) => Action::Challenge(match purpose {
            RawPurpose::Attest => Purpose::Attest,
            RawPurpose::Assert => Purpose::Assert,
        }),
        (Deed::Challenge, ..) => {
            return wrong("a challenge step has a `purpose`: attest or assert");
        }
        (Deed::Attest, challenge, None, None) => Action::Attest { challenge },
        (Deed::Assert, challenge, None, None) => Action::Assert { challenge },
        (Deed::Replay, None, None, Some(of)) => Action::Replay { of: known(of)? },
        (Deed::Replay, ..) => return wrong("a replay step says which step: `of = \"name\"`"),
        (Deed::Revoke, None, None, None) => Action::Revoke,
        (Deed::Wait, None, None, None) => Action::Wait,
        (Deed::Attest | Deed::Assert | Deed::Revoke | Deed::Wait, ..) => {
            return wrong(
                "only `challenge` takes a `purpose`, only `replay` takes `of`, and only `attest` and `assert` take a `challenge`",
            );
        }
    };
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
    })
}

/// Holds what no single step can tell.
pub(super) fn check(steps: &[Step]) -> Result<(), String> {
    match steps.last().map(|step| &step.action) {
        Some(Action::Attest { .. } | Action::Assert { .. } | Action::Replay { .. }) => {}
        Some(Action::Challenge(_) | Action::Revoke | Action::Wait) | None => {
            return Err("the last step is judged: it attests, asserts or replays".to_owned());
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
    }
    Ok(())
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
        let own = match step.action {
            Action::Wait => Some(Need::Wait),
            Action::Revoke => Some(Need::Revoke),
            Action::Challenge(_)
            | Action::Attest { .. }
            | Action::Assert { .. }
            | Action::Replay { .. } => None,
        };
        own.into_iter().chain(step.operators.iter().filter_map(Operator::implied_need))
    })
}

fn fits(action: &Action, operator: &Operator) -> bool {
    match action {
        Action::Attest { .. } => operator.edits_attestation(),
        Action::Assert { .. } => operator.edits_assertion(),
        Action::Challenge(_) => operator.edits_challenge(),
        Action::Replay { .. } | Action::Revoke | Action::Wait => false,
    }
}
