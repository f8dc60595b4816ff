//! The undocumented property lists 8.5 and 8.7: `SEQUENCE OF [n] EXPLICIT value`.

use super::tlv::{Reader, Tag};
use super::{Certificate, Extension, oid};

impl<'a> Certificate<'a> {
    /// The App ID in clear (8.5 `[1204]`): a hint which app made the key, not a documented check.
    pub fn app_id_in_clear(&self) -> Option<&'a str> {
        std::str::from_utf8(self.app_id_bytes()?).ok()
    }

    /// The same as bytes, whatever they and their type are.
    pub fn app_id_bytes(&self) -> Option<&'a [u8]> {
        self.property(oid::KEY_PROPERTIES, 1204).map(|(_, content)| content)
    }

    /// Version of the operating system (8.7 `[1400]`), `14.0.1` to `27.0.1`.
    pub fn os_version(&self) -> Option<&'a str> {
        self.text_property(oid::OS_PROPERTIES, 1400)
    }

    /// Name of the platform (8.7 `[1026]`), `iphoneos` or `macosx`; not all generations state it.
    pub fn platform(&self) -> Option<&'a str> {
        self.text_property(oid::OS_PROPERTIES, 1026)
    }

    /// Whether the certified properties say that the key was made on macOS.
    pub fn is_macos(&self) -> bool {
        /// Value of 8.5 `[4]`; iOS has 10.
        const MACOS: &[u8] = &[13];
        let made_on = self.property(oid::KEY_PROPERTIES, 4);
        made_on.is_some_and(|(tag, content)| tag == Tag::INTEGER && content == MACOS)
            || self.platform() == Some("macosx")
    }

    fn text_property(&self, list: &[u8], number: u32) -> Option<&'a str> {
        let (tag, content) = self.property(list, number)?;
        if tag != Tag::OCTET_STRING {
            return None;
        }
        std::str::from_utf8(content).ok()
    }

    fn property(&self, list: &[u8], number: u32) -> Option<(Tag, &'a [u8])> {
        let Extension { value, at, .. } = self.extension(list)?;
        let mut properties = Reader::strict(value, at).ok()?.sequence("properties").ok()?;
        while !properties.is_at_end() {
            let element = properties.next().ok()?;
            if element.tag == Tag::context(number) {
                let value = properties.inside(&element).next().ok()?;
                return Some((value.tag, value.content));
            }
        }
        None
    }
}
