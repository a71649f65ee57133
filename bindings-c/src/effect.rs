//! What a host is asked to do, laid out for C.

use std::ffi::c_char;
use std::time::Duration;

use nightlatch_core::effect::{Effect, Route, SigningKey};
use nightlatch_core::sensitive::Sensitive;

use crate::door::door;
use crate::host::ready_made;
use crate::outcome::nightlatch_outcome;
use crate::slice::{SensitiveText, Text, give, lend_option};
use crate::status::nightlatch_status;

/// One thing to do, and everything needed to do it. Texts and bytes it lends live as long as it does: during the
/// callback, or as long as the output it came in.
pub struct nightlatch_effect {
    /// As the core asks, for what the library does itself: a key is never lent.
    pub(crate) core: Effect,
    kind: nightlatch_effect_kind,
    texts: Vec<(u32, Text)>,
    numbers: Vec<(u32, u64)>,
    items: Vec<Item>,
    body: SensitiveText,
    /// How long it may take, where it says.
    pub(crate) timeout: Option<Duration>,
}

struct Item {
    list: u32,
    name: Text,
    value: SensitiveText,
}

/// The sorts of effects. A host answers one that it does not know with `NIGHTLATCH_FAULT_UNSUPPORTED`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum nightlatch_effect_kind {
    /// One HTTP exchange: `METHOD`, `URL`, headers, body, `TIMEOUT_MS`, `DIRECT`; and whom to trust, if not whom the
    /// host's network trusts: `PIN`, or `ROOTS` with perhaps a `SERVER_NAME`. No redirect is followed, certificates are
    /// checked before anything is sent, at most `NIGHTLATCH_BODY_LIMIT` bytes of the answer's body are read.
    NIGHTLATCH_EFFECT_HTTP = 1,
    /// Read a whole file: `PATH`, `LIMIT`, `PLAIN`.
    NIGHTLATCH_EFFECT_READ_FILE = 2,
    /// Run a program without a shell and without input, from a directory that only the system's owner can write
    /// to: arguments (the first is the program, looked up on `PATH`), variables to add, `TIMEOUT_MS`.
    NIGHTLATCH_EFFECT_RUN = 3,
    /// Ask a credential object that the host holds for a token: `HANDLE`, scopes, `TENANT`, `CLAIMS`, `CAE`.
    NIGHTLATCH_EFFECT_TOKEN = 4,
    /// Something newer than this library's interface.
    NIGHTLATCH_EFFECT_OTHER = 5,
    /// Sign with an RSA key: `ALGORITHM`, `MESSAGE`, `DIGEST`, and the `HANDLE` of a key that the host holds. Without a
    /// handle the key stands in the configuration: `nightlatch_effect_perform` signs with it.
    NIGHTLATCH_EFFECT_SIGN = 6,
    /// Give a client assertion, a JWT that proves the application: `HANDLE`.
    NIGHTLATCH_EFFECT_ASSERTION = 7,
    /// Tell a person where to sign in: `MESSAGE`, `USER_CODE`, `VERIFICATION_URI`, `EXPIRES_ON`, and perhaps a `HANDLE`.
    NIGHTLATCH_EFFECT_PROMPT = 8,
    /// Let a person sign in with a browser: listen on this machine's loopback address, at `PORT` if that is given, open
    /// `URL`, in which `{redirect_uri}` stands for the listener's address (percent-encoded), and wait for the browser to
    /// come back with `STATE`, for `TIMEOUT_MS`. What comes back without it is refused and not waited for.
    NIGHTLATCH_EFFECT_BROWSE = 9,
    /// Give bytes that nobody can foresee, from the operating system: they become keys. `LENGTH`.
    /// `nightlatch_effect_perform` does it.
    NIGHTLATCH_EFFECT_RANDOM = 10,
    /// Call one of the functions with which the operation `rotate_secret` rotates, on its behalf alone: `STEP`, perhaps a
    /// `SLOT`, the `HANDLE` that the operation gave, and in the body the value that is applied or verified. `make` is answered
    /// with `nightlatch_outcome_made`, the others with `nightlatch_outcome_done`; a value that does not work with
    /// `NIGHTLATCH_FAULT_REFUSED`. What the program has no function for is done at once.
    NIGHTLATCH_EFFECT_ROTATE = 11,
}

/// The texts of an effect, and its bytes.
#[repr(u32)]
pub enum nightlatch_effect_fact {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    NIGHTLATCH_EFFECT_METHOD = 1,
    /// Absolute URL; never holds a secret. Of a browse effect: the page to open.
    NIGHTLATCH_EFFECT_URL = 2,
    /// Absolute path.
    NIGHTLATCH_EFFECT_PATH = 3,
    /// Tenant to ask for a token, if not the credential's own.
    NIGHTLATCH_EFFECT_TENANT = 4,
    /// Claims of a challenge (JSON).
    NIGHTLATCH_EFFECT_CLAIMS = 5,
    /// How to sign: `PS256` (the salt has 32 bytes) or `RS256`, as RFC 7518 section 3.1 has them.
    NIGHTLATCH_EFFECT_ALGORITHM = 6,
    /// What to sign, as bytes; or what to tell a person, which holds code and page.
    NIGHTLATCH_EFFECT_MESSAGE = 7,
    /// The SHA-256 of what to sign, 32 bytes, for keys that sign digests.
    NIGHTLATCH_EFFECT_DIGEST = 8,
    /// What a person types at the page.
    NIGHTLATCH_EFFECT_USER_CODE = 9,
    /// The page that a person opens.
    NIGHTLATCH_EFFECT_VERIFICATION_URI = 10,
    /// The `state` that a browser must bring back.
    NIGHTLATCH_EFFECT_STATE = 11,
    /// The SHA-1, 20 bytes, of the one certificate (in DER) that the server may show. Nothing else about it counts: no
    /// authority, no name, no date.
    NIGHTLATCH_EFFECT_PIN = 12,
    /// The authorities (in PEM) that may vouch for the server, and no others.
    NIGHTLATCH_EFFECT_ROOTS = 13,
    /// The server name to ask for and to check, if it is not the URL's.
    NIGHTLATCH_EFFECT_SERVER_NAME = 14,
    /// `make`, `apply` or `verify`.
    NIGHTLATCH_EFFECT_STEP = 15,
    /// The slot that a value is for.
    NIGHTLATCH_EFFECT_SLOT = 16,
}

/// The numbers of an effect.
#[repr(u32)]
pub enum nightlatch_effect_number_fact {
    /// Milliseconds that the whole effect may take.
    NIGHTLATCH_EFFECT_TIMEOUT_MS = 1,
    /// 1: no proxy may stand in between. 0: as the host's network is configured.
    NIGHTLATCH_EFFECT_DIRECT = 2,
    /// The most bytes of a file; more is `NIGHTLATCH_FAULT_TOO_LARGE`.
    NIGHTLATCH_EFFECT_LIMIT = 3,
    /// Which of the host's credential objects, keys or functions, by the number that the configuration gave it.
    NIGHTLATCH_EFFECT_HANDLE = 4,
    /// 1: the resource understands continuous access evaluation.
    NIGHTLATCH_EFFECT_CAE = 5,
    /// 1: a symbolic link, or anything else that is no plain file, is `NIGHTLATCH_FAULT_NOT_PLAIN`.
    NIGHTLATCH_EFFECT_PLAIN = 6,
    /// When a code ends, in seconds since 1970.
    NIGHTLATCH_EFFECT_EXPIRES_ON = 7,
    /// The port to listen on, if not any that is free.
    NIGHTLATCH_EFFECT_PORT = 8,
    /// How many bytes.
    NIGHTLATCH_EFFECT_LENGTH = 9,
}

/// The lists of an effect.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum nightlatch_effect_list {
    /// HTTP headers: name in lower case, and value, which may be a token.
    NIGHTLATCH_EFFECT_HEADERS = 1,
    /// Program and arguments.
    NIGHTLATCH_EFFECT_ARGUMENTS = 2,
    /// Variables added to the program's environment, by name.
    NIGHTLATCH_EFFECT_VARIABLES = 3,
    /// Scopes such as `https://vault.azure.net/.default`.
    NIGHTLATCH_EFFECT_SCOPES = 4,
}

use nightlatch_effect_fact::*;
use nightlatch_effect_kind::*;
use nightlatch_effect_list::*;
use nightlatch_effect_number_fact::*;

impl nightlatch_effect {
    pub(crate) fn new(effect: &Effect) -> Self {
        let mut new = Self {
            core: effect.clone(),
            kind: kind_of(effect),
            texts: Vec::new(),
            numbers: Vec::new(),
            items: Vec::new(),
            body: SensitiveText::new(&Sensitive::default()),
            timeout: None,
        };
        match effect {
            Effect::Http {
                request,
                timeout,
                route,
            } => {
                new.text(NIGHTLATCH_EFFECT_METHOD, Some(request.method.as_str()));
                new.text(NIGHTLATCH_EFFECT_URL, Some(&request.url));
                for (name, value) in &request.headers {
                    new.item(NIGHTLATCH_EFFECT_HEADERS, name, value);
                }
                new.body = SensitiveText::new(&request.body);
                new.limit_time(*timeout);
                new.route(route);
            }
            Effect::ReadFile { path, limit, plain } => {
                new.text(NIGHTLATCH_EFFECT_PATH, Some(path));
                new.number(NIGHTLATCH_EFFECT_LIMIT, *limit as u64);
                new.number(NIGHTLATCH_EFFECT_PLAIN, u64::from(*plain));
            }
            Effect::Run { argv, env, timeout } => {
                for argument in argv {
                    new.item(NIGHTLATCH_EFFECT_ARGUMENTS, "", &argument.as_str().into());
                }
                for (name, value) in env {
                    new.item(NIGHTLATCH_EFFECT_VARIABLES, name, &value.as_str().into());
                }
                new.limit_time(*timeout);
            }
            Effect::HostToken {
                handle,
                scopes,
                tenant,
                claims,
                enable_cae,
            } => {
                new.handle(Some(*handle));
                for scope in scopes {
                    new.item(NIGHTLATCH_EFFECT_SCOPES, "", &scope.as_str().into());
                }
                new.text(NIGHTLATCH_EFFECT_TENANT, tenant.as_deref());
                new.text(NIGHTLATCH_EFFECT_CLAIMS, claims.as_deref());
                new.number(NIGHTLATCH_EFFECT_CAE, u64::from(*enable_cae));
            }
            Effect::Sign {
                key,
                algorithm,
                message,
                digest,
            } => {
                new.handle(match key {
                    SigningKey::Host(handle) => Some(*handle),
                    SigningKey::Pkcs8(_) => None,
                });
                new.text(NIGHTLATCH_EFFECT_ALGORITHM, Some(algorithm.name()));
                new.bytes(NIGHTLATCH_EFFECT_MESSAGE, message);
                new.bytes(NIGHTLATCH_EFFECT_DIGEST, digest);
            }
            Effect::Assertion { handle } => new.handle(Some(*handle)),
            Effect::Prompt {
                handle,
                message,
                user_code,
                verification_uri,
                expires_on,
            } => {
                new.handle(*handle);
                new.text(NIGHTLATCH_EFFECT_MESSAGE, Some(message));
                new.text(NIGHTLATCH_EFFECT_USER_CODE, Some(user_code));
                new.text(NIGHTLATCH_EFFECT_VERIFICATION_URI, Some(verification_uri));
                let end = u64::try_from(expires_on.as_secs()).unwrap_or(0);
                new.number(NIGHTLATCH_EFFECT_EXPIRES_ON, end);
            }
            Effect::Browse {
                url,
                port,
                state,
                timeout,
            } => {
                new.text(NIGHTLATCH_EFFECT_URL, Some(url));
                new.text(NIGHTLATCH_EFFECT_STATE, Some(state));
                if let Some(port) = port {
                    new.number(NIGHTLATCH_EFFECT_PORT, u64::from(*port));
                }
                new.limit_time(*timeout);
            }
            Effect::Random { length } => new.number(NIGHTLATCH_EFFECT_LENGTH, *length as u64),
            Effect::Rotate {
                handle,
                step,
                value,
                slot,
            } => {
                new.handle(Some(*handle));
                new.text(NIGHTLATCH_EFFECT_STEP, Some(step.name()));
                new.text(NIGHTLATCH_EFFECT_SLOT, slot.as_deref());
                new.body = SensitiveText::new(value.as_ref().unwrap_or(&Sensitive::default()));
            }
            _ => {}
        }
        new
    }

    pub(crate) fn kind(&self) -> nightlatch_effect_kind {
        self.kind
    }

    /// Sets how long it may take.
    pub(crate) fn limit_time(&mut self, timeout: Duration) {
        let millis = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        self.numbers
            .retain(|(fact, _)| *fact != NIGHTLATCH_EFFECT_TIMEOUT_MS as u32);
        self.number(NIGHTLATCH_EFFECT_TIMEOUT_MS, millis);
        self.timeout = Some(timeout);
    }

    fn route(&mut self, route: &Route) {
        self.number(NIGHTLATCH_EFFECT_DIRECT, u64::from(route.is_direct()));
        match route {
            Route::Ordinary | Route::Direct => {}
            Route::Pinned(sha1) => self.bytes(NIGHTLATCH_EFFECT_PIN, sha1),
            Route::Private { roots, server_name } => {
                self.text(NIGHTLATCH_EFFECT_ROOTS, Some(roots));
                self.text(NIGHTLATCH_EFFECT_SERVER_NAME, server_name.as_deref());
            }
        }
    }

    fn handle(&mut self, handle: Option<u32>) {
        if let Some(handle) = handle {
            self.number(NIGHTLATCH_EFFECT_HANDLE, u64::from(handle));
        }
    }

    fn text(&mut self, fact: nightlatch_effect_fact, text: Option<&str>) {
        if let Some(text) = text {
            self.bytes(fact, text.as_bytes());
        }
    }

    fn bytes(&mut self, fact: nightlatch_effect_fact, bytes: &[u8]) {
        self.texts.push((fact as u32, Text::of_bytes(bytes)));
    }

    fn number(&mut self, fact: nightlatch_effect_number_fact, number: u64) {
        self.numbers.push((fact as u32, number));
    }

    fn item(&mut self, list: nightlatch_effect_list, name: &str, value: &Sensitive) {
        self.items.push(Item {
            list: list as u32,
            name: Text::new(name),
            value: SensitiveText::new(value),
        });
    }

    fn nth(&self, list: u32, index: usize) -> Option<&Item> {
        self.items.iter().filter(|item| item.list == list).nth(index)
    }
}

fn kind_of(effect: &Effect) -> nightlatch_effect_kind {
    match effect {
        Effect::Http { .. } => NIGHTLATCH_EFFECT_HTTP,
        Effect::ReadFile { .. } => NIGHTLATCH_EFFECT_READ_FILE,
        Effect::Run { .. } => NIGHTLATCH_EFFECT_RUN,
        Effect::HostToken { .. } => NIGHTLATCH_EFFECT_TOKEN,
        Effect::Sign { .. } => NIGHTLATCH_EFFECT_SIGN,
        Effect::Assertion { .. } => NIGHTLATCH_EFFECT_ASSERTION,
        Effect::Prompt { .. } => NIGHTLATCH_EFFECT_PROMPT,
        Effect::Browse { .. } => NIGHTLATCH_EFFECT_BROWSE,
        Effect::Random { .. } => NIGHTLATCH_EFFECT_RANDOM,
        Effect::Rotate { .. } => NIGHTLATCH_EFFECT_ROTATE,
        _ => NIGHTLATCH_EFFECT_OTHER,
    }
}

/// Performs an effect by the library's own means, and puts the answer into the outcome: reads a file, runs a program, signs
/// with a key that stands in the configuration, tells a person by a line on standard error, gives random bytes. Anything else is answered with
/// `NIGHTLATCH_FAULT_UNSUPPORTED`. It takes as long as the effect does; a signature takes a few milliseconds.
///
/// For event loops, and for callbacks that see to some effects only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_effect_perform(
    effect: *const nightlatch_effect,
    outcome: *mut nightlatch_outcome,
) -> nightlatch_status {
    door!([effect, outcome] {
        ready_made(effect, outcome);
        nightlatch_status::NIGHTLATCH_OK
    })
}

/// The sort of an effect, a `nightlatch_effect_kind`; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_effect_kind_of(effect: *const nightlatch_effect) -> u32 {
    door!([effect] { effect.kind as u32 })
}

/// A text of an effect, or bytes, as named by `nightlatch_effect_fact`; NULL if absent. `len`, if not NULL, gets its length; a
/// NUL follows it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_effect_text(
    effect: *const nightlatch_effect,
    fact: u32,
    len: *mut usize,
) -> *const c_char {
    door!([effect] {
        let text = effect.texts.iter().find(|(name, _)| *name == fact).map(|(_, text)| text);
        // SAFETY: the header's conventions.
        unsafe { lend_option(text, len) }
    })
}

/// Writes a number of an effect, as named by `nightlatch_effect_number_fact`. False if absent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_effect_number(
    effect: *const nightlatch_effect,
    fact: u32,
    value: *mut u64,
) -> bool {
    door!([effect] {
        let number = effect.numbers.iter().find(|(name, _)| *name == fact).map(|(_, number)| *number);
        // SAFETY: the header's conventions.
        unsafe { give(number, value) }
    })
}

/// How many items one of the lists has, as named by `nightlatch_effect_list`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_effect_count(effect: *const nightlatch_effect, list: u32) -> usize {
    door!([effect] { effect.items.iter().filter(|item| item.list == list).count() })
}

/// The name of an item of a list: of a header or a variable. NULL if there is no such item.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_effect_item_name(
    effect: *const nightlatch_effect,
    list: u32,
    index: usize,
    len: *mut usize,
) -> *const c_char {
    door!([effect] {
        // SAFETY: the header's conventions.
        unsafe { lend_option(effect.nth(list, index).map(|item| &item.name), len) }
    })
}

/// The value of an item of a list. NULL if there is no such item. Header values may be tokens: do not log them, and
/// wipe copies.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_effect_item(
    effect: *const nightlatch_effect,
    list: u32,
    index: usize,
    len: *mut usize,
) -> *const c_char {
    door!([effect] {
        match effect.nth(list, index) {
            // SAFETY: the header's conventions.
            Some(item) => unsafe { item.value.lend(len) },
            // SAFETY: the header's conventions.
            None => unsafe { lend_option(None::<&Text>, len) },
        }
    })
}

/// The body of an HTTP request, perhaps empty, or the value of a rotation. It may hold secrets: do not log it, and wipe copies.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_effect_body(
    effect: *const nightlatch_effect,
    len: *mut usize,
) -> *const c_char {
    door!([effect] {
        // SAFETY: the header's conventions.
        unsafe { effect.body.lend(len) }
    })
}
