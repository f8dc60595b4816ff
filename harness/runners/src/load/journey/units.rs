//! Lengths of time, rates and shares as people write them in a profile.

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// A length of time with its unit: `"250ms"`, `"90s"`, `"10m"`, `"4h"`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Lasting(pub Duration);

impl Lasting {
    /// So many seconds.
    pub const fn secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// So many milliseconds.
    pub const fn millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }
}

impl TryFrom<String> for Lasting {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.trim()
            .parse::<SignedDuration>()
            .ok()
            .and_then(|length| Duration::try_from(length).ok())
            .map(Self)
            .ok_or_else(|| {
                format!(
                    "`{text}` is no length of time; write \"250ms\", \"90s\", \"10m\" or \"4h\""
                )
            })
    }
}

impl From<Lasting> for String {
    fn from(length: Lasting) -> Self {
        length.to_string()
    }
}

impl fmt::Display for Lasting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = SignedDuration::try_from(self.0).unwrap_or(SignedDuration::MAX);
        write!(f, "{length:#}")
    }
}

/// Events a second, written `"100/s"` or `"6000/min"`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Rate(pub f64);

impl TryFrom<String> for Rate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no rate; write \"100/s\" or \"6000/min\"");
        let (number, unit) = text.trim().split_once('/').ok_or_else(wrong)?;
        let seconds = match unit.trim() {
            "s" => 1.0,
            "min" => 60.0,
            "h" => 3600.0,
            _ => return Err(wrong()),
        };
        let number: f64 = number.trim().parse().map_err(|_| wrong())?;
        if number.is_finite() && number >= 0.0 { Ok(Self(number / seconds)) } else { Err(wrong()) }
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.to_string()
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", self.0)
    }
}

/// A part of a whole, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "f64", into = "f64")]
#[schemars(with = "f64")]
pub struct Share(pub f64);

impl TryFrom<f64> for Share {
    type Error = String;

    fn try_from(number: f64) -> Result<Self, String> {
        if (0.0..=1.0).contains(&number) {
            Ok(Self(number))
        } else {
            Err(format!("{number} is no share; write a number from 0 to 1"))
        }
    }
}

impl From<Share> for f64 {
    fn from(share: Share) -> Self {
        share.0
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", (self.0 * 1e6).round() / 1e4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(text: &str) -> Result<f64, String> {
        Rate::try_from(text.to_owned()).map(|rate| rate.0)
    }

    #[test]
    fn rates_are_counted_by_the_second() {
        assert_eq!(rate("100/s"), Ok(100.0));
        assert_eq!(rate(" 6000/min "), Ok(100.0));
        assert_eq!(rate("0/s"), Ok(0.0));
        for wrong in ["100", "100/d", "-1/s", "NaN/s", "inf/s", ""] {
            assert!(rate(wrong).unwrap_err().contains("no rate"), "{wrong}");
        }
    }

    #[test]
    fn what_is_written_is_read_back_the_same() {
        for text in ["90s", "250ms", "10m", "4h", "1h 30m"] {
            let length = Lasting::try_from(text.to_owned()).unwrap();
            assert_eq!(Lasting::try_from(length.to_string()), Ok(length), "{length}");
        }
        for wrong in ["90", "-5s", "", "soon"] {
            assert!(Lasting::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_share_is_a_part_of_a_whole() {
        assert!(Share::try_from(1.0).is_ok());
        assert!(Share::try_from(1.01).is_err() && Share::try_from(f64::NAN).is_err());
    }
}
