//! Operations as trees, and their cancellation.

use std::ffi::c_char;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use nightlatch_core::error::Error;

use crate::cancel::Cancel;
use crate::door::{door, free};
use crate::slice::text;
use crate::status::nightlatch_status;
use crate::tree::{append, lock, number, plant};

/// What a caller asks for, by name and arguments; it can be carried out any number of times.
pub struct nightlatch_operation {
    tree: Mutex<Value>,
    pub(crate) cancel: Arc<Cancel>,
}

impl nightlatch_operation {
    /// As the core reads it.
    pub(crate) fn json(&self) -> String {
        lock(&self.tree).to_string()
    }

    fn change(&self, change: impl FnOnce(&mut Value) -> Result<(), Error>) -> nightlatch_status {
        match change(&mut lock(&self.tree)) {
            Ok(()) => nightlatch_status::NIGHTLATCH_OK,
            Err(why) => nightlatch_status::of(why.kind()),
        }
    }
}

/// An operation without arguments, by its name, such as `get_secret`; the list of all stands above. NULL if the name is no
/// text. Free it with `nightlatch_operation_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_operation_new(
    name: *const c_char,
    name_len: usize,
) -> *mut nightlatch_operation {
    door!([] {
        // SAFETY: the header's conventions.
        match unsafe { text(name, name_len) } {
            Ok(name) => Box::into_raw(Box::new(nightlatch_operation {
                tree: Mutex::new(json!({"op": name})),
                cancel: Arc::default(),
            })),
            Err(_) => std::ptr::null_mut(),
        }
    })
}

/// Frees an operation, after every call that carries it out has returned. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_operation_free(operation: *mut nightlatch_operation) {
    // SAFETY: the header's conventions.
    unsafe { free(operation) }
}

/// Sets an argument to a text. Arguments are checked when the operation begins.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_operation_set_text(
    operation: *mut nightlatch_operation,
    path: *const c_char,
    path_len: usize,
    value: *const c_char,
    value_len: usize,
) -> nightlatch_status {
    door!([operation] {
        // SAFETY: the header's conventions.
        operation.change(|tree| unsafe { plant(tree, text(path, path_len)?, text(value, value_len)?.into()) })
    })
}

/// Sets an argument to a number, such as `timeout` in seconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_operation_set_number(
    operation: *mut nightlatch_operation,
    path: *const c_char,
    path_len: usize,
    value: f64,
) -> nightlatch_status {
    door!([operation] {
        // SAFETY: the header's conventions.
        operation.change(|tree| unsafe { plant(tree, text(path, path_len)?, number(value)?) })
    })
}

/// Sets an argument to true or false, such as `refresh`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_operation_set_flag(
    operation: *mut nightlatch_operation,
    path: *const c_char,
    path_len: usize,
    value: bool,
) -> nightlatch_status {
    door!([operation] {
        // SAFETY: the header's conventions.
        operation.change(|tree| unsafe { plant(tree, text(path, path_len)?, value.into()) })
    })
}

/// Adds a text to an argument that is a list, such as `request.scopes`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_operation_add_text(
    operation: *mut nightlatch_operation,
    path: *const c_char,
    path_len: usize,
    value: *const c_char,
    value_len: usize,
) -> nightlatch_status {
    door!([operation] {
        // SAFETY: the header's conventions.
        operation.change(|tree| unsafe { append(tree, text(path, path_len)?, text(value, value_len)?.into()) })
    })
}

/// Cancels the operation, from any thread: every `nightlatch_client_perform` that carries it out, now or later,
/// returns `NIGHTLATCH_CANCELLED`. One that is inside a callback returns when the callback does;
/// `nightlatch_outcome_is_wanted` tells the callback. What other callers wait for goes on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_operation_cancel(
    operation: *mut nightlatch_operation,
) -> nightlatch_status {
    door!([operation] {
        operation.cancel.cancel();
        nightlatch_status::NIGHTLATCH_OK
    })
}
