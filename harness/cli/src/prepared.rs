//! What a run needs before its first event: seed, authority, target, and an open door.

use crate::args::Target;
use crate::cmd::{root, serve};
use crate::exit_code::{ExitCode, Failed};
use crate::folder::chain;
use crate::reference::Reference;
use jiff::Timestamp;
use protocol::relying_party::Purpose;
use protocol::verify::Crypto;
use simulator::{Authority, Seed};
use std::time::Duration;
use targets::file::{Declared, ReceiptDemand, Trust};
use targets::http::OpenError;
use targets::lock::NotAdmitted;
use targets::{Decision, Facts, HttpTarget, Operation, Saved, Target as _, TargetFile};

/// What is known before anything is sent: every mistake of the user's is found here.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The seed as it was typed or chosen.
    pub(crate) seed_text: String,
    /// Seed of everything random in the run.
    pub(crate) seed: Seed,
    /// The authority whose root the target trusts.
    pub(crate) authority: Authority,
    /// The user's target; none for the reference.
    pub(crate) file: Option<TargetFile>,
    flaws: Vec<String>,
    crypto: Option<Crypto>,
}

/// A server under test, and the process it runs in if that is ours.
#[derive(Debug)]
pub(crate) struct UnderTest {
    /// How it is spoken to.
    pub(crate) file: TargetFile,
    _process: Option<Reference>,
}

impl Prepared {
    /// Reads and checks whatever the command line names.
    pub(crate) fn of(args: &Target, now: Timestamp) -> Result<Self, Failed> {
        serve::flaws(&args.flaws)?;
        let seed_text = if let Some(text) = &args.seed {
            text.clone()
        } else {
            // Short enough to be typed again; nothing that must stay secret follows from it.
            let mut entropy = [0; 8];
            getrandom::fill(&mut entropy)
                .map_err(|error| Failed::new(ExitCode::Internal, error))?;
            hex::encode(entropy)
        };
        let seed = Seed::from_text(&seed_text);
        let file = args.file.as_deref().map(|path| {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failed::file("read", path, &error))?;
            TargetFile::parse(&text, &path.display().to_string(), &|name| std::env::var(name).ok())
                .map_err(Failed::usage)
        });
        let file = file.transpose()?;
        let authority_seed = match (&args.authority, &file) {
            (Some(path), _) => root::read(path)?,
            (None, None) => seed.child("authority", 0),
            // Where nothing may be accepted, any root is as good as another.
            (None, Some(file)) if file.trust != Trust::SwapRoot => seed.child("authority", 0),
            // An adapter is told which root to trust.
            (None, Some(file)) if file.adapter.is_some() => seed.child("authority", 0),
            (None, Some(file)) => {
                return Err(Failed::usage(format_args!(
                    "`{}` must trust a test root: make one with `assay root --authority FILE`, \
                     install it in the server, and give --authority FILE",
                    file.name
                )));
            }
        };
        let authority = Authority::new(&authority_seed, now);
        // The seed of a run stands in its record, and that of a file nowhere.
        let authority = if args.authority.is_none() { authority.opened() } else { authority };
        Ok(Self {
            seed_text,
            seed,
            authority,
            file,
            flaws: args.flaws.clone(),
            crypto: args.crypto,
        })
    }

    /// How the target of the cases is spoken to; of the reference all but its port is known before.
    pub(crate) fn file_for_cases(
        &self,
        challenge_lifetime: Duration,
    ) -> Result<TargetFile, Failed> {
        match &self.file {
            Some(file) => Ok(file.clone()),
            None => reference_file("http://127.0.0.1:1", challenge_lifetime),
        }
    }

    /// Starts the reference server in `folder`, or takes the user's target.
    ///
    /// `challenge_lifetime` is that of the reference server; others declare their own.
    pub(crate) fn open(
        &self,
        challenge_lifetime: Duration,
        folder: &std::path::Path,
        name: &str,
    ) -> Result<UnderTest, Failed> {
        if let Some(file) = &self.file {
            return Ok(UnderTest { file: file.clone(), _process: None });
        }
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            std::fs::write(&path, text)
                .map_err(|error| Failed::file("write", &path, &error))
                .map(|()| path.display().to_string())
        };
        let root = write("test-root.pem", self.authority.root_pem())?;
        let receipt_root = write("test-receipt-root.pem", self.authority.receipt_root_pem())?;
        // The port is known once the server listens; everything else is in the file.
        let mut file = self.file_for_cases(challenge_lifetime)?;
        let mut arguments = vec![
            "--trust-anchor".to_owned(),
            root,
            "--receipt-trust-anchor".to_owned(),
            receipt_root,
        ];
        arguments.extend(serve_arguments(&file));
        arguments.extend(self.flaws.iter().flat_map(|id| ["--flaw".to_owned(), id.clone()]));
        arguments.extend(
            self.crypto.into_iter().flat_map(|one| ["--crypto".to_owned(), one.to_string()]),
        );
        let process = Reference::start(&arguments, &folder.join(format!("{name}.log")))?;
        file = reference_file(&process.url, challenge_lifetime)?;
        Ok(UnderTest { file, _process: Some(process) })
    }
}

/// How the reference server is spoken to at an address.
pub(crate) fn reference_file(
    url: &str,
    challenge_lifetime: Duration,
) -> Result<TargetFile, Failed> {
    TargetFile::reference(url, challenge_lifetime)
        .map_err(|error| Failed::new(ExitCode::Internal, error))
}

/// What `assay serve` must be told so that it does what the target file declares.
pub(crate) fn serve_arguments(file: &TargetFile) -> Vec<String> {
    let mut arguments = vec![
        "--app-id".to_owned(),
        file.app_id.to_string(),
        "--environment".to_owned(),
        file.environment.as_str().to_owned(),
    ];
    if let Some(lifetime) = file.policy.challenge_ttl {
        arguments
            .extend(["--challenge-lifetime".to_owned(), format!("{}ms", lifetime.as_millis())]);
    }
    if let Some(Declared::AllowMissing(listed)) = &file.policy.validation_category {
        let listed: Vec<String> = listed.iter().map(u32::to_string).collect();
        arguments.extend(["--categories".to_owned(), listed.join(",")]);
    }
    if let Some(Declared::AllowMissing(listed)) = &file.policy.bundle_version {
        arguments.extend(["--bundle-versions".to_owned(), listed.join(",")]);
    }
    if file.policy.receipt == Some(ReceiptDemand::Require) {
        arguments.push("--require-receipt".to_owned());
    }
    arguments
}

/// Why there is no door, and whose fault that is.
pub(crate) fn opened(error: &OpenError) -> Failed {
    let code = match error {
        OpenError::NotAdmitted(NotAdmitted::Refused(_)) => ExitCode::Locked,
        OpenError::NotAdmitted(NotAdmitted::Unresolved { .. }) => ExitCode::Unreachable,
        OpenError::Certificates { .. } | OpenError::Client(_) | OpenError::Dialect(_) => {
            ExitCode::Usage
        }
    };
    Failed::new(code, chain(error))
}

/// Opens the door, and asks one challenge through it to see that somebody is there.
pub(crate) async fn reach(file: &TargetFile, allow_public: bool) -> Result<HttpTarget, Failed> {
    let target = HttpTarget::open(file, allow_public).await.map_err(|error| opened(&error))?;
    for node in 0..file.nodes.len() {
        let mut facts = Facts::new("assay-probe", format!("assay-probe-{node}"));
        facts.purpose = Purpose::Attest;
        facts.node = node;
        let exchange = target
            .perform(Operation::Challenge, &facts, &mut Saved::new())
            .await
            .map_err(|error| Failed::usage(chain(&error)))?;
        if let Decision::Unreachable { why } = exchange.decision {
            return Err(Failed::new(
                ExitCode::Unreachable,
                format_args!("`{}` cannot be reached: {why}", file.name),
            ));
        }
    }
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_started_as_its_target_file_declares() {
        let file = reference_file("http://127.0.0.1:9", Duration::from_secs(3)).unwrap();
        let arguments = serve_arguments(&file);
        let after = |name: &str| {
            let at = arguments.iter().position(|argument| argument == name).unwrap();
            arguments[at + 1].as_str()
        };
        assert_eq!(after("--challenge-lifetime"), "3000ms");
        assert_eq!(after("--app-id"), file.app_id.as_str());
        assert!(arguments.contains(&"--require-receipt".to_owned()));
        assert!(!after("--categories").is_empty());
        assert!(!after("--bundle-versions").is_empty());
    }
}
