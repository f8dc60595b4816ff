//! Records built in code, folded and rendered.

mod badge;
mod compared;
mod fixture;
mod github;
mod gate;
mod hostile;
mod rendered;
mod sarif;
mod scoreboard;
mod summed;
