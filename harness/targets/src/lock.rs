//! The safety lock: where requests may go.
//!
//! Nothing is ever sent to Apple, and nothing beyond this machine unless its owner says so. Names
//! are resolved before anything is sent, every address is checked, and only checked addresses are
//! connected to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use url::{Host, Url};

/// Why the lock refuses a target (exit code 10).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The host is Apple's.
    #[error("`{host}` is Apple's: nothing is ever sent there")]
    Apple {
        /// The host, as the target file names it.
        host: String,
    },
    /// The host is not this machine, and no permission was given.
    #[error("`{host}` ({address}) is {} and not this machine; a target beyond it needs permission (--allow-public)",
        if *.private { "on a private network" } else { "a public address" })]
    Public {
        /// The host, as the target file names it.
        host: String,
        /// The address that is not this machine's.
        address: IpAddr,
        /// Whether the address is one of a private network.
        private: bool,
    },
}

/// Why a target is not admitted.
#[derive(Debug, thiserror::Error)]
pub enum NotAdmitted {
    /// The lock refuses it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Its name cannot be resolved, so it cannot be checked, or reached.
    #[error("cannot resolve `{host}`")]
    Unresolved {
        /// The name.
        host: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Resolves a URL's host and checks every address; the ones returned may be connected to.
pub async fn admit(url: &Url, allow_public: bool) -> Result<Vec<SocketAddr>, NotAdmitted> {
    let host = url.host().map_or_else(|| Host::Domain(String::new()), |host| host.to_owned());
    check_host(&host)?;
    let port = url.port_or_known_default().unwrap_or(80);
    let addresses: Vec<SocketAddr> = match &host {
        Host::Ipv4(address) => vec![(*address, port).into()],
        Host::Ipv6(address) => vec![(*address, port).into()],
        Host::Domain(name) => {
            let unresolved = |source| NotAdmitted::Unresolved { host: name.clone(), source };
            let found = tokio::net::lookup_host((name.as_str(), port)).await.map_err(unresolved)?;
            found.collect()
        }
    };
    if addresses.is_empty() {
        let source = std::io::Error::other("the name has no address");
        return Err(NotAdmitted::Unresolved { host: host.to_string(), source });
    }
    for address in &addresses {
        check_address(&host.to_string(), address.ip(), allow_public)?;
    }
    Ok(addresses)
}

/// Refuses apple.com and everything under it.
pub fn check_host(host: &Host<impl AsRef<str>>) -> Result<(), Refusal> {
    match host {
        Host::Domain(name) => {
            let name = name.as_ref();
            // A URL's host is lower case and in ASCII already; not so what is made by hand.
            let bare = name.trim_end_matches('.').to_ascii_lowercase();
            if bare == "apple.com" || bare.ends_with(".apple.com") {
                return Err(Refusal::Apple { host: name.to_owned() });
            }
            Ok(())
        }
        Host::Ipv4(_) | Host::Ipv6(_) => Ok(()),
    }
}

/// Refuses addresses beyond this machine without permission, and Apple's own network even with it.
pub fn check_address(host: &str, address: IpAddr, allow_public: bool) -> Result<(), Refusal> {
    let address = address.to_canonical();
    // 17.0.0.0/8 is Apple's as a whole: a name of someone else's may lead there.
    if matches!(address, IpAddr::V4(v4) if v4.octets()[0] == 17) {
        return Err(Refusal::Apple { host: format!("{host} ({address})") });
    }
    if address.is_loopback() || allow_public {
        return Ok(());
    }
    Err(Refusal::Public { host: host.to_owned(), address, private: is_private(address) })
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || v4 == Ipv4Addr::UNSPECIFIED,
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_unspecified(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host_of(url: &str) -> Host {
        Url::parse(url).unwrap().host().unwrap().to_owned()
    }

    #[test]
    fn every_spelling_of_an_apple_host_is_refused() {
        for url in [
            "https://apple.com",
            "https://data.appattest.apple.com/v1/attestationData",
            "https://APPLE.com./x",
            "http://Data-Development.AppAttest.Apple.COM..",
            "http://user:password@apple.com:8080",
            "http://localhost@api.development.devicecheck.apple.com",
            "http://ａｐｐｌｅ.com",
            "http://apple。com",
            "http://%61pple.com",
            "http://appl\u{ad}e.com",
        ] {
            let refused = check_host(&host_of(url));
            assert!(matches!(refused, Err(Refusal::Apple { .. })), "{url}: {refused:?}");
        }
        assert!(check_host(&Host::Domain("APPLE.COM.")).is_err());
    }

    #[test]
    fn hosts_that_only_look_alike_are_not_apples() {
        for url in ["http://pineapple.com", "http://apple.com.example.org", "http://127.0.0.1"] {
            assert_eq!(check_host(&host_of(url)), Ok(()), "{url}");
        }
    }

    #[test]
    fn only_this_machine_is_reached_without_permission() {
        let check = |address: &str, allow| check_address("h", address.parse().unwrap(), allow);
        for address in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(check(address, false), Ok(()), "{address}");
        }
        for (address, on_private_network) in [
            ("10.0.0.1", true),
            ("192.168.1.1", true),
            ("169.254.1.1", true),
            ("0.0.0.0", true),
            ("fd00::1", true),
            ("fe80::1", true),
            ("::ffff:10.0.0.1", true),
            ("93.184.216.34", false),
            ("2606:2800:220:1::1", false),
        ] {
            match check(address, false) {
                Err(Refusal::Public { private, .. }) => {
                    assert_eq!(private, on_private_network, "{address}");
                }
                other => panic!("{address}: {other:?}"),
            }
            assert_eq!(check(address, true), Ok(()), "{address}");
        }
        assert!(matches!(check("17.1.2.3", true), Err(Refusal::Apple { .. })));
    }

    #[tokio::test]
    async fn a_name_is_resolved_before_it_is_admitted() {
        let admitted = admit(&"http://localhost:81/x".parse().unwrap(), false).await.unwrap();
        assert!(admitted.iter().all(|address| address.ip().is_loopback() && address.port() == 81));
        let refused = admit(&"http://10.1.2.3".parse().unwrap(), false).await.unwrap_err();
        assert!(refused.to_string().contains("private network"), "{refused}");
    }
}
