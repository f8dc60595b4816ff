//! The vocabulary that recipes are written in.
//!
//! An operator edits one thing of a model before it is sealed; what depends on it follows. Each
//! group is an enum whose names, values and one-line descriptions stand in one table; a recipe
//! names them with `do`.

mod assertion;
mod attestation;
mod authenticator_data;
mod certificate;
mod chain;
mod client_data;
mod container;
mod convention;
mod cose;
mod credential;
mod draft;
mod foreign;
mod form;
mod gzip;
mod json_body;
mod key;
mod profile;
mod read;
mod receipt;
mod spelling;
mod value;
mod vocabulary;
mod wire;

pub use client_data::{ClientDataError, embeds_challenge};
pub use vocabulary::Entry;

pub(crate) use assertion::{AssertionOperator, DeviceOperator};
pub(crate) use client_data::{ChallengeOperator, ClientDataOperator, SentOperator};
pub(crate) use convention::{HashOperator, ReplayOperator};
pub(crate) use draft::{AssertionDraft, AttestationDraft};
pub(crate) use foreign::{Change, Foreign, Sample};
pub(crate) use json_body::JsonBodyOperator;
pub(crate) use key::{ForeseenOperator, KeyOperator};
pub(crate) use spelling::{Part, SpellingOperator};
pub(crate) use wire::WireOperator;

use crate::need::{Need, Premises};
use attestation::AttestationOperator;
use authenticator_data::AuthenticatorDataOperator;
use certificate::CertificateOperator;
use container::ContainerOperator;
use cose::CoseOperator;
use form::FormOperator;
use jiff::Timestamp;
use profile::ProfileOperator;
use protocol::terms::sha256;
use receipt::ReceiptOperator;
use schemars::{JsonSchema, SchemaGenerator};
use simulator::{Authority, Device, Seed};
use std::fmt;

/// One edit of a recipe, read from its file.
#[derive(Debug, Clone, PartialEq)]
pub struct Operator(pub(crate) Edit);

/// An edit by the group it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Edit {
    Key(KeyOperator),
    Foreseen(ForeseenOperator),
    Device(DeviceOperator),
    Challenge(ChallengeOperator),
    ClientData(ClientDataOperator),
    Sent(SentOperator),
    AuthenticatorData(AuthenticatorDataOperator),
    Attestation(AttestationOperator),
    Certificate(Which, CertificateOperator),
    Profile(Which, ProfileOperator),
    Cose(CoseOperator),
    Form(FormOperator),
    Receipt(ReceiptOperator),
    Assertion(AssertionOperator),
    Container(ContainerOperator),
    Spelling(Part, SpellingOperator),
    Hash(HashOperator),
    Replay(ReplayOperator),
    Json(JsonBodyOperator),
    Wire(WireOperator),
    Foreign(Foreign),
}

/// Which certificate is edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Leaf,
    Intermediate,
}

/// Everything an edit may look at.
#[derive(Debug)]
pub(crate) struct Scene<'a> {
    pub(crate) premises: &'a Premises,
    pub(crate) authority: &'a Authority,
    pub(crate) device: &'a Device,
    pub(crate) seed: &'a Seed,
    pub(crate) now: Timestamp,
}

impl Scene<'_> {
    /// A device of the same app that the case knows nothing else of.
    pub(crate) fn stranger(&self) -> Device {
        Device::new(
            &self.seed.child("stranger", 0),
            self.device.generation(),
            self.premises.app_id.clone(),
            self.premises.environment,
        )
    }

    /// So many bytes that look random, for the purpose `label`.
    pub(crate) fn random(&self, label: &str, count: usize) -> Vec<u8> {
        let block = |index| sha256(&[self.seed.child(label, index).to_hex().as_bytes()]);
        (0..).flat_map(block).take(count).collect()
    }

    /// The `index`-th number that looks random, for the purpose `label`.
    pub(crate) fn number(&self, label: &str, index: u64) -> u64 {
        let block = sha256(&[self.seed.child(label, index).to_hex().as_bytes()]);
        block[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// Another test authority: the same names, other keys.
    pub(crate) fn impostor(&self) -> Authority {
        Authority::new(&self.seed.child("impostor", 0), self.now)
    }
}

/// What a signature may be wished to look like.
const SHAPES: [&str; 5] = ["high-s", "low-s", "der-length", "leading-zero-r", "leading-zero-s"];

impl Operator {
    /// Every operator there is; those of a certificate stand for `leaf` and `intermediate`.
    pub fn vocabulary() -> impl Iterator<Item = &'static Entry> {
        [
            KeyOperator::VOCABULARY,
            ForeseenOperator::VOCABULARY,
            DeviceOperator::VOCABULARY,
            ChallengeOperator::VOCABULARY,
            ClientDataOperator::VOCABULARY,
            SentOperator::VOCABULARY,
            AuthenticatorDataOperator::VOCABULARY,
            AttestationOperator::VOCABULARY,
            CertificateOperator::VOCABULARY,
            ProfileOperator::VOCABULARY,
            CoseOperator::VOCABULARY,
            FormOperator::VOCABULARY,
            ReceiptOperator::VOCABULARY,
            AssertionOperator::VOCABULARY,
            ContainerOperator::VOCABULARY,
            SpellingOperator::VOCABULARY,
            HashOperator::VOCABULARY,
            ReplayOperator::VOCABULARY,
            JsonBodyOperator::VOCABULARY,
            WireOperator::VOCABULARY,
        ]
        .into_iter()
        .flatten()
    }

    /// The JSON Schema of each group of operators, as it is derived.
    pub(crate) fn schemas(generator: &mut SchemaGenerator) -> Vec<serde_json::Value> {
        [
            KeyOperator::json_schema(generator),
            ForeseenOperator::json_schema(generator),
            DeviceOperator::json_schema(generator),
            ChallengeOperator::json_schema(generator),
            ClientDataOperator::json_schema(generator),
            SentOperator::json_schema(generator),
            AuthenticatorDataOperator::json_schema(generator),
            AttestationOperator::json_schema(generator),
            CertificateOperator::json_schema(generator),
            ProfileOperator::json_schema(generator),
            CoseOperator::json_schema(generator),
            FormOperator::json_schema(generator),
            ReceiptOperator::json_schema(generator),
            AssertionOperator::json_schema(generator),
            ContainerOperator::json_schema(generator),
            SpellingOperator::json_schema(generator),
            HashOperator::json_schema(generator),
            ReplayOperator::json_schema(generator),
            JsonBodyOperator::json_schema(generator),
            WireOperator::json_schema(generator),
        ]
        .map(schemars::Schema::to_value)
        .into()
    }

    /// Whether an attestation has what is edited.
    pub(crate) fn edits_attestation(&self) -> bool {
        match &self.0 {
            Edit::Key(_)
            | Edit::Challenge(_)
            | Edit::AuthenticatorData(_)
            | Edit::Attestation(_)
            | Edit::Certificate(..)
            | Edit::Profile(..)
            | Edit::Cose(_)
            | Edit::Form(_)
            | Edit::Receipt(_)
            | Edit::Container(_)
            | Edit::Hash(_)
            | Edit::Json(_)
            | Edit::Foreign(_)
            | Edit::Wire(_) => true,
            Edit::Spelling(part, _) => *part != Part::Assertion,
            Edit::Foreseen(_)
            | Edit::Device(_)
            | Edit::ClientData(_)
            | Edit::Sent(_)
            | Edit::Replay(_)
            | Edit::Assertion(_) => false,
        }
    }

    /// Whether a request that is sent again has what is edited.
    pub(crate) fn edits_replay(&self) -> bool {
        matches!(self.0, Edit::Replay(_))
    }

    /// Whether the request for a challenge has what is edited.
    pub(crate) fn edits_challenge(&self) -> bool {
        matches!(self.0, Edit::Json(_) | Edit::Wire(_))
    }

    /// Whether an assertion has what is edited.
    pub(crate) fn edits_assertion(&self) -> bool {
        match &self.0 {
            Edit::Key(_)
            | Edit::Foreseen(_)
            | Edit::Device(_)
            | Edit::Challenge(_)
            | Edit::ClientData(_)
            | Edit::Sent(_)
            | Edit::Assertion(_)
            | Edit::Form(_)
            | Edit::Json(_)
            | Edit::Wire(_) => true,
            Edit::Spelling(part, _) => *part != Part::Attestation,
            Edit::Container(operator) => !operator.needs_statement(),
            Edit::AuthenticatorData(operator) => !operator.needs_credential(),
            Edit::Attestation(_)
            | Edit::Certificate(..)
            | Edit::Profile(..)
            | Edit::Cose(_)
            | Edit::Receipt(_)
            | Edit::Hash(_)
            | Edit::Foreign(_)
            | Edit::Replay(_) => false,
        }
    }

    /// Whether the device's key is made for the request that it stands with.
    pub(crate) fn is_foreseen(&self) -> bool {
        matches!(self.0, Edit::Foreseen(_))
    }

    /// Whose signature it wishes to look in some way, if that is what it does. Such a signature is
    /// searched for; for two wishes at once the search takes minutes, or never ends.
    pub fn wishes_for(&self) -> Option<String> {
        let name = self.to_string();
        let (whose, shape) = name.split_once(".signature.")?;
        SHAPES.contains(&shape).then(|| whose.to_owned())
    }

    /// Whether it edits how a request is written, and not what is in it.
    pub(crate) fn edits_request(&self) -> bool {
        match &self.0 {
            Edit::Json(_) | Edit::Wire(_) => true,
            Edit::Spelling(part, operator) => *part == Part::KeyId || operator.is_of_text(),
            Edit::Key(_)
            | Edit::Foreseen(_)
            | Edit::Device(_)
            | Edit::Challenge(_)
            | Edit::ClientData(_)
            | Edit::Sent(_)
            | Edit::AuthenticatorData(_)
            | Edit::Attestation(_)
            | Edit::Certificate(..)
            | Edit::Profile(..)
            | Edit::Cose(_)
            | Edit::Form(_)
            | Edit::Receipt(_)
            | Edit::Assertion(_)
            | Edit::Container(_)
            | Edit::Hash(_)
            | Edit::Replay(_)
            | Edit::Foreign(_) => false,
        }
    }

    /// What a target must have for the edit to be possible.
    pub(crate) fn implied_need(&self) -> Option<Need> {
        match &self.0 {
            Edit::ClientData(_) | Edit::Sent(SentOperator::Respaced {}) => {
                Some(Need::JsonClientData)
            }
            Edit::AuthenticatorData(AuthenticatorDataOperator::ExtensionOtherVersion {}) => {
                Some(Need::SeveralVersions)
            }
            Edit::Foreseen(_) => Some(Need::Foreseeable),
            Edit::Spelling(_, operator) if operator.needs_base64() => Some(Need::Base64),
            Edit::Json(_) => Some(Need::JsonRequest),
            Edit::Wire(operator) if operator.edits_account() => Some(Need::AccountHeader),
            Edit::Wire(operator) if operator.edits_headers() => Some(Need::Headers),
            Edit::Hash(_) => Some(Need::HashOfText),
            _ => None,
        }
    }

    /// The validation category that the edit states in the place of the honest one.
    pub(crate) fn stated_category(&self) -> Option<u32> {
        match &self.0 {
            Edit::AuthenticatorData(AuthenticatorDataOperator::ExtensionCategory { to }) => {
                Some(*to)
            }
            _ => None,
        }
    }

    /// The bundle version that the edit states in the place of the honest one.
    pub(crate) fn stated_version(&self) -> Option<&str> {
        match &self.0 {
            Edit::AuthenticatorData(AuthenticatorDataOperator::ExtensionBundleVersion { to }) => {
                Some(to)
            }
            _ => None,
        }
    }

    pub(crate) fn apply_to_attestation(&self, draft: &mut AttestationDraft, scene: &Scene<'_>) {
        match &self.0 {
            Edit::AuthenticatorData(one) => one.apply(&mut draft.model.authenticator_data, scene),
            Edit::Attestation(one) => one.apply(draft, scene),
            Edit::Certificate(Which::Leaf, one) => one.apply(&mut draft.model.leaf, scene),
            Edit::Certificate(Which::Intermediate, one) => {
                if let Some(last) = draft.model.chain.last_mut() {
                    one.apply(last, scene);
                }
            }
            Edit::Profile(Which::Leaf, one) => one.apply(&mut draft.model.leaf),
            Edit::Profile(Which::Intermediate, one) => {
                if let Some(last) = draft.model.chain.last_mut() {
                    one.apply(last);
                }
            }
            Edit::Cose(one) => one.apply(draft, scene),
            Edit::Form(one) => one.apply(&mut draft.model.leaf.signature.form),
            Edit::Receipt(one) => one.apply(draft, scene),
            Edit::Container(one) => one.apply_to_attestation(draft),
            Edit::Foreign(one) => one.apply(draft),
            Edit::Key(_)
            | Edit::Foreseen(_)
            | Edit::Device(_)
            | Edit::Challenge(_)
            | Edit::ClientData(_)
            | Edit::Sent(_)
            | Edit::Assertion(_)
            | Edit::Spelling(..)
            | Edit::Hash(_)
            | Edit::Replay(_)
            | Edit::Json(_)
            | Edit::Wire(_) => {}
        }
    }

    pub(crate) fn apply_to_assertion(&self, draft: &mut AssertionDraft, scene: &Scene<'_>) {
        match &self.0 {
            Edit::AuthenticatorData(one) => one.apply(&mut draft.model.authenticator_data, scene),
            Edit::Assertion(one) => one.apply(draft, scene),
            Edit::Form(one) => one.apply(&mut draft.model.signature.form),
            Edit::Container(one) => one.apply_to_assertion(draft),
            Edit::Key(_)
            | Edit::Foreseen(_)
            | Edit::Device(_)
            | Edit::Challenge(_)
            | Edit::ClientData(_)
            | Edit::Sent(_)
            | Edit::Attestation(_)
            | Edit::Certificate(..)
            | Edit::Profile(..)
            | Edit::Cose(_)
            | Edit::Receipt(_)
            | Edit::Spelling(..)
            | Edit::Hash(_)
            | Edit::Replay(_)
            | Edit::Json(_)
            | Edit::Foreign(_)
            | Edit::Wire(_) => {}
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match &self.0 {
            Edit::Key(one) => one.name(),
            Edit::Foreseen(one) => one.name(),
            Edit::Device(one) => one.name(),
            Edit::Challenge(one) => one.name(),
            Edit::ClientData(one) => one.name(),
            Edit::Sent(one) => one.name(),
            Edit::AuthenticatorData(one) => one.name(),
            Edit::Attestation(one) => one.name(),
            Edit::Certificate(which, one) => {
                let name = one.name().trim_start_matches(CERTIFICATE);
                return write!(f, "{}{name}", which.prefix());
            }
            Edit::Profile(which, one) => {
                let name = one.name().trim_start_matches(CERTIFICATE);
                return write!(f, "{}{name}", which.prefix());
            }
            Edit::Cose(one) => one.name(),
            Edit::Form(one) => one.name(),
            Edit::Receipt(one) => one.name(),
            Edit::Assertion(one) => one.name(),
            Edit::Container(one) => one.name(),
            Edit::Spelling(part, one) => {
                let name = one.name().trim_start_matches(VALUE);
                return write!(f, "{}{name}", part.prefix());
            }
            Edit::Hash(one) => one.name(),
            Edit::Replay(one) => one.name(),
            Edit::Json(one) => one.name(),
            Edit::Wire(one) => one.name(),
            Edit::Foreign(one) => one.name(),
        };
        f.write_str(name)
    }
}

/// What stands for `leaf.` or `intermediate.` in the vocabulary.
pub(crate) const CERTIFICATE: &str = "certificate.";

/// What stands for `sent.keyid.`, `sent.attestation.` or `sent.assertion.` in the vocabulary.
pub(crate) const VALUE: &str = "sent.value.";

impl Entry {
    /// The names that `do` can have for it: one, or one for each thing that can be edited so.
    pub fn names(&self) -> Vec<String> {
        let each = |prefixes: &[&str], rest: &str| {
            prefixes.iter().map(|prefix| format!("{prefix}{rest}")).collect()
        };
        if let Some(rest) = self.name.strip_prefix(CERTIFICATE) {
            each(&Which::ALL.map(Which::prefix), rest)
        } else if let Some(rest) = self.name.strip_prefix(VALUE) {
            each(&Part::ALL.map(Part::prefix), rest)
        } else {
            vec![self.name.to_owned()]
        }
    }
}

impl Which {
    pub(crate) const ALL: [Self; 2] = [Self::Leaf, Self::Intermediate];

    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Leaf => "leaf.",
            Self::Intermediate => "intermediate.",
        }
    }
}
