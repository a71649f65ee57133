//! Operations as trees, and their cancellation.

use std::ffi::c_char;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use nightlatch_core::error::Error;
use nightlatch_core::operation::Operation;
use nightlatch_core::sensitive::Sensitive;

use crate::cancel::Cancel;
use crate::changes::nightlatch_changes;
use crate::door::{door, free};
use crate::slice::{bytes, text};
use crate::status::nightlatch_status;
use crate::tree::{append, lock, number, plant};

/// What a caller asks for, by name and arguments; it can be carried out any number of times.
pub struct nightlatch_operation {
    tree: Mutex<Value>,
    value: Mutex<Option<Sensitive>>,
    pub(crate) cancel: Arc<Cancel>,
}

impl nightlatch_operation {
    /// As the core has it.
    pub(crate) fn read(
        &self,
        read: impl FnOnce(&str) -> Result<Operation, Error>,
    ) -> Result<Operation, Error> {
        let (json, value) = (lock(&self.tree).to_string(), lock(&self.value).clone());
        with_value(read(&json)?, value)
    }

    fn change(&self, change: impl FnOnce(&mut Value) -> Result<(), Error>) -> nightlatch_status {
        match change(&mut lock(&self.tree)) {
            Ok(()) => nightlatch_status::NIGHTLATCH_OK,
            Err(why) => nightlatch_status::of(why.kind()),
        }
    }
}

/// The operation with the value that was given to it, if any.
pub(crate) fn with_value(operation: Operation, value: Option<Sensitive>) -> Result<Operation, Error> {
    match value {
        Some(value) => operation.with_value(value),
        None => Ok(operation),
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
                value: Mutex::default(),
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

/// Sets an argument to an empty list, to which texts may be added.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_operation_set_list(
    operation: *mut nightlatch_operation,
    path: *const c_char,
    path_len: usize,
) -> nightlatch_status {
    door!([operation] {
        // SAFETY: the header's conventions.
        operation.change(|tree| unsafe { plant(tree, text(path, path_len)?, json!([])) })
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

/// Gives the operation the one secret that it takes: the value that `set_secret` sets, the backup that
/// `restore_secret_backup` restores, the text whose references `resolve_references` resolves. It is copied into memory that is
/// wiped; wipe your own copy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_operation_set_value(
    operation: *mut nightlatch_operation,
    value: *const c_char,
    value_len: usize,
) -> nightlatch_status {
    door!([operation] {
        // SAFETY: the header's conventions.
        match unsafe { bytes(value, value_len) } {
            Ok(value) => {
                *lock(&operation.value) = Some(value.to_vec().into());
                nightlatch_status::NIGHTLATCH_OK
            }
            Err(why) => nightlatch_status::of(why.kind()),
        }
    })
}

/// Sets what `set_secret` and `update_secret_properties` give a version besides its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_operation_set_changes(
    operation: *mut nightlatch_operation,
    changes: *const nightlatch_changes,
) -> nightlatch_status {
    door!([operation, changes] {
        operation.change(|tree| {
            for (name, value) in changes.arguments() {
                tree[name] = value;
            }
            Ok(())
        })
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
