//! Points in time as integers of milliseconds, so that they cross every language border unchanged.
//!
//! The core never reads a clock: each call into the engine brings a [`Now`], which the host read.

mod civil;

use std::fmt;
use std::ops::Add;
use std::time::Duration;

use serde::Serialize;

/// A point on the host's monotonic clock: milliseconds since any fixed moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// Later than every deadline.
    pub const FAR_FUTURE: Instant = Instant(u64::MAX);

    /// The instant `millis` milliseconds after the clock's own beginning.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the clock's own beginning.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub const fn since(self, earlier: Instant) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    fn add(self, delay: Duration) -> Instant {
        Instant(self.0.saturating_add(millis(delay)))
    }
}

/// A point in civil time: milliseconds since 1970-01-01 00:00 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(i64);

impl UnixTime {
    /// The time `secs` seconds after the epoch, clamped to what milliseconds can hold.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// The time `millis` milliseconds after the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub const fn since(self, earlier: UnixTime) -> Duration {
        let millis = self.0.saturating_sub(earlier.0);
        Duration::from_millis(if millis < 0 { 0 } else { millis as u64 })
    }

    /// Reads every date text that Azure's endpoints are known to print: RFC 3339, HTTP dates
    /// (RFC 9110 section 5.6.7), and the two forms of App Service's 2017 endpoint. Texts without an
    /// offset are UTC.
    pub fn parse(text: &str) -> Option<Self> {
        civil::parse(text).map(Self)
    }
}

impl Add<Duration> for UnixTime {
    type Output = UnixTime;

    fn add(self, delay: Duration) -> UnixTime {
        UnixTime(
            self.0
                .saturating_add(i64::try_from(millis(delay)).unwrap_or(i64::MAX)),
        )
    }
}

impl fmt::Display for UnixTime {
    /// RFC 3339 in UTC, to the second.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.as_secs();
        let (year, month, day) = civil::date_from_days(secs.div_euclid(86_400));
        if !(0..=9999).contains(&year) {
            return write!(f, "{secs} s after 1970");
        }
        let of_day = secs.rem_euclid(86_400);
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
        )
    }
}

impl Serialize for UnixTime {
    /// Whole seconds since 1970.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.as_secs())
    }
}

/// Shows a duration as seconds: `30`, `0.25`.
pub(crate) struct Seconds(pub(crate) Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_secs())?;
        match self.0.subsec_nanos() {
            0 => Ok(()),
            nanos => write!(f, ".{}", format!("{nanos:09}").trim_end_matches('0')),
        }
    }
}

/// Both clocks, read by the host at the same moment.
///
/// Waiting and freshness count on `instant`; only times that a server wrote down are compared with
/// `unix`, so a wall clock that jumps freezes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// The monotonic clock.
    pub instant: Instant,
    /// The wall clock.
    pub unix: UnixTime,
}

/// Whole milliseconds, as far as they can be counted.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_date_text_is_read() {
        for text in [
            "2019-06-20T02:57:58Z",
            "2019-06-20T04:57:58+02:00",
            "06/20/2019 02:57:58 +00:00",
            "6/20/2019 2:57:58 AM +00:00",
            "06/20/2019 02:57:58",
            "2019-06-20 02:57:58",
            "Thu, 20 Jun 2019 02:57:58 GMT",
        ] {
            assert_eq!(
                UnixTime::parse(text).map(UnixTime::as_secs),
                Some(1_560_999_478),
                "{text}"
            );
        }
        for text in ["", "soon", "13/40/2019 02:57:58", "1793000000"] {
            assert_eq!(UnixTime::parse(text), None, "{text}");
        }
    }

    #[test]
    fn seconds_are_shown_as_short_as_they_are() {
        for millis in [0, 1, 250, 1000, 1500, 90_010] {
            let duration = Duration::from_millis(millis);
            assert_eq!(Seconds(duration).to_string(), duration.as_secs_f64().to_string());
        }
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Instant::FAR_FUTURE + Duration::MAX, Instant::FAR_FUTURE);
        assert_eq!(
            Instant::from_millis(3).since(Instant::from_millis(5)),
            Duration::ZERO
        );
        assert_eq!(UnixTime::from_secs(i64::MAX).as_millis(), i64::MAX);
    }
}
