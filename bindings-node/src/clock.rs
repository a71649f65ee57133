//! The two clocks of the engine: the machine's own, or one that a test sets.

use std::cell::Cell;
use std::time::{Instant as Monotonic, SystemTime};

use nightlatch_core::time::{Instant, Now, UnixTime};

/// Where the time comes from.
pub(crate) struct Clock {
    beginning: Monotonic,
    set: Cell<Option<Now>>,
}

impl Clock {
    /// The machine's clocks.
    pub(crate) fn system() -> Self {
        Self {
            beginning: Monotonic::now(),
            set: Cell::new(None),
        }
    }

    /// Stops both clocks at these readings, until they are set again.
    pub(crate) fn set(&self, now: Now) {
        self.set.set(Some(now));
    }

    /// Both clocks, as the engine wants them.
    pub(crate) fn now(&self) -> Now {
        self.set.get().unwrap_or_else(|| Now {
            instant: self.monotonic(),
            unix: wall(),
        })
    }

    /// The clock that only goes forward.
    #[inline]
    pub(crate) fn instant(&self) -> Instant {
        self.set.get().map_or_else(|| self.monotonic(), |now| now.instant)
    }

    #[inline]
    fn monotonic(&self) -> Instant {
        let since = self.beginning.elapsed();
        Instant::from_millis(since.as_secs() * 1000 + u64::from(since.subsec_millis()))
    }
}

fn wall() -> UnixTime {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    UnixTime::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
