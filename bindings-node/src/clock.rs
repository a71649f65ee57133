//! The two clocks of the engine: the machine's own, or one that a test sets.

use std::cell::Cell;
use std::time::SystemTime;

use nightlatch_core::time::{Instant, Now, UnixTime};

/// Where the time comes from.
#[derive(Default)]
pub(crate) struct Clock {
    set: Cell<Option<Now>>,
}

impl Clock {
    /// Stops both clocks at these readings, until they are set again.
    pub(crate) fn set(&self, now: Now) {
        self.set.set(Some(now));
    }

    /// Both clocks, as the engine wants them.
    pub(crate) fn now(&self) -> Now {
        self.set.get().unwrap_or_else(|| Now {
            instant: monotonic(),
            unix: wall(),
        })
    }

    /// The clock that only goes forward, to a few milliseconds: enough to tell fresh from stale.
    #[inline]
    pub(crate) fn about_now(&self) -> Instant {
        self.set.get().map_or_else(monotonic_coarse, |now| now.instant)
    }
}

fn wall() -> UnixTime {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    UnixTime::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
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

/// The time of the kernel's last tick, on the same scale as the precise clock and never ahead of it.
#[cfg(target_os = "linux")]
#[inline]
fn monotonic_coarse() -> Instant {
    read(rustix::time::ClockId::MonotonicCoarse)
}

#[cfg(not(target_os = "linux"))]
fn monotonic() -> Instant {
    static BEGINNING: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    let since = BEGINNING.get_or_init(std::time::Instant::now).elapsed();
    Instant::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(not(target_os = "linux"))]
fn monotonic_coarse() -> Instant {
    monotonic()
}
