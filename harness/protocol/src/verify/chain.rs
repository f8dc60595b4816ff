//! Path validation (RFC 5280 6.1) as far as App Attest needs it, one claim per function.
//!
//! Nothing is demanded that genuine chains lack: no authority key identifier, no extended key
//! usage, no revocation source.

use super::crypto::Table;
use super::finding::{Outcome, short_hex};
use super::{Crypto, TrustAnchor, signature};
use crate::wire::{BasicConstraints, Certificate, Curve, Extension, Malformed, oid};
use jiff::Timestamp;

/// A list of certificates, the end entity first, each to be issued by the next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Path<'p, 'a> {
    pub certificates: &'p [Certificate<'a>],
    pub anchor: &'p TrustAnchor,
    pub now: Timestamp,
    pub crypto: Crypto,
    /// How many certificates at the beginning come once only, and are not worth remembering.
    pub fleeting: usize,
}

impl<'p, 'a> Path<'p, 'a> {
    pub(crate) fn names(&self) -> Outcome {
        for (index, certificate) in self.certificates.iter().enumerate() {
            let next = self.certificates.get(index + 1);
            let subject = next.map_or(self.anchor.subject(), |next| next.subject);
            if certificate.issuer != subject {
                let issuer = name_in_words(certificate.issuer);
                let subject = name_in_words(subject);
                let who = if next.is_some() { "the next certificate" } else { "the trust anchor" };
                return Outcome::Broken(format!(
                    "certificate {index} is issued by \"{issuer}\", {who} is \"{subject}\""
                ));
            }
        }
        Outcome::Held
    }

    pub(crate) fn signatures(&self) -> Outcome {
        let pairs = self.certificates.windows(2).enumerate();
        each(pairs, |(index, pair)| {
            self.signed(index, &pair[0], pair[1].curve, pair[1].point)
                .map_err(|why| format!("certificate {index} under the key of the next: {why}"))
        })
    }

    pub(crate) fn trust_anchor(&self) -> Outcome {
        let Some(last) = self.certificates.last() else {
            return Outcome::Broken("no certificate leads to the trust anchor".to_owned());
        };
        if last.der == self.anchor.der() {
            return Outcome::Held;
        }
        let index = self.certificates.len() - 1;
        self.signed(index, last, self.anchor.curve(), self.anchor.point())
            .map_err(|why| {
                let key = short_hex(self.anchor.point());
                format!("the last certificate under the trust anchor's key {key}: {why}")
            })
            .into()
    }

    /// Whether the certificate at that place is signed by that key, from memory if it was seen before.
    fn signed(
        &self,
        index: usize,
        certificate: &Certificate<'_>,
        curve: Curve<'_>,
        point: &[u8],
    ) -> Result<(), String> {
        let Some(known) = self.anchor.known() else {
            return signed(self.crypto, None, certificate, curve, point);
        };
        if index < self.fleeting {
            let table = match self.crypto {
                Crypto::Tables => known.table(curve, point),
                Crypto::AwsLcRs | Crypto::RustCrypto => None,
            };
            return signed(self.crypto, table.as_deref(), certificate, curve, point);
        }
        if known.holds(certificate.der, curve, point) {
            return Ok(());
        }
        signed(self.crypto, None, certificate, curve, point)?;
        // What leads to the anchor, and nothing that a stranger signed, pushes others out.
        let is_anchor = curve == self.anchor.curve() && point == self.anchor.point();
        if is_anchor || known.has_key(curve, point) {
            known.remember(certificate, curve, point);
        }
        Ok(())
    }

    pub(crate) fn validity(&self) -> Outcome {
        each(self.without_anchor().iter().enumerate(), |(index, certificate)| {
            let Certificate { not_before, not_after, .. } = certificate;
            // Certificates count in seconds and the last second belongs to them (RFC 5280 4.1.2.5).
            if (not_before.as_second()..=not_after.as_second()).contains(&self.now.as_second()) {
                return Ok(());
            }
            let now = self.now;
            Err(format!(
                "certificate {index} is valid from {not_before} to {not_after}, and it is {now}"
            ))
        })
    }

    pub(crate) fn authority(&self) -> Outcome {
        each(self.without_anchor().iter().enumerate(), |(index, certificate)| {
            let constraints = constraints(certificate)
                .map_err(|error| format!("certificate {index}: basic constraints: {error}"))?;
            match (index, constraints.ca) {
                (0, true) => Err("the first certificate is a CA".to_owned()),
                (1.., false) => Err(format!("certificate {index} is no CA")),
                (0, false) | (1.., true) => Ok(()),
            }
        })
    }

    pub(crate) fn path_length(&self) -> Outcome {
        let path = self.without_anchor();
        let mut below = 0;
        for (index, certificate) in path.iter().enumerate().skip(1) {
            // What cannot be read is the business of `authority`.
            let allowed = constraints(certificate).ok().and_then(|found| found.path_length);
            if let Some(allowed) = allowed.filter(|allowed| *allowed < below) {
                return Outcome::Broken(format!(
                    "certificate {index} allows {allowed} intermediates below it and has {below}"
                ));
            }
            below += u64::from(certificate.issuer != certificate.subject);
        }
        let allowed = self.anchor.path_length();
        Outcome::holds(allowed.is_none_or(|allowed| below <= allowed), || {
            format!(
                "the trust anchor allows {} intermediates and has {below}",
                allowed.unwrap_or(0)
            )
        })
    }

    pub(crate) fn key_usage(&self) -> Outcome {
        each(self.without_anchor().iter().enumerate(), |(index, certificate)| {
            let Some(extension) = certificate.extension(oid::KEY_USAGE) else {
                return Ok(());
            };
            let usage = extension
                .key_usage()
                .map_err(|error| format!("certificate {index}: key usage: {error}"))?;
            let (may, what) = match index {
                0 => (usage.digital_signature(), "data"),
                1.. => (usage.key_cert_sign(), "certificates"),
            };
            if may { Ok(()) } else { Err(format!("certificate {index} may not sign {what}")) }
        })
    }

    pub(crate) fn critical_extensions(&self) -> Outcome {
        each(self.without_anchor().iter().enumerate(), |(index, certificate)| {
            for (position, extension) in certificate.extensions().enumerate() {
                let name = || oid::dotted(extension.oid);
                if certificate.extensions().take(position).any(|before| before.oid == extension.oid)
                {
                    return Err(format!("certificate {index} has the extension {} twice", name()));
                }
                if extension.critical && !is_processed(&extension) {
                    return Err(format!(
                        "certificate {index} has the unknown critical extension {}",
                        name()
                    ));
                }
            }
            Ok(())
        })
    }

    /// All claims in one, for paths whose parts are not rules of their own.
    pub(crate) fn all(&self) -> Outcome {
        let claims = [
            Self::names,
            Self::validity,
            Self::authority,
            Self::path_length,
            Self::key_usage,
            Self::critical_extensions,
            Self::trust_anchor,
            Self::signatures,
        ];
        let broken =
            claims.into_iter().map(|claim| claim(self)).find(|outcome| *outcome != Outcome::Held);
        broken.unwrap_or(Outcome::Held)
    }

    /// The certificates whose own statements count: a trust anchor is trusted as it is (RFC 5280 6.1).
    pub(crate) fn without_anchor(&self) -> &'p [Certificate<'a>] {
        match self.certificates {
            [path @ .., last] if last.der == self.anchor.der() => path,
            path => path,
        }
    }
}

pub(crate) fn each<T>(
    items: impl Iterator<Item = T>,
    claim: impl Fn(T) -> Result<(), String>,
) -> Outcome {
    for item in items {
        if let Err(detail) = claim(item) {
            return Outcome::Broken(detail);
        }
    }
    Outcome::Held
}

pub(crate) fn signed(
    crypto: Crypto,
    table: Option<&Table>,
    certificate: &Certificate<'_>,
    curve: Curve<'_>,
    point: &[u8],
) -> Result<(), String> {
    // RFC 5280 4.1.1.2: the algorithm is named twice, and the signature covers only the inner one.
    if certificate.inner_algorithm != certificate.signature_algorithm {
        let inner = certificate.inner_algorithm.in_words();
        let outer = certificate.signature_algorithm.in_words();
        return Err(format!("the algorithm is {inner} inside and {outer} outside"));
    }
    let algorithm = certificate.signature_algorithm;
    let Certificate { tbs, signature, .. } = certificate;
    signature::is_valid_by_table(table, crypto, curve, point, algorithm, tbs, signature)
}

pub(crate) fn constraints(certificate: &Certificate<'_>) -> Result<BasicConstraints, Malformed> {
    let extension = certificate.extension(oid::BASIC_CONSTRAINTS);
    extension.map_or(Ok(BasicConstraints::default()), |extension| extension.basic_constraints())
}

/// Whether this verifier does with the extension what its being critical demands.
pub(crate) fn is_processed(extension: &Extension<'_>) -> bool {
    match extension.oid {
        oid::BASIC_CONSTRAINTS
        | oid::KEY_USAGE
        | oid::NONCE
        | oid::ACCESS_CONTROL
        | oid::KEY_PROPERTIES
        | oid::OS_PROPERTIES => true,
        oid::EXTENDED_KEY_USAGE => extension.lists_purpose(oid::APP_ATTEST_EKU).unwrap_or(false),
        _ => false,
    }
}

/// The printable parts of a name, good enough to recognise it.
fn name_in_words(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || " .-_'".contains(c)));
    let words: Vec<&str> = words.map(str::trim).filter(|word| word.len() > 2).collect();
    words.join(", ").chars().take(120).collect()
}
