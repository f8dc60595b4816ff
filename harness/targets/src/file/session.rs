//! The `[session]` section: whose cookies are whose, what accounts are called, and the login.

use super::reader::{Item, Table};
use super::sections::{headers, optional, sources};
use super::step::{ok, request};
use super::{Headers, RequestTemplate, Source, StatusRange, TargetFileError};
use std::collections::BTreeMap;

type Read<T> = Result<T, TargetFileError>;

/// What a server and its users have between them besides keys.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SessionRules {
    /// Who shares cookies.
    pub cookies: CookiePolicy,
    /// What accounts are called, with `${n}` where each differs; `None` leaves it to the harness.
    pub account: Option<String>,
    /// The requests of the login, in order.
    pub setup: Vec<Login>,
}

/// Who shares cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CookiePolicy {
    /// Cookies are neither kept nor sent.
    #[default]
    None,
    /// The requests of one account.
    PerAccount,
    /// The requests of one device of one account, which then logs in by itself.
    PerDevice,
    /// All requests of a run.
    Shared,
}

impl CookiePolicy {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::None, Self::PerAccount, Self::PerDevice, Self::Shared];

    /// The name, as target files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::PerAccount => "per-account",
            Self::PerDevice => "per-device",
            Self::Shared => "shared",
        }
    }
}

/// A request of the login, sent once before the first request of an account.
#[derive(Debug, Clone, PartialEq)]
pub struct Login {
    /// What is sent.
    pub request: RequestTemplate,
    /// The statuses that mean yes.
    pub ok: StatusRange,
    /// What later requests of the account need from the answer, by name.
    pub save: BTreeMap<String, Source>,
    /// Headers of all later requests of the account, as templates.
    pub then_headers: Headers,
}

/// What stands in an account's name where each differs.
const NUMBER: &str = "${n}";

impl SessionRules {
    /// The name of an account that `number` tells from all others.
    pub fn account(&self, number: &str) -> Option<String> {
        self.account.as_ref().map(|name| name.replace(NUMBER, number))
    }
}

/// The section.
pub(super) fn session(item: &Item<'_>) -> Read<SessionRules> {
    let table = item.table(&["cookies", "account", "setup"])?;
    let policy = |item: &Item<'_>| item.choice(&CookiePolicy::ALL, CookiePolicy::as_str);
    let setup = |item: &Item<'_>| item.list()?.iter().map(login).collect::<Read<_>>();
    Ok(SessionRules {
        cookies: optional(table.get("cookies"), policy)?.unwrap_or_default(),
        account: optional(table.get("account"), account)?,
        setup: optional(table.get("setup"), setup)?.unwrap_or_default(),
    })
}

fn account(item: &Item<'_>) -> Read<String> {
    let text = item.text()?;
    if text.replacen(NUMBER, "", 1).contains("${") || !text.contains(NUMBER) {
        return Err(item.error(format!(
            "`{text}` must hold `{NUMBER}` once and nothing else to be filled in, so that no two accounts are called alike"
        )));
    }
    Ok(text.to_owned())
}

fn login(item: &Item<'_>) -> Read<Login> {
    let table: Table<'_> = item.table(&["request", "ok", "save", "then_headers"])?;
    Ok(Login {
        request: request(&table.need("request")?)?,
        ok: optional(table.get("ok"), ok)?.unwrap_or(StatusRange::SUCCESS),
        save: optional(table.get("save"), sources)?.unwrap_or_default(),
        then_headers: optional(table.get("then_headers"), headers)?.unwrap_or_default(),
    })
}
