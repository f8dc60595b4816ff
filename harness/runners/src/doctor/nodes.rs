//! Whether every node is found and lets itself be connected to, before anything is said to it.

use super::finding::{Check, Finding};
use std::time::Duration;
use targets::TargetFile;
use targets::lock::{self, NotAdmitted, Refusal};
use tokio::net::TcpStream;

/// Time for a connection, unless the target file has less for everything.
const PATIENCE: Duration = Duration::from_secs(3);

/// Resolves each node's name and connects to it once; nothing is sent. The safety lock comes first.
pub async fn reach(file: &TargetFile, allow_public: bool) -> Result<Vec<Finding>, Refusal> {
    let mut findings = Vec::new();
    for node in &file.nodes {
        let addresses = match lock::admit(node, allow_public).await {
            Ok(addresses) => addresses,
            Err(NotAdmitted::Refused(refusal)) => return Err(refusal),
            Err(NotAdmitted::Unresolved { host, source }) => {
                let said = format!("the name `{host}` leads nowhere: {source}");
                findings.push(Finding::broken(Check::Nodes, said).at("target.nodes"));
                continue;
            }
        };
        let mut failures = Vec::new();
        let mut connected = false;
        for address in addresses {
            let connecting = TcpStream::connect(address);
            match tokio::time::timeout(PATIENCE.min(file.timeout), connecting).await {
                Ok(Ok(_)) => {
                    connected = true;
                    break;
                }
                Ok(Err(error)) => failures.push(format!("{address}: {error}")),
                Err(_) => failures.push(format!("{address}: no answer in time")),
            }
        }
        if !connected {
            let said = format!("nobody listens at {node}: {}", failures.join("; "));
            findings.push(
                Finding::broken(Check::Nodes, said)
                    .at("target.nodes")
                    .detail("start the server, or write its address into `nodes`"),
            );
        }
    }
    Ok(findings)
}
