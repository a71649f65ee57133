//! How operations end well.

use std::sync::Arc;

use nightlatch_core::error::{Error, ErrorKind};
use nightlatch_core::operation::Reply;
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::UnixTime;

use crate::door::{door, free};
use crate::secret::{hand_over, nightlatch_secret, nightlatch_token};

/// What an operation came to.
pub struct nightlatch_reply(pub(crate) Content);

pub(crate) enum Content {
    Secret(Arc<nightlatch_secret>),
    Token {
        value: Sensitive,
        expires_on: UnixTime,
        refresh_on: UnixTime,
    },
}

impl Content {
    pub(crate) fn new(reply: Reply) -> Result<Self, Error> {
        match reply {
            Reply::Secret(secret) => Ok(Self::Secret(nightlatch_secret::new(&secret))),
            Reply::Token {
                token,
                expires_on,
                refresh_on,
            } => Ok(Self::Token {
                value: token,
                expires_on,
                refresh_on,
            }),
            _ => Err(unknown()),
        }
    }

    pub(crate) fn into_secret(self) -> Result<*mut nightlatch_secret, Error> {
        match self {
            Self::Secret(secret) => Ok(hand_over(secret)),
            Self::Token { .. } => Err(unknown()),
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
            Self::Secret(_) => None,
        }
    }
}

pub(crate) fn unknown() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "This version of the C interface does not know the engine's reply.",
    )
}

/// Frees a reply; secrets and tokens taken from it stay. NULL is ignored.
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
            Content::Token { .. } => std::ptr::null_mut(),
        }
    })
}

/// The token that the operation came to, to be freed with `nightlatch_token_free`; NULL if it came to something else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_reply_token(reply: *const nightlatch_reply) -> *mut nightlatch_token {
    door!([reply] { reply.0.token().unwrap_or(std::ptr::null_mut()) })
}
