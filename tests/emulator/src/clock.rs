//! The wall clock, and the spellings of time that the services use.

use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::StaticFormatDescription;
use time::macros::format_description;

use crate::config::DateText;

const ENTRA: StaticFormatDescription = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]Z");
const HTTP: StaticFormatDescription =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
const LINUX: StaticFormatDescription =
    format_description!("[month]/[day]/[year] [hour]:[minute]:[second] +00:00");
const WINDOWS: StaticFormatDescription = format_description!(
    "[month padding:none]/[day padding:none]/[year] [hour repr:12 padding:none]:[minute]:[second] [period] +00:00"
);

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// `2026-11-02 15:04:05Z`
pub(crate) fn entra_text(seconds: u64) -> String {
    written(seconds, ENTRA)
}

/// `Mon, 02 Nov 2026 15:04:05 GMT`
pub(crate) fn http_text(seconds: u64) -> String {
    written(seconds, HTTP)
}

/// The two date texts of the 2017 hosts.
pub(crate) fn date_text(seconds: u64, form: DateText) -> String {
    match form {
        DateText::Linux => written(seconds, LINUX),
        DateText::Windows => written(seconds, WINDOWS),
    }
}

fn written(seconds: u64, format: StaticFormatDescription) -> String {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|moment| moment.format(format).ok())
        .unwrap_or_default()
}
