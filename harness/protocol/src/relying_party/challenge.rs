//! Challenges: random, bound to an account and a purpose, good once and for a while.

use super::Refusal;
use crate::flaw::Flaws;
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
    ) -> Result<Challenge, Refusal> {
        let text = URL_SAFE_NO_PAD.encode(entropy);
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
        let Some(issued) = self.issued.get_mut(text) else {
            return held(false, Rule::ChallengeIssued, &|| {
                "the challenge was never issued, or long ago".to_owned()
            });
        };
        held(issued.account == account, Rule::ChallengeIssued, &|| {
            "the challenge was issued to another account".to_owned()
        })?;
        let unused = !std::mem::replace(&mut issued.used, true);
        held(issued.purpose == purpose, Rule::ChallengeIssued, &|| {
            format!(
                "the challenge was issued to `{}`, not to `{}`",
                issued.purpose.as_str(),
                purpose.as_str()
            )
        })?;
        held(now < issued.expires, Rule::ChallengeFresh, &|| {
            format!("the challenge expired at {}", issued.expires)
        })?;
        held(unused, Rule::ChallengeUnused, &|| "the challenge was used before".to_owned())
    }

    /// Makes room: expired challenges are kept until then, so that their use can be told from
    /// that of one never issued.
    fn forget_expired(&mut self, now: Timestamp) {
        while let Some((_, text)) = self.order.pop_front_if(|(expires, _)| *expires <= now) {
            self.issued.remove(&text);
        }
    }
}
