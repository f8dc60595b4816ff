use super::*;

#[test]
fn nothing_is_explained_as_nothing() {
    for kind in [Kind::Attestation, Kind::Assertion, Kind::Certificate, Kind::Receipt] {
        assert_eq!(explain(kind, &[]), Vec::new());
    }
}

#[test]
fn the_kind_is_guessed_by_how_an_object_begins() {
    for (object, kind) in [
        (&b"\xa3\x63fmt"[..], Some(Kind::Attestation)),
        (b"\xa2\x69signature", Some(Kind::Assertion)),
        (b"\x30\x80\x06\x09", Some(Kind::Receipt)),
        (b"\x30\x82\x0e\x41\x06\x09", Some(Kind::Receipt)),
        (b"\x30\x82\x02\x21\x30\x82", Some(Kind::Certificate)),
        (b"{}", None),
        (b"", None),
    ] {
        assert_eq!(Kind::guess(object), kind, "{object:02x?}");
    }
}
