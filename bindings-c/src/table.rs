//! Structs that C passes, and that may grow: each begins with its size as its user knows it.

use std::mem::{MaybeUninit, size_of};

use nightlatch_core::error::{Error, ErrorKind};

/// A struct that C programs fill in.
///
/// # Safety
/// It is `repr(C)`, begins with its size, and all zeros is a value of it.
pub(crate) unsafe trait Table: Copy {
    /// What people call it.
    const NAME: &'static str;
    /// What it is begun with.
    const INIT: &'static str;
    /// The size that every version of it has at least.
    const LEAST: usize;
}

/// Reads a struct of any version; what an older one lacks is zero.
///
/// # Safety
/// `table` is NULL or readable for the size that it states.
pub(crate) unsafe fn read<T: Table>(table: *const T) -> Result<T, Error> {
    let refuse = |why: String| Err(Error::new(ErrorKind::InvalidArgument, why));
    if table.is_null() {
        return refuse(format!("{} is NULL.", T::NAME));
    }
    // SAFETY: every version begins with its size.
    let size = unsafe { *table.cast::<usize>() };
    if size < T::LEAST {
        return refuse(format!("{} states no size: begin it with {}.", T::NAME, T::INIT));
    }
    let mut whole = MaybeUninit::<T>::zeroed();
    let known = size.min(size_of::<T>());
    // SAFETY: `known` bytes are readable by the caller's promise and fit into `whole`, of which all zeros is a value.
    Ok(unsafe {
        std::ptr::copy_nonoverlapping(table.cast::<u8>(), whole.as_mut_ptr().cast(), known);
        whole.assume_init()
    })
}
