//! What all attestations and assertions of one kind of device have in common.

use super::stencil::Stencil;
use crate::{
    authority::Authority, device::Device, encode::der, generation::Generation, key::key_of_walk,
    operating_system::OperatingSystem, receipt::field, seed::Seed,
};
use jiff::Timestamp;
use protocol::terms::{AppId, Environment, sha256};

/// One kind of device: everything but its key, its dates and what it counts.
#[derive(Debug)]
pub(super) struct Shape {
    generation: Generation,
    app_id: AppId,
    environment: Environment,
    bundle_version: Option<String>,
    validation_category: Option<u32>,
    code_directory_hash: Option<Vec<u8>>,
    operating_system: OperatingSystem,
    /// Authenticator data of an attestation: key id, x, y.
    pub(super) attested_data: Stencil<3>,
    /// Authenticator data of an assertion: the counter, found by the flags before it.
    pub(super) assertion_data: Stencil<1>,
    /// The flags of an assertion.
    pub(super) flags: u8,
    /// What is signed of a leaf: serial number, validity, name, point, nonce.
    pub(super) leaf: Stencil<5>,
    /// Fields of receipts before the certificate.
    pub(super) before_certificate: Vec<u8>,
    /// Fields between token and dates.
    pub(super) before_dates: Vec<u8>,
}

/// Bytes of a leaf's serial number, a time in milliseconds, from 2004 to the year 6429.
pub(super) const SERIAL_LENGTH: usize = 6;

impl Shape {
    /// Looks at the models of such a device; nothing if they are of no form that can be copied.
    pub(super) fn of(device: &Device, authority: &Authority) -> Option<Self> {
        // Any time will do whose serial number is as long as today's.
        let now = Timestamp::from_second(1_790_000_000).ok()?;
        let mut sample = device.clone();
        // Of another key, so that what is found of it can be nothing else.
        sample.adopt(key_of_walk(&Seed::from_text("assay: the key of a sample"), 0).into_walked());
        sample.next_counter = 0x1357_9bdf;
        let hash = sha256(&[b"the client data hash of a sample"]);
        let model = sample.attestation_model(authority, &hash, now);
        let sealed = model.seal_parts();
        let point = sample.public_key();
        let key_id = sample.key_id();
        let attested_data =
            Stencil::cut(sealed.authenticator_data, [&key_id.0, &point[1..33], &point[33..]])?;
        let data = sample.assertion_model(&hash).authenticator_data;
        let flags = data.flags;
        let assertion_data = Stencil::cut(data.seal(), [&flags_and_counter(flags, data.counter)])?;

        let leaf = &model.leaf;
        if leaf.serial.len() != SERIAL_LENGTH {
            return None;
        }
        let serial = [
            &der::context(0, &der::tlv(der::tag::INTEGER, &[2]))[..],
            &der::tlv(der::tag::INTEGER, &leaf.serial),
        ]
        .concat();
        let validity = der::sequence(&[leaf.not_before.seal(), leaf.not_after.seal()]);
        let leaf = Stencil::cut(
            leaf.to_be_signed(&sealed.nonce),
            [&serial, &validity, hex::encode(key_id.0).as_bytes(), &point, &sealed.nonce],
        )?;
        let receipt_field = |kind| {
            let found = model.receipt.fields.iter().find(|field| field.kind == kind);
            found.map(|found| found.seal(&[]))
        };
        Some(Self {
            generation: sample.generation(),
            app_id: sample.app_id().clone(),
            environment: sample.environment(),
            bundle_version: sample.bundle_version,
            validation_category: sample.validation_category,
            code_directory_hash: sample.code_directory_hash,
            operating_system: sample.operating_system,
            attested_data,
            assertion_data,
            flags,
            leaf,
            before_certificate: receipt_field(field::APP_ID)?,
            before_dates: [receipt_field(field::KIND)?, receipt_field(field::ENVIRONMENT)?]
                .concat(),
        })
    }

    /// Whether the device is of this kind.
    pub(super) fn is_of(&self, device: &Device) -> bool {
        self.generation == device.generation()
            && self.environment == device.environment()
            && self.validation_category == device.validation_category
            && self.bundle_version == device.bundle_version
            && self.app_id == *device.app_id()
            && self.code_directory_hash == device.code_directory_hash
            && self.operating_system == device.operating_system
    }
}

/// The two as authenticator data has them, side by side.
pub(super) fn flags_and_counter(flags: u8, counter: u32) -> [u8; 5] {
    let [a, b, c, d] = counter.to_be_bytes();
    [flags, a, b, c, d]
}
