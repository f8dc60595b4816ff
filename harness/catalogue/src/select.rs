//! Choosing cases by their ids.

use crate::case::Case;

/// The cases whose id matches one of the patterns; all of them if there is no pattern.
///
/// `*` stands for any text, also none; everything else for itself.
pub fn select(cases: Vec<Case>, patterns: &[String]) -> Vec<Case> {
    if patterns.is_empty() {
        return cases;
    }
    cases
        .into_iter()
        .filter(|case| patterns.iter().any(|pattern| matches(pattern, &case.id)))
        .collect()
}

/// Whether a text matches a pattern in which `*` stands for any text.
pub fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    for part in parts {
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_text() {
        let check = |pattern, text, expected| {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        };
        check("nonce.other", "nonce.other", true);
        check("nonce.other", "nonce.other-one", false);
        check("nonce.*", "nonce.other", true);
        check("*.other", "nonce.other", true);
        check("n*.*er", "nonce.other", true);
        check("a*a", "a", false);
        check("*", "", true);
        check("*b*b*", "abcab", true);
        check("*b*b", "abc", false);
    }
}
