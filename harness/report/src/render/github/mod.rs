//! What a GitHub workflow shows: annotations on the run, and the summary of the job.

mod annotations;
mod job_summary;

pub use annotations::annotations;
pub use job_summary::{JOB_SUMMARY_LIMIT, job_summary};
