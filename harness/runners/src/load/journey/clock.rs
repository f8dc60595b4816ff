//! Between the devices' time and the clock on the wall.

use std::time::{Duration, Instant};

/// The run's time: where it began, how fast it goes, and where its phases begin.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    start: Instant,
    speed: f64,
    /// Where phases begin, in the devices' time, the first at zero.
    phases: Vec<Duration>,
}

impl Clock {
    pub(super) fn new(start: Instant, speed: f64, phases: Vec<Duration>) -> Self {
        Self { start, speed, phases }
    }

    /// The devices' time now.
    pub(super) fn now(&self) -> Duration {
        self.model(Instant::now())
    }

    /// The devices' time at an instant.
    pub(super) fn model(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.start).mul_f64(self.speed)
    }

    /// The instant of a time of the devices.
    pub(super) fn instant(&self, at: Duration) -> Instant {
        self.start + at.div_f64(self.speed)
    }

    /// The second of the run that an instant lies in.
    pub(super) fn second(&self, at: Instant) -> u64 {
        at.saturating_duration_since(self.start).as_secs()
    }

    /// Place of the phase at a time of the devices.
    pub(super) fn phase(&self, at: Duration) -> usize {
        self.phases.partition_point(|from| *from <= at).saturating_sub(1)
    }

    /// So much of the wall's time in the devices'.
    pub(super) fn stretched(&self, time: Duration) -> Duration {
        time.mul_f64(self.speed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_seconds_of_the_devices_pass_in_one_and_phases_begin_at_their_instants() {
        let start = Instant::now();
        let seconds = Duration::from_secs;
        let clock = Clock::new(start, 10.0, vec![seconds(0), seconds(60), seconds(120)]);
        assert_eq!(clock.model(start + seconds(3)), seconds(30));
        assert_eq!(clock.instant(seconds(30)), start + seconds(3));
        assert_eq!(clock.second(clock.instant(seconds(35))), 3);
        let phases = [0, 59, 60, 119, 120, 999].map(|at| clock.phase(seconds(at)));
        assert_eq!(phases, [0, 0, 1, 1, 2, 2]);
        assert_eq!(clock.stretched(seconds(2)), seconds(20));
    }
}
