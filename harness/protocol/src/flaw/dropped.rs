//! Each rule left out.

use super::{Edit, Flaw, FlawKind};
use crate::verify::Rule;

/// One flaw a rule, in the order of the rules.
pub(super) fn all() -> impl Iterator<Item = Flaw> {
    Rule::ALL.iter().map(|&rule| {
        let (id, words) = rule.dropped();
        Flaw { id, rule, kind: FlawKind::Dropped, words, edit: Edit::Drop }
    })
}
