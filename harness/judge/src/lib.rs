//! What observations mean: verdicts, and which failures are known.
//!
//! Pure functions over a record. The same observations give the same verdict, whoever asks and
//! whenever: a run judges itself with [`judge`], and `assay judge` judges its record again.

mod again;
pub mod known;
mod outputs;
mod verdict;

pub use again::{Again, Changed, NoObservations, again};
pub use verdict::{judge, verdicts};
