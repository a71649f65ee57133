//! What a version of a secret shall have besides its value.

use std::ffi::c_char;
use std::sync::Mutex;

use nightlatch_core::error::Error;
use serde_json::{Map, Value};

use crate::door::{door, free};
use crate::slice::text;
use crate::status::nightlatch_status;
use crate::tree::lock;

/// What a version of a secret shall have. When a secret is set, what is not given is the service's default; when properties are
/// updated, it stays as it is. Checked by the call that uses it.
#[derive(Default)]
pub struct nightlatch_changes(Mutex<Map<String, Value>>);

impl nightlatch_changes {
    /// As arguments of an operation.
    pub(crate) fn arguments(&self) -> Map<String, Value> {
        lock(&self.0).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Map<String, Value>) -> Result<(), Error>) -> nightlatch_status {
        match change(&mut lock(&self.0)) {
            Ok(()) => nightlatch_status::NIGHTLATCH_OK,
            Err(why) => nightlatch_status::of(why.kind()),
        }
    }

    fn set(&self, name: &str, value: impl Into<Value>) -> nightlatch_status {
        self.change(|changes| {
            changes.insert(name.to_owned(), value.into());
            Ok(())
        })
    }
}

/// No changes. Free it with `nightlatch_changes_free`.
#[unsafe(no_mangle)]
pub extern "C" fn nightlatch_changes_new() -> *mut nightlatch_changes {
    door!([] { Box::into_raw(Box::default()) })
}

/// Frees changes. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_changes_free(changes: *mut nightlatch_changes) {
    // SAFETY: the header's conventions.
    unsafe { free(changes) }
}

/// Whether it may be read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_changes_set_enabled(
    changes: *mut nightlatch_changes,
    enabled: bool,
) -> nightlatch_status {
    door!([changes] { changes.set("enabled", enabled) })
}

/// From when on it should be used, in seconds since 1970; for information.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_changes_set_not_before(
    changes: *mut nightlatch_changes,
    time: i64,
) -> nightlatch_status {
    door!([changes] { changes.set("not_before", time) })
}

/// Until when, in seconds since 1970; for information.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_changes_set_expires_on(
    changes: *mut nightlatch_changes,
    time: i64,
) -> nightlatch_status {
    door!([changes] { changes.set("expires_on", time) })
}

/// Free text, at most 255 characters.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_changes_set_content_type(
    changes: *mut nightlatch_changes,
    content_type: *const c_char,
    content_type_len: usize,
) -> nightlatch_status {
    door!([changes] {
        // SAFETY: the header's conventions.
        match unsafe { text(content_type, content_type_len) } {
            Ok(content_type) => changes.set("content_type", content_type),
            Err(why) => nightlatch_status::of(why.kind()),
        }
    })
}

/// Adds a tag. The tags given replace all that there are; at most 15.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_changes_add_tag(
    changes: *mut nightlatch_changes,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
) -> nightlatch_status {
    door!([changes] {
        changes.change(|changes| {
            // SAFETY: the header's conventions.
            let (name, value) = unsafe { (text(name, name_len)?, text(value, value_len)?) };
            let tags = changes.entry("tags").or_insert_with(|| Value::Object(Map::new()));
            tags[name] = value.into();
            Ok(())
        })
    })
}

/// No tags, also where there are some.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_changes_clear_tags(
    changes: *mut nightlatch_changes,
) -> nightlatch_status {
    door!([changes] { changes.set("tags", Map::new()) })
}

/// For updates: only if this version is the latest, else `NIGHTLATCH_CONFLICT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_changes_if_version(
    changes: *mut nightlatch_changes,
    version: *const c_char,
    version_len: usize,
) -> nightlatch_status {
    door!([changes] {
        // SAFETY: the header's conventions.
        match unsafe { text(version, version_len) } {
            Ok(version) => changes.set("if_version", version),
            Err(why) => nightlatch_status::of(why.kind()),
        }
    })
}

/// For updates: only if it was not changed after this moment (the `UPDATED_ON` that the caller knows), in seconds since 1970;
/// else `NIGHTLATCH_CONFLICT`. The service knows no etags: a change between the look and the update is not noticed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_changes_if_unchanged_since(
    changes: *mut nightlatch_changes,
    time: i64,
) -> nightlatch_status {
    door!([changes] { changes.set("if_unchanged_since", time) })
}
