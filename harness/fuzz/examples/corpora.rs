//! Keeps `corpora/seeds` and `corpora/regressions`: `seeds FOLDER`, `keep TARGET FOLDER`, `manifest`,
//! and `run TARGET FILE…`.

use fuzz::{Target, manifest, seeds};
use std::error::Error;
use std::fs;
use std::io::{Write as _, stdout};
use std::path::{Path, PathBuf};

type Done = Result<(), Box<dyn Error>>;

const USAGE: &str = "corpora seeds FOLDER        writes all seeds of all targets below FOLDER
corpora keep TARGET FOLDER  makes the files of FOLDER the seeds of TARGET
corpora manifest            writes corpora/MANIFEST anew
corpora run TARGET FILE…    runs a target over files";

fn main() -> Done {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["seeds", folder] => write_seeds(Path::new(folder)),
        ["keep", target, folder] => keep(named(target)?, Path::new(folder)),
        ["manifest"] => write_manifest(),
        ["run", target, ref files @ ..] if !files.is_empty() => run(named(target)?, files),
        _ => Err(USAGE.into()),
    }
}

fn named(name: &str) -> Result<Target, String> {
    let known = Target::ALL.map(|target| target.name).join(", ");
    Target::from_name(name)
        .ok_or_else(|| format!("no target is called `{name}`; known are {known}"))
}

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpora")
}

fn write_seeds(folder: &Path) -> Done {
    for target in Target::ALL {
        let folder = folder.join(target.name);
        fs::create_dir_all(&folder)?;
        let seeds = seeds::of(target);
        for (name, bytes) in &seeds {
            fs::write(folder.join(name), bytes)?;
        }
        writeln!(stdout(), "{}: {} seeds", target.name, seeds.len())?;
    }
    Ok(())
}

/// A file that the generator makes has the generator's name for it, any other its hash.
fn keep(target: Target, folder: &Path) -> Done {
    let made = seeds::of(target);
    let seeds = corpora().join("seeds").join(target.name);
    let mut kept = Vec::new();
    for file in fs::read_dir(folder)? {
        let bytes = fs::read(file?.path())?;
        let name = made.iter().find(|(_, seed)| **seed == bytes).map(|(name, _)| name.clone());
        let hash = protocol::terms::sha256(&[&bytes]);
        kept.push((name.unwrap_or_else(|| format!("found-{}", hex::encode(&hash[..8]))), bytes));
    }
    if seeds.exists() {
        fs::remove_dir_all(&seeds)?;
    }
    fs::create_dir_all(&seeds)?;
    for (name, bytes) in &kept {
        fs::write(seeds.join(name), bytes)?;
    }
    writeln!(stdout(), "{}: {} seeds kept", target.name, kept.len())?;
    write_manifest()
}

fn write_manifest() -> Done {
    let corpora = corpora();
    let mut entries = Vec::new();
    for kind in ["seeds", "regressions"] {
        for target in Target::ALL {
            let folder = corpora.join(kind).join(target.name);
            let files = if folder.exists() { Some(fs::read_dir(folder)?) } else { None };
            for file in files.into_iter().flatten() {
                let file = file?;
                let name = file.file_name().into_string().map_err(|_| "a name that is no text")?;
                let path = format!("{kind}/{}/{name}", target.name);
                entries.extend(manifest::Entry::of(&path, &fs::read(file.path())?));
            }
        }
    }
    writeln!(stdout(), "MANIFEST: {} files", entries.len())?;
    Ok(fs::write(corpora.join("MANIFEST"), manifest::write(entries))?)
}

fn run(target: Target, files: &[&str]) -> Done {
    for file in files {
        (target.run)(&fs::read(file)?);
        writeln!(stdout(), "{file}: everything holds")?;
    }
    Ok(())
}
