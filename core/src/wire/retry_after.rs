//! How long a service asks to wait.

use std::time::Duration;

use crate::effect::Response;
use crate::json::decimal;
use crate::time::UnixTime;

/// The longest wait that is believed.
pub const LONGEST: Duration = Duration::from_secs(3600);

/// Reads `retry-after-ms` and `x-ms-retry-after-ms` (milliseconds, Azure's own), then `Retry-After`
/// (RFC 9110 section 10.2.3: seconds or a date). What cannot be read is ignored, and so is a date
/// that has passed: our clock may be wrong, and a wait of zero invites a storm.
pub fn retry_after(response: &Response, now: UnixTime) -> Option<Duration> {
    let millis = |name| Some(plain_decimal(response.header(name)?)? / 1000.0);
    let secs = millis("retry-after-ms")
        .or_else(|| millis("x-ms-retry-after-ms"))
        .or_else(|| {
            let text = response.header("retry-after")?;
            plain_decimal(text).or_else(|| {
                let wait = UnixTime::parse(text)?.since(now);
                (!wait.is_zero()).then_some(wait.as_secs_f64())
            })
        })?;
    Some(Duration::from_secs_f64(secs.min(LONGEST.as_secs_f64())))
}

/// Digits, perhaps with a fraction; never negative, never infinite.
fn plain_decimal(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = text.len() <= 300 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    decimal(text).filter(|_| plain)
}
