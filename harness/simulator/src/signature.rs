//! A signature as it stands in a certificate, an assertion or a receipt.

mod form;

pub use form::{NumberForm, Shift, SignatureForm};

use crate::{
    derived::Derived,
    encode::der,
    key::{Integers, Key, Wish},
};
use protocol::terms::sha256;
use sha1::Sha1;
use sha2::{Digest as _, Sha384, Sha512};

/// Signs honestly until edited: the message and its hash come from whoever holds the signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureModel {
    /// Who signs.
    pub key: Key,
    /// What is signed; computed by the holder.
    pub message: Derived<Vec<u8>>,
    /// How it is hashed; computed by the holder.
    pub digest: Derived<Digest>,
    /// What the outcome shall look like.
    pub wish: Wish,
    /// The content bytes of INTEGER `r`.
    pub r: Derived<Vec<u8>>,
    /// The content bytes of INTEGER `s`.
    pub s: Derived<Vec<u8>>,
    /// How both are written.
    pub form: SignatureForm,
    /// The whole signature, `SEQUENCE { INTEGER r, INTEGER s }` or anything else.
    pub encoding: Derived<Vec<u8>>,
    /// A byte of the encoding to be changed, by exclusive or; an index past the end counts from
    /// the beginning again.
    pub flip: Option<(usize, u8)>,
}

/// What is done to a message before it is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest {
    /// SHA-256.
    Sha256,
    /// SHA-1, which no one should sign with any more.
    Sha1,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// Nothing: the message is taken for the digest. It should have 32 bytes or more.
    Identity,
}

impl Digest {
    fn of(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => sha256(&[message]).to_vec(),
            // The same number in 32 bytes: libraries sign no digest of 20 any more.
            Self::Sha1 => [&[0; 12][..], &Sha1::digest(message)].concat(),
            Self::Sha384 => Sha384::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
            Self::Identity => message.to_vec(),
        }
    }
}

impl SignatureModel {
    /// An honest signature by `key`.
    pub fn honest(key: Key) -> Self {
        Self {
            key,
            message: Derived::Computed,
            digest: Derived::Computed,
            wish: Wish::default(),
            r: Derived::Computed,
            s: Derived::Computed,
            form: SignatureForm::default(),
            encoding: Derived::Computed,
            flip: None,
        }
    }

    /// The two numbers for `message` hashed with `digest`, before any of them is pinned.
    pub fn integers(&self, message: &[u8], digest: Digest) -> Integers {
        let digest = self.digest.or_else(|| digest);
        let hashed = match &self.message {
            Derived::Computed => digest.of(message),
            Derived::Fixed(message) => digest.of(message),
        };
        self.key.sign(&hashed, self.wish)
    }

    /// The bytes of the signature.
    pub fn seal(&self, message: &[u8], digest: Digest) -> Vec<u8> {
        let mut encoding = match &self.encoding {
            Derived::Fixed(encoding) => encoding.clone(),
            Derived::Computed => self.encode(message, digest),
        };
        if let Some((index, bits)) = self.flip
            && !encoding.is_empty()
        {
            let index = index % encoding.len();
            encoding[index] ^= bits;
        }
        encoding
    }

    fn encode(&self, message: &[u8], digest: Digest) -> Vec<u8> {
        let (r, s) = match (&self.r, &self.s) {
            (Derived::Fixed(r), Derived::Fixed(s)) => (r.clone(), s.clone()),
            (r, s) => {
                let honest = self.integers(message, digest);
                (
                    r.or_else(|| der::unsigned_content(&honest.r)),
                    s.or_else(|| der::unsigned_content(&honest.s)),
                )
            }
        };
        self.form.write(&r, &s, &self.key.order())
    }
}
