//! How fast and how often: rates that the service allows, waits between tries, and how many tries an
//! outage may cost.
//!
//! Everything here is arithmetic over `now`. Nobody is held back in this folder: it says *when*, and
//! whoever asked waits.

pub mod backoff;
pub mod budget;
pub mod limiter;
pub mod token_bucket;
