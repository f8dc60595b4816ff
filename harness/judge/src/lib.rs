//! What observations mean: verdicts, which failures are known, and what a gate lets through.
//!
//! Pure functions over a record. The same observations give the same verdict, whoever asks and
//! whenever: a run judges itself with [`judge`], and `assay judge` judges its record again.

mod again;
pub mod gate;
pub mod known;
mod outputs;
mod page;
mod verdict;

pub use again::{Again, Changed, NoObservations, again};
pub use page::FileError;
pub use verdict::{judge, verdicts};
