//! Bytes of those who only want to be a burden.

use rand_core::Rng;

/// Bytes by which a body is too large: sixty times a genuine attestation, and still little enough to
/// be sent hundreds of times a second.
pub(super) const OVERSIZE: usize = 512 << 10;

/// A map of three as an attestation object begins, and then no CBOR: a length that never comes.
pub(super) fn garbage(stream: &mut impl Rng) -> Vec<u8> {
    let mut bytes = b"\xa3\x63fmt\x6fapple-appattest\x67attStmt\xbb".to_vec();
    let mut rest = [0xff; 200];
    stream.fill_bytes(&mut rest[8..]);
    bytes.extend(rest);
    bytes
}

/// A whole attestation object in CBOR whose authenticator data is far too long.
pub(super) fn oversize() -> Vec<u8> {
    let mut bytes = b"\xa3\x63fmt\x6fapple-appattest\x67attStmt\xa0\x68authData\x5a".to_vec();
    bytes.extend((OVERSIZE as u32).to_be_bytes());
    bytes.resize(bytes.len() + OVERSIZE, 0);
    bytes
}
