//! The door to an adapter: the reference's relying party with another verifier in it.

use super::Base64;
use super::backend::{Backend, Limits, Said};
use super::caps::{Hello, Profile};
use super::exec::Exec;
use super::library::{Library, Verifier};
use super::lines::Lines;
use super::message::{Ask, AssertionAsked, AttestationAsked, Configuration};
use super::request::{self, Request};
use super::told::{Stop, Told, accepted, refused};
use super::trouble::Trouble;
use crate::decision::{Decision, Exchange, Noted};
use crate::dialect::{Dialect, DialectError, WireRequest};
use crate::facts::{Operation, Saved};
use crate::file::{Spoken, TargetFile};
use crate::serve::{Clock, Entropy};
use crate::target::Target;
use jiff::SignedDuration;
use protocol::flaw::Flaws;
use protocol::relying_party::{Enrolment, ProtectedRequest, RelyingParty, Settings};
use protocol::terms::KeyId;
use protocol::verify::{Policy, TrustAnchor};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What the harness brings along for an adapter.
#[derive(Clone)]
pub struct Setting {
    /// The root that attestations must chain to.
    pub trust_anchor: TrustAnchor,
    /// The root that receipts must chain to.
    pub receipt_trust_anchor: TrustAnchor,
    /// Tells the time.
    pub clock: Clock,
    /// Where challenges come from.
    pub entropy: Entropy,
    /// What the ids of operations follow from.
    pub seed: [u8; 32],
    /// How long it may take, and how often it is started again.
    pub limits: Limits,
    /// Hears every question and what came of it.
    pub listener: Listener,
}

/// Hears questions and what came of them.
pub type Listener = Arc<dyn Fn(&Ask, &Said) + Send + Sync>;

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setting").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Why an adapter cannot be played with.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It did not come up.
    #[error("the adapter did not come up: {0}")]
    Adapter(#[from] Trouble),
    /// The target file describes no adapter.
    #[error("the target file describes a server, not an adapter")]
    NoAdapter,
    /// Its target file was changed after parsing.
    #[error(transparent)]
    Dialect(#[from] DialectError),
}

/// An adapter behind the reference's relying party.
pub struct AdapterTarget {
    dialect: Dialect,
    backend: Backend,
    party: Mutex<RelyingParty>,
    /// What the adapter keeps for each key.
    states: Mutex<BTreeMap<KeyId, String>>,
    setting: Setting,
}

impl fmt::Debug for AdapterTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdapterTarget").field("backend", &self.backend).finish_non_exhaustive()
    }
}

/// How long a challenge of the harness's own lives: longer than any case takes.
const LIFETIME: SignedDuration = SignedDuration::from_mins(5);

/// What comes before the 32 bytes' X and Y of a P-256 key in `SubjectPublicKeyInfo`.
const SPKI: [u8; 26] = *b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";

impl AdapterTarget {
    /// Starts the adapter that a target file describes, hears what it can do and configures it.
    pub async fn open(file: &TargetFile, setting: Setting) -> Result<Self, OpenError> {
        let adapter = file.adapter.as_ref().ok_or(OpenError::NoAdapter)?;
        let folder = adapter.folder.clone();
        let limits = Limits { operation: file.timeout, ..setting.limits };
        let backend = match &adapter.spoken {
            Spoken::Lines(command) => {
                let command = command.clone();
                let lines = Lines::open(command, folder, limits, setting.seed).await?;
                Backend::Lines(Box::new(lines))
            }
            Spoken::Exec(commands) => {
                let caps = adapter.caps.clone();
                Backend::Exec(Box::new(Exec::new(
                    commands.clone(),
                    &file.name,
                    caps,
                    folder,
                    limits,
                )))
            }
        };
        Self::with(file, backend, setting).await
    }

    /// A door to a verifier in this process.
    pub async fn library(
        file: &TargetFile,
        verifier: Arc<dyn Verifier>,
        setting: Setting,
    ) -> Result<Self, OpenError> {
        let library = Library::new(&file.name, verifier, setting.limits);
        Self::with(file, Backend::Library(Box::new(library)), setting).await
    }

    async fn with(
        file: &TargetFile,
        backend: Backend,
        setting: Setting,
    ) -> Result<Self, OpenError> {
        let hello = backend.hello();
        if let Some(mistake) = hello.mistake() {
            return Err(Trouble::Unreadable(mistake).into());
        }
        let mut file = file.clone();
        file.abilities = Some(hello.clone());
        if !hello.supports("revoke") {
            file.steps.remove(&Operation::Revoke);
        }
        let dialect = Dialect::new(&file)?;
        let policy = file.policy.facts().into_iter().map(|(name, words)| (name, words.into()));
        let configuration = Configuration {
            trust_roots: vec![setting.trust_anchor.der().into()],
            receipt_trust_roots: vec![setting.receipt_trust_anchor.der().into()],
            app_ids: vec![file.app_id.to_string()],
            environment: file.environment.into(),
            clock: (setting.clock)().to_string(),
            policy: policy.collect(),
        };
        backend.configure(Ask::Configure(configuration)).await?;
        let party = Mutex::new(RelyingParty::new(Settings {
            policy: Policy::new(file.app_id.clone(), file.environment),
            trust_anchor: setting.trust_anchor.clone(),
            receipt_trust_anchor: None,
            challenge_lifetime: LIFETIME,
            max_challenges: 100_000,
            max_keys: 100_000,
            flaws: Flaws::NONE,
        }));
        Ok(Self { dialect, backend, party, states: Mutex::default(), setting })
    }

    /// What it said of itself.
    pub fn hello(&self) -> &Hello {
        self.backend.hello()
    }

    /// Times its process was started.
    pub async fn starts(&self) -> u32 {
        self.backend.starts().await
    }

    /// Asks one thing directly, without a relying party around it.
    pub async fn ask(&self, ask: &Ask) -> Said {
        let said = self.backend.ask(ask).await;
        (self.setting.listener)(ask, &said);
        said
    }

    /// Ends its process as a crash would; false where there is none. The next question starts it.
    pub async fn interrupt(&self) -> bool {
        self.backend.interrupt().await
    }

    /// Ends its process, and sees it gone.
    pub async fn close(&self) {
        self.backend.close().await;
    }

    /// What verifying an attestation asks of it.
    pub fn attestation(
        &self,
        attestation: &[u8],
        key_id: KeyId,
        challenge: &[u8],
        client_data_hash: &[u8],
    ) -> Ask {
        let file = self.dialect.file();
        Ask::VerifyAttestation(AttestationAsked {
            attestation: attestation.into(),
            key_id: key_id.0.as_slice().into(),
            challenge: challenge.into(),
            client_data_hash: client_data_hash.into(),
            app_id: file.app_id.to_string(),
            environment: file.environment.into(),
            now: self.now(),
            trust_roots: vec![self.setting.trust_anchor.der().into()],
        })
    }

    /// What verifying an assertion asks of it, with what is stored of the key.
    pub fn assertion(
        &self,
        request: &ProtectedRequest<'_>,
        client_data_hash: &[u8],
        public_key: &[u8],
        previous_counter: u32,
    ) -> Ask {
        let file = self.dialect.file();
        Ask::VerifyAssertion(AssertionAsked {
            assertion: request.assertion.into(),
            client_data: request.client_data.into(),
            client_data_hash: client_data_hash.into(),
            key_id: request.key_id.0.as_slice().into(),
            public_key: public_key.into(),
            public_key_spki: Base64([&SPKI, public_key].concat()),
            previous_counter,
            challenge: request.challenge.map(|text| text.as_bytes().into()),
            state: self.states().get(&request.key_id).cloned(),
            app_id: file.app_id.to_string(),
            environment: file.environment.into(),
            now: self.now(),
        })
    }

    fn now(&self) -> String {
        (self.setting.clock)().to_string()
    }

    /// What the harness brought along.
    pub(super) fn setting(&self) -> &Setting {
        &self.setting
    }

    pub(super) fn party(&self) -> MutexGuard<'_, RelyingParty> {
        // Every step of the machine either happens or does not, so a panic elsewhere leaves it whole.
        self.party.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn states(&self) -> MutexGuard<'_, BTreeMap<KeyId, String>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What became of a request, and what was said about it.
    async fn decide(
        &self,
        operation: Operation,
        wire: WireRequest,
        saved: &mut Saved,
    ) -> (Decision, String) {
        let request = match request::read(operation, wire) {
            Ok(request) => request,
            Err(why) => return (Decision::Rejected { reason: Some(why) }, String::new()),
        };
        let is_party = self.hello().profile == Profile::RelyingParty;
        let decided = match request {
            request if is_party => self.asked(&request, saved).await,
            Request::Challenge { account, purpose } => self.challenge(&account, purpose, saved),
            Request::Attest { account, key_id, challenge, attestation } => {
                let enrolment =
                    Enrolment { key_id, challenge: &challenge, attestation: &attestation };
                self.enrol(&account, &enrolment).await
            }
            Request::Assert(request) => self.protected(&request).await,
            Request::Revoke { account, key_id } => {
                let revoked = self.party().revoke(&account, key_id);
                revoked.map(|()| Told::ours(accepted())).map_err(Stop::from)
            }
        };
        match decided {
            Ok(told) | Err(Stop::Said(told)) => (told.decision, told.text),
            Err(Stop::Refused(refusal)) => (refused(&refusal), String::new()),
        }
    }
}

impl Target for AdapterTarget {
    fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    async fn send(&self, operation: Operation, wire: WireRequest, saved: &mut Saved) -> Exchange {
        let started = Instant::now();
        let (decision, text) = self.decide(operation, wire, saved).await;
        Exchange {
            decision,
            status: None,
            elapsed: started.elapsed(),
            excerpt: self.dialect.excerpt(text.as_bytes()),
            // Nothing lies between the harness and an adapter that could keep an answer.
            caching: "no-store".to_owned(),
            noted: Noted::default(),
        }
    }
}
