//! An adapter between Assay and the crate appattest: one JSON object a line, each answered once.
//!
//! For another crate replace `attestation` and `assertion`: they return what was found, or why not.

use appattest::{assertion::Assertion, attestation::Attestation};
use base64::{engine::general_purpose::STANDARD, Engine};
use serde_json::{json, Value};
use std::io::{BufRead, Write};

fn text<'a>(asked: &'a Value, name: &str) -> &'a str {
    asked[name].as_str().unwrap_or_default()
}

fn bytes(asked: &Value, name: &str) -> Vec<u8> {
    STANDARD.decode(text(asked, name)).expect("the harness writes base64")
}

fn pem(base64: &str) -> String {
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

fn attestation(asked: &Value) -> Result<Value, String> {
    let object = bytes(asked, "attestation");
    let challenge = String::from_utf8(bytes(asked, "challenge")).map_err(|e| e.to_string())?;
    let root = pem(asked["trust_roots"][0].as_str().unwrap_or_default());
    let read = Attestation::from_cbor_bytes(&object).map_err(|e| e.to_string())?;
    let (key, receipt) = read
        .verify(&challenge, text(asked, "app_id"), text(asked, "key_id"), root.as_bytes())
        .map_err(|e| e.to_string())?;
    Ok(json!({ "public_key": STANDARD.encode(key), "receipt": STANDARD.encode(receipt) }))
}

fn assertion(asked: &Value) -> Result<Value, String> {
    let object = bytes(asked, "assertion");
    let (hash, key) = (bytes(asked, "client_data_hash"), bytes(asked, "public_key"));
    let challenge = bytes(asked, "challenge");
    let challenge = String::from_utf8(challenge).map_err(|e| e.to_string())?;
    let counter = asked["previous_counter"].as_u64().unwrap_or_default() as u32;
    let read = Assertion::from_assertion(&object).map_err(|e| e.to_string())?;
    // That the challenge was issued is for the harness to know: here it is what was issued.
    read.verify(&hash, &challenge, text(asked, "app_id"), &key, counter, &challenge)
        .map_err(|e| e.to_string())?;
    Ok(json!({}))
}

fn answer(asked: &Value) -> Value {
    let found = match text(asked, "op") {
        "hello" => {
            let sut = json!({ "name": "appattest", "version": "0.1", "language": "rust" });
            let caps = json!({ "clock": "system" });
            return json!({ "proto": 1, "profile": "verifier", "sut": sut, "caps": caps });
        }
        "configure" => return json!({ "ok": true }),
        "verify_attestation" => attestation(asked),
        "verify_assertion" => assertion(asked),
        _ => return json!({ "unsupported": true }),
    };
    match found {
        Ok(outputs) => json!({ "verdict": "accept", "outputs": outputs }),
        Err(why) => json!({ "verdict": "reject", "reason": { "text": why } }),
    }
}

fn main() {
    for line in std::io::stdin().lock().lines() {
        let asked: Value = serde_json::from_str(&line.unwrap()).expect("the harness writes JSON");
        let mut said = answer(&asked);
        said["id"] = asked["id"].clone();
        println!("{said}");
        std::io::stdout().flush().unwrap();
    }
}
