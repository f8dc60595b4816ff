//! Passwords, tokens, keys and cookies: never copied.

use super::spelling::{snake, strip_scheme};
use super::{Binder, Bound, Spot};
use crate::propose::role::{self, Role, letters};
use crate::propose::routes::Part;
use crate::propose::sighting::{Member, Place, Sighting};

impl Binder<'_> {
    /// Recorded values that nobody can have made up.
    pub(super) fn looks_secret(&mut self, spot: &Spot<'_>) -> Option<Bound> {
        let text = spot.leaf.as_str()?;
        let known = self.elsewhere.iter().any(|secret| text.contains(secret));
        if !(known || self.recorded && looks_random(text)) {
            return None;
        }
        let bound = self.secret(spot);
        if !known {
            self.ask(spot, "looks random and is not copied; where does it come from?");
        }
        Some(bound)
    }

    /// The token that a login gives, in a description that has both.
    pub(super) fn token(&mut self, spot: &Spot<'_>) -> Option<Bound> {
        let scheme = spot.leaf.as_str().filter(|scheme| *scheme == "Bearer ")?;
        if self.recorded || spot.part == Part::Login {
            return None;
        }
        let login = self.routes.login.as_ref()?;
        let answer = self.requests[login.at].good_answer()?.json.as_ref()?;
        let (pointer, name) = answer.leaves().into_iter().find_map(|(pointer, name, leaf)| {
            let is_token =
                role::of(&name, leaf) == Some(Role::Secret) && !letters(&name).contains("refresh");
            is_token.then_some((pointer, name))
        })?;
        let source = format!("json:{pointer}");
        let name = self.keep(Part::Login, &name, &source);
        self.note(spot, &format!("`{source}` of the answer to login"));
        Some(Bound::Template(format!("{scheme}${{{name}}}")))
    }

    /// Whether a cookie comes from an answer, and is kept as browsers do.
    pub(in crate::propose) fn is_of_session(&mut self, request: usize, cookie: &Member) -> bool {
        let until = if self.recorded { request } else { self.requests.len() };
        let sets = |one: &Sighting| {
            one.answers.iter().flat_map(|answer| &answer.cookies).any(|set| set.name == cookie.name)
        };
        let set = (0..until).rev().find(|at| sets(&self.requests[*at])).or_else(|| {
            // A description seldom names the cookies of an answer.
            self.routes.login.as_ref().map(|login| login.at).filter(|_| !self.recorded)
        });
        let Some(from) = set else { return false };
        let from = &self.requests[from];
        self.cookies = Some(format!("`{}` is set by {} ({})", cookie.name, from.shown(), from.at));
        true
    }

    /// A secret, by the name of an environment variable.
    pub(super) fn secret(&mut self, spot: &Spot<'_>) -> Bound {
        let value = spot.leaf.as_str().unwrap_or_default();
        let (scheme, value) = strip_scheme(value);
        if let Some((_, name)) =
            self.known_secrets.iter().find(|(known, _)| !value.is_empty() && known == value)
        {
            return Bound::Template(format!("{scheme}${{secret.{name}}}"));
        }
        let last = spot.name.rsplit('.').next().unwrap_or_default();
        let last = last.strip_prefix("x-").or_else(|| last.strip_prefix("X-")).unwrap_or(last);
        let plain = match (snake(last), &spot.place) {
            (name, Place::Path(at)) if name.is_empty() => format!("path_{at}"),
            (name, _) if name.is_empty() => "value".to_owned(),
            (name, _) => name,
        };
        let mut name = plain.clone();
        // Another secret of the same name is another secret only if it has another value.
        let mut number = 2;
        while self.secrets.contains_key(&name) && !value.is_empty() {
            name = format!("{plain}_{number}");
            number += 1;
        }
        // `$TOKEN` in a command line is the name of a variable already.
        let variable = value.strip_prefix('$').map(|name| name.trim_matches(['{', '}']));
        let variable = variable.filter(|name| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        });
        let variable = variable
            .map_or_else(|| format!("{}_{}", self.prefix, name.to_uppercase()), str::to_owned);
        if !value.is_empty() {
            self.known_secrets.push((value.to_owned(), name.clone()));
        }
        self.note(spot, &format!("secret: taken from the variable {variable}"));
        if spot.part == Part::Login {
            self.ask(spot, "is one for all accounts, which the server must know or make: does it?");
        }
        self.secrets.insert(name.clone(), variable);
        Bound::Template(format!("{scheme}${{secret.{name}}}"))
    }
}

/// The values that are called secret somewhere; short ones may be anything.
pub(super) fn secrets_of(requests: &[Sighting]) -> Vec<String> {
    let mut secrets = Vec::new();
    for (place, name, leaf) in requests.iter().flat_map(Sighting::leaves) {
        let is_secret =
            matches!(place, Place::Cookie(_)) || role::of(&name, leaf) == Some(Role::Secret);
        let value = strip_scheme(leaf.as_str().unwrap_or_default()).1;
        if is_secret && value.len() >= 6 {
            secrets.push(value.to_owned());
        }
    }
    secrets
}

/// Whether a text is one long word of letters and digits mixed, as tokens and ids are.
fn looks_random(text: &str) -> bool {
    text.len() >= 16
        && !text.chars().any(char::is_whitespace)
        && text.chars().any(|c| c.is_ascii_digit())
        && text.chars().any(|c| c.is_ascii_alphabetic())
        && text.chars().filter(char::is_ascii_digit).count() >= 3
        && !text.contains("://")
        && text.parse::<jiff::Timestamp>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_look_random_and_words_do_not() {
        for (text, random) in [
            ("8f14e45fceea167a5a36dedd4bea2543", true),
            ("eyJhbGciOiJIUzI1NiJ9.e30.x9", true),
            ("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", true),
            ("a book about cooking, 3rd edition", false),
            ("com.example.application", false),
            ("2026-11-28T12:00:00.000Z", false),
        ] {
            assert_eq!(looks_random(text), random, "{text}");
        }
    }
}
