//! `assay adapter`: verifiers that have no server.

mod check;

use crate::args::{AdapterCheckArgs, AdapterCommand};
use crate::exit_code::{ExitCode, Failed};
use crate::folder::chain;
use jiff::Timestamp;
use protocol::verify::TrustAnchor;
use simulator::{Authority, Seed};
use std::sync::Arc;
use targets::TargetFile;
use targets::adapter::{AdapterTarget, Limits, OpenError, Setting};
use targets::file::Adapter;
use targets::serve::{system_clock, system_entropy};

/// The verb's own verbs.
pub(crate) fn adapter(command: &AdapterCommand, now: Timestamp) -> Result<ExitCode, Failed> {
    match command {
        AdapterCommand::Check(args) => check::check(&file(args)?, now),
    }
}

/// What the command line names, as a target file.
fn file(args: &AdapterCheckArgs) -> Result<TargetFile, Failed> {
    let Some(path) = &args.file else {
        let name = args.command.first().map_or("adapter", String::as_str);
        let adapter = Adapter::lines(args.command.clone());
        return Ok(TargetFile::of_adapter(name, Some(adapter)));
    };
    let text = std::fs::read_to_string(path).map_err(|error| Failed::file("read", path, &error))?;
    let read =
        TargetFile::parse(&text, &path.display().to_string(), &|name| std::env::var(name).ok());
    let file = read.map_err(Failed::usage)?;
    if file.adapter.is_none() {
        return Err(Failed::usage(format_args!(
            "{} describes a server; an adapter's target file has the section `[adapter]`",
            path.display()
        )));
    }
    Ok(file)
}

/// What an adapter is given: the authority's roots, this machine's clock and entropy.
pub(crate) fn setting(authority: &Authority, seed: &Seed) -> Result<Setting, Failed> {
    let root = |der| {
        TrustAnchor::from_der(der).map_err(|error| Failed::new(ExitCode::Internal, error.what))
    };
    let mut ids = [0; 32];
    hex::decode_to_slice(seed.child("adapter", 0).to_hex(), &mut ids)
        .map_err(|error| Failed::new(ExitCode::Internal, error))?;
    Ok(Setting {
        trust_anchor: root(authority.root_der())?,
        receipt_trust_anchor: root(authority.receipt_root_der())?,
        clock: system_clock(),
        entropy: system_entropy(),
        seed: ids,
        limits: Limits::default(),
        listener: Arc::new(|_, _| {}),
    })
}

/// Starts an adapter; one that does not come up cannot be reached.
pub(crate) async fn open(file: &TargetFile, setting: Setting) -> Result<AdapterTarget, Failed> {
    AdapterTarget::open(file, setting).await.map_err(|error| {
        let code = match &error {
            OpenError::Adapter(_) => ExitCode::Unreachable,
            OpenError::NoAdapter | OpenError::Dialect(_) => ExitCode::Usage,
        };
        Failed::new(code, format_args!("`{}`: {}", file.name, chain(&error)))
    })
}
