//! Keeps requests apart, so that a server is asked no faster than its owner wants.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// When the next request may go; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pace {
    interval: Option<Duration>,
    next: Arc<Mutex<Option<Instant>>>,
}

impl Pace {
    pub(crate) fn new(interval: Option<Duration>) -> Self {
        Self { interval, next: Arc::default() }
    }

    /// Waits until so many requests may go at once: what is sent together stays together, and the
    /// next waits the longer.
    pub(crate) async fn wait(&self, requests: usize) {
        let Some(interval) = self.interval else { return };
        let at = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let at = next.map_or(now, |next| next.max(now));
            let requests = u32::try_from(requests).unwrap_or(u32::MAX);
            *next = Some(at + interval.saturating_mul(requests));
            at
        };
        tokio::time::sleep_until(at).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn requests_are_kept_apart_however_many_ask() {
        let pace = Pace::new(Some(Duration::from_millis(20)));
        let began = Instant::now();
        let all = (0..10).map(|_| async {
            pace.wait(1).await;
            began.elapsed()
        });
        let mut went = futures_util::future::join_all(all).await;
        went.sort();
        // However late the machine is, the last of ten has waited nine times.
        assert!(went[9] >= Duration::from_millis(180), "{went:?}");
        pace.wait(5).await;
        pace.wait(1).await;
        assert!(began.elapsed() >= Duration::from_millis(299), "five at once cost five");
    }
}
