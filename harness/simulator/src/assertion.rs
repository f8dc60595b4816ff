//! A whole assertion object, honest until edited.

use crate::{
    authenticator_data::AuthenticatorDataModel,
    container::{MapModel, Tail},
    derived::Derived,
    encode::cbor::Item,
    key::Key,
    signature::{Digest, SignatureModel},
};
use protocol::terms::nonce;

/// An assertion before it is sealed.
#[derive(Debug, Clone, PartialEq)]
pub struct AssertionModel {
    /// Authenticator data; its counter is the one the device counts.
    pub authenticator_data: AuthenticatorDataModel,
    /// The client data hash the device was asked to sign.
    pub client_data_hash: Vec<u8>,
    /// The nonce: SHA-256 of authenticator data and client data hash. It is hashed once more when
    /// it is signed.
    pub nonce: Derived<Vec<u8>>,
    /// The signature over the nonce.
    pub signature: SignatureModel,
    /// The map.
    pub object: MapModel<AssertionPart>,
    /// What follows, and where the object is cut.
    pub tail: Tail,
}

/// What the map holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssertionPart {
    /// `signature`
    Signature,
    /// `authenticatorData`
    AuthenticatorData,
}

impl AssertionModel {
    pub(crate) fn honest(
        authenticator_data: AuthenticatorDataModel,
        client_data_hash: &[u8],
        key: Key,
    ) -> Self {
        Self {
            authenticator_data,
            client_data_hash: client_data_hash.to_vec(),
            nonce: Derived::Computed,
            signature: SignatureModel::honest(key),
            object: MapModel::of([
                ("signature", AssertionPart::Signature),
                ("authenticatorData", AssertionPart::AuthenticatorData),
            ]),
            tail: Tail::default(),
        }
    }

    /// The nonce that is signed.
    pub fn nonce(&self) -> Vec<u8> {
        self.nonce
            .or_else(|| nonce(&self.authenticator_data.seal(), &self.client_data_hash).to_vec())
    }

    /// The assertion object.
    pub fn seal(&self) -> Vec<u8> {
        let authenticator_data = self.authenticator_data.seal();
        let nonce =
            self.nonce.or_else(|| nonce(&authenticator_data, &self.client_data_hash).to_vec());
        let signature = self.signature.seal(&nonce, Digest::Sha256);
        let object = self.object.seal(|part| match part {
            AssertionPart::Signature => Item::Bytes(signature.clone()),
            AssertionPart::AuthenticatorData => Item::Bytes(authenticator_data.clone()),
        });
        self.tail.apply(object.encode())
    }
}
