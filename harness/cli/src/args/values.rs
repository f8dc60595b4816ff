//! Values of the command line that have a form of their own.

use jiff::SignedDuration;
use std::time::Duration;

/// Steps of a load: arrivals a second, for how long.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Steps(pub(crate) Vec<(f64, Duration)>);

impl std::str::FromStr for Steps {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        text.split(',').map(step).collect::<Result<_, _>>().map(Self)
    }
}

/// Arrivals a second.
pub(crate) fn rate(text: &str) -> Result<f64, String> {
    let number = text.trim().strip_suffix("/s").unwrap_or(text.trim());
    let rate: f64 = number.parse().map_err(|_| format!("`{number}` is no rate; write 100/s"))?;
    if rate.is_finite() && rate > 0.0 {
        Ok(rate)
    } else {
        Err(format!("a rate of {rate}/s has no arrivals"))
    }
}

fn step(text: &str) -> Result<(f64, Duration), String> {
    let (rate, length) = text.trim().split_once(':').ok_or_else(|| {
        format!("`{text}` is no step; write RATE/s:DURATION, for example 100/s:15s")
    })?;
    let number = rate.strip_suffix("/s").unwrap_or(rate);
    let rate: f64 = number.parse().map_err(|_| format!("`{number}` is no rate; write 100/s"))?;
    if !rate.is_finite() || rate <= 0.0 {
        return Err(format!("a rate of {rate}/s has no arrivals; leave the step out"));
    }
    Ok((rate, duration(length)?))
}

/// A length of time with its unit, as target files write it: `250ms`, `15s`, `5m`, `1h`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    text.parse::<SignedDuration>()
        .ok()
        .and_then(|length| Duration::try_from(length).ok())
        .ok_or_else(|| format!("`{text}` is no length of time; write 250ms, 15s, 5m or 1h"))
}

/// Attestations : assertions : challenges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mix(pub(crate) [u32; 3]);

impl std::str::FromStr for Mix {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<u32> = text
            .split(':')
            .map(|part| part.trim().parse().map_err(|_| format!("`{part}` is no whole number")))
            .collect::<Result<_, String>>()?;
        match <[u32; 3]>::try_from(parts) {
            Ok([0, 0, 0]) => Err("a mix of nothing has no arrivals".to_owned()),
            Ok(mix) => Ok(Self(mix)),
            Err(_) => Err("write attestations:assertions:challenges, for example 1:4:5".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_read_and_wrong_ones_say_what_to_write() {
        let steps: Steps = "100/s:15s, 2.5:500ms".parse().unwrap();
        assert_eq!(
            steps.0,
            vec![(100.0, Duration::from_secs(15)), (2.5, Duration::from_millis(500))]
        );
        for (text, hint) in [
            ("100", "RATE/s:DURATION"),
            ("100/s:15", "15s, 5m"),
            ("x/s:1s", "no rate"),
            ("0/s:1s", "no arrivals"),
            ("-3/s:1s", "no arrivals"),
            ("1/s:soon", "no length of time"),
            ("1/s:-1s", "no length of time"),
            ("1/s:99999999999999999999h", "99999999999999999999h"),
        ] {
            let error = text.parse::<Steps>().unwrap_err();
            assert!(error.contains(hint), "{text}: {error}");
        }
    }

    #[test]
    fn a_mix_has_three_parts_of_which_one_is_not_zero() {
        assert_eq!("1:4:5".parse(), Ok(Mix([1, 4, 5])));
        assert!("0:0:0".parse::<Mix>().is_err());
        assert!("1:4".parse::<Mix>().is_err());
        assert!("1:4:-5".parse::<Mix>().is_err());
    }
}
