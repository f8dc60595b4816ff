//! Soaks the state oracle: `cargo run --release --example soak -- [HONEST] [SHARDS] [SEED]`.
//!
//! Each shard is a relying party of its own with its own clients and oracle, on its own thread. The
//! reference is right, so that anything but `breaches: 0` is a false alarm.

use protocol::flaw::Flaws;
use runners::load::soak::{Soak, Soaked};
use simulator::Seed;
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

/// Honest requests between two lines of progress.
const ROUND: u64 = 250_000;

fn main() -> std::io::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |otherwise: u64| match arguments.next() {
        Some(text) => text.parse().map_err(|error| {
            std::io::Error::other(format!("`{text}` is no number of requests or shards: {error}"))
        }),
        None => Ok(otherwise),
    };
    let (honest, shards) = (number(10_000_000)?, number(2)?.max(1));
    let seed = Seed::from_text(&arguments.next().unwrap_or_else(|| "soak".to_owned()));
    let begun = Instant::now();
    let shard = |index: u64| {
        let share = honest.div_ceil(shards);
        let mut soak = Soak::new(&seed.child("shard", index), Flaws::NONE);
        let mut done = 0;
        while done < share {
            let soaked = soak.until((done + ROUND).min(share));
            done = soaked.honest;
            let told = format!(
                "shard {index}: {done} honest requests, {} breaches, {:.0} s\n",
                soaked.breaches,
                begun.elapsed().as_secs_f64()
            );
            // Progress that nobody reads is no reason to stop.
            let _ = std::io::stderr().write_all(told.as_bytes());
        }
        soak.until(share).clone()
    };
    let mut all = Soaked::default();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..shards).map(|index| scope.spawn(move || shard(index))).collect();
        for thread in threads {
            match thread.join() {
                Ok(soaked) => all.add(&soaked),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    let mut out = std::io::stdout().lock();
    for (name, figure) in all.figures() {
        writeln!(out, "{name}: {figure}")?;
    }
    writeln!(out, "seconds: {:.0}", begun.elapsed().as_secs_f64())?;
    for breach in &all.first {
        writeln!(out, "{breach}")?;
    }
    Ok(if all.breaches == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
