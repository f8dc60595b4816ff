//! Traces as CSV: `t,device,op`, one arrival a line.

use super::super::course::{Row, Trace};
use super::error::suggestion;
use std::collections::BTreeSet;
use targets::Operation;

/// A trace that cannot be played: `file:line: what is wrong`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct TraceError {
    /// Name of the file, as it was given.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub what: String,
}

const OPERATIONS: [Operation; 3] = [Operation::Challenge, Operation::Attest, Operation::Assert];
/// What a line looks like.
const FORM: &str = "`t,device,op`, as in `0.25,phone-7,assert`";

/// Reads a trace. Its first arrival is due at once, whenever it was recorded.
pub(super) fn read(file: &str, text: &str, speed: f64) -> Result<Trace, TraceError> {
    let mut rows: Vec<Row> = Vec::new();
    let mut devices = BTreeSet::new();
    let mut first = None;
    let mut before = (0.0, 0);
    let mut is_first = true;
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let wrong = |what: String| TraceError { file: file.to_owned(), line, what };
        let cells: Vec<&str> = content.split(',').map(str::trim).collect();
        let [t, device, operation] = cells[..] else {
            let what = format!("this line has {} fields; a line is {FORM}", cells.len());
            return Err(wrong(what));
        };
        if std::mem::take(&mut is_first) && t == "t" {
            continue;
        }
        let seconds = t.parse::<f64>().ok().filter(|t| t.is_finite() && (0.0..=1e9).contains(t));
        let Some(seconds) = seconds else {
            return Err(wrong(format!("`{t}` is no time in seconds; a line is {FORM}")));
        };
        if seconds < before.0 {
            let what = format!(
                "t = {seconds} s comes after t = {} s of line {}; a trace is in the order of time",
                before.0, before.1
            );
            return Err(wrong(what));
        }
        before = (seconds, line);
        let known = OPERATIONS.into_iter().find(|known| known.as_str() == operation);
        let Some(operation) = known else {
            let hint = suggestion(operation, &OPERATIONS.map(Operation::as_str));
            return Err(wrong(format!("`{operation}` is no operation{hint}")));
        };
        let first = *first.get_or_insert(seconds);
        devices.insert(device);
        rows.push(Row { nanos: ((seconds - first) * 1e9).round() as u64, operation });
    }
    Ok(Trace { rows: rows.into(), devices: devices.len(), speed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_read_with_or_without_its_head() {
        for head in ["", "t,device,op\n", "# from the log of a day\nt, device, op\n\n"] {
            let text = format!("{head}10.5,a,challenge\n10.75,a,assert\n10.75,b,attest\n");
            let trace = read("t.csv", &text, 2.0).unwrap();
            let nanos: Vec<u64> = trace.rows.iter().map(|row| row.nanos).collect();
            assert_eq!(nanos, [0, 250_000_000, 250_000_000]);
            assert_eq!((trace.devices, trace.rows[2].operation), (2, Operation::Attest));
        }
        assert!(read("t.csv", "", 1.0).unwrap().rows.is_empty());
    }

    #[test]
    fn a_line_that_cannot_be_played_is_named() {
        for (text, what) in [
            ("0,a,assert\n1,a", "t.csv:2: this line has 2 fields"),
            (
                "0,a,assert\n\n2,a,assert\n1.5,a,assert",
                "t.csv:4: t = 1.5 s comes after t = 2 s of line 3",
            ),
            ("0,a,asert", "t.csv:1: `asert` is no operation; did you mean `assert`?"),
            ("t,device,op\nnow,a,assert", "t.csv:2: `now` is no time"),
            ("-1,a,assert", "t.csv:1: `-1` is no time"),
            ("NaN,a,assert", "t.csv:1: `NaN` is no time"),
        ] {
            let error = read("t.csv", text, 1.0).unwrap_err().to_string();
            assert!(error.starts_with(what), "{error}");
        }
    }
}
