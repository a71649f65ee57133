//! How many retries all requests to one vault may cost together, so that an outage is not multiplied.
//!
//! Retries may be a tenth of the requests, and ten a minute in any case. Both are counted over
//! the last minute in slots of ten seconds, the slot in which the minute began included: the span is
//! 60–70 s, so no minute ever sees more retries than allowed.

use crate::time::Instant;

/// Counts requests and retries of the last minute.
///
/// ```text
///   slots   │ −6 │ −5 │ −4 │ −3 │ −2 │ −1 │ now │        10 s each; the oldest is reused
///   a retry is allowed while   retries < max(10, requests / 10)   over all slots
/// ```
#[derive(Clone, Debug, Default)]
pub struct RetryBudget {
    slots: [Slot; SLOTS],
    /// Number of the newest slot, in slot lengths since the clock's beginning.
    newest: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    requests: u64,
    retries: u64,
}

impl RetryBudget {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a request, that is its first try.
    pub fn request(&mut self, now: Instant) {
        self.current(now).requests += 1;
    }

    /// Counts a retry if the budget allows one; `false` means that the failure is to be reported now.
    #[must_use = "a retry that the budget does not allow must not be made"]
    pub fn try_retry(&mut self, now: Instant) -> bool {
        self.current(now);
        let requests: u64 = self.slots.iter().map(|slot| slot.requests).sum();
        let retries: u64 = self.slots.iter().map(|slot| slot.retries).sum();
        let allowed = retries < FLOOR.max(requests / REQUESTS_PER_RETRY);
        self.current(now).retries += u64::from(allowed);
        allowed
    }

    /// The slot of `now`. A little disorder among threads counts into the newest slot; a clock set back by more
    /// than the whole span starts afresh.
    fn current(&mut self, now: Instant) -> &mut Slot {
        let number = now.as_millis() / SLOT_MILLIS;
        if number > self.newest {
            let passed = number - self.newest;
            for step in 1..=passed.min(SLOTS as u64) {
                self.slots[index(self.newest + step)] = Slot::default();
            }
            self.newest = number;
        } else if self.newest - number >= SLOTS as u64 {
            *self = Self {
                newest: number,
                ..Self::default()
            };
        }
        &mut self.slots[index(self.newest)]
    }
}

fn index(number: u64) -> usize {
    (number % SLOTS as u64) as usize
}

const SLOTS: usize = 7;
const SLOT_MILLIS: u64 = 10_000;
const FLOOR: u64 = 10;
const REQUESTS_PER_RETRY: u64 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Instant {
        Instant::from_millis(secs * 1000)
    }

    fn retries(budget: &mut RetryBudget, secs: u64) -> usize {
        (0..10_000).take_while(|_| budget.try_retry(at(secs))).count()
    }

    #[test]
    fn ten_retries_are_allowed_in_any_minute() {
        for start in 0..10 {
            let mut budget = RetryBudget::new();
            let allowed: Vec<(u64, usize)> = (start..3600)
                .map(|secs| (secs, retries(&mut budget, secs)))
                .collect();
            for minute in allowed.windows(60) {
                let count: usize = minute.iter().map(|(_, count)| count).sum();
                assert!(count <= 10, "{count} in the minute from {} s on", minute[0].0);
            }
            let total: usize = allowed.iter().map(|(_, count)| count).sum();
            assert!(total >= 510, "ten more every 70 s at the latest: {total}");
        }
    }

    #[test]
    fn a_tenth_of_the_requests_may_be_retried() {
        let mut budget = RetryBudget::new();
        for n in 0..1000 {
            budget.request(at(1000 + n / 20));
        }
        assert_eq!(retries(&mut budget, 1050), 100);
        assert_eq!(retries(&mut budget, 1060), 0);
        assert_eq!(retries(&mut budget, 1200), 10, "what is over counts no longer");
    }

    #[test]
    fn a_clock_that_leaps_freezes_nothing() {
        let mut budget = RetryBudget::new();
        assert_eq!(retries(&mut budget, 100_000), 10);
        assert_eq!(retries(&mut budget, 99_990), 0, "a little back gains nothing");
        assert_eq!(retries(&mut budget, 50), 10);
        assert!(budget.try_retry(Instant::FAR_FUTURE));
        assert_eq!(retries(&mut budget, 60), 10);
    }
}
