//! What surrounds an engine: something that answers, and callers.

use nightlatch_core::effect::{Effect, Outcome};
use nightlatch_core::error::Error;
use nightlatch_core::operation::{Operation, Reply};
use nightlatch_core::secret::SecretId;
use nightlatch_core::time::Now;

/// What answers the engine's effects.
pub trait Host {
    /// Says how `effect` ends, and after how many milliseconds.
    fn perform(&mut self, effect: &Effect, now: Now) -> (Outcome, u64);
}

impl<F: FnMut(&Effect, Now) -> (Outcome, u64)> Host for F {
    fn perform(&mut self, effect: &Effect, now: Now) -> (Outcome, u64) {
        self(effect, now)
    }
}

/// What callers and the surroundings do.
#[derive(Debug)]
pub enum Action {
    /// A caller asks for something, under a name of its own.
    Call(String, Operation),
    /// That caller goes away.
    Cancel(String),
    /// A secret is to be forgotten.
    Invalidate(SecretId),
    /// All secrets are.
    InvalidateAll,
    /// The wall clock is set forward or back by so many milliseconds.
    SetWallClock(i64),
    /// The process forks, and from now on this is the child.
    Fork([u8; 16]),
}

/// How a caller fared.
#[derive(Debug)]
pub struct Ended {
    /// When it began, in milliseconds since the world did.
    pub began_ms: u64,
    /// When it ended.
    pub ended_ms: u64,
    /// `None` when it went away, or its process forked.
    pub result: Option<Result<Reply, Error>>,
}
