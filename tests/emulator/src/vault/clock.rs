//! A vault's own clock, which a test can put forward: for retention, delays and limits, not for tokens.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::clock;
use crate::config::Completion;

#[derive(Default)]
pub(super) struct Clock {
    ahead_ms: AtomicU64,
}

/// One moment, in both ways of telling time.
#[derive(Clone, Copy)]
pub(super) struct Now {
    /// Seconds since 1970.
    pub(super) unix: u64,
    pub(super) instant: Instant,
}

impl Clock {
    pub(super) fn now(&self) -> Now {
        let ahead = Duration::from_millis(self.ahead_ms.load(Ordering::Relaxed));
        Now {
            unix: clock::now() + ahead.as_secs(),
            instant: Instant::now() + ahead,
        }
    }

    pub(super) fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.ahead_ms.fetch_add(by, Ordering::Relaxed);
    }
}

/// What is left of a [`Completion`].
#[derive(Clone, Copy)]
pub(super) struct Transition {
    until: Instant,
    polls: u32,
}

impl Transition {
    pub(super) fn new(completion: Completion, now: Now) -> Transition {
        Transition {
            until: now.instant + Duration::from_millis(completion.delay_ms),
            polls: completion.polls,
        }
    }

    /// Counts a request that finds it so.
    pub(super) fn poll(&mut self) {
        self.polls = self.polls.saturating_sub(1);
    }

    pub(super) fn is_over(&self, now: Now) -> bool {
        now.instant >= self.until && self.polls == 0
    }
}
