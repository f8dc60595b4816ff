//! Folds a record into tables, plots and pages.
//!
//! A pure function of the [`record::Record`]: it runs nothing, opens nothing and looks at no clock,
//! so that the same record gives the same bytes anywhere, and `assay report` can draw an old run
//! again. [`Summary::fold`] counts and concludes; `plot` and `render` only show what it holds.
//! Whatever a server or target file said passes through [`text::clean`] on the way in and through
//! the escaping of the format on the way out.

pub mod comparison;
pub mod plot;
pub mod render;
pub mod scoreboard;
pub mod selftest;
pub mod summary;
pub mod text;

pub use comparison::Comparison;
pub use render::{evidence_folder, finding, render_all};
pub use scoreboard::Scoreboard;
pub use selftest::Selftest;
pub use summary::{Standing, Summary};
