//! Records built in code, folded and rendered.

mod fixture;
mod hostile;
mod rendered;
mod sarif;
mod summed;
