//! An adapter as a process that speaks JSON lines: one object a line, each answered once.
//!
//! Whatever it does wrong costs the operation in flight and no other: it is ended with everything
//! it started, begun again, told its configuration again, and asked on.

use super::caps::Hello;
use super::desk::{Desk, Fault, Kind};
use super::message::{Answer, Ask, Message, PROTOCOL, Unread};
use super::process::Process;
use super::trouble::Trouble;
use super::{Limits, Said};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::ChildStdin;
use tokio::sync::{Semaphore, oneshot};

/// A process that speaks JSON lines, started again when it must be.
#[derive(Debug)]
pub(super) struct Lines {
    command: Vec<String>,
    folder: Option<PathBuf>,
    limits: Limits,
    /// What the ids of operations follow from.
    seed: [u8; 32],
    asked: AtomicU64,
    /// What it said of itself first.
    hello: OnceLock<Hello>,
    configuration: OnceLock<Ask>,
    state: tokio::sync::Mutex<State>,
    /// One for each operation that may be in flight.
    places: Semaphore,
    at_once: u32,
}

#[derive(Debug, Default)]
struct State {
    running: Option<Running>,
    /// Times it was started.
    starts: u32,
    /// Times it was started in a row without coming up.
    barren: u32,
    given_up: Option<String>,
}

#[derive(Debug)]
struct Running {
    process: Process,
    stdin: ChildStdin,
    desk: Desk,
    number: u32,
}

/// An operation on its way.
struct Sent {
    answer: oneshot::Receiver<Result<serde_json::Value, Fault>>,
    number: u32,
}

impl Lines {
    /// Starts the command and hears what it says of itself.
    pub(super) async fn open(
        command: Vec<String>,
        folder: Option<PathBuf>,
        limits: Limits,
        seed: [u8; 32],
    ) -> Result<Self, Trouble> {
        let mut lines = Self {
            command,
            folder,
            limits,
            seed,
            asked: AtomicU64::new(0),
            hello: OnceLock::new(),
            configuration: OnceLock::new(),
            state: tokio::sync::Mutex::default(),
            places: Semaphore::new(1),
            at_once: 1,
        };
        {
            let mut state = lines.state.lock().await;
            lines.ready(&mut state).await?;
        }
        lines.at_once = lines.hello().at_once();
        lines.places.add_permits(lines.at_once as usize - 1);
        Ok(lines)
    }

    /// What it said of itself.
    pub(super) fn hello(&self) -> &Hello {
        self.hello.get().expect("it is heard before anything else")
    }

    /// Times it was started.
    pub(super) async fn starts(&self) -> u32 {
        self.state.lock().await.starts
    }

    /// Asks one thing. Whoever is in flight together when something goes wrong is asked again
    /// alone, so that only the one to blame bears it.
    pub(super) async fn ask(&self, ask: &Ask) -> Said {
        let first = {
            let _place = self.places.acquire().await.expect("the semaphore is never closed");
            self.try_ask(ask).await
        };
        match first {
            Err(Failed { shared: true, .. }) if ask.changes_nothing() => {
                let all = self.places.acquire_many(self.at_once).await;
                let _all = all.expect("the semaphore is never closed");
                Said::of(self.try_ask(ask).await)
            }
            said => Said::of(said),
        }
    }

    /// Ends it as a crash would.
    pub(super) async fn interrupt(&self) -> bool {
        let Some(mut running) = self.state.lock().await.running.take() else { return false };
        running.process.kill().await;
        running.desk.close(Kind::Ended);
        true
    }

    /// Asks it to end, and ends it if it does not.
    pub(super) async fn close(&self) {
        let mut state = self.state.lock().await;
        if let Some(Running { mut process, stdin, .. }) = state.running.take() {
            drop(stdin);
            if process.ended().await.is_none() {
                process.kill().await;
            }
        }
        state.given_up = Some("it was closed".to_owned());
    }

    async fn try_ask(&self, ask: &Ask) -> Result<(Answer, String), Failed> {
        let limit = self.limits.operation;
        let sent = {
            let mut state = self.state.lock().await;
            self.ready(&mut state).await.map_err(Failed::alone)?;
            let running = state.running.as_mut().expect("it is ready");
            if let Some(fault) = running.desk.fault() {
                return Err(self.bury(&mut state, fault, " before this operation").await);
            }
            match self.send(running, ask, limit).await {
                Ok(sent) => sent,
                Err(fault) => return Err(self.bury(&mut state, fault, "").await),
            }
        };
        let received = tokio::time::timeout(limit, sent.answer).await;
        let mut state = self.state.lock().await;
        let is_same = |state: &State| {
            state.running.as_ref().is_some_and(|running| running.number == sent.number)
        };
        match received {
            Ok(Ok(Ok(value))) => {
                let said = value.to_string();
                match Answer::read(ask, value) {
                    Ok(answer) => Ok((answer, said)),
                    Err(unread) => Err(Failed::alone(unread.trouble())),
                }
            }
            Ok(Ok(Err(fault))) if is_same(&state) => Err(self.bury(&mut state, fault, "").await),
            Ok(Ok(Err(Fault { kind, shared }))) => {
                Err(Failed { trouble: kind.trouble(None, ""), talk: String::new(), shared })
            }
            // Its desk is gone: it was buried by another operation.
            Ok(Err(_)) => Err(Failed {
                trouble: Trouble::Crashed("it ended".to_owned()),
                talk: String::new(),
                shared: true,
            }),
            Err(_) => {
                let mut talk = String::new();
                if is_same(&state)
                    && let Some(mut running) = state.running.take()
                {
                    running.process.kill().await;
                    talk = running.process.talk().words();
                    running.desk.close(Kind::Silent);
                }
                Err(Failed { trouble: Trouble::TimedOut, talk, shared: false })
            }
        }
    }

    /// Sees that it runs and knows its configuration.
    async fn ready(&self, state: &mut State) -> Result<(), Trouble> {
        if let Some(why) = &state.given_up {
            return Err(Trouble::GivenUp(why.clone()));
        }
        if state.running.is_some() {
            return Ok(());
        }
        if state.barren >= self.limits.barren {
            return Err(give_up(
                state,
                format!("it was started {} times in a row and did not come up", state.barren),
            ));
        }
        if state.starts > self.limits.restarts {
            return Err(give_up(state, format!("it had to be started {} times", state.starts)));
        }
        state.starts += 1;
        state.barren += 1;
        let mut running = self.start(state.starts).map_err(|error| {
            let command = self.command.first().map_or("", String::as_str);
            give_up(state, format!("`{command}` cannot be started: {error}"))
        })?;
        let hello = Ask::Hello {
            proto: PROTOCOL,
            harness: concat!("assay/", env!("CARGO_PKG_VERSION")).to_owned(),
        };
        let answer = self.exchange(&mut running, &hello).await?;
        let Answer::Hello(said) = answer else {
            unreachable!("`hello` is answered by nothing else")
        };
        if let Some(mistake) = said.mistake() {
            return Err(Trouble::Unreadable(mistake));
        }
        if self.hello.get_or_init(|| (*said).clone()) != &*said {
            return Err(Trouble::Unreadable(
                "started again it says something else of itself in its answer to `hello`"
                    .to_owned(),
            ));
        }
        if let Some(configuration) = self.configuration.get() {
            self.exchange(&mut running, configuration).await.and_then(configured)?;
        }
        state.barren = 0;
        state.running = Some(running);
        Ok(())
    }

    /// Tells it what holds for everything that follows, now and after each start.
    pub(super) async fn configure(&self, configuration: Ask) -> Result<(), Trouble> {
        let said = self.ask(&configuration).await;
        let _ = self.configuration.set(configuration);
        said.answer.and_then(configured)
    }

    fn start(&self, number: u32) -> std::io::Result<Running> {
        let (process, stdin, stdout) = Process::start(&self.command, self.folder.as_deref())?;
        let desk = Desk::default();
        tokio::spawn(desk.clone().read(stdout));
        Ok(Running { process, stdin, desk, number })
    }

    /// Asks a process that nobody else asks anything yet.
    async fn exchange(&self, running: &mut Running, ask: &Ask) -> Result<Answer, Trouble> {
        let limit = self.limits.start;
        let asking = async {
            let sent = self.send(running, ask, limit).await?;
            let gone = Fault { kind: Kind::Ended, shared: false };
            sent.answer.await.unwrap_or(Err(gone))
        };
        let fault = match tokio::time::timeout(limit, asking).await {
            Ok(Ok(value)) => {
                return Answer::read(ask, value).map_err(Unread::trouble);
            }
            Ok(Err(fault)) => fault.kind,
            Err(_) => {
                running.process.kill().await;
                return Err(Trouble::Unreadable(format!(
                    "`{}` was not answered within {limit:?}: write one line for each line read, and flush it",
                    ask.op()
                )));
            }
        };
        let status = match fault {
            Kind::Ended => running.process.ended().await,
            Kind::Said(_) | Kind::Silent => None,
        };
        running.process.kill().await;
        let talk = running.process.talk().words();
        let heard =
            if talk.is_empty() { String::new() } else { format!("; standard error: {talk}") };
        Err(fault.trouble(status, &format!(" at `{}`{heard}", ask.op())))
    }

    /// Writes an operation. What it does not read in time is given up.
    async fn send(&self, running: &mut Running, ask: &Ask, limit: Duration) -> Result<Sent, Fault> {
        let id = self.id();
        let message = Message { id: id.clone(), ask: ask.clone() };
        let mut line = serde_json::to_vec(&message).expect("a message has no map with other keys");
        line.push(b'\n');
        let answer = running.desk.wait_for(id);
        let number = running.number;
        let alone = |kind| Fault { kind, shared: false };
        match tokio::time::timeout(limit, running.stdin.write_all(&line)).await {
            Ok(Ok(())) => Ok(Sent { answer, number }),
            // It closed its standard input: what it wrote before tells more.
            Ok(Err(_)) => Err(running.desk.fault().unwrap_or_else(|| alone(Kind::Ended))),
            Err(_) => Err(alone(Kind::Said(format!(
                "it did not read a line of {} bytes within {limit:?}",
                line.len()
            )))),
        }
    }

    /// Ends what went wrong, and says what it was.
    async fn bury(&self, state: &mut State, fault: Fault, when: &str) -> Failed {
        let Some(mut running) = state.running.take() else {
            return Failed {
                trouble: fault.kind.trouble(None, when),
                talk: String::new(),
                shared: fault.shared,
            };
        };
        let status = match fault.kind {
            Kind::Ended => running.process.ended().await,
            Kind::Said(_) | Kind::Silent => None,
        };
        running.process.kill().await;
        let talk = running.process.talk().words();
        Failed { trouble: fault.kind.trouble(status, when), talk, shared: fault.shared }
    }

    /// An id that looks random and follows from the seed.
    fn id(&self) -> String {
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        let digest = Sha256::new().chain_update(self.seed).chain_update(number.to_be_bytes());
        hex::encode(&digest.finalize()[..8])
    }
}

fn configured(answer: Answer) -> Result<(), Trouble> {
    match answer {
        Answer::Done(done) if !done.ok => Err(Trouble::Unreadable(format!(
            "it refuses its configuration: {}",
            done.text
                .as_deref()
                .map_or("it does not say why".to_owned(), crate::dialect::printable)
        ))),
        Answer::Done(_) | Answer::Hello(_) | Answer::Challenge(_) | Answer::Decided(_) => Ok(()),
    }
}

fn give_up(state: &mut State, why: String) -> Trouble {
    state.given_up = Some(why.clone());
    Trouble::GivenUp(why)
}

/// What came of an operation that brought nothing.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) trouble: Trouble,
    /// What the process said on standard error.
    pub(super) talk: String,
    shared: bool,
}

impl Failed {
    fn alone(trouble: Trouble) -> Self {
        Self { trouble, talk: String::new(), shared: false }
    }
}
