//! `assay fuzz`: recipes nobody wrote, against any server.

mod door;
mod kept;
mod shown;

use crate::args::FuzzArgs;
use crate::command_line::repeat_fuzz;
use crate::exit_code::{ExitCode, Failed};
use crate::interrupt::StopFlag;
use crate::prepared::Prepared;
use crate::session::Session;
use catalogue::{Premises, Recipe};
use door::Door;
use jiff::Timestamp;
use record::EventKind;
use runners::conformance::premises;
use runners::conversation::Clock;
use runners::fuzz::{Found, Interest, Lexicon, Outcome, Plan, Progress, Servers, emit};
use shown::{Shown, words};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use targets::file::Trust;
use targets::{Target as _, TargetFile};

/// How long it goes on unless it is told.
const DEFAULT: Duration = Duration::from_mins(1);
/// Challenges of the reference live this long: nothing here waits for them to expire.
const LIFETIME: Duration = Duration::from_mins(5);

/// Asks until the time is over, or about one recipe.
pub(crate) fn fuzz(args: &FuzzArgs, stop: &StopFlag, now: Timestamp) -> Result<ExitCode, Failed> {
    let recipe = args.recipe.as_deref().map(read_recipe).transpose()?;
    let prepared = Prepared::of(&args.target, now)?;
    let second = args.second.as_deref().map(|path| other(path, args)).transpose()?;
    for file in prepared.file.iter().chain(&second) {
        lets_devices_in(file)?;
    }
    let lexicon = Lexicon::builtin().map_err(|error| Failed::new(ExitCode::Internal, error))?;
    let mut session = Session::begin(&prepared, &args.target, "fuzz", 0, stop, now)?;
    let failed = ask(&mut session, &prepared, args, (recipe, second), &lexicon).err();
    session.finish(failed)
}

/// A recipe from its file, or from the folder it was kept in.
pub(crate) fn read_recipe(path: &Path) -> Result<Recipe, Failed> {
    let path = if path.is_dir() { path.join(kept::RECIPE) } else { path.to_owned() };
    let text =
        std::fs::read_to_string(&path).map_err(|error| Failed::file("read", &path, &error))?;
    Recipe::parse(&path.display().to_string(), &text).map_err(Failed::usage)
}

/// The second server's file. Both must trust one root, and that of the reference follows from the
/// seed unless there is an authority.
fn other(path: &Path, args: &FuzzArgs) -> Result<TargetFile, Failed> {
    let text = std::fs::read_to_string(path).map_err(|error| Failed::file("read", path, &error))?;
    let file =
        TargetFile::parse(&text, &path.display().to_string(), &|name| std::env::var(name).ok())
            .map_err(Failed::usage)?;
    if file.adapter.is_none() && args.target.authority.is_none() {
        return Err(Failed::usage(format_args!(
            "`{}` and the first server must trust the same test root: make one with \
             `assay root --authority FILE`, install it in both, and give --authority FILE",
            file.name
        )));
    }
    Ok(file)
}

/// Where nobody may be let in, a refusal says nothing about the lie.
fn lets_devices_in(file: &TargetFile) -> Result<(), Failed> {
    if file.trust == Trust::SwapRoot {
        return Ok(());
    }
    Err(Failed::usage(format_args!(
        "`{}` has trust = \"{}\": every device is refused, whatever it says; `assay check` plays \
         the cases for such servers",
        file.name,
        file.trust.as_str()
    )))
}

fn ask(
    session: &mut Session,
    prepared: &Prepared,
    args: &FuzzArgs,
    (recipe, second): (Option<Recipe>, Option<TargetFile>),
    lexicon: &Lexicon,
) -> Result<(), Failed> {
    let under_test = prepared.open(LIFETIME, session.folder(), "reference-fuzz")?;
    session.introduce(&under_test.file);
    let plan = Plan {
        seed: session.seed,
        session: session.number,
        time: args.time.or(args.trials.is_none().then_some(DEFAULT)),
        trials: args.trials,
    };
    let with = (&session.authority, &session.seed);
    let public = args.target.allow_public;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failed::new(ExitCode::Internal, error))?;
    let outcome = runtime.block_on(async {
        let first = Door::open(&under_test.file, with, public).await?;
        let second = match &second {
            Some(file) => Some(Door::open(file, with, public).await?),
            None => None,
        };
        let known = premises(first.dialect(), Duration::ZERO);
        let known_second = second.as_ref().map(|door| premises(door.dialect(), Duration::ZERO));
        let clock: Clock = Arc::new(Timestamp::now);
        let servers = Servers {
            first: (&first, &known),
            second: second.as_ref().zip(known_second.as_ref()),
            authority: &session.authority,
            clock: &clock,
        };
        let outcome = match &recipe {
            Some(recipe) => once(&servers, &plan, lexicon, recipe).await,
            None => on_and_on(&servers, &plan, lexicon, &session.stop).await,
        };
        first.close().await;
        if let Some(second) = second {
            second.close().await;
        }
        outcome
    })?;
    tell(session, args, &outcome)
}

async fn on_and_on(
    servers: &Servers<'_, Door, Door>,
    plan: &Plan,
    lexicon: &Lexicon,
    stop: &StopFlag,
) -> Result<Outcome, Failed> {
    let mut shown = Shown::new();
    let outcome = servers.fuzz(plan, lexicon, stop, &mut |progress| shown.update(progress)).await;
    shown.end();
    outcome.map_err(|error| Failed::new(ExitCode::Internal, error.what))
}

/// One recipe, as an outcome.
async fn once(
    servers: &Servers<'_, Door, Door>,
    plan: &Plan,
    lexicon: &Lexicon,
    recipe: &Recipe,
) -> Result<Outcome, Failed> {
    let missing = |known: &Premises| known.missing(&recipe.case("fuzz.recipe"));
    let second = servers.second.as_ref().and_then(|(_, known)| missing(known));
    if let Some(why) = missing(servers.first.1).or(second) {
        return Err(Failed::usage(format_args!("the recipe does not apply to the target: {why}")));
    }
    let found = servers
        .ask(plan, lexicon, recipe)
        .await
        .map_err(|error| Failed::new(ExitCode::Internal, error.what))?
        .map_err(|why| Failed::usage(format_args!("the recipe cannot be sent: {why}")))?;
    let decided = u64::from(found.bucket.told.iter().all(|told| told.decided));
    let wrong = usize::from(found.interest == Interest::Wrong);
    let said = found.bucket.told.len();
    let progress = Progress { trials: 1, decided, unsent: 0, wrong, said };
    Ok(Outcome::of_one(found, progress))
}

/// Records and keeps what was found, and says what could not be done.
fn tell(session: &mut Session, args: &FuzzArgs, outcome: &Outcome) -> Result<(), Failed> {
    let folder = session.folder().to_owned();
    let (seed, number) = (session.seed_text.clone(), session.number);
    let repeat = |found: &Found| {
        let recipe = kept::folder(&folder, found);
        let kept = found.interest != Interest::New;
        let what = match args.recipe.as_deref().or(kept.then_some(recipe.as_path())) {
            Some(recipe) => ["--recipe".to_owned(), recipe.display().to_string()],
            None => ["--trials".to_owned(), (found.trial + 1).to_string()],
        };
        repeat_fuzz(&args.target, args.second.as_deref(), (&seed, number), &what)
    };
    if args.recipe.is_none() {
        for found in &outcome.found {
            kept::write(found, &folder, &repeat(found))?;
        }
    }
    emit(&outcome.found, &repeat, 0.0, &mut session.recorder);
    let mut note = |text: String| session.recorder.record(EventKind::Note { text });
    let differences = outcome.found.iter().filter(|one| one.interest == Interest::Difference);
    for found in differences {
        let told: Vec<String> = found
            .sides
            .iter()
            .zip(&found.bucket.told)
            .map(|(side, told)| format!("{} {}s", side.target, told.decision))
            .collect();
        note(format!(
            "The servers differ on {}, where either may be right: {}.",
            found.title(None),
            told.join(", ")
        ));
    }
    note(format!("fuzz: {}; {} edits to draw from.", words(&outcome.progress), outcome.words));
    if outcome.more > 0 {
        note(format!("{} more wrong trials were not looked into.", outcome.more));
    }
    for base in &outcome.refused {
        note(format!(
            "Honest devices of {base} were not always accepted; `assay doctor` says why."
        ));
    }
    if let Some(why) = &outcome.ended {
        note(format!("It ended before its time: {why}."));
    }
    let undecided = outcome.progress.decided == 0;
    if undecided {
        session.empty = ExitCode::Inconclusive;
    }
    let what = if undecided { "nothing was decided" } else { "not all was decided" };
    let why = match (&outcome.ended, outcome.refused.is_empty()) {
        (Some(why), _) => why.as_str(),
        (None, false) => "some honest devices were refused",
        (None, true) if undecided => "no trial came to a decision",
        (None, true) => return Ok(()),
    };
    Err(Failed::new(ExitCode::Inconclusive, format_args!("{what}: {why}")))
}
