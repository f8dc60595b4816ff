//! The reference verifier: a list of (rule, check) in Apple's order.

mod rule;

pub use rule::{Phase, Rule, RuleSet};
