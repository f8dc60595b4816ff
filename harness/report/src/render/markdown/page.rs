//! Markdown in blocks, and foreign text as nothing but text.

/// A page as it grows, block by block.
#[derive(Default)]
pub(crate) struct Page(pub(crate) String);

impl Page {
    /// A block of its own.
    pub(crate) fn line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push_str("\n\n");
    }

    /// Lines that belong together.
    pub(crate) fn list(&mut self, items: impl IntoIterator<Item = String>) {
        for item in items {
            self.0.push_str(&item);
            self.0.push('\n');
        }
        self.0.push('\n');
    }

    /// Text as it is, in a fence that it cannot close.
    pub(crate) fn fence(&mut self, text: &str) {
        let longest = text.split(|char| char != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        self.line(&format!("{fence}text\n{}\n{fence}", text.trim_end()));
    }
}

/// Foreign text as text: nothing in it is markup, a link or a mention.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        match char {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '@' => escaped.push_str("&#64;"),
            // Only before a slash does a colon make an address of a word.
            ':' if rest.peek() == Some(&'/') => escaped.push_str("&#58;"),
            '\n' | '\r' | '\t' => escaped.push(' '),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '!' | '$' => {
                escaped.push('\\');
                escaped.push(char);
            }
            other => escaped.push(other),
        }
    }
    let escaped = escaped.replace("www.", "www&#46;");
    if escaped.starts_with(['-', '+', '=']) { format!("\\{escaped}") } else { escaped }
}

/// Foreign text between single backticks.
pub(crate) fn code(text: &str) -> String {
    text.replace('`', "'").replace(['\n', '\r'], " ").replace('|', "¦")
}
