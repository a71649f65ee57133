//! Reading secrets through the cache.
//!
//! ```text
//!   fresh ───────────▶ served
//!   refresh due ─────▶ served while one caller, or the event loop, asks the vault
//!   stale, missing ──▶ one flight asks the vault ──▶ kept and served
//!                         │ fails for now ──▶ the stale copy, if there is one; for 30 s without asking again
//!                         └ refused ────────▶ the copy is dropped, the error goes to the caller
//! ```

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;

use crate::cache::freshness::Freshness;
use crate::cache::store::{Bounds, Entry, Store};
use crate::config::{Config, Renewal};
use crate::credential::provider::TokenProvider;
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::exec::single_flight::Overtaken;
use crate::exec::{Context, SingleFlight};
use crate::operation::Subject;
#[cfg(feature = "reference")]
use crate::operation::{Action, Paging, Reply, VaultCall};
#[cfg(feature = "reference")]
use crate::secret::SecretProperties;
use crate::secret::{Secret, SecretId};
#[cfg(feature = "reference")]
use crate::time::UnixTime;
use crate::time::millis;
use crate::wire::secrets::{deed, parse_secret};

use super::client::Client;
use super::keep::{Counts, Writes, count};

/// The cache of secrets, readable without the engine.
pub type SecretStore = Store<SecretId, Secret>;

/// After a failure a stale copy is served for so long before the vault is asked again.
const PAUSE: Duration = Duration::from_secs(30);

/// A renewing thread looks no more often than this.
const SHORTEST_LOOK: Duration = Duration::from_secs(1);

/// Names that do not exist, and copies whose renewal failed lately; more than enough for one program.
const MOST_FAILURES: Bounds = Bounds {
    entries: 1000,
    bytes: 16 << 20,
};

pub(crate) struct Secrets {
    pub(super) config: Arc<Config>,
    pub(crate) client: Client,
    pub(super) store: Arc<SecretStore>,
    pub(super) failures: Store<SecretId, Error>,
    pub(super) flights: SingleFlight<SecretId, Secret>,
    pub(super) writes: Writes,
    pub(super) counts: Counts,
    pub(super) discarded: Mutex<Vec<Arc<Entry<Secret>>>>,
}

impl Secrets {
    pub(crate) fn new(config: Arc<Config>, tokens: Arc<TokenProvider>) -> Self {
        let cache = &config.options.cache;
        let bounds = Bounds {
            entries: cache.max_entries,
            bytes: cache.max_bytes,
        };
        Self {
            client: Client::new(Arc::clone(&config), tokens),
            config,
            store: Arc::new(Store::new(bounds)),
            failures: Store::new(MOST_FAILURES),
            flights: SingleFlight::default(),
            writes: Writes::default(),
            counts: Counts::default(),
            discarded: Mutex::default(),
        }
    }

    pub(crate) fn store(&self) -> &Arc<SecretStore> {
        &self.store
    }

    /// The secret, by the rules drawn above. `refresh` asks the vault, unless it was asked a moment ago.
    pub(crate) async fn get(
        self: &Arc<Self>,
        context: &Context,
        id: &SecretId,
        refresh: bool,
    ) -> Result<Secret, Error> {
        let now = context.instant();
        let held = self.store.get(id, now);
        if refresh {
            let just_fetched =
                |entry: &Arc<Entry<Secret>>| now.since(entry.stored) < self.cache().refresh_interval;
            return match held {
                Some((entry, _)) if just_fetched(&entry) => Ok(self.hit(&entry)),
                _ => {
                    count(&self.counts.refreshes);
                    self.fetch(context, id).await
                }
            };
        }
        let detached = self.config.options.host.renewal == Renewal::Detached;
        let mut counter = &self.counts.misses;
        match held {
            Some((entry, Freshness::Fresh)) => return Ok(self.hit(&entry)),
            Some((entry, Freshness::RefreshDue)) if detached => {
                let (secrets, id, context) = (Arc::clone(self), id.clone(), context.detached());
                context.clone().spawn(Box::pin(async move {
                    count(&secrets.counts.refreshes);
                    let _ = secrets.fetch(&context, &id).await;
                }));
                return Ok(self.hit(&entry));
            }
            Some((_, Freshness::RefreshDue)) => counter = &self.counts.refreshes,
            _ => {}
        }
        if let Some((failure, _)) = self.failures.get(id, now) {
            match self.stale(context, id, &failure.value) {
                Some(secret) => return Ok(secret),
                None if failure.value.kind() == ErrorKind::NotFound => return Err(failure.value.clone()),
                // No copy is left to bridge the pause with.
                None => {}
            }
        }
        count(counter);
        self.renew(context, id).await
    }

    /// Asks the vault; if it cannot answer, a copy serves, and goes on serving for a while without asking.
    async fn renew(self: &Arc<Self>, context: &Context, id: &SecretId) -> Result<Secret, Error> {
        match self.fetch(context, id).await {
            Err(error) => match self.stale(context, id, &error) {
                Some(secret) => {
                    self.note_failure(context, id, error, PAUSE);
                    Ok(secret)
                }
                None => Err(error),
            },
            fetched => fetched,
        }
    }

    /// Renews what is due and was read since it was fetched, and says after what time to look again: when the
    /// next is due, or the soonest when one that is fetched from now on can be.
    pub(crate) fn refresh_due<'a>(
        self: &'a Arc<Self>,
        context: &'a Context,
    ) -> Pin<Box<dyn Future<Output = Duration> + Send + 'a>> {
        if cfg!(feature = "manage") {
            Box::pin(self.renew_due(context))
        } else {
            Box::pin(ready(Duration::MAX))
        }
    }

    async fn renew_due(self: &Arc<Self>, context: &Context) -> Duration {
        let now = context.instant();
        let mut due = Vec::new();
        self.store.each(|id, entry| {
            let wanted = matches!(entry.freshness(now), Freshness::RefreshDue | Freshness::Stale);
            if wanted && entry.was_read() && self.failures.get(id, now).is_none() {
                due.push(id.clone());
            }
        });
        join_all(due.iter().map(|id| async move {
            count(&self.counts.refreshes);
            // Whoever reads it next hears of a failure; here nobody does.
            let _ = self.renew(context, id).await;
        }))
        .await;
        let (now, cache) = (context.instant(), self.cache());
        let mut next = cache
            .ttl
            .min(cache.pinned_ttl)
            .mul_f64((1.0 - cache.jitter) * (1.0 - cache.soft_window));
        self.store.each(|id, entry| {
            let wait = match self.failures.get(id, now) {
                Some((failure, _)) => (failure.stored + PAUSE).since(now),
                None => entry.life.refresh_at(entry.stored).since(now),
            };
            if entry.was_read() || !wait.is_zero() {
                next = next.min(wait);
            }
        });
        next.max(SHORTEST_LOOK)
    }

    /// A copy to serve in place of `error`: any while its life lasts (a refusal has ended it), and past its life if
    /// the error is one that passes.
    pub(crate) fn stale(&self, context: &Context, id: &SecretId, error: &Error) -> Option<Secret> {
        let now = context.instant();
        let (entry, freshness) = self.store.get(id, now)?;
        if freshness <= Freshness::RefreshDue {
            return Some(self.hit(&entry));
        }
        if !error.is_transient() {
            return None;
        }
        count(&self.counts.stale);
        context.emit(Event::ServedStale {
            vault: id.vault.to_string(),
            name: id.name.to_string(),
            age_ms: millis(now.since(entry.stored)),
            reason: error.kind(),
        });
        Some(entry.value.clone())
    }

    /// The copy at hand, if the vault lists the secret as last changed at `updated_on` and the copy was. It is as good as one that
    /// is fetched now, and lives on like one.
    ///
    /// The service counts whole seconds: a copy that was fetched in the second of the change may be the one before.
    #[cfg(feature = "reference")]
    pub(crate) fn still_current(
        &self,
        context: &Context,
        id: &SecretId,
        updated_on: Option<UnixTime>,
    ) -> Option<Secret> {
        let now = context.now();
        let (entry, _) = self.store.get(id, now.instant)?;
        let changed = updated_on.filter(|listed| entry.value.properties().updated_on == Some(*listed))?;
        let fetched_ago = now.instant.since(entry.stored);
        if now.unix.since(changed) < fetched_ago + Duration::from_secs(2) {
            return None;
        }
        let secret = self.hit(&entry);
        self.learn(context, id, &secret, true).ok()?;
        Some(secret)
    }

    /// All secrets that the vault lists.
    #[cfg(feature = "reference")]
    pub(crate) async fn list(
        self: &Arc<Self>,
        context: &Context,
        subject: &Subject,
    ) -> Result<Vec<SecretProperties>, Error> {
        let mut listed = Vec::new();
        let mut paging = Paging::default();
        loop {
            let call = VaultCall {
                subject: subject.clone(),
                action: Action::List(paging),
            };
            let Reply::Page(page) = self.call(context, &call).await? else {
                return Err(Error::new(ErrorKind::Internal, "A list is no list."));
            };
            listed.extend(page.items);
            match page.continuation {
                None => return Ok(listed),
                continuation => {
                    paging = Paging {
                        continuation,
                        max_page_size: None,
                    }
                }
            }
        }
    }

    /// How long ago the copy at hand was fetched.
    #[cfg(feature = "reference")]
    pub(crate) fn age(&self, context: &Context, id: &SecretId) -> Option<Duration> {
        let now = context.instant();
        let (entry, _) = self.store.get(id, now)?;
        Some(now.since(entry.stored))
    }

    fn hit(&self, entry: &Entry<Secret>) -> Secret {
        count(&self.counts.hits);
        entry.value.clone()
    }

    pub(super) async fn fetch(self: &Arc<Self>, context: &Context, id: &SecretId) -> Result<Secret, Error> {
        let begin = |overtaken: Overtaken| {
            let (secrets, context, id) = (Arc::clone(self), context.clone(), id.clone());
            async move {
                let result = secrets.ask(&context, &id, &overtaken).await;
                if let Err(error) = &result
                    && !overtaken.get()
                {
                    secrets.note_refusal(&context, &id, error);
                }
                result
            }
        };
        context.waits_for("the secret");
        self.flights.run(id.clone(), begin).await
    }

    /// Asks the vault, and keeps the answer unless it was overtaken.
    async fn ask(&self, context: &Context, id: &SecretId, overtaken: &Overtaken) -> Result<Secret, Error> {
        let subject = Subject::from(id.clone());
        let told = self
            .client
            .ask(context, (&deed::GET, &subject), None, parse_secret)
            .await?;
        let secret = told.said;
        self.learn(context, id, &secret, !overtaken.get())?;
        context.emit(Event::SecretFetched {
            vault: id.vault.to_string(),
            name: id.name.to_string(),
            version: secret.properties().version.clone().unwrap_or_default(),
            request_id: told.request_id,
        });
        Ok(secret)
    }
}
