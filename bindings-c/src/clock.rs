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
#[inline]
fn read(clock: libc::clockid_t) -> Instant {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: a clock that Linux has, and a place to write to.
    unsafe { libc::clock_gettime(clock, &mut time) };
    // Neither part of a monotonic clock is negative.
    Instant::from_millis((time.tv_sec as u64).saturating_mul(1000) + time.tv_nsec as u64 / 1_000_000)
}

#[cfg(target_os = "linux")]
fn monotonic() -> Instant {
    read(libc::CLOCK_MONOTONIC)
}

/// The monotonic clock at the kernel's last tick: never ahead of the precise one, a few milliseconds late, and
/// much quicker to read.
#[cfg(target_os = "linux")]
#[inline]
pub(crate) fn about_now() -> Instant {
    read(libc::CLOCK_MONOTONIC_COARSE)
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
