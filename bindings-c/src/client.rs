//! Clients and vaults: the calls that block, and the cached reads.

use std::ffi::{c_char, c_void};
use std::sync::Arc;
use std::time::Duration;

use nightlatch_core::cache::store::CacheInfo;
use nightlatch_core::engine::Engine;
use nightlatch_core::error::Error;
use nightlatch_core::operation::{Operation, Task, TokenRequest};
use nightlatch_core::secret::{SecretId, SecretIdRef, SecretName, SecretVersion, VaultUrl};

use crate::blocking::Driver;
use crate::config::nightlatch_config;
use crate::door::{door, free};
use crate::error::nightlatch_error;
use crate::host::{Host, nightlatch_host};
use crate::operation::nightlatch_operation;
use crate::reply::{nightlatch_reply, unknown};
use crate::secret::{hand_over, nightlatch_secret, nightlatch_token};
use crate::slice::{ascii, give, text};
use crate::status::nightlatch_status;

/// One credential with all its state: tokens, cached secrets, limits. Any number of threads may use it at once; make
/// one and keep it.
pub struct nightlatch_client(Arc<Driver>);

/// One vault, read through a client. Any number of threads may use it at once.
pub struct nightlatch_vault {
    pub(crate) driver: Arc<Driver>,
    pub(crate) url: VaultUrl,
}

/// Called with a value that the cache holds, followed by a NUL that `len` does not count. The value ends with the call;
/// be brief.
pub type nightlatch_reader =
    Option<unsafe extern "C" fn(context: *mut c_void, value: *const c_char, len: usize)>;

/// What a cache tells of itself.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum nightlatch_cache_fact {
    /// Entries, those included that are gone and not yet swept out.
    NIGHTLATCH_CACHE_ENTRIES = 1,
    /// Their size in bytes.
    NIGHTLATCH_CACHE_BYTES = 2,
    /// Reads that were served without waiting for the vault.
    NIGHTLATCH_CACHE_HITS = 3,
    /// Reads that had to wait for the vault.
    NIGHTLATCH_CACHE_MISSES = 4,
    /// Reads that were served a copy past its life, because the vault could not be asked.
    NIGHTLATCH_CACHE_STALE_SERVED = 5,
    /// Times that a copy was renewed before its end, or because a caller wanted it.
    NIGHTLATCH_CACHE_REFRESHES = 6,
    /// Entries that left for want of room.
    NIGHTLATCH_CACHE_EVICTIONS = 7,
    /// Entries that left because their time was over.
    NIGHTLATCH_CACHE_EXPIRED = 8,
    /// Age of the oldest entry in milliseconds; absent while there is none.
    NIGHTLATCH_CACHE_OLDEST_AGE_MS = 9,
}

pub(crate) fn cache_number(info: &CacheInfo, fact: u32) -> Option<u64> {
    use nightlatch_cache_fact::*;
    let numbers = [
        (NIGHTLATCH_CACHE_ENTRIES, Some(info.entries as u64)),
        (NIGHTLATCH_CACHE_BYTES, Some(info.bytes as u64)),
        (NIGHTLATCH_CACHE_HITS, Some(info.hits)),
        (NIGHTLATCH_CACHE_MISSES, Some(info.misses)),
        (NIGHTLATCH_CACHE_STALE_SERVED, Some(info.stale_served)),
        (NIGHTLATCH_CACHE_REFRESHES, Some(info.refreshes)),
        (NIGHTLATCH_CACHE_EVICTIONS, Some(info.evictions)),
        (NIGHTLATCH_CACHE_EXPIRED, Some(info.expired)),
        (NIGHTLATCH_CACHE_OLDEST_AGE_MS, info.oldest_age_ms),
    ];
    let found = numbers.into_iter().find(|(name, _)| *name as u32 == fact);
    found.and_then(|(_, number)| number)
}

/// Makes a client from a configuration (NULL: the default one) and a table of callbacks, of which it keeps a copy. Nothing
/// is asked yet. Free it with `nightlatch_client_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_client_new(
    config: *const nightlatch_config,
    host: *const nightlatch_host,
    client: *mut *mut nightlatch_client,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([] -> client, error {
        // SAFETY: the header's conventions.
        let (host, config) = unsafe { (Host::read(host)?, config.as_ref()) };
        let made = match config {
            Some(config) => config.build("caller"),
            None => nightlatch_config::default().build("caller"),
        };
        let engine = match made.and_then(|config| Engine::new(config, nightlatch_signing::seed())) {
            Ok(engine) => engine,
            // The program keeps its context when no client was made.
            Err(why) => {
                host.forget();
                return Err(why);
            }
        };
        Ok(Box::into_raw(Box::new(nightlatch_client(Arc::new(Driver::new(engine, host))))))
    })
}

/// Frees a client. Vaults made from it stay usable, and keep its state until they are freed too. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_client_free(client: *mut nightlatch_client) {
    // SAFETY: the header's conventions.
    unsafe { free(client) }
}

/// Carries out any operation, and waits for its end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_client_perform(
    client: *const nightlatch_client,
    operation: *const nightlatch_operation,
    reply: *mut *mut nightlatch_reply,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([client, operation] -> reply, error {
        let (driver, cancel) = (Arc::clone(&client.0), Arc::clone(&operation.cancel));
        let read = operation.read(|json| driver.with_engine(|engine| engine.operation(json)))?;
        let content = driver.call(read, Some(&cancel))?;
        Ok(Box::into_raw(Box::new(nightlatch_reply(content))))
    })
}

/// Gets a token for a scope such as `https://management.azure.com/.default`, for clients of other services, and waits
/// for it. `timeout_ms` is what it may take, 0 as configured. Free it with `nightlatch_token_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_client_get_token(
    client: *const nightlatch_client,
    scope: *const c_char,
    scope_len: usize,
    timeout_ms: u64,
    token: *mut *mut nightlatch_token,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([client] -> token, error {
        // SAFETY: the header's conventions.
        let scope = unsafe { text(scope, scope_len)? };
        let request = TokenRequest {
            scopes: vec![scope.to_owned()],
            ..TokenRequest::default()
        };
        let driver = Arc::clone(&client.0);
        let content = driver.call(operation(Task::GetToken(request), timeout_ms), None)?;
        content.token().ok_or_else(unknown)
    })
}

/// Renews every cached secret whose renewal is due and that somebody read since it was fetched, and writes in how many
/// milliseconds to call again. For a thread of the program's own: then no reader waits for a renewal.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_client_refresh_due(
    client: *const nightlatch_client,
    timeout_ms: u64,
    next_ms: *mut u64,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([client] -> next_ms, error {
        let driver = Arc::clone(&client.0);
        let content = driver.call(operation(Task::RefreshDue, timeout_ms), None)?;
        content.next_refresh_ms().ok_or_else(unknown)
    })
}

/// Writes a number of what the cache holds and has done since the client was made, as named by `nightlatch_cache_fact`. False
/// if absent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_client_cache_number(
    client: *const nightlatch_client,
    fact: u32,
    value: *mut u64,
) -> bool {
    door!([client] {
        let now = client.0.host.now();
        let info = client.0.with_engine(|engine| engine.cache_info(now));
        // SAFETY: the header's conventions.
        unsafe { give(cache_number(&info, fact), value) }
    })
}

/// Forgets all cached secrets, so that the next reads ask their vaults.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_client_invalidate_all(
    client: *const nightlatch_client,
) -> nightlatch_status {
    door!([client] {
        client.0.with_engine(Engine::invalidate_all);
        nightlatch_status::NIGHTLATCH_OK
    })
}

/// Names a vault by its URL, such as `https://contoso.vault.azure.net`. Nothing is asked yet. Free it with
/// `nightlatch_vault_free`, before or after the client.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_new(
    client: *const nightlatch_client,
    url: *const c_char,
    url_len: usize,
    vault: *mut *mut nightlatch_vault,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([client] -> vault, error {
        // SAFETY: the header's conventions.
        let url = unsafe { text(url, url_len)? };
        let url = client.0.with_engine(|engine| engine.vault(url))?;
        let driver = Arc::clone(&client.0);
        Ok(Box::into_raw(Box::new(nightlatch_vault { driver, url })))
    })
}

/// Frees a vault. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_free(vault: *mut nightlatch_vault) {
    // SAFETY: the header's conventions.
    unsafe { free(vault) }
}

/// Gets a secret: from the cache if a fresh copy is there, else from the vault. An empty `version` is the latest;
/// `timeout_ms` is what the call may take, 0 as configured. Free the secret with `nightlatch_secret_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_get_secret(
    vault: *const nightlatch_vault,
    name: *const c_char,
    name_len: usize,
    version: *const c_char,
    version_len: usize,
    timeout_ms: u64,
    secret: *mut *mut nightlatch_secret,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> secret, error {
        // SAFETY: the header's conventions.
        let read = unsafe { vault.read(ascii(name, name_len), ascii(version, version_len), Arc::clone) };
        if let Some(cached) = read {
            return Ok(hand_over(cached));
        }
        // SAFETY: the header's conventions.
        let (name, version) = unsafe { (text(name, name_len)?, text(version, version_len)?) };
        vault.fetch(name, version, false, timeout_ms).map(hand_over)
    })
}

/// Gets a secret from the vault, whatever the cache holds, as after the vault's answer turned out to be old. Many callers
/// at once share one request.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_refresh_secret(
    vault: *const nightlatch_vault,
    name: *const c_char,
    name_len: usize,
    version: *const c_char,
    version_len: usize,
    timeout_ms: u64,
    secret: *mut *mut nightlatch_secret,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> secret, error {
        // SAFETY: the header's conventions.
        let (name, version) = unsafe { (text(name, name_len)?, text(version, version_len)?) };
        vault.fetch(name, version, true, timeout_ms).map(hand_over)
    })
}

/// A secret that is cached and fresh, else NULL; never waits. Free it with `nightlatch_secret_free`. Once in a while a copy
/// that is still good is withheld from one caller, who renews it by `nightlatch_vault_get_secret`; so follow NULL
/// with that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_cached(
    vault: *const nightlatch_vault,
    name: *const c_char,
    name_len: usize,
    version: *const c_char,
    version_len: usize,
) -> *mut nightlatch_secret {
    door!([vault] {
        // SAFETY: the header's conventions.
        let read = unsafe { vault.read(ascii(name, name_len), ascii(version, version_len), Arc::clone) };
        read.map_or(std::ptr::null_mut(), hand_over)
    })
}

/// Calls `reader` with a value that is cached and fresh, in place; false if there is none, as `nightlatch_vault_cached`
/// says. The quickest way: nothing is copied, allocated or counted, so it scales with threads.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_read(
    vault: *const nightlatch_vault,
    name: *const c_char,
    name_len: usize,
    version: *const c_char,
    version_len: usize,
    reader: nightlatch_reader,
    context: *mut c_void,
) -> bool {
    door!([vault] {
        let Some(reader) = reader else { return false };
        // SAFETY: the header's conventions.
        let (name, version) = unsafe { (ascii(name, name_len), ascii(version, version_len)) };
        let read = vault.read(name, version, |secret| {
            let value = secret.value();
            // SAFETY: the caller's own function and context; the value lives through the call.
            unsafe { reader(context, value.as_ptr().cast(), value.len()) };
        });
        read.is_some()
    })
}

/// Forgets a cached secret, so that the next read asks the vault.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_invalidate(
    vault: *const nightlatch_vault,
    name: *const c_char,
    name_len: usize,
    version: *const c_char,
    version_len: usize,
) -> nightlatch_status {
    door!([vault] {
        // SAFETY: the header's conventions.
        let named = unsafe { (text(name, name_len), text(version, version_len)) };
        let id = match named {
            (Ok(name), Ok(version)) => vault.id(name, version),
            (Err(why), _) | (_, Err(why)) => Err(why),
        };
        match id {
            Ok(id) => {
                vault.driver.with_engine(|engine| engine.invalidate(&id));
                nightlatch_status::NIGHTLATCH_OK
            }
            Err(why) => nightlatch_status::of(why.kind()),
        }
    })
}

impl nightlatch_vault {
    #[inline]
    fn read<R>(
        &self,
        name: Option<&str>,
        version: Option<&str>,
        f: impl FnOnce(&Arc<nightlatch_secret>) -> R,
    ) -> Option<R> {
        let key = SecretIdRef {
            vault: &self.url,
            name: name?,
            version: Some(version?).filter(|version| !version.is_empty()),
        };
        let now = self.driver.host.about_now();
        let read = |entry: &_| nightlatch_secret::in_entry(entry).map(f);
        self.driver.store.read(&key, now, read).flatten()
    }

    fn id(&self, name: &str, version: &str) -> Result<SecretId, Error> {
        Ok(SecretId {
            vault: self.url.clone(),
            name: SecretName::parse(name)?,
            version: Some(version)
                .filter(|version| !version.is_empty())
                .map(SecretVersion::parse)
                .transpose()?,
        })
    }

    /// The latest version: from the cache, or from the vault.
    pub(crate) fn get_shared(
        &self,
        name: &str,
        refresh: bool,
        timeout_ms: u64,
    ) -> Result<Arc<nightlatch_secret>, Error> {
        let cached = (!refresh)
            .then(|| self.read(Some(name), Some(""), Arc::clone))
            .flatten();
        match cached {
            Some(cached) => Ok(cached),
            None => self.fetch(name, "", refresh, timeout_ms),
        }
    }

    fn fetch(
        &self,
        name: &str,
        version: &str,
        refresh: bool,
        timeout_ms: u64,
    ) -> Result<Arc<nightlatch_secret>, Error> {
        let id = self.id(name, version)?;
        // A callback may free this very handle.
        let driver = Arc::clone(&self.driver);
        driver
            .call(operation(Task::GetSecret { id, refresh }, timeout_ms), None)?
            .shared_secret()
    }
}

fn operation(task: Task, timeout_ms: u64) -> Operation {
    let timeout = Some(timeout_ms).filter(|ms| *ms != 0).map(Duration::from_millis);
    Operation { task, timeout }
}
