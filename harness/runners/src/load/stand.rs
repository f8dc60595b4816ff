//! Where users wait for something to do. Who came last goes first.
//!
//! A plan keeps as many users as could be waiting for answers at once, and nearly all of them have
//! nothing to do nearly always. Taken in turn, each would come with memory that no cache holds any
//! more; the one who has just been there costs a third less.

use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Users in a stack, and how much is due that none has taken.
#[derive(Debug, Default)]
pub(super) struct Stand(Mutex<Place>);

#[derive(Debug, Default)]
struct Place {
    due: u64,
    waiting: Vec<oneshot::Sender<()>>,
    is_closed: bool,
}

impl Stand {
    /// How many stand free.
    pub(super) fn free(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Something is due: a waiting user goes for it, or else the next that comes.
    pub(super) fn release(&self) {
        let mut place = self.lock();
        while let Some(user) = place.waiting.pop() {
            // Goose may have dropped a user where it stood.
            if user.send(()).is_ok() {
                return;
            }
        }
        place.due += 1;
    }

    /// Waits until there is something to do; `false` if there will be nothing any more.
    pub(super) async fn wait(&self) -> bool {
        let called = {
            let mut place = self.lock();
            if place.is_closed {
                return false;
            }
            if let Some(left) = place.due.checked_sub(1) {
                place.due = left;
                return true;
            }
            let (call, called) = oneshot::channel();
            place.waiting.push(call);
            called
        };
        called.await.is_ok()
    }

    /// Sends everybody away.
    pub(super) fn close(&self) {
        let mut place = self.lock();
        place.is_closed = true;
        place.waiting.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Place> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn who_came_last_goes_first_and_everything_due_is_taken_once() {
        let stand = Stand::default();
        let (first, second) = (stand.wait(), stand.wait());
        let (mut first, mut second) = (std::pin::pin!(first), std::pin::pin!(second));
        assert_eq!((first.as_mut().now_or_never(), second.as_mut().now_or_never()), (None, None));
        assert_eq!(stand.free(), 2);
        stand.release();
        assert_eq!((first.as_mut().now_or_never(), second.now_or_never()), (None, Some(true)));
        assert_eq!(stand.free(), 1);
        stand.release();
        stand.release();
        assert_eq!(stand.free(), 0);
        assert_eq!(first.now_or_never(), Some(true));
        assert_eq!(stand.wait().now_or_never(), Some(true));
        assert_eq!(stand.wait().now_or_never(), None);
    }

    #[test]
    fn a_user_that_left_is_passed_over() {
        let stand = Stand::default();
        {
            let mut gone = std::pin::pin!(stand.wait());
            assert_eq!(gone.as_mut().now_or_never(), None);
        }
        stand.release();
        assert_eq!(stand.wait().now_or_never(), Some(true));
    }

    #[test]
    fn closed_it_keeps_nobody() {
        let stand = Stand::default();
        let mut waiting = std::pin::pin!(stand.wait());
        assert_eq!(waiting.as_mut().now_or_never(), None);
        stand.release();
        stand.release();
        stand.close();
        assert_eq!(waiting.now_or_never(), Some(true));
        assert_eq!(stand.wait().now_or_never(), Some(false));
    }
}
