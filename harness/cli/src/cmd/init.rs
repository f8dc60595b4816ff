//! `assay init`: proposes a target file from what there is of a server: its OpenAPI document, a
//! recording of its traffic, or curl commands.

use crate::args::InitArgs;
use crate::exit_code::{ExitCode, Failed};
use crate::output::print;
use protocol::terms::AppId;
use std::io::{Read, Write};
use std::path::Path;
use targets::propose::{Input, Kind, LONGEST, Proposal, propose};

/// Proposes, and writes the file or prints it.
pub(crate) fn init(args: &InitArgs) -> Result<ExitCode, Failed> {
    let app_id = args.app_id.as_deref().map(AppId::parse).transpose().map_err(Failed::usage)?;
    if let Some(out) = args.out.as_deref().filter(|out| out.exists()) {
        return Err(Failed::usage(format_args!(
            "{} is there already and is not written over; name another file or move it away",
            out.display()
        )));
    }
    let (name, text) = source(&args.from)?;
    let kinds = [(args.openapi, Kind::OpenApi), (args.har, Kind::Har), (args.curl, Kind::Curl)];
    let kind = kinds.into_iter().find(|(asked, _)| *asked).map(|(_, kind)| kind);
    let input = Input { text: &text, name: &name, kind, app_id: app_id.as_ref() };
    let proposal = propose(&input).map_err(Failed::usage)?;
    tell(&proposal);
    match &args.out {
        Some(out) => write(out, &proposal.text)?,
        None => print(&proposal.text),
    }
    Ok(if proposal.complete { ExitCode::Ok } else { ExitCode::Inconclusive })
}

/// The text to read and what it is called: a file, standard input, or the text itself.
fn source(from: &str) -> Result<(String, String), Failed> {
    let path = Path::new(from);
    if from == "-" {
        let name = "standard input";
        return Ok((name.to_owned(), read(name, std::io::stdin().lock())?));
    }
    if from.trim_start().starts_with("curl ") && !path.exists() {
        return Ok(("--from".to_owned(), from.to_owned()));
    }
    let file = std::fs::File::open(path).map_err(|error| Failed::file("read", path, &error))?;
    Ok((from.to_owned(), read(from, file)?))
}

/// Text, and no more of it than is read anyway.
fn read(name: &str, source: impl Read) -> Result<String, Failed> {
    let mut text = String::new();
    source
        .take(LONGEST as u64 + 1)
        .read_to_string(&mut text)
        .map_err(|error| Failed::usage(format_args!("cannot read {name}: {error}")))?;
    Ok(text)
}

fn tell(proposal: &Proposal) {
    let mut stderr = std::io::stderr().lock();
    for remark in &proposal.remarks {
        let _ = writeln!(stderr, "{remark}");
    }
    if !proposal.complete {
        let _ = writeln!(
            stderr,
            "the file cannot be used until the routes that were not found are filled in"
        );
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failed> {
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Failed::file("write", path, &error))?;
    print(&format!("written: {}", path.display()));
    Ok(())
}
