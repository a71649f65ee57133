//! One kept value: its life, who refreshes it, and when it was last read.

use std::any::Any;
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::freshness::{Freshness, Life};
use crate::time::Instant;

/// How long a won claim to refresh an entry keeps others from refreshing it too.
pub const CLAIM: Duration = Duration::from_secs(30);

/// A value with its life.
pub struct Entry<V> {
    /// The value itself.
    pub value: V,
    /// When it was stored.
    pub stored: Instant,
    /// How long it is good.
    pub life: Life,
    /// The size it counts for, in bytes.
    pub size: usize,
    /// Where a host keeps its ready-made object for the value, so that a hit allocates nothing. It
    /// goes when the entry goes.
    pub slot: OnceLock<Box<dyn Any + Send + Sync>>,
    /// When it was last read, in milliseconds and to about a second.
    last_read: AtomicU64,
    /// When a claim to refresh it was last won, in milliseconds plus one; 0 for never.
    claimed: AtomicU64,
    /// Position among all insertions.
    pub(super) serial: u64,
}

impl<V> Entry<V> {
    /// A value stored at `now`, as insertion number `serial`.
    pub(super) fn new(value: V, size: usize, life: Life, now: Instant, serial: u64) -> Self {
        Self {
            value,
            stored: now,
            life,
            size,
            last_read: AtomicU64::new(now.as_millis()),
            claimed: AtomicU64::new(0),
            slot: OnceLock::new(),
            serial,
        }
    }

    /// How good it is at `now`.
    #[inline]
    pub fn freshness(&self, now: Instant) -> Freshness {
        self.life.at(self.stored, now)
    }

    /// Whether it was read since it was stored, to about a second.
    pub fn was_read(&self) -> bool {
        self.last_read.load(Relaxed) > self.stored.as_millis()
    }

    /// Wins the claim to refresh it, if nobody holds it: once per [`CLAIM`].
    pub(super) fn claim(&self, now: Instant) -> bool {
        let held = self.claimed.load(Relaxed);
        let expired = held == 0 || now.since(Instant::from_millis(held - 1)) >= CLAIM;
        let mine = now.as_millis().saturating_add(1);
        expired
            && self
                .claimed
                .compare_exchange(held, mine, Relaxed, Relaxed)
                .is_ok()
    }

    /// Orders entries by when they were last read, and within a second by when they were stored.
    pub(super) fn age_rank(&self) -> (u64, u64) {
        (self.last_read.load(Relaxed), self.serial)
    }

    /// Notes that it was read; at most once a second, so that readers on many cores do not fight over
    /// the cache line.
    #[inline]
    pub(super) fn touch(&self, now: Instant) {
        let now = now.as_millis();
        if now.saturating_sub(self.last_read.load(Relaxed)) >= TOUCH_MILLIS {
            self.last_read.store(now, Relaxed);
        }
    }
}

impl<V> fmt::Debug for Entry<V> {
    /// The value stays out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("stored", &self.stored)
            .field("life", &self.life)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// How exactly reads are remembered.
const TOUCH_MILLIS: u64 = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_remembered_to_the_second_and_never_backwards() {
        let entry = Entry::new((), 0, Life::new(CLAIM, 0.2, CLAIM), Instant::from_millis(5000), 7);
        for (now, remembered) in [
            (5999, 5000),
            (6000, 6000),
            (6500, 6000),
            (1000, 6000),
            (7000, 7000),
        ] {
            entry.touch(Instant::from_millis(now));
            assert_eq!(entry.age_rank(), (remembered, 7), "read at {now}");
        }
    }

    #[test]
    fn debug_shows_no_value() {
        let entry = Entry::new("hunter2", 0, Life::new(CLAIM, 0.2, CLAIM), Instant::default(), 0);
        assert!(!format!("{entry:?}").contains("hunter2"));
    }
}
