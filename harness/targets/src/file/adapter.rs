//! The target file of an adapter: a command in the place of nodes, steps and rules for answers.

use super::reader::{Document, Item, Table};
use super::sections::{optional, policy};
use super::{TargetFile, TargetFileError, reasons};
use crate::adapter::{Caps, Commands, Hello, PLACES, Profile, Sut, Trust};
use crate::template::Place;
use protocol::terms::AppId;
use std::path::{Path, PathBuf};

type Read<T> = Result<T, TargetFileError>;

/// How an adapter is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adapter {
    /// The command, and what it speaks.
    pub spoken: Spoken,
    /// The folder it is started in: that of the target file.
    pub folder: Option<PathBuf>,
    /// What a command that cannot be asked can do.
    pub caps: Caps,
}

/// A command, and what it speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spoken {
    /// A process that speaks JSON lines.
    Lines(Vec<String>),
    /// A process for each operation.
    Exec(Commands),
}

impl Adapter {
    /// A process that speaks JSON lines, started where the harness was.
    pub fn lines(command: Vec<String>) -> Self {
        Self { spoken: Spoken::Lines(command), folder: None, caps: Caps::default() }
    }

    /// The command in one line, for people.
    pub fn words(&self) -> String {
        match &self.spoken {
            Spoken::Lines(command) => command.join(" "),
            Spoken::Exec(commands) => {
                let first = commands.attestation.as_ref().or(commands.assertion.as_ref());
                first.map_or_else(String::new, |command| command.join(" "))
            }
        }
    }
}

/// The host of an adapter's requests, which exists nowhere.
const NOWHERE: &str = "adapter.invalid";

impl TargetFile {
    /// Whether requests are handed to an adapter or library instead of being sent.
    pub fn is_handed_over(&self) -> bool {
        self.nodes.first().is_some_and(|node| node.host_str() == Some(NOWHERE))
    }

    /// What an adapter is spoken to with: the reference's conventions, and no policy declared.
    pub fn of_adapter(name: &str, adapter: Option<Adapter>) -> Self {
        let reference = Self::parse(Self::REFERENCE, "reference.toml", &|_| None);
        let reference = reference.expect("the reference's own file is read by a test");
        // Requests are made as for the reference, and handed to the adapter instead of sent: a host
        // that leads nowhere says so in the evidence.
        let nowhere = format!("http://{NOWHERE}").parse().expect("a constant that is a URL");
        Self {
            name: name.to_owned(),
            nodes: vec![nowhere],
            adapter,
            policy: super::DeclaredPolicy::default(),
            reasons: super::Reasons::default(),
            ..reference
        }
    }
}

const SECTIONS: [&str; 6] = ["schema", "target", "adapter", "policy", "templates", "reasons"];

/// The target file of an adapter, whose section `[adapter]` is `item`.
pub(super) fn read(document: &Document<'_>, root: &Table<'_>, item: &Item<'_>) -> Read<TargetFile> {
    for (name, item) in root.entries() {
        if !SECTIONS.contains(&name) {
            return Err(item.error(format!(
                "an adapter has no `[{name}]`: with `[adapter]` a target file has {}",
                super::error::quoted(&SECTIONS)
            )));
        }
    }
    let target = root.need("target")?.table(&["name", "app_id", "environment", "timeout"])?;
    let (app_id, environment) = (target.need("app_id")?, target.need("environment")?);
    let folder = Path::new(document.file).parent().map(Path::to_path_buf);
    let mut file =
        TargetFile::of_adapter(target.need("name")?.text()?, Some(adapter(item, folder)?));
    file.app_id = AppId::parse(app_id.text()?).map_err(|error| app_id.error(error.to_string()))?;
    file.environment =
        environment.text()?.parse().map_err(|error: String| environment.error(error))?;
    if let Some(timeout) = optional(target.get("timeout"), Item::duration)? {
        file.timeout = timeout;
    }
    file.policy = optional(root.get("policy"), policy)?.unwrap_or_default();
    file.reasons = optional(root.get("reasons"), reasons::reasons)?.unwrap_or_default();
    if let Some(templates) = root.get("templates") {
        let assert = templates.table(&["assert"])?.need("assert")?;
        file.assert_template = super::ClientDataTemplate::Text(assert.template(Place::Text)?);
    }
    Ok(file)
}

fn adapter(item: &Item<'_>, folder: Option<PathBuf>) -> Read<Adapter> {
    let table = item.table(&["command", "exec", "trust", "checks_not_done"])?;
    let mut caps = Caps::default();
    let spoken = match table.one_of(&["command", "exec"])? {
        None => {
            return Err(item.error(
                "an adapter has a `command` that speaks JSON lines, or `exec` with a command for each operation",
            ));
        }
        Some(("command", command)) => {
            if let Some(told) = table.get("checks_not_done").or_else(|| table.get("trust")) {
                return Err(told.error("a `command` says this itself, in its answer to `hello`"));
            }
            Spoken::Lines(words(&command)?)
        }
        Some((_, exec)) => {
            if let Some(gaps) = table.get("checks_not_done") {
                caps.checks_not_done = texts(&gaps)?;
                if let Some(mistake) = mistake(&caps) {
                    return Err(gaps.error(mistake));
                }
            }
            if let Some(trust) = table.get("trust") {
                let name = |trust: Trust| if trust == Trust::Fixed { "fixed" } else { "per_call" };
                caps.trust = trust.choice(&[Trust::Fixed, Trust::PerCall], name)?;
            }
            Spoken::Exec(commands(&exec)?)
        }
    };
    Ok(Adapter { spoken, folder, caps })
}

fn commands(item: &Item<'_>) -> Read<Commands> {
    let table = item.table(&["attestation", "assertion"])?;
    let command = |key| {
        optional(table.get(key), |item| {
            let command = words(item)?;
            for argument in &command {
                places(item, argument)?;
            }
            Ok(command)
        })
    };
    let commands =
        Commands { attestation: command("attestation")?, assertion: command("assertion")? };
    if commands == Commands::default() {
        return Err(
            item.error("`exec` names a command for `attestation`, for `assertion`, or both")
        );
    }
    Ok(commands)
}

/// Checks that an argument names only what an operation has.
fn places(item: &Item<'_>, argument: &str) -> Read<()> {
    for rest in argument.split("${").skip(1) {
        let name = rest.split('}').next().unwrap_or_default();
        let known = PLACES.iter().map(|(name, _)| *name);
        if !known.clone().any(|one| one == name) {
            let hint = super::error::suggestion(name, known);
            return Err(item.error(format!("`${{{name}}}` is nothing an operation has{hint}")));
        }
    }
    Ok(())
}

/// A program and its arguments.
fn words(item: &Item<'_>) -> Read<Vec<String>> {
    let command = texts(item)?;
    if command.first().is_none_or(String::is_empty) {
        return Err(item.error("a command begins with a program: [\"python3\", \"adapter.py\"]"));
    }
    Ok(command)
}

fn texts(item: &Item<'_>) -> Read<Vec<String>> {
    item.list()?.iter().map(|item| Ok(item.text()?.to_owned())).collect()
}

/// What of these caps no adapter may say.
fn mistake(caps: &Caps) -> Option<String> {
    let sut = Sut { name: String::new(), version: String::new(), language: String::new() };
    let proto = crate::adapter::PROTOCOL;
    Hello { proto, profile: Profile::Verifier, sut, caps: caps.clone() }.mistake()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"schema = 1
[target]
name = "library"
app_id = "ABCDE12345.com.example.app"
environment = "development"
timeout = "2s"
[adapter]
command = ["python3", "adapter.py"]
[policy]
receipt = "require"
"#;

    fn parse(text: &str) -> Read<TargetFile> {
        TargetFile::parse(text, "folder/library.toml", &|_| None)
    }

    #[test]
    fn a_command_takes_the_place_of_nodes_and_steps() {
        let file = parse(FILE).unwrap();
        let adapter = file.adapter.unwrap();
        assert_eq!(adapter.words(), "python3 adapter.py");
        assert_eq!(adapter.folder.unwrap(), Path::new("folder"));
        assert_eq!(file.environment, protocol::terms::Environment::Development);
        assert_eq!(file.timeout, std::time::Duration::from_secs(2));
        assert_eq!(file.policy.facts().into_keys().collect::<Vec<_>>(), ["receipt"]);
    }

    #[test]
    fn a_command_for_each_operation_names_only_what_there_is() {
        let exec = "exec = { attestation = [\"verify\", \"--file=${attestation}\"] }\ntrust = \"fixed\"\nchecks_not_done = [\"att.chain\"]";
        let file = parse(&FILE.replace("command = [\"python3\", \"adapter.py\"]", exec)).unwrap();
        let adapter = file.adapter.unwrap();
        assert_eq!(adapter.caps.trust, Trust::Fixed);
        let Spoken::Exec(commands) = adapter.spoken else { panic!() };
        assert_eq!(commands.attestation.unwrap()[1], "--file=${attestation}");
        assert_eq!(commands.assertion, None);
    }

    #[test]
    fn a_mistake_is_told_with_its_place_and_what_would_be_right() {
        let command = "command = [\"python3\", \"adapter.py\"]";
        for (from, to, place_and_words) in [
            (command, "", ["7:1:", "`command` that speaks JSON lines"]),
            (command, "command = []", ["8:11:", "begins with a program"]),
            (command, "comand = []", ["8:1:", "did you mean `command`"]),
            (command, "command = [\"a\"]\nexec = {}", ["9:8:", "only one of"]),
            (command, "command = [\"a\"]\ntrust = \"fixed\"", ["9:9:", "says this itself"]),
            (command, "exec = {}", ["8:8:", "for `attestation`"]),
            (
                command,
                "exec = { assertion = [\"a\", \"${asertion}\"] }",
                ["8:22:", "did you mean `assertion`"],
            ),
            (
                command,
                "exec = { assertion = [\"a\"] }\nchecks_not_done = [\"asr.conter\"]",
                ["9:19:", "did you mean `asr.counter`"],
            ),
            ("timeout", "nodes = []\ntimeout", ["6:1:", "`nodes` is not known"]),
            ("[policy]", "[step]\n[policy]", ["9:1:", "an adapter has no `[step]`"]),
        ] {
            assert!(FILE.contains(from));
            let error = parse(&FILE.replacen(from, to, 1)).unwrap_err().to_string();
            for part in place_and_words {
                assert!(error.contains(part), "no `{part}` in {error}");
            }
        }
    }
}
