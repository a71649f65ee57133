//! The operations of the Secrets API, one call each. All that they know is names: what they mean is the core's.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use crate::asked::{Asked, names_of};
use crate::changes::nightlatch_changes;
use crate::door::{door, null_argument};
use crate::error::nightlatch_error;
use crate::list::{nightlatch_page, nightlatch_secrets};
use crate::properties::nightlatch_properties;
use crate::reads::nightlatch_vault;
use crate::reply::unknown;
use crate::secret::{hand_over, nightlatch_secret};
use crate::slice::{bytes, text};
use crate::status::nightlatch_status;
use crate::value::nightlatch_value;

/// Uses a secret's value, and returns false if it was not accepted where it was used. The secret is lent for the call.
pub type nightlatch_use =
    Option<unsafe extern "C" fn(context: *mut c_void, secret: *const nightlatch_secret) -> bool>;

/// Gets many secrets at once, each from the cache or from the vault; one that fails leaves the others alone. `names` and
/// `name_lens` are `count` texts with their lengths. `refresh` asks the vault whatever the cache holds. Free the list with
/// `nightlatch_secrets_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_get_secrets(
    vault: *const nightlatch_vault,
    names: *const *const c_char,
    name_lens: *const usize,
    count: usize,
    refresh: bool,
    timeout_ms: u64,
    secrets: *mut *mut nightlatch_secrets,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> secrets, error {
        // SAFETY: the header's conventions.
        let names = unsafe { names_of(names, name_lens, count)? };
        let asked = Asked::new("get_secrets").with("names", names).with("refresh", refresh);
        asked.of(vault, timeout_ms, None)?.into_secrets()
    })
}

/// Sets a secret: makes a new version, which inherits nothing from the one before. `changes` (NULL: none) is what it shall have
/// besides its value. `recover_if_deleted` recovers a deleted secret of that name first; without it such a name is
/// `NIGHTLATCH_CONFLICT`. The value is copied into memory that is wiped; wipe your own copy. Free the secret with
/// `nightlatch_secret_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_set_secret(
    vault: *const nightlatch_vault,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
    changes: *const nightlatch_changes,
    recover_if_deleted: bool,
    timeout_ms: u64,
    secret: *mut *mut nightlatch_secret,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> secret, error {
        // SAFETY: the header's conventions.
        let (name, value) = unsafe { (text(name, name_len)?, bytes(value, value_len)?) };
        // SAFETY: the header's conventions.
        let changes = unsafe { changes.as_ref() };
        let asked = Asked::new("set_secret").with("name", name).with_changes(changes);
        let asked = asked.with("recover_if_deleted", recover_if_deleted);
        asked.of(vault, timeout_ms, Some(value.to_vec().into()))?.shared_secret().map(hand_over)
    })
}

/// Changes properties of a version; an empty `version` is the latest. What `changes` does not give stays. Free the properties
/// with `nightlatch_properties_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_update_secret_properties(
    vault: *const nightlatch_vault,
    name: *const c_char,
    name_len: usize,
    version: *const c_char,
    version_len: usize,
    changes: *const nightlatch_changes,
    timeout_ms: u64,
    properties: *mut *mut nightlatch_properties,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault, changes] -> properties, error {
        // SAFETY: the header's conventions.
        let (name, version) = unsafe { (text(name, name_len)?, text(version, version_len)?) };
        let asked = Asked::new("update_secret_properties").with("name", name).with_text("version", version);
        asked.with_changes(Some(changes)).of(vault, timeout_ms, None)?.into_properties()
    })
}

/// One page of the secrets, disabled and expired ones too, without values and versions.
/// `continuation` is that of the page before, and empty for the first; `max_page_size` is the most items on a page, 0 as the
/// service has it (25). Free the page with `nightlatch_page_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_list_properties_of_secrets(
    vault: *const nightlatch_vault,
    continuation: *const c_char,
    continuation_len: usize,
    max_page_size: u32,
    timeout_ms: u64,
    page: *mut *mut nightlatch_page,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> page, error {
        // SAFETY: the header's conventions.
        let continuation = unsafe { text(continuation, continuation_len)? };
        let asked = Asked::new("list_properties_of_secrets").with_text("continuation", continuation);
        asked.with_number("max_page_size", max_page_size).of(vault, timeout_ms, None)?.into_page()
    })
}

/// One page of the versions of a secret, without values.
/// `continuation` is that of the page before, and empty for the first; `max_page_size` is the most items on a page, 0 as the
/// service has it (25). Free the page with `nightlatch_page_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_list_properties_of_secret_versions(
    vault: *const nightlatch_vault,
    name: *const c_char,
    name_len: usize,
    continuation: *const c_char,
    continuation_len: usize,
    max_page_size: u32,
    timeout_ms: u64,
    page: *mut *mut nightlatch_page,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> page, error {
        // SAFETY: the header's conventions.
        let (name, continuation) = unsafe { (text(name, name_len)?, text(continuation, continuation_len)?) };
        let asked = Asked::new("list_properties_of_secret_versions").with("name", name).with_text("continuation", continuation);
        asked.with_number("max_page_size", max_page_size).of(vault, timeout_ms, None)?.into_page()
    })
}

/// One page of the deleted secrets.
/// `continuation` is that of the page before, and empty for the first; `max_page_size` is the most items on a page, 0 as the
/// service has it (25). Free the page with `nightlatch_page_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_list_deleted_secrets(
    vault: *const nightlatch_vault,
    continuation: *const c_char,
    continuation_len: usize,
    max_page_size: u32,
    timeout_ms: u64,
    page: *mut *mut nightlatch_page,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> page, error {
        // SAFETY: the header's conventions.
        let continuation = unsafe { text(continuation, continuation_len)? };
        let asked = Asked::new("list_deleted_secrets").with_text("continuation", continuation);
        asked.with_number("max_page_size", max_page_size).of(vault, timeout_ms, None)?.into_page()
    })
}

/// Deletes a secret with all versions. The service finishes some seconds later; with `wait` the call returns then. What is cached
/// is forgotten at once. Free the properties with `nightlatch_properties_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_delete_secret(
    vault: *const nightlatch_vault,
    name: *const c_char,
    name_len: usize,
    wait: bool,
    timeout_ms: u64,
    properties: *mut *mut nightlatch_properties,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> properties, error {
        // SAFETY: the header's conventions.
        let name = unsafe { text(name, name_len)? };
        let asked = Asked::new("delete_secret").with("name", name).with("wait", wait);
        asked.of(vault, timeout_ms, None)?.into_properties()
    })
}

/// Writes whether a deletion has finished; with `wait` the call returns when it has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_deletion_finished(
    vault: *const nightlatch_vault,
    name: *const c_char,
    name_len: usize,
    wait: bool,
    timeout_ms: u64,
    finished: *mut bool,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> finished, error {
        // SAFETY: the header's conventions.
        let name = unsafe { text(name, name_len)? };
        let asked = Asked::new("deletion_finished").with("name", name).with("wait", wait);
        asked.of(vault, timeout_ms, None)?.finished().ok_or_else(unknown)
    })
}

/// A deleted secret, without its value. Free the properties with `nightlatch_properties_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_get_deleted_secret(
    vault: *const nightlatch_vault,
    name: *const c_char,
    name_len: usize,
    timeout_ms: u64,
    properties: *mut *mut nightlatch_properties,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> properties, error {
        // SAFETY: the header's conventions.
        let name = unsafe { text(name, name_len)? };
        let asked = Asked::new("get_deleted_secret").with("name", name);
        asked.of(vault, timeout_ms, None)?.into_properties()
    })
}

/// Recovers a deleted secret with all versions. The service finishes some seconds later; with `wait` the call returns then.
/// Free the properties with `nightlatch_properties_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_recover_deleted_secret(
    vault: *const nightlatch_vault,
    name: *const c_char,
    name_len: usize,
    wait: bool,
    timeout_ms: u64,
    properties: *mut *mut nightlatch_properties,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> properties, error {
        // SAFETY: the header's conventions.
        let name = unsafe { text(name, name_len)? };
        let asked = Asked::new("recover_deleted_secret").with("name", name).with("wait", wait);
        asked.of(vault, timeout_ms, None)?.into_properties()
    })
}

/// Writes whether a recovery has finished; with `wait` the call returns when it has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_recovery_finished(
    vault: *const nightlatch_vault,
    name: *const c_char,
    name_len: usize,
    wait: bool,
    timeout_ms: u64,
    finished: *mut bool,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> finished, error {
        // SAFETY: the header's conventions.
        let name = unsafe { text(name, name_len)? };
        let asked = Asked::new("recovery_finished").with("name", name).with("wait", wait);
        asked.of(vault, timeout_ms, None)?.finished().ok_or_else(unknown)
    })
}

/// Deletes a deleted secret for good. The name can be used again some seconds later; with `wait` the call returns then. Writes
/// whether it has finished.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_purge_deleted_secret(
    vault: *const nightlatch_vault,
    name: *const c_char,
    name_len: usize,
    wait: bool,
    timeout_ms: u64,
    finished: *mut bool,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> finished, error {
        // SAFETY: the header's conventions.
        let name = unsafe { text(name, name_len)? };
        let asked = Asked::new("purge_deleted_secret").with("name", name).with("wait", wait);
        asked.of(vault, timeout_ms, None)?.finished().ok_or_else(unknown)
    })
}

/// All versions of a secret as one blob. Free it with `nightlatch_value_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_backup_secret(
    vault: *const nightlatch_vault,
    name: *const c_char,
    name_len: usize,
    timeout_ms: u64,
    backup: *mut *mut nightlatch_value,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> backup, error {
        // SAFETY: the header's conventions.
        let name = unsafe { text(name, name_len)? };
        let asked = Asked::new("backup_secret").with("name", name);
        asked.of(vault, timeout_ms, None)?.into_value()
    })
}

/// Brings a backup back under its own name, which must be free. Free the properties with `nightlatch_properties_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_restore_secret_backup(
    vault: *const nightlatch_vault,
    backup: *const c_char,
    backup_len: usize,
    timeout_ms: u64,
    properties: *mut *mut nightlatch_properties,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> properties, error {
        // SAFETY: the header's conventions.
        let backup = unsafe { bytes(backup, backup_len)? };
        let value = Some(backup.to_vec().into());
        Asked::new("restore_secret_backup").of(vault, timeout_ms, value)?.into_properties()
    })
}

/// Calls `accepts` with a secret; if that says that the value was not accepted, gets the latest version and, if it is another one,
/// calls `accepts` with it once more. Writes whether it was accepted in the end. However many threads meet a rotated secret, the
/// vault is asked once. `timeout_ms` is what each of the two reads may take.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_with_secret(
    vault: *const nightlatch_vault,
    name: *const c_char,
    name_len: usize,
    accepts: nightlatch_use,
    context: *mut c_void,
    timeout_ms: u64,
    accepted: *mut bool,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> accepted, error {
        let accepts = accepts.ok_or_else(|| null_argument("accepts"))?;
        // SAFETY: the header's conventions.
        let name = unsafe { text(name, name_len)? };
        // Of our own, since the function may free this very handle.
        let vault = nightlatch_vault { driver: Arc::clone(&vault.driver), url: vault.url.clone() };
        // SAFETY: the caller's own function and context; the secret lives through the call.
        let tried = |secret: &Arc<nightlatch_secret>| unsafe { accepts(context, Arc::as_ptr(secret)) };
        let first = vault.get_shared(name, false, timeout_ms)?;
        if tried(&first) {
            return Ok(true);
        }
        // Somebody else may have met the new version already.
        let known = vault.get_shared(name, false, timeout_ms)?;
        let second = if known.is_version_of(&first) { vault.get_shared(name, true, timeout_ms)? } else { known };
        Ok(!second.is_version_of(&first) && tried(&second))
    })
}
