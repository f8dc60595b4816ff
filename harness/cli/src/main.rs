//! Assay: load and conformance tests for servers that verify Apple App Attest.
//!
//! Arguments in, exit code out; everything else is in the crates of the pipeline.

mod annotated;
mod args;
mod calibration;
mod cases;
mod cmd;
mod command_line;
mod console;
mod evidence;
mod exit_code;
mod folder;
mod github;
mod interrupt;
mod interval_log;
mod live;
mod machine;
mod metrics;
mod output;
mod prepared;
mod recorder;
mod reference;
mod session;

use args::{Cli, Command};
use clap::Parser;
use exit_code::{ExitCode, Failed};
use jiff::Timestamp;
use std::io::Write;

/// The load generator's futures are kilobytes each: the system's allocator cannot keep up.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    let stop = interrupt::stop_on_interrupt();
    let cli = Cli::parse();
    let now = Timestamp::now();
    // A panic is a mistake of ours and has a code of its own; the record is on disk by then.
    let ended = std::panic::catch_unwind(|| match &cli.command {
        Command::Run(args) => cmd::run::run(args, &stop, now),
        Command::Check(args) => cmd::run::check(args, &stop, now),
        Command::Replay(args) => cmd::run::replay(args, &stop, now),
        Command::Load(args) => cmd::load::load(args, &stop, now),
        Command::Serve(args) => cmd::serve::serve(args, &stop),
        Command::Judge(args) => cmd::judge::judge(args, now),
        Command::Gate(args) => cmd::gate::gate(args, now),
        Command::Known(args) => cmd::known::known(args, now),
        Command::Report(args) => cmd::report::report(args),
        Command::List(args) => cmd::list::list(args),
        Command::Show(args) => cmd::list::show(args),
        Command::Verify(args) => cmd::verify::verify(args, now),
        Command::Explain(args) => cmd::explain::explain(args),
        Command::Selftest(args) => cmd::selftest::selftest(args, &stop),
        Command::Root(args) => cmd::root::root(args, now),
        Command::Init(args) => cmd::init::init(args),
        Command::Schema(args) => Ok(cmd::schema::schema(args)),
        Command::Compare(args) => cmd::compare::compare(args),
        Command::Merge(args) => cmd::merge::merge(args),
        Command::Doctor(args) => cmd::doctor::doctor(args, &stop, now),
        Command::Adapter(args) => cmd::adapter::adapter(args, now),
        Command::Fuzz(args) => cmd::fuzz::fuzz(args, &stop, now),
        Command::Promote(args) => cmd::promote::promote(args),
        Command::Export(args) => cmd::export::export(args),
    });
    let code = match ended {
        Ok(Ok(code)) => code,
        Ok(Err(Failed { code, message })) => {
            let _ = writeln!(std::io::stderr().lock(), "assay: {message}");
            code
        }
        Err(_panic) => ExitCode::Internal,
    };
    std::process::ExitCode::from(code.number())
}
