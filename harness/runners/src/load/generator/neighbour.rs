//! The process of the server under test, where it runs on this machine and may be looked at.
//!
//! It is found by the port that it listens at. A server of several processes that share a socket is
//! all of them; our own process is never one.

use url::Url;

/// What the kernel told of the server's processes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vital {
    /// CPU ticks so far of those that live.
    pub ticks: u64,
    /// Their resident memory in bytes.
    pub rss_bytes: u64,
}

/// The server's processes.
#[derive(Debug, Default)]
pub struct Neighbour {
    nodes: Vec<Url>,
    found: Vec<Found>,
    names: Vec<String>,
}

impl Neighbour {
    /// Looks for whoever listens at these nodes on this machine.
    pub fn at(nodes: &[Url]) -> Self {
        let is_here = |node: &&Url| super::probe::is_here(std::slice::from_ref(*node));
        let nodes = nodes.iter().filter(is_here).cloned().collect();
        let mut neighbour = Self { nodes, ..Self::default() };
        neighbour.look();
        neighbour
    }

    /// What its processes are called; none if it is not seen.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Reads everything once. A server that was started anew is looked for again.
    pub fn read(&mut self) -> Option<Vital> {
        if self.names.is_empty() {
            return None;
        }
        let read = |found: &[Found]| {
            found.iter().filter_map(vital).reduce(|one, other| Vital {
                ticks: one.ticks + other.ticks,
                rss_bytes: one.rss_bytes + other.rss_bytes,
            })
        };
        read(&self.found).or_else(|| {
            self.look();
            read(&self.found)
        })
    }

    fn look(&mut self) {
        let (found, names) =
            if self.nodes.is_empty() { Default::default() } else { find(&self.nodes) };
        self.found = found;
        if !names.is_empty() {
            self.names = names;
        }
    }
}

/// Programs that only hand connections on to a server elsewhere.
#[cfg(target_os = "linux")]
const FORWARDERS: [&str; 3] = ["docker-proxy", "rootlessport", "ssh"];

#[cfg(target_os = "linux")]
use procfs::process::Process as Found;

#[cfg(target_os = "linux")]
fn find(nodes: &[Url]) -> (Vec<Found>, Vec<String>) {
    use procfs::process::{FDTarget, all_processes};
    let sockets = listening(nodes);
    let Ok(own) = i32::try_from(std::process::id()) else { return Default::default() };
    let holds = |process: &Found| {
        let is_one = |target| matches!(target, FDTarget::Socket(inode) if sockets.contains(&inode));
        process.fd().is_ok_and(|mut files| files.any(|file| file.is_ok_and(|f| is_one(f.target))))
    };
    let mut names = std::collections::BTreeSet::new();
    let found = all_processes()
        .into_iter()
        .flatten()
        .flatten()
        .filter(|process| process.pid != own && !sockets.is_empty() && holds(process))
        .filter(|process| {
            let Ok(stat) = process.stat() else { return false };
            let is_server = !FORWARDERS.contains(&stat.comm.as_str());
            if is_server {
                names.insert(harmless(&stat.comm));
            }
            is_server
        })
        .collect();
    (found, names.into_iter().collect())
}

/// The sockets that listen where the nodes are.
#[cfg(target_os = "linux")]
fn listening(nodes: &[Url]) -> std::collections::HashSet<u64> {
    use procfs::net::TcpState;
    use std::net::ToSocketAddrs;
    let addresses: Vec<_> = nodes
        .iter()
        .filter_map(|node| {
            let host = node.host_str()?.trim_matches(['[', ']']).to_owned();
            (host, node.port_or_known_default()?).to_socket_addrs().ok()
        })
        .flatten()
        .collect();
    let entries = procfs::net::tcp().into_iter().chain(procfs::net::tcp6()).flatten();
    entries
        .filter(|entry| entry.state == TcpState::Listen)
        .filter(|entry| {
            let (ip, port) = (entry.local_address.ip(), entry.local_address.port());
            addresses.iter().any(|address| {
                port == address.port()
                    && (ip.is_unspecified() || ip.to_canonical() == address.ip().to_canonical())
            })
        })
        .map(|entry| entry.inode)
        .collect()
}

#[cfg(target_os = "linux")]
fn vital(process: &Found) -> Option<Vital> {
    // A process that ended and that nobody has waited for yet still has its last figures.
    let stat = process.stat().ok().filter(|stat| stat.state != 'Z')?;
    Some(Vital { ticks: stat.utime + stat.stime, rss_bytes: stat.rss * procfs::page_size() })
}

/// A name that a process gave itself, without what a terminal or a page would obey.
#[cfg(target_os = "linux")]
fn harmless(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    name.chars().map(plain).collect()
}

#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
enum Found {}

#[cfg(not(target_os = "linux"))]
fn find(_: &[Url]) -> (Vec<Found>, Vec<String>) {
    (Vec::new(), Vec::new())
}

#[cfg(not(target_os = "linux"))]
fn vital(found: &Found) -> Option<Vital> {
    match *found {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn our_own_process_is_no_neighbour_and_nobody_elsewhere_is() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let here = format!("http://{}/", listener.local_addr().unwrap());
        for node in [here.as_str(), "http://192.0.2.7:9/"] {
            let mut neighbour = Neighbour::at(&[node.parse().unwrap()]);
            assert!(neighbour.names().is_empty() && neighbour.read().is_none(), "{node}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_socket_is_found_by_address_and_port_and_not_by_one_of_them() {
        let one = TcpListener::bind("127.0.0.1:0").unwrap();
        let any = TcpListener::bind("0.0.0.0:0").unwrap();
        let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
        let found = |host: &str, port: u16| {
            listening(&[format!("http://{host}:{port}/").parse().unwrap()]).len()
        };
        assert_eq!((found("127.0.0.1", port(&one)), found("localhost", port(&one))), (1, 1));
        assert_eq!(found("127.0.0.2", port(&one)), 0, "another address");
        assert_eq!(found("127.0.0.2", port(&any)), 1, "any address");
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let unused = port(&free);
        drop(free);
        assert_eq!(found("127.0.0.1", unused), 0, "another port");
        assert_eq!(harmless("a\u{1b}[2Jb c"), "a__2Jb_c");
    }
}
