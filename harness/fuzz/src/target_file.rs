//! A target file.

use crate::ground::ground;
use crate::held;
use targets::{
    CHALLENGE_TEXT, Dialect, DialectError, Facts, Operation, Saved, TargetFile, TargetFileError,
};

pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let parsed = parse(text);
    assert_eq!(parsed, parse(text), "the same file twice");
    match parsed {
        Err(error) => points_at(&error, text),
        Ok(file) => spoken(&file),
    }
}

fn parse(text: &str) -> Result<TargetFile, TargetFileError> {
    let secrets = |name: &str| (!name.is_empty()).then(|| "hush-hush".to_owned());
    TargetFile::parse(text, "target.toml", &secrets)
}

/// What is wrong is told with a place in the file, in words that fit a screen.
fn points_at(error: &TargetFileError, text: &str) {
    let TargetFileError { file, line, column, what } = error;
    assert_eq!(file, "target.toml");
    let lines: Vec<&str> = text.split('\n').collect();
    let found = line.checked_sub(1).and_then(|index| lines.get(index));
    let found = found.unwrap_or_else(|| panic!("line {line} of {}: {what}", lines.len()));
    let length = found.chars().count();
    // One beyond the end is where something is missing.
    assert!((1..=length + 1).contains(column), "{line}:{column}, {length} long: {what}");
    held::printable(what, true);
    assert!(what.len() <= 4096, "{} bytes of an error", what.len());
}

/// Whatever could be parsed can be spoken: requests are written, or the error says what does not fit.
fn spoken(file: &TargetFile) {
    let dialect = Dialect::new(file).expect("what was parsed compiles");
    assert_eq!(dialect.file(), file);
    let ground = ground();
    let mut facts = Facts::new("alice", "r1");
    facts.key_id = Some(ground.key_id.into());
    facts.attestation = Some(vec![0xa3; 9].into());
    facts.assertion = Some(vec![0xa2; 9].into());
    let challenge = "Q2hhbGxlbmdlQ2hhbGxlbmdl";
    let saved = Saved::from([(CHALLENGE_TEXT.to_owned(), challenge.to_owned())]);
    for operation in Operation::ALL {
        match dialect.request(operation, &facts, &saved) {
            Ok(request) => {
                assert!(dialect.speaks(operation), "{operation:?} is spelled");
                let again = dialect.request(operation, &facts, &saved).map(|again| again.body);
                assert_eq!(again, Ok(request.body), "the same facts twice");
            }
            Err(DialectError::NoStep(missing)) => assert_eq!(missing, operation),
            Err(error) => held::printable(&error.to_string(), true),
        }
    }
    if let Err(error) = dialect.attest_client_data_hash(challenge) {
        held::printable(&error.to_string(), true);
    }
}
