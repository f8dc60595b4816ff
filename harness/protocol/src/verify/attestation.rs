use super::chain::Path;
use super::finding::{Finding, Outcome, Unverified, collect, first_broken, short_hex};
use super::{Policy, Rule, TrustAnchor, signature};
use crate::flaw::{Flaws, Part};
use crate::terms::{Environment, KeyId, nonce};
use crate::wire::{
    AttestationObject, AttestedCredential, AuthenticatorData, Certificate, Curve, Malformed,
};
use jiff::Timestamp;
use std::borrow::Cow;

/// An attestation as it arrives.
#[derive(Debug, Clone, Copy)]
pub struct AttestationRequest<'a> {
    /// The attestation object.
    pub object: &'a [u8],
    /// The key id the app sent along.
    pub key_id: KeyId,
    /// The hash of the challenge, from the server's own record.
    pub client_data_hash: &'a [u8],
}

/// What an accepted attestation is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedAttestation {
    /// The certified key to store; none only when a rule about structure is left out.
    pub public_key: Option<[u8; 65]>,
    /// Where the key lives.
    pub environment: Environment,
    /// The counter to store.
    pub counter: u32,
    /// The receipt to store, unread.
    pub receipt: Option<Vec<u8>>,
    /// The validation category, if stated.
    pub validation_category: Option<u32>,
    /// The bundle version, if stated.
    pub bundle_version: Option<String>,
}

/// Checks an attestation as a server does that has `flaws`.
pub fn verify_attestation(
    request: &AttestationRequest<'_>,
    anchor: &TrustAnchor,
    policy: &Policy,
    now: Timestamp,
    flaws: &Flaws,
) -> Result<VerifiedAttestation, Unverified> {
    let object = flaws.see(Part::AttestationObject, request.object);
    let object = AttestationObject::decode(&object);
    let parts = object.as_ref().ok().map(|object| Parts::seen(object, flaws));
    let facts = Facts::new(request, anchor, policy, now, &object, parts.as_ref());
    first_broken(ATTESTATION, &facts, flaws)?;
    Ok(facts.enrolled())
}

/// Says of every rule whether the attestation keeps it, in order.
pub fn examine_attestation(
    request: &AttestationRequest<'_>,
    anchor: &TrustAnchor,
    policy: &Policy,
    now: Timestamp,
) -> Vec<Finding> {
    let object = AttestationObject::decode(request.object);
    let parts = object.as_ref().ok().map(|object| Parts::seen(object, &Flaws::NONE));
    collect(ATTESTATION, &Facts::new(request, anchor, policy, now, &object, parts.as_ref()))
}

type Check = fn(&Facts<'_>) -> Outcome;

/// Apple's steps in their order.
const ATTESTATION: &[(Rule, Check)] = &[
    (Rule::AttestationSyntax, |facts| Outcome::readable(facts.object)),
    (Rule::AttestationFormat, |facts| facts.with_object(format)),
    (Rule::CertificateSyntax, certificates),
    (Rule::ChainNames, |facts| facts.with_path(|path| path.names())),
    (Rule::ChainSignatures, |facts| facts.with_path(|path| path.signatures())),
    (Rule::ChainTrustAnchor, |facts| facts.with_path(|path| path.trust_anchor())),
    (Rule::ChainValidity, |facts| facts.with_path(|path| path.validity())),
    (Rule::ChainAuthority, |facts| facts.with_path(|path| path.authority())),
    (Rule::ChainPathLength, |facts| facts.with_path(|path| path.path_length())),
    (Rule::ChainKeyUsage, |facts| facts.with_path(|path| path.key_usage())),
    (Rule::ChainCriticalExtensions, |facts| facts.with_path(|path| path.critical_extensions())),
    (Rule::AuthenticatorDataSyntax, authenticator_data),
    (Rule::Nonce, certified_nonce),
    (Rule::KeyAccessControl, |facts| facts.with_leaf(key_access_control)),
    (Rule::KeyIdentifier, |facts| {
        facts.with_leaf(|leaf| key_identifier(leaf, facts.request.key_id))
    }),
    (Rule::AttestationRpId, |facts| {
        let expected = facts.policy.app_id.rp_id_hash();
        let other = "SHA-256 of the App ID";
        facts.with_data(|data, _| {
            Outcome::equal("the RP ID hash", data.rp_id_hash, other, &expected)
        })
    }),
    (Rule::CertificateAppId, |facts| facts.with_leaf(|leaf| certified_app_id(leaf, facts.policy))),
    (Rule::CounterZero, |facts| {
        facts.with_data(|data, _| {
            Outcome::holds(data.counter == 0, || format!("the counter is {}", data.counter))
        })
    }),
    (Rule::Aaguid, |facts| {
        facts.with_data(|_, attested| aaguid(attested, facts.policy.environment))
    }),
    (Rule::CredentialId, |facts| {
        facts.with_data(|_, attested| {
            let key_id = &facts.request.key_id.0;
            Outcome::equal("the credential id", attested.credential_id, "the key id", key_id)
        })
    }),
    (Rule::CoseKey, |facts| {
        facts.with_leaf(|leaf| facts.with_data(|_, attested| cose_key(attested, leaf)))
    }),
    (Rule::AttestationValidationCategory, |facts| {
        facts.with_data(|data, _| facts.policy.categories.judge(category(data)))
    }),
    (Rule::AttestationBundleVersion, |facts| {
        facts.with_data(|data, _| facts.policy.bundle_versions.judge(bundle_version(data)))
    }),
    (Rule::CdHash, |facts| facts.with_data(|data, _| cd_hash(data))),
];

pub(crate) const FORMAT: &str = "apple-appattest";
/// Genuine objects have 2; each one more may cost a signature check.
const MAX_CERTIFICATES: usize = 8;
/// The list that Apple's text demands of keys made on macOS: signing bound to system integrity.
pub(crate) const MACOS_ACCESS_CONTROL: &[u8] = b"\x30\x40\x0c\x0211\x30\x3a\
    \x30\x09\x0c\x02ok\xa1\x03\x01\x01\xff\
    \x30\x09\x0c\x02oa\xa1\x03\x01\x01\xff\
    \x30\x0b\x0c\x04odel\xa1\x03\x01\x01\xff\
    \x30\x15\x0c\x04osgn\xa0\x06\x0c\x04rsec\x30\x05\xa6\x03\x02\x01\x01";

/// SHA-256, the one that has been seen, SHA-256 cut short, and SHA-384, as code signing numbers
/// them; 1 is SHA-1, which it has given up.
const KNOWN_CD_HASH_TYPES: &[&[u8]] = &[&[2], &[3], &[4]];

const NO_OBJECT: &str = "the attestation object could not be read";
const NO_CERTIFICATES: &str = "the certificates could not be read";
const NO_DATA: &str = "the authenticator data could not be read";

/// The parts of an object as the verifier sees them: as they are, unless a flaw is in its eyes.
struct Parts<'a> {
    certificates: Cow<'a, [&'a [u8]]>,
    data: Cow<'a, [u8]>,
}

impl<'a> Parts<'a> {
    fn seen(object: &'a AttestationObject<'a>, flaws: &Flaws) -> Self {
        Self {
            certificates: flaws.see_chain(&object.certificates),
            data: flaws.see(Part::AttestationData, object.authenticator_data),
        }
    }
}

/// Everything a check may look at, read once.
pub(crate) struct Facts<'a> {
    pub(crate) request: &'a AttestationRequest<'a>,
    pub(crate) anchor: &'a TrustAnchor,
    pub(crate) policy: &'a Policy,
    pub(crate) now: Timestamp,
    pub(crate) object: &'a Result<AttestationObject<'a>, Malformed>,
    pub(crate) certificates: Result<Vec<Certificate<'a>>, String>,
    pub(crate) data: Option<Result<AuthenticatorData<'a>, Malformed>>,
}

impl<'a> Facts<'a> {
    fn new(
        request: &'a AttestationRequest<'a>,
        anchor: &'a TrustAnchor,
        policy: &'a Policy,
        now: Timestamp,
        object: &'a Result<AttestationObject<'a>, Malformed>,
        parts: Option<&'a Parts<'a>>,
    ) -> Self {
        let (certificates, data) = match parts {
            Some(parts) => (
                read_certificates(&parts.certificates),
                Some(AuthenticatorData::decode_attestation(&parts.data)),
            ),
            None => (Err(NO_OBJECT.to_owned()), None),
        };
        Self { request, anchor, policy, now, object, certificates, data }
    }

    pub(crate) fn with_object(&self, check: impl Fn(&AttestationObject<'a>) -> Outcome) -> Outcome {
        self.object.as_ref().map_or(Outcome::NotReached(NO_OBJECT), check)
    }

    pub(crate) fn with_path(&self, check: impl Fn(Path<'_, 'a>) -> Outcome) -> Outcome {
        match &self.certificates {
            Ok(certificates) => check(Path {
                certificates,
                anchor: self.anchor,
                now: self.now,
                crypto: self.policy.crypto,
                fleeting: 1,
            }),
            Err(_) => Outcome::NotReached(NO_CERTIFICATES),
        }
    }

    pub(crate) fn with_leaf(&self, check: impl Fn(&Certificate<'a>) -> Outcome) -> Outcome {
        self.leaf().map_or(Outcome::NotReached(NO_CERTIFICATES), check)
    }

    pub(crate) fn with_data(
        &self,
        check: impl Fn(&AuthenticatorData<'a>, &AttestedCredential<'a>) -> Outcome,
    ) -> Outcome {
        match self.data() {
            Some((data, attested)) => check(data, attested),
            None => Outcome::NotReached(NO_DATA),
        }
    }

    pub(crate) fn leaf(&self) -> Option<&Certificate<'a>> {
        self.certificates.as_ref().ok()?.first()
    }

    pub(crate) fn data(&self) -> Option<(&AuthenticatorData<'a>, &AttestedCredential<'a>)> {
        let data = self.data.as_ref()?.as_ref().ok()?;
        Some((data, data.attested.as_ref()?))
    }

    fn enrolled(&self) -> VerifiedAttestation {
        let leaf = self.leaf().filter(|leaf| leaf.curve == Curve::P256);
        let data = self.data();
        let development =
            data.is_some_and(|(_, attested)| *attested.aaguid == Environment::Development.aaguid());
        let production =
            data.is_some_and(|(_, attested)| *attested.aaguid == Environment::Production.aaguid());
        VerifiedAttestation {
            public_key: leaf.and_then(|leaf| leaf.point.try_into().ok()),
            // Differs from the policy's only when the rule about it is left out.
            environment: match (development, production) {
                (true, _) => Environment::Development,
                (_, true) => Environment::Production,
                (false, false) => self.policy.environment,
            },
            counter: data.map_or(0, |(data, _)| data.counter),
            receipt: self
                .object
                .as_ref()
                .ok()
                .and_then(|object| object.receipt.map(<[u8]>::to_vec)),
            validation_category: data.and_then(|(data, _)| category(data)),
            bundle_version: data.and_then(|(data, _)| bundle_version(data).map(str::to_owned)),
        }
    }
}

pub(crate) fn category(data: &AuthenticatorData<'_>) -> Option<u32> {
    data.extensions.as_ref()?.validation_category
}

pub(crate) fn bundle_version<'a>(data: &AuthenticatorData<'a>) -> Option<&'a str> {
    data.extensions.as_ref()?.bundle_version
}

fn read_certificates<'a>(list: &[&'a [u8]]) -> Result<Vec<Certificate<'a>>, String> {
    match list.len() {
        0 => return Err("x5c is empty".to_owned()),
        1 => return Err("x5c holds no CA certificate".to_owned()),
        2..=MAX_CERTIFICATES => {}
        count => {
            return Err(format!(
                "x5c holds {count} certificates; {MAX_CERTIFICATES} are read at most"
            ));
        }
    }
    let read = list.iter().enumerate().map(|(index, der)| {
        Certificate::decode(der).map_err(|error| format!("certificate {index}: {error}"))
    });
    read.collect()
}

fn format(object: &AttestationObject<'_>) -> Outcome {
    Outcome::holds(object.format == FORMAT, || {
        let shown: String = object.format.chars().take(40).collect();
        format!("fmt is {shown:?} instead of {FORMAT:?}")
    })
}

fn certificates(facts: &Facts<'_>) -> Outcome {
    facts.with_object(|_| facts.certificates.as_ref().map(|_| ()).map_err(Clone::clone).into())
}

fn authenticator_data(facts: &Facts<'_>) -> Outcome {
    facts.data.as_ref().map_or(Outcome::NotReached(NO_OBJECT), Outcome::readable)
}

fn certified_nonce(facts: &Facts<'_>) -> Outcome {
    facts.with_object(|object| {
        facts.with_leaf(|leaf| match leaf.nonce() {
            Ok(Some(found)) => {
                let expected = nonce(object.authenticator_data, facts.request.client_data_hash);
                Outcome::equal("the certified nonce", found, "the expected one", &expected)
            }
            Ok(None) => Outcome::Broken("the credential certificate has no nonce".to_owned()),
            Err(error) => Outcome::Broken(format!("the nonce extension: {error}")),
        })
    })
}

fn key_access_control(leaf: &Certificate<'_>) -> Outcome {
    if !leaf.is_macos() {
        return Outcome::Held;
    }
    match leaf.access_control() {
        Ok(Some(found)) => {
            let other = "the documented one for macOS";
            // Both begin alike, so the beginning shows nothing.
            Outcome::holds(found == MACOS_ACCESS_CONTROL, || {
                let same =
                    found.iter().zip(MACOS_ACCESS_CONTROL).take_while(|(a, b)| a == b).count();
                let (found, expected) = (&found[same..], &MACOS_ACCESS_CONTROL[same..]);
                format!(
                    "the access-control list goes on from byte {same} with {}, {other} with {}",
                    short_hex(found),
                    short_hex(expected)
                )
            })
        }
        Ok(None) => Outcome::Broken("a key made on macOS has no access-control list".to_owned()),
        Err(error) => Outcome::Broken(format!("the access-control extension: {error}")),
    }
}

fn key_identifier(leaf: &Certificate<'_>, key_id: KeyId) -> Outcome {
    if leaf.curve != Curve::P256 || !signature::is_p256_point(leaf.point) {
        let (curve, point) = (leaf.curve.in_words(), short_hex(leaf.point));
        return Outcome::Broken(format!(
            "the certified key is no uncompressed point on P-256 but {point} of {curve}"
        ));
    }
    let found = KeyId::of_public_key(leaf.point);
    Outcome::equal("SHA-256 of the certified key", &found.0, "the key id", &key_id.0)
}

fn certified_app_id(leaf: &Certificate<'_>, policy: &Policy) -> Outcome {
    let expected = policy.app_id.as_str();
    // Not documented, so a certificate without it is as good as one with it.
    let Some(found) = leaf.app_id_bytes() else {
        return Outcome::Held;
    };
    Outcome::holds(found == expected.as_bytes(), || {
        let shown: String = String::from_utf8_lossy(found).chars().take(80).collect();
        format!("the certificate states {shown:?}, the App ID is {expected:?}")
    })
}

fn aaguid(attested: &AttestedCredential<'_>, environment: Environment) -> Outcome {
    Outcome::holds(*attested.aaguid == environment.aaguid(), || {
        let found = attested.aaguid.escape_ascii();
        format!(
            "the AAGUID is {found}, that of {} is {}",
            environment.as_str(),
            environment.aaguid().escape_ascii()
        )
    })
}

fn cose_key(attested: &AttestedCredential<'_>, leaf: &Certificate<'_>) -> Outcome {
    let key = &attested.cose_key;
    // EC2, ES256, P-256 (RFC 9053): the only kind App Attest certifies.
    if (key.key_type, key.algorithm, key.curve) != (2, -7, 1) {
        return Outcome::Broken(format!(
            "the COSE key has kty {}, alg {} and crv {} instead of 2, -7 and 1",
            key.key_type, key.algorithm, key.curve
        ));
    }
    // RFC 9053 7.1.1: `d` belongs in private keys only; whoever sends it has none left.
    if key.has_private_part {
        return Outcome::Broken("the COSE key carries its private part".to_owned());
    }
    match attested.point() {
        Some(point) => Outcome::equal("the COSE key", &point, "the certified key", leaf.point),
        None => Outcome::Broken(format!(
            "the COSE key's coordinates have {} and {} bytes instead of 32",
            key.x.len(),
            key.y.len()
        )),
    }
}

fn cd_hash(data: &AuthenticatorData<'_>) -> Outcome {
    let Some(extensions) = &data.extensions else {
        return Outcome::Held;
    };
    match (extensions.cd_hash, extensions.cd_hash_type) {
        (None, None) => Outcome::Held,
        (Some(_), Some(found)) => Outcome::holds(KNOWN_CD_HASH_TYPES.contains(&found), || {
            format!("the code-directory hash has the unknown type {}", short_hex(found))
        }),
        (Some(_), None) => Outcome::Broken("a code-directory hash without its type".to_owned()),
        (None, Some(_)) => Outcome::Broken("the type of a code-directory hash alone".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::Phase;
    use base64::{Engine, engine::general_purpose::STANDARD};

    #[test]
    fn every_rule_of_the_phase_has_its_check_in_order() {
        let rules: Vec<Rule> = ATTESTATION.iter().map(|(rule, _)| *rule).collect();
        let all = Rule::ALL.iter().copied().filter(|rule| rule.phase() == Phase::Attestation);
        assert_eq!(rules, all.collect::<Vec<_>>());
    }

    #[test]
    fn the_macos_list_is_apples_constant() {
        let constant = "MEAMAjExMDowCQwCb2uhAwEB/zAJDAJvYaEDAQH/MAsMBG9kZWyhAwEB/zAVDARvc2duoAYMBHJzZWMwBaYDAgEB";
        assert_eq!(STANDARD.encode(MACOS_ACCESS_CONTROL), constant);
    }
}
