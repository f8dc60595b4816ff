use super::*;
use crate::verify::TrustAnchor;
use proptest::prelude::*;
use std::collections::VecDeque;

/// Keys that could have signed, of which the last is on no curve that counts.
const ISSUERS: [(Curve<'static>, &[u8]); 4] = [
    (Curve::P384, &[1; 97]),
    (Curve::P384, &[2; 97]),
    (Curve::P256, &[1; 97]),
    (Curve::Other(&[0x2a]), &[1; 97]),
];
const CERTIFICATES: u8 = 24;

proptest! {
    /// Against the shortest description there is: a list of pairs, of which the oldest goes.
    #[test]
    fn the_last_sixteen_are_remembered_each_for_the_key_that_signed_it(
        met in prop::collection::vec((0..CERTIFICATES, 0..ISSUERS.len()), 0..120),
    ) {
        let root = TrustAnchor::apple_app_attestation();
        let read = Certificate::decode(root.der()).unwrap();
        let known = Known::default();
        let mut model = VecDeque::new();
        for (number, issuer) in met {
            let (curve, point) = ISSUERS[issuer];
            let der = [number];
            let mut certificate = read.clone();
            certificate.der = &der;
            known.remember(&certificate, curve, point);
            let counts = !matches!(curve, Curve::Other(_));
            if counts && !model.contains(&(number, issuer)) {
                model.push_back((number, issuer));
                if model.len() > 16 {
                    model.pop_front();
                }
            }
            prop_assert_eq!(known.list().len(), model.len());
            for number in 0..CERTIFICATES {
                for (issuer, (curve, point)) in ISSUERS.into_iter().enumerate() {
                    let expected = model.contains(&(number, issuer));
                    prop_assert_eq!(known.holds(&[number], curve, point), expected);
                }
            }
        }
    }
}

#[test]
fn a_key_of_which_nothing_is_remembered_gets_no_table() {
    let root = TrustAnchor::apple_app_attestation();
    let read = Certificate::decode(root.der()).unwrap();
    let known = Known::default();
    let asked = |times: u32| (0..times).any(|_| known.table(read.curve, read.point).is_some());
    assert!(!asked(2 * LEAVES), "it was never met");
    known.remember(&read, Curve::P384, &[1; 97]);
    assert!(known.has_key(read.curve, read.point));
    assert!(!asked(LEAVES - 1), "not often enough");
    assert!(asked(1), "often enough");
    // Whoever is pushed out takes the table along.
    for number in 0..ROOM as u8 {
        let (der, point) = ([number], [number; 97]);
        let mut certificate = read.clone();
        (certificate.der, certificate.point) = (&der, &point);
        known.remember(&certificate, Curve::P384, &[1; 97]);
    }
    assert!(!known.has_key(read.curve, read.point));
    assert!(!asked(2 * LEAVES), "it was forgotten");
}
