use super::Malformed;
use super::signed_data::{SignedData, Signer};
use super::tlv::{Reader, Rules, Tag};
use jiff::Timestamp;
use std::ops::Range;

/// A receipt: typed fields, signed in a CMS `SignedData`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt<'a> {
    /// What is signed, its segments joined.
    pub content: Vec<u8>,
    /// Lengths of the segments; genuine receipts have 1000 bytes and the rest.
    pub segments: Vec<usize>,
    /// The certificates that came along, each in DER, not yet read.
    pub certificates: Vec<&'a [u8]>,
    /// The signatures; genuine receipts have one.
    pub signers: Vec<Signer<'a>>,
    /// The fields in their order, no number twice.
    pub fields: Vec<ReceiptField>,
}

/// One typed field of a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptField {
    /// What it means.
    pub number: u64,
    /// 1 in genuine receipts.
    pub version: u64,
    /// Where its value lies in the content.
    pub value: Range<usize>,
}

impl<'a> Receipt<'a> {
    /// Reads container and fields; offsets in errors are into `input`, also for the joined content.
    pub fn decode(input: &'a [u8]) -> Result<Self, Malformed> {
        let SignedData { content, segments, certificates, signers } = SignedData::decode(input)?;
        let fields = fields(&content)
            .map_err(|error| Malformed { at: outermost(&segments, error.at), ..error })?;
        let segments = segments.into_iter().map(|(_, length)| length).collect();
        Ok(Self { content, segments, certificates, signers, fields })
    }

    /// The value of a field.
    pub fn field(&self, number: u64) -> Option<&[u8]> {
        let field = self.fields.iter().find(|field| field.number == number)?;
        self.content.get(field.value.clone())
    }

    /// Field 2.
    pub fn app_id(&self) -> Option<&str> {
        self.text(2)
    }

    /// Field 3: the credential certificate in DER.
    pub fn certificate(&self) -> Option<&[u8]> {
        self.field(3)
    }

    /// Field 4: the client data hash; intact only in receipts of kind `ATTEST`.
    pub fn client_hash(&self) -> Option<&[u8]> {
        self.field(4)
    }

    /// Field 5.
    pub fn token(&self) -> Option<&str> {
        self.text(5)
    }

    /// Field 6: `ATTEST` from the device, `RECEIPT` from Apple's endpoint.
    pub fn kind(&self) -> Option<&str> {
        self.text(6)
    }

    /// Field 7: `sandbox` or `production`.
    pub fn environment(&self) -> Option<&str> {
        self.text(7)
    }

    /// Field 12; none if absent or no RFC 3339 instant.
    pub fn creation_time(&self) -> Option<Timestamp> {
        self.instant(12)
    }

    /// Field 17, in `RECEIPT` only; none if absent (which is not 0) or no decimal number.
    pub fn risk_metric(&self) -> Option<u64> {
        let text = self.text(17)?;
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
    }

    /// Field 19: the earliest refresh; in `RECEIPT` only.
    pub fn not_before(&self) -> Option<Timestamp> {
        self.instant(19)
    }

    /// Field 21.
    pub fn expiration(&self) -> Option<Timestamp> {
        self.instant(21)
    }

    fn text(&self, number: u64) -> Option<&str> {
        std::str::from_utf8(self.field(number)?).ok()
    }

    fn instant(&self, number: u64) -> Option<Timestamp> {
        self.text(number)?.parse().ok()
    }
}

/// Reads `SET OF SEQUENCE { number, version, OCTET STRING }`; genuine sets are not sorted.
fn fields(content: &[u8]) -> Result<Vec<ReceiptField>, Malformed> {
    let mut outer = Reader::new(content, 0, Rules::Ber);
    let set = outer.expect(Tag::SET, "the set of fields")?;
    outer.finish("the set of fields")?;
    let mut list = outer.inside(&set);
    let mut fields: Vec<ReceiptField> = Vec::new();
    while !list.is_at_end() {
        let at = list.offset();
        let mut members = list.sequence("a field")?;
        let number = members.small_integer("a field's number")?;
        let version = members.small_integer("a field's version")?;
        let value = members.expect(Tag::OCTET_STRING, "a field's value")?;
        members.finish("a field's value")?;
        if fields.iter().any(|field| field.number == number) {
            return Err(Malformed::new(at, format!("field {number} occurs twice")));
        }
        if fields.len() == MAX_FIELDS {
            return Err(Malformed::new(at, format!("more than {MAX_FIELDS} fields")));
        }
        let value = value.content_at..value.content_at + value.content.len();
        fields.push(ReceiptField { number, version, value });
    }
    Ok(fields)
}

/// Genuine receipts have up to 10; the bound keeps the search for doubles cheap.
const MAX_FIELDS: usize = 64;

/// The offset in the input of an offset in the joined content.
fn outermost(segments: &[(usize, usize)], at: usize) -> usize {
    let mut before = 0;
    for (start, length) in segments {
        if at < before + length {
            return start + at - before;
        }
        before += length;
    }
    segments.last().map_or(0, |(start, length)| start + length)
}
