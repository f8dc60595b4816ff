//! What users and thieves do to a relying party, one step at a time.

use protocol::relying_party::Purpose;
use protocol::verify::Rule;
use std::fmt::Write as _;

/// On whose behalf.
pub(super) type Account = &'static str;
/// With whose key.
pub(super) type Device = &'static str;
/// What a step is called: its place when it was drawn, which it keeps when others are left out.
pub(super) type Name = usize;

pub(super) const ACCOUNTS: [Account; 2] = ["alice", "bob"];
pub(super) const DEVICES: [Device; 2] = ["phone", "tablet"];

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Deed {
    pub(super) name: Name,
    pub(super) account: Account,
    pub(super) act: Act,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    Challenge(Purpose),
    /// With the challenge of that step; without one a fresh one is asked for first.
    Attest {
        device: Device,
        challenge: Option<Name>,
        lie: Lie,
    },
    Assert {
        device: Device,
        challenge: Option<Name>,
        lie: Lie,
    },
    /// The request of that step once more.
    Replay(Name),
    Revoke(Device),
    /// A challenge's lifetime passes.
    Wait,
}

/// What is edited of a request, by an operator of recipes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lie {
    None,
    AlteredChallenge,
    RecasedChallenge,
    PaddedChallenge,
    /// Only where client data is signed.
    NoChallenge,
    OtherKeyId,
    CounterSet(u32),
    CounterSkip(u32),
    CounterRepeat,
    OtherApp,
    Category(u32),
    BundleVersion(&'static str),
}

impl Lie {
    pub(super) const OF_BOTH: [Self; 7] = [
        Self::None,
        Self::AlteredChallenge,
        Self::RecasedChallenge,
        Self::PaddedChallenge,
        Self::OtherApp,
        Self::Category(1),
        Self::BundleVersion("0.9"),
    ];

    pub(super) const OF_ASSERTIONS: [Self; 2] = [Self::NoChallenge, Self::OtherKeyId];

    pub(super) const OF_COUNTERS: [Self; 5] = [
        Self::CounterSet(0),
        Self::CounterSet(1),
        Self::CounterSet(u32::MAX),
        Self::CounterSkip(3),
        Self::CounterRepeat,
    ];

    /// Whether the challenge that is sent is another than the one that is named.
    pub(super) fn spoils_challenge(self) -> bool {
        matches!(self, Self::AlteredChallenge | Self::RecasedChallenge | Self::PaddedChallenge)
    }

    /// Whether it needs extensions to edit.
    pub(super) fn is_about_extensions(self) -> bool {
        matches!(self, Self::Category(_) | Self::BundleVersion(_))
    }

    /// The operator as recipes write it.
    fn recipe(self) -> String {
        let operator =
            |name: &str, value: String| format!("[[case.step.op]]\ndo = \"{name}\"\n{value}");
        let bare = |name: &str| operator(name, String::new());
        match self {
            Self::None => String::new(),
            Self::AlteredChallenge => bare("challenge.alter"),
            Self::RecasedChallenge => bare("challenge.recased"),
            Self::PaddedChallenge => bare("challenge.padded"),
            Self::NoChallenge => bare("clientdata.challenge.drop"),
            Self::OtherKeyId => bare("sent.keyid.other"),
            Self::CounterSet(to) => operator("counter.set", format!("to = {to}\n")),
            Self::CounterSkip(by) => operator("counter.skip", format!("by = {by}\n")),
            Self::CounterRepeat => bare("counter.repeat"),
            Self::OtherApp => bare("authdata.rpid.other-app"),
            Self::Category(to) => operator("authdata.ext.category", format!("to = {to}\n")),
            Self::BundleVersion(to) => {
                operator("authdata.ext.bundle-version", format!("to = \"{to}\"\n"))
            }
        }
    }
}

impl Deed {
    /// The step as recipes write it; `refused` is whether it is expected to be.
    pub(super) fn recipe(&self, refused: bool) -> String {
        let mut text = format!("[[case.step]]\ndo = \"{}\"\n", self.act.as_str());
        let mut member = |name: &str, value: &str| {
            writeln!(text, "{name} = \"{value}\"").expect("a string takes everything");
        };
        if self.account != ACCOUNTS[0] {
            member("account", self.account);
        }
        let mut lie = Lie::None;
        match &self.act {
            Act::Challenge(purpose) => {
                member("purpose", purpose.as_str());
                member("name", &format!("step{}", self.name));
            }
            Act::Attest { device, challenge, lie: own }
            | Act::Assert { device, challenge, lie: own } => {
                if *device != DEVICES[0] {
                    member("device", device);
                }
                if let Some(challenge) = challenge {
                    member("challenge", &format!("step{challenge}"));
                }
                member("name", &format!("step{}", self.name));
                lie = *own;
            }
            Act::Replay(of) => member("of", &format!("step{of}")),
            Act::Revoke(device) => {
                if *device != DEVICES[0] {
                    member("device", device);
                }
            }
            Act::Wait => {}
        }
        if refused {
            // A case judges its last step, which cannot be this one: whoever lets a stranger revoke
            // a key is found out by what becomes of the key.
            member("expect", if self.can_be_judged() { "reject" } else { "either" });
        }
        text + &lie.recipe()
    }

    /// Whether a case may end with it.
    pub(super) fn can_be_judged(&self) -> bool {
        match self.act {
            Act::Attest { .. } | Act::Assert { .. } | Act::Replay(_) => true,
            Act::Challenge(_) | Act::Revoke(_) | Act::Wait => false,
        }
    }
}

impl Act {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Challenge(_) => "challenge",
            Self::Attest { .. } => "attest",
            Self::Assert { .. } => "assert",
            Self::Replay(_) => "replay",
            Self::Revoke(_) => "revoke",
            Self::Wait => "wait",
        }
    }
}

/// What must come of a step: accepted, or the rules it breaks, the one that is told first.
pub(super) type Due = Vec<Rule>;
