//! A gate: what of a run lets it pass, and what breaks it.
//!
//! A server is as good as its cases say; a gate says how good it must be. It is a function of the
//! record and of what is demanded, so that it can be held against a run of last month as well.

mod file;
mod held;

pub use file::Gate;
pub use held::baseline;

#[cfg(test)]
mod tests;
