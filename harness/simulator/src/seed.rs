//! The one source of everything that looks random here.

use protocol::terms::sha256;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::fmt;

/// 32 bytes from which keys, serial numbers, tokens and choices are derived.
///
/// Same seed, same bytes, on every machine. The keys that follow from it are no secret: whoever
/// knows the seed knows them, so they are for tests only.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Seed([u8; 32]);

impl Seed {
    /// A seed of any text. 64 hexadecimal digits are the seed itself, anything else is hashed.
    pub fn from_text(text: &str) -> Self {
        let mut bytes = [0; 32];
        match hex::decode_to_slice(text, &mut bytes) {
            Ok(()) => Self(bytes),
            Err(_) => Self(sha256(&[b"assay seed of a text\0", text.as_bytes()])),
        }
    }

    /// The `index`-th seed below this one for the purpose `label`; siblings are unrelated.
    #[must_use]
    pub fn child(&self, label: &str, index: u64) -> Self {
        let length = (label.len() as u64).to_be_bytes();
        Self(sha256(&[&self.0, &length, label.as_bytes(), &index.to_be_bytes()]))
    }

    /// An endless stream of bytes that looks random.
    pub fn stream(&self) -> ChaCha20Rng {
        ChaCha20Rng::from_seed(self.0)
    }

    /// `N` bytes of the stream.
    pub(crate) fn bytes<const N: usize>(&self) -> [u8; N] {
        use rand_core::Rng;
        let mut bytes = [0; N];
        self.stream().fill_bytes(&mut bytes);
        bytes
    }

    /// A number from `low` to `high`, both included; the bias of the remainder does not matter here.
    pub(crate) fn number(&self, low: u64, high: u64) -> u64 {
        low + u64::from_be_bytes(self.bytes()) % (high - low + 1)
    }

    /// 64 hexadecimal digits that [`Seed::from_text`] reads back.
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seed({})", self.to_hex())
    }
}

#[cfg(test)]
mod tests {
    use super::Seed;

    #[test]
    fn a_seed_survives_its_own_text() {
        let seed = Seed::from_text("a line of text");
        assert_eq!(Seed::from_text(&seed.to_hex()), seed);
    }

    #[test]
    fn label_and_index_both_tell_children_apart() {
        let seed = Seed::from_text("parent");
        assert_ne!(seed.child("a", 0), seed.child("b", 0));
        assert_ne!(seed.child("a", 0), seed.child("a", 1));
        assert_ne!(seed.child("a", 0), seed);
    }
}
