//! Records built in code, folded and rendered.

mod badge;
mod compared;
mod fixture;
mod gate;
mod github;
mod hostile;
mod loads;
mod plotted;
mod rendered;
mod sarif;
mod scoreboard;
mod summed;
