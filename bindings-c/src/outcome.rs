//! What a host answers, put together by C piece by piece.

use std::ffi::c_char;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nightlatch_core::effect::{Fault, FaultKind, Outcome, Response};
use nightlatch_core::error::{Error, ErrorKind};
use nightlatch_core::time::UnixTime;

use crate::door::{door, free};
use crate::growing::Growing;
use crate::slice::{bytes, text};
use crate::status::nightlatch_status;
use crate::tree::lock;

/// The largest body of an answer that is read: 1 MiB. A longer one is answered with
/// `NIGHTLATCH_FAULT_TOO_LARGE`.
pub const NIGHTLATCH_BODY_LIMIT: usize = 1 << 20;

/// The exit status of a program that a signal ended.
pub const NIGHTLATCH_SIGNALLED: i32 = i32::MIN;

/// Why an effect could not be done; it decides whether and how the engine tries again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum nightlatch_fault {
    /// The file or program does not exist.
    NIGHTLATCH_FAULT_NOT_FOUND = 1,
    /// The operating system forbids it.
    NIGHTLATCH_FAULT_PERMISSION_DENIED = 2,
    /// More than the limit of bytes.
    NIGHTLATCH_FAULT_TOO_LARGE = 3,
    /// The name does not resolve.
    NIGHTLATCH_FAULT_DNS = 4,
    /// No connection: refused, no route, network down.
    NIGHTLATCH_FAULT_CONNECT = 5,
    /// The TLS handshake failed.
    NIGHTLATCH_FAULT_TLS = 6,
    /// It took longer than its timeout.
    NIGHTLATCH_FAULT_TIMEOUT = 7,
    /// The connection ended in the middle of the exchange, or spoke no HTTP.
    NIGHTLATCH_FAULT_CONNECTION_LOST = 8,
    /// The proxy in between refused or failed.
    NIGHTLATCH_FAULT_PROXY = 9,
    /// The caller who performed it was interrupted; somebody else may repeat it.
    NIGHTLATCH_FAULT_INTERRUPTED = 10,
    /// A credential object does not exist here.
    NIGHTLATCH_FAULT_UNAVAILABLE = 11,
    /// A credential object was refused.
    NIGHTLATCH_FAULT_REFUSED = 12,
    /// This host has no such ability.
    NIGHTLATCH_FAULT_UNSUPPORTED = 13,
    /// Anything else.
    NIGHTLATCH_FAULT_OTHER = 14,
    /// A symbolic link or a device, where a plain file was asked for.
    NIGHTLATCH_FAULT_NOT_PLAIN = 15,
}

/// The core's fault of that number. A number that is none counts as `OTHER`.
pub fn fault_kind(number: u32) -> FaultKind {
    // The numbers are C's own and stay; a test holds them beside the core's list.
    let index = (number as usize).wrapping_sub(1);
    FAULTS.get(index).copied().unwrap_or(FaultKind::Other)
}

/// The core's faults in the order of C's numbers.
///
/// cbindgen:ignore
pub const FAULTS: [FaultKind; 15] = [
    FaultKind::NotFound,
    FaultKind::PermissionDenied,
    FaultKind::TooLarge,
    FaultKind::Dns,
    FaultKind::Connect,
    FaultKind::Tls,
    FaultKind::Timeout,
    FaultKind::ConnectionLost,
    FaultKind::Proxy,
    FaultKind::Interrupted,
    FaultKind::Unavailable,
    FaultKind::Refused,
    FaultKind::Unsupported,
    FaultKind::Other,
    FaultKind::NotPlain,
];

/// The answer to an effect. New, it says that there was no answer. What is put in is copied into memory that is
/// wiped.
#[derive(Default)]
pub struct nightlatch_outcome {
    draft: Mutex<Draft>,
    unwanted: Arc<AtomicBool>,
    end: Option<Instant>,
}

#[derive(Default)]
enum Draft {
    #[default]
    Nothing,
    Http {
        status: u16,
        headers: Vec<(String, String)>,
        body: Growing,
    },
    Whole(Outcome),
}

impl nightlatch_outcome {
    /// An outcome whose effect may become unwanted while it is performed, at the latest after `timeout`.
    pub(crate) fn watched(unwanted: Arc<AtomicBool>, timeout: Option<Duration>) -> Self {
        Self {
            draft: Mutex::default(),
            unwanted,
            end: timeout.and_then(|timeout| Instant::now().checked_add(timeout)),
        }
    }

    pub(crate) fn set(&self, outcome: Outcome) {
        *lock(&self.draft) = Draft::Whole(outcome);
    }

    pub(crate) fn fail(&self, kind: FaultKind, detail: &str) {
        self.set(Outcome::Failed(Fault::new(kind, detail)));
    }

    /// Whether its caller, or everybody, went away.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.unwanted.load(Relaxed)
    }

    /// Whether its time is up.
    pub(crate) fn is_late(&self) -> bool {
        self.end.is_some_and(|end| Instant::now() >= end)
    }

    /// Whether somebody still waits for it.
    pub(crate) fn is_wanted(&self) -> bool {
        !self.is_abandoned() && !self.is_late()
    }

    /// Takes out what was put together, and leaves it new.
    pub(crate) fn take(&self) -> Outcome {
        match std::mem::take(&mut *lock(&self.draft)) {
            Draft::Nothing => Outcome::Failed(Fault::new(FaultKind::Other, "the host gave no answer")),
            Draft::Http {
                status,
                headers,
                body,
            } => Outcome::Http(Response {
                status,
                headers,
                body: body.finish(),
            }),
            Draft::Whole(outcome) => outcome,
        }
    }

    fn change(&self, change: impl FnOnce(&mut Draft) -> Result<(), Error>) -> nightlatch_status {
        match change(&mut lock(&self.draft)) {
            Ok(()) => nightlatch_status::NIGHTLATCH_OK,
            Err(why) => nightlatch_status::of(why.kind()),
        }
    }
}

fn refused(why: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, why)
}

/// An outcome that says that there was no answer. Free it with `nightlatch_outcome_free`; it can be used again after
/// `nightlatch_engine_complete`, which empties it. Callbacks are given one and need none of their own.
#[unsafe(no_mangle)]
pub extern "C" fn nightlatch_outcome_new() -> *mut nightlatch_outcome {
    door!([] { Box::into_raw(Box::default()) })
}

/// Frees an outcome and wipes what is in it. NULL is ignored. Not for outcomes that a callback was given.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_outcome_free(outcome: *mut nightlatch_outcome) {
    // SAFETY: the header's conventions.
    unsafe { free(outcome) }
}

/// Begins an HTTP answer, in place of what was there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_outcome_http(
    outcome: *mut nightlatch_outcome,
    status: u32,
) -> nightlatch_status {
    door!([outcome] {
        outcome.change(|draft| {
            *draft = Draft::Http {
                status: u16::try_from(status).map_err(|_| refused("no HTTP status"))?,
                headers: Vec::new(),
                body: Growing::default(),
            };
            Ok(())
        })
    })
}

/// Adds a header to the HTTP answer that was begun. One that is no text is left out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_outcome_add_header(
    outcome: *mut nightlatch_outcome,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
) -> nightlatch_status {
    door!([outcome] {
        outcome.change(|draft| {
            // SAFETY: the header's conventions.
            let (name, value) = unsafe { (text(name, name_len)?, text(value, value_len)?) };
            match draft {
                Draft::Http { headers, .. } => headers.push((name.to_owned(), value.to_owned())),
                _ => return Err(refused("no answer was begun")),
            }
            Ok(())
        })
    })
}

/// Adds bytes to the body of the HTTP answer that was begun. When the body becomes longer than
/// `NIGHTLATCH_BODY_LIMIT`, the outcome turns into `NIGHTLATCH_FAULT_TOO_LARGE` and this into
/// `NIGHTLATCH_INVALID_ARGUMENT`: stop reading.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_outcome_add_body(
    outcome: *mut nightlatch_outcome,
    data: *const c_char,
    len: usize,
) -> nightlatch_status {
    door!([outcome] {
        outcome.change(|draft| {
            // SAFETY: the header's conventions.
            let data = unsafe { bytes(data, len)? };
            let Draft::Http { body, .. } = draft else {
                return Err(refused("no answer was begun"));
            };
            if data.len() > NIGHTLATCH_BODY_LIMIT - body.len() {
                *draft = Draft::Whole(Outcome::Failed(Fault::new(FaultKind::TooLarge, "")));
                return Err(refused("too long"));
            }
            body.append(data);
            Ok(())
        })
    })
}

/// Answers with a file's content, and whether others than its owner may read it, as far as the host can tell: whose key
/// lies open hears so by an event.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_outcome_file(
    outcome: *mut nightlatch_outcome,
    data: *const c_char,
    len: usize,
    shared: bool,
) -> nightlatch_status {
    door!([outcome] {
        outcome.change(|draft| {
            // SAFETY: the header's conventions.
            let content = unsafe { bytes(data, len)? };
            *draft = Draft::Whole(Outcome::File { content: content.to_vec().into(), shared });
            Ok(())
        })
    })
}

/// Answers that a program ended, with its exit status (`NIGHTLATCH_SIGNALLED` if a signal ended it) and what it wrote.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_outcome_run(
    outcome: *mut nightlatch_outcome,
    status: i32,
    out: *const c_char,
    out_len: usize,
    err: *const c_char,
    err_len: usize,
) -> nightlatch_status {
    door!([outcome] {
        outcome.change(|draft| {
            // SAFETY: the header's conventions.
            let (out, err) = unsafe { (bytes(out, out_len)?, bytes(err, err_len)?) };
            *draft = Draft::Whole(Outcome::Ran {
                status: Some(status).filter(|status| *status != NIGHTLATCH_SIGNALLED),
                stdout: out.to_vec().into(),
                stderr: err.to_vec().into(),
            });
            Ok(())
        })
    })
}

/// Answers with a token of a credential object: when it ends, and when it should be renewed (0: not said), in
/// seconds since 1970.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_outcome_token(
    outcome: *mut nightlatch_outcome,
    token: *const c_char,
    token_len: usize,
    expires_on: i64,
    refresh_on: i64,
) -> nightlatch_status {
    door!([outcome] {
        outcome.change(|draft| {
            // SAFETY: the header's conventions.
            let token = unsafe { text(token, token_len)? };
            *draft = Draft::Whole(Outcome::Token {
                token: token.into(),
                expires_on: UnixTime::from_secs(expires_on),
                refresh_on: Some(refresh_on).filter(|at| *at != 0).map(UnixTime::from_secs),
            });
            Ok(())
        })
    })
}

/// Answers with a signature.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_outcome_signature(
    outcome: *mut nightlatch_outcome,
    data: *const c_char,
    len: usize,
) -> nightlatch_status {
    door!([outcome] {
        outcome.change(|draft| {
            // SAFETY: the header's conventions.
            let signature = unsafe { bytes(data, len)? };
            *draft = Draft::Whole(Outcome::Signed(signature.to_vec()));
            Ok(())
        })
    })
}

/// Answers with a client assertion.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_outcome_assertion(
    outcome: *mut nightlatch_outcome,
    assertion: *const c_char,
    assertion_len: usize,
) -> nightlatch_status {
    door!([outcome] {
        outcome.change(|draft| {
            // SAFETY: the header's conventions.
            let assertion = unsafe { text(assertion, assertion_len)? };
            *draft = Draft::Whole(Outcome::Assertion(assertion.into()));
            Ok(())
        })
    })
}

/// Answers that the person was told.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_outcome_prompted(outcome: *mut nightlatch_outcome) -> nightlatch_status {
    door!([outcome] {
        outcome.change(|draft| {
            *draft = Draft::Whole(Outcome::Prompted);
            Ok(())
        })
    })
}

/// Answers that the browser came back: the address at which it did, as it stood in the page's URL (not percent-encoded),
/// and what it brought, a query or a form (`application/x-www-form-urlencoded`).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_outcome_returned(
    outcome: *mut nightlatch_outcome,
    redirect_uri: *const c_char,
    redirect_uri_len: usize,
    answer: *const c_char,
    answer_len: usize,
) -> nightlatch_status {
    door!([outcome] {
        outcome.change(|draft| {
            // SAFETY: the header's conventions.
            let (address, answer) = unsafe { (text(redirect_uri, redirect_uri_len)?, bytes(answer, answer_len)?) };
            *draft = Draft::Whole(Outcome::Returned {
                redirect_uri: address.to_owned(),
                answer: answer.to_vec().into(),
            });
            Ok(())
        })
    })
}

/// Answers with random bytes, as many as were asked for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_outcome_random(
    outcome: *mut nightlatch_outcome,
    data: *const c_char,
    len: usize,
) -> nightlatch_status {
    door!([outcome] {
        outcome.change(|draft| {
            // SAFETY: the header's conventions.
            let drawn = unsafe { bytes(data, len)? };
            *draft = Draft::Whole(Outcome::Random(drawn.to_vec().into()));
            Ok(())
        })
    })
}

/// Answers with the new value of a secret that is rotated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_outcome_made(
    outcome: *mut nightlatch_outcome,
    value: *const c_char,
    value_len: usize,
) -> nightlatch_status {
    door!([outcome] {
        outcome.change(|draft| {
            // SAFETY: the header's conventions.
            let made = unsafe { text(value, value_len)? };
            *draft = Draft::Whole(Outcome::Made(made.into()));
            Ok(())
        })
    })
}

/// Answers that a function of a rotation has returned, and said nothing against the value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_outcome_done(outcome: *mut nightlatch_outcome) -> nightlatch_status {
    door!([outcome] {
        outcome.change(|draft| {
            *draft = Draft::Whole(Outcome::Done);
            Ok(())
        })
    })
}

/// Answers that it could not be done: a `nightlatch_fault`, and the host's own words, which must hold no secret.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_outcome_fail(
    outcome: *mut nightlatch_outcome,
    fault: u32,
    detail: *const c_char,
    detail_len: usize,
) -> nightlatch_status {
    door!([outcome] {
        outcome.change(|draft| {
            // SAFETY: the header's conventions.
            let detail = unsafe { text(detail, detail_len)? };
            *draft = Draft::Whole(Outcome::Failed(Fault::new(fault_kind(fault), detail)));
            Ok(())
        })
    })
}

/// Whether somebody still waits for the answer: false when the time is up, or the callers went away. A callback that
/// takes long asks now and then, and when it says false gives up with `NIGHTLATCH_FAULT_INTERRUPTED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_outcome_is_wanted(outcome: *const nightlatch_outcome) -> bool {
    door!([outcome] { outcome.is_wanted() })
}
