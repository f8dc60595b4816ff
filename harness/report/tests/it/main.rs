//! Records built in code, folded and rendered.

mod badge;
mod fixture;
mod github;
mod hostile;
mod rendered;
mod sarif;
mod summed;
