//! The proof that the cases bite: every case against servers that are wrong on purpose.
//!
//! A *mutant* is the reference server with flaws planted in it, or a server that answers always the
//! same. A case *kills* a mutant if it fails on it and passes on the reference. Everything runs in
//! this process: each mutant has a state, a thread and a stopped clock of its own, and its
//! challenges follow from the seed, so that a run repeats verdict for verdict.
//!
//! [`play`] gives a [`Matrix`] of cases and mutants. The [`gate`]s and the [`KillsLock`] are pure
//! functions of it.

mod constant;
pub mod gate;
mod ground;
mod job;
mod lock;
mod matrix;
mod mutant;
mod notes;
mod player;
mod profile;

pub use constant::{Constant, ConstantServer};
pub use gate::Gate;
pub use ground::{Ground, GroundError};
pub use lock::{KillsLock, LockError};
pub use matrix::{CaseRow, Cell, Column, Matrix};
pub use mutant::{Mutant, MutantKind, Planted, mutants};
pub use notes::{Notes, NotesError};
pub use player::{Plan, Played, Progress, ReferenceRun, play};
pub use profile::{Profile, ProfileError, profiles};
