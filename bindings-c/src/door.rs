//! The one macro through which every call from C comes, and what it gives back when it cannot do its work.

use std::panic::{AssertUnwindSafe, catch_unwind};

use nightlatch_core::error::{Error, ErrorKind};

use crate::status::nightlatch_status;

/// What a return type says when a handle is NULL, and after a panic.
pub(crate) trait Refusal {
    fn null() -> Self;
    fn panicked() -> Self;
}

impl Refusal for nightlatch_status {
    fn null() -> Self {
        nightlatch_status::NIGHTLATCH_INVALID_ARGUMENT
    }

    fn panicked() -> Self {
        nightlatch_status::NIGHTLATCH_INTERNAL
    }
}

macro_rules! refusals {
    ($($type:ty = $value:expr),*) => {
        $(impl Refusal for $type {
            fn null() -> Self {
                $value
            }

            fn panicked() -> Self {
                $value
            }
        })*
    };
}

refusals!(() = (), bool = false, u32 = 0, u64 = 0, usize = 0);

impl<T> Refusal for *mut T {
    fn null() -> Self {
        std::ptr::null_mut()
    }

    fn panicked() -> Self {
        std::ptr::null_mut()
    }
}

impl<T> Refusal for *const T {
    fn null() -> Self {
        std::ptr::null()
    }

    fn panicked() -> Self {
        std::ptr::null()
    }
}

/// Runs `body` and stops its panics.
#[inline]
pub(crate) fn guarded<R: Refusal>(body: impl FnOnce() -> R) -> R {
    // What a panic leaves behind is sound: locks are taken over from the poisoned, and each call puts its own
    // affairs in order while unwinding.
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| R::panicked())
}

/// As [`guarded`], with a panic told as an error.
pub(crate) fn guarded_result<T>(body: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| {
        Err(Error::new(
            ErrorKind::Internal,
            "nightlatch met a defect of its own; the client stays usable.",
        )
        .advise("Please report it, with what standard error says."))
    })
}

/// The error for a NULL where something is needed.
pub(crate) fn null_argument(name: &str) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format!("The argument `{name}` is NULL."),
    )
}

/// The only door. Named handles become references; NULL among them is refused.
///
/// * `door!([a, b] { … })` returns what the block returns.
/// * `door!([a, b] -> out, error { … })` runs a block that gives a `Result`: writes its value to `out` and returns
///   OK, or writes the error to `error`, if that is not NULL, and returns its status.
macro_rules! door {
    ([$($handle:ident),*] $body:block) => {
        $crate::door::guarded(move || {
            $(
                // SAFETY: the header's conventions: NULL, or a live handle of this type.
                let Some($handle) = (unsafe { $handle.as_ref() }) else {
                    return $crate::door::Refusal::null();
                };
            )*
            $body
        })
    };
    ([$($handle:ident),*] -> $out:ident, $error:ident $body:block) => {{
        let result = $crate::door::guarded_result(move || {
            $(
                // SAFETY: the header's conventions: NULL, or a live handle of this type.
                let Some($handle) = (unsafe { $handle.as_ref() }) else {
                    return Err($crate::door::null_argument(stringify!($handle)));
                };
            )*
            if $out.is_null() {
                return Err($crate::door::null_argument(stringify!($out)));
            }
            $body
        });
        match result {
            Ok(value) => {
                // SAFETY: not NULL, as was just checked, and writable by the header's conventions.
                unsafe { $out.write(value) };
                $crate::status::nightlatch_status::NIGHTLATCH_OK
            }
            // SAFETY: NULL or writable, by the header's conventions.
            Err(why) => unsafe { $crate::error::report(why, $error) },
        }
    }};
}

pub(crate) use door;

/// Frees a handle that `Box` made; NULL is nothing to free.
pub(crate) unsafe fn free<T>(handle: *mut T) {
    guarded(|| {
        if !handle.is_null() {
            // SAFETY: the caller's promise: it came from `Box::into_raw` in a `_new` and was not freed before.
            drop(unsafe { Box::from_raw(handle) });
        }
    });
}
