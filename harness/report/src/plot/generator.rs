//! The generator itself: how late it was, what it waited for, how busy it was.

use super::bins::bins;
use super::columns::columns;
use super::palette::{BLUE, GREEN, INK, ORANGE, VERMILION};
use super::pen::Plot;
use super::series::Stroke;
use super::strip::{Axis, Strip, Track, line};
use crate::summary::Load;
use crate::text::count;
use record::Histogram;

pub(super) const NAME: &str = "generator";
pub(super) const TITLE: &str = "Generator: lag, queue, CPU and requests in flight";

/// One panel each for what was recorded.
pub(super) fn plot(load: &Load) -> Plot {
    let mut caption =
        "The generator’s own part. Lag is from the moment a request should have been sent to \
                       the moment it was; response times contain it, service times do not."
            .to_owned();
    let mut tracks = vec![lag(load)];
    if load.generator.is_empty() {
        caption.push_str(" Nothing else of the generator was recorded in this run.");
    } else {
        let [queue, cpu, in_flight] = watched(load);
        if cpu.is_empty() {
            caption.push_str(" Its CPU could not be seen on this machine.");
        }
        tracks.extend([queue, cpu, in_flight].into_iter().filter(|track| !track.is_empty()));
    }
    Strip::over_all(load, tracks).plot((NAME, TITLE), caption, load)
}

fn lag(load: &Load) -> Track {
    let bins = bins(load, 240);
    let of = |share: f64| {
        let filled = bins.iter().filter(|bin| bin.lags.count() > 0);
        let value = move |times: &Histogram| Some(times.quantile(share) as f64);
        filled.map(move |bin| (bin.phase, bin.middle(), value(&bin.lags)))
    };
    let series = vec![
        line("p50", BLUE, Stroke::Dashed, of(0.5)),
        line("p99", ORANGE, Stroke::Solid, of(0.99)),
        line("max", INK, Stroke::Dotted, of(1.0)),
    ];
    Track::new("Lag of the send (log scale)", Axis::Durations, series)
}

fn watched(load: &Load) -> [Track; 3] {
    let columns = columns(load, &load.generator, |second| second.second, 240);
    let sum = |column: &super::columns::Column<'_, crate::summary::GeneratorSecond>| {
        let mut sum = Histogram::default();
        for second in &column.seconds {
            sum.add(&second.queues);
        }
        sum
    };
    let queues: Vec<Histogram> = columns.iter().map(sum).collect();
    let queue = |share: f64| {
        columns.iter().zip(&queues).map(move |(column, times)| {
            let value = (times.count() > 0).then(|| times.quantile(share) as f64);
            (column.phase, column.middle(), value)
        })
    };
    let cpu = columns
        .iter()
        .map(|column| (column.phase, column.middle(), column.mean(|second| second.cpu_share)));
    let hottest = columns
        .iter()
        .map(|column| (column.phase, column.middle(), column.most(|second| second.hottest_thread)));
    let steal = columns
        .iter()
        .map(|column| (column.phase, column.middle(), column.most(|second| second.steal_share)));
    let mean = columns.iter().map(|column| {
        (column.phase, column.middle(), column.mean(|second| Some(second.in_flight_mean)))
    });
    let most = columns.iter().map(|column| {
        let value = column.most(|second| Some(second.in_flight_max as f64));
        (column.phase, column.middle(), value)
    });
    let users = format!("Requests in flight, of {} users", count(load.users as u64));
    [
        Track::new(
            "From release to a free user (log scale)",
            Axis::Durations,
            vec![
                line("p50", BLUE, Stroke::Dashed, queue(0.5)),
                line("p99", ORANGE, Stroke::Solid, queue(0.99)),
            ],
        ),
        Track::new(
            "CPU in cores: the process, its busiest thread, and what was stolen from the machine",
            Axis::FromZero,
            vec![
                line("process", BLUE, Stroke::Solid, cpu),
                line("one thread", ORANGE, Stroke::Dashed, hottest),
                line("stolen", VERMILION, Stroke::Dotted, steal),
            ],
        ),
        Track::new(
            &users,
            Axis::FromZero,
            vec![line("mean", GREEN, Stroke::Solid, mean), line("most", INK, Stroke::Dotted, most)],
        ),
    ]
}
