//! What shows now and then, on one of several nodes, or only when there is much to do.
//!
//! No case played alone can be sure to meet these; load does, and says within how many tries.

use super::Flaw;
use super::edit::{Edit, weak};
use super::habit::Habit;
use crate::verify::Rule;

/// Habits that take many requests to see.
#[rustfmt::skip]
pub(super) const FLAWS: &[Flaw] = &[
    weak("weak.asr.counter.now-and-then", Rule::CounterIncreases, "Lets every sixteenth request through whose challenge was used before, counter and all.", Edit::Habit(Habit::ReplayNowAndThen)),
    weak("weak.asr.counter.each-node", Rule::CounterIncreases, "Each node keeps counters of its own; the name it is asked by says which node it is.", Edit::Habit(Habit::CounterOnEachNode)),
    weak("weak.st.key.known.fails-open", Rule::KeyKnown, "Lets protected requests through unseen when its store takes longer than half a second; it does fifty a second.", Edit::Habit(Habit::StoreFailsOpen)),
];
