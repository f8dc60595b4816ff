//! The parts of an attestation object, taken apart without any of our decoders.

use crate::template::{Cbor, Node, Template};
use jiff::{SignedDuration, Timestamp, civil::date, tz::TimeZone};
use simulator::{Generation, operating_system::OperatingSystem};

/// An attestation object in its parts.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) object: Cbor<'a>,
    pub(crate) leaf: Node<'a>,
    pub(crate) intermediate: Node<'a>,
    pub(crate) receipt: Option<Node<'a>>,
    pub(crate) authenticator_data: &'a [u8],
}

impl<'a> Parts<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        let object = Cbor::read(bytes).expect("one definite CBOR item");
        let statement = object.get("attStmt").expect("attStmt");
        let certificate = |index| {
            let der = statement.get("x5c").and_then(|x5c| x5c.element(index)?.bytes());
            Node::read(der.expect("a certificate")).expect("one DER element")
        };
        Self {
            leaf: certificate(0),
            intermediate: certificate(1),
            receipt: statement.get("receipt").map(|receipt| {
                Node::read(receipt.bytes().expect("a byte string")).expect("one BER element")
            }),
            authenticator_data: object.get("authData").and_then(Cbor::bytes).expect("authData"),
            object,
        }
    }

    /// Everything about how it is built.
    pub(crate) fn template(&self) -> Template {
        let mut out = Template::new();
        self.object.describe("object", &mut out);
        self.leaf.describe("leaf", &mut out);
        self.intermediate.describe("intermediate", &mut out);
        if let Some(receipt) = &self.receipt {
            describe_receipt(receipt, &mut out);
            self.describe_dates(receipt, &mut out);
        }
        describe_authenticator_data(self.authenticator_data, true, &mut out);
        out
    }

    /// The payload of the leaf's extension of that type (hexadecimal content of the OID).
    pub(crate) fn extension(&self, oid: &str) -> Option<&'a [u8]> {
        let extensions = self.leaf.children[0].children.last()?.children.first()?;
        let found = extensions
            .children
            .iter()
            .find(|extension| hex::encode(extension.children[0].content) == oid)?;
        Some(found.children.last()?.content)
    }

    /// The system that the leaf names.
    pub(crate) fn operating_system(&self) -> OperatingSystem {
        let payload = self.extension("2a864886f763640807").expect("OS properties");
        let properties = Node::read(payload).expect("one DER element");
        let text = |number: u32| {
            let found =
                properties.children.iter().find(|property| tag_number(property) == number)?;
            Some(String::from_utf8(found.children[0].content.to_vec()).expect("a text"))
        };
        OperatingSystem {
            version: text(1400).unwrap_or_default(),
            build: text(1403).unwrap_or_default(),
            platform: text(1026).unwrap_or_default(),
            software: text(1401).unwrap_or_default(),
            label: text(1029),
        }
    }

    /// The generation that the leaf's extensions betray.
    pub(crate) fn generation(&self, system: &OperatingSystem) -> Generation {
        let extended_key_usage = self.extension("551d25").is_some();
        let access_control = self.extension("2a864886f763640806").is_some();
        match (extended_key_usage, access_control) {
            (true, _) if system.platform == "macosx" => Generation::Macos27,
            (true, _) => Generation::Ios27,
            (false, true) => Generation::Ios26,
            (false, false) if system.build.is_empty() => Generation::Ios14,
            (false, false) => Generation::Ios17,
        }
    }

    /// From notBefore to notAfter.
    pub(crate) fn lifetime(&self) -> SignedDuration {
        let [not_before, not_after] = self.validity();
        not_after.duration_since(not_before)
    }

    /// The authenticator data's extension map.
    pub(crate) fn extensions(&self) -> Option<Cbor<'a>> {
        Cbor::read(&self.authenticator_data[164..])
    }

    fn validity(&self) -> [Timestamp; 2] {
        let validity = self.leaf.at(&[0, 4]);
        [0, 1].map(|index| utc_time(validity.children[index].content))
    }

    fn describe_dates(&self, receipt: &Node<'_>, out: &mut Template) {
        let mut say = |what: &str, line: String| out.insert(format!("dates/{what}"), line);
        let serial = self.leaf.at(&[0, 1]).content;
        let issued = serial.iter().fold(0_i64, |sum, byte| sum << 8 | i64::from(*byte));
        let issued = Timestamp::from_millisecond(issued).unwrap();
        let [not_before, not_after] = self.validity();
        let day_before = issued.as_second() - not_before.as_second();
        say("issuance after notBefore", format!("{day_before} s"));
        say("validity", format!("{} s", not_after.as_second() - not_before.as_second()));
        let content = receipt_content(receipt);
        let fields = receipt_fields(&content);
        let time = |kind| -> Timestamp {
            let (_, value) = fields.iter().find(|(number, _)| *number == kind).unwrap();
            std::str::from_utf8(value).unwrap().parse().unwrap()
        };
        let delay = time(12).as_millisecond() - issued.as_millisecond();
        say("receipt after issuance", format!("within 1.2 s: {}", (1..1200).contains(&delay)));
        let kept = time(21).duration_since(time(12));
        say("receipt expires after creation", format!("{} ms", kept.as_millis()));
    }
}

/// The number of a context tag.
fn tag_number(node: &Node<'_>) -> u32 {
    match node.identifier {
        [short] => u32::from(short & 0x1f),
        [_, long @ ..] => long.iter().fold(0, |sum, byte| sum << 7 | u32::from(byte & 0x7f)),
        [] => unreachable!("an identifier has one byte at least"),
    }
}

/// A `UTCTime` of this century.
fn utc_time(content: &[u8]) -> Timestamp {
    let digits = std::str::from_utf8(content).unwrap();
    let two = |at: usize| digits[at..at + 2].parse::<i8>().unwrap();
    let at = date(2000 + i16::from(two(0)), two(2), two(4)).at(two(6), two(8), two(10), 0);
    TimeZone::UTC.to_timestamp(at).unwrap()
}

/// The signed content of a receipt.
pub(crate) fn receipt_content(receipt: &Node<'_>) -> Vec<u8> {
    receipt.at(&[1, 0, 2, 1, 0]).octets()
}

/// Number and value of each field of a receipt's content.
pub(crate) fn receipt_fields(content: &[u8]) -> Vec<(u32, &[u8])> {
    let set = Node::read(content).expect("one DER element");
    let number =
        |node: &Node<'_>| node.content.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
    set.children
        .iter()
        .map(|field| (number(&field.children[0]), field.children[2].content))
        .collect()
}

/// Container and content of a receipt.
pub(crate) fn describe_receipt(receipt: &Node<'_>, out: &mut Template) {
    receipt.describe("receipt", out);
    let content = receipt_content(receipt);
    Node::read(&content).expect("one DER element").describe("receipt content", out);
}

/// Authenticator data of an attestation or an assertion.
pub(crate) fn describe_authenticator_data(bytes: &[u8], attested: bool, out: &mut Template) {
    let mut say = |what: &str, line: String| out.insert(format!("authenticator data/{what}"), line);
    say("flags", format!("{:02x}", bytes[32]));
    say("counter", hex::encode(&bytes[33..37]));
    let mut rest = &bytes[37..];
    if attested {
        say("AAGUID", hex::encode(&rest[..16]));
        say("credential id length", hex::encode(&rest[16..18]));
        let (key, after) = Cbor::read_first(&rest[50..]).expect("a COSE key");
        key.describe("authenticator data/COSE key", out);
        rest = after;
    }
    if !rest.is_empty() {
        let extensions = Cbor::read(rest).expect("one CBOR item");
        extensions.describe("authenticator data/extensions", out);
    }
}
