//! The second opinion of OpenSSL, where its command line is at hand.

use crate::honest::{app_id, now};
use protocol::terms::Environment;
use simulator::{Authority, Device, Generation, Seed};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A folder that goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Left behind is better than a panic in a panic.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs it; `None` where there is no such program.
fn openssl(arguments: &[&str], files: &[(&str, &Path)]) -> Option<(bool, String)> {
    let mut command = Command::new("openssl");
    command.args(arguments);
    for (flag, path) in files {
        if !flag.is_empty() {
            command.arg(flag);
        }
        command.arg(path);
    }
    let Ok(output) = command.output() else {
        println!("skipped: no openssl to run");
        return None;
    };
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}

#[test]
fn chains_and_receipts_verify_in_each_generation() {
    let seed = Seed::from_text("openssl");
    let authority = Authority::new(&seed, now());
    let folder = Folder::new("assay-simulator-openssl");
    let root = folder.file("root.pem", authority.root_pem().as_bytes());
    let receipt_root = folder.file("receipt-root.pem", authority.receipt_root_pem().as_bytes());
    let intermediate = folder.file("intermediate.der", authority.intermediate_der());
    let at = now().as_second().to_string();
    for generation in Generation::ALL {
        let device = Device::new(&seed, generation, app_id(), Environment::Production);
        let model = device.attestation_model(&authority, &[3; 32], now());
        let sealed = model.seal_parts();
        let leaf = folder.file("leaf.der", &sealed.leaf);
        let chain: [(&str, &Path); 3] =
            [("-CAfile", &root), ("-untrusted", &intermediate), ("", &leaf)];
        let Some((verified, said)) = openssl(&["verify", "-attime", &at], &chain) else { return };
        assert!(verified, "{generation}: {said}");

        let refreshed = model.receipt.refreshed("3", now()).seal(&authority, &sealed.leaf);
        for receipt in [&sealed.receipt, &refreshed] {
            let receipt = folder.file("receipt.ber", receipt);
            let signed: [(&str, &Path); 2] = [("-CAfile", &receipt_root), ("-in", &receipt)];
            let arguments =
                ["cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any", "-attime", &at];
            let Some((verified, said)) = openssl(&arguments, &signed) else { return };
            assert!(verified, "{generation}: {said}");
        }
    }
}
