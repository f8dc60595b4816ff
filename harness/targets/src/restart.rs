//! Runs the command that brings a server back, within a time and with little of its output kept.

use crate::dialect::printable;
use crate::file::{Restart, WaitFor};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use url::Url;

/// The process that was started last: it may be the server itself, and ends with whoever holds this.
#[derive(Debug, Clone, Default)]
pub(crate) struct Process(Arc<tokio::sync::Mutex<Option<Child>>>);

/// Bytes at the end of a command's output that are kept.
const OUTPUT: usize = 1024;
/// Between two looks whether a server serves.
const ROUND: Duration = Duration::from_millis(100);

impl Process {
    /// Runs the command and waits until every node serves; the error says what came instead.
    pub(crate) async fn restart(
        &self,
        hook: &Restart,
        client: &reqwest::Client,
        nodes: &[Url],
    ) -> Result<(), String> {
        let mut running = self.0.lock().await;
        // A server that an earlier restart left in the foreground gives its port up.
        if let Some(mut earlier) = running.take() {
            let _ = earlier.kill().await;
        }
        let program = hook.command.first().cloned().unwrap_or_default();
        let mut child = Command::new(&program)
            .args(hook.command.iter().skip(1))
            .current_dir(&hook.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("`{program}` cannot be started: {error}"))?;
        let mut tail = Tail::default();
        tail.follow(child.stdout.take());
        tail.follow(child.stderr.take());
        let ready = async {
            match &hook.wait_for {
                Some(wait_for) => serving(wait_for, client, nodes, &mut child).await,
                None => ended(child.wait().await),
            }
        };
        let came = tokio::time::timeout(hook.timeout, ready).await;
        match came {
            Ok(Ok(())) => {
                *running = Some(child);
                Ok(())
            }
            Ok(Err(what)) => {
                tail.settle().await;
                Err(format!("`{program}` {what}{tail}"))
            }
            Err(_) => {
                let wanted = if hook.wait_for.is_some() { "no node serves" } else { "it runs on" };
                Err(format!("`{program}`: {wanted} after {:?}{tail}", hook.timeout))
            }
        }
    }
}

/// Waits until every node answers as it should; a command that fails before ends that.
async fn serving(
    wait_for: &WaitFor,
    client: &reqwest::Client,
    nodes: &[Url],
    child: &mut Child,
) -> Result<(), String> {
    for node in nodes {
        let url = format!("{}{}", node.as_str().trim_end_matches('/'), wait_for.path);
        loop {
            let asked = client.request(wait_for.method.clone(), &url).timeout(ROUND * 20).send();
            let serves =
                asked.await.is_ok_and(|answer| wait_for.status.contains(answer.status().as_u16()));
            // Who ends well may have left a server behind; who does not has not.
            if let Ok(Some(status)) = child.try_wait()
                && !status.success()
            {
                return Err(format!("ended with {status}"));
            }
            if serves {
                break;
            }
            tokio::time::sleep(ROUND).await;
        }
    }
    Ok(())
}

fn ended(came: std::io::Result<std::process::ExitStatus>) -> Result<(), String> {
    match came {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("ended with {status}")),
        Err(error) => Err(format!("cannot be waited for: {error}")),
    }
}

/// The end of what a command says, however much that is.
#[derive(Default)]
struct Tail {
    kept: Arc<Mutex<Vec<u8>>>,
    readers: Vec<tokio::task::JoinHandle<()>>,
}

impl Tail {
    /// Reads to the end of a stream, for as long as it has none: a full pipe would stop the command.
    fn follow(&mut self, stream: Option<impl AsyncRead + Send + Unpin + 'static>) {
        let Some(mut stream) = stream else { return };
        let kept = Arc::clone(&self.kept);
        self.readers.push(tokio::spawn(async move {
            let mut read = [0; 4096];
            while let Ok(count @ 1..) = stream.read(&mut read).await {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend_from_slice(&read[..count]);
                let excess = kept.len().saturating_sub(OUTPUT);
                kept.drain(..excess);
            }
        }));
    }

    /// Waits for what a command said last, but not for what it may have left running.
    async fn settle(&self) {
        let read = async {
            while !self.readers.iter().all(tokio::task::JoinHandle::is_finished) {
                tokio::time::sleep(ROUND / 10).await;
            }
        };
        let _ = tokio::time::timeout(ROUND * 10, read).await;
    }
}

impl std::fmt::Display for Tail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&kept);
        match text.trim() {
            "" => Ok(()),
            said => write!(f, "; it said: {}", printable(said)),
        }
    }
}
