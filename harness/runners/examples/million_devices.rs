//! What a fleet of a million devices costs: time and memory of a simulated launch.
//!
//! `cargo run --release --workspace --example million_devices [DEVICES]`

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use runners::load::journey::{
    BYTES_PER_DEVICE, JourneyPlan, Lasting, PolicyName, Rate, Waking, simulate,
};
use simulator::Seed;
use std::time::Instant;

fn main() {
    let devices = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let mut plan = JourneyPlan::default();
    plan.journeys.waking = Waking::Herd;
    plan.journeys.length = Lasting::secs(600);
    plan.fleet.devices = devices;
    plan.apple.rate = Rate(100.0);
    plan.model.rate = Rate(100_000.0);
    plan.retry.policy = PolicyName::FullJitter;
    println!("{devices} devices of {BYTES_PER_DEVICE} B, 10 min of a launch at Apple's 100/s");
    let begun = Instant::now();
    let (mut attempts, mut seconds) = (0, 0);
    let finished = simulate(&plan, &Seed::from_text("a million"), &mut |second| {
        attempts += second.attempts;
        seconds += 1;
    });
    println!(
        "{seconds} seconds, {attempts} attempts, {} attested, {} wait; in {:.1} s",
        finished.attested.count(),
        finished.unattested,
        begun.elapsed().as_secs_f64()
    );
    // Elsewhere than on Linux nothing says it.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    for line in status.lines().filter(|line| line.starts_with("VmRSS") || line.starts_with("VmHWM"))
    {
        println!("{}", line.split_whitespace().collect::<Vec<_>>().join(" "));
    }
}
