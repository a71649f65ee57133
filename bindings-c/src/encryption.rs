//! Values and fields of documents that are stored encrypted, with keys that a vault keeps.

use std::ffi::c_char;
use std::mem::offset_of;

use nightlatch_core::error::Error;

use crate::asked::{Asked, names_of};
use crate::configuration::{form_name, nightlatch_form};
use crate::door::door;
use crate::error::nightlatch_error;
use crate::reads::nightlatch_vault;
use crate::slice::{bytes, text};
use crate::status::nightlatch_status;
use crate::table::{self, Table};
use crate::value::nightlatch_value;

/// What is encrypted, and with which key. Begin with `NIGHTLATCH_ENCRYPTION_INIT`, which sets `struct_size`, and set what you
/// have. Texts are pointer and length; NULL with length 0 is none.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct nightlatch_encryption {
    /// The size of the struct as its user knows it.
    pub struct_size: usize,
    /// The name of the vault's RSA key. Must be given.
    pub key: *const c_char,
    /// Its length.
    pub key_len: usize,
    /// A version of the key; without one the latest encrypts, and any decrypts that a value names.
    pub key_version: *const c_char,
    /// Its length.
    pub key_version_len: usize,
    /// What the text is, a `nightlatch_form`: `NIGHTLATCH_FORM_VALUE` (also 0), or `NIGHTLATCH_FORM_JSON` of which fields are
    /// encrypted and everything else stays to the byte.
    pub form: u32,
    /// How many values one data key encrypts; 0: about a million.
    pub data_key_uses: u32,
    /// For how many milliseconds; 0: five minutes.
    pub data_key_ttl_ms: u64,
    /// Of JSON: `field_count` JSON Pointers (RFC 6901), in which `*` stands for every item or member. NULL when decrypting or
    /// encrypting anew: all that are encrypted.
    pub fields: *const *const c_char,
    /// Their lengths.
    pub field_lens: *const usize,
    /// Their number.
    pub field_count: usize,
    /// The document that the text is or belongs to, by a name that never changes: what was encrypted for one is decrypted for
    /// that one only. It stands in the open.
    pub document: *const c_char,
    /// Its length.
    pub document_len: usize,
    /// Of a value: the field of the document that it belongs to. It stands in the open.
    pub field: *const c_char,
    /// Its length.
    pub field_len: usize,
}

// SAFETY: `repr(C)`, begins with its size, and all zeros names nothing.
unsafe impl Table for nightlatch_encryption {
    const NAME: &'static str = "What to encrypt with";
    const INIT: &'static str = "NIGHTLATCH_ENCRYPTION_INIT";
    const LEAST: usize = offset_of!(nightlatch_encryption, key_version);
}

/// # Safety
/// The header's conventions.
unsafe fn carried_out(
    op: &str,
    vault: &nightlatch_vault,
    encryption: *const nightlatch_encryption,
    text: (*const c_char, usize),
    timeout_ms: u64,
) -> Result<*mut nightlatch_value, Error> {
    // SAFETY: the caller's promise.
    let (with, value) = unsafe { (table::read(encryption)?, bytes(text.0, text.1)?) };
    // SAFETY: the caller's promise.
    let mut asked = unsafe { with.asked(op)? };
    // SAFETY: the caller's promise.
    let fields = unsafe { names_of(with.fields, with.field_lens, with.field_count)? };
    if !with.fields.is_null() {
        asked = asked.with("fields", fields);
    }
    asked
        .of(vault, timeout_ms, Some(value.to_vec().into()))?
        .into_value()
}

impl nightlatch_encryption {
    /// Everything but the fields.
    ///
    /// # Safety
    /// The header's conventions.
    unsafe fn asked(&self, op: &str) -> Result<Asked, Error> {
        let form = match self.form {
            0 => nightlatch_form::NIGHTLATCH_FORM_VALUE as u32,
            form => form,
        };
        // SAFETY: the caller's promise.
        let [key, version, document, field] = unsafe {
            [
                text(self.key, self.key_len)?,
                text(self.key_version, self.key_version_len)?,
                text(self.document, self.document_len)?,
                text(self.field, self.field_len)?,
            ]
        };
        Ok(Asked::new(op)
            .with("name", key)
            .with_text("version", version)
            .with("form", form_name(form)?)
            .with_text("document", document)
            .with_text("field", field)
            .with_number("data_key_uses", self.data_key_uses)
            .with_seconds("data_key_ttl", self.data_key_ttl_ms))
    }
}

/// Encrypts a value, or fields of a JSON document: each becomes a text that any JOSE library decrypts with the key (a compact JWE,
/// RFC 7516, of `RSA-OAEP-256` and `A256GCM`). The vault wraps one data key for many values. `timeout_ms` is what the call may take,
/// 0 as configured. Free the value with `nightlatch_value_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_encrypt(
    vault: *const nightlatch_vault,
    encryption: *const nightlatch_encryption,
    text: *const c_char,
    text_len: usize,
    timeout_ms: u64,
    value: *mut *mut nightlatch_value,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> value, error {
        // SAFETY: the header's conventions.
        unsafe { carried_out("encrypt", vault, encryption, (text, text_len), timeout_ms) }
    })
}

/// Decrypts a value, or fields of a JSON document, that were encrypted for this document and field with any version of this key.
/// `NIGHTLATCH_DECRYPTION_FAILED` if they were not, or were changed since. The arguments are those of `nightlatch_vault_encrypt`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_decrypt(
    vault: *const nightlatch_vault,
    encryption: *const nightlatch_encryption,
    text: *const c_char,
    text_len: usize,
    timeout_ms: u64,
    value: *mut *mut nightlatch_value,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> value, error {
        // SAFETY: the header's conventions.
        unsafe { carried_out("decrypt", vault, encryption, (text, text_len), timeout_ms) }
    })
}

/// Encrypts a value, or fields of a JSON document, anew with the latest version of the key; what already is comes back as it is.
/// After the key was rotated. The arguments are those of `nightlatch_vault_encrypt`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_rewrap(
    vault: *const nightlatch_vault,
    encryption: *const nightlatch_encryption,
    text: *const c_char,
    text_len: usize,
    timeout_ms: u64,
    value: *mut *mut nightlatch_value,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> value, error {
        // SAFETY: the header's conventions.
        unsafe { carried_out("rewrap", vault, encryption, (text, text_len), timeout_ms) }
    })
}
