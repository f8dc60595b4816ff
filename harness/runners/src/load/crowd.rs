//! How many requests are under way, and patience before a new connection.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Requests under way. Connections stay open after an answer, so there are as many as there ever were
/// requests under way at once; a request beyond that needs a new one.
///
/// A generator that was kept from running finds all that became due meanwhile at once, and sent at
/// once each of them would open a connection, although the answers to the first would have freed
/// enough: what is opened takes several times what a request takes, the generator falls further
/// behind, and never recovers. So a request beyond the most so far lets answers come first.
#[derive(Debug)]
pub(super) struct Crowd {
    under_way: AtomicUsize,
    most: AtomicUsize,
}

/// How long a request waits for a connection to become free. It counts as lag; a server that is
/// slow is met by as many connections as there are requests, this much later.
const PATIENCE: Duration = Duration::from_micros(300);

impl Crowd {
    /// None under way, and so many connections open.
    pub(super) fn new(open: usize) -> Self {
        Self { under_way: AtomicUsize::new(0), most: AtomicUsize::new(open) }
    }

    /// A request is about to be sent; it is under way until what this gives back is dropped.
    pub(super) async fn enter(&self) -> UnderWay<'_> {
        if self.is_full() {
            let begun = Instant::now();
            while self.is_full() && begun.elapsed() < PATIENCE {
                tokio::task::yield_now().await;
            }
        }
        let under_way = self.under_way.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(under_way, Ordering::Relaxed);
        UnderWay(self)
    }

    fn is_full(&self) -> bool {
        self.under_way.load(Ordering::Relaxed) >= self.most.load(Ordering::Relaxed)
    }
}

/// A request that is under way.
#[derive(Debug)]
pub(super) struct UnderWay<'c>(&'c Crowd);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn a_request_waits_only_where_a_connection_would_be_opened_and_not_for_ever() {
        let crowd = Crowd::new(1);
        let first = crowd.enter().now_or_never().expect("there is a connection");
        assert!(crowd.enter().now_or_never().is_none(), "it lets the answer come first");
        let second = crowd.enter().await;
        drop(first);
        let third = crowd.enter().now_or_never().expect("the first one's is free");
        drop((second, third));
        assert_eq!(crowd.under_way.load(Ordering::Relaxed), 0);
    }
}
