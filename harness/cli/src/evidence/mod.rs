//! The evidence of failed cases as files: bytes, what each of them is, and a request to send again.

mod curl;

use crate::annotated;
use crate::exit_code::Failed;
use base64::{Engine, engine::general_purpose::STANDARD};
use protocol::explain::{Kind, difference, explain};
use record::{EventKind, Evidence, Record, SentObject};
use report::evidence_folder;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Writes the evidence in a record into folders of `folder`, one a case.
pub(crate) fn write(record: &Record, folder: &Path) -> Result<(), Failed> {
    for event in &record.events {
        if let EventKind::Evidence(evidence) = &event.kind {
            write_one(evidence, &folder.join(evidence_folder(&evidence.id)))?;
        }
    }
    Ok(())
}

fn write_one(evidence: &Evidence, folder: &Path) -> Result<(), Failed> {
    fs::create_dir_all(folder).map_err(|error| Failed::file("create", folder, &error))?;
    for (name, bytes) in files(evidence) {
        let path = folder.join(&name);
        fs::write(&path, bytes).map_err(|error| Failed::file("write", &path, &error))?;
        if name == "curl.sh" {
            executable(&path)?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn executable(path: &PathBuf) -> Result<(), Failed> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .map_err(|error| Failed::file("mark as executable", path, &error))
}

#[cfg(not(unix))]
fn executable(_path: &PathBuf) -> Result<(), Failed> {
    Ok(())
}

/// Every file of the folder of one case.
fn files(evidence: &Evidence) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for object in &evidence.objects {
        // Base64 that is none was tampered with; the record says what it says.
        let Ok(sent) = STANDARD.decode(&object.sent) else { continue };
        let twin = object.twin.as_ref().and_then(|twin| STANDARD.decode(twin).ok());
        let twin = twin.filter(|twin| *twin != sent);
        let name = evidence_folder_part(&object.name);
        if let Some(text) = annotated(object, &sent, twin.as_deref()) {
            files.push((format!("{name}.annotated.txt"), text.into_bytes()));
        }
        if let Some(twin) = twin {
            files.push((format!("{name}.twin.bin"), twin));
        }
        files.push((format!("{name}.bin"), sent));
    }
    files.push(("requests.txt".to_owned(), requests(evidence).into_bytes()));
    let deciding = evidence.deciding.and_then(|place| evidence.requests.get(place));
    // What an adapter was asked went nowhere that curl could reach.
    if let Some(request) = deciding.filter(|request| request.is_http()) {
        if let Some(body) = curl::body_file(request) {
            files.push(("body.bin".to_owned(), body));
        }
        files.push(("curl.sh".to_owned(), curl::script(&evidence.id, request).into_bytes()));
    }
    files
}

/// A name as part of a file's name.
fn evidence_folder_part(name: &str) -> String {
    let harmless = |char: char| if char.is_ascii_alphanumeric() { char } else { '-' };
    name.chars().take(60).map(harmless).collect()
}

/// The object part by part, and where it differs from the twin; none if it has no parts.
fn annotated(object: &SentObject, sent: &[u8], twin: Option<&[u8]>) -> Option<String> {
    let kind = match object.name.as_str() {
        "attestation" => Kind::Attestation,
        "assertion" => Kind::Assertion,
        _ => return None,
    };
    let mut text = format!("{} as sent, {} bytes\n\n", kind.as_str(), sent.len());
    text.push_str(&annotated::tree(&explain(kind, sent), sent));
    if let Some(twin) = twin {
        text.push_str("\nWhere it differs from the honest twin's\n");
        text.push_str(&annotated::differences(&difference(kind, twin, sent)));
    }
    Some(text)
}

/// Every request with its answer, the bodies as far as they are text.
pub(crate) fn requests(evidence: &Evidence) -> String {
    let mut text = String::new();
    for (place, request) in evidence.requests.iter().enumerate() {
        let deciding = if evidence.deciding == Some(place) { "  <- decides" } else { "" };
        let _ = writeln!(text, "{}. {}{deciding}", place + 1, request.what);
        let _ = writeln!(text, "{} {}", request.method, request.url);
        for (name, value) in &request.headers {
            let _ = writeln!(text, "{name}: {value}");
        }
        let body = STANDARD.decode(&request.body).unwrap_or_default();
        match String::from_utf8(body) {
            Ok(body) if body.is_empty() => {}
            Ok(body) => {
                let _ = writeln!(text, "\n{body}");
            }
            Err(error) => {
                let _ = writeln!(text, "\n({} bytes that are no text)", error.as_bytes().len());
            }
        }
        if request.body_left_out > 0 {
            let _ = writeln!(text, "(and {} bytes more)", request.body_left_out);
        }
        let status = request.status.map(|status| format!(", HTTP {status}")).unwrap_or_default();
        let _ = writeln!(text, "\n-> {}{status}", request.decision);
        if !request.excerpt.trim().is_empty() {
            let _ = writeln!(text, "{}", request.excerpt.trim_end());
        }
        text.push('\n');
    }
    text
}
