//! Clients: what they are made of, and the calls that concern no single vault.

use std::ffi::c_char;
use std::sync::Arc;
use std::time::Duration;

use nightlatch_core::cache::store::CacheInfo;
use nightlatch_core::engine::Engine;
use nightlatch_core::operation::{Operation, Task, TokenRequest};

use crate::blocking::Driver;
use crate::config::nightlatch_config;
use crate::door::{door, free};
use crate::error::nightlatch_error;
use crate::host::{Host, nightlatch_host};
use crate::operation::nightlatch_operation;
use crate::reply::{nightlatch_reply, unknown};
use crate::secret::nightlatch_token;
use crate::slice::{give, text};
use crate::status::nightlatch_status;

/// One credential with all its state: tokens, cached secrets, limits. Any number of threads may use it at once; make
/// one and keep it.
pub struct nightlatch_client(pub(crate) Arc<Driver>);

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

/// A task that may take so long; 0 is as configured.
pub(crate) fn operation(task: Task, timeout_ms: u64) -> Operation {
    let timeout = Some(timeout_ms).filter(|ms| *ms != 0).map(Duration::from_millis);
    Operation { task, timeout }
}
