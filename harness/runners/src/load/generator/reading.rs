//! What the kernel tells about a process and its machine, and what two readings say together.

use std::collections::BTreeMap;
use std::time::Duration;

/// Ticks of CPU time in a second, as `/proc` counts them on every machine of today (`USER_HZ`).
pub(super) const TICKS: f64 = 100.0;

/// What was read at one instant. What could not be read is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// CPU ticks of the process so far.
    pub process: Option<u64>,
    /// CPU ticks so far of each thread that lives, by its id, with its name.
    pub threads: BTreeMap<u32, (String, u64)>,
    /// Ticks of the whole machine: taken away by the machine it runs on, and all.
    pub machine: Option<(u64, u64)>,
    /// Microseconds for which the control group was kept from running.
    pub throttled_us: Option<u64>,
    /// Resident memory.
    pub rss_bytes: Option<u64>,
    /// Open sockets.
    pub sockets: Option<u64>,
}

/// What happened between two readings.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Strain {
    /// CPU seconds of the process per second.
    pub cpu: Option<f64>,
    /// The thread that computed most, and its CPU seconds per second.
    pub hottest: Option<(String, f64)>,
    /// CPU seconds per second of all threads of a name.
    pub threads: BTreeMap<String, f64>,
    /// Share of the machine's time that it did not get.
    pub steal: Option<f64>,
    /// Seconds per second for which the control group was kept from running.
    pub throttled: Option<f64>,
    /// Resident memory at the end.
    pub rss_bytes: Option<u64>,
    /// Open sockets at the end.
    pub sockets: Option<u64>,
}

impl Strain {
    /// What `after` says beyond `before`, taken `elapsed` earlier.
    pub fn between(before: &Reading, after: &Reading, elapsed: Duration) -> Self {
        let seconds = seconds_of(elapsed);
        let share = |before: u64, after: u64| after.saturating_sub(before) as f64 / TICKS / seconds;
        let mut hottest: Option<(String, f64)> = None;
        let mut threads: BTreeMap<String, f64> = BTreeMap::new();
        let known = after.threads.iter().filter(|_| !before.threads.is_empty());
        for (id, (name, ticks)) in known {
            // A thread that was not there before began at nothing.
            let earlier = before.threads.get(id).map_or(0, |(_, ticks)| *ticks);
            let share = share(earlier, *ticks);
            *threads.entry(name.clone()).or_default() += share;
            if hottest.as_ref().is_none_or(|(_, most)| share > *most) {
                hottest = Some((name.clone(), share));
            }
        }
        Self {
            cpu: both(before.process, after.process).map(|(a, b)| share(a, b)),
            hottest,
            threads,
            steal: both(before.machine, after.machine).map(|((stolen, all), (stolen2, all2))| {
                let all = all2.saturating_sub(all);
                if all == 0 { 0.0 } else { stolen2.saturating_sub(stolen) as f64 / all as f64 }
            }),
            throttled: both(before.throttled_us, after.throttled_us)
                .map(|(a, b)| b.saturating_sub(a) as f64 / 1e6 / seconds),
            rss_bytes: after.rss_bytes,
            sockets: after.sockets,
        }
    }
}

/// Seconds to divide by.
pub(super) fn seconds_of(elapsed: Duration) -> f64 {
    elapsed.as_secs_f64().max(1e-9)
}

fn both<T>(one: Option<T>, other: Option<T>) -> Option<(T, T)> {
    one.zip(other)
}

/// Name and CPU ticks from `/proc/…/stat`. A name may hold spaces and parentheses.
pub(super) fn ticks(stat: &str) -> Option<(String, u64)> {
    let (before, after) = stat.rsplit_once(')')?;
    let (_, name) = before.split_once('(')?;
    // Fields 14 and 15 of proc(5); the state, field 3, is the first one after the name.
    let mut fields = after.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    let (user, system) = (next()?, next()?);
    Some((name.to_owned(), user.checked_add(system)?))
}

/// Stolen and all ticks of the machine from `/proc/stat`.
pub(super) fn machine(stat: &str) -> Option<(u64, u64)> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let fields: Vec<u64> = line.split_whitespace().map_while(|field| field.parse().ok()).collect();
    // user, nice, system, idle, iowait, irq, softirq, steal; guests are counted in user already.
    let stolen = *fields.get(7)?;
    Some((stolen, fields[..8].iter().sum()))
}

/// Microseconds of throttling from a control group's `cpu.stat`, of either version.
pub(super) fn throttled(stat: &str) -> Option<u64> {
    stat.lines().find_map(|line| match line.split_once(' ')? {
        ("throttled_usec", micros) => micros.trim().parse().ok(),
        ("throttled_time", nanos) => Some(nanos.trim().parse::<u64>().ok()? / 1000),
        _ => None,
    })
}

/// Where the control group of `/proc/self/cgroup` keeps its `cpu.stat`, the likeliest first.
pub(super) fn places_of_cpu_stat(cgroup: &str) -> Vec<String> {
    let mut places = Vec::new();
    for line in cgroup.lines() {
        let mut fields = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) =
            (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let path = path.trim_matches('/');
        let is_cpu = controllers.split(',').any(|controller| controller == "cpu");
        if controllers.is_empty() {
            places.push(format!("/sys/fs/cgroup/{path}/cpu.stat"));
        } else if is_cpu {
            places.push(format!("/sys/fs/cgroup/{controllers}/{path}/cpu.stat"));
            places.push(format!("/sys/fs/cgroup/cpu/{path}/cpu.stat"));
        }
    }
    // In a container the path is as seen from outside, and the group is mounted at the root.
    places.extend(["/sys/fs/cgroup/cpu.stat", "/sys/fs/cgroup/cpu/cpu.stat"].map(str::to_owned));
    places
}

/// Resident bytes from `/proc/self/status`.
pub(super) fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// The soft limit of open files from `/proc/self/limits`.
pub(super) fn open_files(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// How many local ports there are, from `ip_local_port_range`.
pub(super) fn ports(range: &str) -> Option<u64> {
    let mut ends = range.split_whitespace().map(|end| end.parse::<u64>().ok());
    let (first, last) = (ends.next()??, ends.next()??);
    Some(last.checked_sub(first)? + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_found_behind_any_name() {
        let stat = "12 (a b) (c)) R 1 2 3 4 5 6 7 8 9 10 70 30 5 5 20 0 3 0";
        assert_eq!(ticks(stat), Some(("a b) (c)".to_owned(), 100)));
        for broken in ["", "12 (load", "12 (load) R 1 2", "12 (load) R 1 2 3 4 5 6 7 8 9 10 x 1"] {
            assert_eq!(ticks(broken), None, "{broken}");
        }
    }

    #[test]
    fn what_the_kernel_writes_is_read() {
        let stat = "cpu  100 20 30 400 5 0 10 35 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n";
        assert_eq!(machine(stat), Some((35, 600)));
        assert_eq!(throttled("usage_usec 9\nnr_throttled 2\nthrottled_usec 1500\n"), Some(1500));
        assert_eq!(throttled("nr_throttled 2\nthrottled_time 1500000\n"), Some(1500));
        assert_eq!(throttled("usage_usec 9\n"), None);
        assert_eq!(resident("Name:\tassay\nVmRSS:\t  2048 kB\n"), Some(2 << 20));
        assert_eq!(open_files("Max open files            1024   4096  files\n"), Some(1024));
        assert_eq!(ports("32768\t60999\n"), Some(28_232));
        assert_eq!(
            (machine(""), resident(""), open_files(""), ports("5")),
            (None, None, None, None)
        );
    }

    #[test]
    fn the_control_group_is_looked_for_where_its_version_keeps_it() {
        let new = places_of_cpu_stat("0::/user.slice/a\n");
        assert_eq!(new[0], "/sys/fs/cgroup/user.slice/a/cpu.stat");
        let old = places_of_cpu_stat("4:cpu,cpuacct:/b\n3:cpuset:/c\n");
        assert_eq!(old[0], "/sys/fs/cgroup/cpu,cpuacct/b/cpu.stat");
        assert!(!old.iter().any(|place| place.contains("/c/")));
        assert!(places_of_cpu_stat("nonsense").contains(&"/sys/fs/cgroup/cpu.stat".to_owned()));
    }

    #[test]
    fn two_readings_say_what_happened_between_them() {
        let reading = |ticks, thread, stolen, all, throttled| Reading {
            process: Some(ticks),
            threads: [(1, ("main".to_owned(), 10)), (2, ("load".to_owned(), thread))].into(),
            machine: Some((stolen, all)),
            throttled_us: Some(throttled),
            rss_bytes: Some(7),
            sockets: Some(3),
        };
        let (before, after) = (reading(100, 20, 0, 1000, 0), reading(240, 120, 4, 1400, 500_000));
        let strain = Strain::between(&before, &after, Duration::from_secs(2));
        let near = |seen: Option<f64>, wanted: f64| (seen.unwrap() - wanted).abs() < 1e-9;
        assert!(near(strain.cpu, 0.7), "{strain:?}");
        let (name, share) = strain.hottest.clone().unwrap();
        assert_eq!(name, "load");
        assert!(near(Some(share), 0.5) && strain.threads.len() == 2, "{strain:?}");
        assert!(near(strain.steal, 0.01) && near(strain.throttled, 0.25), "{strain:?}");
        assert_eq!((strain.rss_bytes, strain.sockets), (Some(7), Some(3)));
    }

    #[test]
    fn what_was_not_read_is_not_made_up() {
        let nothing = Reading::default();
        let strain = Strain::between(&nothing, &nothing, Duration::from_secs(1));
        assert_eq!(strain, Strain::default());
    }
}
