use super::{Backend, Scheme};
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use sha2::{Digest, Sha256, Sha384};

/// The second opinion, in Rust throughout.
pub(super) struct RustCrypto;

impl Backend for RustCrypto {
    fn verifies(&self, scheme: Scheme, point: &[u8], message: &[u8], signature: &[u8]) -> bool {
        match scheme {
            Scheme::P256Sha256 => p256(point, &Sha256::digest(message), signature),
            Scheme::P256Sha384 => p256(point, &Sha384::digest(message), signature),
            Scheme::P384Sha256 => p384(point, &Sha256::digest(message), signature),
            Scheme::P384Sha384 => p384(point, &Sha384::digest(message), signature),
        }
    }
}

fn p256(point: &[u8], digest: &[u8], signature: &[u8]) -> bool {
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point);
    let signature = p256::ecdsa::Signature::from_der(signature);
    matches!((key, signature), (Ok(key), Ok(signature)) if key.verify_prehash(digest, &signature).is_ok())
}

fn p384(point: &[u8], digest: &[u8], signature: &[u8]) -> bool {
    let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point);
    let signature = p384::ecdsa::Signature::from_der(signature);
    matches!((key, signature), (Ok(key), Ok(signature)) if key.verify_prehash(digest, &signature).is_ok())
}
