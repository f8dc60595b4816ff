//! Genuine objects, from the folder that `ASSAY_FIXTURES` names.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::Value;
use std::path::PathBuf;

/// One file of the fixtures.
#[derive(Debug)]
pub(crate) struct Fixture {
    pub(crate) name: String,
    json: Value,
}

impl Fixture {
    /// All files of one kind, or `None` where the variable is not set.
    pub(crate) fn all(kind: &str) -> Option<Vec<Self>> {
        let folder = folder()?;
        let mut files: Vec<_> = std::fs::read_dir(folder.join(kind))
            .expect("ASSAY_FIXTURES names a folder with the fixtures")
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        let read = |path: PathBuf| Self {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            json: serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap(),
        };
        Some(files.into_iter().map(read).collect())
    }

    pub(crate) fn text(&self, field: &str) -> &str {
        self.json[field].as_str().unwrap_or_else(|| panic!("{}: no text {field}", self.name))
    }

    pub(crate) fn bytes(&self, field: &str) -> Vec<u8> {
        STANDARD.decode(self.text(field)).unwrap()
    }

    pub(crate) fn text_of(&self, path: &[&str]) -> &str {
        let value = path.iter().fold(&self.json, |value, field| &value[*field]);
        value.as_str().unwrap_or_else(|| panic!("{}: no text at {path:?}", self.name))
    }

    pub(crate) fn bytes_of(&self, path: &[&str]) -> Vec<u8> {
        STANDARD.decode(self.text_of(path)).unwrap()
    }

    pub(crate) fn time(&self, field: &str) -> Timestamp {
        self.text(field).parse().unwrap()
    }

    pub(crate) fn time_of(&self, path: &[&str]) -> Timestamp {
        self.text_of(path).parse().unwrap()
    }

    /// A certificate in PEM, or `None` where the variable is not set.
    pub(crate) fn certificate(path: &str) -> Option<String> {
        Some(std::fs::read_to_string(folder()?.join(path)).unwrap())
    }

    pub(crate) fn json(&self) -> &Value {
        &self.json
    }
}

/// The folder, or `None` where the variable is not set.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("ASSAY_FIXTURES").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: ASSAY_FIXTURES is not set");
    }
    folder
}
