//! The badge says in two words what the report says.

use crate::fixture;
use crate::rendered::{file, read_xml};
use record::Record;
use serde_json::Value;

#[test]
fn a_badge_says_the_standing_and_what_it_rests_on() {
    let check = |record: &Record, message: &str, colour: &str| {
        let badge: Value = serde_json::from_str(&file(record, "badge.json")).unwrap();
        assert_eq!(badge["schemaVersion"], 1);
        assert_eq!(badge["label"], "App Attest");
        assert_eq!(badge["message"], message);
        assert_eq!(badge["color"], colour);
        let drawing = file(record, "badge.svg");
        read_xml(&drawing);
        assert!(drawing.contains(&format!(">{message}</text>")), "{drawing}");
        assert!(drawing.contains(&format!("<title>App Attest: {message}</title>")), "{drawing}");
        assert!(drawing.contains(&format!("fill=\"#{colour}\"")), "{drawing}");
    };
    check(&fixture::green(), "holds, 9 cases", "00694d");
    check(&fixture::red(), "broken, 2 holes", "b3300c");
    check(&fixture::killed(), "incomplete", "855600");
    check(&fixture::load_only(), "holds under load", "00694d");
}

#[test]
fn no_badge_is_a_percentage_and_none_says_what_a_server_said() {
    for record in [fixture::green(), fixture::red(), crate::hostile::record()] {
        for name in ["badge.json", "badge.svg"] {
            let text = file(&record, name);
            assert!(!text.contains('%') && !text.contains("PWN"), "{text}");
        }
    }
}
