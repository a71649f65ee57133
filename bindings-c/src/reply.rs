//! How operations end well.

use std::ptr::{from_ref, null};
use std::sync::Arc;
use std::time::Duration;

use nightlatch_core::error::{Error, ErrorKind};
use nightlatch_core::operation::Reply;
use nightlatch_core::secret::{Secret, SecretId};
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::UnixTime;

use crate::door::{door, free};
use crate::list::{nightlatch_page, nightlatch_secrets};
use crate::properties::nightlatch_properties;
use crate::report::nightlatch_report;
use crate::resolved::nightlatch_resolved;
use crate::rotation::nightlatch_rotation;
use crate::secret::{hand_over, nightlatch_secret, nightlatch_token};
use crate::slice::give;
use crate::value::nightlatch_value;

/// What an operation came to.
pub struct nightlatch_reply(pub(crate) Content);

pub(crate) enum Content {
    Secret(Arc<nightlatch_secret>),
    Secrets(nightlatch_secrets),
    Properties {
        properties: nightlatch_properties,
        finished: Option<bool>,
    },
    Page(nightlatch_page),
    Value(nightlatch_value),
    Finished(bool),
    NextRefresh(Duration),
    Token {
        value: Sensitive,
        expires_on: UnixTime,
        refresh_on: UnixTime,
    },
    Report(nightlatch_report),
    Resolved(nightlatch_resolved),
    Rotation(nightlatch_rotation),
}

impl Content {
    /// `shared` gives the object of a secret that the cache has, or makes one.
    pub(crate) fn new(
        reply: Reply,
        shared: impl Fn(&Secret, Option<&SecretId>) -> Arc<nightlatch_secret>,
    ) -> Result<Self, Error> {
        Ok(match reply {
            Reply::Secret(secret) => Self::Secret(shared(&secret, None)),
            Reply::Secrets(found) => {
                Self::Secrets(nightlatch_secrets::new(found.into_iter().map(|(id, result)| {
                    let name = id.name.as_str().to_owned();
                    (name, result.map(|secret| shared(&secret, Some(&id))))
                })))
            }
            Reply::Properties(properties) => Self::Properties {
                properties: nightlatch_properties::new(&properties),
                finished: None,
            },
            Reply::Deleted { secret, finished } => Self::Properties {
                properties: nightlatch_properties::of_deleted(&secret),
                finished: Some(finished),
            },
            Reply::Page(page) => Self::Page(nightlatch_page::new(&page, nightlatch_properties::new)),
            Reply::DeletedPage(page) => {
                Self::Page(nightlatch_page::new(&page, nightlatch_properties::of_deleted))
            }
            Reply::Value(value) => Self::Value(nightlatch_value::new(&value)),
            Reply::Finished(finished) => Self::Finished(finished),
            Reply::NextRefresh(delay) => Self::NextRefresh(delay),
            Reply::Token {
                token,
                expires_on,
                refresh_on,
            } => Self::Token {
                value: token,
                expires_on,
                refresh_on,
            },
            Reply::Report(report) => Self::Report(nightlatch_report::of_diagnosis(&report)),
            Reply::Health(health) => Self::Report(nightlatch_report::of_health(&health)),
            Reply::Forecast(forecast) => Self::Report(nightlatch_report::of_forecast(&forecast)),
            Reply::Resolved { text, resolution } => {
                Self::Resolved(nightlatch_resolved::new(text.as_ref(), &resolution))
            }
            Reply::Rotated(rotation) => Self::Rotation(nightlatch_rotation::new(&rotation)),
            _ => return Err(unknown()),
        })
    }

    pub(crate) fn shared_secret(self) -> Result<Arc<nightlatch_secret>, Error> {
        match self {
            Self::Secret(secret) => Ok(secret),
            _ => Err(unknown()),
        }
    }

    pub(crate) fn into_secrets(self) -> Result<*mut nightlatch_secrets, Error> {
        match self {
            Self::Secrets(secrets) => Ok(Box::into_raw(Box::new(secrets))),
            _ => Err(unknown()),
        }
    }

    pub(crate) fn into_properties(self) -> Result<*mut nightlatch_properties, Error> {
        match self {
            Self::Properties { properties, .. } => Ok(Box::into_raw(Box::new(properties))),
            _ => Err(unknown()),
        }
    }

    pub(crate) fn into_page(self) -> Result<*mut nightlatch_page, Error> {
        match self {
            Self::Page(page) => Ok(Box::into_raw(Box::new(page))),
            _ => Err(unknown()),
        }
    }

    pub(crate) fn into_value(self) -> Result<*mut nightlatch_value, Error> {
        match self {
            Self::Value(value) => Ok(Box::into_raw(Box::new(value))),
            _ => Err(unknown()),
        }
    }

    pub(crate) fn into_report(self) -> Result<*mut nightlatch_report, Error> {
        match self {
            Self::Report(report) => Ok(Box::into_raw(Box::new(report))),
            Self::Resolved(resolved) => Ok(Box::into_raw(Box::new(resolved.into_report()))),
            _ => Err(unknown()),
        }
    }

    pub(crate) fn into_resolved(self) -> Result<*mut nightlatch_resolved, Error> {
        match self {
            Self::Resolved(resolved) => Ok(Box::into_raw(Box::new(resolved))),
            _ => Err(unknown()),
        }
    }

    pub(crate) fn into_rotation(self) -> Result<*mut nightlatch_rotation, Error> {
        match self {
            Self::Rotation(rotation) => Ok(Box::into_raw(Box::new(rotation))),
            _ => Err(unknown()),
        }
    }

    pub(crate) fn finished(&self) -> Option<bool> {
        match self {
            Self::Finished(finished) => Some(*finished),
            Self::Properties { finished, .. } => *finished,
            _ => None,
        }
    }

    pub(crate) fn next_refresh_ms(&self) -> Option<u64> {
        match self {
            Self::NextRefresh(delay) => u64::try_from(delay.as_millis()).ok(),
            _ => None,
        }
    }

    pub(crate) fn token(&self) -> Option<*mut nightlatch_token> {
        match self {
            Self::Token {
                value,
                expires_on,
                refresh_on,
            } => Some(Box::into_raw(Box::new(nightlatch_token::new(
                value,
                *expires_on,
                *refresh_on,
            )))),
            _ => None,
        }
    }
}

pub(crate) fn unknown() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "This version of the C interface does not know the engine's reply.",
    )
}

/// Frees a reply and everything it lent; secrets and tokens taken from it stay. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_reply_free(reply: *mut nightlatch_reply) {
    // SAFETY: the header's conventions.
    unsafe { free(reply) }
}

/// The secret that the operation came to, as a handle of its own to be freed with `nightlatch_secret_free`; NULL if it
/// came to something else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_reply_secret(reply: *const nightlatch_reply) -> *mut nightlatch_secret {
    door!([reply] {
        match &reply.0 {
            Content::Secret(secret) => hand_over(Arc::clone(secret)),
            _ => std::ptr::null_mut(),
        }
    })
}

/// The token that the operation came to, to be freed with `nightlatch_token_free`; NULL if it came to something else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_reply_token(reply: *const nightlatch_reply) -> *mut nightlatch_token {
    door!([reply] { reply.0.token().unwrap_or(std::ptr::null_mut()) })
}

/// Properties of a secret, deleted or not, that the operation came to, lent for as long as the reply lives; NULL if it came to
/// something else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_reply_properties(
    reply: *const nightlatch_reply,
) -> *const nightlatch_properties {
    door!([reply] {
        match &reply.0 {
            Content::Properties { properties, .. } => from_ref(properties),
            _ => null(),
        }
    })
}

/// The page that the operation came to, lent for as long as the reply lives; NULL if it came to something else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_reply_page(reply: *const nightlatch_reply) -> *const nightlatch_page {
    door!([reply] {
        match &reply.0 {
            Content::Page(page) => from_ref(page),
            _ => null(),
        }
    })
}

/// The many secrets that the operation came to, lent for as long as the reply lives; NULL if it came to something else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_reply_secrets(
    reply: *const nightlatch_reply,
) -> *const nightlatch_secrets {
    door!([reply] {
        match &reply.0 {
            Content::Secrets(secrets) => from_ref(secrets),
            _ => null(),
        }
    })
}

/// The value that the operation came to, such as a backup or an encrypted text, lent for as long as the reply lives; NULL if it came to something else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_reply_value(reply: *const nightlatch_reply) -> *const nightlatch_value {
    door!([reply] {
        match &reply.0 {
            Content::Value(value) => from_ref(value),
            _ => null(),
        }
    })
}

/// The report that the operation came to, the doctor's or on how the secrets of a configuration fared, lent for as long as the
/// reply lives; NULL if it came to something else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_reply_report(reply: *const nightlatch_reply) -> *const nightlatch_report {
    door!([reply] {
        match &reply.0 {
            Content::Report(report) => from_ref(report),
            Content::Resolved(resolved) => from_ref(resolved.report()),
            _ => null(),
        }
    })
}

/// The text with secrets that the operation came to, and its report, lent for as long as the reply lives; NULL if it came to
/// something else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_reply_resolved(
    reply: *const nightlatch_reply,
) -> *const nightlatch_resolved {
    door!([reply] {
        match &reply.0 {
            Content::Resolved(resolved) => from_ref(resolved),
            _ => null(),
        }
    })
}

/// The rotation that the operation came to, lent for as long as the reply lives; NULL if it came to something else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_reply_rotation(
    reply: *const nightlatch_reply,
) -> *const nightlatch_rotation {
    door!([reply] {
        match &reply.0 {
            Content::Rotation(rotation) => from_ref(rotation),
            _ => null(),
        }
    })
}

/// Writes whether the service has finished: after a deletion or a purge, and to whoever asks so. False if that is not what the
/// operation came to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_reply_finished(
    reply: *const nightlatch_reply,
    finished: *mut bool,
) -> bool {
    door!([reply] {
        // SAFETY: the header's conventions.
        unsafe { give(reply.0.finished(), finished) }
    })
}

/// Writes in how many milliseconds `refresh_due` should be asked again. False if the operation came to something else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_reply_next_refresh(
    reply: *const nightlatch_reply,
    delay_ms: *mut u64,
) -> bool {
    door!([reply] {
        // SAFETY: the header's conventions.
        unsafe { give(reply.0.next_refresh_ms(), delay_ms) }
    })
}
