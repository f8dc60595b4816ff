//! What was found, as folders that can be read, repeated and made cases of.

use crate::exit_code::Failed;
use base64::{Engine, engine::general_purpose::STANDARD};
use runners::fuzz::{Found, Interest};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// The file of a recipe in its folder.
pub(super) const RECIPE: &str = "recipe.toml";

/// Where what is kept of one finding is written.
pub(super) fn folder(out: &Path, found: &Found) -> PathBuf {
    out.join("regressions").join(found.name())
}

/// Writes what shows something; what a server merely said is in the record alone.
pub(super) fn write(found: &Found, out: &Path, repeat: &str) -> Result<(), Failed> {
    if found.interest == Interest::New {
        return Ok(());
    }
    let folder = folder(out, found);
    fs::create_dir_all(&folder).map_err(|error| Failed::file("create", &folder, &error))?;
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).map_err(|error| Failed::file("write", &path, &error))
    };
    write(RECIPE, recipe(found, repeat).as_bytes())?;
    let objects = found.sides.first().map(|side| side.evidence.objects.as_slice());
    for object in objects.into_iter().flatten() {
        // Names are the harness's own: attestation, assertion, client-data, key-id.
        if let Ok(sent) = STANDARD.decode(&object.sent) {
            write(&format!("{}.bin", object.name), &sent)?;
        }
        if let Some(twin) = object.twin.as_ref().and_then(|twin| STANDARD.decode(twin).ok()) {
            write(&format!("{}.twin.bin", object.name), &twin)?;
        }
    }
    Ok(())
}

/// The recipe, with what came of it in comments.
fn recipe(found: &Found, repeat: &str) -> String {
    let mut text = String::from("# Test only: simulated devices under a test root.\n");
    let rules: Vec<&str> = found.bucket.rules.iter().map(|rule| rule.id()).collect();
    let rules = if rules.is_empty() { "none".to_owned() } else { rules.join(", ") };
    let _ = writeln!(text, "# rules broken: {rules}");
    let _ = writeln!(text, "# right answer: {}", found.bucket.expectation);
    for (side, told) in found.sides.iter().zip(&found.bucket.told) {
        let status = told.status.map(|status| format!(", HTTP {status}")).unwrap_or_default();
        let failure = told.failure.map(|failure| format!(": {failure}")).unwrap_or_default();
        let target = side.target.escape_debug();
        let _ = writeln!(text, "# {target} answered: {}{status}{failure}", told.decision);
    }
    let _ = writeln!(text, "# first seen in trial {}, {} in all", found.trial, found.count);
    let _ = writeln!(text, "# repeat: {}", repeat.escape_debug());
    text.push_str(&found.recipe.to_toml());
    text
}
