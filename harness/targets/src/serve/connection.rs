//! Connections: how many, how long they may dawdle, and how they end.

use super::{Settings, Shared, router};
use axum::Router;
use axum::body::Body;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tower::ServiceExt;

/// Connections served at once; more wait in the system's queue.
const CONNECTIONS: usize = 4096;

/// Time for a connection's first request to begin, so that silent ones hold no place.
const FIRST_REQUEST: Duration = Duration::from_secs(10);

/// Time for the head of any later request. It runs between requests too: no shorter than clients keep a connection.
const NEXT_REQUEST: Duration = Duration::from_secs(100);

/// Time for requests under way when the server is asked to stop.
const FAREWELL: Duration = Duration::from_secs(3);

/// Serves the reference relying party until `shutdown` is ready: HTTP/1.1, and HTTP/2 for clients
/// that begin with it. Requests under way are finished, within three seconds.
pub async fn serve(
    settings: Settings,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    serve_router(router(Shared::new(settings)), listener, shutdown).await
}

/// Serves any routes as [`serve`] does those of the reference.
pub async fn serve_router(
    router: Router,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let builder = Arc::new(connection_builder());
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let place = tokio::select! {
            () = &mut shutdown => break,
            place = Arc::clone(&places).acquire_owned() => {
                place.expect("the semaphore is never closed")
            }
        };
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => accepted,
        };
        // Tasks that ended are forgotten, so that the set does not grow.
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) => {
                let connection =
                    connection(stream, Arc::clone(&builder), router.clone(), graceful.watcher());
                connections.spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            // Out of descriptors, or the peer is gone already: neither ends a server.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    drop(listener);
    // What is still under way afterwards is cut off as the set is dropped.
    let _ = tokio::time::timeout(FAREWELL, graceful.shutdown()).await;
    Ok(())
}

fn connection_builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(NEXT_REQUEST);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(NEXT_REQUEST)
        .max_concurrent_streams(256)
        .max_header_list_size(64 << 10);
    builder
}

async fn connection(
    stream: TcpStream,
    builder: Arc<Builder<TokioExecutor>>,
    router: Router,
    watcher: Watcher,
) {
    // Answers are one small write each: waiting to fill a segment only delays them.
    let _ = stream.set_nodelay(true);
    let begun = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&begun);
    let service = router.map_request(move |request: http::Request<hyper::body::Incoming>| {
        seen.store(true, Ordering::Relaxed);
        request.map(Body::new)
    });
    let connection =
        builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut served = std::pin::pin!(watcher.watch(connection.into_owned()));
    // An error here is the client's: it went away or spoke no HTTP.
    tokio::select! {
        _ = &mut served => return,
        () = tokio::time::sleep(FIRST_REQUEST) => {}
    }
    if begun.load(Ordering::Relaxed) {
        let _ = served.await;
    }
}
