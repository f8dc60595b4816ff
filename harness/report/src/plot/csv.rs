//! What a plot shows, as comma-separated values.

use std::fmt::Write as _;

/// A table under construction: RFC 4180, lines ended by a line feed.
pub(super) struct Csv(String);

/// One cell.
pub(super) enum Cell<'a> {
    Text(&'a str),
    Count(u64),
    Number(f64),
    Nothing,
}

impl Csv {
    pub(super) fn with(columns: &[&str]) -> Self {
        let mut csv = Self(String::new());
        csv.row(columns.iter().map(|name| Cell::Text(name)));
        csv
    }

    pub(super) fn row<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) {
        for (place, cell) in cells.into_iter().enumerate() {
            if place > 0 {
                self.0.push(',');
            }
            match cell {
                Cell::Text(text) => self.text(text),
                Cell::Count(n) => write!(self.0, "{n}").expect("a String takes all text"),
                Cell::Number(value) if value.is_finite() => {
                    let rounded = (value * 1e6).round() / 1e6;
                    write!(self.0, "{rounded}").expect("a String takes all text");
                }
                Cell::Number(_) | Cell::Nothing => {}
            }
        }
        self.0.push('\n');
    }

    pub(super) fn finish(self) -> String {
        self.0
    }

    /// A spreadsheet would take a text that begins like a formula for one: an apostrophe keeps it text.
    fn text(&mut self, text: &str) {
        let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let quoted = formula || text.contains([',', '"', '\n', '\r']);
        if !quoted {
            self.0.push_str(text);
            return;
        }
        let mark = if formula { "'" } else { "" };
        write!(self.0, "\"{mark}{}\"", text.replace('"', "\"\"")).expect("a String takes all text");
    }
}

impl From<u64> for Cell<'_> {
    fn from(n: u64) -> Self {
        Self::Count(n)
    }
}

impl From<f64> for Cell<'_> {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a, V: Into<Cell<'a>>> From<Option<V>> for Cell<'a> {
    fn from(value: Option<V>) -> Self {
        value.map_or(Self::Nothing, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_in_their_cell_and_are_no_formulas() {
        let mut csv = Csv::with(&["a", "b"]);
        csv.row(["x,\"y\"\n".into(), Cell::from("=1+1")]);
        csv.row([2u64.into(), Cell::from(0.1 + 0.2)]);
        csv.row([Cell::Nothing, f64::NAN.into()]);
        assert_eq!(csv.finish(), "a,b\n\"x,\"\"y\"\"\n\",\"'=1+1\"\n2,0.3\n,\n");
    }
}
