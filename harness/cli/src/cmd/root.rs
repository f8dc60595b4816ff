//! `assay root`: the test root that a server under test must trust.

use crate::args::RootArgs;
use crate::exit_code::{ExitCode, Failed};
use crate::output::print;
use jiff::Timestamp;
use simulator::{Authority, Seed};
use std::io::Write;
use std::path::Path;

/// Prints the root of the authority in the file, which is made if it does not exist.
pub(crate) fn root(args: &RootArgs, now: Timestamp) -> Result<ExitCode, Failed> {
    if !args.authority.exists() {
        create(&args.authority)?;
    }
    let authority = Authority::new(&read(&args.authority)?, now);
    print(&if args.receipt { authority.receipt_root_pem() } else { authority.root_pem() });
    Ok(ExitCode::Ok)
}

/// Reads a seed file: 64 hex digits, and lines that begin with `#`.
pub(crate) fn read(path: &Path) -> Result<Seed, Failed> {
    let text = std::fs::read_to_string(path).map_err(|error| Failed::file("read", path, &error))?;
    let digits: String = text.lines().filter(|line| !line.starts_with('#')).collect();
    let digits = digits.trim();
    if digits.len() != 64 || hex::decode(digits).is_err() {
        return Err(Failed::usage(format_args!(
            "{}: no seed file: expected one line of 64 hex digits (`assay root --authority FILE` makes one)",
            path.display()
        )));
    }
    Ok(Seed::from_text(digits))
}

fn create(path: &Path) -> Result<(), Failed> {
    let mut entropy = [0; 32];
    getrandom::fill(&mut entropy).map_err(|error| Failed::new(ExitCode::Internal, error))?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let text = format!(
        "# Seed of a test authority. Test only: whoever has it can enrol at any server that trusts its root.\n{}\n",
        hex::encode(entropy)
    );
    options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Failed::file("write", path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_seed_file_is_private_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("authority.seed");
        create(&path).unwrap();
        assert_eq!(read(&path).unwrap().to_hex(), read(&path).unwrap().to_hex());
        assert!(create(&path).is_err(), "an authority is never written over");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("authority.seed");
        for text in ["", "abc", &"g".repeat(64), &"ab".repeat(33)] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(read(&path).unwrap_err().code, ExitCode::Usage, "{text}");
        }
    }
}
