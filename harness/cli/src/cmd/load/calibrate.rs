//! `assay load calibrate`: what this machine's load generator can do at most.

use crate::args::CalibrateArgs;
use crate::calibration::{self, Calibration, Fingerprint, Floor, SCHEMA, Tried};
use crate::console::write_line;
use crate::exit_code::{ExitCode, Failed};
use crate::folder::chain;
use crate::interrupt::StopFlag;
use crate::output::print;
use crate::prepared::reference_file;
use crate::reference::Reference;
use jiff::Timestamp;
use record::{Event, EventKind, Histogram, Sink};
use runners::load::calibrate::{Search, Trial};
use runners::load::{self, LoadError, LoadPlan, Mix};
use simulator::{Authority, Seed};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use targets::TargetFile;

/// Requests a second at which the floor is measured: next to nothing waits for anything.
const FLOOR_RATE: f64 = 100.0;
/// The first rate of the search.
const FIRST: f64 = 500.0;
/// An answer that takes longer says that something is full; it also bounds the users it takes.
const TIMEOUT: Duration = Duration::from_millis(250);
/// Challenges outlive every trial.
const LIFETIME: Duration = Duration::from_mins(5);

/// Measures floor and ceiling against the null server, prints and keeps them.
pub(crate) fn calibrate(
    args: &CalibrateArgs,
    stop: &StopFlag,
    now: Timestamp,
) -> Result<ExitCode, Failed> {
    let path = args.calibration.clone().unwrap_or_else(calibration::default_place);
    let scratch = std::env::temp_dir().join(format!("assay-null-{}.log", std::process::id()));
    let server = Reference::start(&["--null".to_owned()], &scratch)?;
    let file = reference_file(&server.url, LIFETIME)?;
    let [attest, assert, challenge] = args.mix.0;
    let bench = Bench {
        file,
        mix: Mix { attest, assert, challenge },
        hold: args.hold,
        authority: Authority::new(&Seed::from_text("calibration"), now),
        stop,
    };
    let measured = measure(&bench, args.highest);
    drop(server);
    // It holds what the server complained about; once it has ended well, nobody asks.
    let _ = std::fs::remove_file(&scratch);
    let Some((floor, ceiling, trials)) = measured? else {
        return Ok(ExitCode::Interrupted);
    };
    let Some(ceiling) = ceiling else {
        write_line("no rate was kept: this machine is too busy to measure anything now");
        return Ok(ExitCode::InvalidMeasurement);
    };
    let calibration = Calibration {
        schema: SCHEMA,
        fingerprint: Fingerprint::here(),
        measured: now.to_string(),
        mix: bench.mix.words(),
        floor,
        ceiling,
        trials,
    };
    calibration::write(&path, &calibration)?;
    if args.json {
        print(&serde_json::to_string(&calibration).expect("it has no maps with odd keys"));
    } else {
        print(&words(&calibration));
        print(&format!("kept in {}", path.display()));
    }
    Ok(ExitCode::Ok)
}

/// Everything the trials share.
struct Bench<'s> {
    file: TargetFile,
    mix: Mix,
    hold: Duration,
    authority: Authority,
    stop: &'s StopFlag,
}

/// Floor, ceiling if there is one, and all trials; `None` if the user stopped it.
type Measured = Option<(Floor, Option<f64>, Vec<Tried>)>;

fn measure(bench: &Bench<'_>, highest: f64) -> Result<Measured, Failed> {
    let mut trials = Vec::new();
    let floor = bench.trial(FLOOR_RATE, 0)?;
    write_line(&line(&floor));
    let mut search = Search::new(FIRST, highest);
    while let Some(rate) = search.next() {
        let tried = bench.trial(rate, trials.len() as u64 + 1)?;
        if bench.stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        write_line(&line(&tried));
        search.learn(&Trial { rate, kept: tried.kept });
        trials.push(tried);
    }
    let floor = Floor { rate: FLOOR_RATE as u64, p50_us: floor.p50_us, p99_us: floor.p99_us };
    Ok(Some((floor, search.ceiling(), trials)))
}

impl Bench<'_> {
    /// One load at one rate. The null server remembers nothing, but each trial is a run of its own.
    fn trial(&self, rate: f64, number: u64) -> Result<Tried, Failed> {
        let mut plan = LoadPlan::steady(rate, self.hold, Seed::from_text("calibration"));
        plan.mix = self.mix;
        // The null server takes lies for truth, so none are told.
        plan.dishonest = 0.0;
        plan.timeout = TIMEOUT;
        plan.users = plan.users_by_default();
        plan.check()
            .map_err(|error| Failed::usage(format_args!("this cannot be measured: {error}")))?;
        let setting = load::Setting {
            began: Instant::now(),
            session: number,
            repeat: "assay load calibrate".to_owned(),
            allow_public: false,
            calibrated: None,
            dashboard: None,
        };
        let mut times = Times::default();
        let (file, authority) = (&self.file, &self.authority);
        let report =
            load::run(&plan, file, authority, &setting, &mut times, self.stop, &mut |_| {});
        let (complete, why) = match report {
            Ok(report) => {
                let mut why = report.invalid;
                if report.undecided > 0 || report.wrong > 0 {
                    why.push(format!(
                        "{} answers did not come and {} were wrong",
                        report.undecided, report.wrong
                    ));
                }
                (report.complete, why)
            }
            // Where not even devices get in within the timeout, the rate is not kept either.
            Err(LoadError::Muster(error)) => (false, vec![chain(&error)]),
            Err(error) => return Err(Failed::new(ExitCode::Internal, chain(&error))),
        };
        Ok(Tried {
            rate,
            kept: why.is_empty() && complete,
            p50_us: times.response.quantile(0.5),
            p99_us: times.response.quantile(0.99),
            lag_p99_us: times.lag.quantile(0.99),
            why,
        })
    }
}

/// Keeps the times of a load and nothing else.
#[derive(Debug, Default)]
struct Times {
    response: Histogram,
    lag: Histogram,
}

impl Sink for Times {
    fn emit(&mut self, event: &Event) {
        if let EventKind::LoadWindow(window) = &event.kind {
            self.response.add(&window.response);
            self.lag.add(&window.lag);
        }
    }
}

fn line(tried: &Tried) -> String {
    let Tried { rate, kept, p50_us, p99_us, lag_p99_us, why } = tried;
    let outcome = match why.first() {
        None if *kept => "kept".to_owned(),
        None => "cut short".to_owned(),
        Some(why) => format!("not kept: {why}"),
    };
    format!(
        "{rate:>8.0}/s  response p50 {:.2} ms, p99 {:.2} ms  lag p99 {:.2} ms  {outcome}",
        *p50_us as f64 / 1e3,
        *p99_us as f64 / 1e3,
        *lag_p99_us as f64 / 1e3
    )
}

fn words(calibration: &Calibration) -> String {
    let Calibration { floor, ceiling, mix, .. } = calibration;
    format!(
        "floor    response p50 {:.2} ms, p99 {:.2} ms at {}/s: no figure of a target on this \
         machine can be lower\n\
         ceiling  {ceiling:.0}/s with a valid verdict ({mix}); a run above half of it is told so",
        floor.p50_us as f64 / 1e3,
        floor.p99_us as f64 / 1e3,
        floor.rate
    )
}
