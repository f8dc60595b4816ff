//! Whether a value follows from the others or is pinned.

/// A value that is computed when a model is sealed, unless it is pinned.
///
/// Computing it from the edited values above it is what keeps a lie single: change the counter,
/// and nonce, certificate and signature follow as if a device had counted so.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Derived<T> {
    /// Follows from the values it depends on.
    #[default]
    Computed,
    /// Is this, whatever the others say.
    Fixed(T),
}

impl<T: Clone> Derived<T> {
    /// The pinned value, or else the computed one.
    pub(crate) fn or_else(&self, compute: impl FnOnce() -> T) -> T {
        match self {
            Self::Computed => compute(),
            Self::Fixed(value) => value.clone(),
        }
    }
}
