//! What pure functions gave, remembered while a closure runs.
//!
//! The selftest plays the same cases on hundreds of servers and meets the same signatures hundreds
//! of times. A memory is off unless somebody opens one, on the thread that opens it; with it the
//! answers are the same and come sooner.

use std::cell::RefCell;
use std::collections::HashMap;
use std::thread::LocalKey;

/// What a thread remembers, by a digest of everything the answer depends on; `None` while nobody
/// wants it to.
pub type Remembered<V> = RefCell<Option<HashMap<[u8; 32], V>>>;

/// The memory of one function.
#[derive(Debug)]
pub struct Memory<V: 'static>(&'static LocalKey<Remembered<V>>);

/// Answers that are kept; a full memory begins anew. Two hundred bytes each, at most.
const ROOM: usize = 1 << 17;

impl<V: Clone> Memory<V> {
    /// The memory that lies there.
    pub const fn new(place: &'static LocalKey<Remembered<V>>) -> Self {
        Self(place)
    }

    /// Remembers on this thread for as long as `work` runs. Within another such call it goes on
    /// with what is remembered already.
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = self.0.take();
        let opened = before.is_none();
        self.0.set(Some(before.unwrap_or_default()));
        let done = work();
        if opened {
            self.0.set(None);
        }
        done
    }

    /// What `compute` gives, or gave when it was last asked for the same. `question` is a digest of
    /// everything that the answer depends on.
    pub fn recall(&self, question: impl FnOnce() -> [u8; 32], compute: impl FnOnce() -> V) -> V {
        let is_open = self.0.with_borrow(Option::is_some);
        if !is_open {
            return compute();
        }
        let question = question();
        let known = self.0.with_borrow(|known| known.as_ref()?.get(&question).cloned());
        known.unwrap_or_else(|| {
            let answer = compute();
            self.0.with_borrow_mut(|known| {
                if let Some(known) = known {
                    if known.len() >= ROOM {
                        known.clear();
                    }
                    known.insert(question, answer.clone());
                }
            });
            answer
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        static SQUARES: Remembered<u8> = const { RefCell::new(None) };
    }

    const MEMORY: Memory<u8> = Memory::new(&SQUARES);

    #[test]
    fn an_answer_is_computed_once_while_a_memory_is_open_and_each_time_otherwise() {
        let computed = Cell::new(0);
        let square = |number: u8| {
            MEMORY.recall(
                || [number; 32],
                || {
                    computed.set(computed.get() + 1);
                    number * number
                },
            )
        };
        let ask = || [square(3), square(4), square(3)];
        assert_eq!((ask(), computed.replace(0)), ([9, 16, 9], 3));
        MEMORY.during(|| {
            assert_eq!((ask(), computed.replace(0)), ([9, 16, 9], 2));
            MEMORY.during(|| assert_eq!((ask(), computed.replace(0)), ([9, 16, 9], 0)));
            assert_eq!((ask(), computed.replace(0)), ([9, 16, 9], 0));
        });
        assert_eq!((ask(), computed.replace(0)), ([9, 16, 9], 3));
    }

    #[test]
    fn a_full_memory_begins_anew() {
        MEMORY.during(|| {
            for number in 0..=ROOM {
                let mut question = [0; 32];
                question[..8].copy_from_slice(&number.to_be_bytes());
                MEMORY.recall(|| question, || 1);
            }
            assert_eq!(SQUARES.with_borrow(|known| known.as_ref().unwrap().len()), 1);
        });
    }
}
