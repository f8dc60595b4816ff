//! Whatever a server does, it becomes a decision, in bounded time and memory.

use std::time::{Duration, Instant};
use targets::http::LARGEST_ANSWER;
use targets::{Decision, Exchange, Facts, HttpTarget, Operation, Saved, Target, TargetFile};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const TIMEOUT: Duration = Duration::from_millis(700);

/// Asks a server for a challenge that treats every connection with `behave`, once the request's
/// head has arrived.
async fn ask<B, F>(behave: B) -> Exchange
where
    B: Fn(TcpStream) -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut read = [0; 4096];
            let _ = stream.read(&mut read).await;
            behave(stream).await;
        }
    });
    let exchange = ask_url(&url).await;
    server.abort();
    assert!(exchange.elapsed < TIMEOUT * 3, "{exchange:?}");
    exchange
}

async fn ask_url(url: &str) -> Exchange {
    let mut file = TargetFile::reference(url, Duration::from_mins(1)).unwrap();
    file.timeout = TIMEOUT;
    let target = HttpTarget::open(&file, false).await.unwrap();
    let facts = Facts::new("alice", "r1");
    let mut saved = Saved::new();
    let started = Instant::now();
    let exchange = target.perform(Operation::Challenge, &facts, &mut saved).await.unwrap();
    assert!(started.elapsed() < TIMEOUT * 3);
    assert!(saved.is_empty() || matches!(exchange.decision, Decision::Accepted { .. }));
    assert!(exchange.excerpt.len() <= 2048 + 16);
    exchange
}

/// A server that writes these bytes and closes.
async fn answered(bytes: impl Into<Vec<u8>>) -> Exchange {
    let bytes: Vec<u8> = bytes.into();
    ask(move |mut stream| {
        let bytes = bytes.clone();
        async move {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
    })
    .await
}

#[track_caller]
fn unreadable(exchange: &Exchange, words: &str) {
    match &exchange.decision {
        Decision::Unreadable { why } => assert!(why.contains(words), "{words}: {why}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_honest_answer_is_read() {
    let exchange = answered(
        "HTTP/1.1 200 OK\r\ncontent-length: 44\r\n\r\n{\"challenge\":\"abc\",\"expiresIn\":1,\"and\":null}",
    )
    .await;
    assert!(matches!(exchange.decision, Decision::Accepted { .. }), "{exchange:?}");
    assert_eq!(exchange.status, Some(200));
}

#[tokio::test]
async fn garbage_is_no_http() {
    unreadable(&answered("\u{0}\u{1}garbage without end\r\n\r\n").await, "no HTTP");
    unreadable(&answered("HTTP/1.1 9999 What\r\n\r\n").await, "no HTTP");
    unreadable(&answered([0xff; 4096]).await, "no HTTP");
}

#[tokio::test]
async fn html_with_scripts_is_unreadable_and_told_as_text() {
    let exchange = answered(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<script>alert(1)</script>\u{1b}[2J",
    )
    .await;
    unreadable(&exchange, "no JSON");
    assert_eq!(exchange.excerpt, "<script>alert(1)</script>\\u{1b}[2J");
}

#[tokio::test]
async fn json_nested_beyond_reason_is_unreadable() {
    let body = "[".repeat(100_000);
    let exchange =
        answered(format!("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n{body}")).await;
    unreadable(&exchange, "no JSON");
}

#[tokio::test]
async fn text_that_is_no_utf8_is_unreadable() {
    let mut answer = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n".to_vec();
    answer.extend([0xff, 0xfe, 0x80]);
    let exchange = answered(answer).await;
    unreadable(&exchange, "no JSON");
    assert_eq!(exchange.excerpt, "\u{fffd}\u{fffd}\u{fffd}");
}

#[tokio::test]
async fn a_redirect_elsewhere_is_not_followed() {
    let exchange = answered(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://example.org/collect\r\ncontent-length: 0\r\n\r\n",
    )
    .await;
    unreadable(&exchange, "redirect (status 307) to `http://example.org/collect`");
    assert_eq!(exchange.status, Some(307));
}

#[tokio::test]
async fn a_body_of_50_megabytes_is_cut_off() {
    for framing in ["content-length: 52428800", "connection: close"] {
        let exchange = ask(move |mut stream| async move {
            let head = format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n");
            let _ = stream.write_all(head.as_bytes()).await;
            let megabyte = vec![b'a'; 1 << 20];
            for _ in 0..50 {
                if stream.write_all(&megabyte).await.is_err() {
                    return;
                }
            }
        })
        .await;
        unreadable(&exchange, "larger than 1024 KiB");
        assert_eq!(exchange.status, Some(200));
    }
}

#[tokio::test]
async fn a_body_of_just_the_largest_size_is_read() {
    let body = "a".repeat(LARGEST_ANSWER);
    let exchange =
        answered(format!("HTTP/1.1 200 OK\r\ncontent-length: {LARGEST_ANSWER}\r\n\r\n{body}"))
            .await;
    unreadable(&exchange, "no JSON");
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let exchange = ask(|stream| async move {
        tokio::time::sleep(TIMEOUT * 4).await;
        drop(stream);
    })
    .await;
    assert_eq!(exchange.decision, Decision::TimedOut);
    assert_eq!(exchange.status, None);
}

#[tokio::test]
async fn an_endless_drip_is_a_timeout() {
    for head in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"] {
        let exchange = ask(move |mut stream| async move {
            let _ = stream.write_all(head.as_bytes()).await;
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        // Without a status line the drip is garbage from its first byte on.
        if head.is_empty() {
            unreadable(&exchange, "no HTTP");
        } else {
            assert_eq!(exchange.decision, Decision::TimedOut, "{head:?}");
        }
    }
}

#[tokio::test]
async fn a_connection_closed_at_once_is_closed() {
    let exchange = ask(|stream| async move { drop(stream) }).await;
    assert!(matches!(exchange.decision, Decision::Closed { .. }), "{exchange:?}");
}

#[tokio::test]
async fn a_connection_reset_is_closed() {
    let exchange = ask(|stream| async move {
        // Closing with no lingering sends a reset.
        stream.set_zero_linger().unwrap();
        drop(stream);
    })
    .await;
    assert!(matches!(exchange.decision, Decision::Closed { .. }), "{exchange:?}");
}

#[tokio::test]
async fn an_answer_shorter_than_it_says_is_closed() {
    let exchange = answered("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"challenge\":").await;
    assert!(matches!(exchange.decision, Decision::Closed { .. }), "{exchange:?}");
    assert_eq!(exchange.excerpt, "{\"challenge\":");
}

#[tokio::test]
async fn an_answer_longer_than_it_says_ends_where_it_says() {
    let exchange =
        answered("HTTP/1.1 200 OK\r\ncontent-length: 19\r\n\r\n{\"challenge\":\"abc\"}trailing")
            .await;
    assert!(matches!(exchange.decision, Decision::Accepted { .. }), "{exchange:?}");
}

#[tokio::test]
async fn contradictory_lengths_are_no_http() {
    for head in [
        "content-length: 5\r\ncontent-length: 6",
        "content-length: -1",
        "content-length: 99999999999999999999999",
    ] {
        unreadable(&answered(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\nabcdef")).await, "no HTTP");
    }
}

#[tokio::test]
async fn chunks_of_nonsense_are_no_http() {
    let exchange =
        answered("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\nabc\r\n").await;
    unreadable(&exchange, "no HTTP");
}

#[tokio::test]
async fn a_bomb_of_headers_is_no_http() {
    let many = "x: y\r\n".repeat(100_000);
    unreadable(&answered(format!("HTTP/1.1 200 OK\r\n{many}\r\n")).await, "no HTTP");
    let long = "y".repeat(10_000_000);
    unreadable(&answered(format!("HTTP/1.1 200 OK\r\nx: {long}\r\n\r\n")).await, "no HTTP");
}

#[tokio::test]
async fn a_compressed_body_is_not_unpacked() {
    let exchange = answered(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 19\r\n\r\n{\"challenge\":\"abc\"}",
    )
    .await;
    assert!(matches!(exchange.decision, Decision::Accepted { .. }), "{exchange:?}");
}

#[tokio::test]
async fn a_reset_at_any_point_is_closed() {
    for begun in [
        "HTTP/1.1 2",
        "HTTP/1.1 200 OK\r\ncontent-le",
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"challenge\":",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"cha",
    ] {
        let exchange = ask(move |mut stream| async move {
            let _ = stream.write_all(begun.as_bytes()).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
            stream.set_zero_linger().unwrap();
            drop(stream);
        })
        .await;
        let Decision::Closed { why } = &exchange.decision else { panic!("{begun}: {exchange:?}") };
        assert!(!why.is_empty());
        let has_head = begun.contains("\r\n\r\n");
        assert_eq!(exchange.status, has_head.then_some(200), "{begun}");
    }
}

#[tokio::test]
async fn an_answer_after_the_timeout_is_no_answer_to_the_next_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = |text: &str| {
        let body = format!("{{\"challenge\":\"{text}\"}}");
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    };
    let (late, prompt) = (answer("late"), answer("prompt"));
    let server = tokio::spawn(async move {
        for number in 0.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (late, prompt) = (late.clone(), prompt.clone());
            tokio::spawn(async move {
                let mut read = [0; 4096];
                let _ = stream.read(&mut read).await;
                if number == 0 {
                    tokio::time::sleep(TIMEOUT + Duration::from_millis(100)).await;
                    let _ = stream.write_all(late.as_bytes()).await;
                } else {
                    let _ = stream.write_all(prompt.as_bytes()).await;
                }
                tokio::time::sleep(TIMEOUT).await;
            });
        }
    });
    let mut file = TargetFile::reference(&url, Duration::from_mins(1)).unwrap();
    file.timeout = TIMEOUT;
    let target = HttpTarget::open(&file, false).await.unwrap();
    let mut saved = Saved::new();
    let facts = Facts::new("alice", "r1");
    let first = target.perform(Operation::Challenge, &facts, &mut saved).await.unwrap();
    assert_eq!(first.decision, Decision::TimedOut);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let second = target.perform(Operation::Challenge, &facts, &mut saved).await.unwrap();
    assert!(matches!(second.decision, Decision::Accepted { .. }), "{second:?}");
    assert_eq!(saved["challenge_text"], "prompt");
    server.abort();
}

#[tokio::test]
async fn a_flood_of_interim_answers_is_a_timeout() {
    for interim in
        ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"]
    {
        let exchange = ask(move |mut stream| async move {
            let many = interim.repeat(100);
            while stream.write_all(many.as_bytes()).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
        assert_eq!(exchange.decision, Decision::TimedOut, "{interim}");
    }
}

#[tokio::test]
async fn a_bomb_that_says_it_is_gzip_stays_what_it_is() {
    // Ten bytes of head, then what would unpack to far more than was sent.
    let mut answer =
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n".to_vec();
    answer.extend(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff");
    answer.extend([0; 1000]);
    let exchange = answered(answer).await;
    unreadable(&exchange, "no JSON");
    assert!(exchange.excerpt.starts_with("\\u{1f}\u{fffd}\\u{8}"), "{}", exchange.excerpt);
}

#[tokio::test]
async fn nothing_in_headers_reaches_a_terminal_or_a_page_unescaped() {
    let hostile = "HTTP/1.1 302 Found\r\nlocation: http://e.example/<script>\u{202e}\u{9b}2J\r\nset-cookie: \u{ff}=\u{9b}; ;;=\r\ncache-control: \u{9b}2J<b>\r\ncontent-length: 0\r\n\r\n";
    let exchange = answered(hostile).await;
    let Decision::Unreadable { why } = &exchange.decision else { panic!("{exchange:?}") };
    assert!(why.contains("redirect") && why.contains("not followed"), "{why}");
    assert!(!why.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{why:?}");
    assert!(!exchange.caching.contains(['\u{1b}', '\u{9b}']), "{:?}", exchange.caching);
    // Controls proper are no header's value at all.
    unreadable(&answered("HTTP/1.1 200 OK\r\nx: \u{1b}[2J\r\n\r\n").await, "no HTTP");
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_told_with_what_to_write() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let exchange = ask_url(&url).await;
    server.abort();
    let Decision::Unreachable { why } = exchange.decision else { panic!("{exchange:?}") };
    assert!(why.contains("http://"), "{why}");
}

#[tokio::test]
async fn nobody_listening_is_unreachable_with_what_was_tried() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    match ask_url(&format!("http://{address}")).await.decision {
        Decision::Unreachable { why } => {
            assert!(why.contains(&address.to_string()) && why.contains("refused"), "{why}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_forbidden_host_is_refused_before_anything_is_sent() {
    use targets::http::OpenError;
    use targets::lock::{NotAdmitted, Refusal};
    let open = async |url: &str, allow_public| {
        let file = TargetFile::reference(url, Duration::from_mins(1)).unwrap();
        HttpTarget::open(&file, allow_public).await.map(|_| ())
    };
    for url in ["https://attest.apple.com", "http://APPLE.com.", "http://x@17.0.0.1:8080"] {
        let refused = open(url, true).await;
        assert!(
            matches!(
                refused,
                Err(OpenError::NotAdmitted(NotAdmitted::Refused(Refusal::Apple { .. })))
            ),
            "{url}: {refused:?}"
        );
    }
    let refused = open("http://192.168.0.1", false).await;
    assert!(
        matches!(
            refused,
            Err(OpenError::NotAdmitted(NotAdmitted::Refused(Refusal::Public {
                private: true,
                ..
            })))
        ),
        "{refused:?}"
    );
}
