//! Whether the machine left the generator alone, and whether its own books agree with each other.

use super::{check, percent, standing};
use crate::load::generator::{Second, Strain};
use record::{CheckStanding, Histogram, ValidityCheck};
use std::collections::BTreeMap;

/// What is known of the machine and of the way to the target.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Surroundings {
    /// Cores that the generator may use.
    pub cores: usize,
    /// Most open files, sockets among them.
    pub open_files: Option<u64>,
    /// Local ports.
    pub ports: Option<u64>,
    /// Whether the target runs on this machine.
    pub same_host: bool,
    /// The highest rate asked for, and what this machine was found to be able to.
    pub highest_rate: f64,
    /// What `assay load calibrate` found on this machine, if it was run.
    pub calibrated: Option<Calibrated>,
}

/// What a generator can do at most, measured against a server that does next to nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibrated {
    /// Highest rate with a valid verdict.
    pub ceiling: f64,
    /// Hours since it was measured.
    pub age_hours: f64,
}

/// What was seen of the machine.
#[derive(Debug, Default)]
pub(super) struct Machine {
    phases: BTreeMap<String, Sums>,
    /// Seconds of service and of requests in flight, and how many requests were timed.
    service: f64,
    in_flight: f64,
    timed: u64,
    most_sockets: Option<u64>,
}

/// Sums over the seconds of a phase in which each was seen.
#[derive(Debug, Default)]
struct Sums {
    cpu: Mean,
    hottest: Mean,
    steal: Mean,
    throttled: Mean,
}

#[derive(Debug, Default, Clone, Copy)]
struct Mean {
    sum: f64,
    seconds: f64,
}

impl Mean {
    fn add(&mut self, seen: Option<f64>) {
        if let Some(seen) = seen {
            self.sum += seen;
            self.seconds += 1.0;
        }
    }

    fn value(self) -> Option<f64> {
        (self.seconds > 0.0).then(|| self.sum / self.seconds)
    }
}

/// Share of its cores that the generator should leave some of.
const CPU: f64 = 0.7;
/// CPU of the busiest thread: beyond the first a queue is near, beyond the second it is there.
/// What a full thread does to sending shows as lag, and what it does to receiving nowhere else.
const HOTTEST: (f64, f64) = (0.85, 0.95);
/// Share of the machine's time given to others: what is lost stops everybody, which shows as lag.
const STEAL: (f64, f64) = (0.01, 0.1);
/// Share of the time for which the control group was kept from running.
const THROTTLED: (f64, f64) = (0.0, 0.01);
/// By how much Little's law may be missed.
const LITTLE: f64 = 0.02;
/// Times are kept in whole microseconds, which hides up to one of each.
const GRAIN: f64 = 1e-6;
/// Share of files or ports in use from which there is too little room.
const SOCKETS: f64 = 0.9;
/// Share of the measured ceiling up to which the generator has room.
const CEILING: f64 = 0.5;
/// A calibration older than this may be of another kernel, neighbour or power plan.
const OLD_HOURS: f64 = 24.0;

impl Machine {
    pub(super) fn served(&mut self, service: &Histogram) {
        self.service += service.mean() * service.count() as f64 / 1e6;
        self.timed += service.count();
    }

    pub(super) fn in_flight(&mut self, second: &Second) {
        self.in_flight += second.in_flight_mean;
    }

    pub(super) fn add(&mut self, phase: &str, strain: &Strain) {
        self.most_sockets = self.most_sockets.max(strain.sockets);
        let sums = self.phases.entry(phase.to_owned()).or_default();
        sums.cpu.add(strain.cpu);
        sums.hottest.add(strain.hottest.as_ref().map(|(_, share)| *share));
        sums.steal.add(strain.steal);
        sums.throttled.add(strain.throttled);
    }

    pub(super) fn checks(
        &self,
        sent: u64,
        out_of_sockets: u64,
        around: &Surroundings,
    ) -> Vec<ValidityCheck> {
        let cores = around.cores.max(1) as f64;
        let mut checks = vec![
            self.mean(
                "CPU of the generator",
                |sums| sums.cpu.value().map(|cpu| cpu / cores),
                (CPU, f64::INFINITY),
                ("generator", "it computes on most of its cores: use a lower rate or more cores"),
            ),
            self.mean(
                "CPU of the generator’s busiest thread",
                |sums| sums.hottest.value(),
                HOTTEST,
                (
                    "generator",
                    "a full thread makes requests wait in the generator: use a lower rate",
                ),
            ),
            self.mean(
                "time stolen from the machine",
                |sums| sums.steal.value(),
                STEAL,
                ("machine", "others compute on the same hardware: use a machine of its own"),
            ),
            self.mean(
                "time the control group was throttled",
                |sums| sums.throttled.value(),
                THROTTLED,
                ("machine", "raise the CPU limit of the container, or take it away"),
            ),
            self.little(),
            self.sockets(out_of_sockets, around),
        ];
        checks.push(check(
            "same host",
            if around.same_host { "the target runs on this machine" } else { "no" },
            "another machine",
            if around.same_host { CheckStanding::Remark } else { CheckStanding::Holds },
            ("plan", "the figures contain the CPU that the generator took from the target"),
        ));
        checks.push(calibration(sent, around));
        checks
    }

    /// A mean share over each phase, the worst of them held against its limits.
    fn mean(
        &self,
        name: &str,
        figure: impl Fn(&Sums) -> Option<f64>,
        (should, must): (f64, f64),
        fault: (&str, &str),
    ) -> ValidityCheck {
        let figures = self.phases.iter().filter_map(|(name, sums)| Some((name, figure(sums)?)));
        match figures.max_by(|a, b| a.1.total_cmp(&b.1)) {
            Some((phase, seen)) => check(
                name,
                format!("{} in phase {phase}", percent(seen)),
                percent(should),
                standing(seen, should, must),
                fault,
            ),
            None => check(name, "not seen", percent(should), CheckStanding::Unseen, fault),
        }
    }

    /// Requests in flight over time are throughput times mean response: two books of one thing.
    fn little(&self) -> ValidityCheck {
        let off = (self.in_flight - self.service).abs() - GRAIN * self.timed as f64;
        let share = if self.service > 0.0 { (off / self.service).max(0.0) } else { 0.0 };
        check(
            "Little’s law: requests in flight against throughput × mean service time",
            format!(
                "{:.3} and {:.3} request-seconds, {} apart",
                self.in_flight,
                self.service,
                percent(share)
            ),
            percent(LITTLE),
            standing(share, LITTLE, LITTLE),
            ("harness", "this is a fault of the harness: please report it"),
        )
    }

    fn sockets(&self, refused: u64, around: &Surroundings) -> ValidityCheck {
        let name = "sockets";
        let fault = ("generator", "raise `ulimit -n`, or use fewer users");
        if refused > 0 {
            let value = format!("{refused} connections refused by this system");
            return check(name, value, "none refused", CheckStanding::Breached, fault);
        }
        let room = [around.open_files, around.ports].into_iter().flatten().min();
        match (self.most_sockets, room) {
            (Some(most), Some(room)) => check(
                name,
                format!("{most} at most, room for {room}"),
                format!("{:.0}", SOCKETS * room as f64),
                standing(most as f64, SOCKETS * room as f64, f64::INFINITY),
                fault,
            ),
            _ => check(name, "not seen", "none refused", CheckStanding::Unseen, fault),
        }
    }
}

fn calibration(sent: u64, around: &Surroundings) -> ValidityCheck {
    let name = "rate against the generator’s ceiling";
    let limit = format!("{} of it", percent(CEILING));
    let Some(Calibrated { ceiling, age_hours }) = around.calibrated.filter(|_| sent > 0) else {
        let fault = ("plan", "`assay load calibrate` measures it");
        return check(name, "not measured on this machine", limit, CheckStanding::Unseen, fault);
    };
    let share = around.highest_rate / ceiling.max(1e-9);
    let old = if age_hours > OLD_HOURS {
        format!(", measured {age_hours:.0} h ago")
    } else {
        String::new()
    };
    check(
        name,
        format!("{} of {ceiling:.0}/s{old}", percent(share)),
        limit,
        standing(share, CEILING, f64::INFINITY),
        ("generator", "use more machines, or measure the ceiling again: `assay load calibrate`"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::CheckStanding::{Breached, Holds, Remark, Unseen};

    fn second(in_flight: f64) -> Second {
        Second {
            second: 0,
            in_flight_mean: in_flight,
            in_flight_max: 1,
            free_users_min: 1,
            queue_us: Histogram::default(),
            backlog_max: 0,
        }
    }

    fn strain(hottest: f64, steal: f64, throttled: f64) -> Strain {
        Strain {
            cpu: Some(hottest),
            hottest: Some(("load".to_owned(), hottest)),
            threads: BTreeMap::new(),
            steal: Some(steal),
            throttled: Some(throttled),
            rss_bytes: None,
            sockets: Some(20),
        }
    }

    fn around() -> Surroundings {
        Surroundings {
            cores: 2,
            open_files: Some(100),
            ports: Some(50),
            same_host: false,
            highest_rate: 400.0,
            calibrated: Some(Calibrated { ceiling: 1000.0, age_hours: 1.0 }),
        }
    }

    fn machine(seconds: &[(f64, Strain)], service_us: &[u64]) -> Machine {
        let mut machine = Machine::default();
        for (area, strain) in seconds {
            machine.in_flight(&second(*area));
            machine.add("100/s", strain);
        }
        let mut service = Histogram::default();
        for micros in service_us {
            service.record(*micros);
        }
        machine.served(&service);
        machine
    }

    fn stands(machine: &Machine, around: &Surroundings, refused: u64, name: &str) -> CheckStanding {
        let checks = machine.checks(10, refused, around);
        let found = checks.iter().find(|check| check.check.contains(name));
        found.unwrap_or_else(|| panic!("{name}: {checks:?}")).standing
    }

    #[test]
    fn a_quiet_machine_holds_everything() {
        let machine = machine(&[(0.02, strain(0.3, 0.0, 0.0))], &[10_000, 10_000]);
        let checks = machine.checks(2, 0, &around());
        assert!(checks.iter().all(|check| check.standing == Holds), "{checks:?}");
    }

    #[test]
    fn each_strain_is_told_and_too_much_of_it_breaks() {
        let of = |hottest, steal, throttled| {
            machine(&[(0.02, strain(hottest, steal, throttled))], &[10_000, 10_000])
        };
        let around = around();
        for (machine, name, standing) in [
            (of(0.9, 0.0, 0.0), "busiest thread", Remark),
            (of(0.99, 0.0, 0.0), "busiest thread", Breached),
            (of(1.6, 0.0, 0.0), "CPU of the generator", Remark),
            (of(0.2, 0.05, 0.0), "stolen", Remark),
            (of(0.2, 0.2, 0.0), "stolen", Breached),
            (of(0.2, 0.0, 0.001), "throttled", Remark),
            (of(0.2, 0.0, 0.05), "throttled", Breached),
        ] {
            assert_eq!(stands(&machine, &around, 0, name), standing, "{name}");
        }
    }

    #[test]
    fn books_that_miss_littles_law_are_ours() {
        let quiet = || strain(0.1, 0.0, 0.0);
        let kept = machine(&[(0.0101, quiet()), (0.01, quiet())], &[10_000, 10_000]);
        assert_eq!(stands(&kept, &around(), 0, "Little"), Holds);
        let missed = machine(&[(0.03, quiet())], &[10_000, 10_000]);
        assert_eq!(stands(&missed, &around(), 0, "Little"), Breached);
    }

    #[test]
    fn sockets_that_run_out_break_it_and_few_left_are_remarked() {
        let machine = machine(&[(0.02, strain(0.1, 0.0, 0.0))], &[10_000, 10_000]);
        assert_eq!(stands(&machine, &around(), 1, "sockets"), Breached);
        let tight = Surroundings { open_files: Some(21), ..around() };
        assert_eq!(stands(&machine, &tight, 0, "sockets"), Remark);
    }

    #[test]
    fn what_is_not_known_is_not_claimed() {
        let machine = machine(&[(0.0, Strain::default())], &[]);
        let unknown = Surroundings { calibrated: None, open_files: None, ports: None, ..around() };
        for name in ["stolen", "throttled", "busiest", "sockets", "ceiling"] {
            assert_eq!(stands(&machine, &unknown, 0, name), Unseen, "{name}");
        }
    }

    #[test]
    fn the_same_host_and_a_near_ceiling_are_told() {
        let machine = machine(&[(0.02, strain(0.1, 0.0, 0.0))], &[10_000, 10_000]);
        let here = Surroundings { same_host: true, ..around() };
        assert_eq!(stands(&machine, &here, 0, "same host"), Remark);
        let fast = Surroundings { highest_rate: 600.0, ..around() };
        assert_eq!(stands(&machine, &fast, 0, "ceiling"), Remark);
    }
}
