//! What comes out of an engine, laid out for C.

use std::ffi::c_char;

use nightlatch_core::operation::Output;

use crate::door::{door, free};
use crate::effect::nightlatch_effect;
use crate::error::nightlatch_error;
use crate::reply::{Content, nightlatch_reply};
use crate::secret::nightlatch_secret;
use crate::slice::{Text, lend_option};

/// One thing that an engine hands its host. It owns what it lends.
pub struct nightlatch_output {
    kind: nightlatch_output_kind,
    operation: u64,
    effect_id: u64,
    effect: Option<nightlatch_effect>,
    reply: Option<nightlatch_reply>,
    error: Option<nightlatch_error>,
    event: Option<Text>,
}

/// The sorts of outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum nightlatch_output_kind {
    /// Perform the effect, then answer it by its number, once, with `nightlatch_engine_complete`.
    NIGHTLATCH_OUTPUT_PERFORM = 1,
    /// Nobody waits for the effect of that number any more; an answer is ignored.
    NIGHTLATCH_OUTPUT_ABORT = 2,
    /// The operation of that number ended: with a reply, or with an error.
    NIGHTLATCH_OUTPUT_FINISHED = 3,
    /// Something worth telling: one line of JSON, without any secret.
    NIGHTLATCH_OUTPUT_EVENT = 4,
    /// Something newer than this library's interface: free it and go on.
    NIGHTLATCH_OUTPUT_OTHER = 5,
}

use nightlatch_output_kind::*;

impl nightlatch_output {
    pub(crate) fn new(output: Output) -> Self {
        let mut new = Self {
            kind: NIGHTLATCH_OUTPUT_OTHER,
            operation: 0,
            effect_id: 0,
            effect: None,
            reply: None,
            error: None,
            event: None,
        };
        match output {
            Output::Perform { id, op, effect } => {
                new.kind = NIGHTLATCH_OUTPUT_PERFORM;
                (new.effect_id, new.operation) = (id.0, op.map_or(0, |op| op.0));
                new.effect = Some(nightlatch_effect::new(&effect));
            }
            Output::Abort(id) => {
                new.kind = NIGHTLATCH_OUTPUT_ABORT;
                new.effect_id = id.0;
            }
            Output::Finished { op, result } => {
                new.kind = NIGHTLATCH_OUTPUT_FINISHED;
                new.operation = op.0;
                match result.and_then(|reply| Content::new(reply, |secret, _| nightlatch_secret::new(secret)))
                {
                    Ok(content) => new.reply = Some(nightlatch_reply(content)),
                    Err(why) => new.error = Some(nightlatch_error::new(&why)),
                }
            }
            Output::Event(event) => {
                new.kind = NIGHTLATCH_OUTPUT_EVENT;
                new.event = Some(Text::new(&serde_json::to_string(&event).unwrap_or_default()));
            }
            _ => {}
        }
        new
    }
}

/// Frees an output and everything it lent. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_output_free(output: *mut nightlatch_output) {
    // SAFETY: the header's conventions.
    unsafe { free(output) }
}

/// The sort of an output, a `nightlatch_output_kind`; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_output_kind_of(output: *const nightlatch_output) -> u32 {
    door!([output] { output.kind as u32 })
}

/// The number of the operation that ended, or that began the effect (others may wait for it too).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_output_operation(output: *const nightlatch_output) -> u64 {
    door!([output] { output.operation })
}

/// The number of the effect to perform or to abort.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_output_effect_id(output: *const nightlatch_output) -> u64 {
    door!([output] { output.effect_id })
}

/// The effect to perform; NULL if the output is something else. It lives as long as the output.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_output_effect(
    output: *const nightlatch_output,
) -> *const nightlatch_effect {
    door!([output] { output.effect.as_ref().map_or(std::ptr::null(), std::ptr::from_ref) })
}

/// What the operation came to; NULL if it failed, or the output is something else. It lives as long as the output: do not
/// free it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_output_reply(
    output: *const nightlatch_output,
) -> *const nightlatch_reply {
    door!([output] { output.reply.as_ref().map_or(std::ptr::null(), std::ptr::from_ref) })
}

/// Why the operation failed; NULL if it did not, or the output is something else. It lives as long as the output: do not
/// free it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_output_error(
    output: *const nightlatch_output,
) -> *const nightlatch_error {
    door!([output] { output.error.as_ref().map_or(std::ptr::null(), std::ptr::from_ref) })
}

/// The event, one line of JSON; NULL if the output is something else. It lives as long as the output. `len`, if not NULL,
/// gets its length; a NUL follows it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_output_event(
    output: *const nightlatch_output,
    len: *mut usize,
) -> *const c_char {
    door!([output] {
        // SAFETY: the header's conventions.
        unsafe { lend_option(output.event.as_ref(), len) }
    })
}
