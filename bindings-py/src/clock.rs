//! The two clocks of the engine: the machine's own, or one that a test sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::SystemTime;

use nightlatch_core::time::{Instant, Now, UnixTime};
use pyo3::prelude::*;

/// Where the time comes from.
#[derive(Clone)]
pub(crate) enum Clock {
    /// The machine's clocks.
    System,
    /// A clock that stands until it is told to move.
    Manual(Arc<Hands>),
}

/// The readings of a [`ManualClock`].
#[derive(Default)]
pub(crate) struct Hands {
    monotonic_ms: AtomicU64,
    unix_ms: AtomicI64,
}

impl Clock {
    /// Both clocks, as the engine wants them.
    pub(crate) fn now(&self) -> Now {
        match self {
            Clock::System => Now {
                instant: monotonic(),
                unix: wall(),
            },
            Clock::Manual(hands) => Now {
                instant: Instant::from_millis(hands.monotonic_ms.load(Relaxed)),
                unix: UnixTime::from_millis(hands.unix_ms.load(Relaxed)),
            },
        }
    }

    /// The monotonic clock to a few milliseconds: enough to tell fresh from stale.
    #[inline]
    pub(crate) fn about_now(&self) -> Instant {
        match self {
            Clock::System => monotonic_coarse(),
            Clock::Manual(hands) => Instant::from_millis(hands.monotonic_ms.load(Relaxed)),
        }
    }
}

fn wall() -> UnixTime {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    UnixTime::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(target_os = "linux")]
fn millis(time: rustix::time::Timespec) -> Instant {
    let millis = time
        .tv_sec
        .saturating_mul(1000)
        .saturating_add(time.tv_nsec / 1_000_000);
    Instant::from_millis(u64::try_from(millis).unwrap_or(0))
}

#[cfg(target_os = "linux")]
fn monotonic() -> Instant {
    millis(rustix::time::clock_gettime(rustix::time::ClockId::Monotonic))
}

/// The time of the kernel's last tick, on the same scale as the precise clock and never ahead of it.
#[cfg(target_os = "linux")]
#[inline]
fn monotonic_coarse() -> Instant {
    millis(rustix::time::clock_gettime(
        rustix::time::ClockId::MonotonicCoarse,
    ))
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

/// A clock that stands until a test moves it.
#[pyclass(frozen, module = "nightlatch._native")]
pub(crate) struct ManualClock(pub(crate) Arc<Hands>);

#[pymethods]
impl ManualClock {
    #[new]
    #[pyo3(signature = (monotonic_ms=0, unix_ms=0))]
    fn new(monotonic_ms: u64, unix_ms: i64) -> Self {
        let hands = Hands::default();
        hands.monotonic_ms.store(monotonic_ms, Relaxed);
        hands.unix_ms.store(unix_ms, Relaxed);
        Self(Arc::new(hands))
    }

    /// Moves both clocks on by `milliseconds`.
    fn advance(&self, milliseconds: u64) {
        self.0.monotonic_ms.fetch_add(milliseconds, Relaxed);
        self.0
            .unix_ms
            .fetch_add(i64::try_from(milliseconds).unwrap_or(i64::MAX), Relaxed);
    }

    /// Sets one of the clocks or both; what is `None` stays.
    #[pyo3(signature = (monotonic_ms=None, unix_ms=None))]
    fn set(&self, monotonic_ms: Option<u64>, unix_ms: Option<i64>) {
        if let Some(millis) = monotonic_ms {
            self.0.monotonic_ms.store(millis, Relaxed);
        }
        if let Some(millis) = unix_ms {
            self.0.unix_ms.store(millis, Relaxed);
        }
    }

    /// Milliseconds of the clock that only goes forward.
    #[getter]
    fn monotonic_ms(&self) -> u64 {
        self.0.monotonic_ms.load(Relaxed)
    }

    /// Milliseconds since 1970-01-01 00:00 UTC.
    #[getter]
    fn unix_ms(&self) -> i64 {
        self.0.unix_ms.load(Relaxed)
    }
}
