//! A server behind TLS, whose authority is one's own.

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::sync::Arc;
use std::time::Duration;
use targets::file::HttpVersion;
use targets::http::OpenError;
use targets::{Decision, Exchange, Facts, HttpTarget, Operation, Saved, Target, TargetFile};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

/// Says in which version of HTTP it was asked, as the challenge.
async fn version(request: Request) -> Response {
    format!("{{\"challenge\":\"{:?}\",\"expiresIn\":1}}", request.version()).into_response()
}

/// A server whose certificate is for `host`; its URL at the loopback address, and its authority in PEM.
async fn served(host: &str) -> (String, String) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![host.to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &issuer).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(any(version));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (acceptor, router) = (acceptor.clone(), router.clone());
            tokio::spawn(async move {
                // A client that does not trust the certificate goes away here.
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let service = TowerToHyperService::new(router);
                let builder = Builder::new(TokioExecutor::new());
                let _ = builder.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    (url, pem)
}

/// Asks for a challenge, trusting what stands in a file besides the system's authorities.
async fn asked(url: &str, authority: Option<&str>, version: HttpVersion) -> (Exchange, Saved) {
    let folder = tempfile::tempdir().unwrap();
    let mut file = TargetFile::reference(url, Duration::from_mins(1)).unwrap();
    file.http_version = version;
    file.tls_ca = authority.map(|pem| {
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, pem).unwrap();
        path
    });
    let target = HttpTarget::open(&file, false).await.unwrap();
    let mut saved = Saved::new();
    let facts = Facts::new("alice", "r1");
    let exchange = target.perform(Operation::Challenge, &facts, &mut saved).await.unwrap();
    (exchange, saved)
}

#[tokio::test]
async fn a_server_of_an_authority_of_ones_own_is_spoken_to_in_both_versions() {
    let (url, pem) = served("127.0.0.1").await;
    for (version, spoken) in [
        (HttpVersion::Auto, "HTTP/2.0"),
        (HttpVersion::Http1, "HTTP/1.1"),
        (HttpVersion::Http2, "HTTP/2.0"),
    ] {
        let (exchange, saved) = asked(&url, Some(&pem), version).await;
        assert!(matches!(exchange.decision, Decision::Accepted { .. }), "{exchange:?}");
        assert_eq!(saved["challenge_text"], spoken, "{version:?}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_told_with_what_to_do() {
    let (url, _) = served("127.0.0.1").await;
    let (other, pem) = served("shop.example").await;
    for (url, authority, words) in [
        (&url, None, "tls_ca"),
        (&url, Some(pem.as_str()), "tls_ca"),
        (&other, Some(pem.as_str()), "another host"),
    ] {
        let (exchange, saved) = asked(url, authority, HttpVersion::Auto).await;
        let Decision::Unreachable { why } = &exchange.decision else { panic!("{exchange:?}") };
        assert!(why.contains(words) && why.contains("tried 127.0.0.1:"), "{words}: {why}");
        assert!(saved.is_empty());
    }
}

#[tokio::test]
async fn a_file_that_holds_no_certificates_is_refused_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("missing.pem", None),
        ("broken.pem", Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")),
    ] {
        let path = folder.path().join(name);
        if let Some(text) = text {
            std::fs::write(&path, text).unwrap();
        }
        let mut file =
            TargetFile::reference("https://127.0.0.1:1", Duration::from_mins(1)).unwrap();
        file.tls_ca = Some(path);
        let refused = HttpTarget::open(&file, false).await;
        // The client library reads certificates only as it sets itself up.
        let told = matches!(refused, Err(OpenError::Certificates { .. } | OpenError::Client(_)));
        assert!(told, "{name}: {:?}", refused.err());
    }
}
