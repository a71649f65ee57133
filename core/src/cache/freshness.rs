//! How good a kept value still is: a pure function of when it was stored and what time it is.

use std::time::Duration;

use crate::time::{Instant, millis};

/// The life of a kept value, as ages counted from when it was stored.
///
/// Milliseconds and not `Duration`s: half the size, and quicker to compare on every cached read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// From this age on it should be refreshed, while it is still served.
    refresh_after: u64,
    /// Up to this age it may be served without asking anybody.
    fresh_for: u64,
    /// Up to this age it may be served when its origin is out of reach.
    stale_until: u64,
}

impl Life {
    /// The part of a life in which a refresh is due, unless configured otherwise: the last fifth.
    pub const SOFT_SHARE: f64 = 0.2;

    /// A life of `ttl`, whose last `soft_share` (0–1) calls for a refresh, followed by `stale_if_error`
    /// in which only a failure to refresh lets it be served. A `ttl` of zero is no life at all.
    pub fn new(ttl: Duration, soft_share: f64, stale_if_error: Duration) -> Self {
        let hard = Duration::try_from_secs_f64(ttl.as_secs_f64() * (1.0 - soft_share.clamp(0.0, 1.0)));
        let (ttl, hard) = (millis(ttl), millis(hard.unwrap_or(ttl)));
        Self {
            refresh_after: hard.min(ttl),
            fresh_for: ttl,
            stale_until: if ttl == 0 {
                0
            } else {
                ttl.saturating_add(millis(stale_if_error))
            },
        }
    }

    /// When a value stored at `stored` should be refreshed.
    pub fn refresh_at(&self, stored: Instant) -> Instant {
        stored + Duration::from_millis(self.refresh_after)
    }

    /// How good the value is at `now`. A clock that went back behind `stored` means age zero.
    #[inline]
    pub fn at(&self, stored: Instant, now: Instant) -> Freshness {
        let age = now.as_millis().saturating_sub(stored.as_millis());
        if age < self.refresh_after {
            Freshness::Fresh
        } else if age < self.fresh_for {
            Freshness::RefreshDue
        } else if age < self.stale_until {
            Freshness::Stale
        } else {
            Freshness::Gone
        }
    }
}

/// What may be done with a kept value.
///
/// ```text
///   stored             refresh_after       fresh_for             stale_until
///     │      Fresh           │   RefreshDue    │        Stale          │    Gone
///     ├──────────────────────┼─────────────────┼───────────────────────┼──────────► age
///     │ serve                │ serve, and one  │ ask; serve only if    │ never serve
///     │                      │ caller asks     │ nobody can be asked   │
/// ```
///
/// Time alone moves a value to the right; storing it anew begins another life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freshness {
    /// To be served.
    Fresh,
    /// To be served, while one caller refreshes it.
    RefreshDue,
    /// To be served only after a transient failure to refresh it.
    Stale,
    /// Not to be served.
    Gone,
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn a_value_passes_through_every_state_in_turn() {
        let life = Life::new(secs(300), Life::SOFT_SHARE, secs(3600));
        let stored = Instant::from_millis(1_000_000);
        for (age, expected) in [
            (0, Freshness::Fresh),
            (239_999, Freshness::Fresh),
            (240_000, Freshness::RefreshDue),
            (299_999, Freshness::RefreshDue),
            (300_000, Freshness::Stale),
            (3_899_999, Freshness::Stale),
            (3_900_000, Freshness::Gone),
        ] {
            let now = stored + Duration::from_millis(age);
            assert_eq!(life.at(stored, now), expected, "after {age} ms");
        }
        assert_eq!(life.at(stored, Instant::from_millis(1)), Freshness::Fresh);
        assert_eq!(life.at(stored, Instant::FAR_FUTURE), Freshness::Gone);
    }

    #[test]
    fn a_life_of_zero_is_none() {
        let life = Life::new(secs(0), 0.2, secs(3600));
        assert_eq!(life.at(Instant::default(), Instant::default()), Freshness::Gone);
    }

    #[test]
    fn odd_shares_and_lengths_do_no_harm() {
        for (share, refresh_after) in [(0.0, 100), (1.0, 0), (7.0, 0), (-1.0, 100), (f64::NAN, 100)] {
            assert_eq!(
                Life::new(secs(100), share, secs(0)).refresh_after,
                refresh_after * 1000,
                "{share}"
            );
        }
        let forever = Life::new(Duration::MAX, 0.0, Duration::MAX);
        assert_eq!(
            forever.at(Instant::default(), Instant::from_millis(u64::MAX - 1)),
            Freshness::Fresh
        );
    }
}
