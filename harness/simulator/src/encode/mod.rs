//! Writers for DER, BER and CBOR that write what they are told, right or wrong.

pub mod cbor;
pub mod der;
