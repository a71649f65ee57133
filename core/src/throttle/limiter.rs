//! The limits of one vault: so many requests a second for each secret, and so many for all together.
//!
//! Figures: design section 6. The service allows 4,000 requests in 10 s to a vault and advises far fewer for one
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

    /// Reserves one request about the secret `key` (any case) and says when it may go: when both the
    /// secret's bucket and the vault's allow it, `now` if at once.
    ///
    /// Each bucket is charged from `now`. Requests that their secret holds back have thus paid the vault
    /// early, and may meet later ones there; that can exceed the vault's rate for a moment, by no
    /// more than the number held back, which is what the distance to the service's own limit is for.
    pub fn reserve(&mut self, key: &str, now: Instant) -> Instant {
        let key = fold(key);
        let vault = self.vault.reserve(now);
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
