//! Who may open a connection: how many requests are under way, and patience of those that are late.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, Semaphore};
use tokio::time::timeout;

/// Requests under way. Connections stay open after an answer, so there are as many as there ever were
/// requests under way at once; a request beyond that needs a new one.
///
/// A request that is on time gets it: if all connections are taken, the target is slow. A generator
/// that was kept from running finds all that became due meanwhile at once; if each of those opened a
/// connection, although the answers to the first would have freed enough, it would fall further behind
/// and never recover, since what is opened takes several times what a request takes. So who is late
/// stands in a queue, unless no answers come.
#[derive(Debug)]
pub(super) struct Crowd {
    /// Connections that nobody uses.
    free: Semaphore,
    /// Requests that are no longer under way.
    left: AtomicU64,
    /// Whoever stands at the head of the queue.
    head: Mutex<Head>,
}

/// What the head of the queue knows.
#[derive(Debug, Default)]
struct Head {
    /// How many had left when no answer came for a while: until one does, nobody waits for it.
    silent_since: Option<u64>,
}

/// A request this much behind its instant is late.
const LATE: Duration = Duration::from_millis(2);
/// How long the head of the queue waits for an answer to any request. It counts as lag.
const PATIENCE: Duration = Duration::from_millis(1);

impl Crowd {
    /// None under way, and so many connections open.
    pub(super) fn new(open: usize) -> Self {
        Self { free: Semaphore::new(open), left: AtomicU64::new(0), head: Mutex::default() }
    }

    /// A request that was due at an instant is about to be sent; it is under way until what this
    /// gives back is dropped.
    pub(super) async fn enter(&self, due: Instant) -> UnderWay<'_> {
        if !self.takes_free() && due.elapsed() >= LATE {
            let mut head = self.head.lock().await;
            let left = self.left.load(Ordering::Relaxed);
            if head.silent_since != Some(left) {
                match timeout(PATIENCE, self.free.acquire()).await {
                    Ok(Ok(free)) => free.forget(),
                    // It opens a connection more. The semaphore is never closed.
                    Err(_) | Ok(Err(_)) => {
                        head.silent_since =
                            (self.left.load(Ordering::Relaxed) == left).then_some(left);
                    }
                }
            }
        }
        UnderWay(self)
    }

    /// Takes a connection that nobody uses, if there is one.
    fn takes_free(&self) -> bool {
        self.free.try_acquire().map(tokio::sync::SemaphorePermit::forget).is_ok()
    }
}

/// A request that is under way.
#[derive(Debug)]
pub(super) struct UnderWay<'c>(&'c Crowd);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.left.fetch_add(1, Ordering::Relaxed);
        self.0.free.add_permits(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn long_ago() -> Instant {
        Instant::now().checked_sub(2 * LATE).expect("the clock has run for a while")
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_on_time_never_waits_and_who_is_late_lets_answers_come() {
        let crowd = Crowd::new(1);
        let on_time = || Instant::now() + Duration::from_mins(1);
        let first = crowd.enter(on_time()).now_or_never().expect("a connection is free");
        let second = crowd.enter(on_time()).now_or_never().expect("it opens one");
        let late = crowd.enter(long_ago());
        let mut late = std::pin::pin!(late);
        assert!(late.as_mut().now_or_never().is_none(), "it waits for an answer");
        drop(first);
        let late = late.now_or_never().expect("the first one's connection is free");
        drop((second, late));
        assert_eq!(crowd.free.available_permits(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn where_no_answers_come_one_waits_for_them_and_nobody_after_it() {
        let crowd = Crowd::new(1);
        let first = crowd.enter(long_ago()).await;
        let begun = tokio::time::Instant::now();
        let mut opened = Vec::new();
        for _ in 0..50 {
            opened.push(crowd.enter(long_ago()).await);
        }
        assert!(begun.elapsed() <= 2 * PATIENCE, "{:?}", begun.elapsed());
        drop(first);
        assert!(crowd.enter(long_ago()).now_or_never().is_some(), "one is free again");
        drop(opened);
        assert_eq!(crowd.free.available_permits(), 51);
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_goes_in_order_and_opens_little_while_answers_come() {
        let crowd = Crowd::new(4);
        let mut under_way = std::collections::VecDeque::new();
        for _ in 0..4 {
            under_way.push_back(crowd.enter(long_ago()).await);
        }
        let mut queue: Vec<_> = (0..400).map(|_| Box::pin(crowd.enter(long_ago()))).collect();
        while !queue.is_empty() {
            // Each round of a server that answers four requests.
            under_way.drain(..4);
            queue.retain_mut(|waiting| match waiting.now_or_never() {
                Some(entered) => {
                    under_way.push_back(entered);
                    false
                }
                None => true,
            });
            tokio::time::advance(PATIENCE / 4).await;
        }
        drop(under_way);
        assert!(crowd.free.available_permits() <= 8, "{}", crowd.free.available_permits());
    }
}
