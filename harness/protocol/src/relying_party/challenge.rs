//! Challenges: random, bound to an account and a purpose, good once and for a while.

use super::Refusal;
use crate::flaw::{Flaws, Habit};
use crate::verify::{Rejection, Rule};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, VecDeque};

/// What a challenge may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// Enrolling a key.
    Attest,
    /// A protected request.
    Assert,
}

impl Purpose {
    /// `attest` or `assert`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attest => "attest",
            Self::Assert => "assert",
        }
    }
}

impl std::str::FromStr for Purpose {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "attest" => Ok(Self::Attest),
            "assert" => Ok(Self::Assert),
            other => Err(format!("`{other}` is neither `attest` nor `assert`")),
        }
    }
}

/// A challenge as it is handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// URL-safe base64 of 32 random bytes, without padding: 43 characters.
    pub text: String,
    /// The instant from which it is refused.
    pub expires: Timestamp,
}

/// The challenges that were handed out, used and expired ones included until room is needed.
#[derive(Debug)]
pub(super) struct Challenges {
    lifetime: SignedDuration,
    most: usize,
    issued: BTreeMap<String, Issued>,
    /// Texts by expiry, the earliest first.
    order: VecDeque<(Timestamp, String)>,
}

#[derive(Debug)]
struct Issued {
    account: String,
    purpose: Purpose,
    expires: Timestamp,
    used: bool,
}

/// Characters of a challenge.
const TEXT_LENGTH: usize = 43;

/// The record of a challenge by its exact text; only planted flaws are content with less.
fn look_up<'i>(
    issued: &'i mut BTreeMap<String, Issued>,
    text: &str,
    flaws: &Flaws,
) -> Option<&'i mut Issued> {
    if flaws.is_empty() || issued.contains_key(text) {
        return issued.get_mut(text);
    }
    let plain = |text: &str| text.trim().trim_end_matches('=').to_owned();
    let resembles = |known: &str| {
        (flaws.has(Habit::ChallengePrefix) && text.get(..16) == known.get(..16))
            || (flaws.has(Habit::ChallengeAnyCase) && text.eq_ignore_ascii_case(known))
            || (flaws.has(Habit::ChallengeTrimmed) && plain(text) == known)
    };
    issued.iter_mut().find(|(known, _)| resembles(known)).map(|(_, issued)| issued)
}

/// Whether the use of a challenge is not noted when it begins.
fn stays_unused(purpose: Purpose, flaws: &Flaws) -> bool {
    let never = match purpose {
        Purpose::Attest => Habit::ChallengeReusedForAttesting,
        Purpose::Assert => Habit::ChallengeReusedForAsserting,
    };
    flaws.has(never)
        || flaws.has(Habit::ChallengeSpentBySuccess)
        || flaws.has(Habit::RaceForChallenge)
}

/// Whether nobody looks how old the challenge is.
fn never_ages(purpose: Purpose, flaws: &Flaws) -> bool {
    flaws.has(match purpose {
        Purpose::Attest => Habit::ChallengeNotAgedForAttesting,
        Purpose::Assert => Habit::ChallengeNotAgedForAsserting,
    })
}

impl Challenges {
    pub(super) fn new(lifetime: SignedDuration, most: usize) -> Self {
        Self { lifetime, most, issued: BTreeMap::new(), order: VecDeque::new() }
    }

    pub(super) fn issue(
        &mut self,
        account: &str,
        purpose: Purpose,
        entropy: [u8; 32],
        now: Timestamp,
        flaws: &Flaws,
    ) -> Result<Challenge, Refusal> {
        let drawn = self.drawn(entropy, flaws);
        let length = if flaws.has(Habit::ChallengeCutShort) { 8 } else { drawn.len() };
        let text = URL_SAFE_NO_PAD.encode(&drawn[..length]);
        // Handing a text out twice would make a used challenge good again.
        if self.issued.contains_key(&text) {
            return Err(Refusal::RepeatedEntropy);
        }
        if self.issued.len() >= self.most {
            self.forget_expired(now);
        }
        if self.issued.len() >= self.most {
            return Err(Refusal::Full("challenges"));
        }
        self.replace_earlier(account, purpose, flaws);
        let expires = now.saturating_add(self.lifetime).unwrap_or(Timestamp::MAX);
        let account = account.to_owned();
        self.issued.insert(text.clone(), Issued { account, purpose, expires, used: false });
        self.order.push_back((expires, text.clone()));
        Ok(Challenge { text, expires })
    }

    pub(super) fn len(&self) -> usize {
        self.issued.len()
    }

    /// Uses a challenge up, and says which rule its use breaks.
    ///
    /// An attempt by the account it was issued to spends it, whatever becomes of the attempt;
    /// another account's attempt does not, or anyone could burn it.
    pub(super) fn spend(
        &mut self,
        text: &str,
        account: &str,
        purpose: Purpose,
        now: Timestamp,
        flaws: &Flaws,
    ) -> Result<(), Rejection> {
        let held = |holds: bool, rule, detail: &dyn Fn() -> String| {
            if holds || flaws.drops(rule) {
                Ok(())
            } else {
                Err(Rejection { rule, detail: detail() })
            }
        };
        let Some(issued) = look_up(&mut self.issued, text, flaws) else {
            let looks_right = flaws.has(Habit::ChallengeWellFormed) && text.len() == TEXT_LENGTH;
            return held(looks_right, Rule::ChallengeIssued, &|| {
                "the challenge was never issued, or long ago".to_owned()
            });
        };
        let own = issued.account == account;
        issued.used |= !own && flaws.has(Habit::ChallengeBurntByAnyone);
        held(own || flaws.has(Habit::ChallengeAnyAccount), Rule::ChallengeIssued, &|| {
            "the challenge was issued to another account".to_owned()
        })?;
        let unused = !issued.used;
        issued.used |= !stays_unused(purpose, flaws);
        let right_purpose = issued.purpose == purpose || flaws.has(Habit::ChallengeAnyPurpose);
        held(right_purpose, Rule::ChallengeIssued, &|| {
            format!(
                "the challenge was issued to `{}`, not to `{}`",
                issued.purpose.as_str(),
                purpose.as_str()
            )
        })?;
        held(now < issued.expires || never_ages(purpose, flaws), Rule::ChallengeFresh, &|| {
            format!("the challenge expired at {}", issued.expires)
        })?;
        held(unused, Rule::ChallengeUnused, &|| "the challenge was used before".to_owned())
    }

    /// The bytes of a challenge: the entropy given, unless a planted flaw makes less of it.
    fn drawn(&self, mut entropy: [u8; 32], flaws: &Flaws) -> [u8; 32] {
        if flaws.has(Habit::ChallengeCounted) {
            entropy = [0; 32];
            entropy[24..].copy_from_slice(&(self.issued.len() as u64).to_be_bytes());
        }
        if flaws.has(Habit::ChallengeShort) {
            entropy[8..].fill(0);
        }
        entropy
    }

    /// Uses a challenge up whose attempt is done, for those who do not at once.
    pub(super) fn use_up(&mut self, text: &str, flaws: &Flaws) {
        if let Some(issued) = look_up(&mut self.issued, text, flaws) {
            issued.used = true;
        }
    }

    /// A server that keeps one challenge at a time forgets those before it.
    fn replace_earlier(&mut self, account: &str, purpose: Purpose, flaws: &Flaws) {
        let (any, same) = (Habit::ChallengeLatestOnly, Habit::ChallengeOnePerPurpose);
        if flaws.has(any) || flaws.has(same) {
            self.issued.retain(|_, issued| {
                issued.account != account || (issued.purpose != purpose && !flaws.has(any))
            });
        }
    }

    /// Makes room: expired challenges are kept until then, so that their use can be told from
    /// that of one never issued.
    fn forget_expired(&mut self, now: Timestamp) {
        while let Some((_, text)) = self.order.pop_front_if(|(expires, _)| *expires <= now) {
            self.issued.remove(&text);
        }
    }
}
