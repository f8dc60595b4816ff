//! What recorded objects prove: the nonce in a leaf and the signature of an assertion say which
//! bytes were hashed, and the attestation says whose app it was.

use super::encoded;
use super::routes::Routes;
use super::sighting::{Place, Sighting, text_of};
use crate::encoding::Encoding;
use crate::file::Challenge;
use protocol::terms::{AppId, Environment, nonce, sha256};
use protocol::verify::{AssertionRequest, Outcome, Policy, Rule, examine_assertion};
use protocol::wire::{AttestationObject, AuthenticatorData, Certificate};

/// Texts that are tried as challenges.
const MOST: usize = 4_000;

/// What the recorded objects prove.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// The challenge of the recorded attestation, and what of it was hashed.
    pub(super) challenge: Option<ProvenChallenge>,
    /// The App ID that the recorded attestation was made for.
    pub(super) app_id: Option<AppId>,
    /// The environment that it was made in.
    pub(super) environment: Option<Environment>,
    /// The key id that it enrols.
    pub(super) key_id: Option<Vec<u8>>,
    /// Where the client data of the recorded assertion stand.
    pub(super) client_data: Option<ProvenClientData>,
}

/// The challenge of a recorded attestation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProvenChallenge {
    pub(super) text: String,
    pub(super) convention: Challenge,
    /// What the text stands for, where its bytes were used.
    pub(super) encoding: Option<Encoding>,
}

/// Where the client data of a recorded assertion stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ProvenClientData {
    /// They are the whole body.
    Body,
    /// They are a value of the request, written in an encoding.
    Value(Place, Encoding),
    /// They are the challenge and nothing else, as text or as the bytes it stands for.
    Challenge(Encoding),
}

/// Looks at the objects of the routes that were found.
pub(super) fn gather(requests: &[Sighting], routes: &Routes) -> Evidence {
    let mut evidence = Evidence::default();
    let Some(attest) = routes.attest.as_ref().map(|chosen| chosen.at) else { return evidence };
    let leaves = requests[attest].leaves();
    let mut texts = leaves.iter().filter_map(|(_, _, leaf)| leaf.as_str());
    let Some(object) = texts.find_map(encoded::attestation) else { return evidence };
    let Ok(object) = AttestationObject::decode(&object.bytes) else { return evidence };
    let Ok(data) = AuthenticatorData::decode_attestation(object.authenticator_data) else {
        return evidence;
    };
    if let Some(attested) = &data.attested {
        evidence.key_id = Some(attested.credential_id.to_vec());
        let environments = [Environment::Production, Environment::Development];
        evidence.environment =
            environments.into_iter().find(|one| one.aaguid() == *attested.aaguid);
    }
    let Some(leaf) = object.certificates.first().and_then(|der| Certificate::decode(der).ok())
    else {
        return evidence;
    };
    evidence.app_id = leaf
        .app_id_in_clear()
        .and_then(|text| AppId::parse(text).ok())
        .filter(|app_id| app_id.rp_id_hash() == *data.rp_id_hash);
    if let Ok(Some(expected)) = leaf.nonce() {
        evidence.challenge = challenges(requests, attest).into_iter().find_map(|text| {
            proven_challenge(&text, |hash| nonce(object.authenticator_data, hash) == expected)
        });
    }
    if let (Some(app_id), Some(assert)) = (&evidence.app_id, &routes.assert) {
        let policy =
            Policy::new(app_id.clone(), evidence.environment.unwrap_or(Environment::Production));
        evidence.client_data = proven_client_data(requests, assert.at, leaf.point, &policy);
    }
    evidence
}

/// Texts that earlier answers gave or the request itself repeats, the latest first.
fn challenges(requests: &[Sighting], until: usize) -> Vec<String> {
    let of_answers =
        requests[..until].iter().rev().flat_map(|one| &one.answers).flat_map(|answer| {
            let json = answer.json.iter().flat_map(super::sighting::Shape::leaves);
            let json = json.filter_map(|(_, _, leaf)| leaf.value.as_ref().map(text_of));
            let headers = answer.headers.iter().filter_map(|header| header.leaf.as_str());
            json.chain(headers.map(str::to_owned)).chain(answer.text.clone()).collect::<Vec<_>>()
        });
    let own = requests[until].leaves();
    let own = own.iter().filter_map(|(_, _, leaf)| leaf.as_str().map(str::to_owned));
    of_answers.chain(own).filter(|text| text.len() < 4096).take(MOST).collect()
}

/// Which convention makes the wanted client data hash of a challenge's text.
fn proven_challenge(text: &str, is_it: impl Fn(&[u8]) -> bool) -> Option<ProvenChallenge> {
    let found =
        |convention, encoding| ProvenChallenge { text: text.to_owned(), convention, encoding };
    if is_it(&sha256(&[text.as_bytes()])) {
        return Some(found(Challenge::Sha256OfText, None));
    }
    if is_it(text.as_bytes()) {
        return Some(found(Challenge::Text, None));
    }
    encoded::readings(text).into_iter().find_map(|(encoding, bytes)| {
        if is_it(&sha256(&[&bytes])) {
            Some(found(Challenge::Sha256OfBytes, Some(encoding)))
        } else if is_it(&bytes) {
            Some(found(Challenge::Bytes, Some(encoding)))
        } else {
            None
        }
    })
}

/// Which bytes of a request the assertion in it signs.
fn proven_client_data(
    requests: &[Sighting],
    at: usize,
    public_key: &[u8],
    policy: &Policy,
) -> Option<ProvenClientData> {
    let request = &requests[at];
    let leaves = request.leaves();
    let mut texts = leaves.iter().filter_map(|(_, _, leaf)| leaf.as_str());
    let assertion = texts.find_map(encoded::assertion)?;
    let signs = |bytes: &[u8]| {
        let hash = sha256(&[bytes]);
        let request = AssertionRequest {
            assertion: &assertion.bytes,
            client_data_hash: &hash,
            public_key,
            stored_counter: 0,
        };
        examine_assertion(&request, policy).iter().any(|finding| {
            finding.rule == Rule::AssertionSignature && finding.outcome == Outcome::Held
        })
    };
    if request.text.as_ref().is_some_and(|text| signs(text.as_bytes())) {
        return Some(ProvenClientData::Body);
    }
    let challenge = challenges(requests, at).into_iter().find_map(|text| {
        if signs(text.as_bytes()) {
            return Some((text, Encoding::Raw));
        }
        let readings = encoded::readings(&text);
        let reading = readings.into_iter().find(|(_, bytes)| signs(bytes));
        reading.map(|(encoding, _)| (text, encoding))
    });
    let earlier = |text: &str| {
        requests[..at].iter().flat_map(|one| &one.answers).any(|answer| {
            answer.json.as_ref().is_some_and(|json| {
                json.leaves().iter().any(|(_, _, leaf)| leaf.as_str() == Some(text))
            })
        })
    };
    if let Some((text, encoding)) = challenge
        && earlier(&text)
    {
        return Some(ProvenClientData::Challenge(encoding));
    }
    leaves.iter().find_map(|(place, _, leaf)| {
        let text = leaf.as_str()?;
        if signs(text.as_bytes()) {
            return Some(ProvenClientData::Value(place.clone(), Encoding::Raw));
        }
        let readings = encoded::readings(text);
        let (encoding, _) = readings.into_iter().find(|(_, bytes)| signs(bytes))?;
        Some(ProvenClientData::Value(place.clone(), encoding))
    })
}
