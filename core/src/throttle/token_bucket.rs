//! A token bucket that takes reservations: whoever asks is told when to go, in the order of asking.
//!
//! It is kept as the generic cell rate algorithm (ITU-T I.371) keeps it: one integer, the bucket's *debt* in
//! nanoseconds, which shrinks as time passes and grows by one interval for each token. An interval is
//! rounded up to a whole nanosecond and a grant to a whole millisecond, so no rounding ever lets more through:
//! any span of `t` seconds holds at most `burst + rate · t` grants.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::time::Instant;

/// A rate with a burst, granted first come, first served.
#[derive(Clone, Debug)]
pub struct TokenBucket {
    /// Nanoseconds that one token takes to come back. Zero: no limit.
    interval: u64,
    /// The debt, in nanoseconds, up to which a caller need not wait.
    tolerance: u64,
    /// Nanoseconds until the bucket is full again, counted from `seen`.
    debt: u64,
    /// The latest time told.
    seen: Instant,
    /// How many owners wait for each coming grant.
    taken: BTreeMap<Instant, u32>,
    /// Coming grants whose owners left.
    free: BTreeMap<Instant, u32>,
}

impl TokenBucket {
    /// A full bucket of `burst` tokens (at least one), refilled with `per_second` tokens a second.
    ///
    /// A rate that is zero, negative, infinite or not a number means *no limit*; the finest rate is 10⁹.
    pub fn new(per_second: f64, burst: u32, now: Instant) -> Self {
        let limited = per_second > 0.0 && per_second.is_finite();
        let interval = if limited {
            (1e9 / per_second).ceil() as u64
        } else {
            0
        };
        Self {
            interval,
            tolerance: interval.saturating_mul(u64::from(burst.max(1)) - 1),
            debt: 0,
            seen: now,
            taken: BTreeMap::new(),
            free: BTreeMap::new(),
        }
    }

    /// Takes one token, into debt if there is none, and says when its owner may go: `now` if at once.
    ///
    /// An owner who leaves earlier calls [`give_back`](Self::give_back).
    pub fn reserve(&mut self, now: Instant) -> Instant {
        self.advance(now);
        let due = match self.free.range(now..).next() {
            Some((&due, _)) => {
                take_one(&mut self.free, due);
                due
            }
            None => {
                let due = self.end_of_queue(self.debt, self.seen, now);
                self.debt = self.debt.saturating_add(self.interval);
                due
            }
        };
        if due > now {
            *self.taken.entry(due).or_default() += 1;
        }
        due
    }

    /// When a reservation made at `now` would be granted.
    pub fn peek(&self, now: Instant) -> Instant {
        match self.free.range(now..).next() {
            Some((&due, _)) if !self.was_set_back(now) => due,
            _ => {
                let (debt, seen) = self.debt_at(now);
                self.end_of_queue(debt, seen, now)
            }
        }
    }

    /// Returns the place granted for `due`, whose owner left before that time; the next who asks gets
    /// it. The places of others stay where they are, since they were promised.
    ///
    /// Nothing happens when `due` was granted at once, or has passed by the bucket's own reckoning.
    pub fn give_back(&mut self, due: Instant) {
        if take_one(&mut self.taken, due) {
            *self.free.entry(due).or_default() += 1;
        }
    }

    /// Whether nothing is owed: dropping the bucket and making a new one changes nothing.
    pub fn is_full(&self, now: Instant) -> bool {
        self.debt_at(now).0 == 0
    }

    fn advance(&mut self, now: Instant) {
        for coming in [&mut self.taken, &mut self.free] {
            while coming.first_key_value().is_some_and(|(due, _)| *due < now) {
                coming.pop_first();
            }
        }
        if self.was_set_back(now) {
            self.taken.clear();
            self.free.clear();
        }
        (self.debt, self.seen) = self.debt_at(now);
    }

    /// The debt at `now`, and the time from which it counts.
    fn debt_at(&self, now: Instant) -> (u64, Instant) {
        if now < self.seen && !self.was_set_back(now) {
            return (self.debt, self.seen);
        }
        let passed = u64::try_from(now.since(self.seen).as_nanos()).unwrap_or(u64::MAX);
        (self.debt.saturating_sub(passed), now)
    }

    /// Whether the clock went back so far that it must be followed.
    ///
    /// Threads that read the clock and then queue for the engine come a little out of order; for them time
    /// stands still, else the same milliseconds would be credited twice.
    fn was_set_back(&self, now: Instant) -> bool {
        self.seen.since(now) > DISORDER
    }

    fn end_of_queue(&self, debt: u64, seen: Instant, now: Instant) -> Instant {
        match debt.saturating_sub(self.tolerance).div_ceil(NANOS_PER_MILLI) {
            0 => now,
            millis => seen + Duration::from_millis(millis),
        }
    }
}

fn take_one(from: &mut BTreeMap<Instant, u32>, due: Instant) -> bool {
    match from.get_mut(&due) {
        None => return false,
        Some(1) => {
            from.remove(&due);
        }
        Some(count) => *count -= 1,
    }
    true
}

/// How far apart two threads may be in telling the time.
const DISORDER: Duration = Duration::from_secs(10);

const NANOS_PER_MILLI: u64 = 1_000_000;
