//! The machine's clocks.

use std::time::SystemTime;

use nightlatch_core::time::{Instant, Now, UnixTime};

/// Both clocks.
pub(crate) fn now() -> Now {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Now {
        instant: monotonic(),
        unix: UnixTime::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
    }
}

#[cfg(target_os = "linux")]
fn read(clock: rustix::time::ClockId) -> Instant {
    let time = rustix::time::clock_gettime(clock);
    let millis = time
        .tv_sec
        .saturating_mul(1000)
        .saturating_add(time.tv_nsec / 1_000_000);
    Instant::from_millis(u64::try_from(millis).unwrap_or(0))
}

#[cfg(target_os = "linux")]
fn monotonic() -> Instant {
    read(rustix::time::ClockId::Monotonic)
}

/// The monotonic clock at the kernel's last tick: never ahead of the precise one, a few milliseconds late, and
/// much quicker to read.
#[cfg(target_os = "linux")]
#[inline]
pub(crate) fn about_now() -> Instant {
    read(rustix::time::ClockId::MonotonicCoarse)
}

#[cfg(not(target_os = "linux"))]
fn monotonic() -> Instant {
    static BEGINNING: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    let since = BEGINNING.get_or_init(std::time::Instant::now).elapsed();
    Instant::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn about_now() -> Instant {
    monotonic()
}
