//! curl command lines, as people keep them and as browsers copy them.

mod command;
mod words;

use super::ProposeError;
use super::sighting::Sightings;

/// Whether a text is a curl command line, or a file of them.
pub(super) fn looks_like(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start().trim_start_matches(['$', '>', '%']).trim_start();
        line.split_whitespace().any(is_curl)
    })
}

fn is_curl(word: &str) -> bool {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    matches!(name, "curl" | "curl.exe")
}

/// Reads the commands of a text.
pub(super) fn read(text: &str, name: &str) -> Result<Sightings, ProposeError> {
    let mut seen = Sightings::default();
    for line in words::commands(text, name)? {
        if let Some(at) = line.iter().position(|word| is_curl(&word.text)) {
            command::read(&line[at..], name, &mut seen)?;
        }
    }
    Ok(seen)
}

#[cfg(test)]
mod tests;
