//! What a target file says that cases and devices adapt to.

use catalogue::{Listed, Premises, embeds_challenge};
use std::time::Duration;
use targets::file::{Declared, ReceiptDemand};
use targets::{CHALLENGE_TEXT, Dialect, Facts, Operation, Saved};

/// What is known of a target before the first request. Challenges that live longer than
/// `longest_wait` are not waited for.
pub fn premises(dialect: &Dialect, longest_wait: Duration) -> Premises {
    let file = dialect.file();
    let policy = &file.policy;
    Premises {
        app_id: file.app_id.clone(),
        environment: file.environment,
        categories: listed(policy.validation_category.as_ref()),
        bundle_versions: listed(policy.bundle_version.as_ref()),
        receipt_required: policy.receipt == Some(ReceiptDemand::Require),
        challenge_spent_by_failure: policy.challenge_spent_by_failure == Some(true),
        wait: policy.challenge_ttl.filter(|ttl| *ttl <= longest_wait),
        can_revoke: dialect.speaks(Operation::Revoke),
        client_data_is_json: client_data_is_json(dialect),
        client_data_foreseeable: client_data_foreseeable(dialect),
    }
}

fn listed<T: Clone>(declared: Option<&Declared<T>>) -> Option<Listed<T>> {
    match declared? {
        Declared::Ignore => None,
        Declared::AllowMissing(values) => {
            Some(Listed { values: values.clone(), absent_allowed: true })
        }
        Declared::Require(values) => Some(Listed { values: values.clone(), absent_allowed: false }),
    }
}

const TRIAL: &str = "MDEyMzQ1Njc4OWFiY2RlZg";

/// Tries the target's template with nothing but what a challenge's answer leaves.
fn client_data_foreseeable(dialect: &Dialect) -> bool {
    let step = dialect.file().steps.get(&Operation::Challenge);
    let names = step.iter().flat_map(|step| step.save.keys());
    let mut saved: Saved = names.map(|name| (name.clone(), "x".to_owned())).collect();
    saved.insert(CHALLENGE_TEXT.to_owned(), TRIAL.to_owned());
    dialect.client_data(&Facts::new("qa", "0123456789abcdef0123456789abcdef"), &saved).is_ok()
}

/// Tries the target's template with a challenge of ours.
fn client_data_is_json(dialect: &Dialect) -> bool {
    let names = dialect.file().steps.values().flat_map(|step| step.save.keys());
    let mut saved: Saved = names.map(|name| (name.clone(), "x".to_owned())).collect();
    saved.insert(CHALLENGE_TEXT.to_owned(), TRIAL.to_owned());
    let mut facts = Facts::new("qa", "0123456789abcdef0123456789abcdef");
    facts.key_id = Some(vec![0; 32].into());
    dialect.client_data(&facts, &saved).is_ok_and(|data| embeds_challenge(&data, TRIAL))
}
