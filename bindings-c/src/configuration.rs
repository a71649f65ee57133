//! Secrets where configuration lives: references in its texts, and a vault's secrets as a configuration.

use std::ffi::c_char;

use nightlatch_core::error::{Error, ErrorKind};

use crate::asked::{Asked, names_of};
use crate::client::nightlatch_client;
use crate::door::door;
use crate::error::nightlatch_error;
use crate::reads::nightlatch_vault;
use crate::report::nightlatch_report;
use crate::resolved::nightlatch_resolved;
use crate::slice::{bytes, text};
use crate::status::nightlatch_status;

/// What a text with references is.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum nightlatch_form {
    /// One value of a configuration.
    NIGHTLATCH_FORM_VALUE = 1,
    /// JSON, such as an object of values with their names: comes back as it was, but for its references.
    NIGHTLATCH_FORM_JSON = 2,
    /// An `.env` file: becomes a JSON object of its variables.
    NIGHTLATCH_FORM_ENV = 3,
    /// YAML 1.2: comes back as it was, but for its references.
    NIGHTLATCH_FORM_YAML = 4,
    /// TOML 1.1: comes back as it was, but for its references.
    NIGHTLATCH_FORM_TOML = 5,
}

/// The core's name for a form.
pub(crate) fn form_name(form: u32) -> Result<&'static str, Error> {
    use nightlatch_form::*;
    let names = [
        (NIGHTLATCH_FORM_VALUE, "value"),
        (NIGHTLATCH_FORM_JSON, "json"),
        (NIGHTLATCH_FORM_ENV, "env"),
        (NIGHTLATCH_FORM_YAML, "yaml"),
        (NIGHTLATCH_FORM_TOML, "toml"),
    ];
    let found = names.into_iter().find(|(known, _)| *known as u32 == form);
    found.map(|(_, name)| name).ok_or_else(|| {
        let text = format!("{form} is no form of a text.");
        Error::new(ErrorKind::InvalidArgument, text).advise("Give a value of nightlatch_form.")
    })
}

fn resolve(form: u32, max_age_ms: u64, report: bool) -> Result<Asked, Error> {
    let asked = Asked::new("resolve_references")
        .with("form", form_name(form)?)
        .with("report", report);
    Ok(asked.with_seconds("max_age", max_age_ms))
}

/// Puts secrets in place of the Key Vault references (`@Microsoft.KeyVault(...)`, as App Service has them) in a text: all of
/// them, or none and an error whose attempts name each that is missing. `form`, a `nightlatch_form`, says what the text is; a value
/// that is no reference comes back as it is. `max_age_ms` is the oldest copy that may serve, also while a vault is away; 0: by the
/// cache's own rules. `timeout_ms` is what the call may take, 0 as configured. The text is copied into memory that is wiped.
/// Free what it resolves to with `nightlatch_resolved_free`.
///
/// With the other arguments of `resolve_references`, such as the content type of an App Configuration value, perform that
/// operation: `nightlatch_reply_resolved` lends the same.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_client_resolve(
    client: *const nightlatch_client,
    form: u32,
    text: *const c_char,
    text_len: usize,
    max_age_ms: u64,
    timeout_ms: u64,
    resolved: *mut *mut nightlatch_resolved,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([client] -> resolved, error {
        // SAFETY: the header's conventions.
        let value = unsafe { bytes(text, text_len)? }.to_vec().into();
        resolve(form, max_age_ms, false)?.by(&client.0, timeout_ms, Some(value))?.into_resolved()
    })
}

/// How each reference in a text would fare, by the words of App Service and with what is to be done, without the text: for
/// readiness probes and for people. A trouble is no failure of this call: the report tells of it. Arguments are those of
/// `nightlatch_client_resolve`. Free the report with `nightlatch_report_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_client_check_references(
    client: *const nightlatch_client,
    form: u32,
    text: *const c_char,
    text_len: usize,
    max_age_ms: u64,
    timeout_ms: u64,
    report: *mut *mut nightlatch_report,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([client] -> report, error {
        // SAFETY: the header's conventions.
        let value = unsafe { bytes(text, text_len)? }.to_vec().into();
        resolve(form, max_age_ms, true)?.by(&client.0, timeout_ms, Some(value))?.into_report()
    })
}

/// Loads secrets as a configuration: a JSON object of texts under keys that are made of their names, without `prefix` and with
/// `separator` (NULL: `:`) in place of `--`. `names` and `name_lens` are `count` texts with their lengths; reading these takes
/// the permission to get only. If `names` is NULL, it is all enabled secrets that the vault lists and whose names begin with
/// `prefix`; loading again then reads only what changed. All are loaded, or none and an error whose attempts name each that is
/// missing. `timeout_ms` is what the call may take, 0 as configured. Free what it comes to with `nightlatch_resolved_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_load(
    vault: *const nightlatch_vault,
    names: *const *const c_char,
    name_lens: *const usize,
    count: usize,
    prefix: *const c_char,
    prefix_len: usize,
    separator: *const c_char,
    separator_len: usize,
    timeout_ms: u64,
    resolved: *mut *mut nightlatch_resolved,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> resolved, error {
        // SAFETY: the header's conventions.
        let (named, prefix, parted) =
            unsafe { (names_of(names, name_lens, count)?, text(prefix, prefix_len)?, text(separator, separator_len)?) };
        let mut asked = Asked::new("load_secrets").with_text("prefix", prefix);
        if !names.is_null() {
            asked = asked.with("names", named);
        }
        if !separator.is_null() {
            asked = asked.with("separator", parted);
        }
        asked.of(vault, timeout_ms, None)?.into_resolved()
    })
}
