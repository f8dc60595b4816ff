//! What the simulator makes, compared with genuine objects and checked by other code than ours.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the answer")]
#![expect(clippy::print_stdout, reason = "a test may say what it compared and what it skipped")]

mod edits;
mod facts;
mod fast_mint;
mod fixtures;
mod honest;
mod openssl;
mod parts;
mod reference;
mod seeds;
mod structure;
mod template;
