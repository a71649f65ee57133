//! The limits of one vault: so many requests a second for each secret, and so many for all together.
//!
//! The service allows 4,000 requests in 10 s to a vault and advises far fewer for one
//! secret; by default we use half of the former.

use std::borrow::Cow;

use hashbrown::HashMap;

use super::token_bucket::TokenBucket;
use crate::time::Instant;

/// Rates and bursts. A rate that is zero, negative, infinite or not a number means *no limit*.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LimitConfig {
    /// Requests a second for one secret. Default 5.
    pub per_secret_per_second: f64,
    /// Requests for one secret that may go at once. Default 5.
    pub per_secret_burst: u32,
    /// Requests a second to the vault. Default 200.
    pub per_vault_per_second: f64,
    /// Requests to the vault that may go at once. Default 400.
    pub per_vault_burst: u32,
}

impl LimitConfig {
    /// No limits at all.
    pub const UNLIMITED: LimitConfig = LimitConfig {
        per_secret_per_second: 0.0,
        per_secret_burst: 1,
        per_vault_per_second: 0.0,
        per_vault_burst: 1,
    };
}

impl Default for LimitConfig {
    fn default() -> Self {
        Self {
            per_secret_per_second: 5.0,
            per_secret_burst: 5,
            per_vault_per_second: 200.0,
            per_vault_burst: 400,
        }
    }
}

/// Says when the next request to one vault may go.
#[derive(Debug)]
pub struct Limiter {
    config: LimitConfig,
    vault: TokenBucket,
    /// Only the buckets that owe something, and some that lately did.
    secrets: HashMap<Box<str>, TokenBucket>,
    /// The number of buckets at which the full ones are dropped.
    sweep_at: usize,
}

impl Limiter {
    /// All buckets full.
    pub fn new(config: LimitConfig, now: Instant) -> Self {
        Self {
            config,
            vault: TokenBucket::new(config.per_vault_per_second, config.per_vault_burst, now),
            secrets: HashMap::new(),
            sweep_at: SWEEP_FROM,
        }
    }

    /// Reserves one request about the secret `key` (any case; empty for none in particular) and says when it may go: when both the
    /// secret's bucket and the vault's allow it, `now` if at once.
    ///
    /// Each bucket is charged from `now`. Requests that their secret holds back have thus paid the vault
    /// early, and may meet later ones there; that can exceed the vault's rate for a moment, by no
    /// more than the number held back, which is what the distance to the service's own limit is for.
    pub fn reserve(&mut self, key: &str, now: Instant) -> Instant {
        let key = fold(key);
        let vault = self.vault.reserve(now);
        if key.is_empty() {
            return vault;
        }
        if let Some(bucket) = self.secrets.get_mut(&*key) {
            return bucket.reserve(now).max(vault);
        }
        self.sweep(now);
        let mut bucket = self.full_bucket(now);
        let secret = bucket.reserve(now);
        self.secrets.insert(key.into(), bucket);
        secret.max(vault)
    }

    /// When a request about `key` reserved at `now` could go.
    pub fn ready_at(&self, key: &str, now: Instant) -> Instant {
        let secret = self
            .secrets
            .get(&*fold(key))
            .map_or(now, |bucket| bucket.peek(now));
        secret.max(self.vault.peek(now))
    }

    /// Returns the reservation about `key` that was granted for `granted`, and whose owner leaves before.
    ///
    /// The bucket that made its owner wait gets the place back. The other one keeps its token: what it
    /// granted was earlier, and has been refilled by the time anybody could miss it.
    pub fn give_back(&mut self, key: &str, granted: Instant) {
        self.vault.give_back(granted);
        if let Some(bucket) = self.secrets.get_mut(&*fold(key)) {
            bucket.give_back(granted);
        }
    }

    /// Makes room for one more bucket by dropping the full ones; a dropped one comes back full. At least
    /// half of the room is free afterwards, so this is rare.
    fn sweep(&mut self, now: Instant) {
        if self.secrets.len() >= self.sweep_at {
            self.secrets.retain(|_, bucket| !bucket.is_full(now));
            self.sweep_at = SWEEP_FROM.max(2 * self.secrets.len());
        }
    }

    fn full_bucket(&self, now: Instant) -> TokenBucket {
        TokenBucket::new(
            self.config.per_secret_per_second,
            self.config.per_secret_burst,
            now,
        )
    }
}

/// Secret names are equal ignoring case.
fn fold(key: &str) -> Cow<'_, str> {
    if key.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(key.to_ascii_lowercase())
    } else {
        Cow::Borrowed(key)
    }
}

const SWEEP_FROM: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    fn limiter(secret: (f64, u32), vault: (f64, u32)) -> Limiter {
        let config = LimitConfig {
            per_secret_per_second: secret.0,
            per_secret_burst: secret.1,
            per_vault_per_second: vault.0,
            per_vault_burst: vault.1,
        };
        Limiter::new(config, at(0))
    }

    #[test]
    fn one_busy_secret_does_not_hold_back_another() {
        let mut limiter = Limiter::new(LimitConfig::default(), at(0));
        let granted: Vec<u64> = (0..7)
            .map(|_| limiter.reserve("busy", at(0)).as_millis())
            .collect();
        assert_eq!(granted, [0, 0, 0, 0, 0, 200, 400]);
        assert_eq!(limiter.reserve("calm", at(0)), at(0));
    }

    #[test]
    fn names_count_together_whatever_their_case() {
        let mut limiter = limiter((1.0, 1), (0.0, 0));
        assert_eq!(limiter.reserve("Db-Password", at(0)), at(0));
        assert_eq!(limiter.ready_at("DB-PASSWORD", at(0)), at(1000));
        assert_eq!(limiter.reserve("db-password", at(0)), at(1000));
    }

    #[test]
    fn what_is_about_no_secret_waits_for_the_vault_only() {
        let mut limiter = limiter((1.0, 1), (10.0, 2));
        let granted: Vec<u64> = (0..4).map(|_| limiter.reserve("", at(0)).as_millis()).collect();
        assert_eq!(granted, [0, 0, 100, 200]);
        assert_eq!(limiter.ready_at("", at(0)), at(300));
    }

    #[test]
    fn the_vault_holds_back_all_together() {
        let mut limiter = limiter((5.0, 5), (10.0, 2));
        let granted: Vec<u64> = (0..4)
            .map(|n| limiter.reserve(&format!("s{n}"), at(0)).as_millis())
            .collect();
        assert_eq!(granted, [0, 0, 100, 200]);
    }

    #[test]
    fn the_later_of_both_decides_and_ready_at_foretells_it() {
        let mut limiter = limiter((5.0, 1), (10.0, 1));
        for (key, granted) in [("a", 0), ("a", 200), ("b", 200), ("b", 300), ("a", 400)] {
            assert_eq!(limiter.ready_at(key, at(0)), at(granted), "{key}");
            assert_eq!(limiter.reserve(key, at(0)), at(granted), "{key}");
        }
    }

    #[test]
    fn a_reservation_given_back_serves_the_next_caller() {
        let mut limiter = limiter((5.0, 1), (0.0, 0));
        let first = limiter.reserve("a", at(0));
        let second = limiter.reserve("A", at(0));
        limiter.give_back("a", first);
        limiter.give_back("a", second);
        limiter.give_back("unknown", second);
        assert_eq!(limiter.reserve("a", at(0)), second);
        assert_eq!(limiter.reserve("a", at(0)), at(400));
    }

    #[test]
    fn idle_secrets_are_forgotten_and_busy_ones_are_not() {
        let mut limiter = limiter((5.0, 5), (0.0, 0));
        for _ in 0..1_000 {
            limiter.reserve("busy", at(0));
        }
        for n in 0..10_000 {
            limiter.reserve(&format!("s{n}"), at(10 * n));
            assert!(limiter.secrets.len() <= SWEEP_FROM, "{}", limiter.secrets.len());
        }
        assert_eq!(limiter.ready_at("busy", at(0)), at(199_200));
    }
}
