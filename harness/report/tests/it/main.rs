//! Records built in code, folded and rendered.

mod badge;
mod compared;
mod fixture;
mod gate;
mod github;
mod hostile;
mod rendered;
mod sarif;
mod scoreboard;
mod summed;
