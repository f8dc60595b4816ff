//! What a correct relying party must answer, as data.
//!
//! A [`Case`] is a recipe: a valid exchange ([`Base`]), the edits that make one lie of it
//! ([`Operator`]), and what must be answered. Recipes stand in `corpora/cases/*.toml`, are compiled
//! in ([`builtin()`]) and can be read from any text ([`parse`]). A [`Cast`] plays the devices of a
//! case for a target whose [`Premises`] are known.
//!
//! That a recipe tells one lie, and which, is not believed but tested: the reference verifier
//! reports every rule that is broken, and they must be the ones the recipe names.

pub mod base;
pub mod builtin;
pub mod case;
pub mod cast;
pub mod clause;
pub mod coverage;
pub mod draft;
pub mod file;
pub mod frozen;
pub mod need;
pub mod operator;
pub mod oracle;
pub mod schema;
pub mod select;
pub mod sent;
pub mod sheet;
pub mod untrusted;
pub mod vectors;

pub use base::{Base, Kind};
pub use builtin::builtin;
pub use case::{Action, Case, Class, Expectation, Fault, Level, Property, Severity, Step};
pub use cast::{Cast, Enrolment, ProtectedRequest, Truth};
pub use clause::{Clause, clauses};
pub use file::{CaseFileError, EditText, Recipe, parse, parse_beside};
pub use frozen::{Frozen, Ground};
pub use need::{Listed, Need, Premises, Scope};
pub use operator::{ClientDataError, Operator, embeds_challenge};
pub use oracle::{Oracle, Seen};
pub use select::select;
pub use sent::{Sent, Written};
pub use sheet::{Sheet, SheetError, Values};
