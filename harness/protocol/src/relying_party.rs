//! The reference relying party: a pure state machine.
