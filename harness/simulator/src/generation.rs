//! The shapes that genuine objects have had, by the operating system that made them.

use std::{fmt, str::FromStr};

/// A family of systems whose objects have one shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Generation {
    /// iOS 14 to 16.
    Ios14,
    /// iOS 17 and 18: more system properties, and a leaf of half a year or more.
    Ios17,
    /// iOS 26: the leaf also carries the key's access-control list.
    Ios26,
    /// iOS 27: an extended key usage, and extensions in authenticator data.
    Ios27,
    /// macOS 27: another access-control list, and the code directory's hash.
    Macos27,
}

impl Generation {
    /// All of them, oldest first.
    pub const ALL: [Self; 5] = [Self::Ios14, Self::Ios17, Self::Ios26, Self::Ios27, Self::Macos27];

    /// The name case files use: `ios14`, `ios17`, `ios26`, `ios27`, `macos27`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ios14 => "ios14",
            Self::Ios17 => "ios17",
            Self::Ios26 => "ios26",
            Self::Ios27 => "ios27",
            Self::Macos27 => "macos27",
        }
    }

    /// Whether authenticator data carries extensions.
    pub fn has_extensions(self) -> bool {
        matches!(self, Self::Ios27 | Self::Macos27)
    }

    /// Whether the leaf carries Apple's extended key usage (since 2026, after iOS 26.2).
    pub(crate) fn has_extended_key_usage(self) -> bool {
        matches!(self, Self::Ios27 | Self::Macos27)
    }

    /// Whether the leaf carries the key's access-control list and the properties of 2026.
    pub(crate) fn is_since_26(self) -> bool {
        matches!(self, Self::Ios26 | Self::Ios27 | Self::Macos27)
    }

    /// The flags byte: AT always, ED as measured on iOS 27 and not on macOS 27.
    pub(crate) fn flags(self) -> u8 {
        match self {
            Self::Ios14 | Self::Ios17 | Self::Ios26 | Self::Macos27 => 0x40,
            Self::Ios27 => 0xc0,
        }
    }
}

impl FromStr for Generation {
    type Err = UnknownGeneration;

    fn from_str(text: &str) -> Result<Self, UnknownGeneration> {
        let found = Self::ALL.into_iter().find(|generation| generation.as_str() == text);
        found.ok_or_else(|| UnknownGeneration(text.to_owned()))
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no generation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no generation (known: ios14, ios17, ios26, ios27, macos27)")]
pub struct UnknownGeneration(String);
