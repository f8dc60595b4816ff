//! A line that an adapter writes.

use crate::ground::ground;
use crate::held;
use crate::input::Input;
use targets::Decision;
use targets::adapter::{
    Answer, Ask, AssertionAsked, AttestationAsked, Base64, Environment, Heard, Hello, PROTOCOL,
    PurposeName, Trouble, hear,
};

pub(crate) fn run(input: &[u8]) {
    let mut input = Input::new(input);
    let ask = asked(input.byte());
    let line = input.rest();
    let heard = hear(&ask, line);
    let Heard { id, answer, decision } = &heard;
    match answer {
        Err(trouble @ (Trouble::Unreadable(_) | Trouble::Unsupported(_))) => {
            let why = trouble.to_string();
            held::printable(&why, true);
            assert!(why.len() <= 4096, "{} bytes of trouble", why.len());
        }
        Err(other) => panic!("a line alone ends nothing: {other}"),
        Ok(answer) => {
            assert!(id.is_some(), "an answer has an id");
            assert!(is_of(answer, &ask), "an answer to what was asked");
            let again = hear(&ask, &written(answer));
            assert_eq!(again.answer, heard.answer, "what we write is read");
        }
    }
    told(decision);
}

/// A decision's words are those that a record shows.
pub(crate) fn told(decision: &Decision) {
    let words = match decision {
        Decision::Rejected { reason } => reason.as_deref().unwrap_or_default(),
        Decision::Unreadable { why } | Decision::Closed { why } | Decision::Unreachable { why } => {
            why
        }
        Decision::Accepted { .. }
        | Decision::Failed
        | Decision::Throttled { .. }
        | Decision::TimedOut => "",
    };
    assert!(words.len() <= 4096, "{} bytes of a reason", words.len());
    held::printable(words, true);
}

/// Whether an answer is of the kind that the operation has.
fn is_of(answer: &Answer, ask: &Ask) -> bool {
    match answer {
        Answer::Hello(_) => matches!(ask, Ask::Hello { .. }),
        Answer::Done(_) => matches!(ask, Ask::Configure(_) | Ask::Reset | Ask::Revoke { .. }),
        Answer::Challenge(_) => matches!(ask, Ask::Challenge { .. }),
        Answer::Decided(_) => {
            matches!(ask, Ask::VerifyAttestation(_) | Ask::VerifyAssertion(_))
        }
    }
}

fn written(answer: &Answer) -> Vec<u8> {
    let value = match answer {
        Answer::Hello(hello) => serde_json::to_value::<&Hello>(hello),
        Answer::Done(done) => serde_json::to_value(done),
        Answer::Challenge(issued) => serde_json::to_value(issued),
        Answer::Decided(decided) => serde_json::to_value(decided),
    };
    let mut value = value.expect("an answer has no map with other keys");
    value["id"] = "again".into();
    value.to_string().into_bytes()
}

/// The operation that a byte stands for: one of each kind that is answered alike.
fn asked(byte: u8) -> Ask {
    let ground = ground();
    let bytes = |bytes: &[u8]| Base64(bytes.to_vec());
    let (app_id, now) = (ground.app_id.as_str().to_owned(), ground.now.to_string());
    let key_id = bytes(&ground.key_id.0);
    let hash = bytes(&ground.client_data_hash);
    match byte % 5 {
        0 => Ask::Hello { proto: PROTOCOL, harness: "assay".to_owned() },
        1 => Ask::Reset,
        2 => Ask::Challenge { account: "alice".to_owned(), purpose: PurposeName::Attest },
        3 => Ask::VerifyAttestation(AttestationAsked {
            attestation: bytes(&[]),
            key_id,
            challenge: bytes(&[]),
            client_data_hash: hash,
            app_id,
            environment: Environment::Production,
            now,
            trust_roots: vec![bytes(ground.authority.root_der())],
        }),
        _ => Ask::VerifyAssertion(AssertionAsked {
            assertion: bytes(&[]),
            client_data: bytes(&[]),
            client_data_hash: hash,
            key_id,
            public_key: bytes(&ground.public_key),
            public_key_spki: bytes(&[]),
            previous_counter: 0,
            challenge: None,
            state: None,
            app_id,
            environment: Environment::Production,
            now,
        }),
    }
}
