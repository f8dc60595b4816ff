//! How hashes and encodings are made, as far as it shows.

use crate::encoding::Encoding;
use crate::file::Challenge;
use crate::propose::encoded::{self, Encoded};
use crate::propose::evidence::Evidence;
use crate::propose::role::{self, Role};
use crate::propose::routes::{Chosen, Routes};
use crate::propose::sighting::{Body, Sighting};

/// A convention and how it is known; nothing is known if there is no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::propose) struct Known {
    pub(in crate::propose) encoding: Encoding,
    pub(in crate::propose) why: Option<&'static str>,
}

/// The conventions of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::propose) struct Conventions {
    pub(in crate::propose) hash: Challenge,
    pub(in crate::propose) challenge: Encoding,
    /// Whether a recorded attestation proves the two.
    pub(in crate::propose) proven: bool,
    pub(in crate::propose) key_id: Known,
    pub(in crate::propose) attestation: Known,
    pub(in crate::propose) assertion: Known,
}

impl Conventions {
    pub(in crate::propose) fn of(
        requests: &[Sighting],
        routes: &Routes,
        evidence: &Evidence,
    ) -> Self {
        let (attest, assert) = (routes.attest.as_ref(), routes.assert.as_ref());
        let key_ids = |text: &str| {
            encoded::key_id(text)
                .filter(|found| evidence.key_id.as_ref().is_none_or(|known| *known == found.bytes))
        };
        // A key id is 32 bytes, and so are other things: unless it is known, only a value that is
        // called so counts.
        let by_name = evidence.key_id.is_none();
        let key_id = known(requests, &[attest, assert], (Role::KeyId, by_name), key_ids, None);
        // A text whose length says nothing about padding is written as the key id is.
        let like = key_id.why.map(|_| key_id.encoding);
        let attestation =
            known(requests, &[attest], (Role::Attestation, false), encoded::attestation, like);
        let attestation = match attest.map(|chosen| &requests[chosen.at].body) {
            // Whoever sends no text sends the object.
            Some(Body::Raw(_, leaf)) if attestation.why.is_none() && leaf.value.is_none() => {
                Known { encoding: Encoding::Raw, why: Some("the whole body, which is no text") }
            }
            // CBOR holds bytes as they are.
            Some(Body::Cbor(_)) if attestation.why.is_none() => {
                Known { encoding: Encoding::Raw, why: None }
            }
            _ => attestation,
        };
        let assertion =
            known(requests, &[assert], (Role::Assertion, false), encoded::assertion, like);
        let proven = evidence.challenge.as_ref();
        Self {
            hash: proven.map_or(Challenge::Sha256OfText, |proven| proven.convention),
            challenge: proven.and_then(|proven| proven.encoding).unwrap_or(Encoding::Raw),
            proven: proven.is_some(),
            key_id,
            attestation,
            assertion,
        }
    }
}

/// How values of a role are written, by those that were seen and else by what is said about them.
fn known(
    requests: &[Sighting],
    routes: &[Option<&Chosen>],
    (wanted, by_name): (Role, bool),
    read: impl Fn(&str) -> Option<Encoded>,
    like: Option<Encoding>,
) -> Known {
    let leaves: Vec<_> = routes
        .iter()
        .flatten()
        .flat_map(|chosen| requests[chosen.at].leaves())
        .map(|(_, name, leaf)| (role::of(&name, leaf) == Some(wanted), leaf))
        .collect();
    let mut by_bytes = leaves
        .iter()
        .filter(|(named, _)| *named || !by_name)
        .filter_map(|(_, leaf)| read(leaf.as_str()?));
    if let Some(found) = by_bytes.next() {
        let same = like.filter(|like| found.encodings.contains(like));
        let encoding = same.unwrap_or(found.encodings[0]);
        return Known { encoding, why: Some("as the value seen is written") };
    }
    let mut named = leaves.iter().filter(|(is, _)| *is);
    if let Some(encoding) = named.find_map(|(_, leaf)| encoded::described(leaf)) {
        return Known { encoding, why: Some("as its description says") };
    }
    Known { encoding: like.unwrap_or(Encoding::B64), why: None }
}
