//! `assay compare`: two recorded runs side by side.

use crate::args::CompareArgs;
use crate::exit_code::{ExitCode, Failed};
use crate::folder;
use crate::github::Workflow;
use crate::output::print;
use report::{Comparison, Standing, Summary};

/// Compares two records; 1 only if the later has failures that the earlier had not.
pub(crate) fn compare(args: &CompareArgs) -> Result<ExitCode, Failed> {
    let before = Summary::fold(&folder::read(&args.before)?);
    let after = Summary::fold(&folder::read(&args.after)?);
    let comparison = Comparison::of(&before, &after);
    if args.json {
        print(&comparison.json());
    } else if args.markdown {
        print(&comparison.markdown());
    } else {
        Workflow::of_environment().aside(|| print(&comparison.terminal()));
    }
    let mut code = ExitCode::Ok;
    if comparison.regressions > 0 {
        code = code.and(ExitCode::WrongVerdict);
    }
    if after.standing == Standing::Empty {
        code = code.and(ExitCode::NothingRan);
    }
    if !comparison.after.complete {
        code = code.and(ExitCode::Inconclusive);
    }
    Ok(code)
}
