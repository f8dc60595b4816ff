//! How fast a server is asked, which node, and what brings it back.

use super::reader::{Item, Table};
use super::sections::optional;
use super::{StatusRange, TargetFileError};
use std::path::{Path, PathBuf};
use std::time::Duration;

type Read<T> = Result<T, TargetFileError>;

/// How fast a server is asked, and what is done when it asks to come back later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pacing {
    /// The least time between two requests of the cases; load has a rate of its own.
    pub interval: Option<Duration>,
    /// What is done when it asks to come back later.
    pub on_throttle: OnThrottle,
}

/// What is done when a server asks to come back later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnThrottle {
    /// Wait as long as it says, within bounds, and ask again a few times.
    #[default]
    RetryAfter,
    /// Take it for the answer.
    Fail,
}

/// Which node a request goes to that names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NodeSelect {
    /// The first.
    #[default]
    First,
    /// The next, request after request.
    RoundRobin,
    /// That of the device, always the same.
    PerDevice,
    /// The next with each step of a conversation: a challenge is used where it was not handed out
    /// only if the case keeps it for a later step.
    PerStep,
}

impl OnThrottle {
    const ALL: [Self; 2] = [Self::RetryAfter, Self::Fail];

    fn as_str(self) -> &'static str {
        match self {
            Self::RetryAfter => "retry-after",
            Self::Fail => "fail",
        }
    }
}

impl NodeSelect {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::First, Self::RoundRobin, Self::PerDevice, Self::PerStep];

    /// The name, as target files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::RoundRobin => "round-robin",
            Self::PerDevice => "per-device",
            Self::PerStep => "per-step",
        }
    }
}

/// What brings a server back, or a fresh one in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restart {
    /// Program and arguments.
    pub command: Vec<String>,
    /// The folder it is run in: that of the target file.
    pub folder: PathBuf,
    /// The request that is answered so once every node serves again.
    pub wait_for: Option<WaitFor>,
    /// How long all of it may take.
    pub timeout: Duration,
}

/// A request, and the statuses that mean that a node serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitFor {
    /// The method.
    pub method: http::Method,
    /// Path and query.
    pub path: String,
    /// The statuses.
    pub status: StatusRange,
}

/// Time for a restart, unless the file says otherwise.
const RESTART: Duration = Duration::from_secs(30);
/// More requests a second than a door can pace.
const FASTEST: i64 = 100_000;

/// `pacing` in the section `[target]`.
pub(super) fn pacing(item: &Item<'_>) -> Read<Pacing> {
    let table = item.table(&["max_rps", "on_429"])?;
    let interval = |item: &Item<'_>| {
        let rate = item.integer()?;
        if !(1..=FASTEST).contains(&rate) {
            return Err(item.error(format!("`{rate}` must lie between 1 and {FASTEST}")));
        }
        Ok(Duration::from_secs(1).div_f64(rate as f64))
    };
    let throttle = |item: &Item<'_>| item.choice(&OnThrottle::ALL, OnThrottle::as_str);
    Ok(Pacing {
        interval: optional(table.get("max_rps"), interval)?,
        on_throttle: optional(table.get("on_429"), throttle)?.unwrap_or_default(),
    })
}

/// `node_select` in the section `[target]`.
pub(super) fn node_select(item: &Item<'_>) -> Read<NodeSelect> {
    item.choice(&NodeSelect::ALL, NodeSelect::as_str)
}

/// `restart` in the section `[target]`.
pub(super) fn restart(item: &Item<'_>, file: &str) -> Read<Restart> {
    let table: Table<'_> = item.table(&["command", "wait_for", "timeout"])?;
    let command = table.need("command")?;
    let words: Vec<String> =
        command.list()?.iter().map(|word| Ok(word.text()?.to_owned())).collect::<Read<_>>()?;
    if words.first().is_none_or(String::is_empty) {
        return Err(command.error("a command has a program: command = [\"./restart.sh\"]"));
    }
    let folder = Path::new(file).parent().filter(|folder| !folder.as_os_str().is_empty());
    Ok(Restart {
        command: words,
        folder: folder.unwrap_or(Path::new(".")).to_owned(),
        wait_for: optional(table.get("wait_for"), wait_for)?,
        timeout: optional(table.get("timeout"), Item::duration)?.unwrap_or(RESTART),
    })
}

/// `GET /healthz 200`, or a range of statuses in place of one.
fn wait_for(item: &Item<'_>) -> Read<WaitFor> {
    let text = item.text()?;
    let bad = || {
        item.error(format!("`{text}` is no request with its status; write \"GET /healthz 200\""))
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let [method, path, status] = words.as_slice() else { return Err(bad()) };
    if !path.starts_with('/') {
        return Err(bad());
    }
    Ok(WaitFor {
        method: method.parse().map_err(|_| bad())?,
        path: (*path).to_owned(),
        status: StatusRange::parse(status).map_err(|what| item.error(what))?,
    })
}
