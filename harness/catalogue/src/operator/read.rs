//! From `{ do = "name", … }` to an operator.

use super::{
    AssertionOperator, AttestationOperator, AuthenticatorDataOperator, CERTIFICATE,
    CertificateOperator, ChallengeOperator, ClientDataOperator, ContainerOperator, CoseOperator,
    DeviceOperator, Edit, Entry, ForeseenOperator, FormOperator, HashOperator, JsonBodyOperator,
    KeyOperator, Operator, Part, ProfileOperator, ReceiptOperator, ReplayOperator, SentOperator,
    SpellingOperator, VALUE, Which, WireOperator,
};
use crate::file::{At, Problem};
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

impl Operator {
    /// Reads an operator's table; what it takes stands beside `do`.
    pub(crate) fn read(value: Spanned<DeValue<'_>>) -> Result<Self, At<Problem>> {
        let span = value.span();
        let DeValue::Table(mut table) = value.into_inner() else {
            return Err(At::new(span, Problem::text("an operator is a table: { do = \"…\" }")));
        };
        let Some(name) = table.remove("do") else {
            return Err(At::new(span, Problem::text("`do` is missing: which operator?")));
        };
        let name_span = name.span();
        let DeValue::String(name) = name.into_inner() else {
            return Err(At::new(name_span, Problem::text("`do` must be the name of an operator")));
        };
        let found = Reading { name: Spanned::new(name_span.clone(), name), table, span };
        found.operator()
    }

    /// Every name that `do` can have.
    pub fn names() -> Vec<String> {
        Self::vocabulary().flat_map(Entry::names).collect()
    }
}

struct Reading<'t> {
    name: Spanned<Cow<'t, str>>,
    table: DeTable<'t>,
    span: std::ops::Range<usize>,
}

impl Reading<'_> {
    fn operator(self) -> Result<Operator, At<Problem>> {
        let name = self.name.get_ref().to_string();
        let is_of = |vocabulary: &[Entry]| vocabulary.iter().any(|entry| entry.name == name);
        for which in Which::ALL {
            if let Some(rest) = name.strip_prefix(which.prefix()) {
                let known = format!("{CERTIFICATE}{rest}");
                if ProfileOperator::VOCABULARY.iter().any(|entry| entry.name == known) {
                    return self.values(&known).map(|one| Operator(Edit::Profile(which, one)));
                }
                if CertificateOperator::VOCABULARY.iter().any(|entry| entry.name == known) {
                    return self.values(&known).map(|one| Operator(Edit::Certificate(which, one)));
                }
            }
        }
        for part in Part::ALL {
            if let Some(rest) = name.strip_prefix(part.prefix()) {
                let known = format!("{VALUE}{rest}");
                if SpellingOperator::VOCABULARY.iter().any(|entry| entry.name == known) {
                    return self.values(&known).map(|one| Operator(Edit::Spelling(part, one)));
                }
            }
        }
        let edit = if is_of(KeyOperator::VOCABULARY) {
            Edit::Key(self.values(&name)?)
        } else if is_of(ForeseenOperator::VOCABULARY) {
            Edit::Foreseen(self.values(&name)?)
        } else if is_of(DeviceOperator::VOCABULARY) {
            Edit::Device(self.values(&name)?)
        } else if is_of(ChallengeOperator::VOCABULARY) {
            Edit::Challenge(self.values(&name)?)
        } else if is_of(ClientDataOperator::VOCABULARY) {
            Edit::ClientData(self.values(&name)?)
        } else if is_of(SentOperator::VOCABULARY) {
            Edit::Sent(self.values(&name)?)
        } else if is_of(AuthenticatorDataOperator::VOCABULARY) {
            Edit::AuthenticatorData(self.values(&name)?)
        } else if is_of(AttestationOperator::VOCABULARY) {
            Edit::Attestation(self.values(&name)?)
        } else if is_of(CoseOperator::VOCABULARY) {
            Edit::Cose(self.values(&name)?)
        } else if is_of(FormOperator::VOCABULARY) {
            Edit::Form(self.values(&name)?)
        } else if is_of(ReceiptOperator::VOCABULARY) {
            Edit::Receipt(self.values(&name)?)
        } else if is_of(AssertionOperator::VOCABULARY) {
            Edit::Assertion(self.values(&name)?)
        } else if is_of(ContainerOperator::VOCABULARY) {
            Edit::Container(self.values(&name)?)
        } else if is_of(HashOperator::VOCABULARY) {
            Edit::Hash(self.values(&name)?)
        } else if is_of(ReplayOperator::VOCABULARY) {
            Edit::Replay(self.values(&name)?)
        } else if is_of(JsonBodyOperator::VOCABULARY) {
            Edit::Json(self.values(&name)?)
        } else if is_of(WireOperator::VOCABULARY) {
            Edit::Wire(self.values(&name)?)
        } else {
            let problem = Problem::unknown("operator", &name, &Operator::names());
            return Err(At::new(self.name.span(), problem));
        };
        Ok(Operator(edit))
    }

    /// The operator as an enum of its group: `{ name = { what it takes } }`.
    fn values<T: DeserializeOwned>(self, variant: &str) -> Result<T, At<Problem>> {
        let mut outer = DeTable::new();
        let name = Spanned::new(self.name.span(), Cow::Owned(variant.to_owned()));
        outer.insert(name, Spanned::new(self.span.clone(), DeValue::Table(self.table)));
        let value = Spanned::new(self.span.clone(), DeValue::Table(outer));
        T::deserialize(ValueDeserializer::from(value))
            .map_err(|error| At::new(error.span().unwrap_or(self.span), Problem::of(&error)))
    }
}
