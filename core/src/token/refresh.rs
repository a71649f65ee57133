//! When to renew a token.

use std::time::Duration;

use crate::time::Instant;

/// A token that ends sooner than this is of no use: the request would arrive too late.
pub const MARGIN: Duration = Duration::from_secs(5);

/// Short-lived tokens are renewed this long before they end.
const HEAD_START: Duration = Duration::from_secs(300);

/// Tokens that live at least so long are renewed when half of their life is over.
const LONG_LIFE: Duration = Duration::from_secs(2 * 3600);

/// The pause after a renewal that failed, while the old token still serves.
const PAUSE: Duration = Duration::from_secs(30);

/// How much of its life a token has left.
///
/// ```text
///   arrived             refresh_at               expires_at - 5 s
///      |      Fresh         |       RefreshDue          |    Expired
///      +--------------------+---------------------------+------------->
///                  ^             |
///                  +--- failed --+   (Fresh again for 30 s)
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Use it.
    Fresh,
    /// Use it, and have somebody renew it.
    RefreshDue,
    /// Renew it first.
    Expired,
}

/// The two dates in the life of a token, on the monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refresh {
    refresh_at: Instant,
    expires_at: Instant,
}

impl Refresh {
    /// Plans the life of a token that arrives now. It is renewed at `refresh_in`, if the service asked
    /// for that; else after half its life, if it lives two hours or more; else 5 minutes before its
    /// end, but never in the first half of its life.
    pub fn plan(arrived: Instant, life: Duration, refresh_in: Option<Duration>) -> Self {
        let half = life / 2;
        let usual = if life >= LONG_LIFE {
            half
        } else {
            half.max(life.saturating_sub(HEAD_START))
        };
        let wait = refresh_in
            .filter(|wait| !wait.is_zero() && *wait < life)
            .unwrap_or(usual);
        Self {
            refresh_at: arrived + wait,
            expires_at: arrived + life,
        }
    }

    /// Where in its life the token is.
    pub fn freshness(&self, now: Instant) -> Freshness {
        if self.expires_at.since(now) < MARGIN {
            Freshness::Expired
        } else if now >= self.refresh_at {
            Freshness::RefreshDue
        } else {
            Freshness::Fresh
        }
    }

    /// Notes that a renewal failed: the next is due in 30 seconds.
    pub fn failed(&mut self, now: Instant) {
        self.refresh_at = now + PAUSE;
    }

    /// When renewal is due.
    pub fn refresh_at(&self) -> Instant {
        self.refresh_at
    }

    /// When the token ends.
    pub fn expires_at(&self) -> Instant {
        self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Instant = Instant::from_millis(1_000_000);

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn renewal_is_planned_by_the_length_of_the_life() {
        for (life, asked, wait) in [
            (3600, None, 3300),
            (7199, None, 6899),
            (7200, None, 3600),
            (86_400, None, 43_200),
            (86_400, Some(1000), 1000),
            (86_400, Some(0), 43_200),
            (86_400, Some(86_400), 43_200),
            (540, None, 270),
            (0, None, 0),
        ] {
            let plan = Refresh::plan(START, secs(life), asked.map(secs));
            assert_eq!(plan.refresh_at().since(START), secs(wait), "{life} {asked:?}");
        }
    }

    #[test]
    fn a_failed_renewal_pauses_and_the_token_still_ends() {
        let mut plan = Refresh::plan(START, secs(3600), None);
        let at = |s| START + secs(s);
        assert_eq!(plan.freshness(at(3299)), Freshness::Fresh);
        assert_eq!(plan.freshness(at(3300)), Freshness::RefreshDue);
        plan.failed(at(3300));
        assert_eq!(plan.freshness(at(3329)), Freshness::Fresh);
        assert_eq!(plan.freshness(at(3330)), Freshness::RefreshDue);
        assert_eq!(plan.freshness(at(3595)), Freshness::RefreshDue);
        plan.failed(at(3590));
        assert_eq!(plan.freshness(at(3596)), Freshness::Expired);
        assert_eq!(plan.freshness(Instant::FAR_FUTURE), Freshness::Expired);
    }
}
