//! Points in time as integers of milliseconds, so that they cross every language border unchanged.
//!
//! The core never reads a clock: each call into the engine brings a [`Now`], which the host read.

use std::fmt;
use std::ops::Add;
use std::time::Duration;

use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::{Rfc2822, Rfc3339};
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

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
        let text = text.trim();
        let dated = OffsetDateTime::parse(text, &Rfc3339)
            .or_else(|_| OffsetDateTime::parse(text, &Rfc2822))
            .ok()
            .or_else(|| {
                let text = text.strip_suffix("+00:00").unwrap_or(text).trim_end();
                CIVIL_FORMS
                    .iter()
                    .find_map(|form| PrimitiveDateTime::parse(text, form).ok())
                    .map(|d| d.assume_utc())
            })?;
        i64::try_from(dated.unix_timestamp_nanos() / 1_000_000)
            .ok()
            .map(Self)
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
        match OffsetDateTime::from_unix_timestamp(self.as_secs()) {
            Ok(d) => write!(
                f,
                "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
                d.year(),
                u8::from(d.month()),
                d.day(),
                d.hour(),
                d.minute(),
                d.second()
            ),
            Err(_) => write!(f, "{} s after 1970", self.as_secs()),
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

const CIVIL_FORMS: [&[BorrowedFormatItem<'static>]; 3] = [
    format_description!("[month]/[day]/[year] [hour]:[minute]:[second]"),
    format_description!(
        "[month padding:none]/[day padding:none]/[year] [hour repr:12 padding:none]:[minute]:[second] [period]"
    ),
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]"),
];

fn millis(duration: Duration) -> u64 {
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
    fn arithmetic_saturates() {
        assert_eq!(Instant::FAR_FUTURE + Duration::MAX, Instant::FAR_FUTURE);
        assert_eq!(
            Instant::from_millis(3).since(Instant::from_millis(5)),
            Duration::ZERO
        );
        assert_eq!(UnixTime::from_secs(i64::MAX).as_millis(), i64::MAX);
    }
}
