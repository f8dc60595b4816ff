//! A recorded request as a shell script around curl.

use base64::{Engine, engine::general_purpose::STANDARD};
use record::SentRequest;
use std::fmt::Write as _;

/// The body, if the script takes it from a file: always, unless secrets must be put into it.
pub(super) fn body_file(request: &SentRequest) -> Option<Vec<u8>> {
    let body = STANDARD.decode(&request.body).ok()?;
    (!body.is_empty() && with_secrets(request, &body).is_none()).then_some(body)
}

/// The script. `$1` is the server's address if it is another by now; secrets come from variables.
pub(super) fn script(id: &str, request: &SentRequest) -> String {
    let body = STANDARD.decode(&request.body).unwrap_or_default();
    let (base, path) = split(&request.url);
    let mut text = String::from("#!/bin/sh\n");
    let comment = |text: &mut String, line: &str| {
        // A comment ends with its line, whatever stands in it.
        let line: String = line.chars().filter(|char| !char.is_control()).collect();
        let _ = writeln!(text, "# {line}");
    };
    comment(&mut text, &format!("{id}: {}, as it was sent.", request.what));
    comment(
        &mut text,
        "Its challenge is spent or expired by now, so that a server may refuse it for that;",
    );
    comment(&mut text, "`assay replay` plays the case anew.");
    comment(&mut text, "Usage: ./curl.sh [ADDRESS]");
    if request.body_left_out > 0 {
        let bytes = request.body_left_out;
        comment(
            &mut text,
            &format!("The body is too long to be kept: its last {bytes} bytes are missing."),
        );
    }
    for name in &request.secrets {
        let (variable, name) = (variable(name), name.replace('|', ", written in "));
        let what = match name.split_once('.') {
            Some(("session", saved)) => format!("what the login saved as {saved}; log in anew"),
            Some(("cookie", cookie)) => format!("the cookie {cookie}; log in anew"),
            Some(_) | None => format!("the target file's secret {name}"),
        };
        comment(&mut text, &format!("{variable}: {what}"));
        let _ = writeln!(text, ": \"${{{variable}:?is not set}}\"");
    }
    text.push_str("cd \"$(dirname \"$0\")\" || exit 2\n");
    let _ = writeln!(text, "base=${{1:-{}}}", quoted(base, &[]));
    let secret_body = with_secrets(request, &body);
    if let Some(words) = &secret_body {
        let _ = write!(text, "printf %s {words} | ");
    }
    // No settings of the user's own, no meaning in brackets and dots: the request as it is.
    text.push_str("curl -q --silent --show-error --include --max-time 30 --globoff --path-as-is");
    let mut line = |words: String| {
        let _ = write!(text, " \\\n  {words}");
    };
    match request.method.as_str() {
        "HEAD" => line("--head".to_owned()),
        method => line(format!("--request {}", quoted(method, &[]))),
    }
    for (name, value) in &request.headers {
        // Curl drops a header without a value unless it ends in a semicolon.
        let header = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        line(format!("--header {}", quoted(&header, &request.secrets)));
    }
    for name in ["content-type", "accept", "user-agent"] {
        if !request.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            line(format!("--header '{name}:'"));
        }
    }
    if secret_body.is_some() {
        line("--data-binary @-".to_owned());
    } else if !body.is_empty() {
        line("--data-binary @body.bin".to_owned());
    }
    line(format!("--url \"$base\"{}", quoted(path, &request.secrets)));
    text.push('\n');
    text
}

/// Address, and path with query.
fn split(url: &str) -> (&str, &str) {
    let host = url.find("://").map_or(0, |at| at + 3);
    let path = url[host..].find(['/', '?']).map_or(url.len(), |at| host + at);
    url.split_at(path)
}

/// A body of text with secrets in it, as words of the shell.
fn with_secrets(request: &SentRequest, body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok().filter(|text| !text.contains('\0'))?;
    let named = request.secrets.iter().any(|name| text.contains(&placeholder(name)));
    named.then(|| quoted(text, &request.secrets))
}

fn placeholder(name: &str) -> String {
    format!("${{secret.{name}}}")
}

/// The variable that holds a secret: `token|base64` is `ASSAY_SECRET_TOKEN_BASE64`.
fn variable(name: &str) -> String {
    let word = |char: char| {
        if char.is_ascii_alphanumeric() { char.to_ascii_uppercase() } else { '_' }
    };
    format!("ASSAY_SECRET_{}", name.chars().map(word).collect::<String>())
}

/// One word of the shell that means exactly this text, secrets by their variables.
fn quoted(text: &str, secrets: &[String]) -> String {
    let mut word = format!("'{}'", text.replace('\'', "'\\''"));
    for name in secrets {
        let variable = format!("'\"${{{}}}\"'", variable(name));
        word = word.replace(&placeholder(name), &variable);
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&str, &str)], body: &str, secrets: &[&str]) -> SentRequest {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        SentRequest {
            what: "attest (step 1)\nrm -rf /".to_owned(),
            method: "POST".to_owned(),
            url: "http://127.0.0.1:7/a'b?c=[1]".to_owned(),
            headers: headers.iter().map(owned).collect(),
            body: STANDARD.encode(body),
            body_left_out: 0,
            secrets: secrets.iter().map(|name| (*name).to_owned()).collect(),
            status: None,
            decision: "accept".to_owned(),
            excerpt: String::new(),
        }
    }

    #[test]
    fn nothing_in_a_request_is_read_by_the_shell() {
        let hostile = request(&[("x-a", "$(id) `id` ' \" \\"), ("x-empty", "")], "'{}'", &[]);
        let text = script("a.b\n$(id)", &hostile);
        assert!(
            text.contains("\n# a.b$(id): attest (step 1)rm -rf /, as it was sent.\n"),
            "{text}"
        );
        assert!(text.contains(r#"--header 'x-a: $(id) `id` '\'' " \'"#), "{text}");
        assert!(text.contains("--header 'x-empty;'"), "{text}");
        assert!(text.contains("base=${1:-'http://127.0.0.1:7'}\n"), "{text}");
        assert!(text.contains(r#"--url "$base"'/a'\''b?c=[1]'"#), "{text}");
        assert!(text.contains("--data-binary @body.bin"), "{text}");
        assert_eq!(body_file(&hostile).unwrap(), b"'{}'");
    }

    #[test]
    fn secrets_come_from_variables_wherever_they_stand() {
        let body = "{\"key\":\"${secret.api-key}\"}";
        let secret = request(
            &[("authorization", "Basic ${secret.api-key|base64}")],
            body,
            &["api-key", "api-key|base64"],
        );
        let text = script("a", &secret);
        assert!(text.contains(": \"${ASSAY_SECRET_API_KEY:?is not set}\"\n"), "{text}");
        assert!(
            text.contains("'authorization: Basic '\"${ASSAY_SECRET_API_KEY_BASE64}\"''"),
            "{text}"
        );
        assert!(
            text.contains("printf %s '{\"key\":\"'\"${ASSAY_SECRET_API_KEY}\"'\"}' | curl"),
            "{text}"
        );
        assert!(text.contains("--data-binary @-"), "{text}");
        assert_eq!(body_file(&secret), None);
    }
}
