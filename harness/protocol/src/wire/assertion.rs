use super::cbor::{Key, Reader};
use super::{Deviation, Malformed};

/// `{signature, authenticatorData}`: what `generateAssertion` hands to the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion<'a> {
    /// An ECDSA signature in DER, 8 to 72 bytes if it is one.
    pub signature: &'a [u8],
    /// Authenticator data, not yet read; the signature covers exactly these bytes.
    pub authenticator_data: &'a [u8],
    /// What is legal but unlike a genuine object.
    pub deviations: Vec<Deviation>,
}

impl<'a> Assertion<'a> {
    /// Reads the container; fails on anything but one map with the two members, each once.
    pub fn decode(input: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(input, 0);
        let mut signature = None;
        let mut authenticator_data = None;
        let mut entries = reader.map("the assertion")?;
        while let Some(key) = entries.next(&mut reader)? {
            match key {
                Key::Text("signature") => signature = Some(reader.bytes("signature")?),
                Key::Text("authenticatorData") => {
                    authenticator_data = Some(reader.bytes("authenticatorData")?);
                }
                Key::Text(_)
                | Key::Bytes(_)
                | Key::Unsigned(_)
                | Key::Negative(_)
                | Key::Other(_) => {
                    reader.skip_unknown(key, "the assertion")?;
                }
            }
        }
        reader.finish("the assertion")?;
        let missing = |name: &str| Malformed::new(0, format!("{name} is missing"));
        Ok(Self {
            signature: signature.ok_or_else(|| missing("signature"))?,
            authenticator_data: authenticator_data.ok_or_else(|| missing("authenticatorData"))?,
            deviations: reader.into_deviations(),
        })
    }
}
