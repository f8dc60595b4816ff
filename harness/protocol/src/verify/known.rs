//! What a trust anchor remembers: certificates that lead to it, and tables for their keys.
//!
//! Only what is mathematics is remembered, that a signature is valid. Dates, names and everything
//! else about a certificate are looked at each time.

use super::crypto::Table;
use crate::wire::{Certificate, Curve};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Certificates remembered by one anchor; the oldest goes first. Genuine servers meet a handful.
const ROOM: usize = 16;
/// Leaves of one intermediate after which its key gets a table: a table takes as long to make as
/// it saves over some hundreds of leaves.
const LEAVES: u32 = 256;

/// The memory of one trust anchor.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<Vec<Vouched>>);

/// A certificate whose signature was found valid.
#[derive(Debug)]
struct Vouched {
    der: Box<[u8]>,
    issuer: Key,
    key: Key,
    /// Signatures that were checked under its key.
    leaves: u32,
    table: Option<Arc<Table>>,
}

/// A public key on a named curve.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    curve: Curve<'static>,
    point: Box<[u8]>,
}

impl Known {
    /// Whether the certificate was found signed by that key before.
    pub(super) fn holds(&self, der: &[u8], curve: Curve<'_>, point: &[u8]) -> bool {
        self.list().iter().any(|known| *known.der == *der && known.issuer.is(curve, point))
    }

    /// Whether a certificate of that key is remembered.
    pub(super) fn has_key(&self, curve: Curve<'_>, point: &[u8]) -> bool {
        self.list().iter().any(|known| known.key.is(curve, point))
    }

    /// Remembers that the certificate is signed by that key.
    pub(super) fn remember(&self, certificate: &Certificate<'_>, curve: Curve<'_>, point: &[u8]) {
        let (Some(issuer), Some(key)) =
            (Key::of(curve, point), Key::of(certificate.curve, certificate.point))
        else {
            return;
        };
        let mut list = self.list();
        if list.iter().any(|known| *known.der == *certificate.der && known.issuer == issuer) {
            return;
        }
        if list.len() >= ROOM {
            list.remove(0);
        }
        list.push(Vouched { der: certificate.der.into(), issuer, key, leaves: 0, table: None });
    }

    /// The table for the key of a certificate that is remembered; made when it has been asked for
    /// often enough.
    pub(super) fn table(&self, curve: Curve<'_>, point: &[u8]) -> Option<Arc<Table>> {
        let due = {
            let mut list = self.list();
            let known = list.iter_mut().find(|known| known.key.is(curve, point))?;
            if known.table.is_some() {
                return known.table.clone();
            }
            known.leaves = known.leaves.saturating_add(1);
            known.leaves == LEAVES && curve == Curve::P384
        };
        // Others go on without it meanwhile.
        let table = due.then(|| Table::of(point)).flatten().map(Arc::new)?;
        let mut list = self.list();
        if let Some(known) = list.iter_mut().find(|known| known.key.is(curve, point)) {
            known.table = Some(Arc::clone(&table));
        }
        Some(table)
    }

    fn list(&self) -> MutexGuard<'_, Vec<Vouched>> {
        // Each entry is whole at any time.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Key {
    fn of(curve: Curve<'_>, point: &[u8]) -> Option<Self> {
        let curve = match curve {
            Curve::P256 => Curve::P256,
            Curve::P384 => Curve::P384,
            Curve::Other(_) => return None,
        };
        Some(Self { curve, point: point.into() })
    }

    fn is(&self, curve: Curve<'_>, point: &[u8]) -> bool {
        self.curve == curve && *self.point == *point
    }
}

#[cfg(test)]
mod tests;
