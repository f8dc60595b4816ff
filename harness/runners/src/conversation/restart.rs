//! A restart by the command that the target file names.

use super::{Conversation, Turn};
use crate::conversation::PlayError;
use catalogue::Step;
use std::time::Instant;
use targets::{Decision, Exchange, Noted, Operation, Target};

impl<T: Target> Conversation<'_, T> {
    /// Whether the server is restarted by a command and not by a request.
    pub(super) fn restarts_by_command(&self) -> bool {
        let file = self.stage.target.dialect().file();
        file.restart.is_some() && !file.steps.contains_key(&Operation::Restart)
    }

    /// Restarts the server; a command that fails is what became of the step.
    pub(super) async fn restart(&mut self, index: usize, step: &Step) -> Result<Turn, PlayError> {
        let began = Instant::now();
        let decision = match self.stage.target.restart().await {
            Ok(()) => Decision::Accepted { outputs: std::collections::BTreeMap::new() },
            Err(why) => Decision::Unreachable { why },
        };
        let (excerpt, caching) = (String::new(), String::new());
        let noted = Noted::default();
        let exchange =
            Exchange { decision, status: None, elapsed: began.elapsed(), excerpt, caching, noted };
        let what = format!("restart (step {})", index + 1);
        let expectation = step.expectation;
        Ok(Turn { what, expectation, exchange, kept: None, truth: None, broken: None })
    }
}
