//! Every seed and every regression, once more.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

mod replay;
