//! The command lines that repeat a run, or one case of it.

use crate::args::Target;
use std::path::Path;

/// The command line as typed, with the seed it was run with.
pub(crate) fn command(verb: &str, seed: &str, number: u64) -> String {
    let typed: Vec<String> = std::env::args().skip(1).map(|word| quoted(&word)).collect();
    let mut words = if typed.is_empty() { vec![verb.to_owned()] } else { typed.clone() };
    let given = |name: &str| {
        let is = |word: &String| word == name || word.starts_with(&format!("{name}="));
        typed.iter().any(is)
    };
    if !given("--seed") {
        words.extend(["--seed".to_owned(), quoted(seed)]);
    }
    if number != 0 && !given("--session") {
        words.extend(["--session".to_owned(), number.to_string()]);
    }
    format!("assay {}", words.join(" "))
}

/// What follows `assay replay ID` so that a case of this run is played again.
pub(crate) fn repeat(args: &Target, seed: &str, number: u64) -> String {
    let words = [String::new()].into_iter().chain(words(args, seed, number));
    words.collect::<Vec<_>>().join(" ")
}

/// The command that asks the same servers again; `what` says about what.
pub(crate) fn repeat_fuzz(
    args: &Target,
    second: Option<&Path>,
    (seed, number): (&str, u64),
    what: &[String],
) -> String {
    let mut all = vec!["assay".to_owned(), "fuzz".to_owned()];
    all.extend(words(args, seed, number));
    if let Some(second) = second {
        all.extend(["--target".to_owned(), quoted(&second.display().to_string())]);
    }
    all.extend(what.iter().map(|word| quoted(word)));
    all.join(" ")
}

fn words(args: &Target, seed: &str, number: u64) -> Vec<String> {
    let mut words = Vec::new();
    words.extend(args.file.iter().map(|path| quoted(&path.display().to_string())));
    words.extend(["--seed".to_owned(), quoted(seed)]);
    if number != 0 {
        words.extend(["--session".to_owned(), number.to_string()]);
    }
    if let Some(path) = &args.authority {
        words.extend(["--authority".to_owned(), quoted(&path.display().to_string())]);
    }
    for id in &args.flaws {
        words.extend(["--flaw".to_owned(), quoted(id)]);
    }
    if let Some(crypto) = args.crypto {
        words.extend(["--crypto".to_owned(), crypto.to_string()]);
    }
    words
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(quoted("a/b.toml"), "a/b.toml");
        assert_eq!(quoted("chain.*"), "'chain.*'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
