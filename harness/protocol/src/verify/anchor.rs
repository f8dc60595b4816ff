use super::known::Known;
use crate::wire::{Certificate, Curve, Malformed};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::sync::Arc;

/// A root that is trusted because it was pinned, never because it came along.
#[derive(Debug, Clone)]
pub struct TrustAnchor {
    der: Vec<u8>,
    subject: Vec<u8>,
    curve: Curve<'static>,
    point: Vec<u8>,
    path_length: Option<u64>,
    known: Option<Arc<Known>>,
}

impl PartialEq for TrustAnchor {
    fn eq(&self, other: &Self) -> bool {
        // The rest follows from it, and what was met since makes no other anchor of it.
        self.der == other.der
    }
}

impl Eq for TrustAnchor {}

impl TrustAnchor {
    /// Takes name and key of a certificate on P-256 or P-384; its own dates and signature are not looked at.
    pub fn from_der(der: &[u8]) -> Result<Self, Malformed> {
        let certificate = Certificate::decode(der)?;
        let curve = match certificate.curve {
            Curve::P256 => Curve::P256,
            Curve::P384 => Curve::P384,
            Curve::Other(_) => {
                let curve = certificate.curve.in_words();
                let what =
                    format!("a trust anchor's key on P-256 or P-384 is expected, not {curve}");
                return Err(Malformed { at: 0, what });
            }
        };
        let constraints = certificate.extension(crate::wire::oid::BASIC_CONSTRAINTS);
        let constraints = constraints.map(|found| found.basic_constraints()).transpose()?;
        Ok(Self {
            der: der.to_vec(),
            subject: certificate.subject.to_vec(),
            curve,
            point: certificate.point.to_vec(),
            path_length: constraints.and_then(|found| found.path_length),
            known: None,
        })
    }

    /// The same anchor, which remembers certificates that were found to lead to it, 16 at most, so that their
    /// signatures are not checked again. Everything else about them is, their dates included. Clones
    /// share what is remembered.
    #[must_use]
    pub fn remembering(self) -> Self {
        Self { known: Some(Arc::default()), ..self }
    }

    /// Takes the one certificate of a PEM text; lines outside of the markers are comments.
    pub fn from_pem(text: &str) -> Result<Self, Malformed> {
        const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
        const END: &str = "-----END CERTIFICATE-----";
        let bad = |at, what: &str| Malformed { at, what: what.to_owned() };
        let start = text.find(BEGIN).ok_or_else(|| bad(0, "no PEM certificate begins"))?;
        let body = start + BEGIN.len();
        let length =
            text[body..].find(END).ok_or_else(|| bad(start, "a PEM certificate without end"))?;
        let end = body + length;
        if let Some(more) = text[end..].find(BEGIN) {
            return Err(bad(end + more, "a second certificate where one trust anchor is expected"));
        }
        let base64: String = text[body..end].split_whitespace().collect();
        let der =
            STANDARD.decode(base64).map_err(|error| bad(body, &format!("no base64: {error}")))?;
        Self::from_der(&der)
    }

    /// Apple App Attestation Root CA, which vouches for attestations.
    pub fn apple_app_attestation() -> Self {
        Self::from_pem(include_str!("roots/apple_app_attestation_root_ca.pem"))
            .expect("the embedded certificate is read by a test")
    }

    /// Apple Root CA - G3, which vouches for receipts.
    pub fn apple_root_g3() -> Self {
        Self::from_pem(include_str!("roots/AppleRootCA-G3.pem"))
            .expect("the embedded certificate is read by a test")
    }

    /// The certificate it was taken from.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    pub(super) fn known(&self) -> Option<&Known> {
        self.known.as_deref()
    }

    pub(crate) fn subject(&self) -> &[u8] {
        &self.subject
    }

    pub(crate) fn curve(&self) -> Curve<'static> {
        self.curve
    }

    pub(crate) fn point(&self) -> &[u8] {
        &self.point
    }

    pub(crate) fn path_length(&self) -> Option<u64> {
        self.path_length
    }
}
