//! A whole attestation object, honest until edited.

use crate::{
    authenticator_data::AuthenticatorDataModel,
    authority::Authority,
    certificate::CertificateModel,
    container::{MapModel, Tail},
    derived::Derived,
    encode::cbor::{Form, Item},
    receipt::ReceiptModel,
};
use protocol::terms::nonce;

/// An attestation before it is sealed.
///
/// Values run one way: authenticator data and client data hash make the nonce, the nonce goes into
/// the leaf, the leaf is signed and goes into the receipt, the receipt is signed, and the container
/// holds them all. An edit is followed by everything downstream, unless that is pinned.
#[derive(Debug, Clone)]
pub struct AttestationModel {
    /// Authenticator data.
    pub authenticator_data: AuthenticatorDataModel,
    /// The client data hash the device was asked to attest.
    pub client_data_hash: Vec<u8>,
    /// The nonce: SHA-256 of authenticator data and client data hash.
    pub nonce: Derived<Vec<u8>>,
    /// The credential certificate.
    pub leaf: CertificateModel,
    /// The certificates above it, the leaf's issuer first, no root.
    pub chain: Vec<CertificateModel>,
    /// The receipt.
    pub receipt: ReceiptModel,
    /// The CBOR around them.
    pub container: ContainerModel,
    authority: Authority,
}

/// The CBOR of an attestation object.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerModel {
    /// The value of `fmt`.
    pub format: Item,
    /// The outer map.
    pub object: MapModel<ObjectPart>,
    /// The map `attStmt`.
    pub statement: MapModel<StatementPart>,
    /// The elements of `x5c`; computed: the leaf and all of the chain.
    pub certificates: Derived<Vec<ChainElement>>,
    /// What follows, and where the object is cut.
    pub tail: Tail,
}

/// What the outer map holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectPart {
    /// `fmt`
    Format,
    /// `attStmt`
    Statement,
    /// `authData`
    AuthenticatorData,
}

/// What the attestation statement holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementPart {
    /// `x5c`
    Certificates,
    /// `receipt`
    Receipt,
}

/// One element of `x5c`.
#[derive(Debug, Clone, PartialEq)]
pub enum ChainElement {
    /// The credential certificate.
    Leaf(Form),
    /// The certificate at this place of the model's chain; nothing if there is none.
    Chain(usize, Form),
    /// Anything else.
    Item(Item),
}

/// The parts of a sealed attestation, each as it was computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedAttestation {
    /// Authenticator data as the nonce covers it.
    pub authenticator_data: Vec<u8>,
    /// The nonce as the leaf carries it.
    pub nonce: Vec<u8>,
    /// The credential certificate.
    pub leaf: Vec<u8>,
    /// The certificates above it.
    pub chain: Vec<Vec<u8>>,
    /// The receipt.
    pub receipt: Vec<u8>,
    /// The attestation object.
    pub object: Vec<u8>,
}

impl AttestationModel {
    pub(crate) fn honest(
        authority: &Authority,
        authenticator_data: AuthenticatorDataModel,
        client_data_hash: &[u8],
        leaf: CertificateModel,
        receipt: ReceiptModel,
    ) -> Self {
        Self {
            authenticator_data,
            client_data_hash: client_data_hash.to_vec(),
            nonce: Derived::Computed,
            leaf,
            chain: vec![authority.intermediate().clone()],
            receipt,
            container: ContainerModel::honest(),
            authority: authority.clone(),
        }
    }

    /// The attestation object.
    pub fn seal(&self) -> Vec<u8> {
        self.seal_parts().object
    }

    /// The attestation object and everything it was made of.
    pub fn seal_parts(&self) -> SealedAttestation {
        let authenticator_data = self.authenticator_data.seal();
        let nonce =
            self.nonce.or_else(|| nonce(&authenticator_data, &self.client_data_hash).to_vec());
        let leaf = self.leaf.seal_with_nonce(&nonce);
        let chain: Vec<_> = self.chain.iter().map(|model| self.authority.seal(model)).collect();
        let receipt = self.receipt.seal(&self.authority, &leaf);
        let object = self.container.seal(&authenticator_data, &leaf, &chain, &receipt);
        SealedAttestation { authenticator_data, nonce, leaf, chain, receipt, object }
    }
}

impl ContainerModel {
    fn honest() -> Self {
        Self {
            format: Item::text("apple-appattest"),
            object: MapModel::of([
                ("fmt", ObjectPart::Format),
                ("attStmt", ObjectPart::Statement),
                ("authData", ObjectPart::AuthenticatorData),
            ]),
            statement: MapModel::of([
                ("x5c", StatementPart::Certificates),
                ("receipt", StatementPart::Receipt),
            ]),
            certificates: Derived::Computed,
            tail: Tail::default(),
        }
    }

    fn seal(
        &self,
        authenticator_data: &[u8],
        leaf: &[u8],
        chain: &[Vec<u8>],
        receipt: &[u8],
    ) -> Vec<u8> {
        let element = |element: &ChainElement| match element {
            ChainElement::Leaf(form) => Some(form.apply(Item::Bytes(leaf.to_vec()))),
            ChainElement::Chain(index, form) => {
                chain.get(*index).map(|der| form.apply(Item::Bytes(der.clone())))
            }
            ChainElement::Item(item) => Some(item.clone()),
        };
        let statement = |part: &StatementPart| match part {
            StatementPart::Certificates => {
                Item::Array(self.elements(chain.len()).iter().filter_map(element).collect())
            }
            StatementPart::Receipt => Item::Bytes(receipt.to_vec()),
        };
        let object = self.object.seal(|part| match part {
            ObjectPart::Format => self.format.clone(),
            ObjectPart::Statement => self.statement.seal(statement),
            ObjectPart::AuthenticatorData => Item::Bytes(authenticator_data.to_vec()),
        });
        self.tail.apply(object.encode())
    }

    fn elements(&self, chain: usize) -> Vec<ChainElement> {
        self.certificates.or_else(|| {
            let above = (0..chain).map(|index| ChainElement::Chain(index, Form::Plain));
            std::iter::once(ChainElement::Leaf(Form::Plain)).chain(above).collect()
        })
    }
}
