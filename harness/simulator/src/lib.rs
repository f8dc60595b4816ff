//! Devices and a test authority: honest by default, dishonest by request. Same seed, same bytes.
//!
//! A [`Device`] makes attestations and assertions whose structure equals that of genuine ones of
//! its [`Generation`], under an [`Authority`] that stands in for Apple's. Each exists as a model
//! first ([`AttestationModel`], [`AssertionModel`]): every field is open to an edit, and whatever
//! depends on it is computed when the model is sealed, so that one edit is one lie. To lie about a
//! computed value, pin it ([`derived::Derived`]).
//!
//! ```
//! use protocol::terms::{AppId, Environment, sha256};
//! use simulator::{Authority, Device, Generation, Seed};
//!
//! let seed = Seed::from_text("my first device");
//! let now = "2026-11-24T12:00:00Z".parse()?;
//! let authority = Authority::new(&seed, now);
//! let app_id = AppId::parse("ABCDE12345.com.example.app")?;
//! let mut device = Device::new(&seed, Generation::Ios27, app_id, Environment::Production);
//!
//! // Honest: the server that trusts `authority.root_pem()` must accept both.
//! let attestation = device.attest(&authority, &sha256(&[b"challenge"]), now);
//! let assertion = device.assert(&sha256(&[b"request"]));
//!
//! // One lie: a counter that is not zero. Nonce, certificate and receipt follow it.
//! let mut model = device.attestation_model(&authority, &sha256(&[b"challenge"]), now);
//! model.authenticator_data.counter = 1;
//! let lie = model.seal();
//! # assert_ne!(attestation, lie);
//! # assert!(!assertion.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Keys follow from seeds. They are for tests only and protect nothing.
//!
//! Nothing here knows the verifier: objects are built from the specification alone.

pub mod assertion;
pub mod attestation;
pub mod authenticator_data;
pub mod authority;
pub mod certificate;
pub mod container;
pub mod derived;
pub mod device;
pub mod encode;
pub mod generation;
pub mod key;
pub mod leaf;
pub mod mint;
pub mod name;
pub mod operating_system;
pub mod receipt;
pub mod seed;
pub mod signature;

pub use assertion::AssertionModel;
pub use attestation::AttestationModel;
pub use authority::Authority;
pub use derived::Derived;
pub use device::{Device, KeyTrait};
pub use generation::Generation;
pub use mint::FastMint;
pub use seed::Seed;
