//! Standard output: data, and nothing but data.

use std::io::Write;

/// Prints a line on standard output. Whoever closed it early (`| head`) wants no more.
pub(crate) fn print(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{}", line.trim_end_matches('\n'));
}
