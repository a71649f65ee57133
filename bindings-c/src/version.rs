//! Which library is running.

use std::ffi::c_char;

/// The version of the library that is running, such as `0.1.0`; compare with `NIGHTLATCH_VERSION`.
#[unsafe(no_mangle)]
pub extern "C" fn nightlatch_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}
