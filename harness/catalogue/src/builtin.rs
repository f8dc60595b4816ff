//! The cases that come with Assay, compiled in from `corpora/cases`.

use crate::case::Case;
use crate::file::{CaseFileError, parse};

macro_rules! files {
    ($($family:literal)*) => {
        /// Name and text of every case file, in the order in which they are played.
        pub const FILES: &[(&str, &str)] = &[ $( (
            concat!("corpora/cases/", $family, ".toml"),
            include_str!(concat!("../../../corpora/cases/", $family, ".toml")),
        ), )* ];
    };
}

files! {
    "genuine" "container" "chain" "nonce" "key" "app" "enrolment" "extensions" "macos" "receipt"
    "challenge" "registration" "assertion" "signature" "counter" "client-data" "certificate"
    "rare" "near" "transport" "robustness" "race"
}

/// The cases that come with Assay, by family.
///
/// An error means that this build is broken; it is tested that there is none.
pub fn builtin() -> Result<Vec<Case>, CaseFileError> {
    let mut cases = Vec::new();
    for (name, text) in FILES {
        cases.extend(parse(name, text)?);
    }
    Ok(cases)
}
