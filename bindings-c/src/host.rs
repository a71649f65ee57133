//! The table of callbacks, and what stands in for those that are not given.

use std::cell::RefCell;
use std::ffi::{c_char, c_void};
use std::mem::offset_of;
use std::time::Duration;

use nightlatch_core::effect::{Effect, FaultKind, Outcome, SigningKey};
use nightlatch_core::error::{Error, ErrorKind};
use nightlatch_core::time::{Instant, Now, UnixTime};

use crate::effect::{nightlatch_effect, nightlatch_effect_kind};
use crate::outcome::nightlatch_outcome;
use crate::table::{self, Table};
use crate::{clock, commands, files, people};

/// Performs an effect before it returns, and puts the answer into the outcome; nothing put in is a failure. Both
/// belong to the library and end with the call. It may take as long as the effect's timeout.
pub type nightlatch_perform = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        effect: *const nightlatch_effect,
        outcome: *mut nightlatch_outcome,
    ),
>;

/// What a client needs of the program around it. Begin with `NIGHTLATCH_HOST_INIT`, which sets `struct_size`, and
/// set what you have; a callback that is NULL, or that a shorter table of an older header lacks, is not given.
///
/// Callbacks run in the threads of the callers, several at once, and never while the library holds a lock. They may
/// use every function of the library, but no call of the same client that blocks: that is refused with
/// `NIGHTLATCH_CONFLICT`, since it could wait for itself. They must not unwind (C++ exceptions, `longjmp`).
#[derive(Clone, Copy)]
#[repr(C)]
pub struct nightlatch_host {
    /// The size of the table as its user knows it.
    pub struct_size: usize,
    /// Given to every callback.
    pub context: *mut c_void,
    /// Performs `NIGHTLATCH_EFFECT_HTTP`. Must be given; `nightlatch_curl` does it with libcurl.
    pub http: nightlatch_perform,
    /// Performs `NIGHTLATCH_EFFECT_READ_FILE`. Not given: the library reads files itself.
    pub read_file: nightlatch_perform,
    /// Performs `NIGHTLATCH_EFFECT_RUN`. Not given: the library runs programs itself.
    pub run: nightlatch_perform,
    /// Performs `NIGHTLATCH_EFFECT_TOKEN`, for the option `HostCredential`. Not given: there is no such credential.
    pub token: nightlatch_perform,
    /// Writes a clock that only goes forward, and milliseconds since 1970. It must run as fast as real time, since
    /// waiting is done by the real clock. Not given: the machine's clocks.
    pub clock: Option<unsafe extern "C" fn(context: *mut c_void, monotonic_ms: *mut u64, unix_ms: *mut i64)>,
    /// Hears of events, each one line of JSON (the member `event` names it): what was chosen, fetched, rotated,
    /// refused. No event holds a secret or token. The text ends with the call. Not given: nobody hears.
    pub event: Option<unsafe extern "C" fn(context: *mut c_void, json: *const c_char, len: usize)>,
    /// Called once, when the client and its vaults are freed and no callback will be called any more.
    pub release: Option<unsafe extern "C" fn(context: *mut c_void)>,
    /// Performs `NIGHTLATCH_EFFECT_SIGN` with keys that the host holds, for the option `signing_key`. Not given: there
    /// are none. With keys in files and texts the library signs itself.
    pub sign: nightlatch_perform,
    /// Performs `NIGHTLATCH_EFFECT_ASSERTION`, for the option `assertion`. Not given: nobody has any.
    pub assertion: nightlatch_perform,
    /// Performs `NIGHTLATCH_EFFECT_PROMPT`. Not given: the message is a line on standard error; the option `prompt`,
    /// which names a function of the host's, then fails.
    pub prompt: nightlatch_perform,
    /// Performs `NIGHTLATCH_EFFECT_BROWSE`. Not given: nobody signs in with a browser.
    pub browse: nightlatch_perform,
}

// SAFETY: `repr(C)`, begins with its size, and all zeros has no callbacks.
unsafe impl Table for nightlatch_host {
    const NAME: &'static str = "The table of callbacks";
    const INIT: &'static str = "NIGHTLATCH_HOST_INIT";
    const LEAST: usize = offset_of!(nightlatch_host, read_file);
}

thread_local! {
    /// The hosts whose callbacks this thread is inside of, innermost last.
    static INSIDE: RefCell<Vec<*const Host>> = const { RefCell::new(Vec::new()) };
}

/// A table that was read.
pub(crate) struct Host(nightlatch_host);

// SAFETY: the table says that callbacks are called from several threads at once; `context` is only handed to them.
unsafe impl Send for Host {}
// SAFETY: as above.
unsafe impl Sync for Host {}

impl Host {
    /// Reads a table of any version.
    ///
    /// # Safety
    /// `table` is NULL or readable for the size that it states.
    pub(crate) unsafe fn read(table: *const nightlatch_host) -> Result<Self, Error> {
        // SAFETY: the caller's promise.
        let table = unsafe { table::read(table)? };
        if table.http.is_none() {
            let why = "The table of callbacks lacks `http`, for which there is no default.";
            return Err(Error::new(ErrorKind::InvalidArgument, why));
        }
        Ok(Self(table))
    }

    /// Both clocks. May call back: never under a lock.
    pub(crate) fn now(&self) -> Now {
        let Some(clock) = self.0.clock else {
            return clock::now();
        };
        let (mut monotonic, mut unix) = (0, 0);
        // SAFETY: a callback of the table, with its context and two places to write to.
        self.inside(|| unsafe { clock(self.0.context, &mut monotonic, &mut unix) });
        Now {
            instant: Instant::from_millis(monotonic),
            unix: UnixTime::from_millis(unix),
        }
    }

    /// The monotonic clock to a few milliseconds: enough to tell fresh from stale.
    #[inline]
    pub(crate) fn about_now(&self) -> Instant {
        match self.0.clock {
            None => clock::about_now(),
            Some(_) => self.now().instant,
        }
    }

    /// Performs an effect in this thread. No panic and no lock: callbacks may do what they like.
    pub(crate) fn perform(&self, effect: &nightlatch_effect, outcome: &nightlatch_outcome) {
        use nightlatch_effect_kind::*;
        let callback = match effect.kind() {
            NIGHTLATCH_EFFECT_HTTP => self.0.http,
            NIGHTLATCH_EFFECT_READ_FILE => self.0.read_file,
            NIGHTLATCH_EFFECT_RUN => self.0.run,
            NIGHTLATCH_EFFECT_TOKEN => self.0.token,
            NIGHTLATCH_EFFECT_SIGN if has_key(&effect.core) => None,
            NIGHTLATCH_EFFECT_SIGN => self.0.sign,
            NIGHTLATCH_EFFECT_ASSERTION => self.0.assertion,
            NIGHTLATCH_EFFECT_PROMPT => self.0.prompt,
            NIGHTLATCH_EFFECT_BROWSE => self.0.browse,
            NIGHTLATCH_EFFECT_RANDOM | NIGHTLATCH_EFFECT_ROTATE | NIGHTLATCH_EFFECT_OTHER => None,
        };
        match callback {
            Some(callback) => {
                let outcome: *const nightlatch_outcome = outcome;
                // SAFETY: a callback of the table, with its context; both references live through the call, and the
                // outcome's content is behind a lock.
                self.inside(|| unsafe { callback(self.0.context, effect, outcome.cast_mut()) });
            }
            None => ready_made(effect, outcome),
        }
    }

    /// Tells an event.
    pub(crate) fn tell(&self, json: &str) {
        if let Some(event) = self.0.event {
            let text = format!("{json}\0");
            // SAFETY: a callback of the table, with its context and a text that lives through the call.
            self.inside(|| unsafe { event(self.0.context, text.as_ptr().cast(), json.len()) });
        }
    }

    /// Whether anybody hears of events.
    pub(crate) fn listens(&self) -> bool {
        self.0.event.is_some()
    }

    /// Whether this thread is inside one of this host's callbacks.
    pub(crate) fn is_entered(&self) -> bool {
        INSIDE.with_borrow(|inside| inside.contains(&std::ptr::from_ref(self)))
    }

    /// Drops the table without calling `release`.
    pub(crate) fn forget(self) {
        std::mem::forget(self);
    }

    fn inside(&self, callback: impl FnOnce()) {
        INSIDE.with_borrow_mut(|inside| inside.push(self));
        callback();
        INSIDE.with_borrow_mut(|inside| inside.pop());
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(release) = self.0.release {
            // SAFETY: a callback of the table, with its context, for the last time.
            unsafe { release(self.0.context) };
        }
    }
}

/// Whether the effect brings the key to sign with.
fn has_key(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::Sign {
            key: SigningKey::Pkcs8(_),
            ..
        }
    )
}

/// What the library does itself.
pub(crate) fn ready_made(effect: &nightlatch_effect, outcome: &nightlatch_outcome) {
    const NO_LIMIT: Duration = Duration::from_secs(3600);
    let done: Option<Outcome> = match &effect.core {
        Effect::ReadFile { path, limit, plain } => Some(files::read(path, *limit, *plain)),
        Effect::Run { argv, env, .. } => Some(commands::run(
            argv.iter().map(String::as_str),
            env.iter().map(|(name, value)| (name.as_str(), value.as_str())),
            effect.timeout.unwrap_or(NO_LIMIT),
            || outcome.is_wanted(),
        )),
        Effect::Sign {
            key: SigningKey::Pkcs8(key),
            algorithm,
            message,
            ..
        } => Some(nightlatch_signing::answer(key.expose(), *algorithm, message)),
        Effect::Prompt {
            handle: None,
            message,
            ..
        } => Some(people::tell(message)),
        Effect::Random { length } => Some(nightlatch_signing::random(*length)),
        _ => None,
    };
    match done {
        Some(done) => outcome.set(done),
        None => outcome.fail(FaultKind::Unsupported, ""),
    }
}
