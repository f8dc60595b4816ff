//! What is sent to targets that trust no test root, beside what simulated devices make.
//!
//! No case file can write these: they break rules by the handful, or lie in Apple's name.

use super::Scene;
use super::draft::AttestationDraft;
use crate::sent::Sent;
use base64::{Engine, engine::general_purpose::STANDARD};
use protocol::wire::AttestationObject;

use simulator::name::{COMMON_NAME, Name, ORGANIZATION, STATE};

/// An edit in the name of others.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Foreign {
    /// The intermediate says that Apple's root issued it.
    UnderAppleName,
    /// A sample that Apple published, in the place of what the device made.
    Published(Sample, Change),
    /// The challenge that the sample was made for, in the place of the server's.
    ItsChallenge(Sample),
}

/// A sample of Apple's validation guide, by the year of its edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sample {
    Of2024,
    Of2026,
}

/// What is done to a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing: genuine, and of another app, day and challenge.
    Nothing,
    /// It is sent under the id of the device's own key.
    OtherKeyId,
    /// One bit is flipped, at a place of the seed.
    OneBit,
    /// Its second half is missing.
    CutShort,
    /// Its chain, with the device's authenticator data.
    OwnData,
}

/// Apple's names, as its root for attestations has them.
fn apple_root_name() -> Name {
    Name::of(&[
        (COMMON_NAME, "Apple App Attestation Root CA"),
        (ORGANIZATION, "Apple Inc."),
        (STATE, "California"),
    ])
}

impl Foreign {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::UnderAppleName => "foreign.apple-name",
            Self::Published(..) => "foreign.published",
            Self::ItsChallenge(_) => "foreign.its-challenge",
        }
    }

    /// Edits what is about to be sealed.
    pub(crate) fn apply(&self, draft: &mut AttestationDraft) {
        match self {
            Self::UnderAppleName => {
                if let Some(last) = draft.model.chain.last_mut() {
                    last.issuer = apple_root_name();
                }
            }
            Self::Published(..) | Self::ItsChallenge(_) => {}
        }
    }

    /// The challenge that is sent, given the one it should be.
    pub(crate) fn challenge(&self, issued: &str) -> String {
        match self {
            Self::ItsChallenge(sample) => sample.text("clientDataUtf8"),
            Self::UnderAppleName | Self::Published(..) => issued.to_owned(),
        }
    }

    /// Replaces what was made. `own` is the authenticator data of the device.
    pub(crate) fn replace(
        &self,
        key_id: &mut Sent,
        attestation: &mut Sent,
        own: &[u8],
        scene: &Scene<'_>,
    ) {
        let Self::Published(sample, change) = self else { return };
        let mut object = sample.bytes("attestationObject");
        if *change != Change::OtherKeyId {
            *key_id = Sent::new(sample.bytes("keyId"));
        }
        match change {
            Change::Nothing | Change::OtherKeyId => {}
            Change::OneBit => {
                let bit = scene.number("a bit of a sample", 0) % (8 * object.len() as u64);
                let place = usize::try_from(bit / 8).unwrap_or(0);
                object[place] ^= 1 << (bit % 8);
            }
            Change::CutShort => object.truncate(object.len() / 2),
            Change::OwnData => {
                object = with_data(&object, own);
                *key_id = Sent::new(scene.device.key_id().0.to_vec());
            }
        }
        *attestation = Sent::new(object);
    }
}

/// The object with other authenticator data, which stands at its end.
fn with_data(object: &[u8], data: &[u8]) -> Vec<u8> {
    let decoded = AttestationObject::decode(object).expect("a published sample decodes");
    let theirs = decoded.authenticator_data;
    let before = object.strip_suffix(theirs).expect("a published sample ends with its data");
    // A CBOR byte string of 24 to 255 bytes has a head of two bytes, up to 65535 one of three.
    let head = |length: usize| if length < 256 { 2 } else { 3 };
    let mut spliced = before[..before.len() - head(theirs.len())].to_vec();
    let length = u16::try_from(data.len()).expect("authenticator data has a few hundred bytes");
    match u8::try_from(length) {
        Ok(short) => spliced.extend([0x58, short]),
        Err(_) => spliced.extend([&[0x59][..], &length.to_be_bytes()].concat()),
    }
    spliced.extend(data);
    spliced
}

impl Sample {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::Of2024, Self::Of2026];

    /// The year.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Of2024 => "2024",
            Self::Of2026 => "2026",
        }
    }

    fn text(self, member: &str) -> String {
        let text = match self {
            Self::Of2024 => include_str!("../../../protocol/tests/data/guide-2024.json"),
            Self::Of2026 => include_str!("../../../protocol/tests/data/guide-2026.json"),
        };
        let json: serde_json::Value =
            serde_json::from_str(text).expect("a sample that is compiled in is JSON");
        json[member].as_str().expect("a sample has its members").to_owned()
    }

    fn bytes(self, member: &str) -> Vec<u8> {
        STANDARD.decode(self.text(member)).expect("a sample's values are base64")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::verify::TrustAnchor;
    use protocol::wire::{AuthenticatorData, Certificate};

    #[test]
    fn apples_name_is_that_of_its_root() {
        let anchor = TrustAnchor::apple_app_attestation();
        let root = Certificate::decode(anchor.der()).unwrap();
        assert_eq!(apple_root_name().seal(), root.subject);
    }

    #[test]
    fn a_sample_with_other_data_has_its_own_chain_and_exactly_that_data() {
        for sample in Sample::ALL {
            let object = sample.bytes("attestationObject");
            let before = AttestationObject::decode(&object).unwrap();
            assert!(AuthenticatorData::decode_attestation(before.authenticator_data).is_ok());
            for length in [164, 300] {
                let data = vec![7; length];
                let spliced = with_data(&object, &data);
                let after = AttestationObject::decode(&spliced).unwrap();
                assert_eq!(after.certificates, before.certificates);
                assert_eq!(after.authenticator_data, data);
            }
            assert!(!sample.text("clientDataUtf8").is_empty());
            assert_eq!(sample.bytes("keyId").len(), 32);
        }
    }
}
