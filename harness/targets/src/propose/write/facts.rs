//! The sections that say who the server is and what it claims.

use super::{Known, Page, toml};
use crate::encoding::Encoding;
use crate::propose::bindings::snake;
use crate::propose::{Kind, answers};
use url::Url;

/// The first lines of the file.
pub(super) fn head(page: &mut Page, known: &Known<'_>) {
    page.line("#:schema target.schema.json");
    page.say(&format!(
        "Proposed by `assay init` from {} ({}).",
        known.input.name,
        known.kind.noun()
    ));
    page.say("A line that begins with `# ?` asks you something; other comments say where a value comes from.");
    page.line("schema = 1");
}

/// Begins the names of environment variables.
pub(super) fn prefix(known: &Known<'_>) -> String {
    snake(&name(known)).to_uppercase()
}

fn name(known: &Known<'_>) -> String {
    let title = known.seen.title.clone().unwrap_or_default();
    let named = snake(&title).replace('_', "-");
    if !named.is_empty() {
        return named.chars().take(40).collect::<String>().trim_end_matches('-').to_owned();
    }
    let host = base(known).and_then(|(base, _)| base.parse::<Url>().ok());
    let host = host.and_then(|url| url.domain().map(str::to_owned));
    // An address says nothing about who is there.
    let host = host.filter(|host| host != "localhost").map(|host| snake(&host).replace('_', "-"));
    host.filter(|host| !host.is_empty()).unwrap_or_else(|| "my-server".to_owned())
}

/// The base URL of the routes that were found, and where it stands.
fn base<'k>(known: &Known<'k>) -> Option<(&'k str, &'k str)> {
    let routes = known.routes;
    let chosen = [&routes.attest, &routes.challenge, &routes.assert];
    let mut found = chosen.into_iter().flatten().map(|chosen| &known.seen.requests[chosen.at]);
    let request = found.next().or_else(|| known.seen.requests.first())?;
    Some((request.base.as_deref()?, &request.base_at))
}

/// `[target]`.
pub(super) fn target(page: &mut Page, known: &Known<'_>) {
    page.line("\n[target]");
    page.line(&format!("name = {}", toml::text(&name(known))));
    let (base, at) = base(known).unwrap_or(("http://127.0.0.1:8080", "no URL was seen"));
    let is_url = base.parse::<Url>().is_ok_and(|url| url.host().is_some());
    let base = if is_url { base } else { "http://127.0.0.1:8080" };
    let local = base.parse::<Url>().is_ok_and(|url| {
        url.host_str().is_some_and(|host| matches!(host, "127.0.0.1" | "localhost" | "[::1]"))
    });
    if !local {
        page.ask("Is this the server to be tested? Beyond this machine Assay needs --allow-public, and it must be yours");
    } else if known.kind == Kind::OpenApi && at != "servers[0].url" {
        page.ask(&format!("Where does the server listen? {at}"));
    }
    page.with(&format!("nodes = [{}]", toml::text(base)), at);
    match (known.input.app_id, &known.evidence.app_id) {
        (Some(app_id), _) => {
            page.with(&format!("app_id = {}", toml::text(app_id.as_str())), "as you said");
        }
        (None, Some(app_id)) => page.with(
            &format!("app_id = {}", toml::text(app_id.as_str())),
            "the recorded attestation was made for it",
        ),
        (None, None) => {
            page.ask("Which App ID does the server serve? PREFIX.bundle.identifier, or --app-id");
            page.line("app_id = \"ABCDE12345.com.example.app\"");
        }
    }
    if let Some(environment) = known.evidence.environment {
        page.with(
            &format!("environment = \"{}\"", environment.as_str()),
            "the recorded attestation was made in it",
        );
    } else {
        page.ask("Which environment does the server accept? production or development");
        page.line("environment = \"production\"");
    }
    page.with("timeout = \"5s\"", "from the start of a request to the end of its answer");
    if let Some(file) = &known.seen.tls_ca {
        page.with(&format!("http = {{ tls_ca = {} }}", toml::text(file)), "--cacert");
    }
}

/// `[policy]`, which no description of an API and no recording shows.
pub(super) fn policy(page: &mut Page, known: &Known<'_>) {
    page.line(
        "\n[policy]                              # what the server claims; expectations follow it",
    );
    if let Some((seconds, pointer)) = answers::lifetime(&known.seen.requests, known.routes) {
        page.with(
            &format!("challenge_ttl = \"{seconds}s\""),
            &format!("`{pointer}` of the answer to challenge"),
        );
    } else {
        page.ask("How long does a challenge live?");
        page.line("# challenge_ttl = \"5m\"");
    }
    page.ask(
        "Does a failed attempt use its challenge up? What else does the server demand of a device?",
    );
    page.line("# challenge_spent_by_failure = true");
    page.line("# validation_category = { mode = \"ignore\" }     # or { mode = \"allow-missing\", allow = [2, 4] }");
    page.line("# bundle_version = { mode = \"ignore\" }");
    page.line("# receipt = \"ignore\"                            # or \"require\"");
}

/// `[conventions]`.
pub(super) fn conventions(page: &mut Page, known: &Known<'_>) {
    let conventions = known.conventions;
    page.line("\n[conventions]");
    let hash = format!("attest_client_data_hash = \"{}\"", conventions.hash.as_str());
    if conventions.proven {
        page.with(&hash, "the nonce of the recorded attestation proves it");
    } else {
        page.ask("What does the app hash for an attestation? sha256(challenge_text) is Apple's way, sha256(challenge_bytes) is usual; `assay doctor` tries them");
        page.line(&hash);
    }
    let source = &known.challenge.source;
    let seen = answers::challenge_encoding(&known.seen.requests, known.routes, source);
    let (encoding, why) = if conventions.challenge == Encoding::Raw {
        seen.unwrap_or((Encoding::Raw, ""))
    } else {
        (conventions.challenge, "the recorded attestation proves it")
    };
    if why.is_empty() {
        page.ask("What does the challenge's text stand for? b64, b64url, b64url_nopad, hex, or raw if for nothing else");
    }
    page.with(&format!("challenge = \"{}\"", encoding.as_str()), why);
    for (name, known) in [
        ("key_id", conventions.key_id),
        ("attestation", conventions.attestation),
        ("assertion", conventions.assertion),
    ] {
        if known.why.is_none() {
            page.ask(&format!(
                "How is the {} written? b64, b64url, b64url_nopad, hex or raw",
                name.replace('_', " ")
            ));
        }
        page.with(
            &format!("{name} = \"{}\"", known.encoding.as_str()),
            known.why.unwrap_or_default(),
        );
    }
}
