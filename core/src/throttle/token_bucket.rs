//! A token bucket that takes reservations: whoever asks is told when to go, in the order of asking.
//!
//! It is kept as the generic cell rate algorithm (ITU-T I.371) keeps it: one integer, the bucket's *debt* in
//! nanoseconds, which shrinks as time passes and grows by one interval for each token. An interval is
//! rounded up to a whole nanosecond and a grant to a whole millisecond, so no rounding ever lets more through:
//! any span of `t` seconds holds at most `burst + rate · t` grants.

use std::time::Duration;

use litemap::LiteMap;

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
    taken: LiteMap<Instant, u32>,
    /// Coming grants whose owners left.
    free: LiteMap<Instant, u32>,
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
            taken: LiteMap::new(),
            free: LiteMap::new(),
        }
    }

    /// Takes one token, into debt if there is none, and says when its owner may go: `now` if at once.
    ///
    /// An owner who leaves earlier calls [`give_back`](Self::give_back).
    pub fn reserve(&mut self, now: Instant) -> Instant {
        self.advance(now);
        let due = match self.first_free(now) {
            Some(due) => {
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
            add_one(&mut self.taken, due);
        }
        due
    }

    /// When a reservation made at `now` would be granted.
    pub fn peek(&self, now: Instant) -> Instant {
        match self.first_free(now) {
            Some(due) if !self.was_set_back(now) => due,
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
            add_one(&mut self.free, due);
        }
    }

    /// Whether nothing is owed: dropping the bucket and making a new one changes nothing.
    pub fn is_full(&self, now: Instant) -> bool {
        self.debt_at(now).0 == 0
    }

    fn advance(&mut self, now: Instant) {
        for coming in [&mut self.taken, &mut self.free] {
            if coming.first().is_some_and(|(due, _)| *due < now) {
                coming.retain(|due, _| *due >= now);
            }
        }
        if self.was_set_back(now) {
            self.taken.clear();
            self.free.clear();
        }
        (self.debt, self.seen) = self.debt_at(now);
    }

    fn first_free(&self, now: Instant) -> Option<Instant> {
        self.free.keys().find(|due| **due >= now).copied()
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

fn add_one(to: &mut LiteMap<Instant, u32>, due: Instant) {
    match to.get_mut(&due) {
        None => drop(to.insert(due, 1)),
        Some(count) => *count += 1,
    }
}

fn take_one(from: &mut LiteMap<Instant, u32>, due: Instant) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn the_burst_goes_at_once_and_the_rest_in_order() {
        let mut bucket = TokenBucket::new(5.0, 3, at(1000));
        let granted: Vec<u64> = (0..6).map(|_| bucket.reserve(at(1000)).as_millis()).collect();
        assert_eq!(granted, [1000, 1000, 1000, 1200, 1400, 1600]);
        assert_eq!(bucket.reserve(at(1700)), at(1800));
        assert!(!bucket.is_full(at(2399)) && bucket.is_full(at(2400)));
    }

    #[test]
    fn any_ten_seconds_hold_at_most_the_burst_and_ten_times_the_rate() {
        for (rate, burst) in [(0.7, 1), (3.0, 5), (7.3, 2), (200.0, 400), (1500.0, 1)] {
            let (mut bucket, mut random) = (TokenBucket::new(rate, burst, at(0)), Random::new([3; 16]));
            let (mut now, mut granted) = (0, Vec::new());
            for _ in 0..20_000 {
                now += (random.fraction() * 1900.0 / rate) as u64;
                let expected = bucket.peek(at(now));
                let due = bucket.reserve(at(now));
                assert_eq!(due, expected, "peek tells what reserve does");
                if due > at(now) && random.fraction() < 0.3 {
                    bucket.give_back(due);
                } else {
                    granted.push(due.as_millis());
                }
            }
            granted.sort_unstable();
            let most = f64::from(burst) + 10.0 * rate;
            for (first, from) in granted.iter().enumerate() {
                let count = granted[first..].partition_point(|due| *due < from + 10_000);
                assert!(count as f64 <= most, "{count} from {from} on, at {rate} a second");
            }
        }
    }

    #[test]
    fn under_pressure_the_whole_rate_is_used() {
        let mut bucket = TokenBucket::new(3.0, 5, at(0));
        let last = (0..3_005).map(|_| bucket.reserve(at(0))).last().unwrap();
        assert_eq!(last, at(1_000_001), "1,000 s, and a millisecond by rounding up");
    }

    #[test]
    fn a_place_given_back_goes_to_the_next_and_nobody_else_moves() {
        let mut bucket = TokenBucket::new(1.0, 1, at(0));
        let granted: Vec<u64> = (0..4).map(|_| bucket.reserve(at(0)).as_millis()).collect();
        assert_eq!(granted, [0, 1000, 2000, 3000]);
        bucket.give_back(at(2000));
        bucket.give_back(at(2000));
        bucket.give_back(at(1000));
        assert_eq!(
            bucket.reserve(at(1500)),
            at(2000),
            "a place that has passed is not granted"
        );
        assert_eq!(
            bucket.reserve(at(1500)),
            at(4000),
            "what is given back twice is there once"
        );
        bucket.give_back(at(3000));
        bucket.reserve(at(9000));
        let (taken, free) = (&bucket.taken, &bucket.free);
        assert!(taken.is_empty() && free.is_empty(), "the past takes no room");
    }

    #[test]
    fn a_bucket_whose_owners_all_left_serves_again_at_once_in_their_places() {
        let mut bucket = TokenBucket::new(10.0, 1, at(0));
        let all: Vec<Instant> = (0..1000).map(|_| bucket.reserve(at(0))).collect();
        all.iter().for_each(|due| bucket.give_back(*due));
        assert_eq!(bucket.reserve(at(1)), at(100));
        assert_eq!(bucket.reserve(at(1)), at(200));
    }

    #[test]
    fn threads_out_of_order_gain_nothing() {
        let mut bucket = TokenBucket::new(1.0, 1, at(50_000));
        for _ in 0..1000 {
            bucket.reserve(at(50_000));
            bucket.reserve(at(49_000));
        }
        assert_eq!(bucket.peek(at(50_000)), at(50_000 + 2_000_000));
    }

    #[test]
    fn a_clock_that_leaps_freezes_nothing() {
        let mut bucket = TokenBucket::new(1.0, 2, at(5_000_000));
        for _ in 0..4 {
            bucket.reserve(at(5_000_000));
        }
        bucket.give_back(at(5_002_000));
        assert_eq!(
            bucket.peek(at(1000)),
            at(4000),
            "back: the debt stays what it was"
        );
        assert_eq!(bucket.reserve(at(1000)), at(4000));
        assert_eq!(bucket.reserve(Instant::FAR_FUTURE), Instant::FAR_FUTURE);
        let granted: Vec<u64> = (0..3).map(|_| bucket.reserve(at(9000)).as_millis()).collect();
        assert_eq!(
            granted,
            [9000, 10_000, 11_000],
            "and forth and back: one burst at most"
        );
    }

    #[test]
    fn rates_without_meaning_are_no_limit() {
        for rate in [0.0, -1.0, f64::INFINITY, f64::NAN] {
            let mut bucket = TokenBucket::new(rate, 0, at(7));
            assert!((0..1000).all(|_| bucket.reserve(at(7)) == at(7)), "{rate}");
        }
        let mut bucket = TokenBucket::new(f64::MIN_POSITIVE, u32::MAX, at(7));
        assert!((0..10).all(|_| bucket.reserve(at(7)) >= at(7)));
    }
}
