//! Ctrl-C: once to stop and report, twice to end at once.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set when the run should stop.
pub(crate) type StopFlag = Arc<AtomicBool>;

/// A flag that the first Ctrl-C (or SIGTERM) sets; the second ends the process with code 130.
///
/// Called before anything else: the load generator's library would install a handler of its own,
/// and the first one stays.
pub(crate) fn stop_on_interrupt() -> StopFlag {
    let flag = StopFlag::default();
    let set = Arc::clone(&flag);
    let installed = ctrlc::set_handler(move || {
        if set.swap(true, Ordering::Relaxed) {
            #[expect(
                clippy::exit,
                clippy::disallowed_methods,
                reason = "asked twice; the record is flushed line by line, so nothing is lost"
            )]
            std::process::exit(130);
        }
        // Nobody is left to tell when standard error is closed.
        let _ = writeln!(
            std::io::stderr().lock(),
            "stopping: what is under way is finished and reported; once more ends at once"
        );
    });
    // Without a handler Ctrl-C still ends the process, and the record stays readable.
    drop(installed);
    flag
}
