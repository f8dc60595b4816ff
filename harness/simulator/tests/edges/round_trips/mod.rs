//! What the models encode, the decoders read back as it was; and what they read is all there was.
//!
//! `simulator` writes and `protocol::wire` reads, from one specification and by separate code.
//! Where a decoder keeps everything, its answer is written again and must be the same bytes.

mod authenticator_data;
mod certificate;
mod containers;
mod extensions;
mod items;
mod receipt;

use proptest::collection::SizeRange;
use proptest::prelude::*;
use protocol::terms::{AppId, Environment, KeyId};
use simulator::{Generation, Seed};

/// Any bytes of these lengths.
fn bytes(length: impl Into<SizeRange>) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), length)
}

proptest! {
    #[test]
    fn a_key_id_survives_its_base64(id: [u8; 32]) {
        let text = KeyId(id).to_base64();
        prop_assert_eq!(text.len(), 44);
        prop_assert_eq!(KeyId::from_base64(&text), Some(KeyId(id)));
    }

    /// Base64 of 32 bytes leaves two bits over, which can be written in four ways: one is right.
    #[test]
    fn a_key_id_has_one_spelling(id: [u8; 32], at in 0..44usize, other in "[ -~]") {
        let text = KeyId(id).to_base64();
        let mut altered = text.clone();
        altered.replace_range(at..=at, &other);
        if let Some(read) = KeyId::from_base64(&altered) {
            prop_assert_eq!(read.to_base64(), altered, "read from another text than is written");
        }
        prop_assert_eq!(KeyId::from_base64(&format!("{text}{other}")), None);
        prop_assert_eq!(KeyId::from_base64(&text[..43]), None);
    }

    #[test]
    fn an_app_id_is_its_text(text in "[A-Z0-9]{1,12}\\.[a-zA-Z0-9.-]{1,80}") {
        let app_id = AppId::parse(&text).unwrap();
        prop_assert_eq!(app_id.to_string(), text);
    }

    #[test]
    fn a_seed_survives_its_digits(text in ".{0,80}") {
        let seed = Seed::from_text(&text);
        prop_assert_eq!(Seed::from_text(&seed.to_hex()), seed);
    }
}

#[test]
fn names_of_environments_and_generations_are_read_back() {
    for environment in [Environment::Development, Environment::Production] {
        assert_eq!(environment.as_str().parse(), Ok(environment));
    }
    for generation in Generation::ALL {
        assert_eq!(generation.as_str().parse(), Ok(generation));
    }
}
