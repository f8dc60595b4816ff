//! Asks the kernel, where there is one that tells.

use super::reading::{self, Reading};
use std::fs;

/// Reads what the kernel tells of this process.
#[derive(Debug)]
pub struct Probe {
    cpu_stat: Option<String>,
    /// Most files that may be open, sockets among them.
    pub open_files: Option<u64>,
    /// Local ports, each a connection to one address at most.
    pub ports: Option<u64>,
}

impl Probe {
    /// Finds out where to look.
    pub fn new() -> Self {
        let cgroup = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let tells = |place: &String| {
            fs::read_to_string(place).ok().as_deref().and_then(reading::throttled).is_some()
        };
        Self {
            cpu_stat: reading::places_of_cpu_stat(&cgroup).into_iter().find(tells),
            open_files: read("/proc/self/limits", reading::open_files),
            ports: read("/proc/sys/net/ipv4/ip_local_port_range", reading::ports),
        }
    }

    /// Reads everything once.
    pub fn read(&self) -> Reading {
        Reading {
            process: read("/proc/self/stat", |text| reading::ticks(text).map(|(_, ticks)| ticks)),
            threads: threads(),
            machine: read("/proc/stat", reading::machine),
            throttled_us: self.cpu_stat.as_ref().and_then(|place| read(place, reading::throttled)),
            rss_bytes: read("/proc/self/status", reading::resident),
            sockets: sockets(),
        }
    }
}

/// Whether any node of a target is this machine.
pub fn is_here(nodes: &[url::Url]) -> bool {
    use std::net::{ToSocketAddrs, UdpSocket};
    nodes.iter().any(|node| {
        let host = node.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let addresses = (host, 0).to_socket_addrs().into_iter().flatten();
        // Only an address of one's own can be bound to; nothing is sent or heard by that.
        addresses.map(|address| address.ip()).any(|ip| {
            ip.is_loopback() || (!ip.is_unspecified() && UdpSocket::bind((ip, 0)).is_ok())
        })
    })
}

impl Default for Probe {
    fn default() -> Self {
        Self::new()
    }
}

fn read<T>(path: &str, make: impl Fn(&str) -> Option<T>) -> Option<T> {
    make(&fs::read_to_string(path).ok()?)
}

fn threads() -> std::collections::BTreeMap<u32, (String, u64)> {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    tasks
        .filter_map(|task| {
            let id = task.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(task.path().join("stat")).ok()?;
            Some((id, reading::ticks(&stat)?))
        })
        .collect()
}

fn sockets() -> Option<u64> {
    let open = fs::read_dir("/proc/self/fd").ok()?.flatten();
    let is_socket = |link: std::path::PathBuf| link.to_string_lossy().starts_with("socket:");
    Some(open.filter(|file| fs::read_link(file.path()).is_ok_and(is_socket)).count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_this_machine_and_documentation_addresses_are_not() {
        let here = |url: &str| is_here(&[url.parse().unwrap()]);
        assert!(here("http://127.0.0.1:9/") && here("http://[::1]:9/"));
        assert!(!here("http://192.0.2.7:9/"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_tells_of_cpu_threads_memory_and_sockets() {
        let listening = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let probe = Probe::new();
        let before = probe.read();
        assert!(before.process.is_some() && before.machine.is_some(), "{before:?}");
        assert!(before.threads.contains_key(&std::process::id()), "{before:?}");
        assert!(before.rss_bytes.unwrap() > 1 << 20, "{before:?}");
        assert!(before.sockets.unwrap() >= 1, "{before:?}");
        assert!(probe.open_files.unwrap() > 2 && probe.ports.unwrap() > 0, "{probe:?}");
        drop(listening);
    }
}
