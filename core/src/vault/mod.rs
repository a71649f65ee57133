//! Conversations with vaults.
//!
//! * [`session`]: one vault: whose tokens it wants, how often it may be asked
//! * [`client`]: one request to any vault and its answer, whatever it is about
//! * [`secrets`]: reading secrets through the cache
//! * [`keep`]: what the cache learns from answers, and from writes
//! * [`calls`]: all other operations
//! * [`data_keys`]: the keys that encrypt values, which a key of a vault keeps
//! * [`rotation`]: a new value by functions of the caller's
//! * [`pollers`]: waiting for what the service finishes in its own time

mod calls;
pub(crate) mod client;
#[cfg(feature = "encryption")]
pub(crate) mod data_keys;
mod keep;
mod pollers;
#[cfg(feature = "manage")]
mod rotation;
pub(crate) mod secrets;
mod session;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A panic elsewhere leaves what these locks guard usable: every change is a single step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
