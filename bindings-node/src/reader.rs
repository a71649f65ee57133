//! The cached read, as a bare Node-API function: by hand, because a call through napi's wrappers costs about twice as
//! much, and this is the call that applications repeat.
//!
//! It returns a number and no object. Making the object costs twenty times the look-up, so JavaScript keeps the one it
//! made under that number; the cache's entry has the number in its slot, and it is free again when the entry has gone.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::rc::Rc;
use std::sync::Arc;

use napi::bindgen_prelude::{FromNapiValue, Unknown};
use napi::sys::{self, Status};
use napi::{Env, Result, check_status};
use nightlatch_core::cache::store::Entry;
use nightlatch_core::engine::SecretStore;
use nightlatch_core::secret::{Secret, SecretId, SecretIdRef, VaultUrl};
use nightlatch_core::time::Instant;

use crate::clock::Clock;

/// The longest name or version, and one more to tell that a text is longer.
const TEXT_LIMIT: usize = 128;

/// The secrets at hand, with the numbers of those that JavaScript has an object for.
pub(crate) struct Cache {
    pub(crate) store: Arc<SecretStore>,
    pub(crate) clock: Clock,
    numbers: RefCell<Numbers>,
}

#[derive(Default)]
struct Numbers {
    next: u32,
    free: Vec<u32>,
}

impl Cache {
    pub(crate) fn new(store: Arc<SecretStore>, clock: Clock) -> Self {
        Self {
            store,
            clock,
            numbers: RefCell::default(),
        }
    }

    /// The number of the entry that may be served, see [`SecretStore::read`].
    #[inline]
    fn read(&self, id: &SecretIdRef<'_>) -> Option<u32> {
        self.store
            .read(id, self.clock.about_now(), |entry| self.number(entry))
    }

    /// The number of the entry that holds this very secret.
    pub(crate) fn number_of(&self, id: &SecretId, secret: &Secret, now: Instant) -> Option<u32> {
        let (entry, _) = self.store.get(id, now)?;
        (entry.value == *secret).then(|| self.number(&entry))
    }

    #[inline]
    fn number(&self, entry: &Entry<Secret>) -> u32 {
        let slot = entry
            .slot
            .get_or_init(|| Box::new(self.numbers.borrow_mut().take()));
        slot.downcast_ref().copied().unwrap_or(u32::MAX)
    }

    /// Frees the numbers of entries that left the cache, and tells them.
    pub(crate) fn release(&self, left: &[Arc<Entry<Secret>>]) -> Vec<u32> {
        let numbers = left
            .iter()
            .filter_map(|entry| entry.slot.get()?.downcast_ref().copied())
            .collect::<Vec<u32>>();
        self.numbers.borrow_mut().free.extend(&numbers);
        numbers
    }
}

impl Numbers {
    fn take(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.next += 1;
            self.next - 1
        })
    }
}

/// What one reading function is bound to.
struct Reader {
    cache: Rc<Cache>,
    vault: VaultUrl,
}

/// Makes the function that reads from `cache` the secrets of one vault.
pub(crate) fn function(env: &Env, cache: Rc<Cache>, vault: VaultUrl) -> Result<Unknown<'_>> {
    const NAME: &str = "read";
    let data = Box::into_raw(Box::new(Reader { cache, vault })).cast::<c_void>();
    let mut function = null_mut();
    // SAFETY: `env` is the live environment of the call that led here; `NAME` lives for ever; `data` is what `read`
    // takes it for.
    let made = unsafe {
        sys::napi_create_function(
            env.raw(),
            NAME.as_ptr().cast(),
            NAME.len() as isize,
            Some(read),
            data,
            &mut function,
        )
    };
    if made != Status::napi_ok {
        // SAFETY: nobody else has got the pointer.
        drop(unsafe { Box::from_raw(data.cast::<Reader>()) });
    }
    check_status!(made, "a function could not be made")?;
    // SAFETY: `function` was just made; Node calls `drop_reader` once, after the last call of the function.
    let tied = unsafe {
        sys::napi_add_finalizer(
            env.raw(),
            function,
            data,
            Some(drop_reader),
            null_mut(),
            null_mut(),
        )
    };
    check_status!(tied, "a finalizer could not be added")?;
    // SAFETY: `function` is a value of this environment.
    unsafe { Unknown::from_napi_value(env.raw(), function) }
}

/// Called by Node with a name and perhaps a version; a null pointer returned is JavaScript's undefined.
unsafe extern "C" fn read(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let mut count = 2;
    let mut arguments = [null_mut(); 2];
    let mut data = null_mut();
    // SAFETY: the array has room for `count` values; Node fills it and says how many there were.
    let status = unsafe {
        sys::napi_get_cb_info(
            env,
            info,
            &mut count,
            arguments.as_mut_ptr(),
            null_mut(),
            &mut data,
        )
    };
    if status != Status::napi_ok || data.is_null() {
        return null_mut();
    }
    // SAFETY: `data` is the reader that `function` bound, alive until `drop_reader`; nobody changes it.
    let reader = unsafe { &*data.cast::<Reader>() };
    let (mut name, mut version) = ([0; TEXT_LIMIT + 1], [0; TEXT_LIMIT + 1]);
    let Some(name) = text(env, arguments[0], &mut name) else {
        return null_mut();
    };
    let version = match count {
        0 | 1 => None,
        _ => match text(env, arguments[1], &mut version) {
            Some(version) => Some(version),
            None => return null_mut(),
        },
    };
    let id = SecretIdRef {
        vault: &reader.vault,
        name,
        version,
    };
    let number = catch_unwind(AssertUnwindSafe(|| reader.cache.read(&id)));
    let mut result = null_mut();
    if let Ok(Some(number)) = number {
        // SAFETY: `env` is the environment of this call.
        unsafe { sys::napi_create_uint32(env, number, &mut result) };
    }
    result
}

/// The text of a JavaScript string, if it is one that a name or version can be.
fn text(env: sys::napi_env, value: sys::napi_value, buffer: &mut [u8; TEXT_LIMIT + 1]) -> Option<&str> {
    let mut length = 0;
    // SAFETY: Node writes at most the buffer's length and says how much it wrote; a value that is no string is an
    // error that it reports.
    let status = unsafe {
        sys::napi_get_value_string_utf8(env, value, buffer.as_mut_ptr().cast(), buffer.len(), &mut length)
    };
    if status != Status::napi_ok || length == TEXT_LIMIT {
        return None;
    }
    std::str::from_utf8(buffer.get(..length)?).ok()
}

unsafe extern "C" fn drop_reader(_env: sys::napi_env, data: *mut c_void, _hint: *mut c_void) {
    // SAFETY: Node calls this once, with the pointer that `function` made of a box.
    drop(unsafe { Box::from_raw(data.cast::<Reader>()) });
}
