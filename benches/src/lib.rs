//! What is timed and counted: the same objects for criterion, which measures time, and for
//! callgrind, which counts instructions.

pub mod callgrind;
pub mod criterion_data;
pub mod page;
pub mod ratios;
pub mod subject;
