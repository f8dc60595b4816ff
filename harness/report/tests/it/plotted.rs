//! What the plots of a load show, and that what cannot be drawn is said.

use crate::rendered::read_xml;
use crate::{fixture, loads};
use record::Record;
use report::summary::{Figure, Turn};
use report::{Summary, plot, render, render_all};

const ALWAYS: [&str; 5] = ["rate", "wrong", "latency", "percentiles", "generator"];

fn names(record: &Record) -> Vec<String> {
    plot::all(&Summary::fold(record)).into_iter().map(|plot| plot.name).collect()
}

/// The page and the Markdown of a summary: what people read.
fn pages(summary: &Summary) -> [String; 2] {
    [render::html(summary), render::markdown(summary)]
}

/// One plot of the first load.
fn drawn(summary: &Summary, name: &str) -> plot::Plot {
    let plots = plot::of_load(&summary.load[0]);
    plots.into_iter().find(|plot| plot.name == name).expect("it is drawn")
}

/// Cells of a table without quotes in it.
fn cells(csv: &str) -> Vec<Vec<&str>> {
    csv.lines().map(|line| line.split(',').collect()).collect()
}

#[test]
fn each_load_has_the_plots_that_it_has_data_for() {
    let with = |more: &[&str]| -> Vec<String> {
        ALWAYS.iter().chain(more).map(|name| (*name).to_owned()).collect()
    };
    assert_eq!(names(&fixture::load_only()), with(&[]));
    assert_eq!(names(&loads::overload()), with(&["recovery"]));
    assert_eq!(names(&loads::soak()), with(&["soak"]));
    // The launch has long phases at one rate too.
    assert_eq!(names(&loads::launch()), with(&["soak", "fleet", "attested", "retries"]));
}

#[test]
fn what_is_not_drawn_is_said_with_its_reason() {
    let load = |record: &Record| Summary::fold(record).load.remove(0);
    for record in [fixture::load_only(), loads::overload(), loads::soak(), loads::launch()] {
        let load = load(&record);
        let absent = plot::absent(&load);
        assert_eq!(absent.len() + plot::titles(&load).len(), 10, "drawn or said");
        for text in pages(&Summary::fold(&record)) {
            for (title, why) in &absent {
                assert!(text.contains(&format!("{title}: {why}.")), "{title}");
            }
            for (_, title) in plot::titles(&load) {
                assert!(!text.contains(&format!("{title}: ")), "{title}");
            }
        }
    }
    let why: Vec<String> =
        plot::absent(&load(&fixture::load_only())).into_iter().map(|(_, why)| why).collect();
    assert!(why.iter().any(|why| why == "no fleet of devices in this run"), "{why:?}");
}

#[test]
fn beside_each_plot_lies_its_data() {
    for record in [fixture::red(), loads::overload(), loads::soak(), loads::launch()] {
        for plot::Plot { name, csv, .. } in plot::all(&Summary::fold(&record)) {
            let rows = cells(&csv);
            assert!(rows.len() > 1, "{name} has data");
            if !csv.contains('"') {
                assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{name}");
            }
            assert!(!csv.contains("NaN") && !csv.contains("inf"), "{name}");
        }
    }
    let files: Vec<String> =
        render_all(&fixture::load_only()).into_iter().map(|(name, _)| name).collect();
    for name in ALWAYS {
        for ending in ["svg", "csv"] {
            assert!(files.contains(&format!("plots/{name}.{ending}")), "{name}.{ending}");
        }
    }
}

#[test]
fn the_data_adds_up_to_the_summary() {
    let summary = Summary::fold(&loads::overload());
    let load = &summary.load[0];
    let csv = drawn(&summary, "rate").csv;
    let rows = cells(&csv);
    let sum = |name: &str| -> u64 {
        let column = rows[0].iter().position(|cell| *cell == name).expect(name);
        rows[1..].iter().map(|row| row[column].parse::<u64>().unwrap()).sum()
    };
    assert_eq!(sum("offered"), load.offered);
    assert_eq!(sum("sent"), load.sent);
    let of = |class: &str| load.classes.get(class).copied().unwrap_or_default();
    assert_eq!(sum("right"), of("right"));
    assert_eq!(sum("shed"), of("shed"));
    assert_eq!(sum("wrong"), load.correctness.false_accepts);
    assert!(of("shed") > 0 && load.correctness.false_accepts > 0, "the fixture has both");
    let csv = drawn(&summary, "latency").csv;
    let rows = cells(&csv);
    let answers: u64 = rows[1..].iter().map(|row| row[5].parse::<u64>().unwrap()).sum();
    assert_eq!(answers, load.sent, "each answer is in one cell");
}

#[test]
fn every_plot_is_well_formed_and_says_what_its_axes_are() {
    for record in [fixture::red(), loads::overload(), loads::soak(), loads::launch()] {
        for plot in plot::all(&Summary::fold(&record)) {
            let text = plot.standalone();
            let (elements, _) = read_xml(&text);
            assert!(elements > 20, "{}", plot.name);
            assert!(!plot.caption.is_empty(), "{} says how to read it", plot.name);
            let axis = match plot.name.as_str() {
                "percentiles" => "share of requests",
                "wrong" => "rate of wrong answers",
                "attested" => "since waking up",
                _over_time => "seconds since the start",
            };
            assert!(text.split('\n').collect::<String>().contains(axis), "{}", plot.name);
        }
    }
}

#[test]
fn no_line_leads_from_one_phase_into_the_next() {
    let summary = Summary::fold(&loads::overload());
    let ends = [20.0, 50.0];
    // Seconds lie between these pixels, in quarters, of a strip over 110 seconds.
    let across = |second: f64| (64.0 + second / 110.0 * (800.0 - 64.0)) * 4.0;
    let text = drawn(&summary, "generator").standalone();
    let mut lines = 0;
    for points in text.split("points=\"").skip(1) {
        let places: Vec<f64> = points
            .split('"')
            .next()
            .unwrap()
            .split_whitespace()
            .map(|point| point.split(',').next().unwrap().parse().unwrap())
            .collect();
        // Axes and grid have two points.
        if places.len() < 3 {
            continue;
        }
        lines += 1;
        for end in ends.map(across) {
            let before = places.iter().any(|x| *x < end - 2.0);
            let after = places.iter().any(|x| *x > end + 2.0);
            assert!(!(before && after), "{places:?} crosses {end}");
        }
    }
    assert!(lines >= 12, "four panels with lines in three phases: {lines}");
}

#[test]
fn a_server_comes_back_when_its_backlog_is_gone() {
    let summary = Summary::fold(&loads::overload());
    let recovery = &summary.load[0].recoveries[0];
    assert_eq!((recovery.from.as_str(), recovery.to.as_str()), ("too-much", "after"));
    // Some 7,000 requests wait at the drop, and 320 more a second are answered than arrive.
    let after = recovery.recovered_after_s.expect("it comes back");
    assert!((18..=28).contains(&after), "{after}");
    let [page, _] = pages(&summary);
    assert!(page.contains(&format!("the server was well again after {after} s")), "in the page");

    // Watched for six seconds after it is well, which is less than half of the phase.
    let brief =
        Summary::fold(&loads::overload_watched_briefly()).load.remove(0).recoveries.remove(0);
    assert_eq!((brief.held_s, brief.recovered_after_s), (10, None), "not well for long enough");

    let stuck = Summary::fold(&loads::overload_without_relief()).load.remove(0);
    assert_eq!(stuck.recoveries[0].recovered_after_s, None, "the backlog hardly shrinks");
}

#[test]
fn what_a_server_recovers_from_is_apples_return_and_not_its_absence() {
    let summary = Summary::fold(&loads::outage());
    let [recovery] = &summary.load[0].recoveries[..] else { panic!("one of two changes") };
    assert_eq!((recovery.turn, recovery.to.as_str()), (Turn::AppleBack, "after"));
    assert_eq!(recovery.calm.as_deref(), Some("before"), "not what was calm for want of Apple");
    assert_eq!(recovery.recovered_after_s, Some(0));
    let told = "After Apple came back (after), the server was well at once.";
    assert!(pages(&summary).iter().all(|text| text.contains(told)));
    assert!(drawn(&summary, "recovery").standalone().contains("Apple is back"));
}

#[test]
fn what_creeps_has_a_slope_and_what_does_not_has_none() {
    let summary = Summary::fold(&loads::soak());
    let load = &summary.load[0];
    let trend = |what: Figure| {
        load.trends.iter().find(|trend| trend.what == what).unwrap_or_else(|| panic!("{what:?}"))
    };
    let memory = trend(Figure::TargetMemory);
    assert!(memory.low < 75.6 && memory.high > 75.6 && memory.is_sure(), "{memory:?}");
    assert!(trend(Figure::ResponseP99).low > 0.0, "requests get slower");
    assert!(!trend(Figure::TargetCpu).is_sure(), "CPU stays where it is");
    assert_eq!(trend(Figure::ResponseP99).phase, "soak");
    let words = "memory of the server, MB: +7";
    assert!(pages(&summary).iter().all(|text| text.contains(words)));
}

#[test]
fn a_fleet_is_told_in_full() {
    let summary = Summary::fold(&loads::launch());
    let load = &summary.load[0];
    let fleet = load.fleet.as_ref().expect("it has one");
    let whole = |states: &std::collections::BTreeMap<String, u64>| states.values().sum::<u64>();
    assert!(fleet.seconds.iter().all(|second| whole(&second.states) == 20_000));
    assert!(fleet.amplification.expect("something was wanted") > 1.2);
    assert!(fleet.attested.n > 10_000 && fleet.too_late > 0);
    for text in pages(&summary) {
        for part in [
            "woke up to attest",
            "by the policy “firebase”",
            "after their challenge had expired",
            "documented",
            "Preparing to use the App Attest service",
        ] {
            assert!(text.contains(part), "{part}");
        }
    }
    let csv = drawn(&summary, "attested").csv;
    let last = csv.lines().rfind(|line| line.starts_with("attested,")).expect("a curve");
    let share: f64 = last.rsplit(',').next().unwrap().parse().unwrap();
    let awake = (fleet.attested.n + fleet.unattested) as f64;
    assert!((share - fleet.attested.n as f64 / awake).abs() < 1e-5, "ends at the share attested");
}

#[test]
fn checks_of_validity_stand_before_the_figures() {
    let summary = Summary::fold(&loads::overload());
    let [page, markdown] = pages(&summary);
    let at = |part: &str| page.find(part).unwrap_or_else(|| panic!("{part}"));
    assert!(at("Whether the measurement is valid") < at("aria-label=\"Phases\""));
    for part in ["Little’s law", "88 %", "at most 85 %", "machine: give the generator"] {
        assert!(page.contains(part), "{part}");
    }
    assert!(page.contains("cannot be seen on this machine"));
    assert!(markdown.contains("| hottest thread | 88 % | at most 85 % | ! remark |"), "{markdown}");
    let json: serde_json::Value = serde_json::from_str(&render::json(&summary)).unwrap();
    assert_eq!(json["load"][0]["checks"][3]["standing"], "remark");
}

#[test]
fn probes_of_the_audit_count_for_the_bound() {
    let summary = Summary::fold(&loads::soak());
    let load = &summary.load[0];
    assert_eq!(load.correctness.dishonest, 4_000, "more than the windows hold");
    assert_eq!(load.correctness.false_accepts_below, Some(3.0 / 4_000.0));
    let [page, _] = pages(&summary);
    assert!(page.contains("0 wrong accepts in 4,000 dishonest requests: below 0.075 %"), "{page}");
    let text = drawn(&summary, "wrong").standalone();
    assert!(text.split('\n').collect::<String>().contains("none in 4,000: below 0.075 %"));
}

#[test]
fn times_of_what_was_turned_away_do_not_hide_those_of_what_was_served() {
    let summary = Summary::fold(&loads::overload());
    let load = &summary.load[0];
    let of = |class: &str| {
        load.by_class.iter().find(|row| row.phase == "too-much" && row.class == class).unwrap()
    };
    let (right, shed) = (of("right"), of("shed"));
    assert!(right.response.p50_us > 10 * shed.response.p50_us, "{right:?} {shed:?}");
    for phase in load.phases.iter().filter(|phase| phase.classes.len() > 1) {
        let rows = load.by_class.iter().filter(|row| row.phase == phase.name);
        assert_eq!(rows.map(|row| row.response.n).sum::<u64>(), phase.sent, "{}", phase.name);
    }
    let quiet = load.phases.iter().find(|phase| phase.classes.len() == 1);
    let told = |name: &str| load.by_class.iter().any(|row| row.phase == name);
    assert!(quiet.is_none_or(|phase| !told(&phase.name)), "one class is what stands in the phase");
    assert!(render::html(&summary).contains("Times by class of answer"));
    assert!(!render::html(&Summary::fold(&loads::soak())).contains("Times by class of answer"));
}

#[test]
fn a_promise_is_drawn_where_it_binds() {
    let summary = Summary::fold(&loads::overload());
    let text = |name: &str| drawn(&summary, name).standalone().replace('\n', "");
    assert!(text("latency").contains("p99 of assert ≤ 250 ms"), "a limit is named beside its line");
    assert!(drawn(&summary, "percentiles").caption.contains("⊥ marks a promise"));
    let mut silent = loads::overload();
    for event in &mut silent.events {
        if let record::EventKind::LoadStarted(started) = &mut event.kind {
            started.promises.clear();
        }
    }
    let silent = Summary::fold(&silent);
    assert!(!drawn(&silent, "latency").standalone().contains("p99 of assert"));
    assert!(!drawn(&silent, "percentiles").caption.contains("promise"));
}

#[test]
fn an_earlier_run_lies_beneath_the_percentiles_of_the_same_phases_and_operations() {
    let record = fixture::load_only();
    let mut summary = Summary::fold(&record);
    let alone = drawn(&summary, "percentiles");
    summary.beside(&Summary::fold(&record));
    let both = drawn(&summary, "percentiles");
    let rows = cells(&both.csv);
    assert_eq!(rows[0].last(), Some(&"earlier_response_us"));
    assert!(rows.len() > 1 && rows[1..].iter().all(|row| row[3] == row[5]), "of the same run");
    assert!(both.caption.contains("of the earlier run"), "{}", both.caption);
    assert!(both.standalone().contains("response, earlier run"));
    assert!(!alone.standalone().contains("earlier"));

    summary.beside(&Summary::fold(&loads::overload()));
    let apart = drawn(&summary, "percentiles");
    assert_eq!(apart.csv, alone.csv);
    assert!(apart.caption.contains("had none of these phases"), "{}", apart.caption);
}
