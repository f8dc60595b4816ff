use super::cbor::{Key, Reader};
use super::{Deviation, Malformed};

/// What the device says about the key and itself: RP ID hash, flags, counter, and more.
///
/// Neither the AT nor the ED flag drives the reading: genuine assertions set AT without a
/// credential, and genuine objects carry extensions with ED clear. The length tells. Only ED set
/// where nothing follows is malformed: no genuine object does that.
#[derive(Debug, Clone, PartialEq, Eq)]
#[doc(alias = "authData")]
pub struct AuthenticatorData<'a> {
    /// SHA-256 of the App ID.
    pub rp_id_hash: &'a [u8; 32],
    /// The flags byte, `40` or `c0` in genuine objects.
    pub flags: u8,
    /// How many assertions the key has made.
    #[doc(alias = "signCount")]
    pub counter: u32,
    /// The attested credential; present in attestations only.
    pub attested: Option<AttestedCredential<'a>>,
    /// The extension map of OS 27 and later.
    pub extensions: Option<Extensions<'a>>,
    /// What is legal but unlike a genuine object.
    pub deviations: Vec<Deviation>,
}

/// The credential part of an attestation's authenticator data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttestedCredential<'a> {
    /// Names the environment.
    pub aaguid: &'a [u8; 16],
    /// The key id in genuine objects, of any length here.
    pub credential_id: &'a [u8],
    /// The public key once more.
    pub cose_key: CoseKey<'a>,
}

/// An elliptic-curve key in COSE form, members as found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoseKey<'a> {
    /// Label 1; 2 is EC2.
    pub key_type: i64,
    /// Label 3; -7 is ES256.
    pub algorithm: i64,
    /// Label -1; 1 is P-256.
    pub curve: i64,
    /// Label -2.
    pub x: &'a [u8],
    /// Label -3.
    pub y: &'a [u8],
    /// Label -4, `d`, which a public key has not.
    pub has_private_part: bool,
}

/// The extension map.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extensions<'a> {
    /// `CFBundleVersion` of the running app.
    pub bundle_version: Option<&'a str>,
    /// How the app was distributed (little endian on the wire).
    pub validation_category: Option<u32>,
    /// Hash of the code directory (macOS).
    pub cd_hash: Option<&'a [u8]>,
    /// Kind of that hash.
    pub cd_hash_type: Option<&'a [u8]>,
    /// Keys we do not know, which is allowed.
    pub unknown_keys: Vec<&'a str>,
}

/// The flag ED (WebAuthn 6.1).
const EXTENSION_DATA: u8 = 0x80;
/// Where the flags are.
const FLAGS_AT: usize = 32;
/// Genuine maps have 3; the bound keeps hostile ones cheap.
const MAX_EXTENSIONS: usize = 64;
/// Bytes of the whole map; genuine ones take up to 116.
const MAX_EXTENSION_BYTES: usize = 4096;

const BUNDLE_VERSION: &str = "apple_bundle_version_01";
const VALIDATION_CATEGORY: &str = "apple_validation_category_01";
const CD_HASH: &str = "apple_cd_hash_hash_01";
const CD_HASH_TYPE: &str = "apple_cd_hash_type_01";

impl<'a> AuthenticatorData<'a> {
    /// Reads an attestation's: 37 bytes, the attested credential, and nothing or an extension map.
    pub fn decode_attestation(input: &'a [u8]) -> Result<Self, Malformed> {
        let (mut data, mut at) = Self::head(input)?;
        let aaguid = take::<16>(input, &mut at, "AAGUID")?;
        let length =
            usize::from(u16::from_be_bytes(*take::<2>(input, &mut at, "credential id length")?));
        let credential_id = input.get(at..at + length).ok_or_else(|| {
            Malformed::new(
                at - 2,
                format!("a credential id of {length} bytes where {} are left", input.len() - at),
            )
        })?;
        at += length;
        let mut reader = Reader::new(&input[at..], at);
        let cose_key = CoseKey::read(&mut reader)?;
        data.attested = Some(AttestedCredential { aaguid, credential_id, cose_key });
        data.extended(reader)
    }

    /// Reads an assertion's: 37 bytes, and nothing or an extension map.
    pub fn decode_assertion(input: &'a [u8]) -> Result<Self, Malformed> {
        let (data, at) = Self::head(input)?;
        data.extended(Reader::new(&input[at..], at))
    }

    fn head(input: &'a [u8]) -> Result<(Self, usize), Malformed> {
        let mut at = 0;
        let rp_id_hash = take::<32>(input, &mut at, "RP ID hash")?;
        let [flags] = *take::<1>(input, &mut at, "flags")?;
        let counter = u32::from_be_bytes(*take::<4>(input, &mut at, "counter")?);
        let deviations = Vec::new();
        Ok((Self { rp_id_hash, flags, counter, attested: None, extensions: None, deviations }, at))
    }

    fn extended(mut self, mut reader: Reader<'a>) -> Result<Self, Malformed> {
        if !reader.is_at_end() {
            self.extensions = Some(Extensions::read(&mut reader)?);
            reader.finish("the extension map")?;
        } else if self.flags & EXTENSION_DATA != 0 {
            let what = "the flag ED announces extensions, and nothing follows";
            return Err(Malformed::new(FLAGS_AT, what));
        }
        self.deviations = reader.into_deviations();
        Ok(self)
    }
}

impl AttestedCredential<'_> {
    /// The COSE key as an uncompressed point `04‖X‖Y`; none if a coordinate is not 32 bytes.
    pub fn point(&self) -> Option<[u8; 65]> {
        let mut point = [4; 65];
        let (x, y): (&[u8; 32], &[u8; 32]) =
            (self.cose_key.x.try_into().ok()?, self.cose_key.y.try_into().ok()?);
        point[1..33].copy_from_slice(x);
        point[33..].copy_from_slice(y);
        Some(point)
    }
}

impl<'a> CoseKey<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let start = reader.offset();
        let (mut key_type, mut algorithm, mut curve) = (None, None, None);
        let (mut x, mut y) = (None, None);
        let mut has_private_part = false;
        let mut entries = reader.map("the COSE key")?;
        while let Some(key) = entries.next(reader)? {
            match key {
                Key::Unsigned(1) => key_type = Some(reader.integer("kty")?),
                Key::Unsigned(3) => algorithm = Some(reader.integer("alg")?),
                // `Negative(n)` is -1 - n.
                Key::Negative(0) => curve = Some(reader.integer("crv")?),
                Key::Negative(1) => x = Some(reader.bytes("x")?),
                Key::Negative(2) => y = Some(reader.bytes("y")?),
                Key::Negative(3) => {
                    has_private_part = true;
                    reader.skip()?;
                }
                Key::Unsigned(_)
                | Key::Negative(_)
                | Key::Text(_)
                | Key::Bytes(_)
                | Key::Other(_) => {
                    reader.skip_unknown(key, "the COSE key")?;
                }
            }
        }
        let missing = |name: &str| Malformed::new(start, format!("the COSE key has no {name}"));
        Ok(Self {
            key_type: key_type.ok_or_else(|| missing("kty"))?,
            algorithm: algorithm.ok_or_else(|| missing("alg"))?,
            curve: curve.ok_or_else(|| missing("crv"))?,
            x: x.ok_or_else(|| missing("x"))?,
            y: y.ok_or_else(|| missing("y"))?,
            has_private_part,
        })
    }
}

impl<'a> Extensions<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut found = Self::default();
        let start = reader.offset();
        let mut count = 0;
        let mut entries = reader.map("the extension map")?;
        while let Some(key) = entries.next(reader)? {
            count += 1;
            if count > MAX_EXTENSIONS {
                let what = format!("more than {MAX_EXTENSIONS} extensions");
                return Err(Malformed::new(reader.offset(), what));
            }
            match key {
                Key::Text(BUNDLE_VERSION) => {
                    found.bundle_version = Some(reader.text(BUNDLE_VERSION)?);
                }
                Key::Text(VALIDATION_CATEGORY) => {
                    let at = reader.offset();
                    let bytes = reader.bytes(VALIDATION_CATEGORY)?;
                    let category = bytes.try_into().map_err(|_| {
                        let length = bytes.len();
                        Malformed::new(
                            at,
                            format!("{VALIDATION_CATEGORY} has {length} bytes instead of 4"),
                        )
                    })?;
                    found.validation_category = Some(u32::from_le_bytes(category));
                }
                Key::Text(CD_HASH) => found.cd_hash = Some(reader.bytes(CD_HASH)?),
                Key::Text(CD_HASH_TYPE) => found.cd_hash_type = Some(reader.bytes(CD_HASH_TYPE)?),
                // New keys are expected with each OS, so they are no deviation.
                Key::Text(name) => {
                    found.unknown_keys.push(name);
                    reader.skip()?;
                }
                Key::Unsigned(_) | Key::Negative(_) | Key::Bytes(_) | Key::Other(_) => {
                    reader.skip_unknown(key, "the extension map")?;
                }
            }
        }
        if reader.offset() - start > MAX_EXTENSION_BYTES {
            let what = format!("an extension map of more than {MAX_EXTENSION_BYTES} bytes");
            return Err(Malformed::new(start, what));
        }
        Ok(found)
    }
}

fn take<'a, const N: usize>(
    input: &'a [u8],
    at: &mut usize,
    what: &str,
) -> Result<&'a [u8; N], Malformed> {
    let taken = input[*at..].first_chunk().ok_or_else(|| {
        let left = input.len() - *at;
        Malformed::new(*at, format!("{left} bytes left where the {what} takes {N}"))
    })?;
    *at += N;
    Ok(taken)
}
