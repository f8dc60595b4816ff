//! What is listed and printed, and not run.

use crate::context::Context;

#[test]
fn the_coverage_adds_up() {
    let context = Context::new();
    let told = context.run(&["list", "--coverage"]).ends_with(0).stdout;
    let numbers = |line: &str| -> Vec<u32> {
        line.split_whitespace().skip(1).take(4).map(|word| word.parse().unwrap()).collect()
    };
    let mut lines = told.lines().skip(1);
    let mut sums = vec![0; 4];
    let all = loop {
        let line = lines.next().expect("a line for all families comes last");
        if line.starts_with("all ") {
            break numbers(line);
        }
        for (sum, number) in sums.iter_mut().zip(numbers(line)) {
            *sum += number;
        }
    };
    assert_eq!(all, sums, "{told}");
    assert!(all[0] > 300 && all[1] > 200, "{told}");
    let json = context.run(&["list", "--coverage", "--json"]).ends_with(0).stdout;
    let covered = |line: &&str| line.contains(r#""standing":"covered""#);
    assert_eq!(json.lines().count(), all[0] as usize);
    assert_eq!(json.lines().filter(covered).count(), all[1] as usize);
}

#[test]
fn the_schema_is_printed_as_it_is_committed() {
    let told = Context::new().run(&["schema", "cases"]).ends_with(0).stdout;
    let committed = include_str!("../../../../corpora/schema/cases.schema.json");
    assert!(told == committed, "cargo run -- schema cases > corpora/schema/cases.schema.json");
}

#[test]
fn a_case_is_shown_with_what_to_do() {
    let told = Context::new().run(&["show", "nonce.other-challenge"]).ends_with(0).stdout;
    for part in ["must be    reject", "breaks     att.nonce", "why ", "fix ", "twin "] {
        assert!(told.contains(part), "no `{part}` in: {told}");
    }
}
