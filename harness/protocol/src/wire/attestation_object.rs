use super::cbor::{Key, Reader};
use super::{Deviation, Malformed};

/// `{fmt, attStmt: {x5c, receipt}, authData}`: what `attestKey` hands to the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttestationObject<'a> {
    /// `fmt`, `apple-appattest` in genuine objects.
    pub format: &'a str,
    /// `x5c`, the credential certificate first, each in DER, not yet read.
    #[doc(alias = "x5c")]
    pub certificates: Vec<&'a [u8]>,
    /// The receipt, not yet read.
    pub receipt: Option<&'a [u8]>,
    /// `authData`, not yet read; the nonce covers exactly these bytes.
    #[doc(alias = "authData")]
    pub authenticator_data: &'a [u8],
    /// What is legal but unlike a genuine object.
    pub deviations: Vec<Deviation>,
}

/// `x5c` and `receipt`.
type Statement<'a> = (Vec<&'a [u8]>, Option<&'a [u8]>);

impl<'a> AttestationObject<'a> {
    /// Reads the container; fails on anything but one map with the three members, each once.
    pub fn decode(input: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(input, 0);
        let mut format = None;
        let mut statement = None;
        let mut authenticator_data = None;
        let mut entries = reader.map("the attestation object")?;
        while let Some(key) = entries.next(&mut reader)? {
            match key {
                Key::Text("fmt") => format = Some(reader.text("fmt")?),
                Key::Text("attStmt") => statement = Some(Self::statement(&mut reader)?),
                Key::Text("authData") => authenticator_data = Some(reader.bytes("authData")?),
                Key::Text(_)
                | Key::Bytes(_)
                | Key::Unsigned(_)
                | Key::Negative(_)
                | Key::Other(_) => {
                    reader.skip_unknown(key, "the attestation object")?;
                }
            }
        }
        reader.finish("the attestation object")?;
        let missing = |name: &str| Malformed::new(0, format!("{name} is missing"));
        let (certificates, receipt) = statement.ok_or_else(|| missing("attStmt"))?;
        Ok(Self {
            format: format.ok_or_else(|| missing("fmt"))?,
            certificates,
            receipt,
            authenticator_data: authenticator_data.ok_or_else(|| missing("authData"))?,
            deviations: reader.into_deviations(),
        })
    }

    fn statement(reader: &mut Reader<'a>) -> Result<Statement<'a>, Malformed> {
        let start = reader.offset();
        let mut certificates = None;
        let mut receipt = None;
        let mut entries = reader.map("attStmt")?;
        while let Some(key) = entries.next(reader)? {
            match key {
                Key::Text("x5c") => {
                    let mut found = Vec::with_capacity(2);
                    let mut extent = reader.array("x5c")?;
                    while reader.another(&mut extent) {
                        found.push(reader.bytes("a member of x5c")?);
                    }
                    certificates = Some(found);
                }
                Key::Text("receipt") => receipt = Some(reader.bytes("receipt")?),
                Key::Text(_)
                | Key::Bytes(_)
                | Key::Unsigned(_)
                | Key::Negative(_)
                | Key::Other(_) => {
                    reader.skip_unknown(key, "attStmt")?;
                }
            }
        }
        let certificates = certificates.ok_or_else(|| Malformed::new(start, "x5c is missing"))?;
        Ok((certificates, receipt))
    }
}
