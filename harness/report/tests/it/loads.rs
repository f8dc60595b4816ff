//! Loads of many kinds as runners would record them: overload and recovery, a launch day, a soak.
//!
//! Each follows a small model of a server with one queue, so that the figures hang together as
//! those of real runs do.

use crate::fixture::{Story, roll};
use record::{
    Assumption, Basis, CheckStanding, EventKind, FleetFinished, FleetSecond, Histogram,
    LoadFinished, LoadSecond, LoadStarted, LoadWindow, Phase, Record, TargetSecond, ValidityCheck,
};
use std::collections::BTreeMap;

/// The name of phases in which Apple is away.
const APPLE_DOWN: &str = "away";

/// A server with one queue, and the load it gets.
struct Attack {
    phases: Vec<(&'static str, u64, f64)>,
    /// Requests a second that it answers.
    capacity: f64,
    /// Requests that it lets wait; the rest is turned away.
    room: f64,
    /// Seconds after which a request counts as a timeout.
    timeout_s: f64,
    /// Every so many dishonest requests one is accepted; 0 for never.
    hole_every: u64,
    /// How much slower each request gets, as a share an hour.
    creep: f64,
}

/// What one second of the attack was like.
struct Moment {
    second: u64,
    rate: f64,
    backlog: f64,
}

impl Attack {
    /// Tells the attack second by second; `beside` tells more of each.
    fn tell(&self, story: &mut Story, mut beside: impl FnMut(&mut Story, &Moment)) {
        let mut from = 0;
        let mut phases = Vec::new();
        for (name, seconds, rate) in &self.phases {
            let (from_s, for_s) = (from as f64, *seconds as f64);
            phases.push(Phase {
                name: (*name).into(),
                from_s,
                for_s,
                rate: *rate,
                apple_down: *name == APPLE_DOWN,
            });
            from += seconds;
        }
        story.tell(EventKind::LoadStarted(LoadStarted {
            phases,
            mix: "10 % attestations, 40 % assertions, 50 % challenges; 10 % dishonest".into(),
            arrivals: "poisson".into(),
            users: 4_000,
            timeout_s: self.timeout_s,
            promises: vec![record::Promise {
                operation: "assert".into(),
                share: 0.99,
                within_us: 250_000,
            }],
        }));
        let mut dice = 0x2545_F491_4F6C_DD1Du64;
        let (mut backlog, mut second, mut dishonest) = (0.0f64, 0, 0);
        for (name, seconds, rate) in &self.phases {
            for _ in 0..*seconds {
                let wait = backlog / self.capacity;
                let slower = 1.0 + self.creep * second as f64 / 3600.0;
                let shed = ((backlog + rate - self.capacity - self.room) / rate).clamp(0.0, 0.9);
                for (operation, share, micros) in
                    [("challenge", 0.5, 420.0), ("attest", 0.1, 3_100.0), ("assert", 0.4, 1_250.0)]
                {
                    for honest in [true, false] {
                        let part = if honest { 0.9 } else { 0.1 };
                        let mean = rate * share * part;
                        // About Poisson, and never below zero.
                        let jitter: f64 = (0..6).map(|_| roll(&mut dice)).sum::<f64>() - 3.0;
                        let offered = (mean + jitter * mean.sqrt() * 1.4).round().max(0.0) as u64;
                        let mut window = window(name, second, operation, honest, offered);
                        for _ in 0..offered {
                            let slow = 1.0 / roll(&mut dice).max(1e-4);
                            let service =
                                micros * slower * (0.7 + 0.6 * roll(&mut dice)) * slow.powf(0.3);
                            let lag = (25.0 + 40.0 * roll(&mut dice)) * slow.powf(0.35);
                            let turned_away = roll(&mut dice) < shed;
                            let waited =
                                if turned_away { 0.0 } else { wait * 1e6 * roll(&mut dice) };
                            let whole = (service + waited).min(self.timeout_s * 1e6);
                            dishonest += u64::from(!honest);
                            let hole = self.hole_every > 0 && dishonest % self.hole_every == 0;
                            let class = match (honest, turned_away) {
                                (_, true) => "shed",
                                _ if service + waited > self.timeout_s * 1e6 => "timeout",
                                (false, false) if hole => "false-accept",
                                (true | false, false) => "right",
                            };
                            *window.classes.entry(class.into()).or_default() += 1;
                            let times = window.by_class.entry(class.into()).or_default();
                            times.service.record(whole as u64);
                            times.response.record((whole + lag) as u64);
                            window.service.record(whole as u64);
                            window.lag.record(lag as u64);
                            window.response.record((whole + lag) as u64);
                        }
                        if window.classes.len() < 2 {
                            window.by_class.clear();
                        }
                        story.tell(EventKind::LoadWindow(Box::new(window)));
                    }
                }
                let moment = Moment { second, rate: *rate, backlog };
                story.tell(EventKind::LoadSecond(Box::new(generator(&moment, &mut dice))));
                beside(story, &moment);
                backlog = (backlog + rate * (1.0 - shed) - self.capacity).max(0.0);
                second += 1;
            }
        }
    }
}

fn window(phase: &str, second: u64, operation: &str, honest: bool, offered: u64) -> LoadWindow {
    LoadWindow {
        phase: phase.into(),
        second,
        operation: operation.into(),
        honest,
        offered,
        sent: offered,
        dropped: 0,
        classes: BTreeMap::new(),
        response: Histogram::default(),
        service: Histogram::default(),
        lag: Histogram::default(),
        by_class: BTreeMap::new(),
    }
}

fn generator(moment: &Moment, dice: &mut u64) -> LoadSecond {
    let mut queue = Histogram::default();
    for _ in 0..moment.rate as u64 {
        queue.record((8.0 / roll(dice).max(1e-3).powf(0.6)) as u64);
    }
    let in_flight = moment.backlog + moment.rate * 0.002;
    let cpu = 0.04 + moment.rate * 0.000_7 + 0.01 * roll(dice);
    LoadSecond {
        second: moment.second,
        in_flight_mean: in_flight,
        in_flight_max: (in_flight * 1.4 + 4.0 + 6.0 * roll(dice)) as u64,
        free_users_min: 4_000u64.saturating_sub((in_flight * 1.4) as u64),
        queue_us: queue,
        backlog_max: 0,
        cpu_share: Some(cpu),
        hottest_thread: Some(cpu * 0.7),
        steal_share: Some(0.004 * roll(dice)),
        rss_bytes: Some(90_000_000 + moment.second * 1_000),
        sockets: Some(64 + in_flight as u64),
    }
}

fn check(check: &str, value: &str, limit: &str, standing: CheckStanding) -> ValidityCheck {
    ValidityCheck {
        check: check.into(),
        value: value.into(),
        limit: limit.into(),
        standing,
        blame: "machine".into(),
        remedy: "give the generator a core of its own".into(),
    }
}

fn checks() -> Vec<ValidityCheck> {
    vec![
        check("lag, 99.9 %", "0.61 ms", "at most 1 ms", CheckStanding::Holds),
        check("arrivals given up", "0", "0", CheckStanding::Holds),
        check("CPU stolen", "0.4 %", "at most 1 %", CheckStanding::Holds),
        check("hottest thread", "88 %", "at most 85 %", CheckStanding::Remark),
        check("Little’s law", "0.3 %", "at most 2 %", CheckStanding::Holds),
        check("cgroup throttling", "", "0", CheckStanding::Unseen),
    ]
}

fn end(story: &mut Story, probes: u64, false_accepts: u64) {
    story.tell(EventKind::LoadFinished(LoadFinished {
        complete: true,
        goose: "median 1 ms, 99 % below 9 ms".into(),
        checks: checks(),
        probes,
        false_accepts,
        audited: 200,
        ..LoadFinished::default()
    }));
}

/// Too much for half a minute, then less than before: a backlog that drains.
pub(crate) fn overload() -> Record {
    too_much(280.0, 60)
}

/// Too much for half a minute, then hardly less than the server can bear.
pub(crate) fn overload_without_relief() -> Record {
    too_much(590.0, 60)
}

/// The same, watched for hardly longer than the backlog lasts.
pub(crate) fn overload_watched_briefly() -> Record {
    too_much(280.0, 28)
}

/// Apple is away for half a minute, and then all who waited for it come.
pub(crate) fn outage() -> Record {
    let mut story = Story::begin();
    let attack = Attack {
        phases: vec![("before", 20, 200.0), (APPLE_DOWN, 30, 60.0), ("after", 40, 400.0)],
        capacity: 600.0,
        room: 7_000.0,
        timeout_s: 9.0,
        hole_every: 0,
        creep: 0.0,
    };
    attack.tell(&mut story, |_, _| {});
    end(&mut story, 0, 0);
    story.end(0)
}

fn too_much(after: f64, seconds: u64) -> Record {
    let mut story = Story::begin();
    let attack = Attack {
        phases: vec![("before", 20, 300.0), ("too-much", 30, 900.0), ("after", seconds, after)],
        capacity: 600.0,
        room: 7_000.0,
        timeout_s: 9.0,
        hole_every: 1_200,
        creep: 0.0,
    };
    attack.tell(&mut story, |_, _| {});
    end(&mut story, 0, 0);
    story.end(1)
}

/// Ten minutes at one rate, of a server that leaks memory and slows down.
pub(crate) fn soak() -> Record {
    let mut story = Story::begin();
    let attack = Attack {
        phases: vec![("warm", 20, 20.0), ("soak", 300, 40.0)],
        capacity: 1e6,
        room: 1e9,
        timeout_s: 5.0,
        hole_every: 0,
        creep: 8.0,
    };
    let mut dice = 0x9E37_79B9u64;
    attack.tell(&mut story, |story, moment| {
        story.tell(EventKind::TargetSecond(TargetSecond {
            second: moment.second,
            rss_bytes: Some(180_000_000 + moment.second * 21_000 + (4e5 * roll(&mut dice)) as u64),
            cpu_share: Some(0.11 + 0.02 * roll(&mut dice)),
        }));
    });
    end(&mut story, 4_000, 0);
    story.end(0)
}

/// A launch: 20,000 devices wake up, Apple's side serves 100 a second and is away for a minute.
pub(crate) fn launch() -> Record {
    let mut story = Story::begin();
    let attack = Attack {
        phases: vec![("quiet", 20, 5.0), ("launch", 280, 120.0)],
        capacity: 600.0,
        room: 1e9,
        timeout_s: 5.0,
        hole_every: 0,
        creep: 0.0,
    };
    let mut crowd = Crowd { asleep: 19_800, ..Crowd::default() };
    attack.tell(&mut story, |story, moment| crowd.tell(story, moment));
    crowd.finish(&mut story);
    end(&mut story, 3_500, 0);
    story.end(0)
}

const OUTAGE: std::ops::Range<u64> = 80..140;

/// Devices on their way to an attested key.
#[derive(Default)]
struct Crowd {
    asleep: u64,
    asking: u64,
    waiting: u64,
    registered: u64,
    asserting: u64,
    woken: Vec<u64>,
    ages: Histogram,
    attested: Histogram,
    too_late: u64,
}

impl Crowd {
    fn tell(&mut self, story: &mut Story, moment: &Moment) {
        let second = moment.second;
        // About lognormal, half a minute and a half after the launch.
        let since = second.saturating_sub(20) as f64 + 0.5;
        let bell = (-((since / 60.0).ln() / 0.7).powi(2) / 2.0).exp() / since;
        let wake = if second < 20 { 0 } else { ((bell * 11_300.0) as u64).min(self.asleep) };
        self.asleep -= wake;
        self.asking += wake;
        self.woken.extend(std::iter::repeat_n(second, wake as usize));
        let away = OUTAGE.contains(&second);
        let served = if away { 0 } else { 100.min(self.asking + self.waiting) };
        // Whoever waits tries again every few seconds.
        let again = self.waiting / 6;
        let refused = wake + again - served.min(wake + again);
        self.waiting = (self.waiting + self.asking).saturating_sub(served);
        self.asking = wake.min(40).min(self.waiting);
        self.waiting -= self.asking;
        for device in self.woken.drain(..served.min(self.woken.len() as u64) as usize) {
            let took = (second - device) * 1_000 + 180 + (device * 37 + second * 91) % 700;
            self.attested.record(took);
            self.ages.record(took.saturating_sub(60));
            self.too_late += u64::from(took > 60_000);
        }
        self.registered += served;
        self.asserting = (self.registered / 40).min(300);
        let states = [
            ("unsupported", 200),
            ("no-key", self.asleep),
            ("asking", self.asking),
            ("backing-off", self.waiting),
            ("registered", self.registered - self.asserting),
            ("asserting", self.asserting),
        ];
        story.tell(EventKind::FleetSecond(Box::new(FleetSecond {
            second,
            states: states.map(|(name, n)| (name.to_owned(), n)).into(),
            intents: wake + self.registered / 60,
            attempts: wake + again + self.registered / 60,
            apple_refused: refused,
            apple_served: served,
            expired_challenges: if (100..190).contains(&second) { served / 9 } else { 0 },
            outcomes: BTreeMap::from([("accepted".to_owned(), served)]),
        })));
    }

    fn finish(&self, story: &mut Story) {
        let assumption = |name: &str, value: &str, basis, source: &str| Assumption {
            name: name.into(),
            value: value.into(),
            basis,
            source: source.into(),
        };
        story.tell(EventKind::FleetFinished(Box::new(FleetFinished {
            attested: self.attested.clone(),
            unattested: self.woken.len() as u64,
            challenge_age: self.ages.clone(),
            challenge_lifetime_ms: Some(60_000),
            too_late: self.too_late,
            policy: "firebase".into(),
            assumptions: vec![
                assumption(
                    "apple.rate",
                    "100/s",
                    Basis::Documented,
                    "Preparing to use the App Attest service",
                ),
                assumption("fleet.sticky-invalid-input", "5 %", Basis::Field, "Apple’s forum"),
                assumption("fleet.unsupported", "1 %", Basis::Assumed, ""),
            ],
        })));
    }
}
