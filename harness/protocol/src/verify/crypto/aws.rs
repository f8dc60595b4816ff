use super::{Backend, Scheme};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    ParsedPublicKey, UnparsedPublicKey,
};

/// The fastest of the maintained libraries, in C and assembly.
pub(super) struct AwsLcRs;

impl Backend for AwsLcRs {
    fn verifies(&self, scheme: Scheme, point: &[u8], message: &[u8], signature: &[u8]) -> bool {
        let algorithm = match scheme {
            Scheme::P256Sha256 => &ECDSA_P256_SHA256_ASN1,
            Scheme::P256Sha384 => &ECDSA_P256_SHA384_ASN1,
            Scheme::P384Sha256 => &ECDSA_P384_SHA256_ASN1,
            Scheme::P384Sha384 => &ECDSA_P384_SHA384_ASN1,
        };
        // The library takes hybrid points, which a certificate must not hold (RFC 5480, 2.2).
        let is_hybrid = matches!(point.first(), Some(6 | 7));
        !is_hybrid && UnparsedPublicKey::new(algorithm, point).verify(message, signature).is_ok()
    }
}

/// Whether the bytes are an uncompressed point on P-256.
pub(crate) fn is_p256_point(point: &[u8]) -> bool {
    point.len() == 65
        && point[0] == 4
        && ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).is_ok()
}
