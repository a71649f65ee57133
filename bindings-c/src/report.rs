//! What was found out, laid out for C: the core's JSON, and the way to each fact in it.

use std::collections::BTreeMap;
use std::ffi::c_char;

use nightlatch_core::report::{Forecast, Health, Report, Resolution};
use serde_json::{Result, Value};

use crate::door::{door, free};
use crate::slice::{Text, give, lend_option, text};

/// What was found out: the doctor's diagnosis, the answer to a check, a forecast, or how the secrets of a configuration fared. It
/// holds no secret and may be pasted into a ticket; it never changes, and any number of threads may read it.
///
/// Each fact has a path, as options have: `verdict.code`, `sources.0.reason`. README.md lists them.
pub struct nightlatch_report {
    ok: bool,
    transient: bool,
    json: Text,
    facts: BTreeMap<String, Fact>,
}

enum Fact {
    Text(Text),
    Number(f64),
    List(usize),
}

impl nightlatch_report {
    pub(crate) fn of_diagnosis(report: &Report) -> Self {
        Self::new(serde_json::to_string(report), report.ok, report.transient)
    }

    pub(crate) fn of_health(health: &Health) -> Self {
        Self::new(serde_json::to_string(health), health.ok, health.transient)
    }

    pub(crate) fn of_forecast(forecast: &Forecast) -> Self {
        Self::new(serde_json::to_string(forecast), true, false)
    }

    pub(crate) fn of_resolution(resolution: &Resolution) -> Self {
        Self::new(serde_json::to_string(resolution), resolution.ok, false)
    }

    fn new(json: Result<String>, ok: bool, transient: bool) -> Self {
        // Plain data of texts and numbers, which JSON can always hold; as text first, since that keeps the order of the fields.
        let json = json.unwrap_or_default();
        let mut facts = BTreeMap::new();
        lay_out(
            &serde_json::from_str(&json).unwrap_or_default(),
            String::new(),
            &mut facts,
        );
        Self {
            ok,
            transient,
            json: Text::new(&json),
            facts,
        }
    }

    /// # Safety
    /// As [`text`].
    unsafe fn fact(&self, path: *const c_char, len: usize) -> Option<&Fact> {
        // SAFETY: the caller's promise is ours.
        unsafe { text(path, len) }
            .ok()
            .and_then(|path| self.facts.get(path))
    }
}

/// Puts each fact at its path.
fn lay_out(value: &Value, path: String, facts: &mut BTreeMap<String, Fact>) {
    let below = |name: &str| match &*path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    let fact = match value {
        Value::Null => return,
        Value::Bool(flag) => Fact::Number(f64::from(u8::from(*flag))),
        Value::Number(number) => Fact::Number(number.as_f64().unwrap_or_default()),
        Value::String(text) => Fact::Text(Text::new(text)),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                lay_out(item, below(&index.to_string()), facts);
            }
            Fact::List(items.len())
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                lay_out(field, below(name), facts);
            }
            return;
        }
    };
    facts.insert(path, fact);
}

/// Frees a report that a call handed over; not one that is lent. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_report_free(report: *mut nightlatch_report) {
    // SAFETY: the header's conventions.
    unsafe { free(report) }
}

/// Whether all is well: the secret could be read, or everything asked for is at hand. A forecast finds no fault: true.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_report_ok(report: *const nightlatch_report) -> bool {
    door!([report] { report.ok })
}

/// Whether trying again later may help, as nobody has to mend anything: true of a check if that holds for every trouble. False
/// when all is well; and of references and secrets of a configuration, where each has a status of its own.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_report_is_transient(report: *const nightlatch_report) -> bool {
    door!([report] { report.transient })
}

/// The whole report as one line of JSON, the same in every language. It lives as long as the report. `len`, if not NULL, gets its
/// length; a NUL follows it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_report_json(
    report: *const nightlatch_report,
    len: *mut usize,
) -> *const c_char {
    door!([report] {
        // SAFETY: the header's conventions.
        unsafe { report.json.lend(len) }
    })
}

/// The text at a path; NULL if there is none. `text` is the whole report for people, line by line; `verdict.code` is what the
/// trouble is, in the words of `NIGHTLATCH_ERROR_HELP`. It lives as long as the report. `len`, if not NULL, gets its
/// length; a NUL follows it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_report_text(
    report: *const nightlatch_report,
    path: *const c_char,
    path_len: usize,
    len: *mut usize,
) -> *const c_char {
    door!([report] {
        // SAFETY: the header's conventions.
        unsafe {
            let text = match report.fact(path, path_len) {
                Some(Fact::Text(text)) => Some(text),
                _ => None,
            };
            lend_option(text, len)
        }
    })
}

/// Writes the number at a path, such as `duration_ms` or `requests.per_hour`; 1 or 0 for what is true or false. False if there is
/// none. Times are seconds since 1970.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_report_number(
    report: *const nightlatch_report,
    path: *const c_char,
    path_len: usize,
    value: *mut f64,
) -> bool {
    door!([report] {
        // SAFETY: the header's conventions.
        unsafe {
            let number = match report.fact(path, path_len) {
                Some(Fact::Number(number)) => Some(*number),
                _ => None,
            };
            give(number, value)
        }
    })
}

/// How many items the list at a path has, such as `troubles`, `warnings` or `verdict.commands`; 0 if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_report_count(
    report: *const nightlatch_report,
    path: *const c_char,
    path_len: usize,
) -> usize {
    door!([report] {
        // SAFETY: the header's conventions.
        match unsafe { report.fact(path, path_len) } {
            Some(Fact::List(count)) => *count,
            _ => 0,
        }
    })
}
