//! What identifiers, flags and numbers are called.

use super::values::hex;
use crate::terms::Environment;
use crate::wire::oid;

/// An object identifier: its name if it has one here, and its dotted text.
pub(super) fn identifier(content: &[u8]) -> String {
    let dotted = oid::dotted(content);
    match short(content) {
        Some(name) => format!("{name} ({dotted})"),
        None => dotted,
    }
}

/// The name that standards give an object identifier.
pub(super) fn short(content: &[u8]) -> Option<&'static str> {
    Some(match content {
        oid::NONCE => "App Attest nonce",
        oid::KEY_PROPERTIES => "App Attest key properties",
        oid::ACCESS_CONTROL => "App Attest key access control",
        oid::OS_PROPERTIES => "App Attest OS properties",
        oid::APP_ATTEST_EKU => "App Attest key purpose",
        oid::BASIC_CONSTRAINTS => "basicConstraints",
        oid::KEY_USAGE => "keyUsage",
        oid::EXTENDED_KEY_USAGE => "extKeyUsage",
        oid::AUTHORITY_KEY_ID => "authorityKeyIdentifier",
        oid::SUBJECT_KEY_ID => "subjectKeyIdentifier",
        oid::EC_PUBLIC_KEY => "id-ecPublicKey",
        oid::P256 => "P-256",
        oid::P384 => "P-384",
        oid::ECDSA_SHA256 => "ecdsa-with-SHA256",
        oid::ECDSA_SHA384 => "ecdsa-with-SHA384",
        oid::SHA256 => "SHA-256",
        oid::SIGNED_DATA => "id-signedData",
        oid::DATA => "id-data",
        _ => {
            return dotted_name(&oid::dotted(content));
        }
    })
}

fn dotted_name(dotted: &str) -> Option<&'static str> {
    Some(match dotted {
        "2.5.4.3" => "CN",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.5" => "serialNumber",
        "2.5.29.17" => "subjectAltName",
        "2.5.29.30" => "nameConstraints",
        "2.5.29.31" => "cRLDistributionPoints",
        "2.5.29.32" => "certificatePolicies",
        "2.5.29.36" => "policyConstraints",
        "2.5.29.37.0" => "anyExtendedKeyUsage",
        "1.3.6.1.5.5.7.1.1" => "authorityInfoAccess",
        "1.3.6.1.5.5.7.3.1" => "serverAuth",
        "1.3.6.1.5.5.7.3.2" => "clientAuth",
        "1.3.6.1.5.5.7.48.1" => "OCSP",
        "1.3.6.1.5.5.7.2.1" => "CPS",
        "1.3.6.1.5.5.7.2.2" => "userNotice",
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "1.2.840.113549.1.1.1" => "rsaEncryption",
        "1.2.840.113549.1.1.5" => "sha1WithRSAEncryption",
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
        "1.2.840.113549.1.9.3" => "contentType",
        "1.2.840.113549.1.9.4" => "messageDigest",
        "1.2.840.113549.1.9.5" => "signingTime",
        "1.2.840.113549.1.9.52" => "cmsAlgorithmProtection",
        "1.2.840.113635.100.5.1" => "Apple certificate policy",
        "1.2.840.113635.100.6.2.3" => "Apple intermediate marker",
        "1.2.840.113635.100.12.15" => "App Attest receipt signing",
        "1.3.14.3.2.26" => "SHA-1",
        "1.3.132.0.35" => "P-521",
        "1.3.132.0.10" => "secp256k1",
        "2.16.840.1.101.3.4.2.2" => "SHA-384",
        "2.16.840.1.101.3.4.2.3" => "SHA-512",
        "1.3.101.112" => "Ed25519",
        _ => return None,
    })
}

/// The flags byte of authenticator data, each bit spelled out (WebAuthn 6.1).
pub(super) fn flags(flags: u8) -> String {
    const BITS: [(u8, &str); 8] = [
        (0x01, "UP user present"),
        (0x02, "reserved bit 1"),
        (0x04, "UV user verified"),
        (0x08, "BE backup eligible"),
        (0x10, "BS backed up"),
        (0x20, "reserved bit 5"),
        (0x40, "AT attested credential data"),
        (0x80, "ED extension data"),
    ];
    let set: Vec<&str> =
        BITS.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| *name).collect();
    if set.is_empty() { "none set".to_owned() } else { set.join(", ") }
}

/// An AAGUID: Apple's two are named.
pub(super) fn aaguid(bytes: &[u8]) -> String {
    for environment in [Environment::Development, Environment::Production] {
        if bytes == environment.aaguid() {
            return format!("{} ({})", quoted(bytes), environment.as_str());
        }
    }
    if bytes == b"appattestsandbox" {
        return format!("{} (no device sends this one)", quoted(bytes));
    }
    format!("{} (none of Apple's)", quoted(bytes))
}

/// Letters as letters and zero bytes as `\0`, anything else in hexadecimal.
fn quoted(bytes: &[u8]) -> String {
    let letters = bytes.iter().all(|byte| byte.is_ascii_graphic() || *byte == 0);
    if !letters || bytes.iter().all(|byte| *byte == 0) {
        return hex(bytes);
    }
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let zeros = bytes.len() - end;
    let text = String::from_utf8_lossy(&bytes[..end]);
    let zeros = if zeros == 0 { String::new() } else { format!(" and {zeros} zero bytes") };
    format!("{text:?}{zeros}")
}

/// A validation category (Apple, "Validating apps that connect to your server").
pub(super) fn category(number: u32) -> &'static str {
    match number {
        0 => "invalid",
        1 => "part of the OS",
        2 => "TestFlight",
        3 => "signed for development",
        4 => "App Store",
        5 => "enterprise or ad hoc",
        6 => "Developer ID",
        7..=9 => "not appropriate for App Attest",
        10 => "other",
        _ => "none that Apple lists",
    }
}

/// What a field of a receipt means.
pub(super) fn receipt_field(number: u64) -> &'static str {
    match number {
        2 => "App ID",
        3 => "attested public key (the credential certificate)",
        4 => "client data hash",
        5 => "token",
        6 => "receipt type",
        7 => "environment (undocumented)",
        12 => "creation time",
        17 => "risk metric",
        19 => "not before: earliest refresh",
        21 => "expiration time",
        _ => "field that nobody documents",
    }
}

/// What a key property (8.5) is known to be.
pub(super) fn key_property(number: u32) -> &'static str {
    match number {
        4 => "made on (10 is iOS, 13 is macOS)",
        5 => "kind of key",
        1204 => "App ID in clear",
        _ => "undocumented property",
    }
}

/// What an OS property (8.7) is known to be.
pub(super) fn os_property(number: u32) -> &'static str {
    match number {
        1400 | 1404 | 1405 => "OS version",
        1403 => "OS build",
        1418..=1420 => "OS build, long form",
        1026 => "platform",
        1029 => "release train",
        _ => "undocumented property",
    }
}
