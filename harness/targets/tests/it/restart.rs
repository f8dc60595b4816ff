//! The command that brings a server back, with real processes and a real server.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use targets::{HttpTarget, Target, TargetFile};
use tokio::net::TcpListener;

/// A server that serves from the third time on that it is asked.
async fn slow_to_start() -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let healthz = move || {
        let ready = counter.fetch_add(1, Ordering::Relaxed) >= 2;
        async move { if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE } }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/healthz", get(healthz));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, asked)
}

async fn restarted(url: &str, folder: &Path, restart: &str) -> Result<(), String> {
    let text = TargetFile::reference_text(url, Duration::from_mins(1), None).replacen(
        "timeout = \"5s\"",
        &format!("restart = {{ {restart} }}"),
        1,
    );
    let name = folder.join("shop.toml").display().to_string();
    let file = TargetFile::parse(&text, &name, &|_| None).unwrap();
    let began = Instant::now();
    let came = HttpTarget::open(&file, false).await.unwrap().restart().await;
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    came
}

#[tokio::test]
async fn a_command_is_run_in_the_folder_of_the_file_and_every_node_waited_for() {
    let (url, asked) = slow_to_start().await;
    let folder = tempfile::tempdir().unwrap();
    let restart = r#"command = ["sh", "-c", "echo started > here"], wait_for = "GET /healthz 200""#;
    restarted(&url, folder.path(), restart).await.unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 3);
    assert_eq!(std::fs::read_to_string(folder.path().join("here")).unwrap(), "started\n");
}

#[tokio::test]
async fn a_server_in_the_foreground_is_waited_for_though_its_command_never_ends() {
    let (url, _) = slow_to_start().await;
    let folder = tempfile::tempdir().unwrap();
    let restart = r#"command = ["sleep", "60"], wait_for = "GET /healthz 200""#;
    restarted(&url, folder.path(), restart).await.unwrap();
}

#[tokio::test]
async fn what_fails_is_told_with_the_end_of_what_it_said() {
    let (url, _) = slow_to_start().await;
    let folder = tempfile::tempdir().unwrap();
    for (restart, words) in [
        (r#"command = ["./nowhere"]"#, "cannot be started"),
        (r#"command = ["sh", "-c", "echo no such volume >&2; exit 3"]"#, "no such volume"),
        (r#"command = ["sh", "-c", "exit 3"], wait_for = "GET /never 200""#, "exit status: 3"),
        (r#"command = ["sleep", "60"], timeout = "300ms""#, "runs on after 300ms"),
        (
            r#"command = ["true"], wait_for = "GET /never 200", timeout = "300ms""#,
            "no node serves after 300ms",
        ),
    ] {
        let why = restarted(&url, folder.path(), restart).await.unwrap_err();
        assert!(why.contains(words), "{restart}: {why}");
    }
}

#[tokio::test]
async fn a_flood_of_output_neither_stops_the_command_nor_is_kept() {
    let (url, _) = slow_to_start().await;
    let folder = tempfile::tempdir().unwrap();
    let flood = "head -c 20000000 /dev/zero | tr '\\\\0' 'x'; printf '\\\\033[2Jdone'; exit 1";
    let restart = format!("command = [\"sh\", \"-c\", \"{flood}\"]");
    let why = restarted(&url, folder.path(), &restart).await.unwrap_err();
    assert!(why.ends_with("[2Jdone") && !why.contains('\u{1b}'), "{why}");
    assert!(why.len() < 2000, "{}", why.len());
}

#[tokio::test]
async fn without_a_command_there_is_no_restart() {
    let file = TargetFile::reference("http://127.0.0.1:9", Duration::from_mins(1)).unwrap();
    let why = HttpTarget::open(&file, false).await.unwrap().restart().await.unwrap_err();
    assert!(why.contains("`restart` in `[target]`"), "{why}");
}
