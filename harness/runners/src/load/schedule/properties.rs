//! What holds of every schedule, whatever its phases.

use super::super::course::{Burst, Herd, Line, Row, Trace};
use super::super::terms::{Lies, Own};
use super::*;
use simulator::Seed;

fn plan(courses: Vec<Course>, arrivals: Arrivals) -> LoadPlan {
    let mut plan = LoadPlan::steady(1.0, Duration::from_secs(1), Seed::from_text("properties"));
    let phase =
        |(place, course)| PhasePlan { name: format!("phase {place}"), course, own: Own::default() };
    plan.phases = courses.into_iter().enumerate().map(phase).collect();
    plan.arrivals = arrivals;
    plan.users = plan.users_by_default();
    assert_eq!(plan.check(), Ok(()));
    plan
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn ramp(from: f64, to: f64, length: u64) -> Course {
    Course::Lines(vec![Line { from, to, length: seconds(length) }])
}

fn arrivals(plan: &LoadPlan) -> Vec<Arrival> {
    schedule(plan, &Lie::ALL)
}

/// Arrivals in each second.
fn per_second(arrivals: &[Arrival], length: u64) -> Vec<f64> {
    let mut seconds = vec![0.0; length as usize];
    for arrival in arrivals {
        seconds[arrival.second() as usize] += 1.0;
    }
    seconds
}

/// Variance over mean: 1 for independent arrivals.
fn dispersion(counts: &[f64]) -> f64 {
    let mean = counts.iter().sum::<f64>() / counts.len() as f64;
    let squares = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>();
    squares / (counts.len() - 1) as f64 / mean
}

#[test]
fn a_ramp_holds_as_many_arrivals_as_its_integral_up_to_every_second() {
    for (from, to) in [(0.0, 100.0), (100.0, 0.0), (7.0, 93.0), (50.0, 50.0)] {
        let plan = plan(vec![ramp(from, to, 60)], Arrivals::Constant);
        let arrivals = arrivals(&plan);
        for second in 1..=60u64 {
            let t = second as f64;
            let owed = from.mul_add(t, (to - from) * t * t / 120.0);
            let due = arrivals.partition_point(|arrival| arrival.offset() < seconds(second));
            assert!((due as f64 - owed).abs() < 1.001, "{from}→{to}, {second} s: {due}, {owed}");
        }
    }
}

#[test]
fn arrivals_are_in_order_and_in_their_phases_whatever_the_course() {
    let burst = Burst {
        quiet: 5.0,
        busy: 90.0,
        quiet_for: seconds(2),
        busy_for: seconds(1),
        length: seconds(30),
    };
    let herd = Herd { devices: 500, p50: seconds(4), p95: seconds(15), length: seconds(30) };
    let rows = (0..50).map(|n| Row { nanos: n * n * 7_000_000, operation: Operation::Assert });
    let trace = Trace { rows: rows.collect(), devices: 3, speed: 2.0 };
    let spike = Course::Lines(vec![
        Line { from: 10.0, to: 200.0, length: Duration::from_millis(300) },
        Line { from: 200.0, to: 200.0, length: seconds(5) },
        Line { from: 200.0, to: 10.0, length: Duration::from_millis(300) },
    ]);
    for law in [Arrivals::Constant, Arrivals::Poisson] {
        let courses = vec![
            ramp(0.0, 40.0, 10),
            Course::Burst(burst),
            spike.clone(),
            Course::Herd(herd),
            Course::Trace(trace.clone()),
            Course::even(20.0, seconds(5)),
        ];
        let plan = plan(courses, law);
        let arrivals = arrivals(&plan);
        assert!(arrivals.is_sorted_by_key(|arrival| (arrival.nanos, arrival.phase)), "{law:?}");
        for arrival in &arrivals {
            let from: Duration = plan.phases[..arrival.phase()].iter().map(PhasePlan::length).sum();
            let until = from + plan.phases[arrival.phase()].length();
            let within = from <= arrival.offset() && arrival.offset() <= until;
            assert!(within, "{law:?}: {arrival:?} in {from:?}–{until:?}");
        }
        let in_phase = |phase| arrivals.iter().filter(|arrival| arrival.phase() == phase).count();
        assert_eq!(in_phase(4), 50);
        assert!(in_phase(3).abs_diff(500) < if law == Arrivals::Constant { 2 } else { 120 });
    }
}

#[test]
fn what_follows_changes_nothing_of_what_came_before() {
    for law in [Arrivals::Constant, Arrivals::Poisson] {
        let alone = arrivals(&plan(vec![ramp(3.0, 41.0, 17)], law));
        let before = plan(vec![ramp(3.0, 41.0, 17), Course::even(33.0, seconds(9))], law);
        let both = arrivals(&before);
        assert_eq!(both[..alone.len()], alone, "{law:?}");
        assert!(both[alone.len()..].iter().all(|arrival| arrival.phase() == 1));
    }
}

#[test]
fn phases_add_up_to_their_integrals_and_nothing_is_lost_at_their_borders() {
    // Each phase holds a fraction of an arrival more or less: only together they come out even.
    let courses = (0..300).map(|n| Course::even(0.7 + f64::from(n % 3) * 0.1, seconds(1)));
    let plan = plan(courses.collect(), Arrivals::Constant);
    let owed: f64 = plan.phases.iter().map(|phase| phase.course.expected()).sum();
    assert!((arrivals(&plan).len() as f64 - owed).abs() <= 1.0, "{owed}");
}

#[test]
fn bursts_scatter_more_than_independent_arrivals_and_keep_their_mean() {
    let burst = Burst {
        quiet: 20.0,
        busy: 200.0,
        quiet_for: seconds(4),
        busy_for: seconds(1),
        length: seconds(4000),
    };
    let counts = per_second(&arrivals(&plan(vec![Course::Burst(burst)], Arrivals::Constant)), 4000);
    let mean = counts.iter().sum::<f64>() / 4000.0;
    assert!((mean / burst.mean() - 1.0).abs() < 0.15, "{mean}, {}", burst.mean());
    let bursty = dispersion(&counts);
    assert!(bursty > 10.0, "{bursty}");
    let even = Course::even(burst.mean(), seconds(4000));
    let poisson = dispersion(&per_second(&arrivals(&plan(vec![even], Arrivals::Poisson)), 4000));
    // Five standard errors of 4000 seconds: 0.11.
    assert!((poisson - 1.0).abs() < 0.12, "{poisson}");
}

#[test]
fn independent_arrivals_follow_a_ramp() {
    let counts = per_second(&arrivals(&plan(vec![ramp(0.0, 200.0, 100)], Arrivals::Poisson)), 100);
    let (first, second) = counts.split_at(50);
    let (first, second) = (first.iter().sum::<f64>(), second.iter().sum::<f64>());
    // 2500 and 7500, five standard deviations each.
    assert!((first - 2500.0).abs() < 250.0 && (second - 7500.0).abs() < 433.0, "{first} {second}");
}

#[test]
fn a_flood_is_so_many_times_the_honest_load_and_leaves_it_as_it_was() {
    let mut plan = plan(vec![Course::even(400.0, seconds(10))], Arrivals::Constant);
    plan.dishonest = 0.0;
    plan.phases[0].own.flood = 3.0;
    plan.phases[0].own.lies = Some(Lies(vec![(Lie::Replay, 2), (Lie::GarbageAttestation, 1)]));
    assert_eq!(plan.check(), Ok(()));
    let arrivals = arrivals(&plan);
    let told = |lie| arrivals.iter().filter(|arrival| arrival.deed.lie() == lie).count();
    assert_eq!(told(Some(Lie::Replay)), 2000);
    assert_eq!(told(Some(Lie::GarbageAttestation)), 1000);
    let honest: Vec<_> = arrivals.iter().filter(|arrival| arrival.deed.lie().is_none()).collect();
    assert_eq!(honest.len(), 1000);
    for hand in honest.chunks(10) {
        let challenges = hand.iter().filter(|arrival| matches!(arrival.deed, Deed::Challenge(_)));
        assert_eq!(challenges.count(), 5);
    }
    // No second is spared.
    for second in 0..10 {
        let flood = arrivals
            .iter()
            .filter(|arrival| arrival.second() == second && arrival.deed.lie().is_some());
        assert!(flood.count().abs_diff(300) <= 2, "second {second}");
    }
}

#[test]
fn a_phase_with_terms_of_its_own_keeps_them_and_the_next_does_not() {
    let mut plan = plan(
        vec![Course::even(100.0, seconds(4)), Course::even(100.0, seconds(4))],
        Arrivals::Constant,
    );
    plan.phases[0].own.mix = Some(super::super::plan::Mix { attest: 1, assert: 0, challenge: 0 });
    plan.phases[0].own.dishonest = Some(0.5);
    plan.phases[0].own.lies = Some(Lies(vec![(Lie::OtherRoot, 1)]));
    let arrivals = arrivals(&plan);
    let in_phase = |phase| arrivals.iter().filter(move |arrival| arrival.phase() == phase);
    assert_eq!(in_phase(0).filter(|a| a.deed == Deed::Attest(Some(Lie::OtherRoot))).count(), 200);
    assert_eq!(in_phase(0).filter(|a| a.deed == Deed::Attest(None)).count(), 200);
    let lies = in_phase(1).filter(|arrival| arrival.deed.lie().is_some()).count();
    assert!(lies.abs_diff(20) <= 1, "{lies}");
    assert_eq!(in_phase(1).filter(|a| a.deed.operation() == Operation::Challenge).count(), 200);
}

#[test]
fn a_trace_is_played_as_it_was_recorded_and_faster_if_asked() {
    let rows = [(0, Operation::Challenge), (500, Operation::Attest), (2000, Operation::Assert)];
    let rows = rows.map(|(millis, operation)| Row { nanos: millis * 1_000_000, operation });
    let trace = Trace { rows: rows.into(), devices: 2, speed: 4.0 };
    let mut plan = plan(vec![Course::Trace(trace)], Arrivals::Poisson);
    plan.dishonest = 0.0;
    let played: Vec<_> = arrivals(&plan)
        .iter()
        .map(|arrival| (arrival.offset().as_millis(), arrival.deed.operation()))
        .collect();
    assert_eq!(
        played,
        [(0, rows[0].operation), (125, rows[1].operation), (500, rows[2].operation)]
    );
}

#[test]
fn the_same_seed_makes_the_same_bursts() {
    let burst = Burst {
        quiet: 1.0,
        busy: 50.0,
        quiet_for: seconds(2),
        busy_for: seconds(2),
        length: seconds(60),
    };
    let one = plan(vec![Course::Burst(burst)], Arrivals::Poisson);
    let mut other = one.clone();
    assert_eq!(arrivals(&one), arrivals(&one.clone()));
    other.seed = Seed::from_text("another");
    assert_ne!(arrivals(&one), arrivals(&other));
}
