//! Bytes of which a few places change from one object to the next.

/// The bytes of an object and where each of its variable parts lies.
#[derive(Debug, Clone)]
pub(super) struct Stencil<const N: usize> {
    bytes: Vec<u8>,
    places: [(usize, usize); N],
}

impl<const N: usize> Stencil<N> {
    /// Finds each part in the bytes of an object that was made with them; nothing if one is not there, or not
    /// just once.
    pub(super) fn cut(bytes: Vec<u8>, parts: [&[u8]; N]) -> Option<Self> {
        let mut places = [(0, 0); N];
        for (place, part) in places.iter_mut().zip(parts) {
            let mut found =
                bytes.windows(part.len()).enumerate().filter(|(_, window)| *window == part);
            let (start, _) = found.next()?;
            if found.next().is_some() {
                return None;
            }
            *place = (start, start + part.len());
        }
        Some(Self { bytes, places })
    }

    /// Writes other parts into the places, and gives the bytes. Each must have the length of the first.
    pub(super) fn with(&mut self, parts: [&[u8]; N]) -> &[u8] {
        for ((start, end), part) in self.places.into_iter().zip(parts) {
            self.bytes[start..end].copy_from_slice(part);
        }
        &self.bytes
    }

    /// The bytes as they were last filled.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::Stencil;

    #[test]
    fn parts_are_put_where_the_first_ones_lay() {
        let mut stencil = Stencil::cut(b"from A to BC.".to_vec(), [b"BC", b"A"]).unwrap();
        assert_eq!(stencil.with([b"ZZ", b"Y"]), b"from Y to ZZ.");
        assert_eq!(stencil.with([b"DE", b"F"]), b"from F to DE.");
        assert_eq!(stencil.as_bytes(), b"from F to DE.");
    }

    #[test]
    fn a_part_that_is_not_there_just_once_has_no_place() {
        assert!(Stencil::cut(b"from A to A".to_vec(), [b"A"]).is_none());
        assert!(Stencil::cut(b"from A to B".to_vec(), [b"C"]).is_none());
    }
}
