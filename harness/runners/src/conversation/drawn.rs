//! What must hold of challenges, and whether it does.

use catalogue::Property;
use std::collections::BTreeSet;
use targets::encoding::Encoding;

/// A challenge as it was handed out.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    /// The challenge as the server wrote it.
    pub(super) text: String,
    /// What the answer lets caches do.
    pub(super) caching: String,
    /// The method it was asked for with.
    pub(super) method: http::Method,
}

/// Bytes that a challenge must have.
const LONG: usize = 16;

/// Bits in which challenges must differ at least. 16 random bytes differ in 128, UUIDs in 122, what
/// is counted in a dozen; where little is drawn the estimate is coarse.
const UNPREDICTABLE: f64 = 64.0;

/// What of the challenges is not as it must be.
pub(super) fn broken(drawn: &[Drawn], must: &[Property], encoding: Encoding) -> Option<String> {
    let bytes: Vec<Vec<u8>> = drawn
        .iter()
        .map(|one| encoding.decode(&one.text).unwrap_or_else(|| one.text.clone().into_bytes()))
        .collect();
    must.iter().find_map(|property| match property {
        Property::Long => {
            let shortest = bytes.iter().map(Vec::len).min()?;
            (shortest < LONG)
                .then(|| format!("a challenge has {shortest} bytes, fewer than {LONG}"))
        }
        Property::Different => {
            let different = bytes.iter().collect::<BTreeSet<_>>().len();
            (different < bytes.len())
                .then(|| format!("of {} challenges only {different} differ", bytes.len()))
        }
        Property::Unpredictable => {
            let bits = bits(&bytes);
            (bits < UNPREDICTABLE).then(|| {
                format!(
                    "{} challenges differ in about {bits:.0} bits: they can be guessed",
                    bytes.len()
                )
            })
        }
        Property::Uncached => drawn.iter().find(|one| is_cached(one)).map(|one| {
            format!("caches may keep a challenge: {} with `{}`", one.method, one.caching)
        }),
    })
}

/// In how many bits texts differ, as far as their number lets one see: for each place the
/// collision entropy of what stands there.
fn bits(texts: &[Vec<u8>]) -> f64 {
    let pairs = (texts.len() * texts.len().saturating_sub(1) / 2) as f64;
    let width = texts.iter().map(Vec::len).min().unwrap_or_default();
    (0..width)
        .map(|place| {
            let mut counts = [0_usize; 256];
            for text in texts {
                counts[usize::from(text[place])] += 1;
            }
            let equal: usize = counts.iter().map(|count| count * count.saturating_sub(1) / 2).sum();
            // No place has more than its 8 bits, however few are drawn.
            (pairs / (equal as f64).max(1.0)).log2().clamp(0.0, 8.0)
        })
        .sum()
}

/// Whether a cache may hand the answer out again: any answer to GET that does not forbid it, and one
/// to another method only where it says how long it is good for.
fn is_cached(one: &Drawn) -> bool {
    let caching = one.caching.to_ascii_lowercase();
    if caching.contains("no-store") {
        return false;
    }
    one.method == http::Method::GET
        || ["max-age=", "expires=", "public"].iter().any(|word| caching.contains(word))
}

#[cfg(test)]
mod tests {
    use super::{Drawn, broken};
    use catalogue::Property;
    use targets::encoding::Encoding;

    fn drawn(make: impl Fn(u64) -> Vec<u8>) -> Vec<Drawn> {
        let one = |index| Drawn {
            text: hex::encode(make(index)),
            caching: String::new(),
            method: http::Method::POST,
        };
        (0..64).map(one).collect()
    }

    fn hashed(index: u64) -> Vec<u8> {
        use sha2::{Digest, Sha256};
        Sha256::digest(index.to_be_bytes())[..16].to_vec()
    }

    #[track_caller]
    fn check(drawn: &[Drawn], property: Property, expected: Option<&str>) {
        let found = broken(drawn, &[property], Encoding::Hex);
        match (found, expected) {
            (None, None) => {}
            (Some(found), Some(part)) if found.contains(part) => {}
            (found, _) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn random_challenges_have_every_property() {
        let random = drawn(hashed);
        for property in
            [Property::Long, Property::Different, Property::Unpredictable, Property::Uncached]
        {
            check(&random, property, None);
        }
    }

    #[test]
    fn challenges_that_are_none_are_told() {
        check(&drawn(|index| hashed(index)[..15].to_vec()), Property::Long, Some("15 bytes"));
        check(&drawn(|index| hashed(index % 63)), Property::Different, Some("only 63"));
        let counted = drawn(|index| [vec![7; 24], (1000 + index).to_be_bytes().to_vec()].concat());
        check(&counted, Property::Unpredictable, Some("guessed"));
        check(&counted, Property::Different, None);
    }

    #[test]
    fn what_caches_may_keep_is_told() {
        let with = |method: http::Method, caching: &str| {
            vec![Drawn { text: String::new(), caching: caching.to_owned(), method }]
        };
        check(&with(http::Method::GET, ""), Property::Uncached, Some("GET"));
        check(&with(http::Method::GET, "private, no-store"), Property::Uncached, None);
        check(&with(http::Method::POST, "max-age=60"), Property::Uncached, Some("max-age"));
        check(&with(http::Method::POST, "no-cache"), Property::Uncached, None);
    }
}
