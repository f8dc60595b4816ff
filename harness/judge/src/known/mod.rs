//! Failures that are known: who answers for them, and until when.
//!
//! A file of them lets a run pass although something fails, without letting anything be forgotten:
//! an entry excuses one way of failing only, says when it expires, and is complained about as soon
//! as it hides nothing.

mod file;
mod standing;
mod update;

pub use crate::page::FileError as KnownError;
pub use file::{Entry, Known, LONGEST_DAYS, MOST_MATCHES};
pub use update::{Addition, UpdateError, Updated, update};

#[cfg(test)]
mod tests;
