//! What must hold for any bytes: one function for each edge where somebody else's bytes come in.
//!
//! A [`Target`] takes bytes and panics if something does not hold that must: a round trip, two
//! readers or two back ends of one mind, an offset within the input, a message that is short and
//! printable. It knows nothing of who calls it: a fuzzer guided by coverage (`guided/`), a plain test
//! that replays `corpora/`, or a person with a file.
//!
//! [`seeds`] makes what a fuzzer starts from, and [`manifest`] tells what lies in `corpora/`.

mod adapter;
mod answer;
mod assertion;
mod attestation;
mod authenticator_data;
mod certificate;
mod ground;
mod held;

mod input;
pub mod manifest;
mod receipt;
pub mod seeds;
mod structured;
mod target_file;

/// One edge, and what must hold there.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, which is that of its folders in `corpora/` and of its program in `guided/`.
    pub name: &'static str,
    /// What its bytes are, in a few words.
    pub words: &'static str,
    /// Panics if something does not hold for these bytes.
    pub run: fn(&[u8]),
}

impl Target {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self { name: "attestation", words: "an attestation object", run: attestation::run },
        Self {
            name: "authenticator-data",
            words: "authenticator data of an attestation or an assertion",
            run: authenticator_data::run,
        },
        Self { name: "assertion", words: "an assertion object", run: assertion::run },
        Self { name: "certificate", words: "a certificate in DER", run: certificate::run },
        Self { name: "receipt", words: "a receipt", run: receipt::run },
        Self { name: "target-file", words: "a target file in TOML", run: target_file::run },
        Self {
            name: "adapter",
            words: "which operation an adapter answers, a byte, and its line",
            run: adapter::run,
        },
        Self {
            name: "http",
            words: "which dialect and step, two bytes, and an answer: status, headers, body",
            run: answer::run,
        },
        Self {
            name: "structured",
            words: "a base, a seed, and up to four operators of the catalogue's with their values",
            run: structured::run,
        },
    ];

    /// The target of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.name == name)
    }
}

/// Runs the target of that name, which there must be: what a fuzzer's program calls.
pub fn named(name: &str, bytes: &[u8]) {
    let target = Target::from_name(name).unwrap_or_else(|| panic!("no target is called {name}"));
    (target.run)(bytes);
}
