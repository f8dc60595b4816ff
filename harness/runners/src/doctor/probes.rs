//! What is sent besides honest requests.

use catalogue::{Base, Case, Kind};
use simulator::Generation;

const TEXT: &str = include_str!("probes.toml");

/// The probes, by the name that follows their kind.
#[derive(Debug)]
pub(super) struct Probes(Vec<Case>);

impl Probes {
    pub(super) fn new() -> Self {
        Self(catalogue::parse("probes.toml", TEXT).expect("a test reads the probes"))
    }

    /// The probe of that name.
    pub(super) fn of(&self, kind: Kind, name: &str) -> Case {
        let id = format!("doctor.{}.{name}", kind.as_str());
        let found = self.0.iter().find(|case| case.id == id);
        found.cloned().unwrap_or_else(|| honest(kind))
    }
}

/// The honest request of that kind.
pub(super) fn honest(kind: Kind) -> Case {
    Case::twin(Base { kind, generation: Generation::Ios26 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_probe_that_is_named_in_the_code_is_there_and_lies() {
        let probes = Probes::new();
        for (kind, names) in [
            (Kind::Attestation, &crate::doctor::diagnosis::ATTESTATION_LIES[..]),
            (Kind::Attestation, &["truncated", "no-receipt", "no-category", "no-version", "spent"]),
            (Kind::Assertion, &crate::doctor::diagnosis::ASSERTION_LIES[..]),
            (Kind::Assertion, &["truncated", "replay"]),
        ] {
            for name in names {
                let probe = probes.of(kind, name);
                assert_ne!(probe, honest(kind), "{name}");
                assert!(!probe.rules.is_empty(), "{name}");
            }
        }
    }
}
