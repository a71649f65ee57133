//! The rotation of a secret, by three functions of the program's.

use std::ffi::{c_char, c_void};
use std::mem::offset_of;
use std::ptr::from_ref;

use nightlatch_core::effect::{FaultKind, Outcome, RotationStep};
use nightlatch_core::operation::Rotation;
use nightlatch_core::sensitive::Sensitive;

use crate::asked::Asked;
use crate::blocking::Functions;
use crate::changes::nightlatch_changes;
use crate::door::{door, free};
use crate::error::nightlatch_error;
use crate::outcome::nightlatch_outcome;
use crate::properties::nightlatch_properties;
use crate::reads::nightlatch_vault;
use crate::slice::{SensitiveText, Text, lend_option, text};
use crate::status::nightlatch_status;
use crate::table::{self, Table};

/// Makes a new value, and puts it into the outcome with `nightlatch_outcome_made`; nothing put in is a failure. `slot` is the one
/// that it is for, a text with a NUL behind it, and NULL if the secret has no slots.
pub type nightlatch_make =
    Option<unsafe extern "C" fn(context: *mut c_void, slot: *const c_char, outcome: *mut nightlatch_outcome)>;

/// Puts a value into effect where it is used, or finds out whether it works there; false if that fails. Value and slot each have
/// a NUL behind them and end with the call; `slot` is NULL if the secret has no slots.
pub type nightlatch_try = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        value: *const c_char,
        value_len: usize,
        slot: *const c_char,
    ) -> bool,
>;

/// What rotates a secret. Begin with `NIGHTLATCH_ROTATOR_INIT`, which sets `struct_size`, and set what you have.
///
/// The functions run in the thread that called `nightlatch_vault_rotate_secret` and without any lock: they may take minutes, and
/// make calls of the same client that block, such as for an administrator's password. They must not unwind (C++ exceptions,
/// `longjmp`).
#[derive(Clone, Copy)]
#[repr(C)]
pub struct nightlatch_rotator {
    /// The size of the struct as its user knows it.
    pub struct_size: usize,
    /// Given to every function.
    pub context: *mut c_void,
    /// Makes a new value. Must be given.
    pub make: nightlatch_make,
    /// Puts a value into effect where it is used, such as a database. It may be called again with the same value, and with the
    /// old one. Not given: nothing is to be done.
    pub apply: nightlatch_try,
    /// Finds out whether a value works. Not given: it does.
    pub verify: nightlatch_try,
}

// SAFETY: `repr(C)`, begins with its size, and all zeros has no functions.
unsafe impl Table for nightlatch_rotator {
    const NAME: &'static str = "What rotates the secret";
    const INIT: &'static str = "NIGHTLATCH_ROTATOR_INIT";
    const LEAST: usize = offset_of!(nightlatch_rotator, apply);
}

impl Functions for nightlatch_rotator {
    fn rotate(
        &self,
        step: RotationStep,
        value: Option<&Sensitive>,
        slot: Option<&str>,
        outcome: &nightlatch_outcome,
    ) {
        let slot = slot.map(Text::new);
        // SAFETY: no length is wanted.
        let slot = unsafe { lend_option(slot.as_ref(), std::ptr::null_mut()) };
        let attempt = match step {
            RotationStep::Make => {
                if let Some(make) = self.make {
                    let outcome: *const nightlatch_outcome = outcome;
                    // SAFETY: the program's own function and context; slot and outcome live through the call, and the
                    // outcome's content is behind a lock.
                    unsafe { make(self.context, slot, outcome.cast_mut()) };
                }
                return;
            }
            RotationStep::Apply => self.apply,
            RotationStep::Verify => self.verify,
        };
        let value = SensitiveText::new(value.unwrap_or(&Sensitive::default()));
        let mut len = 0;
        // SAFETY: a place to write to; then the program's own function and context, and what lives through the call.
        let well = attempt.is_none_or(|attempt| unsafe {
            let data = value.lend(&mut len);
            attempt(self.context, data, len, slot)
        });
        match step {
            _ if well => outcome.set(Outcome::Done),
            RotationStep::Verify => outcome.fail(FaultKind::Refused, ""),
            _ => outcome.fail(FaultKind::Other, ""),
        }
    }
}

/// Rotates a secret: `make` makes a value, which becomes a new version; `apply` puts it into effect, `verify` finds out whether it
/// works. If either fails, the old value is applied and made the latest version again, and the error says so
/// (`NIGHTLATCH_ERROR_HELP`: `rotation-rolled-back`). A rotation that was cut off is finished, or rolled back, by the next call.
///
/// With two slots, such as two users of a database, the new value is for the one that is not in use, and becomes a version only
/// when it works: nobody ever reads one that does not. Both are empty for a secret without slots.
///
/// `changes` (NULL: none) is the content type, end and tags of the new version; what is not given is carried over from the one
/// before. `timeout_ms` is what the call may take, 0: fifteen minutes. Free the rotation with `nightlatch_rotation_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_rotate_secret(
    vault: *const nightlatch_vault,
    name: *const c_char,
    name_len: usize,
    rotator: *const nightlatch_rotator,
    one_slot: *const c_char,
    one_slot_len: usize,
    other_slot: *const c_char,
    other_slot_len: usize,
    changes: *const nightlatch_changes,
    timeout_ms: u64,
    rotation: *mut *mut nightlatch_rotation,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> rotation, error {
        // SAFETY: the header's conventions.
        let (rotator, changes) = unsafe { (table::read(rotator)?, changes.as_ref()) };
        if rotator.make.is_none() {
            return Err(crate::door::null_argument("make"));
        }
        // SAFETY: the header's conventions.
        let (name, slots) =
            unsafe { (text(name, name_len)?, [text(one_slot, one_slot_len)?, text(other_slot, other_slot_len)?]) };
        // The functions are those of this very call: any number does.
        let mut asked = Asked::new("rotate_secret").with("name", name).with("handle", 0).with_changes(changes);
        if slots != ["", ""] {
            asked = asked.with("slots", slots.map(String::from).to_vec());
        }
        asked.rotating(vault, timeout_ms, &rotator)?.into_rotation()
    })
}

/// How a rotation ended well. It never changes; any number of threads may read it.
pub struct nightlatch_rotation {
    properties: nightlatch_properties,
    previous_version: Option<Text>,
    slot: Option<Text>,
    resumed: bool,
}

impl nightlatch_rotation {
    pub(crate) fn new(rotation: &Rotation) -> Self {
        Self {
            properties: nightlatch_properties::new(&rotation.properties),
            previous_version: rotation.previous_version.as_deref().map(Text::new),
            slot: rotation.slot.as_deref().map(Text::new),
            resumed: rotation.resumed,
        }
    }
}

/// Frees a rotation that a call handed over; not one that is lent. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_rotation_free(rotation: *mut nightlatch_rotation) {
    // SAFETY: the header's conventions.
    unsafe { free(rotation) }
}

/// The version in use now, lent for as long as the rotation lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_rotation_properties(
    rotation: *const nightlatch_rotation,
) -> *const nightlatch_properties {
    door!([rotation] { from_ref(&rotation.properties) })
}

/// The version before, which is left as it is; NULL if there was none. It lives as long as the rotation. `len`, if not NULL, gets
/// its length; a NUL follows it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_rotation_previous_version(
    rotation: *const nightlatch_rotation,
    len: *mut usize,
) -> *const c_char {
    door!([rotation] {
        // SAFETY: the header's conventions.
        unsafe { lend_option(rotation.previous_version.as_ref(), len) }
    })
}

/// The slot in use now; NULL if there are none. It lives as long as the rotation. `len`, if not NULL, gets its length; a NUL
/// follows it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_rotation_slot(
    rotation: *const nightlatch_rotation,
    len: *mut usize,
) -> *const c_char {
    door!([rotation] {
        // SAFETY: the header's conventions.
        unsafe { lend_option(rotation.slot.as_ref(), len) }
    })
}

/// Whether it finished a rotation that an earlier call had begun.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_rotation_is_resumed(rotation: *const nightlatch_rotation) -> bool {
    door!([rotation] { rotation.resumed })
}
