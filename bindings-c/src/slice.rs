//! Text and bytes on their way in, and on their way out.

use std::ffi::c_char;
use std::fmt;

use nightlatch_core::error::{Error, ErrorKind};
use nightlatch_core::sensitive::Sensitive;

/// The bytes that C passed as pointer and length. NULL with length 0 is no bytes.
///
/// # Safety
/// `data` is NULL or readable for `len` bytes, and stays so for `'a`.
#[inline]
pub(crate) unsafe fn bytes<'a>(data: *const c_char, len: usize) -> Result<&'a [u8], Error> {
    if len == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(refused("is NULL, but its length is not 0"));
    }
    if isize::try_from(len).is_err() {
        return Err(refused("is longer than memory can be"));
    }
    // SAFETY: not NULL, no longer than memory, and readable by the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts(data.cast(), len) })
}

/// As [`bytes`], for text.
///
/// # Safety
/// As [`bytes`].
#[inline]
pub(crate) unsafe fn text<'a>(data: *const c_char, len: usize) -> Result<&'a str, Error> {
    // SAFETY: the caller's promise is ours.
    let bytes = unsafe { bytes(data, len)? };
    std::str::from_utf8(bytes).map_err(|_| refused("is not UTF-8"))
}

/// A name or version to look up in the cache. What is not ASCII is the name of nothing there; and telling so is much
/// quicker than telling UTF-8.
///
/// # Safety
/// As [`bytes`].
#[inline]
pub(crate) unsafe fn ascii<'a>(data: *const c_char, len: usize) -> Option<&'a str> {
    // SAFETY: the caller's promise is ours.
    let bytes = unsafe { bytes(data, len).ok()? };
    if !is_ascii(bytes) {
        return None;
    }
    // SAFETY: ASCII is UTF-8.
    Some(unsafe { std::str::from_utf8_unchecked(bytes) })
}

/// Eight bytes at a time, of which the last may have been looked at before: names are too short for what the standard
/// library does with long texts.
#[inline]
fn is_ascii(bytes: &[u8]) -> bool {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    match bytes.last_chunk::<8>() {
        Some(end) => {
            let (words, _) = bytes.as_chunks::<8>();
            let both = |all, word: &[u8; 8]| all | u64::from_ne_bytes(*word);
            words.iter().fold(u64::from_ne_bytes(*end), both) & HIGH_BITS == 0
        }
        None => bytes.is_ascii(),
    }
}

fn refused(why: &str) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format!("A text given to the call {why}."),
    )
}

/// Text to be lent to C: a NUL follows, which its length does not count. The text itself may hold NULs too.
#[derive(Clone)]
pub(crate) struct Text(Box<[u8]>);

impl Text {
    pub(crate) fn new(text: &str) -> Self {
        Self::of_bytes(text.as_bytes())
    }

    /// For what is no text, but lent in the same way.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        Self([bytes, b"\0"].concat().into_boxed_slice())
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0[..self.0.len() - 1]).unwrap_or_default()
    }

    /// Lends it: the pointer, and the length if `len` is not NULL.
    ///
    /// # Safety
    /// `len` is NULL or writable.
    pub(crate) unsafe fn lend(&self, len: *mut usize) -> *const c_char {
        // SAFETY: the caller's promise is ours.
        unsafe { lend(&self.0, len) }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// A sensitive value as [`Text`] is: followed by a NUL, and wiped when it goes.
#[derive(Clone, Debug)]
pub(crate) struct SensitiveText(Sensitive);

impl SensitiveText {
    pub(crate) fn new(value: &Sensitive) -> Self {
        Self(Sensitive::concat(&[value.expose(), b"\0"]))
    }

    /// The value without its NUL.
    #[inline]
    pub(crate) fn expose(&self) -> &[u8] {
        let bytes = self.0.expose();
        &bytes[..bytes.len() - 1]
    }

    /// As [`Text::lend`].
    ///
    /// # Safety
    /// `len` is NULL or writable.
    pub(crate) unsafe fn lend(&self, len: *mut usize) -> *const c_char {
        // SAFETY: the caller's promise is ours.
        unsafe { lend(self.0.expose(), len) }
    }
}

/// What can be lent.
pub(crate) trait WithNul {
    fn with_nul(&self) -> &[u8];
}

impl WithNul for Text {
    fn with_nul(&self) -> &[u8] {
        &self.0
    }
}

impl WithNul for SensitiveText {
    fn with_nul(&self) -> &[u8] {
        self.0.expose()
    }
}

unsafe fn lend(with_nul: &[u8], len: *mut usize) -> *const c_char {
    if !len.is_null() {
        // SAFETY: not NULL, and writable by the caller's promise.
        unsafe { len.write(with_nul.len() - 1) };
    }
    with_nul.as_ptr().cast()
}

/// Lends a text that may be absent: then NULL and length 0.
///
/// # Safety
/// `len` is NULL or writable.
pub(crate) unsafe fn lend_option(text: Option<&impl WithNul>, len: *mut usize) -> *const c_char {
    match text {
        // SAFETY: the caller's promise is ours.
        Some(text) => unsafe { lend(text.with_nul(), len) },
        None => {
            if !len.is_null() {
                // SAFETY: not NULL, and writable by the caller's promise.
                unsafe { len.write(0) };
            }
            std::ptr::null()
        }
    }
}

/// Writes a value that may be absent, and says whether it is there.
///
/// # Safety
/// `out` is NULL or writable.
pub(crate) unsafe fn give<T>(value: Option<T>, out: *mut T) -> bool {
    let there = value.is_some();
    if let Some(value) = value.filter(|_| !out.is_null()) {
        // SAFETY: not NULL, and writable by the caller's promise.
        unsafe { out.write(value) };
    }
    there
}
