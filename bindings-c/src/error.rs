//! Errors with all their facts.

use std::ffi::c_char;

use nightlatch_core::error::Error;

use crate::door::{door, free};
use crate::slice::{Text, lend_option};
use crate::status::nightlatch_status;

/// What went wrong, with every fact that helps to mend it, and no secret.
#[derive(Debug)]
pub struct nightlatch_error {
    status: nightlatch_status,
    texts: Vec<(u32, Text)>,
    attempts: Vec<[Text; 3]>,
    http_status: Option<u16>,
    retry_after_ms: Option<u64>,
}

/// The texts of an error. Those that do not apply are absent.
#[repr(u32)]
pub enum nightlatch_error_fact {
    /// The status's stable name, such as `NOT_FOUND`.
    NIGHTLATCH_ERROR_NAME = 1,
    /// One sentence.
    NIGHTLATCH_ERROR_MESSAGE = 2,
    /// Message, next step and request id together, in lines: what to show people.
    NIGHTLATCH_ERROR_DESCRIPTION = 3,
    /// The next step, in one sentence.
    NIGHTLATCH_ERROR_ADVICE = 4,
    /// The credential concerned, by its SDK name.
    NIGHTLATCH_ERROR_SOURCE = 5,
    /// Who was refused: tenant id.
    NIGHTLATCH_ERROR_TENANT = 6,
    /// Who was refused: application (client) id.
    NIGHTLATCH_ERROR_CLIENT = 7,
    /// Who was refused: object (principal) id.
    NIGHTLATCH_ERROR_OBJECT = 8,
    /// Who was refused: resource id of a managed identity.
    NIGHTLATCH_ERROR_RESOURCE = 9,
    /// The service's error code.
    NIGHTLATCH_ERROR_CODE = 10,
    /// The service's inner error code.
    NIGHTLATCH_ERROR_INNER_CODE = 11,
    /// The service's request id, for a support ticket.
    NIGHTLATCH_ERROR_REQUEST_ID = 12,
    /// What the trouble is, as one stable word such as `role-missing`; absent unless the facts tell.
    NIGHTLATCH_ERROR_HELP = 13,
}

/// The numbers of an error. Those that do not apply are absent.
#[repr(u32)]
pub enum nightlatch_error_number_fact {
    /// HTTP status of the answer.
    NIGHTLATCH_ERROR_HTTP_STATUS = 1,
    /// How long the service asked to wait, in milliseconds.
    NIGHTLATCH_ERROR_RETRY_AFTER_MS = 2,
}

/// The parts of an attempt: what one credential of a chain said.
#[repr(u32)]
pub enum nightlatch_attempt_part {
    /// The credential's SDK name.
    NIGHTLATCH_ATTEMPT_SOURCE = 1,
    /// `unavailable`, `refused` or `transient`.
    NIGHTLATCH_ATTEMPT_ENDING = 2,
    /// Why, in one sentence.
    NIGHTLATCH_ATTEMPT_REASON = 3,
}

impl nightlatch_error {
    pub(crate) fn new(error: &Error) -> Self {
        use nightlatch_error_fact::*;
        let d = error.details();
        let description = error.to_string();
        let who = |of: fn(&nightlatch_core::error::Identity) -> &Option<String>| {
            d.identity.as_ref().and_then(|identity| of(identity).as_deref())
        };
        let texts = [
            (NIGHTLATCH_ERROR_NAME, Some(d.kind.name())),
            (NIGHTLATCH_ERROR_MESSAGE, Some(d.message.as_str())),
            (NIGHTLATCH_ERROR_DESCRIPTION, Some(description.as_str())),
            (NIGHTLATCH_ERROR_ADVICE, d.advice.as_deref()),
            (NIGHTLATCH_ERROR_SOURCE, d.source.as_deref()),
            (NIGHTLATCH_ERROR_TENANT, who(|i| &i.tenant)),
            (NIGHTLATCH_ERROR_CLIENT, who(|i| &i.client)),
            (NIGHTLATCH_ERROR_OBJECT, who(|i| &i.object)),
            (NIGHTLATCH_ERROR_RESOURCE, who(|i| &i.resource)),
            (NIGHTLATCH_ERROR_CODE, d.code.as_deref()),
            (NIGHTLATCH_ERROR_INNER_CODE, d.inner_code.as_deref()),
            (NIGHTLATCH_ERROR_REQUEST_ID, d.request_id.as_deref()),
            (NIGHTLATCH_ERROR_HELP, d.help.map(|help| help.code())),
        ];
        Self {
            status: nightlatch_status::of(d.kind),
            texts: texts
                .into_iter()
                .filter_map(|(fact, text)| Some((fact as u32, Text::new(text?))))
                .collect(),
            attempts: d
                .attempts
                .iter()
                .map(|a| [&*a.source, a.ending, &*a.reason].map(Text::new))
                .collect(),
            http_status: d.status,
            retry_after_ms: d
                .retry_after
                .map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
        }
    }
}

/// Hands an error over to C, if it wants it, and gives its status.
///
/// # Safety
/// `out` is NULL or writable.
pub(crate) unsafe fn report(error: Error, out: *mut *mut nightlatch_error) -> nightlatch_status {
    if !out.is_null() {
        let handle = Box::into_raw(Box::new(nightlatch_error::new(&error)));
        // SAFETY: not NULL, and writable by the caller's promise.
        unsafe { out.write(handle) };
    }
    nightlatch_status::of(error.kind())
}

/// Frees an error and everything it lent. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_error_free(error: *mut nightlatch_error) {
    // SAFETY: the header's conventions.
    unsafe { free(error) }
}

/// The status that the call returned. `NIGHTLATCH_INVALID_ARGUMENT` for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_error_status(error: *const nightlatch_error) -> nightlatch_status {
    door!([error] { error.status })
}

/// A text of an error, as named by `nightlatch_error_fact`; NULL if absent. It lives as long as the error.
/// `len`, if not NULL, gets its length; a NUL follows it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_error_text(
    error: *const nightlatch_error,
    fact: u32,
    len: *mut usize,
) -> *const c_char {
    door!([error] {
        let text = error.texts.iter().find(|(name, _)| *name == fact).map(|(_, text)| text);
        // SAFETY: the header's conventions.
        unsafe { lend_option(text, len) }
    })
}

/// Writes a number of an error, as named by `nightlatch_error_number_fact`. False if absent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_error_number(
    error: *const nightlatch_error,
    fact: u32,
    value: *mut u64,
) -> bool {
    door!([error] {
        use nightlatch_error_number_fact::*;
        const HTTP_STATUS: u32 = NIGHTLATCH_ERROR_HTTP_STATUS as u32;
        const RETRY_AFTER_MS: u32 = NIGHTLATCH_ERROR_RETRY_AFTER_MS as u32;
        let found = match fact {
            HTTP_STATUS => error.http_status.map(u64::from),
            RETRY_AFTER_MS => error.retry_after_ms,
            _ => None,
        };
        // SAFETY: the header's conventions.
        unsafe { crate::slice::give(found, value) }
    })
}

/// How many credentials of a chain were asked.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_error_attempt_count(error: *const nightlatch_error) -> usize {
    door!([error] { error.attempts.len() })
}

/// A part of what the credential number `index` of a chain said, as named by `nightlatch_attempt_part`; NULL if
/// there is none. It lives as long as the error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_error_attempt(
    error: *const nightlatch_error,
    index: usize,
    part: u32,
    len: *mut usize,
) -> *const c_char {
    door!([error] {
        let attempt = error.attempts.get(index);
        let text = attempt.and_then(|parts| parts.get((part as usize).checked_sub(1)?));
        // SAFETY: the header's conventions.
        unsafe { lend_option(text, len) }
    })
}
