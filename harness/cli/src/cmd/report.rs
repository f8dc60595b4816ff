//! `assay report`: a recorded run, rendered again.

use crate::args::ReportArgs;
use crate::exit_code::{ExitCode, Failed};
use crate::folder;
use crate::github::Workflow;
use crate::output::print;
use report::Summary;

/// Renders the report of a record; the exit code is that of the rendering, not of the run.
pub(crate) fn report(args: &ReportArgs) -> Result<ExitCode, Failed> {
    let record = folder::record_in(&args.record);
    let beside = record.parent().unwrap_or(std::path::Path::new(".")).to_owned();
    let earlier = match &args.baseline {
        Some(baseline) => Some(Summary::fold(&folder::read(baseline)?)),
        None => None,
    };
    let to = args.out.as_ref().unwrap_or(&beside);
    let (page, summary) = folder::render_beside(&record, to, earlier.as_ref())?;
    Workflow::of_environment().aside(|| print(&report::render::terminal(&summary)));
    print(&page.display().to_string());
    Ok(ExitCode::Ok)
}
