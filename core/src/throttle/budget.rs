//! How many retries all requests to one vault may cost together, so that an outage is not multiplied.
//!
//! Retries may be a tenth of the requests, and ten a minute in any case (design section 6). Both are counted over
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
