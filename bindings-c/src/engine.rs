//! The second door: the engine's own calls, for programs with an event loop.

use std::sync::Arc;

use nightlatch_core::effect::EffectId;
use nightlatch_core::engine::{Engine, SecretStore};
use nightlatch_core::error::{Error, ErrorKind};
use nightlatch_core::operation::{OpId, Operation, Task};
use nightlatch_core::secret::SecretId;
use nightlatch_core::time::{Instant, Now, UnixTime};
use nightlatch_signing::seed;

use crate::client::cache_number;
use crate::clock;
use crate::config::nightlatch_config;
use crate::door::{door, free};
use crate::error::nightlatch_error;
use crate::fork::{AfterFork, ForkLock};
use crate::operation::nightlatch_operation;
use crate::outcome::nightlatch_outcome;
use crate::output::nightlatch_output;
use crate::secret::{hand_over, nightlatch_secret};
use crate::slice::give;
use crate::status::nightlatch_status;

/// One credential with all its state, for a program with its own event loop. It does nothing by itself:
///
/// 1. After any call that takes the time, take outputs with `nightlatch_engine_poll_output` until there is none, then
///    arrange to call `nightlatch_engine_handle_timeout` at `nightlatch_engine_poll_timeout`.
/// 2. More output appears only after `start`, `complete`, `cancel` or `handle_timeout`.
/// 3. Answer each `NIGHTLATCH_OUTPUT_PERFORM` once with `nightlatch_engine_complete`.
/// 4. Try `nightlatch_engine_cached` before `nightlatch_engine_start`.
///
/// In a forked child what was in flight is forgotten, being the parent's; what is cached stays.
///
/// Time is told as milliseconds of a clock that only goes forward, and milliseconds since 1970; `nightlatch_now` reads
/// the machine's.
pub struct nightlatch_engine {
    core: ForkLock<Engine>,
    store: Arc<SecretStore>,
}

impl AfterFork for Engine {
    fn after_fork(&mut self) {
        Engine::after_fork(self, seed());
    }
}

impl nightlatch_engine {
    /// One call of the engine. What left the cache is dropped when the lock is released.
    fn turn<R>(&self, act: impl FnOnce(&mut Engine) -> R) -> R {
        let (result, discarded) = {
            let mut core = self.core.lock();
            let result = act(&mut core);
            #[cfg(test)]
            crate::tests::panic_if_asked("engine");
            (result, core.take_discarded())
        };
        drop(discarded);
        result
    }

    fn operation(&self, operation: &nightlatch_operation) -> Result<Operation, Error> {
        operation.read(|json| self.turn(|core| core.operation(json)))
    }

    fn secret_id(&self, operation: &nightlatch_operation) -> Result<(SecretId, bool), Error> {
        match self.operation(operation)?.task {
            Task::GetSecret { id, refresh } => Ok((id, refresh)),
            _ => Err(Error::new(
                ErrorKind::InvalidArgument,
                "The operation names no secret.",
            )),
        }
    }
}

fn at(monotonic_ms: u64, unix_ms: i64) -> Now {
    Now {
        instant: Instant::from_millis(monotonic_ms),
        unix: UnixTime::from_millis(unix_ms),
    }
}

/// Reads the machine's clocks: one that only goes forward, and the time since 1970, in milliseconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_now(monotonic_ms: *mut u64, unix_ms: *mut i64) {
    door!([] {
        let now = clock::now();
        // SAFETY: the header's conventions.
        unsafe {
            give(Some(now.instant.as_millis()), monotonic_ms);
            give(Some(now.unix.as_millis()), unix_ms);
        }
    });
}

/// Makes an engine from a configuration (NULL: the default one). Free it with `nightlatch_engine_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_engine_new(
    config: *const nightlatch_config,
    engine: *mut *mut nightlatch_engine,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([] -> engine, error {
        // SAFETY: the header's conventions.
        let config = match unsafe { config.as_ref() } {
            Some(config) => config.build("detached")?,
            None => nightlatch_config::default().build("detached")?,
        };
        let core = Engine::new(config, seed())?;
        let store = core.store();
        Ok(Box::into_raw(Box::new(nightlatch_engine { core: ForkLock::new(core), store })))
    })
}

/// Frees an engine; what was in flight is forgotten. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_engine_free(engine: *mut nightlatch_engine) {
    // SAFETY: the header's conventions.
    unsafe { free(engine) }
}

/// Begins an operation and writes its number. It ends with one `NIGHTLATCH_OUTPUT_FINISHED`, unless it is cancelled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_engine_start(
    engine: *mut nightlatch_engine,
    operation: *const nightlatch_operation,
    monotonic_ms: u64,
    unix_ms: i64,
    number: *mut u64,
    error: *mut *mut nightlatch_error,
) -> nightlatch_status {
    door!([engine, operation] -> number, error {
        let operation = engine.operation(operation)?;
        Ok(engine.turn(|core| core.start(operation, at(monotonic_ms, unix_ms))).0)
    })
}

/// Ends an operation without a result: its caller went away. What others wait for goes on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_engine_cancel(
    engine: *mut nightlatch_engine,
    number: u64,
    monotonic_ms: u64,
    unix_ms: i64,
) -> nightlatch_status {
    door!([engine] {
        engine.turn(|core| core.cancel(OpId(number), at(monotonic_ms, unix_ms)));
        nightlatch_status::NIGHTLATCH_OK
    })
}

/// Answers an effect. The outcome's content is taken out; the handle stays yours, and can be used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_engine_complete(
    engine: *mut nightlatch_engine,
    effect_id: u64,
    outcome: *mut nightlatch_outcome,
    monotonic_ms: u64,
    unix_ms: i64,
) -> nightlatch_status {
    door!([engine, outcome] {
        let outcome = outcome.take();
        engine.turn(|core| core.complete(EffectId(effect_id), outcome, at(monotonic_ms, unix_ms)));
        nightlatch_status::NIGHTLATCH_OK
    })
}

/// Tells that time has passed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_engine_handle_timeout(
    engine: *mut nightlatch_engine,
    monotonic_ms: u64,
    unix_ms: i64,
) -> nightlatch_status {
    door!([engine] {
        engine.turn(|core| core.handle_timeout(at(monotonic_ms, unix_ms)));
        nightlatch_status::NIGHTLATCH_OK
    })
}

/// The next thing for the host, to be freed with `nightlatch_output_free`; NULL when there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_engine_poll_output(
    engine: *mut nightlatch_engine,
) -> *mut nightlatch_output {
    door!([engine] {
        let output = engine.turn(Engine::poll_output);
        output.map_or(std::ptr::null_mut(), |output| Box::into_raw(Box::new(nightlatch_output::new(output))))
    })
}

/// Writes when to call `nightlatch_engine_handle_timeout`, on the clock that only goes forward. False: there is nothing to
/// wait for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_engine_poll_timeout(
    engine: *const nightlatch_engine,
    monotonic_ms: *mut u64,
) -> bool {
    door!([engine] {
        let due = engine.turn(|core| core.poll_timeout()).map(|(at, _)| at.as_millis());
        // SAFETY: the header's conventions.
        unsafe { give(due, monotonic_ms) }
    })
}

/// The secret that an operation `get_secret` asks for, if it is cached and fresh, else NULL: then start the operation. Free
/// it with `nightlatch_secret_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_engine_cached(
    engine: *const nightlatch_engine,
    operation: *const nightlatch_operation,
    monotonic_ms: u64,
) -> *mut nightlatch_secret {
    door!([engine, operation] {
        let Ok((id, false)) = engine.secret_id(operation) else {
            return std::ptr::null_mut();
        };
        let now = Instant::from_millis(monotonic_ms);
        let object = engine.store.read(&id.as_ref(), now, |entry| {
            let ready = nightlatch_secret::in_entry(entry);
            ready.or_else(|| engine.turn(|_| nightlatch_secret::put_in(entry))).map(Arc::clone)
        });
        object.flatten().map_or(std::ptr::null_mut(), hand_over)
    })
}

/// Writes a number of what the cache holds and has done since the engine was made, as named by `nightlatch_cache_fact`. False
/// if absent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_engine_cache_number(
    engine: *const nightlatch_engine,
    monotonic_ms: u64,
    unix_ms: i64,
    fact: u32,
    value: *mut u64,
) -> bool {
    door!([engine] {
        let info = engine.turn(|core| core.cache_info(at(monotonic_ms, unix_ms)));
        // SAFETY: the header's conventions.
        unsafe { give(cache_number(&info, fact), value) }
    })
}

/// Forgets the secret that an operation `get_secret` asks for, so that the next read asks the vault.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_engine_invalidate(
    engine: *mut nightlatch_engine,
    operation: *const nightlatch_operation,
) -> nightlatch_status {
    door!([engine, operation] {
        match engine.secret_id(operation) {
            Ok((id, _)) => {
                engine.turn(|core| core.invalidate(&id));
                nightlatch_status::NIGHTLATCH_OK
            }
            Err(why) => nightlatch_status::of(why.kind()),
        }
    })
}

/// Forgets all cached secrets.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_engine_invalidate_all(
    engine: *mut nightlatch_engine,
) -> nightlatch_status {
    door!([engine] {
        engine.turn(Engine::invalidate_all);
        nightlatch_status::NIGHTLATCH_OK
    })
}
