//! `[session]`: cookies and the login.

use super::step::Written;
use super::{Known, Page, toml};
use crate::propose::bindings::Binder;
use crate::propose::routes::Part;

/// `[session]`, if anything hangs on one.
pub(super) fn session(
    page: &mut Page,
    known: &Known<'_>,
    binder: &Binder<'_>,
    steps: &[(Part, Option<Written>)],
    then_headers: &[(String, String)],
) {
    let login = steps.iter().find(|(part, _)| *part == Part::Login);
    let login = login.and_then(|(_, login)| login.as_ref());
    let saves = binder.saves.get(&Part::Login);
    if binder.cookies.is_none() && saves.is_none() {
        if let Some(login) = login {
            let request = &known.seen.requests[login.request];
            page.line("");
            page.ask(&format!(
                "Must an account log in first, by {} ({})? No request needs what it answers",
                request.shown(),
                request.at
            ));
            page.line("# [[session.setup]]");
            page.line(&format!("# request = {}", toml::table(&login.entries)));
        }
        return;
    }
    page.line("\n[session]");
    if let Some(why) = &binder.cookies {
        page.with("cookies = \"per-account\"", why);
    }
    page.ask("What are accounts called? The harness makes names up unless you say how, with ${n} where each differs");
    page.line("# account = \"qa-${n}\"");
    let Some(login) = login else { return };
    let request = &known.seen.requests[login.request];
    page.line("");
    page.say(&format!("{}, from {}", request.shown(), request.at));
    login.notes.iter().for_each(|note| page.say(&format!("  {note}")));
    login.questions.iter().for_each(|question| page.ask(question));
    page.line("[[session.setup]]");
    page.line(&format!("request = {}", toml::table(&login.entries)));
    if let Some(status) = request.good_answer().and_then(|one| one.status.parse::<u16>().ok()) {
        page.line(&format!("ok = {{ status = {status} }}"));
    }
    let written = |(name, value): (&String, &String)| (name.clone(), toml::text(value));
    if let Some(saves) = saves {
        page.line(&format!(
            "save = {}",
            toml::table(&saves.iter().map(written).collect::<Vec<_>>())
        ));
    }
    if !then_headers.is_empty() {
        let headers = then_headers.iter().map(|(name, value)| written((name, value)));
        page.line(&format!("then_headers = {}", toml::table(&headers.collect::<Vec<_>>())));
    }
}
