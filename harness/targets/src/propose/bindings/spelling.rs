//! How templates, names and credentials are spelled.

use crate::encoding::Encoding;

/// Words in front of a credential.
const SCHEMES: [&str; 4] = ["Bearer ", "Basic ", "Token ", "Digest "];

/// `${name}`, with a filter if it is written in another way than by convention.
pub(super) fn written(name: &str, encoding: Encoding, convention: Encoding) -> String {
    if encoding == convention {
        format!("${{{name}}}")
    } else {
        format!("${{{name}|{}}}", encoding.as_str())
    }
}

/// A text that a template writes as it is.
pub(in crate::propose) fn literal(text: &str) -> String {
    text.replace("${", "${'${'}")
}

/// The word in front of a credential, and the credential.
pub(super) fn strip_scheme(text: &str) -> (&str, &str) {
    let length = SCHEMES
        .iter()
        .find(|scheme| {
            text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        })
        .map_or(0, |scheme| scheme.len());
    text.split_at(length)
}

/// `challengeId` as `challenge_id`.
pub(in crate::propose) fn snake(name: &str) -> String {
    let mut snake = String::new();
    let mut after_small = false;
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            if c.is_ascii_uppercase() && after_small {
                snake.push('_');
            }
            after_small = c.is_ascii_lowercase() || c.is_ascii_digit();
            snake.push(c.to_ascii_lowercase());
        } else if !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
            after_small = false;
        }
    }
    let snake = snake.trim_end_matches('_').to_owned();
    // A name does not begin with a digit.
    if snake.starts_with(|c: char| c.is_ascii_digit()) { format!("value_{snake}") } else { snake }
}

pub(super) fn looks_like_uuid(text: &str) -> bool {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_names_of_variables() {
        for (name, snaked) in [
            ("challengeId", "challenge_id"),
            ("X-Api-Key", "x_api_key"),
            ("userID", "user_id"),
            ("2fa", "value_2fa"),
            ("--", ""),
        ] {
            assert_eq!(snake(name), snaked);
        }
    }
}
