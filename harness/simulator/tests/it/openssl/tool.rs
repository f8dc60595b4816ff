//! The command line of OpenSSL, asked one question at a time.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The tool, and a folder of its own that goes when the test ends.
pub(crate) struct Openssl {
    folder: PathBuf,
}

/// What the tool says of a question.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) yes: bool,
    pub(crate) output: Vec<u8>,
    pub(crate) said: String,
}

static FOLDERS: AtomicUsize = AtomicUsize::new(0);

impl Openssl {
    /// The tool, or `None` with a word about it where there is none. Continuous integration must have
    /// it: there a second opinion that is never asked for would pass for one that agrees.
    pub(crate) fn find() -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_err() {
            assert!(
                std::env::var_os("CI").is_none(),
                "no openssl to run: install it (apt-get install openssl) or unset CI"
            );
            println!("skipped: no openssl to run");
            return None;
        }
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("assay-openssl-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Some(Self { folder })
    }

    /// Runs `openssl` with these words; `@name` stands for the file of that name in the folder.
    pub(crate) fn ask(&self, words: &str) -> Answer {
        let mut command = Command::new("openssl");
        for word in words.split_whitespace() {
            match word.strip_prefix('@') {
                Some(name) => command.arg(self.folder.join(name)),
                None => command.arg(word),
            };
        }
        let output = command.output().unwrap();
        Answer {
            yes: output.status.success(),
            said: format!("openssl {words}: {}", String::from_utf8_lossy(&output.stderr)),
            output: output.stdout,
        }
    }

    /// What it prints; it must succeed.
    pub(crate) fn output(&self, words: &str) -> Vec<u8> {
        let answer = self.ask(words);
        assert!(answer.yes, "{}", answer.said);
        answer.output
    }

    /// Puts a file into the folder.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.join(name), bytes).unwrap();
    }

    /// SHA-256 of these bytes.
    pub(crate) fn sha256(&self, bytes: &[u8]) -> Vec<u8> {
        self.file("hashed", bytes);
        self.output("dgst -sha256 -binary @hashed")
    }

    /// The point of the key that a certificate in `@leaf` certifies, and the key as PEM in `@key`.
    pub(crate) fn certified_point(&self) -> Vec<u8> {
        let key = self.output("x509 -inform DER -in @leaf -noout -pubkey");
        self.file("key", &key);
        let der = self.output("pkey -pubin -in @key -outform DER");
        // An uncompressed point of P-256 is the end of its SubjectPublicKeyInfo.
        der[der.len() - 65..].to_vec()
    }

    /// Turns a point into the key in `@key`.
    pub(crate) fn use_point(&self, point: &[u8]) {
        // SubjectPublicKeyInfo of a P-256 key up to the point: RFC 5480, section 2.
        let head = hex::decode("3059301306072a8648ce3d020106082a8648ce3d030107034200").unwrap();
        self.file("point", &[&head, point].concat());
        let key = self.output("pkey -pubin -inform DER -in @point");
        self.file("key", &key);
    }

    /// The elements of the DER in that file as OpenSSL prints them, one after the other.
    pub(crate) fn elements(&self, name: &str) -> Vec<Element> {
        let text = self.output(&format!("asn1parse -inform DER -in @{name}"));
        String::from_utf8_lossy(&text).lines().filter_map(Element::read).collect()
    }
}

impl Drop for Openssl {
    fn drop(&mut self) {
        // Left behind is better than a panic in a panic.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A primitive element as `openssl asn1parse` prints it.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) kind: String,
    pub(crate) value: Vec<u8>,
}

impl Element {
    /// `  446:d=5  hl=2 l=  38 prim: OCTET STRING      [HEX DUMP]:3024A1…`
    fn read(line: &str) -> Option<Self> {
        let (kind, value) = line.split_once("prim: ")?.1.split_once(':')?;
        let hexadecimal = kind.ends_with("[HEX DUMP]") || kind.starts_with("INTEGER");
        let value = if hexadecimal { hex::decode(value).ok()? } else { value.as_bytes().to_vec() };
        Some(Self { kind: kind.trim_end_matches("[HEX DUMP]").trim().to_owned(), value })
    }
}
