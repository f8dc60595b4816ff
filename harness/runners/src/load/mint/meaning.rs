//! Which lies mean something to a target, by what its target file says.

use super::super::fleet::STALE_MARGIN;
use super::super::oracle::Lie;
use protocol::relying_party::Purpose;
use protocol::terms::KeyId;
use std::time::Duration;
use targets::{CHALLENGE_TEXT, Dialect, Facts, Field, Operation, Saved};

/// The lies that mean something to a target in an attack of that length: without the challenge in
/// its protected requests it cannot know what became of one, without an account in them it cannot
/// know whose they are, and no challenge is stale before its life is over.
pub(in super::super) fn meaningful_lies(dialect: &Dialect, length: Duration) -> Vec<Lie> {
    let bound = binds_challenges(dialect);
    let personal = names_accounts(dialect);
    let lifetime = dialect.file().policy.challenge_ttl;
    let ages = lifetime.is_some_and(|lifetime| length > lifetime + 2 * STALE_MARGIN);
    let has_meaning = |lie: &Lie| match lie {
        Lie::AssertUnknownChallenge
        | Lie::SpentChallenge
        | Lie::BorrowedChallenge
        | Lie::CounterTwice
        | Lie::ChallengeTwice => bound,
        Lie::StaleChallenge => bound && ages,
        Lie::OtherAccount => personal,
        Lie::OtherChallenge
        | Lie::OtherRoot
        | Lie::AttestUnknownChallenge
        | Lie::Replay
        | Lie::FlippedSignature
        | Lie::OtherAppId
        | Lie::EqualCounter
        | Lie::SentTwice
        | Lie::CounterBack
        | Lie::GarbageAttestation
        | Lie::GarbageAssertion
        | Lie::OversizeAttestation
        | Lie::OversizeAssertion => true,
    };
    Lie::ALL.into_iter().filter(has_meaning).collect()
}

/// Whether what an assertion signs depends on the challenge.
pub(super) fn binds_challenges(dialect: &Dialect) -> bool {
    let client_data = |challenge: &str| {
        let saved = Saved::from([(CHALLENGE_TEXT.to_owned(), challenge.to_owned())]);
        dialect.client_data(&Facts::new("account", "0"), &saved).ok()
    };
    client_data("one") != client_data("another")
}

/// Whether a protected request says whose it is.
fn names_accounts(dialect: &Dialect) -> bool {
    let wire = |account: &str| {
        let saved = Saved::from([(CHALLENGE_TEXT.to_owned(), "challenge".to_owned())]);
        let mut facts = Facts::new(account, "0");
        facts.purpose = Purpose::Assert;
        facts.key_id = Some(KeyId([0; 32]).into());
        facts.assertion = Some(Field::Bytes(vec![0]));
        facts.client_data = Some(dialect.client_data(&facts, &saved).ok()?);
        let wire = dialect.request(Operation::Assert, &facts, &saved).ok()?;
        Some((wire.url, wire.headers, wire.body))
    };
    wire("one") != wire("another")
}
