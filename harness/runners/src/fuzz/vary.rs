//! Other values for what an edit takes: near ones to try, smaller ones to explain with.

use super::dice::Dice;
use catalogue::EditText;
use toml::{Table, Value};

/// Counters at which implementations break: signs, widths, ends.
const EDGES: [i64; 9] = [0, 1, 2, 0x7f, 0x80, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];

/// Numbers up to here may be doubled: what is counted stays small.
const SMALL: i64 = 512;

/// The same edit with one value changed a little, if that is an edit.
pub(crate) fn varied(edit: &EditText, dice: &mut Dice) -> Option<EditText> {
    let names: Vec<&String> = edit.table().keys().filter(|name| *name != "do").collect();
    let name = *dice.one_of(&names)?;
    let old = edit.table().get(name)?;
    let new = match old {
        Value::Integer(number) => Value::Integer(near(*number, edit.name(), dice)),
        Value::String(text) if is_hex(text) => Value::String(other_hex(text, dice)),
        // Texts are names, times and patterns of our own: another is seldom one.
        Value::String(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_)
        | Value::Array(_)
        | Value::Table(_) => return None,
    };
    with(edit, name, new)
}

/// The same edit with smaller values, the smallest first; each says less than the edit did.
pub(crate) fn smaller(edit: &EditText) -> Vec<EditText> {
    let mut all = Vec::new();
    for (name, value) in edit.table().iter().filter(|(name, _)| *name != "do") {
        match value {
            Value::Integer(number) if *number > 0 => {
                let mut steps = vec![0, number / 2, number - 1];
                steps.dedup();
                all.extend(steps.into_iter().map(|step| (name, Value::Integer(step))));
            }
            Value::String(text) if is_hex(text) => {
                let digits = digits(text);
                let bytes = digits.len() / 2;
                if bytes > 1 {
                    all.push((name, Value::String(digits[..2].to_owned())));
                    all.push((name, Value::String(digits[..bytes / 2 * 2].to_owned())));
                }
                let zeros = "0".repeat(digits.len());
                if zeros != digits {
                    all.push((name, Value::String(zeros)));
                }
            }
            Value::String(text) if text.chars().count() > 1 => {
                let half = text.chars().take(text.chars().count() / 2).collect();
                all.push((name, Value::String(half)));
            }
            Value::String(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Array(_)
            | Value::Table(_) => {}
        }
    }
    all.into_iter().filter_map(|(name, value)| with(edit, name, value)).collect()
}

/// The edit with another value, unless that is none or the same.
fn with(edit: &EditText, name: &str, value: Value) -> Option<EditText> {
    let mut table: Table = edit.table().clone();
    table.insert(name.to_owned(), value);
    (table != *edit.table()).then(|| EditText::new(table).ok()).flatten()
}

fn near(number: i64, name: &str, dice: &mut Dice) -> i64 {
    let counts = name.contains("counter");
    let edge = EDGES[dice.below(EDGES.len())];
    match dice.below(4) {
        0 if counts => edge,
        0 | 1 => number.saturating_sub(1).max(0),
        2 if number <= SMALL => number.saturating_mul(2),
        2 => number / 2,
        _ if number <= SMALL || counts => number.saturating_add(1),
        _ => number / 2,
    }
}

fn is_hex(text: &str) -> bool {
    let digits = digits(text);
    !digits.is_empty()
        && digits.len().is_multiple_of(2)
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn digits(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn other_hex(text: &str, dice: &mut Dice) -> String {
    let mut bytes = hex::decode(digits(text)).unwrap_or_default();
    let at = dice.below(bytes.len());
    match dice.below(4) {
        0 => bytes.truncate(at),
        1 => bytes.push(0),
        2 => bytes.extend_from_within(at..),
        _ => bytes[at] ^= 1 << dice.below(8),
    }
    hex::encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use simulator::Seed;

    fn edit(text: &str) -> EditText {
        EditText::new(toml::from_str(text).unwrap()).unwrap()
    }

    #[test]
    fn a_varied_edit_is_another_of_the_same_name() {
        let from = edit("do = 'container.trailing'\nbytes = 'a1b2'");
        let mut dice = Dice::new(&Seed::from_text("vary"));
        let all: Vec<EditText> = (0..20).filter_map(|_| varied(&from, &mut dice)).collect();
        assert!(all.len() > 10);
        assert!(all.iter().all(|one| one.name() == from.name() && *one != from));
        let none = edit("do = 'assertion.nonce.pin'");
        assert_eq!(varied(&none, &mut dice), None, "it takes nothing");
    }

    #[test]
    fn what_is_smaller_says_less() {
        let numbers = smaller(&edit("do = 'authdata.counter.set'\nto = 9"));
        let values: Vec<_> = numbers.iter().map(|one| one.table()["to"].to_string()).collect();
        assert_eq!(values, ["0", "4", "8"]);
        let bytes = smaller(&edit("do = 'container.trailing'\nbytes = 'a1b2c3d4'"));
        let values: Vec<_> = bytes.iter().map(|one| one.table()["bytes"].to_string()).collect();
        assert_eq!(values, ["\"a1\"", "\"a1b2\"", "\"00000000\""]);
        assert!(smaller(&edit("do = 'container.trailing'\nbytes = '00'")).is_empty());
    }

    #[test]
    fn nothing_that_is_counted_grows_beyond_reach() {
        let mut dice = Dice::new(&Seed::from_text("near"));
        for number in [0, 3, SMALL, 100_000] {
            for _ in 0..50 {
                assert!(
                    near(number, "receipt.fields.many", &mut dice) <= (number + 1).max(2 * SMALL)
                );
            }
        }
    }
}
