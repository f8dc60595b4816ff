//! What an operator is called, what it takes and what it does: read by people and by tests.

/// One operator of the vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its name, as `do` has it.
    pub name: &'static str,
    /// What it takes.
    pub fields: &'static [&'static str],
    /// What it does, in one line.
    pub words: &'static str,
}

/// An enum of operators, read from TOML by their names, and the vocabulary they make.
macro_rules! operators {
    ($(#[$meta:meta])* $group:ident { $(
        $name:literal $variant:ident { $( $(#[$attribute:meta])* $field:ident : $type:ty ),* } $words:literal;
    )* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub(crate) enum $group { $(
            #[serde(rename = $name)]
            #[schemars(description = $words)]
            $variant { $( $(#[$attribute])* $field: $type ),* },
        )* }

        impl $group {
            /// Every operator of this group.
            pub(crate) const VOCABULARY: &[$crate::operator::Entry] = &[ $(
                $crate::operator::Entry {
                    name: $name,
                    fields: &[ $( stringify!($field) ),* ],
                    words: $words,
                },
            )* ];

            /// The name, as `do` has it.
            pub(crate) fn name(&self) -> &'static str {
                match self { $( Self::$variant { .. } => $name, )* }
            }
        }
    };
}

pub(crate) use operators;
