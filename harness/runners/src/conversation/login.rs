//! Sessions: whose they are, and the login before an account's first request.

use super::{Conversation, Kept, PlayError, Request, Turn};
use catalogue::{Action, Expectation, Step};
use targets::file::CookiePolicy;
use targets::secrets::Secrets;
use targets::{Operation, Saved, Target};

/// The account whose session it is, and the device where each has its own.
pub(super) type SessionKey = (String, Option<String>);

impl<T: Target> Conversation<'_, T> {
    /// Logs the step's account in, if the target file says how and it has not been. A login that is
    /// not accepted ends the case, as what it is.
    pub(super) async fn log_in(
        &mut self,
        index: usize,
        step: &Step,
    ) -> Result<Vec<Turn>, PlayError> {
        let asks = match &step.action {
            // These send nothing, or what was made ready by whoever is logged in.
            Action::Wait | Action::Together { .. } => false,
            Action::Challenge(_)
            | Action::Draw { .. }
            | Action::Attest { .. }
            | Action::Assert { .. }
            | Action::Replay { .. }
            | Action::Revoke
            | Action::Logout
            | Action::Restart => true,
        };
        let logins = self.stage.target.dialect().file().session.setup.len();
        let mut turns = Vec::new();
        loop {
            // From here on there is a session, whose cookies all its requests share.
            self.sessions.entry(self.session_key(step)).or_default();
            let mut saved = self.saved_for(step);
            let done = saved.session().logins();
            if !asks || done >= logins || !turns.iter().all(Turn::is_as_expected) {
                return Ok(turns);
            }
            let facts = self.facts(step);
            let request = self.written(None, Operation::Login, &facts, &saved)?;
            let exchange = self.perform(Operation::Login, &request, &mut saved).await;
            let what = format!("login {} of {logins} (before step {})", done + 1, index + 1);
            let secrets = self.secrets(&saved);
            self.sessions.insert(self.session_key(step), saved.session().clone());
            let kept = self.stage.keeps;
            let kept =
                kept.then(|| Box::new(Kept { request, facts, honest: None, secrets, made: None }));
            let expectation = Expectation::Accept;
            turns.push(Turn { what, expectation, exchange, kept, truth: None, broken: None });
        }
    }

    /// Whose session a step's requests are made in.
    pub(super) fn session_key(&self, step: &Step) -> SessionKey {
        let device = match self.stage.target.dialect().file().session.cookies {
            CookiePolicy::PerDevice => Some(step.device.clone()),
            CookiePolicy::None | CookiePolicy::PerAccount | CookiePolicy::Shared => None,
        };
        (step.account.clone(), device)
    }

    /// What earlier answers left for a step's requests, in its session.
    pub(super) fn saved_for(&self, step: &Step) -> Saved {
        let mut saved = self.accounts.get(&step.account).cloned().unwrap_or_default();
        let session = self.sessions.get(&self.session_key(step));
        *saved.session_mut() = session.cloned().unwrap_or_default();
        saved
    }

    /// What was saved for a request, in the session as it is by now.
    pub(super) fn in_session(&self, request: &Request) -> Saved {
        let mut saved = request.saved.clone();
        if let Some(session) = self.sessions.get(&request.session) {
            *saved.session_mut() = session.clone();
        }
        saved
    }

    /// What must not be shown of a request made with what was saved.
    pub(super) fn secrets(&self, saved: &Saved) -> Secrets {
        self.stage.target.dialect().secrets(saved).into_owned()
    }
}
