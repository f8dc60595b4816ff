//! The decoders and the verifier against genuine, hostile and forged objects.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what went wrong by failing, and prints how much it has looked at"
)]

mod back_ends;
mod explain;
mod fixtures;
mod forge;
mod guide;
mod hostile;
mod oracle;
mod properties;
mod receipts;
mod second_opinion;
mod signatures;
