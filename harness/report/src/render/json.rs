//! `summary.json`: the summary as it is, for programs.

use crate::Summary;

/// The summary as indented JSON, ended by a line break.
pub fn json(summary: &Summary) -> String {
    let mut text =
        serde_json::to_string_pretty(summary).expect("a summary's maps have text for keys");
    text.push('\n');
    text
}
