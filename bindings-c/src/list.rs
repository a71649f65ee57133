//! Several secrets at once: pages of lists, and many values.

use std::ffi::c_char;
use std::sync::Arc;

use nightlatch_core::error::Error;
use nightlatch_core::operation::Page;

use crate::door::{door, free};
use crate::error::nightlatch_error;
use crate::properties::nightlatch_properties;
use crate::secret::nightlatch_secret;
use crate::slice::{Text, lend_option};

/// One page of a list. A page may be empty although others follow: only a missing continuation is the end.
pub struct nightlatch_page {
    items: Vec<nightlatch_properties>,
    continuation: Option<Text>,
}

impl nightlatch_page {
    pub(crate) fn new<T>(page: &Page<T>, item: impl Fn(&T) -> nightlatch_properties) -> Self {
        Self {
            items: page.items.iter().map(item).collect(),
            continuation: page.continuation.as_deref().map(Text::new),
        }
    }
}

/// Frees a page that a call handed over; not one that is lent. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_page_free(page: *mut nightlatch_page) {
    // SAFETY: the header's conventions.
    unsafe { free(page) }
}

/// How many items are on the page.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_page_count(page: *const nightlatch_page) -> usize {
    door!([page] { page.items.len() })
}

/// The item number `index`, lent for as long as the page lives; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_page_item(
    page: *const nightlatch_page,
    index: usize,
) -> *const nightlatch_properties {
    door!([page] { page.items.get(index).map_or(std::ptr::null(), std::ptr::from_ref) })
}

/// What to ask the next page with; NULL at the end of the list. It lives as long as the page. `len`, if not NULL, gets its
/// length; a NUL follows it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_page_continuation(
    page: *const nightlatch_page,
    len: *mut usize,
) -> *const c_char {
    door!([page] {
        // SAFETY: the header's conventions.
        unsafe { lend_option(page.continuation.as_ref(), len) }
    })
}

/// Many secrets, in the order in which they were asked for; each came, or says why not.
pub struct nightlatch_secrets(Vec<Fared>);

struct Fared {
    name: Text,
    result: Result<Arc<nightlatch_secret>, nightlatch_error>,
}

impl nightlatch_secrets {
    pub(crate) fn new(found: impl Iterator<Item = (String, Result<Arc<nightlatch_secret>, Error>)>) -> Self {
        let fared = found.map(|(name, result)| Fared {
            name: Text::new(&name),
            result: result.map_err(|why| nightlatch_error::new(&why)),
        });
        Self(fared.collect())
    }
}

/// Frees a list that a call handed over, not one that is lent, and with it the secrets it lent. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_secrets_free(secrets: *mut nightlatch_secrets) {
    // SAFETY: the header's conventions.
    unsafe { free(secrets) }
}

/// How many secrets were asked for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_secrets_count(secrets: *const nightlatch_secrets) -> usize {
    door!([secrets] { secrets.0.len() })
}

/// The name of the secret number `index`; NULL if there is none. It lives as long as the list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_secrets_name(
    secrets: *const nightlatch_secrets,
    index: usize,
    len: *mut usize,
) -> *const c_char {
    door!([secrets] {
        // SAFETY: the header's conventions.
        unsafe { lend_option(secrets.0.get(index).map(|fared| &fared.name), len) }
    })
}

/// The secret number `index`, lent for as long as the list lives (`nightlatch_secret_share` makes it last longer); NULL if it
/// did not come.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_secrets_secret(
    secrets: *const nightlatch_secrets,
    index: usize,
) -> *const nightlatch_secret {
    door!([secrets] {
        let secret = secrets.0.get(index).and_then(|fared| fared.result.as_ref().ok());
        secret.map_or(std::ptr::null(), Arc::as_ptr)
    })
}

/// Why the secret number `index` did not come, lent for as long as the list lives; NULL if it did.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_secrets_error(
    secrets: *const nightlatch_secrets,
    index: usize,
) -> *const nightlatch_error {
    door!([secrets] {
        let why = secrets.0.get(index).and_then(|fared| fared.result.as_ref().err());
        why.map_or(std::ptr::null(), std::ptr::from_ref)
    })
}
