//! Each admitted difference occurs, and is told from the others; what they border on is refused.

use super::equivalence::Equivalence;
use super::equivalence::Equivalence::{AnchorSent, Container, OtherHalf, ReceiptShell};
use super::tree::{Content, Kind, Node};
use super::{BENCHES, Bench};
use std::collections::BTreeSet;

/// The child of that place, and so on.
fn at<'n>(node: &'n mut Node, path: &[usize]) -> &'n mut Node {
    path.iter().fold(node, |node, place| match &mut node.content {
        Content::Nodes(nodes) => &mut nodes[*place],
        Content::Bytes(_) => panic!("nothing lies inside of bytes"),
    })
}

fn nodes(node: &mut Node) -> &mut Vec<Node> {
    match &mut node.content {
        Content::Nodes(nodes) => nodes,
        Content::Bytes(_) => panic!("nothing lies inside of bytes"),
    }
}

/// `attStmt`, then its entries and their values.
const X5C: &[usize] = &[1, 1, 0, 1];
const RECEIPT: &[usize] = &[1, 1, 1, 1];
/// The signed data of a receipt.
const SIGNED_DATA: &[usize] = &[1, 1, 1, 1, 0, 1, 0];

/// A signature with the other half of its s.
fn malleate(signature: &[u8]) -> Vec<u8> {
    use p256::elliptic_curve::PrimeField;
    let numbers = &signature[2..];
    let length = usize::from(numbers[1]) + 2;
    let (r, s) = numbers.split_at(length);
    let digits: Vec<u8> = s[2..].iter().copied().skip_while(|byte| *byte == 0).collect();
    // A number of up to 32 bytes can be one of P-384 too, but its order makes 48 of it.
    let opposite = if signature.len() > 80 {
        let mut number = [0; 48];
        number[48 - digits.len()..].copy_from_slice(&digits);
        (-p384::Scalar::from_repr(number.into()).unwrap()).to_repr().to_vec()
    } else {
        let mut number = [0; 32];
        number[32 - digits.len()..].copy_from_slice(&digits);
        (-p256::Scalar::from_repr(number.into()).unwrap()).to_repr().to_vec()
    };
    simulator::encode::der::sequence(&[r.to_vec(), simulator::encode::der::unsigned(&opposite)])
}

fn other_half(node: &mut Node) {
    // A signature in a bit string has its count of unused bits before it; in a string it is elements.
    let whole = match &node.content {
        Content::Bytes(bytes) => bytes.clone(),
        Content::Nodes(nodes) => nodes.iter().flat_map(Node::encode).collect(),
    };
    let unused = usize::from(whole[0] == 0);
    let malleated = malleate(&whole[unused..]);
    node.content = Content::Bytes([&whole[..unused], &malleated].concat());
}

/// Edits the honest attestation of each generation, and expects these differences; none: refused.
#[track_caller]
fn attestation(edit: impl Fn(&mut Node, &Bench), expected: Option<&[Equivalence]>) {
    for bench in &*BENCHES {
        let mut tree = Node::of_object(&bench.attestation);
        edit(&mut tree, bench);
        let found = bench.attestation_differences(&tree.encode());
        let expected =
            expected.map(|expected| Ok(expected.iter().copied().collect::<BTreeSet<_>>()));
        assert_eq!(found, expected, "{bench:?}");
    }
}

#[track_caller]
fn assertion(edit: impl Fn(&mut Node), expected: Option<&[Equivalence]>) {
    for bench in &*BENCHES {
        let mut tree = Node::of_object(&bench.assertion);
        edit(&mut tree);
        let found = bench.assertion_differences(&tree.encode());
        let expected =
            expected.map(|expected| Ok(expected.iter().copied().collect::<BTreeSet<_>>()));
        assert_eq!(found, expected, "{bench:?}");
    }
}

#[test]
fn nothing_differs_in_the_honest_object() {
    attestation(|_, _| {}, Some(&[]));
    assertion(|_| {}, Some(&[]));
}

#[test]
fn the_container_is_signed_by_nobody() {
    let swap = |tree: &mut Node| nodes(tree).swap(0, 1);
    attestation(|tree, _| swap(tree), Some(&[Container]));
    assertion(swap, Some(&[Container]));
    let open = |tree: &mut Node| {
        if let Kind::Container { indefinite, .. } = &mut tree.kind {
            *indefinite = true;
        }
    };
    attestation(|tree, _| open(tree), Some(&[Container]));
    attestation(|tree, _| open(at(tree, X5C)), Some(&[Container]));
    assertion(open, Some(&[Container]));
    // But it has each part once.
    let twice = |tree: &mut Node| {
        let first = nodes(tree)[0].clone();
        nodes(tree).push(first);
    };
    attestation(|tree, _| twice(tree), None);
    assertion(twice, None);
    attestation(|tree, _| drop(nodes(at(tree, &[1, 1])).pop()), None);
}

#[test]
fn a_signature_has_another_half() {
    attestation(|tree, _| other_half(at(tree, &[X5C, &[0, 0, 2]].concat())), Some(&[OtherHalf]));
    attestation(|tree, _| other_half(at(tree, &[X5C, &[1, 0, 2]].concat())), Some(&[OtherHalf]));
    attestation(
        |tree, _| other_half(at(tree, &[SIGNED_DATA, &[4, 0, 4]].concat())),
        Some(&[OtherHalf, ReceiptShell]),
    );
    attestation(
        |tree, _| other_half(at(tree, &[SIGNED_DATA, &[3, 0, 2]].concat())),
        Some(&[OtherHalf, ReceiptShell]),
    );
    assertion(|tree| other_half(at(tree, &[0, 1])), Some(&[OtherHalf]));
}

#[test]
fn the_anchor_may_come_last_and_nothing_else_may() {
    let sent = |der: &[u8]| Node {
        kind: Kind::String { major: 2, wide: false },
        content: Content::Bytes(der.to_vec()),
    };
    let anchor = |bench: &Bench| sent(bench.anchor.der());
    attestation(|tree, bench| nodes(at(tree, X5C)).push(anchor(bench)), Some(&[AnchorSent]));
    attestation(|tree, bench| nodes(at(tree, X5C)).insert(0, anchor(bench)), None);
    attestation(|tree, bench| nodes(at(tree, X5C)).insert(1, anchor(bench)), None);
    attestation(|tree, bench| nodes(at(tree, X5C)).push(sent(bench.receipt_anchor.der())), None);
    attestation(
        |tree, bench| nodes(at(tree, X5C)).extend([anchor(bench), anchor(bench)]),
        Some(&[AnchorSent]),
    );
    attestation(|tree, _| nodes(at(tree, X5C)).swap(0, 1), None);
}

#[test]
fn the_shell_of_a_receipt_is_signed_by_nobody() {
    let certificates = [SIGNED_DATA, &[3]].concat();
    // Definite lengths, another version, another order, no root, more than is needed.
    attestation(
        |tree, _| {
            if let Kind::Element { indefinite, .. } = &mut at(tree, SIGNED_DATA).kind {
                *indefinite = false;
            }
        },
        Some(&[ReceiptShell]),
    );
    attestation(
        |tree, _| at(tree, &[SIGNED_DATA, &[0]].concat()).content = Content::Bytes(vec![7]),
        Some(&[ReceiptShell]),
    );
    attestation(|tree, _| nodes(at(tree, &certificates)).reverse(), Some(&[ReceiptShell]));
    attestation(|tree, _| drop(nodes(at(tree, &certificates)).pop()), Some(&[ReceiptShell]));
    attestation(
        |tree, _| {
            let leaf = at(tree, &[X5C, &[0, 0]].concat()).clone();
            nodes(at(tree, &certificates)).push(leaf);
        },
        Some(&[ReceiptShell]),
    );
    // But it has its signer, the signer's issuer and one signature.
    attestation(|tree, _| drop(nodes(at(tree, &certificates)).remove(0)), None);
    attestation(|tree, _| drop(nodes(at(tree, &certificates)).remove(1)), None);
    attestation(
        |tree, _| {
            let signers = nodes(at(tree, &[SIGNED_DATA, &[4]].concat()));
            signers.push(signers[0].clone());
        },
        None,
    );
    attestation(|tree, _| nodes(at(tree, RECEIPT)).push(Node::of_object(&[0x40])), None);
}
