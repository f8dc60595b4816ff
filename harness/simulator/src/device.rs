//! A device with one App Attest key.

use crate::{
    assertion::AssertionModel,
    attestation::AttestationModel,
    authenticator_data::{
        AttestedCredentialModel, AuthenticatorDataModel, cose_key, extension, validation_category,
    },
    authority::Authority,
    derived::Derived,
    encode::cbor::Item,
    generation::Generation,
    key::{Key, candidates},
    leaf::{LeafFacts, leaf},
    operating_system::OperatingSystem,
    receipt::{ReceiptField, ReceiptModel, field},
    seed::Seed,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use protocol::terms::{AppId, Environment, KeyId, sha256};

/// One key on one device, for one app in one environment.
///
/// What it sends is a function of its seed, its settings, and the arguments of each call.
#[derive(Debug, Clone)]
pub struct Device {
    seed: Seed,
    generation: Generation,
    app_id: AppId,
    environment: Environment,
    key: Key,
    public_key: [u8; 65],
    key_id: KeyId,
    /// The counter that the next assertion carries; 1 at first.
    pub next_counter: u32,
    /// `CFBundleVersion` of the running app; used from iOS 27 on, absent on macOS.
    pub bundle_version: Option<String>,
    /// How the running app was signed; used from OS 27 on.
    pub validation_category: Option<u32>,
    /// SHA-256 of the app's code directory; macOS only.
    pub code_directory_hash: Option<Vec<u8>>,
    /// The operating system.
    pub operating_system: OperatingSystem,
    /// How long the leaf is valid, from a day before it was issued.
    pub leaf_lifetime: SignedDuration,
    /// Added to `now` when an attestation is made; negative for one made in the past.
    pub issuance_offset: SignedDuration,
}

/// What a key's public half, or the key id, shall look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyTrait {
    /// The x-coordinate begins with that many zero bytes, 1 or 2 (about 1 key in 256 or 65 536).
    LeadingZerosX(usize),
    /// The y-coordinate begins with that many zero bytes.
    LeadingZerosY(usize),
    /// Both coordinates begin with a zero byte.
    LeadingZeroBoth,
    /// The x-coordinate begins with 04, which also marks an uncompressed point.
    BeginsLikePoint,
    /// The x-coordinate ends with a zero byte.
    TrailingZeroX,
    /// The key id in base64 contains both `+` and `/` (about 1 key in 4).
    PlusAndSlash,
    /// The key id begins with a zero byte.
    LeadingZeroId,
    /// The key id ends with a zero byte.
    TrailingZeroId,
    /// The key id in base64 begins with this character.
    IdBegins(char),
}

impl Device {
    /// The device of a seed, with the settings of a genuine one of its generation.
    pub fn new(
        seed: &Seed,
        generation: Generation,
        app_id: AppId,
        environment: Environment,
    ) -> Self {
        let key = Key::p256(&seed.child("device key", 0));
        Self::with_key(seed, key, generation, app_id, environment)
    }

    /// The first device below the seed whose key has the trait.
    pub fn with_trait(
        seed: &Seed,
        wanted: KeyTrait,
        generation: Generation,
        app_id: AppId,
        environment: Environment,
    ) -> Self {
        let key = candidates(&seed.child("device key", 0))
            .find(|candidate| wanted.is_of(&candidate.point))
            .expect("a walk has no end, and each trait is that of one key in 65 536 or more");
        Self::with_key(seed, key.key(), generation, app_id, environment)
    }

    /// A device with this key, on P-256.
    pub fn with_key(
        seed: &Seed,
        key: Key,
        generation: Generation,
        app_id: AppId,
        environment: Environment,
    ) -> Self {
        let public_key = point_of(&key);
        let on_macos = generation == Generation::Macos27;
        let category = match environment {
            Environment::Development => 3,
            Environment::Production if on_macos => 6,
            Environment::Production => 4,
        };
        let code_directory = sha256(&[b"code directory of ", app_id.as_str().as_bytes()]).to_vec();
        Self {
            generation,
            environment,
            key,
            key_id: KeyId::of_public_key(&public_key),
            public_key,
            next_counter: 1,
            bundle_version: (generation == Generation::Ios27).then(|| "1".to_owned()),
            validation_category: generation.has_extensions().then_some(category),
            code_directory_hash: on_macos.then_some(code_directory),
            operating_system: OperatingSystem::of(generation),
            leaf_lifetime: lifetime(seed, generation),
            issuance_offset: SignedDuration::ZERO,
            seed: *seed,
            app_id,
        }
    }

    /// Gives the device another key, on P-256. What it counted stays.
    pub fn adopt(&mut self, key: Key) {
        self.public_key = point_of(&key);
        self.key_id = KeyId::of_public_key(&self.public_key);
        self.key = key;
    }

    /// The key id, as `generateKey` names it.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The public key, `04‖X‖Y`.
    pub fn public_key(&self) -> [u8; 65] {
        self.public_key
    }

    /// The private key, for signatures the device would never make.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The app.
    pub fn app_id(&self) -> &AppId {
        &self.app_id
    }

    /// Where the key lives.
    pub fn environment(&self) -> Environment {
        self.environment
    }

    /// The shape of its objects.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// What `attestKey` gives the app at `now`. The receipt is dated `now`, and the leaf was
    /// issued some milliseconds before.
    pub fn attest(
        &self,
        authority: &Authority,
        client_data_hash: &[u8],
        now: Timestamp,
    ) -> Vec<u8> {
        self.attestation_model(authority, client_data_hash, now).seal()
    }

    /// What `generateAssertion` gives the app; the device has counted one more then.
    pub fn assert(&mut self, client_data_hash: &[u8]) -> Vec<u8> {
        let object = self.assertion_model(client_data_hash).seal();
        self.next_counter = self.next_counter.wrapping_add(1);
        object
    }

    /// The attestation [`Device::attest`] would make, to be edited.
    pub fn attestation_model(
        &self,
        authority: &Authority,
        client_data_hash: &[u8],
        now: Timestamp,
    ) -> AttestationModel {
        let (created, issued) = self.dates(now);
        let mut authenticator_data = self.authenticator_data(0);
        authenticator_data.attested_credential = Some(AttestedCredentialModel {
            aaguid: self.environment.aaguid().to_vec(),
            credential_id: self.key_id.0.to_vec(),
            credential_id_length: Derived::Computed,
            cose_key: cose_key(&self.public_key[1..33], &self.public_key[33..]),
            cose_key_bytes: Derived::Computed,
        });
        let facts = LeafFacts {
            generation: self.generation,
            app_id: &self.app_id,
            key: &self.key,
            key_id: self.key_id,
            operating_system: &self.operating_system,
            issued,
            lifetime: self.leaf_lifetime,
        };
        let receipt =
            ReceiptModel::honest(authority, self.receipt_fields(client_data_hash, created));
        let leaf = leaf(authority, &facts);
        AttestationModel::honest(authority, authenticator_data, client_data_hash, leaf, receipt)
    }

    /// The assertion [`Device::assert`] would make, to be edited. The device does not count it:
    /// add to `next_counter` if it should have.
    pub fn assertion_model(&self, client_data_hash: &[u8]) -> AssertionModel {
        let authenticator_data = self.authenticator_data(self.next_counter);
        AssertionModel::honest(authenticator_data, client_data_hash, self.key.clone())
    }

    /// When an attestation is made, and when its leaf was issued.
    pub(crate) fn dates(&self, now: Timestamp) -> (Timestamp, Timestamp) {
        let created = now + self.issuance_offset;
        let delay = self.seed.child("delay", 0).number(7, 40).cast_signed();
        (created, created - SignedDuration::from_millis(delay))
    }

    /// The token of its receipts, before it is written in base64.
    pub(crate) fn receipt_token(&self) -> [u8; 64] {
        self.seed.child("receipt token", 0).bytes()
    }

    fn authenticator_data(&self, counter: u32) -> AuthenticatorDataModel {
        let extensions = self.extensions();
        let flags = if extensions.is_some() { self.generation.flags() } else { 0x40 };
        AuthenticatorDataModel {
            rp_id_hash: self.app_id.rp_id_hash().to_vec(),
            flags,
            counter,
            attested_credential: None,
            extensions,
            extension_bytes: Derived::Computed,
            trailing: Vec::new(),
            truncate: None,
        }
    }

    fn extensions(&self) -> Option<Vec<(Item, Item)>> {
        if !self.generation.has_extensions() {
            return None;
        }
        let mut entries = Vec::new();
        if let Some(hash) = &self.code_directory_hash {
            let hash_type = vec![2];
            entries.push((extension::CODE_DIRECTORY_HASH.into(), Item::Bytes(hash.clone())));
            entries.push((extension::CODE_DIRECTORY_HASH_TYPE.into(), Item::Bytes(hash_type)));
        }
        if let Some(version) = &self.bundle_version {
            entries.push((extension::BUNDLE_VERSION.into(), Item::text(version)));
        }
        if let Some(category) = self.validation_category {
            entries.push((extension::VALIDATION_CATEGORY.into(), validation_category(category)));
        }
        (!entries.is_empty()).then_some(entries)
    }

    fn receipt_fields(&self, client_data_hash: &[u8], created: Timestamp) -> Vec<ReceiptField> {
        let token = self.receipt_token();
        let expires = created + RECEIPT_LIFETIME;
        let environment = self.environment.receipt_name();
        vec![
            ReceiptField::bytes(field::APP_ID, self.app_id.as_str().as_bytes()),
            ReceiptField::certificate(),
            ReceiptField::bytes(field::CLIENT_HASH, client_data_hash),
            ReceiptField::bytes(field::TOKEN, STANDARD.encode(token).as_bytes()),
            ReceiptField::bytes(field::KIND, b"ATTEST"),
            ReceiptField::bytes(field::ENVIRONMENT, environment.as_bytes()),
            ReceiptField::bytes(field::CREATION_TIME, receipt_time(created).as_bytes()),
            ReceiptField::bytes(field::EXPIRATION, receipt_time(expires).as_bytes()),
        ]
    }
}

impl KeyTrait {
    fn is_of(self, point: &[u8; 65]) -> bool {
        let (x, y) = (&point[1..33], &point[33..]);
        let id = || KeyId::of_public_key(point);
        match self {
            Self::LeadingZerosX(count) => zeros(x) >= count,
            Self::LeadingZerosY(count) => zeros(y) >= count,
            Self::LeadingZeroBoth => x[0] == 0 && y[0] == 0,
            Self::BeginsLikePoint => x[0] == 4,
            Self::TrailingZeroX => x[31] == 0,
            Self::PlusAndSlash => {
                let id = id().to_base64();
                id.contains('+') && id.contains('/')
            }
            Self::LeadingZeroId => id().0[0] == 0,
            Self::TrailingZeroId => id().0[31] == 0,
            Self::IdBegins(wanted) => id().to_base64().starts_with(wanted),
        }
    }
}

/// How long a receipt is of use.
pub(crate) const RECEIPT_LIFETIME: SignedDuration = SignedDuration::from_hours(90 * 24);

fn zeros(number: &[u8]) -> usize {
    number.iter().take_while(|byte| **byte == 0).count()
}

fn point_of(key: &Key) -> [u8; 65] {
    key.point().try_into().expect("an uncompressed point of P-256 has 65 bytes")
}

/// Three days, but 196 to 353 days in whole minutes in the years of iOS 17 and 18.
fn lifetime(seed: &Seed, generation: Generation) -> SignedDuration {
    match generation {
        Generation::Ios17 => {
            let minutes = seed.child("leaf lifetime", 0).number(197 * 1440, 352 * 1440);
            SignedDuration::from_mins(minutes.cast_signed())
        }
        Generation::Ios14 | Generation::Ios26 | Generation::Ios27 | Generation::Macos27 => {
            SignedDuration::from_hours(72)
        }
    }
}

/// ISO 8601 in UTC with up to three decimals, trailing zeros dropped: `2020-11-27T22:41:40.46Z`.
pub fn receipt_time(at: Timestamp) -> String {
    let at = TimeZone::UTC.to_datetime(at);
    let fraction = format!("{:03}", at.subsec_nanosecond() / 1_000_000);
    let fraction = fraction.trim_end_matches('0');
    let dot = if fraction.is_empty() { "" } else { "." };
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{dot}{fraction}Z",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

#[cfg(test)]
mod tests {
    use super::receipt_time;

    #[test]
    fn receipt_times_drop_trailing_zeros() {
        let check = |at: &str, expected| assert_eq!(receipt_time(at.parse().unwrap()), expected);
        check("2020-11-27T22:41:40.460999Z", "2020-11-27T22:41:40.46Z");
        check("2020-11-27T22:41:40.004Z", "2020-11-27T22:41:40.004Z");
        check("2020-11-27T22:41:40Z", "2020-11-27T22:41:40Z");
    }
}
