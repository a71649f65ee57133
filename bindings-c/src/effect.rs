//! What a host is asked to do, laid out for C.

use std::ffi::c_char;
use std::time::Duration;

use nightlatch_core::effect::Effect;
use nightlatch_core::sensitive::Sensitive;

use crate::door::door;
use crate::slice::{SensitiveText, Text, give, lend_option};

/// One thing to do, and everything needed to do it. Texts and bytes it lends live as long as it does: during the
/// callback, or as long as the output it came in.
pub struct nightlatch_effect {
    kind: nightlatch_effect_kind,
    texts: Vec<(u32, Text)>,
    numbers: Vec<(u32, u64)>,
    items: Vec<Item>,
    body: SensitiveText,
    /// How long it may take, where it says.
    pub(crate) timeout: Option<Duration>,
    /// The most bytes of a file.
    pub(crate) limit: Option<usize>,
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
    /// One HTTP exchange: `METHOD`, `URL`, headers, body, `TIMEOUT_MS`, `DIRECT`. No redirect is followed,
    /// certificates are checked, at most `NIGHTLATCH_BODY_LIMIT` bytes of the answer's body are read.
    NIGHTLATCH_EFFECT_HTTP = 1,
    /// Read a whole file: `PATH`, `LIMIT`.
    NIGHTLATCH_EFFECT_READ_FILE = 2,
    /// Run a program without a shell and without input, from a directory that only the system's owner can write
    /// to: arguments (the first is the program, looked up on `PATH`), variables to add, `TIMEOUT_MS`.
    NIGHTLATCH_EFFECT_RUN = 3,
    /// Ask a credential object that the host holds for a token: `HANDLE`, scopes, `TENANT`, `CLAIMS`, `CAE`.
    NIGHTLATCH_EFFECT_TOKEN = 4,
    /// Something newer than this library's interface.
    NIGHTLATCH_EFFECT_OTHER = 5,
}

/// The texts of an effect.
#[repr(u32)]
pub enum nightlatch_effect_fact {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    NIGHTLATCH_EFFECT_METHOD = 1,
    /// Absolute URL; never holds a secret.
    NIGHTLATCH_EFFECT_URL = 2,
    /// Absolute path.
    NIGHTLATCH_EFFECT_PATH = 3,
    /// Tenant to ask for a token, if not the credential's own.
    NIGHTLATCH_EFFECT_TENANT = 4,
    /// Claims of a challenge (JSON).
    NIGHTLATCH_EFFECT_CLAIMS = 5,
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
    /// Which of the host's credential objects, by the number that the configuration gave it.
    NIGHTLATCH_EFFECT_HANDLE = 4,
    /// 1: the resource understands continuous access evaluation.
    NIGHTLATCH_EFFECT_CAE = 5,
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
        let mut new = Self::empty(NIGHTLATCH_EFFECT_OTHER);
        match effect {
            Effect::Http {
                request,
                timeout,
                route,
            } => {
                new.kind = NIGHTLATCH_EFFECT_HTTP;
                new.text(NIGHTLATCH_EFFECT_METHOD, Some(request.method.as_str()));
                new.text(NIGHTLATCH_EFFECT_URL, Some(&request.url));
                for (name, value) in &request.headers {
                    new.item(NIGHTLATCH_EFFECT_HEADERS, name, value);
                }
                new.body = SensitiveText::new(&request.body);
                new.limit_time(*timeout);
                new.number(NIGHTLATCH_EFFECT_DIRECT, u64::from(route.is_direct()));
            }
            Effect::ReadFile { path, limit, .. } => {
                new.kind = NIGHTLATCH_EFFECT_READ_FILE;
                new.text(NIGHTLATCH_EFFECT_PATH, Some(path));
                new.number(NIGHTLATCH_EFFECT_LIMIT, *limit as u64);
                new.limit = Some(*limit);
            }
            Effect::Run { argv, env, timeout } => {
                new.kind = NIGHTLATCH_EFFECT_RUN;
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
                new.kind = NIGHTLATCH_EFFECT_TOKEN;
                new.number(NIGHTLATCH_EFFECT_HANDLE, u64::from(*handle));
                for scope in scopes {
                    new.item(NIGHTLATCH_EFFECT_SCOPES, "", &scope.as_str().into());
                }
                new.text(NIGHTLATCH_EFFECT_TENANT, tenant.as_deref());
                new.text(NIGHTLATCH_EFFECT_CLAIMS, claims.as_deref());
                new.number(NIGHTLATCH_EFFECT_CAE, u64::from(*enable_cae));
            }
            _ => {}
        }
        new
    }

    pub(crate) fn kind(&self) -> nightlatch_effect_kind {
        self.kind
    }

    pub(crate) fn path(&self) -> Option<&str> {
        let named = |(fact, _): &&(u32, Text)| *fact == NIGHTLATCH_EFFECT_PATH as u32;
        self.texts.iter().find(named).map(|(_, text)| text.as_str())
    }

    pub(crate) fn arguments(&self) -> impl Iterator<Item = &str> {
        self.list(NIGHTLATCH_EFFECT_ARGUMENTS).map(|(_, value)| value)
    }

    pub(crate) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.list(NIGHTLATCH_EFFECT_VARIABLES)
    }

    fn list(&self, list: nightlatch_effect_list) -> impl Iterator<Item = (&str, &str)> {
        self.items
            .iter()
            .filter(move |item| item.list == list as u32)
            .map(|item| (item.name.as_str(), item.value.as_str()))
    }

    /// Sets how long it may take.
    pub(crate) fn limit_time(&mut self, timeout: Duration) {
        let millis = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        self.numbers
            .retain(|(fact, _)| *fact != NIGHTLATCH_EFFECT_TIMEOUT_MS as u32);
        self.number(NIGHTLATCH_EFFECT_TIMEOUT_MS, millis);
        self.timeout = Some(timeout);
    }

    fn empty(kind: nightlatch_effect_kind) -> Self {
        Self {
            kind,
            texts: Vec::new(),
            numbers: Vec::new(),
            items: Vec::new(),
            body: SensitiveText::new(&Sensitive::default()),
            timeout: None,
            limit: None,
        }
    }

    fn text(&mut self, fact: nightlatch_effect_fact, text: Option<&str>) {
        self.texts.extend(text.map(|text| (fact as u32, Text::new(text))));
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

/// The sort of an effect, a `nightlatch_effect_kind`; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_effect_kind_of(effect: *const nightlatch_effect) -> u32 {
    door!([effect] { effect.kind as u32 })
}

/// A text of an effect, as named by `nightlatch_effect_fact`; NULL if absent. `len`, if not NULL, gets its length; a
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
            None => unsafe { lend_option(None, len) },
        }
    })
}

/// The body of an HTTP request, perhaps empty. It may hold secrets: do not log it, and wipe copies.
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
