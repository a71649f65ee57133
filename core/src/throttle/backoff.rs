//! How long to wait before the next try, and when to give up.
//!
//! "Full jitter" is from *Exponential Backoff And Jitter* (AWS Architecture Blog,
//! 2015): spreading the waits over the whole interval is what keeps a fleet from coming back at once.

use std::time::Duration;

use crate::random::Random;

/// How often and how patiently to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries in all, the first one included; 0 counts as 1. Default 5.
    pub tries: u32,
    /// The longest first wait; it doubles with each further one. Default 0.8 s.
    pub base: Duration,
    /// No wait grows longer than this, unless the service asks for it. Default 60 s.
    pub cap: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            tries: 5,
            base: Duration::from_millis(800),
            cap: Duration::from_secs(60),
        }
    }
}

/// The waits between the tries of one request.
///
/// ```text
///   try 1 ──wait 1──► try 2 ──wait 2──► … ──► try `tries` ──► None
///
///   wait n: jittered   0 ..= min(cap, base · 2ⁿ⁻¹)      (new)
///           patient    exactly that                     (patient: 5, 10, 20, 40 s)
///           Retry-After r, in both: at least that wait, and r ..= 1.25 · r
/// ```
#[derive(Clone, Debug)]
pub struct Backoff {
    policy: RetryPolicy,
    jittered: bool,
    attempt: u32,
}

impl Backoff {
    /// Waits with full jitter.
    pub fn new(policy: RetryPolicy) -> Self {
        Self {
            policy,
            jittered: true,
            attempt: 1,
        }
    }

    /// For an IMDS that is being updated (410): waits of 5, 10, 20 and 40 s, 75 s in all, because the service
    /// promises to be back within 70 s. No jitter: IMDS serves one machine only, so nobody else waits.
    pub fn patient() -> Self {
        Self {
            policy: RetryPolicy {
                tries: 5,
                base: Duration::from_secs(5),
                cap: Duration::from_secs(40),
            },
            jittered: false,
            attempt: 1,
        }
    }

    /// After a failed try: how long to wait before the next one, or `None` when the tries are used up.
    ///
    /// `retry_after` is what the service asked for. It is obeyed whatever its length, with a little
    /// added; whether there is time for it is the caller's to know.
    pub fn next(&mut self, random: &mut Random, retry_after: Option<Duration>) -> Option<Duration> {
        if self.attempt >= self.policy.tries {
            return None;
        }
        let doublings = (self.attempt - 1).min(31);
        let longest = self
            .policy
            .base
            .saturating_mul(1 << doublings)
            .min(self.policy.cap);
        let own = if self.jittered {
            random.up_to(longest)
        } else {
            longest
        };
        let asked = retry_after.map_or(Duration::ZERO, |asked| {
            asked.saturating_add(random.up_to(asked / 4))
        });
        self.attempt += 1;
        Some(own.max(asked))
    }

    /// The number of the try now due or under way; the first is 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn waits_spread_over_an_interval_that_doubles_up_to_the_cap() {
        let mut random = Random::new([9; 16]);
        let policy = RetryPolicy {
            tries: 10,
            ..RetryPolicy::default()
        };
        let limits = [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 60.0, 60.0];
        let mut seen = [(f64::MAX, 0.0); 9];
        for _ in 0..200 {
            let mut backoff = Backoff::new(policy.clone());
            for (least, most) in &mut seen {
                let wait = backoff.next(&mut random, None).unwrap().as_secs_f64();
                (*least, *most) = (wait.min(*least), wait.max(*most));
            }
            assert_eq!(backoff.next(&mut random, None), None);
        }
        for ((least, most), limit) in seen.into_iter().zip(limits) {
            assert!(
                least < 0.1 * limit && (0.9 * limit..=limit).contains(&most),
                "{least}..{most}"
            );
        }
    }

    #[test]
    fn five_tries_are_made_and_counted() {
        let (mut random, mut backoff) = (Random::new([1; 16]), Backoff::new(RetryPolicy::default()));
        for attempt in 1..=4 {
            assert_eq!(backoff.attempt(), attempt);
            assert!(backoff.next(&mut random, None).is_some());
        }
        assert_eq!(
            (backoff.attempt(), backoff.next(&mut random, Some(secs(1)))),
            (5, None)
        );
        let none = RetryPolicy {
            tries: 0,
            ..RetryPolicy::default()
        };
        assert_eq!(Backoff::new(none).next(&mut random, None), None);
    }

    #[test]
    fn what_the_service_asks_for_is_waited_and_little_more() {
        let mut random = Random::new([2; 16]);
        for _ in 0..200 {
            let wait = Backoff::new(RetryPolicy::default()).next(&mut random, Some(secs(100)));
            assert!((secs(100)..=secs(125)).contains(&wait.unwrap()), "{wait:?}");
        }
        let mut backoff = Backoff::new(RetryPolicy::default());
        assert_eq!(
            backoff.next(&mut random, Some(Duration::MAX)),
            Some(Duration::MAX)
        );
        let soon = backoff.next(&mut random, Some(Duration::ZERO)).unwrap();
        assert!(soon > Duration::ZERO, "zero does not mean to hammer");
    }

    #[test]
    fn patience_lasts_75_seconds() {
        let (mut random, mut backoff) = (Random::new([4; 16]), Backoff::patient());
        let waits: Vec<_> = std::iter::from_fn(|| backoff.next(&mut random, None)).collect();
        assert_eq!(waits, [secs(5), secs(10), secs(20), secs(40)]);
        let asked = Backoff::patient().next(&mut random, Some(secs(8)));
        assert!(asked >= Some(secs(8)));
    }

    #[test]
    fn endless_tries_overflow_nothing() {
        let mut random = Random::new([5; 16]);
        let mut backoff = Backoff::new(RetryPolicy {
            tries: u32::MAX,
            base: Duration::MAX,
            cap: Duration::MAX,
        });
        assert!((0..100).all(|_| backoff.next(&mut random, None).is_some()));
    }
}
