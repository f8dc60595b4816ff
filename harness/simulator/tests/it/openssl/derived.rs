//! What must hold of genuine objects, worked out by OpenSSL alone and without our decoders.

use super::tool::{Element, Openssl};
use crate::parts::Parts;
use crate::template::Cbor;

/// An attestation and what the server knows when it arrives.
pub(crate) struct Attestation<'a> {
    pub(crate) name: String,
    pub(crate) object: &'a [u8],
    pub(crate) key_id: [u8; 32],
    pub(crate) client_data_hash: &'a [u8],
    /// Second at which the chain is judged.
    pub(crate) at: i64,
    /// The root it must chain to, PEM.
    pub(crate) root: &'a str,
}

/// An assertion and what the server knows when it arrives.
pub(crate) struct Assertion<'a> {
    pub(crate) name: String,
    pub(crate) object: &'a [u8],
    pub(crate) public_key: &'a [u8],
    pub(crate) client_data_hash: &'a [u8],
}

/// A receipt and the root it must chain to, PEM.
pub(crate) struct Receipt<'a> {
    pub(crate) name: String,
    pub(crate) object: &'a [u8],
    pub(crate) at: i64,
    pub(crate) root: &'a str,
}

impl Attestation<'_> {
    /// Chain, nonce, key id, credential id and COSE key; panics with what does not hold.
    pub(crate) fn check(&self, openssl: &Openssl) {
        let Self { name, object, key_id, client_data_hash, .. } = self;
        let parts = Parts::of(object);
        assert!(self.chains(openssl, self.root), "{name}: the chain");

        let data = parts.authenticator_data;
        let nonce = openssl.sha256(&[data, client_data_hash].concat());
        let expected = [&hex::decode("3024a1220420").unwrap(), &nonce[..]].concat();
        let nonces = nonce_extensions(openssl);
        assert_eq!(nonces.len(), 1, "{name}: nonce extensions");
        assert_eq!(hex::encode(&nonces[0]), hex::encode(expected), "{name}: the nonce");

        let point = openssl.certified_point();
        assert_eq!(openssl.sha256(&point), key_id, "{name}: the key id");
        assert_eq!(data[53..55], [0, 32], "{name}: the credential id's length");
        assert_eq!(data[55..87], key_id[..], "{name}: the credential id");
        assert_eq!(cose_point(&data[87..164]), hex::encode(&point), "{name}: the COSE key");
    }

    /// Whether the chain leads to that root; the leaf is left in `@leaf`.
    pub(crate) fn chains(&self, openssl: &Openssl, root: &str) -> bool {
        let object = Cbor::read(self.object).expect("one CBOR item");
        let certificates = object.get("attStmt").and_then(|statement| statement.get("x5c"));
        let certificate = |index| certificates.and_then(|x5c| x5c.element(index)?.bytes());
        openssl.file("leaf", certificate(0).expect("a leaf"));
        openssl.file("intermediate", certificate(1).expect("an intermediate"));
        openssl.file("root", root.as_bytes());
        let words = "-CAfile @root -untrusted @intermediate @leaf";
        openssl.ask(&format!("verify -attime {} {words}", self.at)).yes
    }
}

impl Assertion<'_> {
    /// Whether the signature over the nonce is valid.
    pub(crate) fn is_signed(&self, openssl: &Openssl) -> bool {
        let object = Cbor::read(self.object).expect("one CBOR item");
        let member = |name| object.get(name).and_then(Cbor::bytes).expect("a byte string");
        let data = member("authenticatorData");
        let nonce = openssl.sha256(&[data, self.client_data_hash].concat());
        openssl.use_point(self.public_key);
        openssl.file("signature", member("signature"));
        openssl.file("nonce", &nonce);
        openssl.ask("dgst -sha256 -verify @key -signature @signature @nonce").yes
    }
}

impl Receipt<'_> {
    /// The fields of a receipt whose signature and chain are valid; otherwise what OpenSSL says.
    pub(crate) fn fields(&self, openssl: &Openssl) -> Result<Vec<(u64, Vec<u8>)>, String> {
        openssl.file("receipt", self.object);
        openssl.file("root", self.root.as_bytes());
        // The certificates of Apple's signers name no purpose that OpenSSL asks for by itself.
        let words = "-binary -purpose any -inform DER -in @receipt -CAfile @root -out @content";
        let answer = openssl.ask(&format!("cms -verify -attime {} {words}", self.at));
        if !answer.yes {
            return Err(format!("{}: {}", self.name, answer.said));
        }
        Ok(fields(&openssl.elements("content")))
    }
}

/// The values of the nonce extension (1.2.840.113635.100.8.2) in `@leaf`.
fn nonce_extensions(openssl: &Openssl) -> Vec<Vec<u8>> {
    let elements = openssl.elements("leaf");
    elements
        .windows(2)
        .filter(|pair| pair[0].kind == "OBJECT" && pair[0].value == b"1.2.840.113635.100.8.2")
        .map(|pair| pair[1].value.clone())
        .collect()
}

/// Type and value of each field: INTEGER, INTEGER, OCTET STRING.
fn fields(elements: &[Element]) -> Vec<(u64, Vec<u8>)> {
    let number = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    elements
        .windows(3)
        .filter(|three| three[0].kind == "INTEGER" && three[2].kind == "OCTET STRING")
        .map(|three| (number(&three[0].value), three[2].value.clone()))
        .collect()
}

/// The point of a COSE key of 77 bytes, in hexadecimal: `{1: 2, 3: -7, -1: 1, -2: x, -3: y}`.
fn cose_point(bytes: &[u8]) -> String {
    let text = hex::encode(bytes);
    let x = text.strip_prefix("a5010203262001215820").expect("kty, alg, crv and then x");
    let (x, y) = x.split_at(64);
    let y = y.strip_prefix("225820").expect("y after x");
    format!("04{x}{y}")
}
