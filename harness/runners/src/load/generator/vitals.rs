//! What generator and server did to the machine while an attack ran, second by second, as events.

use super::neighbour::{Neighbour, Vital};
use super::reading::{TICKS, seconds_of};
use super::{Probe, Reading, Second, Strain};
use record::{EventKind, LoadSecond, TargetSecond};
use std::collections::BTreeMap;
use std::time::Instant;
use url::Url;

/// Asks the kernel as the seconds pass.
#[derive(Debug)]
pub(in crate::load) struct Vitals {
    probe: Probe,
    neighbour: Neighbour,
    before: Before,
    /// CPU seconds that our threads of each name spent.
    spent: BTreeMap<String, f64>,
    /// CPU seconds that the server spent, where it is seen.
    server_spent: f64,
}

/// What the kernel told last, and when.
#[derive(Debug)]
struct Before {
    at: Instant,
    own: Reading,
    server: Option<Vital>,
}

impl Vitals {
    /// Finds out where to look, for a server at these nodes.
    pub(in crate::load) fn new(nodes: &[Url]) -> Self {
        Self {
            probe: Probe::new(),
            neighbour: Neighbour::at(nodes),
            before: Before { at: Instant::now(), own: Reading::default(), server: None },
            spent: BTreeMap::new(),
            server_spent: 0.0,
        }
    }

    /// What counts begins now.
    pub(in crate::load) fn begin(&mut self) {
        let server = self.neighbour.read();
        self.before = Before { at: Instant::now(), own: self.probe.read(), server };
    }

    /// Tells of seconds that are over; the kernel is asked once for all of them. `None` if there are
    /// none.
    pub(in crate::load) fn tell(&mut self, over: &[Second]) -> Option<(Strain, Vec<EventKind>)> {
        if over.is_empty() {
            return None;
        }
        let server = self.neighbour.read();
        let now = Before { at: Instant::now(), own: self.probe.read(), server };
        let elapsed = now.at - self.before.at;
        let strain = Strain::between(&self.before.own, &now.own, elapsed);
        for (name, share) in &strain.threads {
            *self.spent.entry(name.clone()).or_default() += share * elapsed.as_secs_f64();
        }
        let server_spent = self.before.server.zip(now.server).map(|(before, after)| {
            // Fewer than before are those of a process that was started anew.
            after.ticks.checked_sub(before.ticks).unwrap_or(after.ticks) as f64 / TICKS
        });
        self.server_spent += server_spent.unwrap_or_default();
        let server_share = server_spent.map(|spent| spent / seconds_of(elapsed));
        self.before = now;
        let mut events = Vec::new();
        for second in over {
            events.push(EventKind::LoadSecond(Box::new(own(second, &strain))));
            if let Some(seen) = server {
                events.push(EventKind::TargetSecond(TargetSecond {
                    second: second.second,
                    rss_bytes: Some(seen.rss_bytes),
                    cpu_share: server_share,
                }));
            }
        }
        Some((strain, events))
    }

    /// Which threads computed for how long; nothing where that cannot be seen.
    pub(in crate::load) fn computed(&self) -> Option<String> {
        let mut spent: Vec<_> = self.spent.iter().filter(|(_, seconds)| **seconds > 0.0).collect();
        spent.sort_by(|a, b| b.1.total_cmp(a.1));
        let spent: Vec<_> =
            spent.iter().map(|(name, seconds)| format!("{name} {seconds:.2} s")).collect();
        (!spent.is_empty())
            .then(|| format!("the generator’s threads computed for {}", spent.join(", ")))
    }

    /// What the server computed for so many requests; nothing where it is not seen.
    pub(in crate::load) fn of_server(&self, sent: u64) -> Option<String> {
        let last = self.before.server?;
        let (names, total) = (self.neighbour.names().join(", "), self.server_spent);
        let each = total * 1e6 / sent.max(1) as f64;
        let memory = last.rss_bytes as f64 / 1e6;
        Some(format!(
            "the server’s process on this machine ({names}) computed for {total:.2} s, {each:.0} µs a \
             request, and held {memory:.0} MB at the end"
        ))
    }
}

fn own(second: &Second, strain: &Strain) -> LoadSecond {
    LoadSecond {
        second: second.second,
        in_flight_mean: second.in_flight_mean,
        in_flight_max: second.in_flight_max,
        free_users_min: second.free_users_min,
        queue_us: second.queue_us.clone(),
        backlog_max: second.backlog_max,
        cpu_share: strain.cpu,
        hottest_thread: strain.hottest.as_ref().map(|(_, share)| *share),
        steal_share: strain.steal,
        rss_bytes: strain.rss_bytes,
        sockets: strain.sockets,
    }
}
