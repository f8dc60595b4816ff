//! The credential certificate of each generation.

use crate::{
    authority::Authority,
    certificate::{
        Algorithm, CertificateModel, Critical, Extension, ExtensionValue, PublicKeyModel, Time,
    },
    derived::Derived,
    encode::der::{self, Length, tag},
    generation::Generation,
    key::Key,
    name::{COMMON_NAME, Name, ORGANIZATION, ORGANIZATIONAL_UNIT, STATE},
    operating_system::OperatingSystem,
    signature::SignatureModel,
};
use jiff::{SignedDuration, Timestamp};
use protocol::terms::{AppId, KeyId, oid};

/// The key's access-control list as iOS writes it: okd, oa, osgn, odel, ock, each true.
const ACCESS_CONTROL_IOS: &[&[u8]] = &[
    b"\x30\x0a\x0c\x03okd\xa1\x03\x01\x01\xff",
    b"\x30\x09\x0c\x02oa\xa1\x03\x01\x01\xff",
    b"\x30\x0b\x0c\x04osgn\xa1\x03\x01\x01\xff",
    b"\x30\x0b\x0c\x04odel\xa1\x03\x01\x01\xff",
    b"\x30\x0a\x0c\x03ock\xa1\x03\x01\x01\xff",
];

/// The same on macOS: ok, oa, odel true, and signing bound to the system's protection.
const ACCESS_CONTROL_MACOS: &[&[u8]] = &[
    b"\x30\x09\x0c\x02ok\xa1\x03\x01\x01\xff",
    b"\x30\x09\x0c\x02oa\xa1\x03\x01\x01\xff",
    b"\x30\x0b\x0c\x04odel\xa1\x03\x01\x01\xff",
    b"\x30\x15\x0c\x04osgn\xa0\x06\x0c\x04rsec\x30\x05\xa6\x03\x02\x01\x01",
];

/// What a leaf says, beside the nonce.
pub(crate) struct LeafFacts<'a> {
    pub(crate) generation: Generation,
    pub(crate) app_id: &'a AppId,
    pub(crate) key: &'a Key,
    pub(crate) key_id: KeyId,
    pub(crate) operating_system: &'a OperatingSystem,
    pub(crate) issued: Timestamp,
    pub(crate) lifetime: SignedDuration,
}

/// The honest leaf, to be signed by the authority's intermediate.
pub(crate) fn leaf(authority: &Authority, facts: &LeafFacts<'_>) -> CertificateModel {
    let whole_second = Timestamp::from_second(facts.issued.as_second())
        .expect("a timestamp's second is a timestamp");
    let not_before = whole_second - SignedDuration::from_hours(24);
    let subject = Name::of(&[
        (COMMON_NAME, &hex::encode(facts.key_id.0)),
        (ORGANIZATIONAL_UNIT, "AAA Certification"),
        (ORGANIZATION, "Assay Test"),
        (STATE, "Test State"),
    ]);
    CertificateModel {
        version: Some(2),
        serial: der::unsigned_content(&facts.issued.as_millisecond().to_be_bytes()),
        // SHA-256 by a P-384 key: curve and hash do not match, as in every genuine leaf.
        signature_algorithm: Algorithm::ecdsa_with_sha256(),
        outer_signature_algorithm: Derived::Computed,
        issuer: authority.intermediate().subject.clone(),
        not_before: Time::Utc(not_before),
        not_after: Time::Utc(not_before + facts.lifetime),
        subject,
        public_key: PublicKeyModel::of(facts.key),
        extensions: Some(extensions(facts)),
        signature: SignatureModel::honest(authority.intermediate_key().clone()),
        to_be_signed: Derived::Computed,
        length: Length::Minimal,
        trailing: Vec::new(),
    }
}

fn extensions(facts: &LeafFacts<'_>) -> Vec<Extension> {
    let mut extensions = vec![
        Extension::critical(oid::BASIC_CONSTRAINTS, der::sequence::<&[u8]>(&[])),
        Extension::critical(oid::KEY_USAGE, vec![3, 2, 4, 0xf0]),
    ];
    if facts.generation.has_extended_key_usage() {
        let usage = der::sequence(&[der::object_identifier(oid::APP_ATTEST_EKU)]);
        extensions.push(Extension::new(oid::EXTENDED_KEY_USAGE, usage));
    }
    extensions.push(Extension::new(
        oid::KEY_PROPERTIES,
        properties(&key_properties(facts.generation, facts.app_id)),
    ));
    extensions.push(Extension::new(
        oid::OS_PROPERTIES,
        properties(&os_properties(facts.generation, facts.operating_system)),
    ));
    extensions.push(Extension {
        oid: oid::NONCE.to_owned(),
        critical: Critical::Absent,
        value: ExtensionValue::Nonce,
    });
    if facts.generation.is_since_26() {
        extensions.push(Extension::new(oid::ACCESS_CONTROL, access_control(facts.generation)));
    }
    extensions
}

/// The content of the access-control extension as that generation writes it:
/// `SEQUENCE { [3] EXPLICIT OCTET STRING { SEQUENCE { "11", SEQUENCE { operations } } } }`.
pub fn access_control(generation: Generation) -> Vec<u8> {
    let operations = match generation {
        Generation::Macos27 => ACCESS_CONTROL_MACOS,
        Generation::Ios14 | Generation::Ios17 | Generation::Ios26 | Generation::Ios27 => {
            ACCESS_CONTROL_IOS
        }
    };
    let list = der::sequence(&[der::tlv(tag::UTF8_STRING, b"11"), der::sequence(operations)]);
    der::sequence(&[der::context(3, &der::tlv(tag::OCTET_STRING, &list))])
}

/// A value of a property list: Apple's own extensions hold integers and octet strings under
/// context tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Property {
    /// An INTEGER.
    Integer(u32),
    /// An OCTET STRING, text in all genuine leaves.
    Text(String),
}

/// `SEQUENCE { [tag] EXPLICIT value, … }`, the content of the key and system properties.
pub fn properties(list: &[(u32, Property)]) -> Vec<u8> {
    let element = |(number, value): &(u32, Property)| {
        let value = match value {
            Property::Integer(number) => der::unsigned(&number.to_be_bytes()),
            Property::Text(text) => der::tlv(tag::OCTET_STRING, text.as_bytes()),
        };
        der::context(*number, &value)
    };
    der::sequence(&list.iter().map(element).collect::<Vec<_>>())
}

/// The application and key properties of a generation.
pub fn key_properties(generation: Generation, app_id: &AppId) -> Vec<(u32, Property)> {
    use Property::{Integer, Text};
    let since_26 = generation.is_since_26();
    let until_18 = u32::from(!since_26);
    let platform = if generation == Generation::Macos27 { 13 } else { 10 };
    let mut list = vec![
        (4, Integer(platform)),
        (1200, Integer(until_18)),
        (1201, Integer(0)),
        (1202, Integer(until_18)),
        (1203, Integer(until_18)),
        (1204, Text(app_id.as_str().to_owned())),
    ];
    if !since_26 {
        list.push((5, Text("sks ".to_owned())));
    }
    list.push((1206, Integer(4 + until_18)));
    list.extend([1207, 1209, 1210].map(|number| (number, Integer(0))));
    if generation != Generation::Ios14 {
        list.push((1211, Integer(0)));
    }
    if since_26 {
        list.push((10, Integer(0)));
    }
    list
}

/// The system properties of a generation. Betas and internal builds of iOS 17 and 18 say more
/// than releases do; since iOS 26 all say it.
pub fn os_properties(generation: Generation, system: &OperatingSystem) -> Vec<(u32, Property)> {
    use Property::{Integer, Text};
    let version = || Text(system.version.clone());
    if generation == Generation::Ios14 {
        return vec![(1400, version())];
    }
    let since_26 = generation.is_since_26();
    let full = since_26 || system.label.as_deref() == Some("Internal");
    let numbers = || Text(system.build_in_numbers());

    let mut list = vec![(1400, version())];
    list.push((1104, Integer(if since_26 { 2 } else { 0xffff_fffe })));
    if since_26 {
        list.push((1401, Text(system.software.clone())));
    }
    list.push((1403, Text(system.build.clone())));
    if full {
        list.push((1404, version()));
    }
    list.push((1405, version()));
    list.push((1406, Integer(0)));
    if full {
        let is_ios = u32::from(generation != Generation::Macos27);
        list.extend([1407, 1408, 1409, 1410, 1411].map(|number| (number, Integer(0))));
        list.push((1412, Integer(is_ios)));
        list.push((1413, Integer(0)));
    }
    if full || system.label.is_some() {
        list.push((1418, numbers()));
    }
    if full {
        list.push((1419, numbers()));
    }
    list.push((1420, numbers()));
    if full || system.label.is_some() {
        list.push((1026, Text(system.platform.clone())));
    }
    if let Some(label) = &system.label {
        list.push((1029, Text(label.clone())));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::{access_control, key_properties, os_properties, properties};
    use crate::{generation::Generation, operating_system::OperatingSystem};
    use base64::{Engine, engine::general_purpose::STANDARD};
    use protocol::terms::AppId;

    /// Genuine payloads, as decoded from leaves of these systems.
    #[track_caller]
    fn check_system(generation: Generation, system: &OperatingSystem, expected: &str) {
        assert_eq!(hex::encode(properties(&os_properties(generation, system))), expected);
    }

    #[test]
    fn system_properties_equal_genuine_ones() {
        let of = OperatingSystem::of;
        check_system(Generation::Ios14, &of(Generation::Ios14), "300abf8a7806040431342e34");
        check_system(
            Generation::Ios17,
            &of(Generation::Ios17),
            "3048bf8a7808040631372e352e31bf885007020500fffffffebf8a7b0704053231463930bf8a7d08040631\
             372e352e31bf8a7e03020100bf8b0c0f040d32312e362e39302e302e302c30",
        );
        check_system(
            Generation::Macos27,
            &of(Generation::Macos27),
            "3081c3bf8a7806040432372e30bf885003020102bf8a79090407312e302e323233bf8a7b0a040832364135\
             3337386ebf8a7c06040432372e30bf8a7d06040432372e30bf8a7e03020100bf8a7f03020100bf8b000302\
             0100bf8b0103020100bf8b0203020100bf8b0303020100bf8b0403020100bf8b0503020100bf8b0a11040f\
             32362e312e3337382e352e31342c30bf8b0b11040f32362e312e3337382e352e31342c30bf8b0c11040f32\
             362e312e3337382e352e31342c30bf88020804066d61636f7378",
        );
        let internal = OperatingSystem {
            version: "27.0".to_owned(),
            build: "24A325b".to_owned(),
            software: "1.0.216".to_owned(),
            label: Some("Internal".to_owned()),
            ..of(Generation::Ios27)
        };
        check_system(
            Generation::Ios27,
            &internal,
            "3081cfbf8a7806040432372e30bf885003020102bf8a79090407312e302e323136bf8a7b09040732344133\
             323562bf8a7c06040432372e30bf8a7d06040432372e30bf8a7e03020100bf8a7f03020100bf8b00030201\
             00bf8b0103020100bf8b0203020100bf8b0303020100bf8b0403020101bf8b0503020100bf8b0a10040e32\
             342e312e3332352e302e322c30bf8b0b10040e32342e312e3332352e302e322c30bf8b0c10040e32342e31\
             2e3332352e302e322c30bf88020a04086970686f6e656f73bf88050a0408496e7465726e616c",
        );
    }

    #[test]
    fn key_properties_equal_genuine_ones() {
        let check = |generation, app_id, expected: &str| {
            let app_id = AppId::parse(app_id).unwrap();
            assert_eq!(hex::encode(properties(&key_properties(generation, &app_id))), expected);
        };
        check(
            Generation::Ios14,
            "8YE23NZS57.com.kayak.travel",
            "3066a40302010abf893003020101bf893103020100bf893203020101bf893303020101bf89341d041b3859\
             4532334e5a5335372e636f6d2e6b6179616b2e74726176656ca5060404736b7320bf893603020105bf8937\
             03020100bf893903020100bf893a03020100",
        );
        check(
            Generation::Macos27,
            "2F53L9ZR3N.ai.hellas.app-attest-spike",
            "3074a40302010dbf893003020100bf893103020100bf893203020100bf893303020100bf8934270425324635\
             334c395a52334e2e61692e68656c6c61732e6170702d6174746573742d7370696b65bf893603020104bf8937\
             03020100bf893903020100bf893a03020100bf893b03020100aa03020100",
        );
    }

    #[test]
    fn the_macos_access_control_list_is_the_documented_constant() {
        let documented = "MEAMAjExMDowCQwCb2uhAwEB/zAJDAJvYaEDAQH/MAsMBG9kZWyhAwEB/zAVDARvc2duoAYMBHJzZWMwBaYDAgEB";
        let extension = access_control(Generation::Macos27);
        // SEQUENCE, [3], OCTET STRING: two bytes each.
        assert_eq!(STANDARD.encode(&extension[6..]), documented);
    }

    #[test]
    fn the_ios_access_control_list_equals_genuine_ones() {
        let genuine = "3049a347044530430c023131303d300a0c036f6b64a1030101ff30090c026f61a1030101ff300b\
             0c046f73676ea1030101ff300b0c046f64656ca1030101ff300a0c036f636ba1030101ff";
        assert_eq!(hex::encode(access_control(Generation::Ios27)), genuine);
    }
}
