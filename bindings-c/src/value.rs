//! Values that stand alone: backups of secrets, and what was encrypted or decrypted.

use std::ffi::c_char;

use nightlatch_core::sensitive::Sensitive;

use crate::door::{door, free};
use crate::slice::SensitiveText;

/// A value that is wiped when it is freed. It never changes, and any number of threads may read it. A backup is all versions of
/// a secret as one opaque blob, which only a vault of the same subscription and geography restores.
pub struct nightlatch_value(SensitiveText);

impl nightlatch_value {
    pub(crate) fn new(value: &Sensitive) -> Self {
        Self(SensitiveText::new(value))
    }
}

/// Frees a value that a call handed over, and wipes it; not one that is lent. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_value_free(value: *mut nightlatch_value) {
    // SAFETY: the header's conventions.
    unsafe { free(value) }
}

/// The value itself, which lives as long as the handle. `len`, if not NULL, gets its length; a NUL follows it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_value_data(
    value: *const nightlatch_value,
    len: *mut usize,
) -> *const c_char {
    door!([value] {
        // SAFETY: the header's conventions.
        unsafe { value.0.lend(len) }
    })
}
