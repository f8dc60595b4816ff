//! Text for readers: foreign strings made harmless, numbers made legible.

use std::fmt::Write as _;

/// A foreign string on one line, with nothing in it that acts instead of being read.
///
/// Control characters, line breaks, and characters that reorder or hide text become visible as
/// `\u{202e}`. Letters of any script stay. Escaping for HTML, XML or Markdown comes later, on top.
pub fn clean(text: &str) -> String {
    clean_keeping(text, &[])
}

/// As [`clean`], but line breaks and tabs stay: for excerpts that are shown in a block of their own.
pub fn clean_block(text: &str) -> String {
    clean_keeping(text, &['\n', '\t'])
}

fn clean_keeping(text: &str, kept: &[char]) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for char in text.chars() {
        if acts(char) && !kept.contains(&char) {
            write!(cleaned, "\\u{{{:x}}}", char as u32).expect("a String takes all text");
        } else {
            cleaned.push(char);
        }
    }
    cleaned
}

/// Controls, bidirectional overrides, invisible joiners and fillers, and what XML forbids.
fn acts(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{ffff}'
            | '\u{e0000}'..='\u{e007f}')
        || char as u32 & 0xfffe == 0xfffe
}

/// At most `limit` characters, with an ellipsis for what was cut.
pub fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
    }
}

/// A count with separators: `12,345`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun: `1 case`, `12 cases`; `plural` is the noun's other form.
pub fn counted(number: u64, singular: &str, plural: &str) -> String {
    format!("{} {}", count(number), if number == 1 { singular } else { plural })
}

/// A duration in µs, ms or s with three significant digits.
pub fn micros(us: u64) -> String {
    let value = us as f64;
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{} ms", three_digits(value / 1e3)),
        _ => format!("{} s", three_digits(value / 1e6)),
    }
}

/// A rate or a length with three significant digits, never in exponent form.
pub fn three_digits(value: f64) -> String {
    if value >= 999.5 {
        count(value.round() as u64)
    } else if value >= 99.95 {
        format!("{value:.0}")
    } else if value >= 9.995 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

/// A number without needless zeros: `15`, `2.5`.
pub fn plain(value: f64) -> String {
    if (value - value.round()).abs() < 1e-9 {
        count(value.round().max(0.0) as u64)
    } else {
        three_digits(value)
    }
}

/// A share of one as a percentage with two significant digits: `0.25 %`.
pub fn percent(share: f64) -> String {
    let value = share * 100.0;
    if value <= 0.0 {
        return "0 %".to_owned();
    }
    let decimals = (1.0 - value.log10().floor()).clamp(0.0, 12.0) as usize;
    format!("{value:.decimals$} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reorders_hides_or_controls_becomes_visible() {
        assert_eq!(clean("a\u{202e}b\u{0}c\u{1b}[31m\n"), "a\\u{202e}b\\u{0}c\\u{1b}[31m\\u{a}");
        assert_eq!(clean("\u{feff}\u{ffff}\u{200d}"), "\\u{feff}\\u{ffff}\\u{200d}");
        assert_eq!(clean("שלום, ¡olé! 日本"), "שלום, ¡olé! 日本");
        assert_eq!(clean_block("a\r\n\tb"), "a\\u{d}\n\tb");
    }

    #[test]
    fn numbers_read_well() {
        let counts = [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")];
        for (number, text) in counts {
            assert_eq!(count(number), text);
        }
        let durations = [
            (0, "0 µs"),
            (999, "999 µs"),
            (1_004, "1.00 ms"),
            (12_345, "12.3 ms"),
            (2_500_000, "2.50 s"),
            (600_000_000, "600 s"),
        ];
        for (us, text) in durations {
            assert_eq!(micros(us), text);
        }
        for (share, text) in
            [(0.0, "0 %"), (0.0025, "0.25 %"), (0.5, "50 %"), (1.0, "100 %"), (7.3e-6, "0.00073 %")]
        {
            assert_eq!(percent(share), text);
        }
    }

    #[test]
    fn shortening_respects_characters() {
        assert_eq!(shorten("häßlich", 2), "hä…");
        assert_eq!(shorten("kurz", 4), "kurz");
    }
}
