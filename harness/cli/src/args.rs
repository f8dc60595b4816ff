//! The command line as it is typed.

mod edges;
mod fuzz;
mod help;
mod profile;
mod values;

use clap::{Args, Parser, Subcommand, ValueEnum};
use edges::{EXPORT_HELP, PROMOTE_HELP};
pub(crate) use edges::{ExportArgs, PromoteArgs};
use fuzz::FUZZ_HELP;
pub(crate) use fuzz::FuzzArgs;
use help::{
    ADAPTER_HELP, COMPARE_HELP, DOCTOR_HELP, EXIT_CODES, EXPLAIN_HELP, GATE_HELP, INIT_HELP,
    KNOWN_HELP, LOAD_HELP, MERGE_HELP, SELFTEST_HELP, VERIFY_HELP,
};
pub(crate) use profile::{
    CalibrateArgs, Changes, LoadCommand, LoadListArgs, LoadPlanArgs, LoadRunArgs,
};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use values::duration;
pub(crate) use values::{Mix, Steps};

/// Load and conformance tests for servers that verify Apple App Attest.
#[derive(Debug, Parser)]
#[command(name = "assay", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the cases and the load against a server, and write a report (the main job)
    ///
    /// Without TARGET the reference server is started as a process of its own,
    /// tested, and stopped again.
    Run(RunArgs),
    /// Run the cases only
    Check(CheckArgs),
    /// Play one case alone and tell every request, every answer and the bytes that lie
    ///
    /// With the seed and session of a run the same bytes are sent, but for what the server
    /// itself chooses. A server that remembers keys needs another --session.
    Replay(ReplayArgs),
    /// Run the load only: steps of one rate, or a profile (`assay load run`)
    #[command(after_long_help = LOAD_HELP)]
    Load(Box<LoadArgs>),
    /// Serve the reference relying party until Ctrl-C
    #[command(after_long_help = targets::serve::API)]
    Serve(ServeArgs),
    /// Judge the cases of a recorded run again, from what was observed
    Judge(JudgeArgs),
    /// Hold a gate against a recorded run: what of it breaks the gate, and what to do
    #[command(after_long_help = GATE_HELP)]
    Gate(GateArgs),
    /// Keep a file of known failures up to date
    #[command(subcommand, after_long_help = KNOWN_HELP)]
    Known(KnownCommand),
    /// Render the report of a recorded run again
    Report(ReportArgs),
    /// List the cases
    List(ListArgs),
    /// Show one case: what it does, what it expects, why, and how to mend a server that fails it
    Show(ShowArgs),
    /// Verify attestations, assertions and receipts from files, rule by rule
    #[command(after_long_help = VERIFY_HELP)]
    Verify(VerifyArgs),
    /// Say what each byte of an attestation, assertion, receipt or certificate is
    #[command(after_long_help = EXPLAIN_HELP)]
    Explain(ExplainArgs),
    /// Prove that the cases bite: play all of them against servers that are wrong on purpose
    #[command(after_long_help = SELFTEST_HELP)]
    Selftest(SelftestArgs),
    /// Print the test root that a server under test must trust
    Root(RootArgs),
    /// Propose a target file from an OpenAPI document, a HAR recording or curl commands
    #[command(after_long_help = INIT_HELP)]
    Init(InitArgs),
    /// Print the JSON Schema of a kind of file, for editors
    Schema(SchemaArgs),
    /// Compare two recorded runs: what broke, what was mended, what can no longer be said
    #[command(after_long_help = COMPARE_HELP)]
    Compare(CompareArgs),
    /// Put recorded runs of several targets on one board
    #[command(after_long_help = MERGE_HELP)]
    Merge(MergeArgs),
    /// Find out what is wrong with a target file, or with the server, before any case is played
    #[command(after_long_help = DOCTOR_HELP)]
    Doctor(DoctorArgs),
    /// Write an adapter for a verifier that has no server
    #[command(subcommand, after_long_help = ADAPTER_HELP)]
    Adapter(AdapterCommand),
    /// Ask a server about recipes that nobody wrote, and keep what shows something
    #[command(after_long_help = FUZZ_HELP)]
    Fuzz(FuzzArgs),
    /// Draft a case of a recipe that fuzzing kept
    #[command(after_long_help = PROMOTE_HELP)]
    Promote(PromoteArgs),
    /// Write frozen vectors with their answers, for verifiers in other languages
    #[command(after_long_help = EXPORT_HELP)]
    Export(ExportArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum AdapterCommand {
    /// Try an adapter out: what it says, honest objects, garbage, a crash, and its speed
    Check(AdapterCheckArgs),
}

#[derive(Debug, Args)]
pub(crate) struct AdapterCheckArgs {
    /// Target file of the adapter
    #[arg(value_name = "FILE", required_unless_present = "command", conflicts_with = "command")]
    pub(crate) file: Option<PathBuf>,
    /// Its command, after `--`
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

/// Which server is examined.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Target file (TOML) of the server
    #[arg(value_name = "TARGET")]
    pub(crate) file: PathBuf,
    /// Seed file of the test authority whose root the server trusts (made by `assay root`)
    #[arg(long, value_name = "FILE", env = "ASSAY_AUTHORITY_FILE")]
    pub(crate) authority: Option<PathBuf>,
    /// Seed of everything random, any text
    #[arg(long, value_name = "TEXT")]
    pub(crate) seed: Option<String>,
    /// Put the lines that were found into the target file, and look again
    #[arg(long)]
    pub(crate) write: bool,
    /// Print one JSON object instead
    #[arg(long)]
    pub(crate) json: bool,
    /// Allow a target beyond this machine; you must own it
    #[arg(long)]
    pub(crate) allow_public: bool,
    /// Also count the case files (*.toml) of this folder
    #[arg(long = "cases", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

/// Which server, and where the run is written.
#[derive(Debug, Clone, Args)]
pub(crate) struct Target {
    /// Target file (TOML) of the server under test; without it the embedded reference server
    #[arg(value_name = "TARGET")]
    pub(crate) file: Option<PathBuf>,

    /// Seed of everything random, any text; the same seed repeats the same bytes
    #[arg(long, value_name = "TEXT")]
    pub(crate) seed: Option<String>,

    /// Tells the keys of runs with one seed apart, since a server remembers them
    /// [default: 0 for the reference, which starts empty; the time for others]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) session: Option<u64>,

    /// Seed file of the test authority whose root the server trusts (made by `assay root`)
    #[arg(long, value_name = "FILE", env = "ASSAY_AUTHORITY_FILE")]
    pub(crate) authority: Option<PathBuf>,

    /// Folder for the record and the report [default: reports/DATE-TARGET]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// Print the events as JSON lines on standard output instead of the summary
    #[arg(long)]
    pub(crate) json: bool,

    /// Allow a target beyond this machine; you must own it
    #[arg(long)]
    pub(crate) allow_public: bool,

    /// Plant a flaw in the reference server, to see that the harness finds it (may be given several times)
    #[arg(long = "flaw", value_name = "ID", conflicts_with = "file")]
    pub(crate) flaws: Vec<String>,

    /// Who checks signatures in the reference server, see `assay serve --help`
    #[arg(long, value_name = "NAME", conflicts_with = "file")]
    pub(crate) crypto: Option<protocol::verify::Crypto>,
}

/// Which cases.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Selection {
    /// Only cases whose id matches, `*` stands for any text (may be given several times)
    #[arg(long = "case", value_name = "GLOB")]
    pub(crate) cases: Vec<String>,

    /// Also read case files (*.toml) from this folder
    #[arg(long = "cases", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

/// How cases are played and held against what is known.
#[derive(Debug, Clone, Args)]
pub(crate) struct Checks {
    /// Play each case K times with other keys; what comes out otherwise is unstable
    /// [default: once, and a second time the first 20 that fail]
    #[arg(long, value_name = "K", default_value_t = 1, hide_default_value = true,
          value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) repeat: u32,

    /// File of known failures, which excuse a case that fails in the way listed there
    #[arg(long, value_name = "FILE")]
    pub(crate) known: Option<PathBuf>,
}

/// What a run must hold to pass.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Gated {
    /// File of a gate: what of the run breaks it (`assay gate --help` shows its format)
    #[arg(long, value_name = "FILE")]
    pub(crate) gate: Option<PathBuf>,

    /// Earlier run (folder or record.jsonl) whose failures break nothing
    #[arg(long, value_name = "RECORD")]
    pub(crate) baseline: Option<PathBuf>,

    /// What should hold must hold
    #[arg(long)]
    pub(crate) strict: bool,
}

/// Which load.
#[derive(Debug, Clone, Args)]
pub(crate) struct Load {
    /// Steps of constant rate, `RATE/s:DURATION`, comma-separated
    #[arg(long, value_name = "STEPS", default_value = "100/s:15s,200/s:5s,400/s:5s,800/s:5s")]
    pub(crate) stairs: Steps,

    /// One steady rate instead, `RATE/s:DURATION`
    #[arg(long, value_name = "STEP", conflicts_with = "stairs")]
    pub(crate) steady: Option<Steps>,

    /// How arrivals are spaced
    #[arg(long, value_enum, default_value_t = Arrivals::Constant)]
    pub(crate) arrivals: Arrivals,

    /// Attestations : assertions : challenges
    #[arg(long, value_name = "A:B:C", default_value = "1:4:5")]
    pub(crate) mix: Mix,

    /// Share of dishonest requests, in per cent, each expected to be refused
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0)]
    pub(crate) dishonest: f64,

    /// Users that wait for arrivals, hence the most requests in flight [default: by the highest rate]
    #[arg(long, value_name = "N")]
    pub(crate) users: Option<usize>,

    /// Time after which an answer counts as none
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = duration)]
    pub(crate) timeout: Duration,

    #[command(flatten)]
    pub(crate) watch: Watch,
}

/// How a load is watched from outside, and what is known of the machine it comes from.
#[derive(Debug, Clone, Args)]
pub(crate) struct Watch {
    /// File of `assay load calibrate` [default: the one of this machine, if there is one]
    #[arg(long, value_name = "FILE")]
    pub(crate) calibration: Option<PathBuf>,

    /// Serve the figures under /metrics for Prometheus while the run goes on; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    pub(crate) metrics_listen: Option<SocketAddr>,

    /// Serve goose’s own page of the load, to this machine only (in builds with the feature
    /// `dashboard`); its figures are service times as goose saw them
    #[arg(long, value_name = "ADDR")]
    pub(crate) dashboard: Option<SocketAddr>,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) checks: Checks,
    #[command(flatten)]
    pub(crate) gated: Gated,
    #[command(flatten)]
    pub(crate) load: Load,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) checks: Checks,
    #[command(flatten)]
    pub(crate) gated: Gated,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// Id of the case, or the folder of its evidence
    #[arg(value_name = "ID")]
    case: String,
    #[command(flatten)]
    pub(crate) target: Target,
    /// Also read case files (*.toml) from this folder
    #[arg(long = "cases", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

impl ReplayArgs {
    /// The id of the case: a folder of evidence is called by it.
    pub(crate) fn id(&self) -> &str {
        let last = std::path::Path::new(&self.case).file_name().and_then(std::ffi::OsStr::to_str);
        last.unwrap_or(&self.case)
    }
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct LoadArgs {
    #[command(subcommand)]
    pub(crate) command: Option<LoadCommand>,
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) load: Load,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct ServeArgs {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Root that attestations must chain to, PEM or DER [default: Apple's App Attestation root]
    #[arg(long, value_name = "FILE")]
    pub(crate) trust_anchor: Option<PathBuf>,
    /// Root that receipts must chain to [default: Apple's Root CA G3]
    #[arg(long, value_name = "FILE")]
    pub(crate) receipt_trust_anchor: Option<PathBuf>,
    /// App ID served: `PREFIX.bundle.identifier`
    #[arg(long, value_name = "ID", default_value = "ABCDE12345.com.example.app")]
    pub(crate) app_id: String,
    /// Environment served
    #[arg(long, value_name = "NAME", default_value = "production")]
    pub(crate) environment: protocol::terms::Environment,
    /// Lifetime of a challenge
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration)]
    pub(crate) challenge_lifetime: Duration,
    /// Validation categories the app is distributed by, where a device states one [default: any]
    #[arg(long, value_name = "N,N…", value_delimiter = ',')]
    pub(crate) categories: Vec<u32>,
    /// Bundle versions released, where a device states one [default: any]
    #[arg(long, value_name = "V,V…", value_delimiter = ',')]
    pub(crate) bundle_versions: Vec<String>,
    /// Plant a flaw, never in earnest (may be given several times)
    #[arg(long = "flaw", value_name = "ID")]
    pub(crate) flaws: Vec<String>,
    /// Say yes to everything at once and check nothing: for `assay load calibrate`
    #[arg(long)]
    pub(crate) null: bool,
    /// Who checks signatures: aws-lc-rs, rustcrypto, or tables (aws-lc-rs, and a table of multiples
    /// for the key of an intermediate that hundreds of leaves came from)
    #[arg(long, value_name = "NAME", default_value_t = protocol::verify::Crypto::Tables)]
    pub(crate) crypto: protocol::verify::Crypto,
    /// Demand a verified receipt with each attestation
    #[arg(long)]
    pub(crate) require_receipt: bool,
    /// Print a target file for this server instead of serving
    #[arg(long)]
    pub(crate) target_file: bool,
    /// End when standard input closes, so that the server never outlives who started it
    #[arg(long, hide = true)]
    pub(crate) until_stdin_closes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct JudgeArgs {
    /// Folder of a run, or its record.jsonl
    pub(crate) record: PathBuf,
    /// File of known failures [default: those that the run was held against, as of its day]
    #[arg(long, value_name = "FILE")]
    pub(crate) known: Option<PathBuf>,
    /// Also look for the cases of known failures in this folder (*.toml)
    #[arg(long = "cases", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// Folder to write the record with the new verdicts and its report to
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct GateArgs {
    /// Folder of a run, or its record.jsonl
    pub(crate) record: PathBuf,
    #[command(flatten)]
    pub(crate) gated: Gated,
    /// Print what was found as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Folder to write the record with what was found and its report to
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KnownCommand {
    /// Bring a file of known failures up to date with a complete run
    ///
    /// What passes is taken off, what fails and is not listed is added. Comments
    /// and order stay, and no entry is ever given more time.
    Update(KnownUpdateArgs),
}

#[derive(Debug, Args)]
pub(crate) struct KnownUpdateArgs {
    /// The file of known failures; made if it does not exist
    pub(crate) file: PathBuf,
    /// Folder of a run, or its record.jsonl
    pub(crate) record: PathBuf,
    /// Who answers for what is added
    #[arg(long, value_name = "NAME")]
    pub(crate) owner: String,
    /// Days until what is added expires
    #[arg(long, value_name = "N", default_value_t = 90,
          value_parser = clap::value_parser!(i32).range(1..=i64::from(judge::known::LONGEST_DAYS)))]
    pub(crate) days: i32,
    /// Also add cases in which forged requests of critical severity are accepted
    #[arg(long)]
    pub(crate) accept_critical: bool,
    /// Also look for cases in this folder (*.toml)
    #[arg(long = "cases", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Folder of a run, or its record.jsonl
    pub(crate) record: PathBuf,
    /// Folder to write to [default: where the record is]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Earlier run (folder or record.jsonl) whose response times percentile plots show too
    #[arg(long, value_name = "RECORD")]
    pub(crate) baseline: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// How much of the list of known cases they cover, family by family
    #[arg(long)]
    pub(crate) coverage: bool,
    /// One JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// Id of the case
    pub(crate) case: String,
    /// Also read case files (*.toml) from this folder
    #[arg(long = "cases", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct VerifyArgs {
    /// Files to verify
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Kind of the objects that do not say so themselves
    #[arg(long, value_enum)]
    pub(crate) kind: Option<ObjectKind>,
    /// App ID: `PREFIX.bundle.identifier`
    #[arg(long, value_name = "ID")]
    pub(crate) app_id: Option<String>,
    /// Key id, base64 as the app got it [default: as the object states it, with a remark]
    #[arg(long, value_name = "BASE64")]
    pub(crate) key_id: Option<String>,
    /// Public key for assertions: 65 bytes X9.62 in base64
    #[arg(long, value_name = "BASE64")]
    pub(crate) public_key: Option<String>,
    /// Environment [default: as the object states it, with a remark]
    #[arg(long, value_name = "NAME")]
    pub(crate) environment: Option<protocol::terms::Environment>,
    /// Client data (or challenge) as text; hashed with SHA-256
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["client_data_file", "client_data_hash"])]
    pub(crate) client_data: Option<String>,
    /// Client data (or challenge) from a file; hashed with SHA-256
    #[arg(long, value_name = "FILE", conflicts_with = "client_data_hash")]
    pub(crate) client_data_file: Option<PathBuf>,
    /// Client data hash in base64, used as it is
    #[arg(long, value_name = "BASE64")]
    pub(crate) client_data_hash: Option<String>,
    /// Who checks signatures: aws-lc-rs, rustcrypto or tables
    #[arg(long, value_name = "NAME", default_value_t)]
    pub(crate) crypto: protocol::verify::Crypto,
    /// Counter stored before the assertion
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) counter: u32,
    /// Time of verification, RFC 3339 [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<jiff::Timestamp>,
    /// Root for attestations, PEM or DER [default: Apple's]
    #[arg(long, value_name = "FILE")]
    pub(crate) trust_anchor: Option<PathBuf>,
    /// Root for receipts, PEM or DER [default: Apple's]
    #[arg(long, value_name = "FILE")]
    pub(crate) receipt_trust_anchor: Option<PathBuf>,
    /// What every file should be, whatever it says itself
    #[arg(long, value_enum)]
    pub(crate) expect: Option<Expect>,
    /// One JSON object a file instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// Files to explain
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// What the objects are [default: as they begin]
    #[arg(long, value_enum)]
    pub(crate) kind: Option<ExplainKind>,
    /// Say in what each differs from the object in this file
    #[arg(long, value_name = "FILE")]
    pub(crate) against: Option<PathBuf>,
    /// One JSON object for each object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExplainKind {
    Attestation,
    Assertion,
    /// Authenticator data of an attestation
    AttestationData,
    /// Authenticator data of an assertion
    AssertionData,
    Certificate,
    Receipt,
}

#[derive(Debug, Args)]
pub(crate) struct SelftestArgs {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Only mutants whose name matches, `*` stands for any text (may be given several times)
    #[arg(long = "mutant", value_name = "GLOB")]
    pub(crate) mutants: Vec<String>,
    /// List the mutants instead of playing
    #[arg(long)]
    pub(crate) list: bool,
    /// Seed of everything random, any text; the lock was made with the default
    #[arg(long, value_name = "TEXT", default_value = "selftest")]
    pub(crate) seed: String,
    /// With how many seeds the reference is played on each ground
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seeds: u64,
    /// How many servers are played at once [default: one a core]
    #[arg(long, value_name = "N")]
    pub(crate) workers: Option<usize>,
    /// Folder for the matrix of cases and mutants
    #[arg(long, value_name = "DIR", default_value = "reports/selftest")]
    pub(crate) out: PathBuf,
    /// The lock; if there is none, the one built in
    #[arg(long, value_name = "FILE", default_value = "corpora/kills.lock")]
    pub(crate) lock: PathBuf,
    /// Write new kills into the lock; refused if kills were lost
    #[arg(long, conflicts_with_all = ["cases", "mutants"])]
    pub(crate) update: bool,
    /// With --update: let the lock lose kills as well
    #[arg(long, requires = "update")]
    pub(crate) loosen: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RootArgs {
    /// Seed file of the authority; made with fresh entropy if it does not exist
    #[arg(long, value_name = "FILE", env = "ASSAY_AUTHORITY_FILE")]
    pub(crate) authority: PathBuf,
    /// Print the root of receipts instead, which is another one
    #[arg(long)]
    pub(crate) receipt: bool,
    /// Print it as PEM with a line that says it is for tests only, as is done anyway
    #[arg(long)]
    pub(crate) pem: bool,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// File to read, `-` for standard input, or a curl command in quotes
    #[arg(long, value_name = "FILE|CURL")]
    pub(crate) from: String,
    /// The App ID that the server serves: `PREFIX.bundle.identifier`
    #[arg(long, value_name = "ID")]
    pub(crate) app_id: Option<String>,
    /// File to write, which must not exist [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// The text is an OpenAPI document [default: as the text looks]
    #[arg(long, conflicts_with_all = ["har", "curl"])]
    pub(crate) openapi: bool,
    /// The text is a HAR recording
    #[arg(long, conflicts_with = "curl")]
    pub(crate) har: bool,
    /// The text is curl commands
    #[arg(long)]
    pub(crate) curl: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Which files
    #[arg(value_enum)]
    pub(crate) of: SchemaOf,
}

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// Folder of the earlier run, or its record.jsonl
    pub(crate) before: PathBuf,
    /// Folder of the later run, or its record.jsonl
    pub(crate) after: PathBuf,
    /// Print it as Markdown
    #[arg(long)]
    pub(crate) markdown: bool,
    /// Print it as JSON
    #[arg(long, conflicts_with = "markdown")]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MergeArgs {
    /// Folders of runs, or their record.jsonl
    #[arg(required = true, num_args = 2.., value_name = "RECORD")]
    pub(crate) records: Vec<PathBuf>,
    /// Folder to write the board to, as a page, as Markdown and as JSON
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Print it as Markdown
    #[arg(long)]
    pub(crate) markdown: bool,
    /// Print it as JSON
    #[arg(long, conflicts_with = "markdown")]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// Files of cases, for `--cases`
    Cases,
    /// Lines between the harness and an adapter
    Adapter,
    /// Target files
    Target,
    /// Load profiles
    Profile,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ObjectKind {
    Attestation,
    Assertion,
    Receipt,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Expect {
    Accept,
    Reject,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Arrivals {
    /// Evenly spaced
    Constant,
    /// Independent of each other, as many users are
    Poisson,
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_defined() {
        Cli::command().debug_assert();
    }
}
