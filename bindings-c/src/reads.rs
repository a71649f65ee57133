//! Vaults and the reading of their secrets: from the cache, in the caller's own thread, or from the vault.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use nightlatch_core::error::{Error, ErrorKind};
use nightlatch_core::operation::Task;
use nightlatch_core::secret::{SecretId, SecretIdRef, SecretName, SecretVersion, VaultUrl};

use crate::blocking::Driver;
use crate::client::{nightlatch_client, operation};
use crate::door::{door, free};
use crate::error::nightlatch_error;
use crate::secret::{hand_over, nightlatch_secret};
use crate::slice::{ascii, text};
use crate::status::nightlatch_status;

/// One vault, read through a client. Any number of threads may use it at once.
pub struct nightlatch_vault {
    pub(crate) driver: Arc<Driver>,
    pub(crate) url: VaultUrl,
}

/// Called with a value that the cache holds, followed by a NUL that `len` does not count. The value ends with the call;
/// be brief.
pub type nightlatch_reader =
    Option<unsafe extern "C" fn(context: *mut c_void, value: *const c_char, len: usize)>;

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

/// Copies the value of a secret and a NUL into a buffer of `capacity` bytes, and writes the value's length: from the cache if
/// a fresh copy is there, else from the vault, as `nightlatch_vault_get_secret`. There is nothing to free, and nothing
/// is counted, so it scales with threads. `NIGHTLATCH_INVALID_ARGUMENT` if it does not fit; then nothing is written. Wipe the buffer
/// with `nightlatch_wipe`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_copy_secret(
    vault: *const nightlatch_vault,
    name: *const c_char,
    name_len: usize,
    version: *const c_char,
    version_len: usize,
    timeout_ms: u64,
    buffer: *mut c_char,
    capacity: usize,
    len: *mut usize,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> len, error {
        // SAFETY: the header's conventions.
        let copy = |secret: &Arc<nightlatch_secret>| unsafe { secret.copy(buffer, capacity) };
        // SAFETY: the header's conventions.
        let read = unsafe { vault.read(ascii(name, name_len), ascii(version, version_len), copy) };
        let copied = match read {
            Some(copied) => copied,
            None => {
                // SAFETY: the header's conventions.
                let (name, version) = unsafe { (text(name, name_len)?, text(version, version_len)?) };
                copy(&vault.fetch(name, version, false, timeout_ms)?)
            }
        };
        copied.ok_or_else(|| {
            Error::new(ErrorKind::InvalidArgument, "The value does not fit into the buffer.")
                .advise("Give a larger one: a value has at most 25 KiB.")
        })
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
