//! An edit bears whatever an edit before it left.

use crate::paper::{Paper, authority, servers};
use catalogue::parse;
use simulator::Seed;

/// Plays an attestation that is edited so, one after the other.
fn play(edits: &[&str]) {
    let edits = edits.join("\n[[case.op]]\n");
    let text = format!(
        "schema = 1\nfamily = \"some\"\n[[case]]\nid = \"some.case\"\ntitle = \"t\"\nlevel = \"info\"\n\
         severity = \"low\"\nclass = \"false-accept\"\nclauses = []\nbase = \"attestation.ios27\"\n\
         expect = \"either\"\nfault = \"damage\"\nwhy = \"w\"\nfix = \"f\"\n[[case.op]]\n{edits}"
    );
    let cases = parse("some.toml", &text).unwrap_or_else(|error| panic!("{error}"));
    let seed = Seed::from_text("after");
    let played = Paper::new(&authority(&seed), &servers()[0]).play(&cases[0], &seed).unwrap();
    assert!(!played.broken.is_empty(), "{edits} leaves something to be found");
}

#[test]
fn what_was_left_out_cannot_be_edited() {
    for edit in [
        "do = \"authdata.aaguid.other-environment\"",
        "do = \"authdata.credid.resize\"\nto = 3",
        "do = \"cose.x.padded\"",
        "do = \"cose.x.repeat\"",
        "do = \"cose.drop\"",
        "do = \"nonce.leading-zero\"",
    ] {
        play(&["do = \"authdata.credid.remove\"", edit]);
    }
}

#[test]
fn a_point_of_no_bytes_has_no_form() {
    for edit in ["do = \"leaf.key.compressed\"", "do = \"leaf.key.hybrid\""] {
        play(&["do = \"leaf.key.point\"\nbytes = \"\"", edit]);
    }
}

#[test]
fn no_key_is_searched_for_a_nonce_that_follows_none() {
    play(&["do = \"authdata.truncate\"\nto = 37", "do = \"nonce.leading-zero\""]);
}
