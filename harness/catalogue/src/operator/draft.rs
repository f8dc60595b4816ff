//! What operators edit: a request before it is sent.

use simulator::key::Key;
use simulator::{AssertionModel, AttestationModel};

/// An attestation about to be sent.
#[derive(Debug, Clone)]
pub(crate) struct AttestationDraft {
    /// The object.
    pub(crate) model: AttestationModel,
    /// The key id the app names.
    pub(crate) key_id: Vec<u8>,
    /// The key that the device has from now on, if an edit found it another one.
    pub(crate) key: Option<Key>,
}

/// An assertion about to be sent.
#[derive(Debug, Clone)]
pub(crate) struct AssertionDraft {
    /// The object.
    pub(crate) model: AssertionModel,
}

impl AttestationDraft {
    /// Gives the key another id, in the request and in the authenticator data.
    pub(crate) fn rename(&mut self, key_id: Vec<u8>) {
        if let Some(credential) = &mut self.model.authenticator_data.attested_credential {
            credential.credential_id.clone_from(&key_id);
        }
        self.key_id = key_id;
    }
}
