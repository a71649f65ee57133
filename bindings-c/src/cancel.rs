//! Cancelling an operation from another thread, whichever clients carry it out.

use std::sync::{Arc, Mutex, Weak};

use nightlatch_core::error::{Error, ErrorKind};
use nightlatch_core::operation::OpId;

use crate::blocking::Driver;
use crate::tree::lock;

/// Who carries out an operation at the moment, so that it can be cancelled.
#[derive(Default)]
pub(crate) struct Cancel(Mutex<Running>);

#[derive(Default)]
struct Running {
    cancelled: bool,
    calls: Vec<(Weak<Driver>, OpId)>,
}

impl Cancel {
    /// Cancels what runs, and whatever begins later.
    pub(crate) fn cancel(&self) {
        let calls = {
            let mut running = lock(&self.0);
            running.cancelled = true;
            std::mem::take(&mut running.calls)
        };
        for (driver, op) in calls {
            if let Some(driver) = driver.upgrade() {
                driver.cancel(op);
            }
        }
    }

    /// Begins a call, unless it was cancelled before.
    pub(crate) fn enter<C>(
        &self,
        driver: &Arc<Driver>,
        start: impl FnOnce() -> Result<C, Error>,
        number: impl FnOnce(&C) -> OpId,
    ) -> Result<C, Error> {
        let mut running = lock(&self.0);
        if running.cancelled {
            return Err(cancelled());
        }
        let call = start()?;
        running.calls.push((Arc::downgrade(driver), number(&call)));
        Ok(call)
    }

    /// A call has ended.
    pub(crate) fn leave(&self, driver: &Arc<Driver>, op: OpId) {
        let is_mine = |(of, nr): &(Weak<Driver>, OpId)| *nr == op && of.as_ptr() == Arc::as_ptr(driver);
        lock(&self.0).calls.retain(|call| !is_mine(call));
    }
}

pub(crate) fn cancelled() -> Error {
    Error::new(ErrorKind::Cancelled, "The operation was cancelled by its caller.")
}
