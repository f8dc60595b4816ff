//! A second CBOR reader looks at the same bytes: ours may be stricter, never of another mind.

use crate::guide::Sample;
use ciborium::Value;
use proptest::prelude::*;
use protocol::wire::AttestationObject;

fn entry<'v>(map: &'v Value, name: &str) -> Option<&'v Value> {
    let found = map.as_map()?.iter().find(|(key, _)| key.as_text() == Some(name))?;
    Some(&found.1)
}

/// What `ciborium` reads, held against what the decoder reads; nothing if the decoder refuses.
fn compare(bytes: &[u8]) -> Result<bool, String> {
    let Ok(ours) = AttestationObject::decode(bytes) else { return Ok(false) };
    let theirs: Value = ciborium::from_reader(bytes)
        .map_err(|error| format!("we read what ciborium refuses: {error}"))?;
    // A tagged object means its content; both readers are told to look through it.
    let mut theirs = &theirs;
    while let Value::Tag(_, inner) = theirs {
        theirs = inner;
    }
    let same = || {
        let statement = entry(theirs, "attStmt")?;
        let certificates = entry(statement, "x5c")?.as_array()?;
        let certificates: Option<Vec<&[u8]>> =
            certificates.iter().map(|one| one.as_bytes().map(Vec::as_slice)).collect();
        let receipt = entry(statement, "receipt").and_then(Value::as_bytes).map(Vec::as_slice);
        Some(
            entry(theirs, "fmt")?.as_text()? == ours.format
                && certificates? == ours.certificates
                && receipt == ours.receipt
                && entry(theirs, "authData")?.as_bytes()?.as_slice() == ours.authenticator_data,
        )
    };
    match same() {
        Some(true) => Ok(true),
        Some(false) | None => Err(format!("read differently: {}", hex::encode(bytes))),
    }
}

#[test]
fn ciborium_reads_the_published_samples_alike() {
    for sample in Sample::all() {
        assert_eq!(compare(&sample.object), Ok(true));
    }
}

proptest! {
    #[test]
    fn ciborium_reads_alike_whatever_a_damaged_sample_still_is(
        which in 0..2usize,
        at in any::<prop::sample::Index>(),
        value in any::<u8>(),
        header in any::<bool>(),
    ) {
        let mut bytes = Sample::all()[which].object.clone();
        // Most bytes are inside strings; half of the edits aim at the headers around them.
        let range = if header { 40 } else { bytes.len() };
        bytes[at.index(range)] = value;
        prop_assert!(compare(&bytes).map_err(TestCaseError::fail).is_ok());
    }
}
