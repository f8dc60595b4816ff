//! Distinguished names, attribute by attribute.

use crate::encode::der;

/// A Name: relative distinguished names of one attribute each, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Name(pub Vec<Attribute>);

/// One attribute of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The attribute type as dotted text.
    pub oid: String,
    /// Identifier octet of the string type, usually `UTF8String`.
    pub string_type: u8,
    /// The text.
    pub value: Vec<u8>,
}

/// Common name.
pub const COMMON_NAME: &str = "2.5.4.3";
/// Country.
pub const COUNTRY: &str = "2.5.4.6";
/// State or province.
pub const STATE: &str = "2.5.4.8";
/// Organization.
pub const ORGANIZATION: &str = "2.5.4.10";
/// Organizational unit.
pub const ORGANIZATIONAL_UNIT: &str = "2.5.4.11";

impl Name {
    /// A name of `UTF8Strings`; the country, if any, is a `PrintableString` as everywhere.
    pub fn of(attributes: &[(&str, &str)]) -> Self {
        let attribute = |(oid, value): &(&str, &str)| Attribute {
            oid: (*oid).to_owned(),
            string_type: if *oid == COUNTRY {
                der::tag::PRINTABLE_STRING
            } else {
                der::tag::UTF8_STRING
            },
            value: value.as_bytes().to_vec(),
        };
        Self(attributes.iter().map(attribute).collect())
    }

    /// Replaces the value of every attribute of that type.
    pub fn set(&mut self, oid: &str, value: &str) {
        for attribute in self.0.iter_mut().filter(|attribute| attribute.oid == oid) {
            attribute.value = value.as_bytes().to_vec();
        }
    }

    /// The DER.
    pub fn seal(&self) -> Vec<u8> {
        let attribute = |attribute: &Attribute| {
            let pair = der::sequence(&[
                der::object_identifier(&attribute.oid),
                der::tlv(attribute.string_type, &attribute.value),
            ]);
            der::tlv(der::tag::SET, &pair)
        };
        der::sequence(&self.0.iter().map(attribute).collect::<Vec<_>>())
    }
}
