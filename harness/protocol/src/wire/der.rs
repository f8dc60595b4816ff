//! The rules of DER that lengths alone do not show: one way to write each value.

use super::Malformed;
use super::tlv::{Header, MAX_DEPTH, Rules, Tag, too_deep};

/// Holds all elements in `input`, at every depth, to the rules of DER for their types.
pub(super) fn check_der(input: &[u8], origin: usize) -> Result<(), Malformed> {
    let outermost = |error: Malformed| Malformed { at: origin + error.at, ..error };
    let mut ends = [0; MAX_DEPTH];
    ends[0] = input.len();
    let mut depth = 0;
    let mut at = 0;
    loop {
        while at == ends[depth] {
            if depth == 0 {
                return Ok(());
            }
            depth -= 1;
        }
        let header = Header::read(&input[..ends[depth]], at, Rules::Der).map_err(outermost)?;
        let end = header.content + header.length.unwrap_or(0);
        if header.tag.class == 0 {
            check_value(header.tag, &input[header.content..end])
                .map_err(|what| Malformed::new(origin + at, what))?;
        }
        if !header.tag.constructed {
            at = end;
            continue;
        }
        depth += 1;
        if depth == MAX_DEPTH {
            return Err(outermost(too_deep(at)));
        }
        ends[depth] = end;
        at = header.content;
    }
}

fn check_value(tag: Tag, content: &[u8]) -> Result<(), &'static str> {
    let holds = |claim: bool, what| if claim { Ok(()) } else { Err(what) };
    if tag.constructed != matches!(tag.number, 8 | 11 | 16 | 17 | 29) {
        return Err("a type in the wrong form (primitive or constructed)");
    }
    match (tag.number, content) {
        (1, _) => holds(matches!(content, [0 | 0xff]), "a boolean that is neither 00 nor ff"),
        (2 | 10, []) => Err("an integer without a byte"),
        (2 | 10, [0, next, ..]) => holds(next & 0x80 != 0, "an integer with a superfluous 00"),
        (2 | 10, [0xff, next, ..]) => holds(next & 0x80 == 0, "an integer with a superfluous ff"),
        (3, []) => Err("a bit string without its count of unused bits"),
        (3, [unused, bits @ ..]) => holds(
            *unused <= 7
                && bits
                    .last()
                    .map_or(*unused == 0, |last| last.trailing_zeros() >= u32::from(*unused)),
            "a bit string whose unused bits are not zero",
        ),
        (5, _) => holds(content.is_empty(), "a null with content"),
        (6, _) => {
            let starts = std::iter::once(0x7f).chain(content.iter().copied());
            let minimal =
                starts.zip(content).all(|(before, byte)| before & 0x80 != 0 || *byte != 0x80);
            let ended = content.last().is_some_and(|last| last & 0x80 == 0);
            holds(minimal && ended, "an object identifier with a superfluous or missing byte")
        }
        (12, _) => holds(std::str::from_utf8(content).is_ok(), "a text that is not UTF-8"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_der_refuses_each_second_way_to_write_a_value() {
        for (bytes, at, what) in [
            ("3080020101 0000", 0, "indefinite"),
            ("308103020101", 0, "not minimal"),
            ("30820003020101", 0, "not minimal"),
            ("3004 0202 0001", 2, "superfluous 00"),
            ("3003 010101", 2, "neither 00 nor ff"),
            ("2405 0403010203", 0, "wrong form"),
            ("3004 03020701", 2, "unused bits"),
            ("1f0100", 0, "high form"),
            ("3005 0603808001", 2, "superfluous"),
            ("3002 0500 00", 4, "end-of-contents"),
            ("30880400000000000000", 0, "bytes where"),
        ] {
            let bytes = hex::decode(bytes.replace(' ', "")).unwrap();
            let error = check_der(&bytes, 0).unwrap_err();
            assert!(error.what.contains(what), "{bytes:02x?}: {error}");
            assert_eq!(error.at, at, "{bytes:02x?}: {error}");
        }
    }
}
