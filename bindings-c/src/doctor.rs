//! What works on this host, what does not, and why: one call for each question to the doctor.

use std::ffi::c_char;

use crate::asked::{Asked, names_of};
use crate::door::door;
use crate::error::nightlatch_error;
use crate::reads::nightlatch_vault;
use crate::report::nightlatch_report;
use crate::slice::text;
use crate::status::nightlatch_status;

/// Goes the whole way to a secret once and tells all that was seen: this host, each source of the credential, the identity, the
/// vault's answer, and the one missing step. An empty `name` tries the list of secrets; an empty `version` is the latest.
/// `timeout_ms` is what it may take, 0 as configured. A trouble is no failure of this call: the report tells of it. Free the
/// report with `nightlatch_report_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_diagnose(
    vault: *const nightlatch_vault,
    name: *const c_char,
    name_len: usize,
    version: *const c_char,
    version_len: usize,
    timeout_ms: u64,
    report: *mut *mut nightlatch_report,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> report, error {
        // SAFETY: the header's conventions.
        let (name, version) = unsafe { (text(name, name_len)?, text(version, version_len)?) };
        let asked = Asked::new("diagnose").with_text("name", name).with_text("version", version);
        asked.of(vault, timeout_ms, None)?.into_report()
    })
}

/// Whether secrets are at hand, from the cache or from the vault, for readiness probes: costs no request while the cached
/// copies are fresh. `names` and `name_lens` are `count` texts with their lengths; without any, whether the vault can be
/// read. `timeout_ms` is what it may take, 0 for 5 seconds. A trouble is no failure of this call: the report tells of
/// it. Free the report with `nightlatch_report_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_check(
    vault: *const nightlatch_vault,
    names: *const *const c_char,
    name_lens: *const usize,
    count: usize,
    timeout_ms: u64,
    report: *mut *mut nightlatch_report,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> report, error {
        // SAFETY: the header's conventions.
        let names = unsafe { names_of(names, name_lens, count)? };
        Asked::new("check").with("names", names).of(vault, timeout_ms, None)?.into_report()
    })
}

/// Which sources of the credential would be asked on this host, and what `instances` processes that read so many secrets all the
/// time cost, told without the network. 0 is 1. Free the report with `nightlatch_report_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_vault_explain(
    vault: *const nightlatch_vault,
    secrets: u32,
    instances: u32,
    report: *mut *mut nightlatch_report,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([vault] -> report, error {
        let asked = Asked::new("explain").with_number("secrets", secrets).with_number("instances", instances);
        asked.by(&vault.driver, 0, None)?.into_report()
    })
}
