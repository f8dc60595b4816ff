//! An adapter between Assay and the crate appattest-rs: one JSON object a line, each answered once.
//!
//! The crate fetches Apple's root for each attestation, so those made under a test root are not its
//! to judge and nothing may be fetched: the adapter offers assertions only, and says so in its caps.

use appattest_rs::assertion::Assertion;
use base64::{engine::general_purpose::STANDARD, Engine};
use serde_json::{json, Value};
use std::io::{BufRead, Write};

fn text<'a>(asked: &'a Value, name: &str) -> &'a str {
    asked[name].as_str().unwrap_or_default()
}

fn bytes(asked: &Value, name: &str) -> Vec<u8> {
    STANDARD.decode(text(asked, name)).expect("the harness writes base64")
}

fn assertion(asked: &Value) -> Result<Value, String> {
    let challenge = String::from_utf8(bytes(asked, "challenge")).map_err(|e| e.to_string())?;
    let counter = asked["previous_counter"].as_u64().unwrap_or_default() as u32;
    let read = Assertion::from_base64(text(asked, "assertion")).map_err(|e| e.to_string())?;
    let (client_data, key) = (bytes(asked, "client_data"), bytes(asked, "public_key"));
    // That the challenge was issued is for the harness to know: here it is what was issued.
    read.verify(client_data, text(asked, "app_id"), key, counter, &challenge)
        .map_err(|e| e.to_string())?;
    Ok(json!({}))
}

fn answer(asked: &Value) -> Value {
    match text(asked, "op") {
        "hello" => {
            let sut = json!({ "name": "appattest-rs", "version": "0.1", "language": "rust" });
            let caps = json!({ "ops": ["verify_assertion"], "clock": "system" });
            json!({ "proto": 1, "profile": "verifier", "sut": sut, "caps": caps })
        }
        "configure" => json!({ "ok": true }),
        "verify_assertion" => match assertion(asked) {
            Ok(outputs) => json!({ "verdict": "accept", "outputs": outputs }),
            Err(why) => json!({ "verdict": "reject", "reason": { "text": why } }),
        },
        _ => json!({ "unsupported": true }),
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
