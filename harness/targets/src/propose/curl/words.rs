//! Words and commands as a POSIX shell sees them, with `$'…'` and the place of each.
//!
//! Nothing is expanded: `$TOKEN` stays in its word, which is marked.

use crate::propose::ProposeError;
use std::iter::Peekable;
use std::str::Chars;

/// A word of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// Line, counted from 1.
    pub(super) line: usize,
    /// Column, counted from 1.
    pub(super) column: usize,
    /// Whether a shell would put something else in its place.
    pub(super) expands: bool,
}

struct Reader<'t> {
    rest: Peekable<Chars<'t>>,
    file: &'t str,
    line: usize,
    column: usize,
}

/// The commands of a text, each a list of words.
pub(super) fn commands(text: &str, file: &str) -> Result<Vec<Vec<Word>>, ProposeError> {
    let text = text.trim_start_matches('\u{feff}');
    if text.lines().any(|line| line.trim_end().ends_with('^')) && text.contains("^\"") {
        return Err(ProposeError::new(
            file,
            "these are commands for cmd.exe; copy them once more as cURL (bash)",
        ));
    }
    let mut reader = Reader { rest: text.chars().peekable(), file, line: 1, column: 1 };
    let mut commands = Vec::new();
    let mut words = Vec::new();
    loop {
        match reader.rest.peek().copied() {
            None => break,
            Some('\n' | ';' | '|' | '&') => {
                reader.next();
                commands.push(std::mem::take(&mut words));
            }
            Some('#') => {
                while reader.rest.peek().is_some_and(|c| *c != '\n') {
                    reader.next();
                }
            }
            Some(space) if space.is_whitespace() => {
                reader.next();
            }
            // What a command writes or reads elsewhere says nothing about its request.
            Some('<' | '>') => {
                reader.next();
            }
            Some('\\') if reader.continues() => {}
            Some(_) => words.push(reader.word()?),
        }
    }
    commands.push(words);
    commands.retain(|words| !words.is_empty());
    Ok(commands)
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let next = self.rest.next()?;
        if next == '\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
        Some(next)
    }

    /// Steps over a backslash and the line break behind it.
    fn continues(&mut self) -> bool {
        let mut ahead = self.rest.clone();
        ahead.next();
        let breaks = match ahead.next() {
            Some('\n') => 2,
            Some('\r') if ahead.next() == Some('\n') => 3,
            _ => 0,
        };
        (0..breaks).for_each(|_| {
            self.next();
        });
        breaks > 0
    }

    fn word(&mut self) -> Result<Word, ProposeError> {
        let mut word =
            Word { text: String::new(), line: self.line, column: self.column, expands: false };
        while let Some(next) = self.rest.peek().copied() {
            match next {
                space if space.is_whitespace() => break,
                ';' | '|' | '&' | '<' | '>' => break,
                '\'' => {
                    self.next();
                    let (line, column) = (self.line, self.column);
                    loop {
                        match self.next() {
                            Some('\'') => break,
                            Some(c) => word.text.push(c),
                            None => return Err(self.open('\'', line, column)),
                        }
                    }
                }
                '"' => {
                    self.next();
                    self.double_quoted(&mut word)?;
                }
                '$' => {
                    self.next();
                    match self.rest.peek() {
                        Some('\'') => {
                            self.next();
                            self.escaped(&mut word)?;
                        }
                        // `$"…"` is a text to be translated.
                        Some('"') => {}
                        _ => {
                            word.expands = true;
                            word.text.push('$');
                        }
                    }
                }
                '`' => {
                    self.next();
                    word.expands = true;
                    word.text.push('`');
                }
                '\\' if self.continues() => {}
                '\\' => {
                    self.next();
                    word.text.extend(self.next());
                }
                _ => word.text.extend(self.next()),
            }
        }
        Ok(word)
    }

    fn double_quoted(&mut self, word: &mut Word) -> Result<(), ProposeError> {
        let (line, column) = (self.line, self.column);
        loop {
            if self.rest.peek() == Some(&'\\') && self.continues() {
                continue;
            }
            match self.next() {
                Some('"') => return Ok(()),
                Some('\\') => match self.next() {
                    Some(c @ ('"' | '\\' | '$' | '`')) => word.text.push(c),
                    Some(c) => word.text.extend(['\\', c]),
                    None => return Err(self.open('"', line, column)),
                },
                Some(c) => {
                    word.expands |= matches!(c, '$' | '`');
                    word.text.push(c);
                }
                None => return Err(self.open('"', line, column)),
            }
        }
    }

    /// The inside of `$'…'`.
    fn escaped(&mut self, word: &mut Word) -> Result<(), ProposeError> {
        let (line, column) = (self.line, self.column);
        loop {
            match self.next() {
                Some('\'') => return Ok(()),
                Some('\\') => {
                    let Some(kind) = self.next() else { return Err(self.open('\'', line, column)) };
                    let character = match kind {
                        'n' => Some('\n'),
                        't' => Some('\t'),
                        'r' => Some('\r'),
                        'a' => Some('\u{7}'),
                        'b' => Some('\u{8}'),
                        'e' | 'E' => Some('\u{1b}'),
                        'f' => Some('\u{c}'),
                        'v' => Some('\u{b}'),
                        'x' => self.digits(2, 16),
                        'u' => self.digits(4, 16),
                        'U' => self.digits(8, 16),
                        '0'..='7' => {
                            let first = kind.to_digit(8).unwrap_or_default();
                            self.more_digits(first, 2, 8)
                        }
                        other => Some(other),
                    };
                    // A number that is no character stands for itself.
                    word.text.push(character.unwrap_or('\u{fffd}'));
                }
                Some(c) => word.text.push(c),
                None => return Err(self.open('\'', line, column)),
            }
        }
    }

    fn digits(&mut self, most: usize, radix: u32) -> Option<char> {
        self.more_digits(0, most, radix)
    }

    fn more_digits(&mut self, first: u32, most: usize, radix: u32) -> Option<char> {
        let mut number = first;
        for _ in 0..most {
            let Some(digit) = self.rest.peek().and_then(|c| c.to_digit(radix)) else { break };
            self.next();
            number = number.wrapping_mul(radix).wrapping_add(digit);
        }
        char::from_u32(number)
    }

    fn open(&self, quote: char, line: usize, column: usize) -> ProposeError {
        // The quote itself stands before the place that was remembered.
        let column = column.saturating_sub(1).max(1);
        ProposeError::at(self.file, line, column, format!("this {quote} is never closed"))
    }
}
