//! Bytes to structures, nothing judged.
