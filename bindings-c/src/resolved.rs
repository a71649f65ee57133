//! What came of a configuration: the text with the secrets, and how each of them fared.

use std::ffi::c_char;
use std::ptr::from_ref;

use nightlatch_core::report::Resolution;
use nightlatch_core::sensitive::Sensitive;

use crate::door::{door, free};
use crate::report::nightlatch_report;
use crate::slice::{SensitiveText, lend_option};

/// A text with secrets in place of what asked for them, and a report without any on how each fared. It never changes, any
/// number of threads may read it, and the text is wiped when it is freed.
pub struct nightlatch_resolved {
    text: Option<SensitiveText>,
    report: nightlatch_report,
}

impl nightlatch_resolved {
    pub(crate) fn new(text: Option<&Sensitive>, resolution: &Resolution) -> Self {
        Self {
            text: text.map(SensitiveText::new),
            report: nightlatch_report::of_resolution(resolution),
        }
    }

    pub(crate) fn report(&self) -> &nightlatch_report {
        &self.report
    }

    pub(crate) fn into_report(self) -> nightlatch_report {
        self.report
    }
}

/// Frees what a call handed over, and wipes the text; not what is lent. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_resolved_free(resolved: *mut nightlatch_resolved) {
    // SAFETY: the header's conventions.
    unsafe { free(resolved) }
}

/// The text with the secrets, which lives as long as the handle; NULL if only a report was asked for. `len`, if not NULL, gets
/// its length; a NUL follows it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_resolved_text(
    resolved: *const nightlatch_resolved,
    len: *mut usize,
) -> *const c_char {
    door!([resolved] {
        // SAFETY: the header's conventions.
        unsafe { lend_option(resolved.text.as_ref(), len) }
    })
}

/// How each reference or secret fared: which version it is, and how old the copy. Lent for as long as the handle lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_resolved_report(
    resolved: *const nightlatch_resolved,
) -> *const nightlatch_report {
    door!([resolved] { from_ref(resolved.report()) })
}
