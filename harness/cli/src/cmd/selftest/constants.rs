//! What the report says of the servers that always answer the same.

use record::{Header, Machine, Record, RunFinished, TargetInfo};
use report::Summary;
use runners::selftest::Played;
use runners::selftest::gate::Told;

/// Folds the record of each constant server as that of any other.
pub(super) fn told(played: &Played) -> Vec<Told> {
    played
        .constants
        .iter()
        .map(|(constant, events)| {
            let record = Record {
                header: header(constant.as_str()),
                events: events.clone(),
                finished: Some(RunFinished { interrupted: false, exit_code: 1 }),
            };
            let summary = Summary::fold(&record);
            let score = summary.headline.interoperability;
            Told {
                constant: *constant,
                word: summary.constant.map(|word| word.as_str().to_owned()),
                served: score.of_cases.saturating_sub(score.in_cases),
            }
        })
        .collect()
}

fn header(name: &str) -> Header {
    Header {
        schema: Header::SCHEMA,
        assay: String::new(),
        command: String::new(),
        seed: String::new(),
        started: String::new(),
        target: TargetInfo { name: name.to_owned(), ..TargetInfo::default() },
        machine: Machine::default(),
    }
}
