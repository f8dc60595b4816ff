//! gzip, as small as an attacker would make it: a text, then spaces in the longest repetitions.

/// The longest repetition that deflate knows.
const LONGEST: usize = 258;

/// `text` and then so many spaces that it unpacks to `to` bytes, packed as one block of fixed codes.
pub(super) fn gzip(text: &[u8], to: usize) -> Vec<u8> {
    let mut whole = text.to_vec();
    whole.resize(to.max(text.len()), b' ');
    let mut spaces = whole.len() - text.len();
    let mut bits = Bits::default();
    // The last block, with fixed codes (RFC 1951 3.2.3).
    bits.push(0b011, 3);
    for byte in text {
        bits.symbol(u16::from(*byte));
    }
    if spaces > 0 {
        bits.symbol(u16::from(b' '));
        spaces -= 1;
    }
    while spaces >= LONGEST {
        // Length 258, distance 1.
        bits.symbol(285);
        bits.push(0, 5);
        spaces -= LONGEST;
    }
    for _ in 0..spaces {
        bits.symbol(u16::from(b' '));
    }
    bits.symbol(256);
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];
    let size = (whole.len() as u32).to_le_bytes();
    [&head[..], &bits.finish(), &crc32(&whole).to_le_bytes(), &size].concat()
}

/// Bits as deflate packs them: the first is the lowest of a byte.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    open: u32,
    count: u32,
}

impl Bits {
    fn push(&mut self, value: u32, width: u32) {
        self.open |= value << self.count;
        self.count += width;
        while self.count >= 8 {
            self.bytes.push((self.open & 0xff) as u8);
            self.open >>= 8;
            self.count -= 8;
        }
    }

    /// A literal or a length in its fixed code, which goes out highest bit first (RFC 1951 3.2.6).
    fn symbol(&mut self, symbol: u16) {
        let symbol = u32::from(symbol);
        let (code, width) = match symbol {
            0..144 => (0x30 + symbol, 8),
            144..256 => (0x190 + symbol - 144, 9),
            256..280 => (symbol - 256, 7),
            _ => (0xc0 + symbol - 280, 8),
        };
        self.push(code.reverse_bits() >> (32 - width), width);
    }

    fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.push(0, 8 - self.count);
        }
        self.bytes
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    let table: Vec<u32> = (0..256u32)
        .map(|byte| {
            (0..8).fold(
                byte,
                |rest, _| if rest & 1 == 1 { rest >> 1 ^ 0xedb8_8320 } else { rest >> 1 },
            )
        })
        .collect();
    let step = |rest: u32, byte: &u8| {
        let place = (rest ^ u32::from(*byte)) & 0xff;
        table[place as usize] ^ rest >> 8
    };
    !bytes.iter().fold(!0, step)
}

#[cfg(test)]
mod tests {
    use super::{crc32, gzip};

    #[test]
    fn the_checksum_is_the_well_known_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_short_text_is_packed_as_gzip_packs_it() {
        // `printf 'a\xff' | gzip -n`, bar the fields that name level and system.
        let packed = gzip(b"a\xff", 0);
        assert_eq!(packed[10..packed.len() - 8], [0x4b, 0xfc, 0x0f, 0x00]);
        assert_eq!(packed[packed.len() - 4..], [2, 0, 0, 0]);
    }

    #[test]
    fn what_unpacks_to_much_is_small() {
        assert!(gzip(b"{}", 1 << 20).len() < 8000);
    }
}
