//! A verifier in this process, as somebody else's `cargo test` has one.

use super::backend::{Limits, Said};
use super::caps::{Caps, Hello, Profile, Sut};
use super::message::{Answer, Ask, AssertionAsked, AttestationAsked, Decided, PROTOCOL};
use super::trouble::Trouble;
use crate::dialect::printable;
use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::sync::oneshot;

/// What verifies attestations and assertions in this process.
///
/// It is called on threads of its own, one operation at a time unless its [`Caps`] say otherwise. A
/// panic is a crash of that operation; one that does not return in time is left behind.
pub trait Verifier: Send + Sync + 'static {
    /// What it can do; what is not said is that it does everything.
    fn caps(&self) -> Caps {
        Caps::default()
    }

    /// Verifies an attestation.
    fn verify_attestation(&self, asked: &AttestationAsked) -> Decided;

    /// Verifies an assertion.
    fn verify_assertion(&self, asked: &AssertionAsked) -> Decided;
}

/// A verifier with the name it has in reports.
#[derive(Clone)]
pub(super) struct Library {
    verifier: Arc<dyn Verifier>,
    hello: Hello,
    limits: Limits,
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library").field("hello", &self.hello).finish_non_exhaustive()
    }
}

impl Library {
    pub(super) fn new(name: &str, verifier: Arc<dyn Verifier>, limits: Limits) -> Self {
        let sut =
            Sut { name: name.to_owned(), version: String::new(), language: "rust".to_owned() };
        let caps = verifier.caps();
        let hello = Hello { proto: PROTOCOL, profile: Profile::Verifier, sut, caps };
        Self { verifier, hello, limits }
    }

    pub(super) fn hello(&self) -> &Hello {
        &self.hello
    }

    pub(super) async fn ask(&self, ask: &Ask) -> Said {
        let (sender, receiver) = oneshot::channel();
        let (verifier, ask) = (Arc::clone(&self.verifier), ask.clone());
        let calling = move || {
            // What it leaves half changed is its own affair: it decides nothing here.
            let called = catch_unwind(AssertUnwindSafe(|| match &ask {
                Ask::VerifyAttestation(asked) => Some(verifier.verify_attestation(asked)),
                Ask::VerifyAssertion(asked) => Some(verifier.verify_assertion(asked)),
                Ask::Hello { .. }
                | Ask::Configure(_)
                | Ask::Reset
                | Ask::Challenge { .. }
                | Ask::Attest(_)
                | Ask::Assert(_)
                | Ask::Revoke { .. } => None,
            }));
            // Nobody listens any more if it took too long.
            let _ = sender.send(called.map_err(|panic| words(&*panic)));
        };
        if let Err(error) = std::thread::Builder::new().spawn(calling) {
            let why = format!("no thread can be started: {error}");
            return Said { answer: Err(Trouble::GivenUp(why)), text: String::new() };
        }
        let answer = match tokio::time::timeout(self.limits.operation, receiver).await {
            Err(_) => Err(Trouble::TimedOut),
            Ok(Ok(Ok(Some(decided)))) => Ok(Answer::Decided(decided)),
            Ok(Ok(Ok(None))) => {
                Err(Trouble::Unsupported("a verifier has no such function".to_owned()))
            }
            Ok(Ok(Err(panic))) => Err(Trouble::Crashed(format!("it panicked: {panic}"))),
            Ok(Err(_)) => Err(Trouble::Crashed("its thread ended".to_owned())),
        };
        Said { answer, text: String::new() }
    }
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
    printable(&said.unwrap_or_else(|| "it did not say why".to_owned()))
}
