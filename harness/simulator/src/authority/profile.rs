//! The certificates of the authority, field by field after Apple's.

use crate::{
    certificate::{Algorithm, CertificateModel, Extension, PublicKeyModel, Time},
    derived::Derived,
    encode::der::{self, Length, tag},
    key::Key,
    name::{COMMON_NAME, COUNTRY, Name, ORGANIZATION, ORGANIZATIONAL_UNIT, STATE},
    seed::Seed,
    signature::SignatureModel,
};
use jiff::{
    Timestamp,
    civil::{DateTime, date},
    tz::TimeZone,
};
use protocol::terms::{oid, sha256};

const AUTHORITY_INFORMATION: &str = "1.3.6.1.5.5.7.1.1";
const OCSP: &str = "1.3.6.1.5.5.7.48.1";
const CERTIFICATE_POLICIES: &str = "2.5.29.32";
const CRL_DISTRIBUTION_POINTS: &str = "2.5.29.31";
const APPLE_POLICY: &str = "1.2.840.113635.100.5.1";
const APPLE_INTEGRATION_CA: &str = "1.2.840.113635.100.6.2.3";
const APPLE_RECEIPT_SIGNING: &str = "1.2.840.113635.100.12.15";
/// Of the length of Apple's statement.
const STATEMENT: &str = "This certificate belongs to a test authority of Assay: it is made from a \
     known seed, protects nothing, certifies nobody, and no party should rely on it for anything \
     except a test.";

/// The subject of the trust anchor of attestations.
fn root_name() -> Name {
    attestation_name("Assay Test App Attest Root CA")
}

/// The subject of the certificate that issues leaves.
pub(crate) fn intermediate_name() -> Name {
    attestation_name("Assay Test App Attest CA 1")
}

fn attestation_name(common_name: &str) -> Name {
    Name::of(&[(COMMON_NAME, common_name), (ORGANIZATION, "Assay Test"), (STATE, "Test State")])
}

fn receipt_root_name() -> Name {
    receipt_authority_name("Assay Test Root G3")
}

fn receipt_intermediate_name() -> Name {
    receipt_authority_name("Assay Test-Only App Integration CA 5-G1")
}

fn receipt_authority_name(common_name: &str) -> Name {
    Name::of(&[
        (COMMON_NAME, common_name),
        (ORGANIZATIONAL_UNIT, "Assay Test-Only Certification"),
        (ORGANIZATION, "Assay Test"),
        (COUNTRY, "ZZ"),
    ])
}

fn receipt_signer_name() -> Name {
    Name::of(&[
        (COMMON_NAME, "Assay Test Attestation Fraud Receipt Signer 1"),
        (ORGANIZATION, "Assay Test"),
        (COUNTRY, "ZZ"),
    ])
}

pub(super) fn root(seed: &Seed, key: &Key) -> CertificateModel {
    let validity = (date(2020, 3, 18).at(18, 32, 53, 0), date(2045, 3, 15).at(0, 0, 0, 0));
    let extensions = vec![certificate_authority(), subject_key_id(key), signs_certificates()];
    let serial = serial::<16>(seed, "attestation root", 0);
    certificate(serial, (root_name(), key), (root_name(), key), validity, extensions)
}

pub(super) fn intermediate(
    seed: &Seed,
    key: &Key,
    issuer_key: &Key,
    now: Timestamp,
) -> CertificateModel {
    let (validity, renewal) =
        renewed((date(2020, 3, 18).at(18, 39, 55, 0), date(2030, 3, 13).at(0, 0, 0, 0)), 10, now);
    let no_intermediate_below =
        der::sequence(&[der::tlv(tag::BOOLEAN, &[0xff]), der::tlv(tag::INTEGER, &[0])]);
    let extensions = vec![
        Extension::critical(oid::BASIC_CONSTRAINTS, no_intermediate_below),
        authority_key_id(issuer_key),
        subject_key_id(key),
        signs_certificates(),
    ];
    let serial = serial::<16>(seed, "attestation intermediate", renewal);
    let issuer = (root_name(), issuer_key);
    certificate(serial, issuer, (intermediate_name(), key), validity, extensions)
}

pub(super) fn receipt_root(seed: &Seed, key: &Key) -> CertificateModel {
    let validity = (date(2014, 4, 30).at(18, 19, 6, 0), date(2039, 4, 30).at(18, 19, 6, 0));
    let extensions = vec![subject_key_id(key), certificate_authority(), signs_certificates()];
    let serial = serial::<8>(seed, "receipt root", 0);
    let name = receipt_root_name();
    certificate(serial, (name.clone(), key), (name, key), validity, extensions)
}

pub(super) fn receipt_intermediate(
    seed: &Seed,
    key: &Key,
    issuer_key: &Key,
    now: Timestamp,
) -> CertificateModel {
    let (validity, renewal) =
        renewed((date(2019, 3, 22).at(17, 53, 33, 0), date(2034, 3, 22).at(0, 0, 0, 0)), 15, now);
    let list = "http://crl.sham.test/assayrootcag3.crl";
    // SEQUENCE { DistributionPoint { [0] { fullName [0] { URI [6] } } } }
    let full_name = der::context(0, &der::context(0, &der::tlv(0x86, list.as_bytes())));
    let extensions = vec![
        certificate_authority(),
        authority_key_id(issuer_key),
        status_address("http://ocsp.sham.test/ocsp03-assayrootcag3"),
        Extension::new(CRL_DISTRIBUTION_POINTS, der::sequence(&[der::sequence(&[full_name])])),
        subject_key_id(key),
        signs_certificates(),
        Extension::new(APPLE_INTEGRATION_CA, vec![5, 0]),
    ];
    let serial = serial::<16>(seed, "receipt intermediate", renewal);
    let issuer = (receipt_root_name(), issuer_key);
    certificate(serial, issuer, (receipt_intermediate_name(), key), validity, extensions)
}

/// The year whose receipt signer is in use: renewed each January, valid for 13 months.
pub(super) fn receipt_signer_year(now: Timestamp) -> i16 {
    let now = TimeZone::UTC.to_datetime(now);
    if now < receipt_signer_start(now.year()) { now.year() - 1 } else { now.year() }
}

fn receipt_signer_start(year: i16) -> DateTime {
    date(year, 1, 20).at(20, 21, 9, 0)
}

pub(super) fn receipt_signer(
    seed: &Seed,
    key: &Key,
    issuer_key: &Key,
    year: i16,
) -> CertificateModel {
    let validity = (receipt_signer_start(year), date(year + 1, 2, 18).at(18, 58, 39, 0));
    let extensions = vec![
        Extension::critical(oid::BASIC_CONSTRAINTS, der::sequence::<&[u8]>(&[])),
        authority_key_id(issuer_key),
        status_address("http://ocsp.sham.test/ocsp03-aaica5g101"),
        Extension::new(CERTIFICATE_POLICIES, policies()),
        subject_key_id(key),
        Extension::critical(oid::KEY_USAGE, vec![3, 2, 7, 0x80]),
        Extension::new(APPLE_RECEIPT_SIGNING, vec![5, 0]),
    ];
    let serial = serial::<16>(seed, "receipt signer", year.unsigned_abs().into());
    let issuer = (receipt_intermediate_name(), issuer_key);
    let mut signer =
        certificate(serial, issuer, (receipt_signer_name(), key), validity, extensions);
    signer.signature_algorithm = Algorithm::ecdsa_with_sha256();
    signer
}

fn policies() -> Vec<u8> {
    let notice = der::sequence(&[
        der::object_identifier("1.3.6.1.5.5.7.2.2"),
        der::sequence(&[der::tlv(tag::UTF8_STRING, STATEMENT.as_bytes())]),
    ]);
    let statement = der::sequence(&[
        der::object_identifier("1.3.6.1.5.5.7.2.1"),
        der::tlv(0x16, b"http://www.assay.test/test-only-statement"),
    ]);
    let qualifiers = der::sequence(&[notice, statement]);
    der::sequence(&[der::sequence(&[der::object_identifier(APPLE_POLICY), qualifiers])])
}

/// Moves a window on by whole periods until it holds `now` with a year to spare; also says how
/// often it was moved.
fn renewed(
    (mut start, mut end): (DateTime, DateTime),
    years: i16,
    now: Timestamp,
) -> ((DateTime, DateTime), u64) {
    let now = TimeZone::UTC.to_datetime(now);
    let mut renewal = 0;
    while end.year() - 1 < now.year() {
        start = later(start, years);
        end = later(end, years);
        renewal += 1;
    }
    ((start, end), renewal)
}

fn later(at: DateTime, years: i16) -> DateTime {
    at.with().year(at.year() + years).build().expect("our windows begin and end before year 9999")
}

fn certificate(
    serial: Vec<u8>,
    (issuer, issuer_key): (Name, &Key),
    (subject, key): (Name, &Key),
    (not_before, not_after): (DateTime, DateTime),
    extensions: Vec<Extension>,
) -> CertificateModel {
    let time = |at| {
        Time::Utc(
            TimeZone::UTC.to_timestamp(at).expect("our windows lie within a timestamp's range"),
        )
    };
    CertificateModel {
        version: Some(2),
        serial,
        signature_algorithm: Algorithm::ecdsa_with_sha384(),
        outer_signature_algorithm: Derived::Computed,
        issuer,
        not_before: time(not_before),
        not_after: time(not_after),
        subject,
        public_key: PublicKeyModel::of(key),
        extensions: Some(extensions),
        signature: SignatureModel::honest(issuer_key.clone()),
        to_be_signed: Derived::Computed,
        length: Length::Minimal,
        trailing: Vec::new(),
    }
}

/// A positive serial number of exactly `N` bytes.
fn serial<const N: usize>(seed: &Seed, label: &str, index: u64) -> Vec<u8> {
    let mut serial: [u8; N] = seed.child("serial", 0).child(label, index).bytes();
    serial[0] = serial[0] & 0x7f | 0x01;
    serial.to_vec()
}

fn certificate_authority() -> Extension {
    let value = der::sequence(&[der::tlv(tag::BOOLEAN, &[0xff])]);
    Extension::critical(oid::BASIC_CONSTRAINTS, value)
}

fn signs_certificates() -> Extension {
    Extension::critical(oid::KEY_USAGE, vec![3, 2, 1, 0x06])
}

fn subject_key_id(key: &Key) -> Extension {
    Extension::new(oid::SUBJECT_KEY_ID, der::tlv(tag::OCTET_STRING, &key_identifier(key)))
}

fn authority_key_id(key: &Key) -> Extension {
    Extension::new(oid::AUTHORITY_KEY_ID, der::sequence(&[der::tlv(0x80, &key_identifier(key))]))
}

/// 20 bytes of SHA-256 of the point (RFC 7093, method 1).
fn key_identifier(key: &Key) -> Vec<u8> {
    sha256(&[&key.point()])[..20].to_vec()
}

fn status_address(uri: &str) -> Extension {
    let access = der::sequence(&[der::object_identifier(OCSP), der::tlv(0x86, uri.as_bytes())]);
    Extension::new(AUTHORITY_INFORMATION, der::sequence(&[access]))
}
