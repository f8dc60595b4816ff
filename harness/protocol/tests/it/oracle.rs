//! Collecting all broken rules names exactly the one lie an object tells.

use crate::forge::{Forgery, Hash, broken, certificate, point, replaced};
use protocol::flaw::Flaws;
use protocol::terms::KeyId;
use protocol::verify::{
    AllowedCategories, AllowedVersions, Finding, Rule, RuleSet, verify_attestation,
};
use protocol::wire::Certificate;
use sha2::{Sha256, Sha384};

fn check(lie: &str, findings: &[Finding], rules: &[Rule]) {
    assert_eq!(
        broken(findings),
        rules.iter().copied().collect::<RuleSet>(),
        "{lie}: {findings:#?}"
    );
}

/// Key usage as it stands in the genuine bytes.
const LEAF_KEY_USAGE: &[u8] = b"\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x04\xf0";
const CA_KEY_USAGE: &[u8] = b"\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x01\x06";

#[test]
fn an_honest_forgery_breaks_nothing() {
    check("none", &Forgery::new().examine(), &[]);
}

#[test]
fn a_lie_in_a_certificate_breaks_its_rule_alone() {
    for (lie, index, from, to, rule) in [
        ("leaf expired", 0, &b"260423181312Z"[..], &b"260420181313Z"[..], Rule::ChainValidity),
        ("leaf of tomorrow", 0, b"260420181312Z", b"260422181312Z", Rule::ChainValidity),
        ("intermediate expired", 1, b"300313000000Z", b"260313000000Z", Rule::ChainValidity),
        (
            "leaf may only sign certificates",
            0,
            LEAF_KEY_USAGE,
            b"\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x02\x04",
            Rule::ChainKeyUsage,
        ),
        (
            "intermediate may only sign lists",
            1,
            CA_KEY_USAGE,
            b"\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x01\x02",
            Rule::ChainKeyUsage,
        ),
        (
            "an unknown critical extension",
            0,
            LEAF_KEY_USAGE,
            b"\x55\x1d\x7f\x01\x01\xff\x04\x04\x03\x02\x04\xf0",
            Rule::ChainCriticalExtensions,
        ),
        (
            "critical name constraints",
            1,
            CA_KEY_USAGE,
            b"\x55\x1d\x1e\x01\x01\xff\x04\x04\x03\x02\x01\x06",
            Rule::ChainCriticalExtensions,
        ),
        (
            "basic constraints twice",
            0,
            LEAF_KEY_USAGE,
            b"\x55\x1d\x13\x01\x01\xff\x04\x04\x03\x02\x04\xf0",
            Rule::ChainCriticalExtensions,
        ),
        (
            "another name",
            0,
            b"Apple App Attestation CA 1",
            b"Apple App Attestation CA 2",
            Rule::ChainNames,
        ),
        (
            "the algorithm inside differs",
            1,
            Sha384::ALGORITHM,
            Sha256::ALGORITHM,
            Rule::ChainTrustAnchor,
        ),
        ("no nonce", 0, b"\x63\x64\x08\x02", b"\x63\x64\x08\x63", Rule::Nonce),
        ("nonce under another tag", 0, b"\x30\x24\xa1\x22", b"\x30\x24\xa2\x22", Rule::Nonce),
    ] {
        check(lie, &Forgery::new().edit(index, from, to).examine(), &[rule]);
    }
}

#[test]
fn a_leaf_that_is_a_ca_and_a_ca_that_is_none_break_the_rule_about_cas() {
    let no_ca = b"\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x02\x30\x00";
    let ca = b"\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x05\x30\x03\x01\x01\xff";
    let ca_of_leaves = b"\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x08\x30\x06\x01\x01\xff\x02\x01\x00";
    check("leaf is a CA", &Forgery::new().edit(0, no_ca, ca).examine(), &[Rule::ChainAuthority]);
    check(
        "intermediate is none",
        &Forgery::new().edit(1, ca_of_leaves, no_ca).examine(),
        &[Rule::ChainAuthority],
    );
    let absent =
        b"\x30\x12\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x08\x30\x06\x01\x01\xff\x02\x01\x00";
    check(
        "nothing stated",
        &Forgery::new().edit(1, absent, b"").examine(),
        &[Rule::ChainAuthority],
    );
    check("no limit below", &Forgery::new().edit(1, ca_of_leaves, ca).examine(), &[]);
}

#[test]
fn another_root_of_the_same_name_breaks_only_the_rule_about_the_trust_anchor() {
    let forgery = Forgery::new();
    let object = forgery.object(&forgery.certificates());
    let apple = protocol::verify::TrustAnchor::apple_app_attestation();
    check("another root", &forgery.examine_object(&object, &apple), &[Rule::ChainTrustAnchor]);
    let root = certificate::<Sha384>(&forgery.root, 1);
    let with_root = forgery.object(&[forgery.certificates(), vec![root]].concat());
    check(
        "and it came along",
        &forgery.examine_object(&with_root, &apple),
        &[Rule::ChainTrustAnchor],
    );
    check(
        "the pinned root came along",
        &forgery.examine_object(&with_root, &forgery.anchor()),
        &[],
    );
}

#[test]
fn a_flipped_signature_breaks_the_rule_about_whoever_signed() {
    let forgery = Forgery::new();
    for (index, rule) in [(0, Rule::ChainSignatures), (1, Rule::ChainTrustAnchor)] {
        let mut certificates = forgery.certificates();
        let last = certificates[index].len() - 1;
        certificates[index][last] ^= 1;
        let findings = forgery.examine_object(&forgery.object(&certificates), &forgery.anchor());
        check("a flipped signature", &findings, &[rule]);
    }
}

#[test]
fn an_intermediate_more_than_allowed_breaks_the_rule_about_path_length() {
    let mut forgery = Forgery::new();
    let issuing = forgery.chain[1].clone();
    let (upper, lower) = (b"Apple App Attestation CA 0", b"Apple App Attestation CA 1");
    // The upper one is CA 0 with key 3; the lower one is issued by it. Both allow nothing below.
    let raised = replaced(&issuing, lower, upper);
    forgery.chain.push(replaced(&raised, &point(2), &point(3)));
    let der = certificate::<Sha384>(&issuing, 9);
    let read = Certificate::decode(&der).unwrap();
    let name_of_upper = replaced(read.subject, lower, upper);
    forgery.chain[1] = replaced(&issuing, read.issuer, &name_of_upper);
    check("two intermediates", &forgery.examine(), &[Rule::ChainPathLength]);
}

#[test]
fn a_lie_in_the_authenticator_data_breaks_its_rule_alone() {
    for (lie, at, value, rules) in [
        ("another app", 0, 0, &[Rule::AttestationRpId][..]),
        ("flags", 32, 0, &[]),
        ("a counter", 36, 1, &[Rule::CounterZero]),
        ("another environment", 52, 1, &[Rule::Aaguid]),
        ("another credential id", 60, 0, &[Rule::CredentialId]),
        ("another COSE key", 100, 0, &[Rule::CoseKey]),
        ("another COSE algorithm", 91, 0x27, &[Rule::CoseKey]),
        ("no map", 164, 0x82, &[Rule::AuthenticatorDataSyntax]),
    ] {
        check(lie, &Forgery::new().edit_data(at, value).examine(), rules);
    }
    let mut trailing = Forgery::new();
    trailing.authenticator_data.push(0);
    check("a trailing byte", &trailing.renonce().examine(), &[Rule::AuthenticatorDataSyntax]);
    let mut stale = Forgery::new();
    stale.authenticator_data[32] = 0;
    check("another nonce", &stale.examine(), &[Rule::Nonce]);
}

#[test]
fn a_lie_in_the_container_breaks_its_rule_alone() {
    let format = Forgery { format: "packed", ..Forgery::new() };
    check("another format", &format.examine(), &[Rule::AttestationFormat]);
    let forgery = Forgery::new();
    let anchor = forgery.anchor();
    let certificates = forgery.certificates();
    let mut object = forgery.object(&certificates);
    object.push(0);
    check("a trailing byte", &forgery.examine_object(&object, &anchor), &[Rule::AttestationSyntax]);
    for (lie, certificates) in [
        ("none", vec![]),
        ("leaf only", certificates[..1].to_vec()),
        ("junk", vec![certificates[0].clone(), certificates[1].clone(), vec![0; 9]]),
        ("trailing", vec![[&certificates[0][..], &[0]].concat(), certificates[1].clone()]),
        ("too many", vec![certificates[1].clone(); 9]),
    ] {
        let object = forgery.object(&certificates);
        check(lie, &forgery.examine_object(&object, &anchor), &[Rule::CertificateSyntax]);
    }
}

#[test]
fn another_key_id_breaks_both_rules_that_name_it() {
    let mut forgery = Forgery::new();
    forgery.sample.key_id = KeyId([0; 32]);
    check("another key id", &forgery.examine(), &[Rule::KeyIdentifier, Rule::CredentialId]);
}

#[test]
fn a_key_made_on_macos_must_carry_the_documented_list() {
    let ios = b"\xa4\x03\x02\x01\x0a\xbf\x89\x30";
    let macos = b"\xa4\x03\x02\x01\x0d\xbf\x89\x30";
    check(
        "the list of iOS",
        &Forgery::new().edit(0, ios, macos).examine(),
        &[Rule::KeyAccessControl],
    );
}

#[test]
fn policy_decides_about_categories_and_versions() {
    for (categories, versions, rules) in [
        (vec![1], vec!["1"], &[][..]),
        (vec![4], vec!["1"], &[Rule::AttestationValidationCategory]),
        (vec![1], vec!["2"], &[Rule::AttestationBundleVersion]),
    ] {
        let mut forgery = Forgery::new();
        let versions = versions.into_iter().map(str::to_owned).collect();
        forgery.sample.policy.categories =
            AllowedCategories::Listed { categories, absent_allowed: false };
        forgery.sample.policy.bundle_versions =
            AllowedVersions::Listed { versions, absent_allowed: false };
        check("policy", &forgery.examine(), rules);
        forgery.authenticator_data.truncate(164);
        let absent = forgery.renonce();
        check(
            "absent",
            &absent.examine(),
            &[Rule::AttestationValidationCategory, Rule::AttestationBundleVersion],
        );
    }
}

#[test]
fn a_rule_left_out_accepts_what_breaks_it_alone() {
    let forgery = Forgery::new().edit_data(36, 7);
    let object = forgery.object(&forgery.certificates());
    let request =
        protocol::verify::AttestationRequest { object: &object, ..forgery.sample.request() };
    let verify = |flaws: &Flaws| {
        let policy = &forgery.sample.policy;
        verify_attestation(&request, &forgery.anchor(), policy, forgery.sample.now, flaws)
    };
    assert_eq!(verify(&Flaws::NONE).unwrap_err().rule(), Some(Rule::CounterZero));
    assert_eq!(verify(&Flaws::dropping([Rule::CounterZero])).unwrap().counter, 7);
    let nothing = protocol::verify::AttestationRequest { object: &[], ..request };
    let policy = &forgery.sample.policy;
    let flaws = Flaws::dropping([Rule::AttestationSyntax]);
    let fail_open =
        verify_attestation(&nothing, &forgery.anchor(), policy, forgery.sample.now, &flaws);
    assert_eq!(fail_open.unwrap().public_key, None);
}
