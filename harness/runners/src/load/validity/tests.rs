//! The verdict on a generator, from windows as it records them.

use super::*;
use record::Histogram;
use simulator::Seed;

fn lag(of: &[(u64, u64)]) -> Histogram {
    let mut lag = Histogram::default();
    for &(times, micros) in of {
        (0..times).for_each(|_| lag.record(micros));
    }
    lag
}

fn around() -> Surroundings {
    Surroundings { cores: 1, highest_rate: 10.0, ..Surroundings::default() }
}

fn measured(edit: impl FnOnce(&mut LoadWindow)) -> Vec<ValidityCheck> {
    of_plan(edit, |_| {})
}

fn of_plan(
    edit: impl FnOnce(&mut LoadWindow),
    replan: impl FnOnce(&mut LoadPlan),
) -> Vec<ValidityCheck> {
    let lag = lag(&[(1000, 100)]);
    let mut window = LoadWindow {
        phase: "10/s".to_owned(),
        second: 0,
        operation: "challenge".to_owned(),
        honest: true,
        offered: 1000,
        sent: 1000,
        dropped: 0,
        classes: [("right".to_owned(), 1000)].into(),
        response: lag.clone(),
        service: lag.clone(),
        lag,
        by_class: std::collections::BTreeMap::default(),
    };
    edit(&mut window);
    let mut plan = LoadPlan::steady(10.0, Duration::from_secs(1), Seed::from_text("valid"));
    replan(&mut plan);
    let mut validity = Validity::new(&plan);
    validity.add(&window);
    let in_flight = Second {
        second: 0,
        in_flight_mean: window.service.mean() * window.service.count() as f64 / 1e6,
        in_flight_max: 1,
        free_users_min: 1,
        queue_us: Histogram::default(),
        backlog_max: 0,
    };
    validity.add_second(&in_flight, &Strain::default());
    validity.checks(&Tallied::default(), &around())
}

#[test]
fn a_punctual_generator_is_valid() {
    let checks = measured(|_| {});
    assert_eq!(breaches(&checks), Vec::<String>::new());
    assert_eq!(remarks(&checks), Vec::<String>::new());
    let names: std::collections::BTreeSet<_> = checks.iter().map(|check| &check.check).collect();
    assert_eq!(names.len(), checks.len(), "each check stands once: {checks:?}");
    assert!(checks.iter().all(|check| !check.remedy.is_empty() && !check.blame.is_empty()));
}

#[test]
fn a_burst_of_lag_is_remarked_and_lag_throughout_makes_it_invalid() {
    let burst = measured(|window| window.lag = lag(&[(980, 100), (20, 60_000)]));
    assert_eq!(breaches(&burst), Vec::<String>::new());
    let told = remarks(&burst);
    assert!(told[0].contains("99.9 %") && told[0].contains("60 ms in phase 10/s"), "{told:?}");
    let late = measured(|window| window.lag = lag(&[(800, 100), (200, 250_000)]));
    let breaches = breaches(&late);
    assert_eq!(breaches.len(), 2, "{breaches:?}");
    assert!(breaches[0].contains("90 %") && breaches[0].contains("(limit: 10 ms)"));
    assert!(breaches[1].contains("250 ms in phase") && breaches[1].contains("(limit: 100 ms)"));
}

#[test]
fn what_is_not_measured_is_in_the_books_and_held_against_nobody() {
    let late = |window: &mut LoadWindow| window.lag = lag(&[(1000, 250_000)]);
    let checks = of_plan(late, |plan| plan.phases[0].own.unmeasured = true);
    let little = checks.iter().find(|check| check.check.contains("Little")).expect("it is checked");
    assert_eq!(little.standing, CheckStanding::Holds, "{little:?}");
    assert!(!breaches(&checks).iter().any(|words| words.contains("lag")), "{checks:?}");
    assert!(breaches(&measured(late)).iter().any(|words| words.contains("lag")));
}

#[test]
fn arrivals_given_up_make_it_invalid() {
    let given_up = measured(|window| {
        let timed = lag(&[(998, 100)]);
        (window.dropped, window.sent) = (2, 998);
        window.classes.insert("right".to_owned(), 998);
        (window.lag, window.response, window.service) = (timed.clone(), timed.clone(), timed);
    });
    let breaches = breaches(&given_up);
    assert_eq!(breaches.len(), 2, "{breaches:?}");
    assert!(breaches[0].contains("given up by the generator: 2 of 1000, most of them in phase"));
    assert!(breaches[1].contains("share of arrivals sent: 99.80 %"), "{breaches:?}");
}

#[test]
fn books_that_do_not_balance_are_a_fault_of_ours() {
    let lost = measured(|window| {
        window.classes.insert("right".to_owned(), 998);
    });
    let breaches = breaches(&lost);
    assert_eq!(breaches.len(), 1);
    assert!(breaches[0].contains("998 classified"), "{breaches:?}");
    assert!(breaches[0].contains("fault of the harness"), "{breaches:?}");
}

#[test]
fn a_generator_that_stood_still_or_signed_too_slowly_is_told() {
    let plan = LoadPlan::steady(10.0, Duration::from_secs(1), Seed::from_text("valid"));
    let told = |tallied: Tallied| breaches(&Validity::new(&plan).checks(&tallied, &around()));
    let stood = Tallied { longest_stop: Duration::from_millis(300), ..Tallied::default() };
    assert!(told(stood)[0].contains("longest stop of the generator: 300 ms"), "{:?}", told(stood));
    let hiccup = Tallied { longest_stop: Duration::from_millis(60), ..Tallied::default() };
    assert_eq!(told(hiccup), Vec::<String>::new());
    let slow = Tallied { not_ready: 5, ..Tallied::default() };
    assert!(told(slow)[0].contains("requests not ready"), "{:?}", told(slow));
}
