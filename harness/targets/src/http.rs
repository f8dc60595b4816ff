//! The door over HTTP.
//!
//! Redirects are never followed, the environment's proxies never used, nothing is decompressed,
//! and no answer is read beyond [`LARGEST_ANSWER`] or the target file's timeout.

use crate::decision::{Decision, Exchange};
use crate::dialect::{Answer, Dialect, DialectError, WireRequest};
use crate::facts::{Operation, Saved};
use crate::file::{HttpVersion, TargetFile};
use crate::lock::{self, NotAdmitted};
use crate::pace::Pace;
use crate::restart::Process;
use crate::target::{Joined, Joint, Target, answered, cut_short, stalled, while_beside};
use bytes::Bytes;
use futures_util::future::{join_all, ready};
use futures_util::stream::{self, StreamExt};
use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Barrier;

/// Bytes of a body that are read; what is longer is unreadable.
pub const LARGEST_ANSWER: usize = 1 << 20;

/// Time after which a connection counts as impossible, unless the whole request has less.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A server under test, spoken to over HTTP.
#[derive(Debug, Clone)]
pub struct HttpTarget {
    dialect: Dialect,
    client: reqwest::Client,
    pace: Pace,
    restarted: Process,
}

/// Why there is no client for a target. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The safety lock refuses it, or its name leads nowhere.
    #[error(transparent)]
    NotAdmitted(#[from] NotAdmitted),
    /// Its file of certificates cannot be used.
    #[error("cannot use the certificates of {}", path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The client cannot be set up.
    #[error("cannot set up the HTTP client")]
    Client(#[from] reqwest::Error),
    /// The target file was changed after parsing, and does not hold together any more.
    #[error(transparent)]
    Dialect(#[from] DialectError),
}

impl HttpTarget {
    /// Checks every node with the safety lock and sets a client up. Nothing is sent.
    pub async fn open(file: &TargetFile, allow_public: bool) -> Result<Self, OpenError> {
        let dialect = Dialect::new(file)?;
        let client = client_builder(file, allow_public).await?.build()?;
        let pace = Pace::new(file.pacing.interval);
        Ok(Self { dialect, client, pace, restarted: Process::default() })
    }

    /// The same connections, spoken over as another file says. Its nodes must be those that the
    /// safety lock let pass, so they are taken from the file that was opened.
    pub fn speaking(&self, file: &TargetFile) -> Result<Self, DialectError> {
        let nodes = self.dialect.file().nodes.clone();
        let dialect = Dialect::new(&TargetFile { nodes, ..file.clone() })?;
        Ok(Self { dialect, ..self.clone() })
    }

    /// The client, for callers that keep their own books.
    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }
}

impl Target for HttpTarget {
    fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    async fn send(
        &self,
        operation: Operation,
        request: WireRequest,
        saved: &mut Saved,
    ) -> Exchange {
        self.pace.wait(1).await;
        exchange(&self.client, &self.dialect, operation, request, saved).await
    }

    async fn restart(&self) -> Result<(), String> {
        let file = self.dialect.file();
        let hook = file.restart.as_ref();
        let hook = hook.ok_or("the target file has no `restart` in `[target]`")?;
        let restarted = self.restarted.restart(hook, &self.client, &file.nodes).await;
        restarted.map_err(|what| file.secrets.mask(&what))
    }

    async fn send_together(&self, requests: Vec<Joint>, beside: Vec<WireRequest>) -> Vec<Joined> {
        self.pace.wait(requests.len() + beside.len()).await;
        // Each waits with its last byte until all have come so far, on connections of their own.
        let waiting = requests.iter().filter(|joint| !joint.request.body.is_empty()).count();
        let gate = Arc::new(Barrier::new(waiting.max(1)));
        let main = requests.into_iter().map(async |joint: Joint| {
            let Joint { operation, mut request, mut saved } = joint;
            let body = gated(&mut request, Arc::clone(&gate));
            let exchange =
                exchange_with(&self.client, &self.dialect, operation, request, body, &mut saved);
            let exchange = exchange.await;
            Joined { exchange, saved }
        });
        let beside = beside.into_iter().map(async |mut request: WireRequest| {
            let body = reqwest::Body::wrap_stream(stalled(&request.body));
            declare_length(&mut request);
            let none = &mut Saved::new();
            exchange_with(&self.client, &self.dialect, Operation::Attest, request, body, none).await
        });
        while_beside(join_all(main), join_all(beside)).await
    }
}

/// The longest that a request waits for those sent with it.
const GATHERING: Duration = Duration::from_secs(1);

/// The body of a request whose last byte waits at the gate.
fn gated(request: &mut WireRequest, gate: Arc<Barrier>) -> reqwest::Body {
    let mut body = Bytes::from(std::mem::take(&mut request.body));
    let Some(before_last) = body.len().checked_sub(1) else { return body.into() };
    request.headers.insert(http::header::CONTENT_LENGTH, body.len().into());
    let last = body.split_off(before_last);
    let last = async move {
        // A server that answers early, or not at all, must not hold the others up for long.
        let _ = tokio::time::timeout(GATHERING, gate.wait()).await;
        Ok(last)
    };
    let first: Result<Bytes, Infallible> = Ok(body);
    reqwest::Body::wrap_stream(stream::once(ready(first)).chain(stream::once(last)))
}

/// Says how long a body is that comes in parts.
fn declare_length(request: &mut WireRequest) {
    request.headers.insert(http::header::CONTENT_LENGTH, request.body.len().into());
}

/// A client's settings for a target whose nodes have all passed the safety lock; it connects only
/// to the addresses that were checked.
pub async fn client_builder(
    file: &TargetFile,
    allow_public: bool,
) -> Result<reqwest::ClientBuilder, OpenError> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("assay/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .connect_timeout(CONNECT_TIMEOUT.min(file.timeout));
    builder = match file.http_version {
        HttpVersion::Auto => builder,
        HttpVersion::Http1 => builder.http1_only(),
        HttpVersion::Http2 => builder.http2_prior_knowledge(),
    };
    if let Some(path) = &file.tls_ca {
        let bad = |source: Box<dyn Error + Send + Sync>| OpenError::Certificates {
            path: path.clone(),
            source,
        };
        let pem = std::fs::read(path).map_err(|error| bad(error.into()))?;
        let certificates =
            reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| bad(error.into()))?;
        builder = builder.tls_certs_merge(certificates);
    }
    for node in &file.nodes {
        let addresses = lock::admit(node, allow_public).await?;
        if let Some(name) = node.domain() {
            builder = builder.resolve_to_addrs(name, &addresses);
        }
    }
    Ok(builder)
}

/// Sends one request and reads its answer, within the target file's timeout.
pub async fn exchange(
    client: &reqwest::Client,
    dialect: &Dialect,
    operation: Operation,
    mut request: WireRequest,
    saved: &mut Saved,
) -> Exchange {
    let body = std::mem::take(&mut request.body).into();
    exchange_with(client, dialect, operation, request, body, saved).await
}

/// The request as the client sends it, with this body instead of its own.
pub fn client_request(request: WireRequest, body: reqwest::Body) -> reqwest::Request {
    let mut sent = reqwest::Request::new(request.method, request.url);
    *sent.headers_mut() = request.headers;
    *sent.body_mut() = Some(body);
    sent
}

async fn exchange_with(
    client: &reqwest::Client,
    dialect: &Dialect,
    operation: Operation,
    request: WireRequest,
    body: reqwest::Body,
    saved: &mut Saved,
) -> Exchange {
    let url = request.url.clone();
    let sent = client_request(request, body);
    let sending = async { Ok::<_, Infallible>(client.execute(sent).await) };
    let Ok(exchange) = settle(dialect, operation, &url, sending, saved).await;
    exchange
}

/// Reads the answer that `sending` brings, within the target file's timeout from now on.
///
/// For callers whose client is wrapped in something that keeps its own books; an error of the
/// wrapping itself is handed on.
pub async fn settle<E>(
    dialect: &Dialect,
    operation: Operation,
    url: &url::Url,
    sending: impl Future<Output = Result<Result<reqwest::Response, reqwest::Error>, E>>,
    saved: &mut Saved,
) -> Result<Exchange, E> {
    let started = Instant::now();
    let mut arrived = Arrived::default();
    let receiving = receive(sending, &mut arrived);
    let received = tokio::time::timeout(dialect.file().timeout, receiving).await;
    let elapsed = started.elapsed();
    let Arrived { status, headers, body } = arrived;
    let failed =
        |decision, saved: &Saved| cut_short(dialect, decision, status, &body, saved, elapsed);
    Ok(match received {
        Err(_) => failed(Decision::TimedOut, saved),
        Ok(Err(Trouble::TooLarge)) => failed(
            Decision::Unreadable {
                why: format!("the body is larger than {} KiB", LARGEST_ANSWER >> 10),
            },
            saved,
        ),
        Ok(Err(Trouble::Client(error))) => failed(decision_of(&error.without_url(), url), saved),
        Ok(Err(Trouble::Wrapping(error))) => return Err(error),
        Ok(Ok(())) => {
            let answer = Answer {
                status: status.expect("a whole answer has a status"),
                headers,
                body: body.into(),
            };
            answered(dialect, operation, url, &answer, saved, elapsed)
        }
    })
}

/// What has come of an answer so far.
#[derive(Default)]
struct Arrived {
    status: Option<u16>,
    headers: http::HeaderMap,
    body: Vec<u8>,
}

enum Trouble<E> {
    TooLarge,
    Client(reqwest::Error),
    Wrapping(E),
}

impl<E> From<reqwest::Error> for Trouble<E> {
    fn from(error: reqwest::Error) -> Self {
        Self::Client(error)
    }
}

async fn receive<E>(
    sending: impl Future<Output = Result<Result<reqwest::Response, reqwest::Error>, E>>,
    arrived: &mut Arrived,
) -> Result<(), Trouble<E>> {
    let mut response = sending.await.map_err(Trouble::Wrapping)??;
    arrived.status = Some(response.status().as_u16());
    arrived.headers = std::mem::take(response.headers_mut());
    while let Some(chunk) = response.chunk().await? {
        if arrived.body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(Trouble::TooLarge);
        }
        arrived.body.extend_from_slice(&chunk);
    }
    Ok(())
}

/// What a failed request says about the server.
fn decision_of(error: &reqwest::Error, url: &url::Url) -> Decision {
    let words = chain(error);
    if error.is_connect() {
        let hint = tls_hint(&words);
        return Decision::Unreachable { why: format!("tried {}: {words}{hint}", address_of(url)) };
    }
    if error.is_timeout() {
        return Decision::TimedOut;
    }
    let garbage = sources(error).any(|source| {
        let not_http = source.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse);
        let bad_framing = source.downcast_ref::<io::Error>().is_some_and(|error| {
            matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData)
        });
        not_http || bad_framing
    });
    if garbage {
        Decision::Unreadable { why: format!("the answer is no HTTP: {words}") }
    } else {
        Decision::Closed { why: words }
    }
}

/// What to do about a connection that TLS did not let come about, as an appendix to a sentence.
fn tls_hint(words: &str) -> &'static str {
    let untrusted = "; its certificate is signed by nobody known here: name the PEM file of its \
                     authority with `http = { tls_ca = \"ca.pem\" }` in `[target]`";
    let hints = [
        ("UnknownIssuer", untrusted),
        // An authority of the same name, and not the same.
        ("certificate: BadSignature", untrusted),
        (
            "not valid for name",
            "; its certificate is for another host: use the name it was made for",
        ),
        ("certificate expired", "; its certificate has expired: renew it"),
        ("InvalidContentType", "; no TLS is spoken there: the node may begin with http://"),
    ];
    hints.iter().find(|(word, _)| words.contains(word)).map_or("", |(_, hint)| hint)
}

fn address_of(url: &url::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn sources<'e>(
    error: &'e (dyn Error + 'static),
) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

/// An error and its sources in one line, each said once.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut words: Vec<String> = Vec::new();
    for source in sources(error) {
        let said = source.to_string();
        if words.last().is_none_or(|last| !last.contains(&said)) {
            words.push(said);
        }
    }
    words.join(": ")
}
