//! What the cache learns: from answers of the vault, from refusals, and from our own writes.
//!
//! A write ends what was known of its secret when the vault has accepted it, and overtakes whatever is being fetched
//! at that moment, which may be the state before:
//!
//! | write | afterwards |
//! |---|---|
//! | set | the new version is the cached one; disabled, nothing is |
//! | update | nothing is cached, so that a disabled secret is gone at once and others come with their new properties |
//! | delete | nothing is cached, and "no such secret" is known for a moment |
//! | recover, restore | nothing is cached or known to be missing |
//!
//! Of writes to one secret at the same time nobody can tell which came last: then nothing is kept of any. A write
//! whose answer never came changes nothing here; a reader may see the state before for as long as after a write
//! by somebody else, that is until the copy's life ends.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hashbrown::HashMap;

use crate::cache::freshness::Life;
use crate::cache::store::{CacheInfo, Entry};
use crate::config::{CacheOptions, Validity};
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::exec::Context;
use crate::secret::{Secret, SecretId};
use crate::time::{Instant, UnixTime};
use crate::verdict::Verdict;

use super::lock;
use super::secrets::Secrets;

/// What the slow way of reading counts; the quick way is counted by the store.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) hits: AtomicU64,
    pub(super) misses: AtomicU64,
    pub(super) refreshes: AtomicU64,
    pub(super) stale: AtomicU64,
}

/// One more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

/// Writes under way, by the secret without a version.
#[derive(Default)]
pub(super) struct Writes(Mutex<HashMap<SecretId, Running>>);

#[derive(Default)]
struct Running {
    number: u32,
    /// Whether two of them ran at the same time; forgotten when none runs.
    contended: bool,
}

/// A write under way.
pub(super) struct Write<'a> {
    writes: &'a Writes,
    id: SecretId,
}

impl Writes {
    pub(super) fn begin(&self, id: &SecretId) -> Write<'_> {
        let id = SecretId {
            version: None,
            ..id.clone()
        };
        let mut writes = lock(&self.0);
        let running = writes.entry(id.clone()).or_default();
        running.number += 1;
        running.contended |= running.number > 1;
        drop(writes);
        Write { writes: self, id }
    }
}

impl Write<'_> {
    /// Whether no other write to the same secret has run beside it.
    pub(super) fn alone(&self) -> bool {
        lock(&self.writes.0)
            .get(&self.id)
            .is_some_and(|running| !running.contended)
    }
}

impl Drop for Write<'_> {
    fn drop(&mut self) {
        let mut writes = lock(&self.writes.0);
        if let Some(running) = writes.get_mut(&self.id) {
            running.number -= 1;
            if running.number == 0 {
                writes.remove(&self.id);
            }
        }
    }
}

impl Secrets {
    /// Entries that left the cache: to be dropped after every lock is released.
    pub(crate) fn take_discarded(&self) -> Vec<Arc<Entry<Secret>>> {
        std::mem::take(&mut *lock(&self.discarded))
    }

    /// Drops what is known of a secret, and what is being learned: that may be the old value still.
    pub(crate) fn invalidate(&self, id: &SecretId) {
        self.forget(&|other| other == id);
    }

    /// Drops what is known of every secret.
    pub(crate) fn invalidate_all(&self) {
        self.forget(&|_| true);
    }

    /// The same for a secret with all its versions.
    pub(super) fn forget_name(&self, id: &SecretId) {
        self.forget(&|other| other.name_eq(id));
    }

    fn forget(&self, which: &dyn Fn(&SecretId) -> bool) {
        drop(self.failures.retain(|id, _| !which(id)));
        self.flights.overtake(which);
        self.discard(self.store.retain(|id, _| !which(id)));
    }

    /// The vault has accepted a new version.
    pub(super) fn was_set(&self, context: &Context, id: &SecretId, write: &Write<'_>, secret: &Secret) {
        drop(self.failures.remove(id));
        self.flights.overtake(|other| other == id);
        let keep = write.alone() && secret.properties().enabled != Some(false);
        // A policy that refuses to serve the secret has kept it out of the cache; it is set all the same.
        if !keep || self.learn(context, id, secret, true).is_err() {
            self.discard(self.store.remove(id));
        }
    }

    /// The vault has deleted a secret.
    pub(super) fn was_deleted(&self, context: &Context, id: &SecretId, write: &Write<'_>) {
        self.forget_name(id);
        if write.alone() {
            let text = format!("{id} was not found: it was deleted a moment ago.");
            // As the vault says it, for programs that look at the status.
            let error = Error::new(ErrorKind::NotFound, text)
                .advise("Recover it, or set it anew once it is purged.")
                .diagnose(Verdict::SecretNotFound)
                .with(|d| (d.status, d.code) = (Some(404), Some("SecretNotFound".into())));
            self.note_failure(context, id, error, self.cache().negative_ttl);
        }
    }

    /// Takes note of a secret that the vault gave, and keeps it if `keep` says so. `SecretDisabled` if the user's policy
    /// does not let it be served.
    pub(crate) fn learn(
        &self,
        context: &Context,
        id: &SecretId,
        secret: &Secret,
        keep: bool,
    ) -> Result<(), Error> {
        let now = context.now();
        let left = self.check_validity(context, id, secret, now.unix)?;
        self.tell_news(context, id, secret);
        if !keep {
            return Ok(());
        }
        let cache = self.cache();
        let ttl = if id.version.is_some() {
            cache.pinned_ttl.min(self.longest())
        } else {
            cache.ttl
        };
        let ttl = context
            .random(|random| random.around(ttl, cache.jitter))
            .min(left);
        let life = Life::new(ttl, cache.soft_window, cache.stale_if_error);
        drop(self.failures.remove(id));
        self.discard(
            self.store
                .insert(id.clone(), secret.clone(), secret.size(), life, now.instant),
        );
        Ok(())
    }

    /// A refusal ends the life of a copy; a name that does not exist is remembered for a moment.
    pub(crate) fn note_refusal(&self, context: &Context, id: &SecretId, error: &Error) {
        use ErrorKind::*;
        if matches!(
            error.kind(),
            Forbidden
                | SecretDisabled
                | NotFound
                | AuthenticationFailed
                | IdentityMismatch
                | ChallengeRejected
        ) {
            self.discard(self.store.remove(id));
        }
        if error.kind() == NotFound {
            self.note_failure(context, id, error.clone(), self.cache().negative_ttl);
        }
    }

    pub(super) fn note_failure(&self, context: &Context, id: &SecretId, error: Error, life: Duration) {
        let life = Life::new(life, 0.0, Duration::ZERO);
        drop(
            self.failures
                .insert(id.clone(), error, 256, life, context.instant()),
        );
    }

    /// What the cache holds and has done.
    pub(crate) fn cache_info(&self, now: Instant) -> CacheInfo {
        let counts = &self.counts;
        let mut info = self.store.info(now);
        info.hits += counts.hits.load(Relaxed);
        info.misses = counts.misses.load(Relaxed);
        info.refreshes = counts.refreshes.load(Relaxed);
        info.stale_served = counts.stale.load(Relaxed);
        info
    }

    /// How much longer the user's policy lets the secret be served.
    fn check_validity(
        &self,
        context: &Context,
        id: &SecretId,
        secret: &Secret,
        now: UnixTime,
    ) -> Result<Duration, Error> {
        let policy = self.config.options.vault.validity;
        let properties = secret.properties();
        let state = match (properties.not_before, properties.expires_on) {
            _ if policy == Validity::Allow => return Ok(Duration::MAX),
            (_, Some(end)) if end <= now => "expired",
            (Some(start), _) if start > now => "not_yet_valid",
            (_, end) => {
                return Ok(end
                    .filter(|_| policy == Validity::Refuse)
                    .map_or(Duration::MAX, |end| end.since(now)));
            }
        };
        if policy == Validity::Refuse {
            let text = format!(
                "The secret {id} is {}, and the option validity is \"refuse\".",
                state.replace('_', " ")
            );
            return Err(Error::new(ErrorKind::SecretDisabled, text)
                .advise("Set a new version with a valid window.")
                .diagnose(Verdict::SecretOutsideItsTime));
        }
        context.emit(Event::SecretOutsideValidity {
            vault: id.vault.to_string(),
            name: id.name.to_string(),
            state,
        });
        Ok(Duration::MAX)
    }

    /// Tells what is new compared with the copy at hand: another version, an end that has come near.
    fn tell_news(&self, context: &Context, id: &SecretId, secret: &Secret) {
        let now = context.now();
        let (vault, name) = (id.vault.to_string(), id.name.to_string());
        let version = secret.properties().version.clone().unwrap_or_default();
        let before = self.store.get(id, now.instant).map(|(entry, _)| entry);
        let version_of = |entry: &Entry<Secret>| entry.value.properties().version.clone().unwrap_or_default();
        let same = before.as_ref().filter(|before| version_of(before) == version);
        let window = self.config.options.vault.near_expiry;
        if let Some(end) = secret.properties().expires_on
            && end.since(now.unix) < window
            && same.is_none_or(|same| end.since(now.unix) + now.instant.since(same.stored) >= window)
        {
            context.emit(Event::SecretNearExpiry {
                vault: vault.clone(),
                name: name.clone(),
                version: version.clone(),
                expires_on: end.to_string(),
            });
        }
        if let Some(before) =
            before.filter(|before| !version_of(before).is_empty() && version_of(before) != version)
        {
            context.emit(Event::SecretRotated {
                vault,
                name,
                old_version: version_of(&before),
                new_version: version,
            });
        }
    }

    pub(super) fn discard(&self, entries: impl IntoIterator<Item = Arc<Entry<Secret>>>) {
        lock(&self.discarded).extend(entries);
    }

    pub(super) fn cache(&self) -> &CacheOptions {
        &self.config.options.cache
    }

    /// With the cache switched off nothing is kept, pinned versions included.
    fn longest(&self) -> Duration {
        if self.cache().ttl.is_zero() {
            Duration::ZERO
        } else {
            Duration::MAX
        }
    }
}
