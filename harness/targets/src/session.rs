//! What a server and one of its users have between them: cookies, and what the login left.

use crate::secrets::Secrets;
use cookie_store::{CookieStore, RawCookie};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use url::Url;

/// The state of a session. Clones share their cookies, as the requests of one user do.
#[derive(Clone, Default)]
pub struct Session {
    cookies: Cookies,
    /// What the login's answers left, by the names that templates use.
    values: BTreeMap<String, String>,
    /// Requests of the login that were accepted.
    logins: usize,
}

impl Session {
    /// How many requests of the login were accepted so far.
    pub fn logins(&self) -> usize {
        self.logins
    }

    /// What the login left, by the names that templates use.
    pub(crate) fn values(&self) -> &BTreeMap<String, String> {
        &self.values
    }

    pub(crate) fn cookies(&self) -> &Cookies {
        &self.cookies
    }

    /// Takes note of an accepted request of the login.
    pub(crate) fn logged_in(&mut self, values: BTreeMap<String, String>) {
        self.values.extend(values);
        self.logins += 1;
    }
}

/// Sessions are equal if the same was left by the login and the same cookies are kept.
impl PartialEq for Session {
    fn eq(&self, other: &Self) -> bool {
        let kept = |session: &Self| session.cookies.lock().recent.clone();
        self.values == other.values && self.logins == other.logins && kept(self) == kept(other)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("logins", &self.logins)
            .field("values", &self.values.keys())
            .finish_non_exhaustive()
    }
}

/// A jar of cookies, shared by its clones.
#[derive(Clone, Default)]
pub(crate) struct Cookies(Arc<Mutex<Jar>>);

#[derive(Default)]
struct Jar {
    store: CookieStore,
    /// Names and values as they came, the latest last: they must not be shown, even once they were
    /// replaced.
    recent: VecDeque<(String, String)>,
}

/// Cookies that are kept, and values that are remembered to be masked: RFC 6265 asks for 50 a host.
const COOKIES: usize = 64;
/// Bytes of a `Set-Cookie` that is kept; RFC 6265 asks for 4096.
const LONGEST: usize = 8192;
/// Bytes that a value has at least to be masked: what is shorter (`1`, `en`, `true`) is no secret,
/// and masking it would hide half of every answer.
const SECRET: usize = 6;

impl Cookies {
    /// Keeps what an answer sets. What is no cookie, is for another host or is too much is left out.
    pub(crate) fn keep(&self, url: &Url, headers: &http::HeaderMap) {
        for header in headers.get_all(http::header::SET_COOKIE) {
            let Some(cookie) = header.to_str().ok().filter(|text| text.len() <= LONGEST) else {
                continue;
            };
            let Ok(cookie) = RawCookie::parse(cookie.to_owned()) else { continue };
            let mut jar = self.lock();
            let (name, value) = (cookie.name().to_owned(), cookie.value().to_owned());
            let is_known = jar.store.iter_any().any(|known| known.name() == name);
            if is_known || jar.store.iter_any().count() < COOKIES {
                // What it refuses is not sent back: that is all there is to it.
                let _ = jar.store.insert_raw(&cookie, url);
            }
            if !jar.recent.contains(&(name.clone(), value.clone())) {
                jar.recent.push_back((name, value));
            }
            if jar.recent.len() > COOKIES {
                jar.recent.pop_front();
            }
        }
    }

    /// The `Cookie` header of a request, if it has one: longer paths first, as RFC 6265 asks, then by
    /// name.
    pub(crate) fn header(&self, url: &Url) -> Option<String> {
        let jar = self.lock();
        let mut cookies: Vec<(usize, &str, &str)> = jar
            .store
            .matches(url)
            .into_iter()
            .map(|cookie| (cookie.path.len(), cookie.name(), cookie.value()))
            .collect();
        cookies.sort_by_key(|(path, name, _)| (std::cmp::Reverse(*path), *name));
        let pairs: Vec<String> =
            cookies.into_iter().map(|(_, name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    fn lock(&self) -> MutexGuard<'_, Jar> {
        // A cookie is in the jar or not; nothing else could be left half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What must not be shown of a session: what the login left, and every cookie.
pub(crate) fn secrets_of(session: &Session, cookies: &Cookies) -> Option<Secrets> {
    let cookies = cookies.lock();
    let login = session.values.iter().map(|(name, value)| (format!("session.{name}"), value));
    let cookies = cookies.recent.iter().enumerate().map(|(place, (name, value))| {
        // The same cookie may have had several values; the latest goes by its name alone.
        let is_latest = !cookies.recent.iter().skip(place + 1).any(|(later, _)| later == name);
        let name = harmless(name);
        (if is_latest { format!("cookie.{name}") } else { format!("cookie.{name}.{place}") }, value)
    });
    let all: BTreeMap<String, String> = login
        .chain(cookies)
        .filter(|(_, value)| value.len() >= SECRET)
        .map(|(name, value)| (name, value.clone()))
        .collect();
    (!all.is_empty()).then(|| Secrets::new(all))
}

/// A cookie's name, which the server chose, as a name of ours.
fn harmless(name: &str) -> String {
    let word = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    name.chars().take(40).map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue, header::SET_COOKIE};

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    fn after(set: &[&str]) -> Cookies {
        let cookies = Cookies::default();
        let mut headers = HeaderMap::new();
        for text in set {
            headers.append(SET_COOKIE, HeaderValue::from_bytes(text.as_bytes()).unwrap());
        }
        cookies.keep(&url("https://shop.example/v1/login"), &headers);
        cookies
    }

    #[test]
    fn cookies_go_where_their_host_path_and_scheme_say() {
        let cookies = after(&[
            "sid=one; Path=/; HttpOnly",
            "deep=two; Path=/v1/orders",
            "safe=three; Path=/; Secure",
            "wide=four; Path=/; Domain=example",
            "alien=five; Path=/; Domain=other.example",
        ]);
        for (to, header) in [
            ("https://shop.example/", Some("safe=three; sid=one; wide=four")),
            ("https://shop.example/v1/orders/7", Some("deep=two; safe=three; sid=one; wide=four")),
            ("http://shop.example/", Some("sid=one; wide=four")),
            ("https://www.example/", Some("wide=four")),
            ("https://other.test/", None),
        ] {
            assert_eq!(cookies.header(&url(to)).as_deref(), header, "{to}");
        }
    }

    #[test]
    fn what_has_expired_or_is_taken_back_is_not_sent() {
        let cookies =
            after(&["sid=one; Path=/", "old=two; Path=/; Max-Age=0", "sid=; Max-Age=0; Path=/"]);
        assert_eq!(cookies.header(&url("https://shop.example/")), None);
        let past = after(&["a=b; Path=/; Expires=Wed, 21 Oct 2015 07:28:00 GMT"]);
        assert_eq!(past.header(&url("https://shop.example/")), None);
    }

    #[test]
    fn a_flood_of_cookies_is_bounded() {
        let many: Vec<String> =
            (0..1000).map(|number| format!("c{number}=value-{number}; Path=/")).collect();
        let mut all: Vec<&str> = many.iter().map(String::as_str).collect();
        let large = format!("large={}", "x".repeat(LONGEST));
        all.insert(0, &large);
        all.insert(0, "no cookie at all \u{ff}");
        let cookies = after(&all);
        let header = cookies.header(&url("https://shop.example/")).unwrap();
        assert_eq!(header.matches('=').count(), COOKIES);
        assert!(!header.contains("large"), "{header}");
        assert!(cookies.lock().recent.len() <= COOKIES);
    }

    #[test]
    fn values_are_secret_also_once_they_were_replaced_unless_they_say_nothing() {
        let cookies =
            after(&["sid=first-value", "sid=second-value", "lang=en", "we}i'rd=long-enough"]);
        let secrets = secrets_of(&Session::default(), &cookies).unwrap();
        let masked = secrets.mask("first-value second-value en long-enough");
        assert_eq!(masked, "[secret] [secret] en [secret]");
        let (written, known) = secrets.name_in(b"sid=second-value; x=long-enough");
        assert_eq!(written, b"sid=${secret.cookie.sid}; x=${secret.cookie.we_i_rd}");
        assert_eq!(known.len(), 2);
        assert!(!format!("{:?}", Session { cookies, ..Session::default() }).contains("-value"));
    }
}
