use super::tlv::{Element, Reader, Tag};
use super::{Extension, Malformed, oid};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// An X.509 certificate in strict DER.
#[derive(Debug, Clone, PartialEq, Eq)]
#[doc(alias = "credCert")]
pub struct Certificate<'a> {
    /// The whole certificate.
    pub der: &'a [u8],
    /// What is signed, with its header.
    pub tbs: &'a [u8],
    /// 1 to 3.
    pub version: u64,
    /// Content bytes of the serial number.
    pub serial: &'a [u8],
    /// The algorithm named inside the signed part.
    pub inner_algorithm: SignatureAlgorithm<'a>,
    /// The issuer's name, DER.
    pub issuer: &'a [u8],
    /// Beginning of the validity, inclusive.
    pub not_before: Timestamp,
    /// End of the validity, inclusive.
    pub not_after: Timestamp,
    /// The subject's name, DER.
    pub subject: &'a [u8],
    /// Which kind of key is certified.
    pub curve: Curve<'a>,
    /// The key's bits: on named curves a SEC 1 point.
    pub point: &'a [u8],
    /// The algorithm named beside the signature.
    pub signature_algorithm: SignatureAlgorithm<'a>,
    /// The issuer's signature over `tbs`.
    pub signature: &'a [u8],
    /// Content of the extension list, each found well-formed.
    extensions: Reader<'a>,
}

/// How a certificate or receipt is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureAlgorithm<'a> {
    /// ecdsa-with-SHA256.
    EcdsaSha256,
    /// ecdsa-with-SHA384.
    EcdsaSha384,
    /// Any other, or one of those with parameters, by its identifier.
    Other(&'a [u8]),
}

/// What kind of key is certified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve<'a> {
    /// The named curve P-256.
    P256,
    /// The named curve P-384.
    P384,
    /// Any other curve, explicit parameters, or another algorithm, by the identifier found.
    Other(&'a [u8]),
}

/// Genuine certificates have up to 8; the bound keeps look-ups cheap.
const MAX_EXTENSIONS: usize = 64;

impl<'a> Certificate<'a> {
    /// Reads one certificate and nothing after it.
    pub fn decode(der: &'a [u8]) -> Result<Self, Malformed> {
        let mut outer = Reader::strict(der, 0)?;
        let mut members = outer.sequence("the certificate")?;
        outer.finish("the certificate")?;
        let signed = members.expect(Tag::SEQUENCE, "the signed part")?;
        let signature_algorithm = SignatureAlgorithm::read(&mut members)?;
        let signature = bits(&mut members, "the signature")?;
        members.finish("the signature")?;

        let mut fields = members.inside(&signed);
        let version = version(&mut fields)?;
        let serial = fields.expect(Tag::INTEGER, "the serial number")?.content;
        let inner_algorithm = SignatureAlgorithm::read(&mut fields)?;
        let issuer = fields.expect(Tag::SEQUENCE, "the issuer")?.whole;
        let mut validity = fields.sequence("the validity")?;
        let (not_before, not_after) = (time(&mut validity)?, time(&mut validity)?);
        validity.finish("the validity")?;
        let subject = fields.expect(Tag::SEQUENCE, "the subject")?.whole;
        let mut key = fields.sequence("the public key")?;
        let curve = Curve::read(&mut key)?;
        let point = bits(&mut key, "the public key's bits")?;
        key.finish("the public key")?;
        fields.optional(Tag::context_primitive(1))?;
        fields.optional(Tag::context_primitive(2))?;
        let extensions = extensions(&mut fields)?;
        fields.finish("the extensions")?;

        let tbs = signed.whole;
        Ok(Self {
            der,
            tbs,
            version,
            serial,
            inner_algorithm,
            issuer,
            not_before,
            not_after,
            subject,
            curve,
            point,
            signature_algorithm,
            signature,
            extensions,
        })
    }

    /// All extensions in their order.
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'a>> + use<'a> {
        let mut list = self.extensions.clone();
        // `decode` has read the same list once, so nothing is lost by `ok`.
        std::iter::from_fn(
            move || {
                if list.is_at_end() { None } else { Extension::read(&mut list).ok() }
            },
        )
    }

    /// The first extension of that identifier.
    pub fn extension(&self, oid: &[u8]) -> Option<Extension<'a>> {
        self.extensions().find(|extension| extension.oid == oid)
    }

    /// The nonce (8.2), of any length; none if there is no such extension.
    pub fn nonce(&self) -> Result<Option<&'a [u8]>, Malformed> {
        let extension = self.extension(oid::NONCE);
        extension.map(|extension| extension.only_octets(1, "the nonce")).transpose()
    }

    /// The key's access-control list (8.6); none if there is no such extension.
    pub fn access_control(&self) -> Result<Option<&'a [u8]>, Malformed> {
        let extension = self.extension(oid::ACCESS_CONTROL);
        extension.map(|extension| extension.only_octets(3, "the access-control list")).transpose()
    }
}

impl<'a> SignatureAlgorithm<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut members = reader.sequence("the signature algorithm")?;
        let oid = members.expect(Tag::OID, "the signature algorithm's identifier")?.content;
        // RFC 5758 3.2: these algorithms have no parameters.
        Ok(match oid {
            oid::ECDSA_SHA256 if members.is_at_end() => Self::EcdsaSha256,
            oid::ECDSA_SHA384 if members.is_at_end() => Self::EcdsaSha384,
            other => Self::Other(other),
        })
    }

    /// Name or identifier for messages.
    pub fn in_words(self) -> String {
        match self {
            Self::EcdsaSha256 => "ecdsa-with-SHA256".to_owned(),
            Self::EcdsaSha384 => "ecdsa-with-SHA384".to_owned(),
            Self::Other(oid) => oid::dotted(oid),
        }
    }
}

impl<'a> Curve<'a> {
    fn read(key: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut algorithm = key.sequence("the public key's algorithm")?;
        let kind = algorithm.expect(Tag::OID, "the public key's algorithm")?.content;
        if kind != oid::EC_PUBLIC_KEY {
            return Ok(Self::Other(kind));
        }
        let named = algorithm.optional(Tag::OID)?.map(|element| element.content);
        Ok(match named {
            Some(oid::P256) if algorithm.is_at_end() => Self::P256,
            Some(oid::P384) if algorithm.is_at_end() => Self::P384,
            Some(other) => Self::Other(other),
            None => Self::Other(kind),
        })
    }

    /// Name or identifier for messages.
    pub fn in_words(self) -> String {
        match self {
            Self::P256 => "P-256".to_owned(),
            Self::P384 => "P-384".to_owned(),
            Self::Other(oid) => oid::dotted(oid),
        }
    }
}

fn version(fields: &mut Reader<'_>) -> Result<u64, Malformed> {
    let Some(tagged) = fields.optional(Tag::context(0))? else {
        return Ok(1);
    };
    let mut inner = fields.inside(&tagged);
    let version = inner.small_integer("the version")?;
    inner.finish("the version")?;
    match version {
        1 | 2 => Ok(version + 1),
        0 => Err(Malformed::new(tagged.at, "a default value spelled out (version 1) in DER")),
        other => Err(Malformed::new(tagged.at, format!("the unknown version number {other}"))),
    }
}

fn bits<'a>(reader: &mut Reader<'a>, what: &str) -> Result<&'a [u8], Malformed> {
    let element = reader.expect(Tag::BIT_STRING, what)?;
    match element.content {
        [0, bits @ ..] => Ok(bits),
        _ => Err(Malformed::new(element.at, format!("{what} is no whole number of bytes"))),
    }
}

fn extensions<'a>(fields: &mut Reader<'a>) -> Result<Reader<'a>, Malformed> {
    let Some(tagged) = fields.optional(Tag::context(3))? else {
        let mut none = fields.clone();
        while !none.is_at_end() {
            none.next()?;
        }
        return Ok(none);
    };
    let mut inner = fields.inside(&tagged);
    let list = inner.sequence("the extensions")?;
    inner.finish("the extensions")?;
    let mut walk = list.clone();
    let mut count = 0;
    while !walk.is_at_end() {
        Extension::read(&mut walk)?;
        count += 1;
        if count > MAX_EXTENSIONS {
            return Err(Malformed::new(
                tagged.at,
                format!("more than {MAX_EXTENSIONS} extensions"),
            ));
        }
    }
    Ok(list)
}

fn time(validity: &mut Reader<'_>) -> Result<Timestamp, Malformed> {
    let element = validity.next()?;
    instant(&element).ok_or_else(|| {
        Malformed::new(element.at, "no UTCTime or GeneralizedTime to the second in UTC")
    })
}

fn instant(element: &Element<'_>) -> Option<Timestamp> {
    let (digits, century) = match (element.tag, element.content) {
        (Tag::UTC_TIME, [digits @ .., b'Z']) if digits.len() == 12 => (digits, None),
        (Tag::GENERALIZED_TIME, [digits @ .., b'Z']) if digits.len() == 14 => {
            (&digits[2..], Some(pair(digits, 0)?))
        }
        _ => return None,
    };
    let year = pair(digits, 0)?;
    // RFC 5280 4.1.2.5.1: two digits from 50 up mean the last century.
    let year = match century {
        Some(century) => 100 * i16::from(century) + i16::from(year),
        None => i16::from(year) + if year >= 50 { 1900 } else { 2000 },
    };
    let part = |index: usize| pair(digits, 2 * index);
    let at = DateTime::new(year, part(1)?, part(2)?, part(3)?, part(4)?, part(5)?, 0).ok()?;
    // "No end" is written 99991231235959Z, which lies a little beyond what a timestamp holds.
    Some(TimeZone::UTC.to_timestamp(at).unwrap_or(Timestamp::MAX))
}

fn pair(digits: &[u8], at: usize) -> Option<i8> {
    let digit = |at: usize| {
        let byte = digits.get(at)?;
        byte.is_ascii_digit().then(|| i8::try_from(byte - b'0').ok()).flatten()
    };
    Some(10 * digit(at)? + digit(at + 1)?)
}
