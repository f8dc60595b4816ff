//! `assay selftest`: the proof that the cases bite.

mod constants;
mod page;
mod progress;
mod told;

use crate::args::SelftestArgs;
use crate::cases;
use crate::command_line::command;
use crate::exit_code::{ExitCode, Failed};
use crate::interrupt::StopFlag;
use crate::output::print;
use catalogue::select::matches;
use progress::Shown;
use runners::selftest::{
    Gate, KillsLock, Matrix, Mutant, Notes, Plan, Played, gate, mutants, play, profiles,
};
use simulator::Seed;
use std::fs;
use std::path::Path;
use std::thread::available_parallelism;

/// Plays the cases on the mutants and holds the gates.
pub(crate) fn selftest(args: &SelftestArgs, stop: &StopFlag) -> Result<ExitCode, Failed> {
    let mutants = chosen(&args.mutants)?;
    if args.list {
        for mutant in &mutants {
            print(&format!("{:<52} {:<12} {}", mutant.name, mutant.kind.as_str(), mutant.words));
        }
        print(&format!("{} mutants", mutants.len()));
        return Ok(ExitCode::Ok);
    }
    let mut notes = Notes::builtin().map_err(internal)?;
    notes.single.retain(|note| mutants.iter().any(|mutant| mutant.name == note.mutant));
    let lock = lock(&args.lock)?;
    let cores = available_parallelism().map_or(1, usize::from);
    let plan = Plan {
        cases: cases::selected(&args.selection, Vec::new())?,
        mutants,
        seed: Seed::from_text(&args.seed),
        reference_seeds: args.seeds,
        workers: args.workers.unwrap_or(cores),
    };
    let shown = Shown::new(&plan);
    let played = play(&plan, stop, &|progress| shown.update(progress)).map_err(internal)?;
    shown.end();
    let gates = gates(args, &played, &notes, &lock);
    told::told(&played, &gates);
    let data = page::selftest(&played, &gates, &notes, command("selftest", &args.seed, 0));
    let path = page::write(&args.out, &data)?;
    print(&format!("matrix     {}", path.display()));
    if played.interrupted {
        return Ok(ExitCode::Interrupted);
    }
    if args.update {
        update(args, &lock, &played.matrix)?;
    }
    let broken = gates.iter().any(Gate::is_broken);
    Ok(if broken { ExitCode::SelfCheck } else { ExitCode::Ok })
}

fn internal(error: impl std::fmt::Display) -> Failed {
    Failed::new(ExitCode::Internal, error)
}

/// The mutants whose name matches one of the patterns, all without any.
fn chosen(patterns: &[String]) -> Result<Vec<Mutant>, Failed> {
    let all = mutants(&profiles().map_err(internal)?);
    for pattern in patterns {
        if !all.iter().any(|mutant| matches(pattern, &mutant.name)) {
            let likeness = |mutant: &&Mutant| strsim::jaro_winkler(pattern, &mutant.name);
            let closest = all.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
            let closest = closest.map_or("", |mutant| &mutant.name);
            return Err(Failed::usage(format_args!(
                "no mutant matches `{pattern}`; did you mean `{closest}`?"
            )));
        }
    }
    let is_wanted = |mutant: &Mutant| {
        patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, &mutant.name))
    };
    Ok(all.into_iter().filter(is_wanted).collect())
}

fn lock(path: &Path) -> Result<KillsLock, Failed> {
    match fs::read_to_string(path) {
        Ok(text) => text.parse().map_err(Failed::usage),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            KillsLock::builtin().map_err(internal)
        }
        Err(error) => Err(Failed::file("read", path, &error)),
    }
}

fn gates(args: &SelftestArgs, played: &Played, notes: &Notes, lock: &KillsLock) -> Vec<Gate> {
    let interrupted = played.interrupted.then_some("the selftest was interrupted");
    let some_mutants = (!args.mutants.is_empty()).then_some("only some mutants were played");
    let some_cases = (!args.selection.cases.is_empty()).then_some("only some cases were played");
    let other_seed = (args.seed != "selftest").then_some("the lock was made with another seed");
    let matrix = &played.matrix;
    vec![
        gate::the_reference_passes(&played.reference).unless(interrupted),
        gate::every_case_kills(matrix, notes).unless(interrupted.or(some_mutants)),
        gate::every_mutant_dies_twice(matrix, notes).unless(interrupted.or(some_cases)),
        gate::kills_only_grow(lock, &KillsLock::of(matrix))
            .unless(interrupted.or(some_mutants).or(some_cases).or(other_seed)),
        gate::dropping_a_check_flips_its_cases(matrix).unless(interrupted),
        gate::constant_servers_are_told_apart(&constants::told(played))
            .unless(interrupted.or(some_mutants).or(some_cases)),
    ]
}

fn update(args: &SelftestArgs, lock: &KillsLock, matrix: &Matrix) -> Result<(), Failed> {
    let now = KillsLock::of(matrix);
    let lost: usize = lock.drift(&now).lost.values().map(std::collections::BTreeSet::len).sum();
    if lost > 0 && !args.loosen {
        return Err(Failed::new(
            ExitCode::SelfCheck,
            format_args!(
                "{lost} kills were lost; mend that, or say --loosen and why in the commit"
            ),
        ));
    }
    fs::write(&args.lock, now.to_string())
        .map_err(|error| Failed::file("write", &args.lock, &error))?;
    print(&format!("{}: {} kills", args.lock.display(), now.len()));
    Ok(())
}
