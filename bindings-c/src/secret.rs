//! Secrets as C holds them: shared, lent without a copy, wiped when the last owner goes.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use nightlatch_core::cache::store::Entry;
use nightlatch_core::secret::Secret;
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::UnixTime;
use zeroize::Zeroize;

use crate::door::{Refusal, door, guarded};
use crate::properties::nightlatch_properties;
use crate::slice::{SensitiveText, give, lend_option};
use crate::status::nightlatch_status;

/// A secret: its value and what the vault says of it. It never changes; any number of threads may read it.
pub struct nightlatch_secret {
    pub(crate) secret: Secret,
    value: SensitiveText,
    properties: nightlatch_properties,
}

impl nightlatch_secret {
    pub(crate) fn new(secret: &Secret) -> Arc<Self> {
        Arc::new(Self {
            value: SensitiveText::new(secret.value()),
            properties: nightlatch_properties::new(secret.properties()),
            secret: secret.clone(),
        })
    }

    /// The entry's own object, so that a read allocates nothing; `None` until it was [put there](Self::put_in).
    #[inline]
    pub(crate) fn in_entry(entry: &Entry<Secret>) -> Option<&Arc<Self>> {
        entry.slot.get()?.downcast_ref()
    }

    /// Makes the entry's own object, unless it is there. To be called with the engine's lock held: the threads that
    /// come meanwhile wait for it to be made, and in a forked child they would wait for a thread that is not there.
    pub(crate) fn put_in(entry: &Entry<Secret>) -> Option<&Arc<Self>> {
        entry
            .slot
            .get_or_init(|| Box::new(Self::new(&entry.value)))
            .downcast_ref()
    }

    /// Whether both are the same version.
    pub(crate) fn is_version_of(&self, other: &Self) -> bool {
        self.secret.properties().version == other.secret.properties().version
    }

    /// Copies the value and a NUL, and says how long the value is; `None`, and nothing written, if it does not fit.
    ///
    /// # Safety
    /// `buffer` is NULL or writable for `capacity` bytes.
    #[inline]
    pub(crate) unsafe fn copy(&self, buffer: *mut c_char, capacity: usize) -> Option<usize> {
        let value = self.value();
        if buffer.is_null() || value.len() >= capacity {
            return None;
        }
        // SAFETY: writable by the caller's promise for more bytes than the value has; and one for the NUL that
        // follows every value.
        unsafe { std::ptr::copy_nonoverlapping(value.as_ptr().cast(), buffer, value.len() + 1) };
        Some(value.len())
    }

    /// The value, followed by a NUL that does not count.
    #[inline]
    pub(crate) fn value(&self) -> &[u8] {
        self.value.expose()
    }
}

/// A handle of its own for C, to be freed with `nightlatch_secret_free`.
#[inline]
pub(crate) fn hand_over(secret: Arc<nightlatch_secret>) -> *mut nightlatch_secret {
    Arc::into_raw(secret).cast_mut()
}

/// Frees a handle. The value is wiped when no handle is left and the cache has let go of it. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_secret_free(secret: *mut nightlatch_secret) {
    guarded(|| {
        if !secret.is_null() {
            // SAFETY: not NULL, so by the header's conventions a handle that `hand_over` made.
            drop(unsafe { Arc::from_raw(secret.cast_const()) });
        }
    });
}

/// Another handle to the same secret, to be freed on its own.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_secret_share(secret: *const nightlatch_secret) -> *mut nightlatch_secret {
    if secret.is_null() {
        return Refusal::null();
    }
    // SAFETY: not NULL, so by the header's conventions a handle that `hand_over` made.
    unsafe { Arc::increment_strong_count(secret) };
    secret.cast_mut()
}

/// The value, which lives as long as the handle. `len`, if not NULL, gets its length; a NUL follows it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_secret_value(
    secret: *const nightlatch_secret,
    len: *mut usize,
) -> *const c_char {
    door!([secret] {
        // SAFETY: the header's conventions.
        unsafe { secret.value.lend(len) }
    })
}

/// Copies the value and a NUL into a buffer of `capacity` bytes. `NIGHTLATCH_INVALID_ARGUMENT` if it does not fit; then
/// nothing is written. Wipe the buffer with `nightlatch_wipe`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_secret_copy(
    secret: *const nightlatch_secret,
    buffer: *mut c_char,
    capacity: usize,
) -> nightlatch_status {
    door!([secret] {
        // SAFETY: the header's conventions.
        match unsafe { secret.copy(buffer, capacity) } {
            Some(_) => nightlatch_status::NIGHTLATCH_OK,
            None => nightlatch_status::NIGHTLATCH_INVALID_ARGUMENT,
        }
    })
}

/// What the vault says of it besides the value, lent for as long as the handle lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_secret_properties(
    secret: *const nightlatch_secret,
) -> *const nightlatch_properties {
    door!([secret] { &raw const secret.properties })
}

/// A text of a secret, as named by `nightlatch_secret_fact`; NULL if absent. It lives as long as the handle. `len`, if
/// not NULL, gets its length; a NUL follows it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_secret_text(
    secret: *const nightlatch_secret,
    fact: u32,
    len: *mut usize,
) -> *const c_char {
    door!([secret] {
        // SAFETY: the header's conventions.
        unsafe { lend_option(secret.properties.text(fact), len) }
    })
}

/// Writes a number of a secret, as named by `nightlatch_secret_number_fact`. False if absent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_secret_number(
    secret: *const nightlatch_secret,
    fact: u32,
    value: *mut i64,
) -> bool {
    door!([secret] {
        // SAFETY: the header's conventions.
        unsafe { give(secret.properties.number(fact), value) }
    })
}

/// How many tags a secret has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_secret_tag_count(secret: *const nightlatch_secret) -> usize {
    door!([secret] { secret.properties.tags().len() })
}

/// The name of the tag number `index`, in the order of the names; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_secret_tag_name(
    secret: *const nightlatch_secret,
    index: usize,
    len: *mut usize,
) -> *const c_char {
    door!([secret] {
        // SAFETY: the header's conventions.
        unsafe { lend_option(secret.properties.tags().get(index).map(|(name, _)| name), len) }
    })
}

/// The value of the tag number `index`; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_secret_tag(
    secret: *const nightlatch_secret,
    index: usize,
    len: *mut usize,
) -> *const c_char {
    door!([secret] {
        // SAFETY: the header's conventions.
        unsafe { lend_option(secret.properties.tags().get(index).map(|(_, value)| value), len) }
    })
}

/// Wipes memory of your own, in a way that no compiler leaves out. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_wipe(buffer: *mut c_void, len: usize) {
    guarded(|| {
        if !buffer.is_null() && isize::try_from(len).is_ok() {
            // SAFETY: not NULL, no longer than memory, and writable by the header's conventions.
            unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), len) }.zeroize();
        }
    });
}

/// A bearer token, for clients of other services.
pub struct nightlatch_token {
    value: SensitiveText,
    expires_on: UnixTime,
    refresh_on: UnixTime,
}

impl nightlatch_token {
    pub(crate) fn new(value: &Sensitive, expires_on: UnixTime, refresh_on: UnixTime) -> Self {
        Self {
            value: SensitiveText::new(value),
            expires_on,
            refresh_on,
        }
    }
}

/// Frees a token and wipes it. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_token_free(token: *mut nightlatch_token) {
    // SAFETY: the header's conventions.
    unsafe { crate::door::free(token) }
}

/// The token itself, which lives as long as the handle. `len`, if not NULL, gets its length; a NUL follows it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_token_value(
    token: *const nightlatch_token,
    len: *mut usize,
) -> *const c_char {
    door!([token] {
        // SAFETY: the header's conventions.
        unsafe { token.value.lend(len) }
    })
}

/// Writes when the token ends and when it should be asked for anew, in seconds since 1970; either may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_token_times(
    token: *const nightlatch_token,
    expires_on: *mut i64,
    refresh_on: *mut i64,
) -> bool {
    door!([token] {
        // SAFETY: the header's conventions.
        unsafe {
            give(Some(token.expires_on.as_secs()), expires_on);
            give(Some(token.refresh_on.as_secs()), refresh_on)
        }
    })
}
