//! A test authority of the same shape as Apple's: two roots that know nothing of each other.
//!
//! Names have the lengths of Apple's, so that objects have the lengths of genuine ones, but each
//! says "Assay Test". Addresses in certificates end in `.test`, which no resolver answers.

mod profile;

use crate::{certificate::CertificateModel, key::Key, seed::Seed};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use std::sync::Arc;

/// Root and intermediate of attestations, and the chain of receipts under a root of its own.
///
/// Roots depend on the seed alone, since servers install them once. What is below them is renewed
/// as time goes by, as Apple's is, so that it is valid at the time the authority was made for.
#[derive(Debug, Clone)]
pub struct Authority {
    parts: Arc<Parts>,
    is_open: bool,
}

#[derive(Debug)]
struct Parts {
    root: Minted,
    intermediate: Minted,
    receipt_root: Minted,
    receipt_intermediate: Minted,
    receipt_signer: Minted,
}

/// A certificate, its private key and its bytes, sealed once.
#[derive(Debug)]
struct Minted {
    model: CertificateModel,
    key: Key,
    der: Vec<u8>,
}

impl Authority {
    /// The authority of a seed, valid at `now` (2021 to 2039).
    pub fn new(seed: &Seed, now: Timestamp) -> Self {
        let root_key = Key::p384(&seed.child("attestation root", 0));
        let intermediate_key = Key::p384(&seed.child("attestation intermediate", 0));
        let receipt_root_key = Key::p384(&seed.child("receipt root", 0));
        let receipt_intermediate_key = Key::p256(&seed.child("receipt intermediate", 0));
        let year = profile::receipt_signer_year(now);
        let receipt_signer_key =
            Key::p256(&seed.child("receipt signer", year.unsigned_abs().into()));

        let root = profile::root(seed, &root_key);
        let intermediate = profile::intermediate(seed, &intermediate_key, &root_key, now);
        let receipt_root = profile::receipt_root(seed, &receipt_root_key);
        let receipt_intermediate =
            profile::receipt_intermediate(seed, &receipt_intermediate_key, &receipt_root_key, now);
        let receipt_signer =
            profile::receipt_signer(seed, &receipt_signer_key, &receipt_intermediate_key, year);
        let parts = Parts {
            root: Minted::new(root, root_key),
            intermediate: Minted::new(intermediate, intermediate_key),
            receipt_root: Minted::new(receipt_root, receipt_root_key),
            receipt_intermediate: Minted::new(receipt_intermediate, receipt_intermediate_key),
            receipt_signer: Minted::new(receipt_signer, receipt_signer_key),
        };
        Self { parts: Arc::new(parts), is_open: false }
    }

    /// The same, with keys that need not be kept secret: those of a seed that stands in a record.
    /// What is made of them may give them away.
    #[must_use]
    pub fn opened(self) -> Self {
        Self { is_open: true, ..self }
    }

    /// Whether its keys may be given away; not until it was told so, since whoever has the keys of
    /// an authority can enrol at every server that trusts it.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// The trust anchor of attestations, DER.
    pub fn root_der(&self) -> &[u8] {
        &self.parts.root.der
    }

    /// The trust anchor of attestations, PEM with a line that says what it is for.
    pub fn root_pem(&self) -> String {
        pem(&self.parts.root.der)
    }

    /// The intermediate that issues leaves, DER.
    pub fn intermediate_der(&self) -> &[u8] {
        &self.parts.intermediate.der
    }

    /// The trust anchor of receipts, DER.
    pub fn receipt_root_der(&self) -> &[u8] {
        &self.parts.receipt_root.der
    }

    /// The trust anchor of receipts, PEM with a line that says what it is for.
    pub fn receipt_root_pem(&self) -> String {
        pem(&self.parts.receipt_root.der)
    }

    /// The root, to be edited or copied.
    pub fn root(&self) -> &CertificateModel {
        &self.parts.root.model
    }

    /// The root's private key.
    pub fn root_key(&self) -> &Key {
        &self.parts.root.key
    }

    /// The intermediate, to be edited or copied.
    pub fn intermediate(&self) -> &CertificateModel {
        &self.parts.intermediate.model
    }

    /// The intermediate's private key, which signs leaves.
    pub fn intermediate_key(&self) -> &Key {
        &self.parts.intermediate.key
    }

    /// The certificates of a receipt: signer, intermediate, root.
    pub fn receipt_chain(&self) -> [&CertificateModel; 3] {
        let parts = &*self.parts;
        [&parts.receipt_signer.model, &parts.receipt_intermediate.model, &parts.receipt_root.model]
    }

    /// The private key of the receipts' intermediate.
    pub fn receipt_intermediate_key(&self) -> &Key {
        &self.parts.receipt_intermediate.key
    }

    /// The key that signs receipts.
    pub fn receipt_signer_key(&self) -> &Key {
        &self.parts.receipt_signer.key
    }

    /// Seals a certificate, or hands out the bytes made before if it is one of the authority's
    /// own, unedited: signing is deterministic, so both are the same bytes.
    pub(crate) fn seal(&self, model: &CertificateModel) -> Vec<u8> {
        let parts = &*self.parts;
        [
            &parts.intermediate,
            &parts.receipt_signer,
            &parts.receipt_intermediate,
            &parts.receipt_root,
            &parts.root,
        ]
        .into_iter()
        .find(|minted| minted.model == *model)
        .map_or_else(|| model.seal(), |minted| minted.der.clone())
    }
}

impl Minted {
    fn new(model: CertificateModel, key: Key) -> Self {
        let der = model.seal();
        Self { model, key, der }
    }
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!(
        "# TEST ONLY: a root of Assay's test authority. Its private key follows from a seed.\n\
         -----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}
