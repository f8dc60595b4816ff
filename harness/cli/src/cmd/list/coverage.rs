//! `assay list --coverage`: how much of the list of known cases is covered.

use crate::exit_code::{ExitCode, Failed};
use crate::output;
use catalogue::Case;
use catalogue::coverage::{Family, Reason, Standing, coverage};
use serde_json::json;

/// The numbers of one family, or of all.
#[derive(Default)]
struct Counts {
    known: usize,
    covered: usize,
    excepted: usize,
    later: usize,
    pending: usize,
}

/// Prints a line for each family and the reasons of what is not covered.
pub(crate) fn print(cases: &[Case], json: bool) -> Result<ExitCode, Failed> {
    let families = coverage(cases).map_err(|error| Failed::new(ExitCode::Internal, error))?;
    if json {
        for (family, id, standing) in entries(&families) {
            output::print(&as_json(family, id, standing).to_string());
        }
    } else {
        table(&families);
    }
    Ok(ExitCode::Ok)
}

fn entries(families: &[Family]) -> impl Iterator<Item = (&Family, &str, &Standing)> {
    families.iter().flat_map(|family| {
        family.entries.iter().map(move |(id, standing)| (family, id.as_str(), standing))
    })
}

fn table(families: &[Family]) {
    let head = ["known", "covered", "excepted", "later"];
    output::print(&row("family", head.map(str::to_owned), ""));
    let mut all = Counts::default();
    for family in families {
        let mut counts = Counts::default();
        for standing in family.entries.values() {
            counts.add(standing);
            all.add(standing);
        }
        output::print(&row(&family.id, counts.cells(), &family.words));
    }
    output::print(&row("all", all.cells(), ""));
    for (reason, ids) in uncovered(families) {
        output::print(&format!("\n{}", ids.join(", ")));
        match reason {
            Some(Reason { reason, needed }) => {
                output::print(&format!("  {reason}\n  Needs: {needed}"));
            }
            None => output::print("  Not written yet."),
        }
    }
}

/// What is not covered, by the reason that it has.
fn uncovered(families: &[Family]) -> Vec<(Option<&Reason>, Vec<&str>)> {
    let mut uncovered: Vec<(Option<&Reason>, Vec<&str>)> = Vec::new();
    for (_, id, standing) in entries(families) {
        let reason = match standing {
            Standing::Exception(reason) | Standing::Later(reason) => Some(reason),
            Standing::Pending => None,
            Standing::Covered(_) => continue,
        };
        match uncovered.iter_mut().find(|(of, _)| *of == reason) {
            Some((_, ids)) => ids.push(id),
            None => uncovered.push((reason, vec![id])),
        }
    }
    uncovered
}

fn row(id: &str, [known, covered, excepted, later]: [String; 4], words: &str) -> String {
    format!("{id:<7}{known:>6}{covered:>9}{excepted:>10}{later:>7}  {words}").trim_end().to_owned()
}

fn as_json(family: &Family, id: &str, standing: &Standing) -> serde_json::Value {
    let (word, cases, why) = match standing {
        Standing::Covered(cases) => ("covered", &cases[..], None),
        Standing::Exception(why) => ("excepted", &[][..], Some(why)),
        Standing::Later(why) => ("later", &[][..], Some(why)),
        Standing::Pending => ("pending", &[][..], None),
    };
    json!({
        "id": id,
        "family": family.words,
        "standing": word,
        "cases": cases,
        "reason": why.map(|why| &why.reason),
        "needed": why.map(|why| &why.needed),
    })
}

impl Counts {
    fn add(&mut self, standing: &Standing) {
        self.known += 1;
        *match standing {
            Standing::Covered(_) => &mut self.covered,
            Standing::Exception(_) => &mut self.excepted,
            Standing::Later(_) => &mut self.later,
            Standing::Pending => &mut self.pending,
        } += 1;
    }

    fn cells(&self) -> [String; 4] {
        [self.known, self.covered, self.excepted, self.later].map(|count| count.to_string())
    }
}
