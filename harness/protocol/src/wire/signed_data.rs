use super::tlv::{Reader, Rules, Tag};
use super::{Malformed, SignatureAlgorithm, oid};

/// Of each segment where it begins in the input, and its length.
pub(super) type Segments = Vec<(usize, usize)>;

/// The signature container of a receipt (RFC 5652), its content joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SignedData<'a> {
    pub content: Vec<u8>,
    pub segments: Segments,
    pub certificates: Vec<&'a [u8]>,
    pub signers: Vec<Signer<'a>>,
}

/// One signature in a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer<'a> {
    /// Issuer's name of the signer's certificate, DER.
    pub issuer: &'a [u8],
    /// Serial number of the signer's certificate, content bytes.
    pub serial: &'a [u8],
    /// Identifier of the digest.
    pub digest: &'a [u8],
    /// Whether signed attributes are present; the one genuine receipt that has them is signed
    /// over the content all the same.
    pub has_signed_attributes: bool,
    /// How it is signed.
    pub algorithm: SignatureAlgorithm<'a>,
    /// The signature over the content.
    pub signature: &'a [u8],
}

/// Segments may nest in BER; genuine ones do not.
const MAX_SEGMENT_DEPTH: usize = 4;

impl<'a> SignedData<'a> {
    pub(super) fn decode(input: &'a [u8]) -> Result<Self, Malformed> {
        let mut outer = Reader::new(input, 0, Rules::Ber);
        let mut info = outer.sequence("the receipt")?;
        outer.finish("the receipt")?;
        identifier(&mut info, oid::SIGNED_DATA, "the receipt's type")?;
        let tagged = info.expect(Tag::context(0), "the signed data")?;
        info.finish("the signed data")?;
        let mut tagged = info.inside(&tagged);
        let mut members = tagged.sequence("the signed data")?;
        tagged.finish("the signed data")?;

        members.small_integer("the signed data's version")?;
        members.expect(Tag::SET, "the digest algorithms")?;
        let mut content_info = members.sequence("the content")?;
        identifier(&mut content_info, oid::DATA, "the content's type")?;
        let (content, segments) = content(&mut content_info)?;
        let mut certificates = Vec::new();
        if let Some(element) = members.optional(Tag::context(0))? {
            let mut list = members.inside(&element);
            while !list.is_at_end() {
                certificates.push(list.expect(Tag::SEQUENCE, "a certificate")?.whole);
            }
        }
        members.optional(Tag::context(1))?;
        let set = members.expect(Tag::SET, "the signers")?;
        members.finish("the signers")?;
        let mut list = members.inside(&set);
        let mut signers = Vec::new();
        while !list.is_at_end() {
            signers.push(Signer::read(&mut list)?);
        }
        Ok(Self { content, segments, certificates, signers })
    }
}

impl<'a> Signer<'a> {
    fn read(list: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut members = list.sequence("a signer")?;
        members.small_integer("the signer's version")?;
        let mut name = members.sequence("the signer's issuer and serial number")?;
        let issuer = name.expect(Tag::SEQUENCE, "the signer's issuer")?.whole;
        let serial = name.expect(Tag::INTEGER, "the signer's serial number")?.content;
        name.finish("the signer's serial number")?;
        let mut digest = members.sequence("the digest algorithm")?;
        let digest = digest.expect(Tag::OID, "the digest algorithm")?.content;
        let has_signed_attributes = members.optional(Tag::context(0))?.is_some();
        let algorithm = SignatureAlgorithm::read(&mut members)?;
        let signature = members.expect(Tag::OCTET_STRING, "the signature")?.content;
        members.optional(Tag::context(1))?;
        members.finish("the signature")?;
        Ok(Self { issuer, serial, digest, has_signed_attributes, algorithm, signature })
    }
}

fn identifier(reader: &mut Reader<'_>, wanted: &[u8], what: &str) -> Result<(), Malformed> {
    let element = reader.expect(Tag::OID, what)?;
    if element.content == wanted {
        return Ok(());
    }
    let (found, wanted) = (oid::dotted(element.content), oid::dotted(wanted));
    Err(Malformed::new(element.at, format!("{what} is {found} instead of {wanted}")))
}

fn content(info: &mut Reader<'_>) -> Result<(Vec<u8>, Segments), Malformed> {
    let tagged = info.expect(Tag::context(0), "the content")?;
    info.finish("the content")?;
    let mut tagged = info.inside(&tagged);
    let (mut content, mut segments) = (Vec::new(), Vec::new());
    join(&mut tagged, 0, &mut content, &mut segments)?;
    tagged.finish("the content")?;
    Ok((content, segments))
}

fn join(
    reader: &mut Reader<'_>,
    depth: usize,
    content: &mut Vec<u8>,
    segments: &mut Segments,
) -> Result<(), Malformed> {
    if let Some(whole) = reader.optional(Tag::OCTET_STRING)? {
        content.extend_from_slice(whole.content);
        segments.push((whole.content_at, whole.content.len()));
        return Ok(());
    }
    let segmented = reader.expect(Tag::SEGMENTED_OCTET_STRING, "an octet string")?;
    if depth == MAX_SEGMENT_DEPTH {
        return Err(Malformed::new(segmented.at, "segments within segments within segments"));
    }
    let mut parts = reader.inside(&segmented);
    while !parts.is_at_end() {
        join(&mut parts, depth + 1, content, segments)?;
    }
    Ok(())
}
