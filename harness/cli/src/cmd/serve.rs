//! `assay serve`: the reference relying party as a server.

use crate::args::ServeArgs;
use crate::cmd::verify::anchor;
use crate::exit_code::{ExitCode, Failed};
use crate::interrupt::StopFlag;
use crate::output::print;
use crate::prepared::{reference_file, serve_arguments};
use crate::reference::LISTENING;
use protocol::flaw::{Flaw, Flaws};
use protocol::relying_party;
use protocol::terms::AppId;
use protocol::verify::{AllowedCategories, AllowedVersions, Policy, TrustAnchor};
use runners::selftest::profiles;
use std::sync::atomic::Ordering;
use std::time::Duration;
use targets::TargetFile;
use targets::serve::{
    Settings, Shared, null_router, router, serve_router, system_clock, system_entropy,
};

/// Challenges remembered at once: five minutes of 3 000 a second.
const MAX_CHALLENGES: usize = 1_000_000;
/// Keys enrolled at once; some 400 MB with their receipts at the most.
const MAX_KEYS: usize = 100_000;

/// Serves until interrupted.
pub(crate) fn serve(args: &ServeArgs, stop: &StopFlag) -> Result<ExitCode, Failed> {
    let app_id = AppId::parse(&args.app_id).map_err(Failed::usage)?;
    if args.target_file {
        let url = format!("http://{}", args.listen);
        let text = TargetFile::reference_text(&url, args.challenge_lifetime, Some(&app_id));
        let file = reference_file(&url, args.challenge_lifetime)?;
        let arguments = serve_arguments(&TargetFile { app_id, ..file }).join(" ");
        print(&format!(
            "{text}\n# The server that this describes, with the roots of your test authority:\n\
             # assay serve --listen {} {arguments} --trust-anchor ROOT.pem --receipt-trust-anchor RECEIPT-ROOT.pem",
            args.listen
        ));
        return Ok(ExitCode::Ok);
    }
    let router = if args.null {
        null_router()
    } else {
        let relying_party = settings(args, app_id)?;
        let settings = Settings { relying_party, clock: system_clock(), entropy: system_entropy() };
        router(Shared::new(settings))
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failed::new(ExitCode::Internal, error))?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(args.listen).await.map_err(|error| {
            Failed::usage(format_args!("cannot listen on {}: {error}", args.listen))
        })?;
        let address =
            listener.local_addr().map_err(|error| Failed::new(ExitCode::Internal, error))?;
        print(&format!("{LISTENING}http://{address}"));
        serve_router(router, listener, asked_to_stop(args.until_stdin_closes, stop.clone()))
            .await
            .map_err(|error| Failed::new(ExitCode::Internal, error))
    })?;
    // A thread may still wait for standard input; it does not keep the process.
    runtime.shutdown_background();
    Ok(ExitCode::Ok)
}

/// Ends on Ctrl-C, and when standard input closes if that was asked for.
async fn asked_to_stop(with_stdin: bool, stop: StopFlag) {
    let closed = async {
        if with_stdin {
            let read = || std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
            let _ = tokio::task::spawn_blocking(read).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    let interrupted = async {
        while !stop.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        () = closed => {}
        () = interrupted => {}
    }
}

fn settings(args: &ServeArgs, app_id: AppId) -> Result<relying_party::Settings, Failed> {
    let trust_anchor = anchor(args.trust_anchor.as_deref(), TrustAnchor::apple_app_attestation)?;
    let receipt_anchor = anchor(args.receipt_trust_anchor.as_deref(), TrustAnchor::apple_root_g3)?;
    let policy = Policy {
        app_id,
        environment: args.environment,
        categories: match args.categories.as_slice() {
            [] => AllowedCategories::Any,
            listed => {
                AllowedCategories::Listed { categories: listed.to_vec(), absent_allowed: true }
            }
        },
        bundle_versions: match args.bundle_versions.as_slice() {
            [] => AllowedVersions::Any,
            listed => AllowedVersions::Listed { versions: listed.to_vec(), absent_allowed: true },
        },
        receipt_max_age: jiff::SignedDuration::from_mins(5),
        crypto: args.crypto,
    };
    Ok(relying_party::Settings {
        flaws: flaws(&args.flaws)?,
        receipt_trust_anchor: args.require_receipt.then(|| receipt_anchor.remembering()),
        challenge_lifetime: args
            .challenge_lifetime
            .try_into()
            .map_err(|error| Failed::usage(format_args!("--challenge-lifetime: {error}")))?,
        policy,
        trust_anchor: trust_anchor.remembering(),
        max_challenges: MAX_CHALLENGES,
        max_keys: MAX_KEYS,
    })
}

/// The planted flaws of these ids, a profile standing for all of its own; an unknown one names the
/// closest.
pub(crate) fn flaws(ids: &[String]) -> Result<Flaws, Failed> {
    let profiles = profiles().map_err(|error| Failed::new(ExitCode::Internal, error))?;
    let known: Vec<(String, Vec<&'static Flaw>)> = protocol::flaw::flaws()
        .iter()
        .chain(protocol::flaw::under_load())
        .map(|flaw| (flaw.id.to_owned(), vec![flaw]))
        .chain(profiles.into_iter().map(|one| (format!("profile.{}", one.id), one.flaws)))
        .collect();
    let mut planted = Vec::new();
    for id in ids {
        let Some((_, flaws)) = known.iter().find(|(name, _)| name == id) else {
            let closest = known
                .iter()
                .map(|(name, _)| (strsim::jaro_winkler(id, name), name))
                .max_by(|a, b| a.0.total_cmp(&b.0));
            let closest = closest.map_or("", |(_, name)| name);
            return Err(Failed::usage(format_args!(
                "there is no flaw `{id}`; did you mean `{closest}`?"
            )));
        };
        planted.extend(flaws);
    }
    Ok(planted.into_iter().collect())
}
