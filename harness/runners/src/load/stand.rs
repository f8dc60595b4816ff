//! Where users wait for something to do, and requests for users.
//!
//! **Who came last goes first.** A plan keeps as many users as could be waiting for answers at once,
//! and nearly all of them have nothing to do nearly always. Taken in turn, each would come with memory
//! that no cache holds any more; the one who has just been there costs a third less.
//!
//! **What is late stays in line.** A request that is on time goes, however many wait for answers: then
//! the target is slow. But a generator that was kept from running finds all that became due meanwhile
//! at once. If it all went, each request with a user who has not been there for long, on a connection
//! that must be opened first, it would take twice the time and more, and the generator fall further
//! behind and never recover. So while the users' thread is busy, of what is late no more goes than is
//! usually under way; it goes together, whenever something new is due: what leaves and comes back
//! together costs both sides half as much as one after the other. Once the thread has time to spare, it
//! is not the generator that keeps requests from leaving, and more and more go.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, oneshot};
use tokio::time::sleep;

/// Users in a stack, and requests in a line.
#[derive(Debug, Default)]
pub(super) struct Stand {
    place: Mutex<Place>,
    /// Something is left in line, or the stand is closed.
    look: Notify,
}

#[derive(Debug, Default)]
struct Place {
    /// When the requests were due that nobody has taken yet, oldest first.
    line: VecDeque<Instant>,
    /// Users who are on their way to the line: so much of it is not left.
    called: usize,
    waiting: Vec<oneshot::Sender<()>>,
    /// Users who have taken something and are not done with it.
    under_way: usize,
    /// How many usually are, while nothing is late.
    usual: f64,
    is_closed: bool,
}

/// A request this much behind its instant is late.
const LATE: Duration = Duration::from_millis(2);
/// So many may be under way although they are late: enough to keep any core busy.
const LEAST: usize = 32;
/// How much of what is usual one request less changes.
const OBLIVION: f64 = 1.0 / 128.0;
/// How often is looked whether more of what is late may go; the wait counts as lag.
const PATIENCE: Duration = Duration::from_millis(1);
/// The share of its time from which on a thread counts as busy: as where a load's validity ends.
const BUSY: f64 = 0.85;

impl Stand {
    /// How many users stand free.
    pub(super) fn free(&self) -> usize {
        self.lock().waiting.len()
    }

    /// A request is to be sent that was due then: a waiting user goes for it, or else one that comes
    /// back.
    pub(super) fn release(&self, due: Instant) {
        let mut place = self.lock();
        place.line.push_back(due);
        if place.line.front().is_some_and(|oldest| oldest.elapsed() >= LATE) {
            place.call_usual();
        } else {
            place.learn();
            place.call();
        }
        if place.left() > 0 {
            self.look.notify_one();
        }
    }

    /// Waits until there is something to do; `None` if there will be nothing any more. Whoever is
    /// given a turn keeps it until all is done.
    pub(super) async fn wait(&self) -> Option<Turn<'_>> {
        let called = {
            let mut place = self.lock();
            if place.is_closed {
                return None;
            }
            // Where others wait too, what is left is late.
            if place.left() > 0 && place.waiting.is_empty() {
                return Some(self.set_out(&mut place));
            }
            let (call, called) = oneshot::channel();
            place.waiting.push(call);
            called
        };
        called.await.ok()?;
        let mut place = self.lock();
        place.called -= 1;
        Some(self.set_out(&mut place))
    }

    fn set_out(&self, place: &mut Place) -> Turn<'_> {
        place.line.pop_front();
        place.under_way += 1;
        Turn(self)
    }

    /// Sends more and more users for what is late while their thread has time to spare, until the stand
    /// is closed. `busy` tells for how long that thread has worked in all.
    pub(super) async fn watch(&self, busy: impl Fn() -> Duration) {
        let now = || (tokio::time::Instant::now(), busy());
        let mut before = now();
        loop {
            sleep(PATIENCE).await;
            let after = now();
            let (passed, worked) =
                (after.0.saturating_duration_since(before.0), after.1.saturating_sub(before.1));
            before = after;
            let is_busy = worked >= passed.mul_f64(BUSY);
            if self.lock().is_closed {
                return;
            }
            if !self.call_for_late(is_busy) {
                self.look.notified().await;
                before = now();
            }
        }
    }

    /// Calls users for what is left in line: as many as usual where they are busy, or else as many
    /// again as are under way. `false` if nothing was left.
    fn call_for_late(&self, is_busy: bool) -> bool {
        let mut place = self.lock();
        if place.left() == 0 {
            return false;
        }
        if is_busy {
            place.call_usual();
        } else {
            for _ in 0..place.under_way.max(1) {
                place.call();
            }
        }
        true
    }

    /// Sends everybody away.
    pub(super) fn close(&self) {
        let mut place = self.lock();
        place.is_closed = true;
        place.waiting.clear();
        drop(place);
        self.look.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Requests that no called user goes for.
    fn left(&self) -> usize {
        self.line.len() - self.called
    }

    /// Learns how many are under way where nothing is late: more at once, fewer by and by.
    fn learn(&mut self) {
        let now = self.under_way as f64;
        self.usual = now.max(self.usual + (now - self.usual) * OBLIVION);
    }

    /// Calls users for what is left in line until as many as usual are under way.
    fn call_usual(&mut self) {
        let most = LEAST.max(self.usual as usize);
        while self.left() > 0 && self.under_way + self.called < most && self.call() {}
    }

    /// Calls a waiting user for what is left in line; `false` if there is none.
    fn call(&mut self) -> bool {
        while self.left() > 0
            && let Some(user) = self.waiting.pop()
        {
            // Goose may have dropped a user where it stood.
            if user.send(()).is_ok() {
                self.called += 1;
                return true;
            }
        }
        false
    }
}

/// A user's turn to do something.
#[derive(Debug)]
pub(super) struct Turn<'s>(&'s Stand);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.lock().under_way -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::pin::{Pin, pin};
    use tokio::time::advance;

    type Waiting<'s> = Pin<Box<dyn Future<Output = Option<Turn<'s>>> + 's>>;

    fn on_time() -> Instant {
        Instant::now() + Duration::from_mins(1)
    }

    fn long_ago() -> Instant {
        Instant::now().checked_sub(2 * LATE).expect("the clock has run for a while")
    }

    fn users(stand: &Stand, count: usize) -> Vec<Waiting<'_>> {
        let users = (0..count).map(|_| Box::pin(stand.wait()) as Waiting<'_>);
        let mut users: Vec<_> = users.collect();
        for user in &mut users {
            assert!(user.now_or_never().is_none(), "nothing is due");
        }
        users
    }

    /// Takes those of the users who have set out by now.
    fn set_out<'s>(users: &mut Vec<Waiting<'s>>) -> Vec<Turn<'s>> {
        let mut turns = Vec::new();
        users.retain_mut(|user| match user.now_or_never() {
            Some(turn) => {
                turns.extend(turn);
                false
            }
            None => true,
        });
        turns
    }

    #[test]
    fn who_came_last_goes_first_and_everything_due_is_taken_once() {
        let stand = Stand::default();
        let (mut first, mut second) = (pin!(stand.wait()), pin!(stand.wait()));
        assert!(first.as_mut().now_or_never().is_none());
        assert!(second.as_mut().now_or_never().is_none());
        assert_eq!(stand.free(), 2);
        stand.release(on_time());
        assert!(first.as_mut().now_or_never().is_none());
        assert!(second.now_or_never().flatten().is_some());
        assert_eq!(stand.free(), 1);
        stand.release(on_time());
        stand.release(on_time());
        assert_eq!(stand.free(), 0);
        assert!(first.now_or_never().flatten().is_some());
        assert!(stand.wait().now_or_never().flatten().is_some());
        assert!(stand.wait().now_or_never().is_none());
    }

    #[test]
    fn a_user_that_left_is_passed_over() {
        let stand = Stand::default();
        {
            let mut gone = pin!(stand.wait());
            assert!(gone.as_mut().now_or_never().is_none());
        }
        stand.release(on_time());
        assert!(stand.wait().now_or_never().flatten().is_some());
    }

    #[test]
    fn closed_it_keeps_nobody() {
        let stand = Stand::default();
        let mut waiting = pin!(stand.wait());
        assert!(waiting.as_mut().now_or_never().is_none());
        stand.release(on_time());
        stand.release(on_time());
        stand.close();
        assert!(waiting.now_or_never().flatten().is_some(), "it was called before");
        assert!(stand.wait().now_or_never().is_some_and(|turn| turn.is_none()));
    }

    #[test]
    fn what_is_on_time_goes_and_what_is_late_waits_until_no_more_than_usual_are_under_way() {
        let stand = Stand::default();
        let mut users = users(&stand, 4 * LEAST);
        (0..2 * LEAST).for_each(|_| stand.release(on_time()));
        let mut turns = set_out(&mut users);
        assert_eq!(turns.len(), 2 * LEAST);
        stand.release(long_ago());
        assert_eq!(set_out(&mut users).len(), 0, "it waits for others to come back");
        stand.release(on_time());
        assert_eq!(set_out(&mut users).len(), 0, "and so does what comes after it");
        turns.truncate(LEAST - 1);
        stand.release(on_time());
        turns.extend(set_out(&mut users));
        assert_eq!(turns.len(), LEAST);
        assert_eq!(stand.lock().left(), 2);
    }

    #[test]
    fn as_many_as_there_usually_are_may_be_under_way_late() {
        let stand = Stand::default();
        let mut users = users(&stand, 10 * LEAST);
        let mut turns = Vec::new();
        for _ in 0..4 * LEAST {
            stand.release(on_time());
            turns.extend(set_out(&mut users));
        }
        turns.clear();
        (0..6 * LEAST).for_each(|_| stand.release(long_ago()));
        let usual = set_out(&mut users).len();
        assert!((4 * LEAST - 1..=4 * LEAST).contains(&usual), "{usual}");
    }

    #[test]
    fn who_comes_takes_what_is_left_where_nobody_waits() {
        let stand = Stand::default();
        stand.release(long_ago());
        assert!(stand.wait().now_or_never().flatten().is_some());
    }

    #[test]
    fn users_who_are_called_and_do_not_run_make_later_requests_wait() {
        let stand = Stand::default();
        let mut users = users(&stand, 3 * LEAST);
        // Released on time, and the users' thread does not run.
        (0..LEAST).for_each(|_| stand.release(Instant::now()));
        std::thread::sleep(2 * LATE);
        stand.release(Instant::now());
        assert_eq!(set_out(&mut users).len(), LEAST);
    }

    #[tokio::test(start_paused = true)]
    async fn while_users_have_time_to_spare_twice_as_many_are_sent_again_and_again() {
        let stand = Stand::default();
        let mut users = users(&stand, 10 * LEAST);
        let mut watch = pin!(stand.watch(|| Duration::ZERO));
        (0..4 * LEAST).for_each(|_| stand.release(long_ago()));
        let mut turns = Vec::new();
        let mut under_way = Vec::new();
        for _ in 0..8 {
            assert!(watch.as_mut().now_or_never().is_none());
            turns.extend(set_out(&mut users));
            under_way.push(turns.len());
            advance(PATIENCE).await;
        }
        under_way.dedup();
        assert_eq!(under_way, [1, 2, 4].map(|times| times * LEAST));
    }

    #[tokio::test(start_paused = true)]
    async fn however_fast_answers_come_a_line_goes_if_users_have_time_to_spare() {
        let stand = Stand::default();
        let mut users = users(&stand, 400);
        let mut watch = pin!(stand.watch(|| Duration::ZERO));
        (0..400).for_each(|_| stand.release(long_ago()));
        let mut turns = set_out(&mut users);
        for _ in 0..8 {
            // Each time one comes back, and another goes.
            turns.pop();
            assert!(watch.as_mut().now_or_never().is_none());
            turns.extend(set_out(&mut users));
            advance(PATIENCE).await;
        }
        assert_eq!(stand.lock().left(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn while_users_are_busy_a_line_grows_shorter_with_no_more_than_usual() {
        let stand = Stand::default();
        let mut users = users(&stand, 400);
        let begun = tokio::time::Instant::now();
        let mut watch = pin!(stand.watch(|| begun.elapsed()));
        (0..400).for_each(|_| stand.release(long_ago()));
        let mut turns = set_out(&mut users);
        let mut done = 0;
        while !turns.is_empty() {
            assert!(turns.len() <= LEAST);
            done += turns.len();
            turns.clear();
            assert!(watch.as_mut().now_or_never().is_none());
            advance(PATIENCE).await;
            assert!(watch.as_mut().now_or_never().is_none());
            turns = set_out(&mut users);
        }
        assert_eq!(done, 400);
    }
}
