//! Reading secrets through the cache.
//!
//! ```text
//!   fresh ───────────▶ served
//!   refresh due ─────▶ served while one caller, or the event loop, asks the vault
//!   stale, missing ──▶ one flight asks the vault ──▶ kept and served
//!                         │ fails for now ──▶ the stale copy, if there is one; for 30 s without asking again
//!                         └ refused ────────▶ the copy is dropped, the error goes to the caller
//! ```

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hashbrown::HashMap;

use crate::cache::freshness::{Freshness, Life};
use crate::cache::store::{Bounds, Entry, Store};
use crate::config::{CacheOptions, Config, Renewal, Validity};
use crate::credential::provider::TokenProvider;
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::exec::single_flight::Overtaken;
use crate::exec::{Context, SingleFlight};
use crate::secret::{Secret, SecretId, VaultUrl};
use crate::time::UnixTime;
use crate::wire::clean;
use crate::wire::secrets::{get_secret_request, parse_secret};
use crate::wire::service_error::service_error;

use super::session::Session;

/// The cache of secrets, readable without the engine.
pub type SecretStore = Store<SecretId, Secret>;

/// After a failure a stale copy is served for so long before the vault is asked again.
const PAUSE: Duration = Duration::from_secs(30);

/// Names that do not exist, and copies whose renewal failed lately; more than enough for one program.
const MOST_FAILURES: Bounds = Bounds {
    entries: 1000,
    bytes: 16 << 20,
};

pub(crate) struct Secrets {
    config: Arc<Config>,
    tokens: Arc<TokenProvider>,
    sessions: Mutex<HashMap<VaultUrl, Arc<Session>>>,
    store: Arc<SecretStore>,
    failures: Store<SecretId, Error>,
    flights: SingleFlight<SecretId, Secret>,
    discarded: Mutex<Vec<Arc<Entry<Secret>>>>,
}

impl Secrets {
    pub(crate) fn new(config: Arc<Config>, tokens: Arc<TokenProvider>) -> Self {
        let cache = &config.options.cache;
        let bounds = Bounds {
            entries: cache.max_entries,
            bytes: cache.max_bytes,
        };
        Self {
            config,
            tokens,
            sessions: Mutex::default(),
            store: Arc::new(Store::new(bounds)),
            failures: Store::new(MOST_FAILURES),
            flights: SingleFlight::default(),
            discarded: Mutex::default(),
        }
    }

    pub(crate) fn store(&self) -> &Arc<SecretStore> {
        &self.store
    }

    /// Entries that left the cache: to be dropped after every lock is released.
    pub(crate) fn take_discarded(&self) -> Vec<Arc<Entry<Secret>>> {
        std::mem::take(&mut *lock(&self.discarded))
    }

    /// Drops what is known of a secret, and what is being learned: that may be the old value still.
    pub(crate) fn invalidate(&self, id: &SecretId) {
        drop(self.failures.remove(id));
        self.flights.overtake(id);
        self.discard(self.store.remove(id));
    }

    /// Drops what is known of every secret.
    pub(crate) fn invalidate_all(&self) {
        drop(self.failures.clear());
        self.flights.overtake_all();
        self.discard(self.store.clear());
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
                Some((entry, _)) if just_fetched(&entry) => Ok(entry.value.clone()),
                _ => self.fetch(context, id).await,
            };
        }
        match held {
            Some((entry, Freshness::Fresh)) => return Ok(entry.value.clone()),
            Some((entry, Freshness::RefreshDue)) if self.config.options.host.renewal == Renewal::Detached => {
                let (secrets, id, context) = (Arc::clone(self), id.clone(), context.detached());
                context.clone().spawn(Box::pin(async move {
                    let _ = secrets.fetch(&context, &id).await;
                }));
                return Ok(entry.value.clone());
            }
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
        match self.fetch(context, id).await {
            Err(error) => match self.stale(context, id, &error) {
                Some(secret) => {
                    let pause = Life::new(PAUSE, 0.0, Duration::ZERO);
                    drop(
                        self.failures
                            .insert(id.clone(), error, 256, pause, context.instant()),
                    );
                    Ok(secret)
                }
                None => Err(error),
            },
            fetched => fetched,
        }
    }

    /// A copy to serve in place of `error`: any while its life lasts (a refusal has ended it), and past its life if
    /// the error is one that passes.
    pub(crate) fn stale(&self, context: &Context, id: &SecretId, error: &Error) -> Option<Secret> {
        let now = context.instant();
        let (entry, freshness) = self.store.get(id, now)?;
        if freshness <= Freshness::RefreshDue {
            return Some(entry.value.clone());
        }
        if !error.is_transient() {
            return None;
        }
        context.emit(Event::ServedStale {
            vault: id.vault.to_string(),
            name: id.name.to_string(),
            age_ms: u64::try_from(now.since(entry.stored).as_millis()).unwrap_or(u64::MAX),
            reason: error.kind(),
        });
        Some(entry.value.clone())
    }

    async fn fetch(self: &Arc<Self>, context: &Context, id: &SecretId) -> Result<Secret, Error> {
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
        let request = get_secret_request(id, &self.config.options.vault.api_version)
            .header("user-agent", user_agent(&self.config))
            .header(
                "x-ms-client-request-id",
                context.random(crate::random::Random::uuid),
            );
        let session = self.session(context, &id.vault);
        let answer = session
            .send(context, &self.tokens, id.name.as_str(), &request)
            .await?;
        let response = answer.response;
        let now = context.now();
        if response.status != 200 {
            let error = service_error(&response, id, answer.identity.as_ref(), now.unix);
            if error.kind() == ErrorKind::Forbidden {
                context.emit(Event::AccessDenied {
                    vault: id.vault.to_string(),
                    name: id.name.to_string(),
                    identity: error.details().identity.clone().unwrap_or_default(),
                    inner_code: error.details().inner_code.clone(),
                    request_id: error.details().request_id.clone(),
                });
            }
            return Err(error);
        }
        let request_id = response.header("x-ms-request-id").map(clean);
        let secret = parse_secret(&response.body, &id.vault).map_err(|why| {
            Error::new(
                ErrorKind::MalformedResponse,
                format!("The answer of {} was not understood. {}", id.vault, why.0),
            )
            .advise("Check that no proxy answers in the vault's place.")
            .with(|d| {
                d.status = Some(200);
                d.request_id = request_id.clone();
            })
        })?;
        let left = self.check_validity(context, id, &secret, now.unix)?;
        self.tell(context, id, &secret, request_id);
        if overtaken.get() {
            return Ok(secret);
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
        Ok(secret)
    }

    /// A refusal ends the life of a copy; a name that does not exist is remembered for a moment.
    fn note_refusal(&self, context: &Context, id: &SecretId, error: &Error) {
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
            let life = Life::new(self.cache().negative_ttl, 0.0, Duration::ZERO);
            drop(
                self.failures
                    .insert(id.clone(), error.clone(), 256, life, context.instant()),
            );
        }
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
            return Err(
                Error::new(ErrorKind::SecretDisabled, text).advise("Set a new version with a valid window.")
            );
        }
        context.emit(Event::SecretOutsideValidity {
            vault: id.vault.to_string(),
            name: id.name.to_string(),
            state,
        });
        Ok(Duration::MAX)
    }

    fn tell(&self, context: &Context, id: &SecretId, secret: &Secret, request_id: Option<String>) {
        let (vault, name) = (id.vault.to_string(), id.name.to_string());
        let version = secret.properties().version.clone().unwrap_or_default();
        let before = self
            .store
            .get(id, context.instant())
            .and_then(|(entry, _)| entry.value.properties().version.clone());
        if let Some(old_version) = before.filter(|before| *before != version) {
            let (vault, name, new_version) = (vault.clone(), name.clone(), version.clone());
            context.emit(Event::SecretRotated {
                vault,
                name,
                old_version,
                new_version,
            });
        }
        context.emit(Event::SecretFetched {
            vault,
            name,
            version,
            request_id,
        });
    }

    fn session(&self, context: &Context, vault: &VaultUrl) -> Arc<Session> {
        let now = context.instant();
        let mut sessions = lock(&self.sessions);
        let new = || Arc::new(Session::new(&self.config, vault.clone(), now));
        Arc::clone(sessions.entry(vault.clone()).or_insert_with(new))
    }

    fn discard(&self, entries: impl IntoIterator<Item = Arc<Entry<Secret>>>) {
        lock(&self.discarded).extend(entries);
    }

    fn cache(&self) -> &CacheOptions {
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

fn user_agent(config: &Config) -> String {
    let own = concat!("nightlatch/", env!("CARGO_PKG_VERSION"));
    config
        .options
        .user_agent
        .as_ref()
        .map_or_else(|| own.to_owned(), |prefix| format!("{prefix} {own}"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
