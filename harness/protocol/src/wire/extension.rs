use super::Malformed;
use super::tlv::{Reader, Tag};

/// One extension of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extension<'a> {
    /// Identifier, as DER content bytes; see [`super::oid`].
    pub oid: &'a [u8],
    /// Whether a verifier that does not know it must refuse.
    pub critical: bool,
    /// What the octet string holds.
    pub value: &'a [u8],
    /// Offset of the value in the certificate.
    pub at: usize,
}

/// What the basic constraints extension says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BasicConstraints {
    /// May issue certificates.
    pub ca: bool,
    /// Most intermediates below it.
    pub path_length: Option<u64>,
}

/// What the key usage extension says, bit 0 first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyUsage(pub u16);

impl KeyUsage {
    /// Bit 0: may sign data.
    pub fn digital_signature(self) -> bool {
        self.0 & 1 != 0
    }

    /// Bit 5: may sign certificates.
    pub fn key_cert_sign(self) -> bool {
        self.0 & 1 << 5 != 0
    }
}

impl<'a> Extension<'a> {
    pub(super) fn read(list: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut members = list.sequence("an extension")?;
        let oid = members.expect(Tag::OID, "an extension's identifier")?.content;
        let critical = members.optional(Tag::BOOLEAN)?;
        if let Some(element) = critical
            && element.content == [0]
        {
            return Err(Malformed::new(
                element.at,
                "a default value spelled out (critical FALSE) in DER",
            ));
        }
        let value = members.expect(Tag::OCTET_STRING, "an extension's value")?;
        members.finish("an extension")?;
        Ok(Self { oid, critical: critical.is_some(), value: value.content, at: value.content_at })
    }

    /// Reads the value as basic constraints.
    pub fn basic_constraints(&self) -> Result<BasicConstraints, Malformed> {
        let mut outer = Reader::strict(self.value, self.at)?;
        let mut members = outer.sequence("the basic constraints")?;
        outer.finish("the basic constraints")?;
        let ca = members.optional(Tag::BOOLEAN)?.is_some_and(|element| element.content == [0xff]);
        let path_length = if members.is_at_end() {
            None
        } else {
            Some(members.small_integer("the path length")?)
        };
        members.finish("the path length")?;
        Ok(BasicConstraints { ca, path_length })
    }

    /// Reads the value as key usage.
    pub fn key_usage(&self) -> Result<KeyUsage, Malformed> {
        let mut outer = Reader::strict(self.value, self.at)?;
        let element = outer.expect(Tag::BIT_STRING, "the key usage")?;
        outer.finish("the key usage")?;
        let bits = element.content.iter().skip(1).take(2).enumerate();
        Ok(KeyUsage(
            bits.fold(0, |usage, (index, byte)| {
                usage | u16::from(byte.reverse_bits()) << (8 * index)
            }),
        ))
    }

    /// Whether the value, read as extended key usage, lists `purpose`.
    pub fn lists_purpose(&self, purpose: &[u8]) -> Result<bool, Malformed> {
        let mut outer = Reader::strict(self.value, self.at)?;
        let mut purposes = outer.sequence("the extended key usage")?;
        outer.finish("the extended key usage")?;
        let mut found = false;
        while !purposes.is_at_end() {
            found |= purposes.expect(Tag::OID, "a key purpose")?.content == purpose;
        }
        Ok(found)
    }

    /// Reads the value as `SEQUENCE { [number] EXPLICIT OCTET STRING }`, the form of nonce and ACL.
    pub(super) fn only_octets(&self, number: u32, what: &str) -> Result<&'a [u8], Malformed> {
        let mut outer = Reader::strict(self.value, self.at)?;
        let mut members = outer.sequence(what)?;
        outer.finish(what)?;
        let tagged = members.expect(Tag::context(number), what)?;
        members.finish(what)?;
        let mut tagged = members.inside(&tagged);
        let octets = tagged.expect(Tag::OCTET_STRING, what)?.content;
        tagged.finish(what)?;
        Ok(octets)
    }
}
