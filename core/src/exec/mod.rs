//! How an operation waits. An operation is an `async fn` that can await three things only: an effect, a
//! deadline, and a flight it shares with others. There is no runtime: the engine polls its operations when
//! its host reports something.
//!
//! * [`mailbox`]: what is under way between the engine and its host
//! * [`context`]: the handle through which an operation reaches the mailbox
//! * [`executor`]: the operations themselves
//! * [`exchange`]: one HTTP exchange with limiter, timeout and tries
//! * [`single_flight`]: one fetch, however many callers

pub(crate) mod context;
pub(crate) mod exchange;
pub(crate) mod executor;
pub(crate) mod mailbox;
pub(crate) mod single_flight;

pub(crate) use context::Context;
pub(crate) use executor::Executor;
pub(crate) use single_flight::SingleFlight;
