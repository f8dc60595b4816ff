//! What a retry policy makes of an outage: one wish per device, a server that is down, and then as
//! many answers a second as it can give.

use super::apple::Bucket;
use super::config::RetryPlan;
use super::dice::Dice;
use super::retry::{Again, Failure};
use simulator::Seed;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// An outage of the server, and who comes meanwhile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Storm {
    /// Devices, that come evenly while it lasts.
    pub devices: u32,
    /// How long it lasts.
    pub outage: Duration,
    /// Requests a second that the server decides afterwards. To turn others away costs it nothing.
    pub capacity: f64,
    /// Whether it fails without an answer, so that apps see a timeout.
    pub silent: bool,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Aftermath {
    /// Attempts for each device that got through.
    pub attempts_per_success: f64,
    /// The busiest second after the recovery, in multiples of what the server decides in one.
    pub peak: f64,
    /// From the recovery until 99 % are through; `None` if they never are.
    pub drained: Option<Duration>,
}

impl Storm {
    /// Lets every device try by the policy until it is through or gives up, a day at most.
    pub fn under(&self, retry: &RetryPlan, seed: &Seed) -> Aftermath {
        let dice = Dice::new(super::simulate::seed_of(seed, "retry storm"));
        let devices = self.devices as usize;
        let (mut throws, mut tries) = (vec![0u32; devices], vec![0u16; devices]);
        let mut agenda: BinaryHeap<Reverse<(Duration, u32)>> = (0..self.devices)
            .map(|device| {
                let at = dice.of(device, &mut throws[device as usize]).unit();
                Reverse((self.outage.mul_f64(at), device))
            })
            .collect();
        // Its queue holds what it decides in a second.
        let mut bucket = Bucket::new(self.capacity, self.capacity.ceil() as u32);
        let wanted = (devices as f64 * 0.99).ceil() as u64;
        let (mut attempts, mut through, mut drained) = (0u64, 0u64, None);
        let mut seconds: Vec<u64> = Vec::new();
        while let Some(Reverse((at, device))) = agenda.pop() {
            if at > self.outage + LONGEST {
                break;
            }
            attempts += 1;
            if let Some(after) = at.checked_sub(self.outage) {
                let second = after.as_secs() as usize;
                seconds.resize(seconds.len().max(second + 1), 0);
                seconds[second] += 1;
                if bucket.take(at) {
                    through += 1;
                    if through == wanted {
                        drained = Some(after);
                    }
                    continue;
                }
            }
            let index = device as usize;
            tries[index] = tries[index].saturating_add(1);
            let failure = if self.silent {
                Failure::NoAnswer
            } else {
                Failure::Http { status: 503, retry_after: None }
            };
            let mut throws = dice.of(device, &mut throws[index]);
            if let Again::After(pause) = retry.again(failure, tries[index], &mut throws) {
                // A pause of nothing is a pause of a network's way.
                agenda.push(Reverse((at + pause.max(SHORTEST), device)));
            }
        }
        let busiest = seconds.into_iter().max().unwrap_or(0);
        Aftermath {
            attempts_per_success: attempts as f64 / through.max(1) as f64,
            peak: busiest as f64 / self.capacity,
            drained,
        }
    }
}

const LONGEST: Duration = Duration::from_hours(24);
const SHORTEST: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::super::units::Lasting;
    use super::super::{PolicyName, RetryPlan};
    use super::*;

    /// 200 000 devices, 600 s of outage, 1 000/s afterwards, all by a part of it: the ratios stay.
    fn storm(part: u32) -> Storm {
        Storm {
            devices: 200_000 / part,
            outage: Duration::from_mins(10),
            capacity: 1_000.0 / f64::from(part),
            silent: false,
        }
    }

    /// Whether a figure is that of the published table, within a part of it.
    fn close(what: &str, seen: f64, wanted: f64, within: f64) {
        let off = (seen / wanted - 1.0).abs();
        assert!(off <= within, "{what}: {seen:.1} instead of {wanted}, {:.0} % off", off * 100.0);
    }

    fn check(storm: Storm, retry: &RetryPlan, table: (f64, f64, f64)) {
        let name = retry.policy.as_str();
        let seen = storm.under(retry, &Seed::from_text("storm"));
        close(&format!("{name}, attempts per success"), seen.attempts_per_success, table.0, 0.15);
        // The busiest second of a smaller storm is a little busier than its share.
        close(&format!("{name}, peak"), seen.peak, table.1, 0.35);
        let drained = seen.drained.expect("everybody gets through").as_secs_f64();
        close(&format!("{name}, 99 % attested"), drained, table.2, 0.15);
    }

    fn retry(policy: PolicyName, cap: Option<u64>) -> RetryPlan {
        RetryPlan { policy, cap: cap.map(Lasting::secs), ..RetryPlan::default() }
    }

    #[test]
    fn policies_drain_an_outage_as_the_table_of_the_design_has_it() {
        let hours = Some(4 * 3_600);
        let silent = Storm { silent: true, ..storm(400) };
        check(silent, &retry(PolicyName::Firebase, None), (400.0, 199.0, 198.0));
        check(storm(100), &retry(PolicyName::Fixed, None), (81.0, 40.0, 199.0));
        check(storm(20), &retry(PolicyName::Firebase, None), (9.0, 2.5, 589.0));
        check(storm(20), &retry(PolicyName::FullJitter, None), (18.0, 7.0, 213.0));
        check(storm(20), &retry(PolicyName::FullJitter, hours), (10.0, 2.5, 1_325.0));
    }

    #[test]
    fn who_gives_up_is_not_through() {
        let seen = storm(100).under(&retry(PolicyName::Naive3, None), &Seed::from_text("storm"));
        assert_eq!(seen.drained, None);
    }
}
