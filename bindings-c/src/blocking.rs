//! The first door: blocking callers are the workers, and the library owns no thread.
//!
//! One lock guards the engine, the effects that nobody has taken yet, and what is known of each caller. Under it a
//! caller looks for its result; else it takes an effect, its own before the oldest, and performs it with the lock
//! released; else it sleeps until somebody wakes it or the engine's next deadline. Functions that came with an operation
//! are called by its caller alone. Rules that keep everybody going:
//!
//! * a result wakes its caller;
//! * an effect, or an earlier deadline, wakes one sleeper: the caller whose effect it is, if it sleeps;
//! * a caller that leaves while there is something left to do wakes another one;
//! * a caller whose time ends, or who is cancelled, answers its effect with `Interrupted`, and the engine's ordinary
//!   retry falls to another.
//!
//! Callbacks, clocks included, never run under the lock.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Condvar};
use std::time::Duration;

use nightlatch_core::cache::store::Entry;
use nightlatch_core::effect::{Effect, EffectId, Fault, FaultKind, Outcome, RotationStep};
use nightlatch_core::engine::{Engine, SecretStore};
use nightlatch_core::error::{Error, ErrorKind};
use nightlatch_core::operation::{OpId, Operation, Output, Reply, Task};
use nightlatch_core::secret::{Secret, SecretId};
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::{Instant, Now};

use crate::cancel::{Cancel, cancelled};
use crate::effect::nightlatch_effect;
use crate::fork::{AfterFork, ForkLock};
use crate::host::Host;
use crate::outcome::nightlatch_outcome;
use crate::reply::Content;
use crate::secret::nightlatch_secret;
use nightlatch_signing::seed;

/// An engine with its host and its callers.
pub(crate) struct Driver {
    pub(crate) host: Host,
    pub(crate) store: Arc<SecretStore>,
    state: ForkLock<State>,
}

struct State {
    core: Engine,
    /// What nobody has taken yet, oldest first.
    todo: BTreeMap<EffectId, (Option<OpId>, Effect)>,
    /// What somebody performs, with the mark that it is not wanted any more.
    performing: HashMap<EffectId, Arc<AtomicBool>>,
    callers: HashMap<OpId, Caller>,
    due: Option<Instant>,
    /// Whether anybody hears of events.
    listens: bool,
    /// To be told, and to be dropped, when the lock is released.
    events: Vec<String>,
    discarded: Vec<Arc<Entry<Secret>>>,
}

/// One thread inside [`Driver::call`].
struct Caller {
    wake: Arc<Condvar>,
    asleep: bool,
    performing: Option<EffectId>,
    result: Option<Result<Reply, Error>>,
}

/// The functions with which an operation is carried out, besides the host's. They run in the thread of its caller, and may
/// make calls that block: nobody else waits for what they do.
pub(crate) trait Functions {
    /// Calls one, and puts its answer into the outcome.
    fn rotate(
        &self,
        step: RotationStep,
        value: Option<&Sensitive>,
        slot: Option<&str>,
        outcome: &nightlatch_outcome,
    );
}

/// What a caller does next.
enum Next {
    Return(Box<Result<Reply, Error>>),
    Perform(EffectId, Effect, Arc<AtomicBool>),
    LookAgain,
}

impl Driver {
    pub(crate) fn new(core: Engine, host: Host) -> Self {
        Self {
            store: core.store(),
            state: ForkLock::new(State {
                core,
                todo: BTreeMap::new(),
                performing: HashMap::new(),
                callers: HashMap::new(),
                due: None,
                listens: host.listens(),
                events: Vec::new(),
                discarded: Vec::new(),
            }),
            host,
        }
    }

    /// Uses the engine for something that brings no outputs about.
    pub(crate) fn with_engine<R>(&self, f: impl FnOnce(&mut Engine) -> R) -> R {
        let (result, discarded) = {
            let mut state = self.state.lock();
            let result = f(&mut state.core);
            (result, state.core.take_discarded())
        };
        drop(discarded);
        result
    }

    /// Carries out an operation in the calling thread.
    pub(crate) fn call(
        self: &Arc<Self>,
        operation: Operation,
        cancel: Option<&Cancel>,
    ) -> Result<Content, Error> {
        self.call_with(operation, cancel, None)
    }

    /// The same with functions of the caller's.
    pub(crate) fn call_with(
        self: &Arc<Self>,
        operation: Operation,
        cancel: Option<&Cancel>,
        functions: Option<&dyn Functions>,
    ) -> Result<Content, Error> {
        if self.host.is_entered() {
            let text = "A callback made a call that blocks on its own client, which could wait for itself.";
            return Err(Error::new(ErrorKind::Conflict, text)
                .advise("Read what is cached, or make the call when the callback has returned."));
        }
        let now = self.host.now();
        let asked = match &operation.task {
            Task::GetSecret { id, .. } => Some(id.clone()),
            _ => None,
        };
        let call = Call::begin(self, operation, now, cancel)?;
        self.tell();
        let reply = loop {
            match self.next(call.op, call.end) {
                Next::Return(result) => break *result,
                Next::LookAgain => {}
                Next::Perform(id, effect, unwanted) => {
                    self.tell();
                    let outcome = self.perform(&effect, unwanted, call.end, functions);
                    let now = self.host.now();
                    let mut state = self.state.lock();
                    state.performing.remove(&id);
                    if let Some(caller) = state.callers.get_mut(&call.op) {
                        caller.performing = None;
                    }
                    state.turn(now, |core| core.complete(id, outcome, now));
                }
            }
            self.tell();
        };
        drop(call);
        self.tell();
        self.convert(reply?, asked.as_ref())
    }

    /// Under the lock: the caller's result, or an effect for it, or sleep.
    fn next(&self, op: OpId, end: Instant) -> Next {
        let now = self.host.now();
        let mut state = self.state.lock();
        let Some(caller) = state.callers.get_mut(&op) else {
            let text = "The process was forked inside a callback: what its call waits for is the parent's.";
            let why = Error::new(ErrorKind::Conflict, text).advise("Make the call anew in the child.");
            return Next::Return(Box::new(Err(why)));
        };
        if let Some(result) = caller.result.take() {
            return Next::Return(Box::new(result));
        }
        let wake = Arc::clone(&caller.wake);
        if state.due.is_some_and(|due| due <= now.instant) {
            state.turn(now, |core| core.handle_timeout(now));
            return Next::LookAgain;
        }
        if now.instant < end
            && let Some((id, effect)) = state.take(op)
        {
            let unwanted = Arc::<AtomicBool>::default();
            state.performing.insert(id, Arc::clone(&unwanted));
            if let Some(caller) = state.callers.get_mut(&op) {
                caller.performing = Some(id);
            }
            return Next::Perform(id, effect, unwanted);
        }
        if !state.events.is_empty() {
            return Next::LookAgain;
        }
        state.set_asleep(op, true);
        // Whoever waits looks again now and then, should a clock of the host's own run differently.
        let longest = Duration::from_secs(60);
        let wait = state
            .due
            .map_or(longest, |due| due.since(now.instant))
            .min(longest);
        let (mut state, _) = wake
            .wait_timeout(state, wait)
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        state.set_asleep(op, false);
        Next::LookAgain
    }

    /// Performs an effect without the lock. The caller's own end may come before the effect's: then another caller
    /// takes it over.
    fn perform(
        &self,
        effect: &Effect,
        unwanted: Arc<AtomicBool>,
        end: Instant,
        functions: Option<&dyn Functions>,
    ) -> Outcome {
        let mut effect = nightlatch_effect::new(effect);
        let left = end.since(self.host.now().instant).max(Duration::from_millis(1));
        let cut = effect.timeout.is_some_and(|own| left < own);
        if cut {
            effect.limit_time(left);
        }
        let answer = nightlatch_outcome::watched(unwanted, effect.timeout);
        match (&effect.core, functions) {
            (
                Effect::Rotate {
                    step, value, slot, ..
                },
                Some(functions),
            ) => functions.rotate(*step, value.as_ref(), slot.as_deref(), &answer),
            _ => self.host.perform(&effect, &answer),
        }
        match answer.take() {
            Outcome::Failed(fault) => {
                let out_of_time = fault.kind == FaultKind::Timeout || answer.is_late();
                let kind = match fault.kind {
                    _ if answer.is_abandoned() || out_of_time && cut => FaultKind::Interrupted,
                    FaultKind::Interrupted if out_of_time => FaultKind::Timeout,
                    kind => kind,
                };
                Outcome::Failed(Fault::new(kind, fault.detail))
            }
            Outcome::File { content, .. } if matches!(effect.core, Effect::ReadFile { limit, .. } if content.len() > limit) => {
                Outcome::Failed(Fault::new(FaultKind::TooLarge, ""))
            }
            outcome => outcome,
        }
    }

    /// The reply for C: for a secret that is kept, the cache's own object.
    fn convert(&self, reply: Reply, asked: Option<&SecretId>) -> Result<Content, Error> {
        Content::new(reply, |secret, id| {
            let kept = id
                .or(asked)
                .and_then(|id| self.store.get(id, self.host.about_now()));
            let same = kept.filter(|(entry, _)| entry.value == *secret);
            same.and_then(|(entry, _)| self.object(&entry).map(Arc::clone))
                .unwrap_or_else(|| nightlatch_secret::new(secret))
        })
    }

    fn object<'a>(&self, entry: &'a Entry<Secret>) -> Option<&'a Arc<nightlatch_secret>> {
        nightlatch_secret::in_entry(entry).or_else(|| {
            let _state = self.state.lock();
            nightlatch_secret::put_in(entry)
        })
    }

    /// Tells events and drops what left the cache. Never called with the lock held.
    fn tell(&self) {
        let (events, discarded) = {
            let mut state = self.state.lock();
            (
                std::mem::take(&mut state.events),
                std::mem::take(&mut state.discarded),
            )
        };
        drop(discarded);
        for event in events {
            self.host.tell(&event);
        }
    }

    /// Ends an operation for its caller, wherever that is.
    pub(crate) fn cancel(&self, op: OpId) {
        let now = self.host.now();
        let mut state = self.state.lock();
        let Some(caller) = state
            .callers
            .get_mut(&op)
            .filter(|caller| caller.result.is_none())
        else {
            return;
        };
        caller.result = Some(Err(cancelled()));
        if let Some(effect) = caller.performing
            && let Some(unwanted) = state.performing.get(&effect)
        {
            unwanted.store(true, Relaxed);
        }
        state.turn(now, |core| core.cancel(op, now));
        state.wake(op);
    }
}

impl AfterFork for State {
    fn after_fork(&mut self) {
        self.core.after_fork(seed());
        self.todo.clear();
        self.performing.clear();
        self.callers.clear();
        self.events.clear();
        self.due = None;
    }
}

impl State {
    /// Lets the engine do something, and takes in what came of it.
    fn turn(&mut self, now: Now, act: impl FnOnce(&mut Engine)) {
        act(&mut self.core);
        #[cfg(test)]
        crate::tests::panic_if_asked("turn");
        while let Some(output) = self.core.poll_output() {
            match output {
                Output::Perform { id, op, effect } => {
                    self.todo.insert(id, (op, effect));
                    self.wake_one(op);
                }
                Output::Abort(id) => {
                    self.todo.remove(&id);
                    if let Some(unwanted) = self.performing.get(&id) {
                        unwanted.store(true, Relaxed);
                    }
                }
                Output::Finished { op, result } => {
                    if let Some(caller) = self.callers.get_mut(&op) {
                        caller.result = Some(result);
                        self.wake(op);
                    }
                }
                Output::Event(event) if self.listens => self.events.extend(serde_json::to_string(&event)),
                _ => {}
            }
        }
        self.discarded.extend(self.core.take_discarded());
        let due = self.core.poll_timeout().map(|(at, _)| at);
        let sooner = due.is_some_and(|due| self.due.is_none_or(|before| due < before));
        self.due = due;
        if sooner || due.is_some_and(|due| due <= now.instant) {
            self.wake_one(None);
        }
    }

    fn take(&mut self, op: OpId) -> Option<(EffectId, Effect)> {
        let own = self
            .todo
            .iter()
            .find(|(_, (of, _))| *of == Some(op))
            .map(|(id, _)| *id);
        let anybodys = |(_, effect): &(_, Effect)| !matches!(effect, Effect::Rotate { .. });
        let oldest = || self.todo.iter().find(|(_, effect)| anybodys(effect));
        let id = own.or_else(|| oldest().map(|(id, _)| *id))?;
        self.todo.remove(&id).map(|(_, effect)| (id, effect))
    }

    fn set_asleep(&mut self, op: OpId, asleep: bool) {
        if let Some(caller) = self.callers.get_mut(&op) {
            caller.asleep = asleep;
        }
    }

    fn wake(&mut self, op: OpId) {
        if let Some(caller) = self.callers.get_mut(&op).filter(|caller| caller.asleep) {
            caller.asleep = false;
            caller.wake.notify_one();
        }
    }

    fn wake_one(&mut self, favourite: Option<OpId>) {
        let sleeps = |op: &OpId| self.callers.get(op).is_some_and(|caller| caller.asleep);
        let chosen = favourite.filter(sleeps).or_else(|| {
            self.callers
                .iter()
                .find(|(_, caller)| caller.asleep)
                .map(|(op, _)| *op)
        });
        if let Some(op) = chosen {
            self.wake(op);
        }
    }
}

/// A caller's stay; when it ends, by whatever way, the others go on.
struct Call<'a> {
    driver: &'a Arc<Driver>,
    op: OpId,
    /// When its time is up.
    end: Instant,
    cancel: Option<&'a Cancel>,
}

impl<'a> Call<'a> {
    fn begin(
        driver: &'a Arc<Driver>,
        operation: Operation,
        now: Now,
        cancel: Option<&'a Cancel>,
    ) -> Result<Self, Error> {
        let start = || {
            let mut started = driver.state.lock();
            let end = now.instant + started.core.allowance(&operation);
            let op = started.core.start(operation, now);
            started.callers.insert(
                op,
                Caller {
                    wake: Arc::default(),
                    asleep: false,
                    performing: None,
                    result: None,
                },
            );
            let call = Self {
                driver,
                op,
                end,
                cancel,
            };
            // Declared last, so that unwinding releases the lock before the caller leaves.
            let mut state = started;
            state.turn(now, |_| {});
            Ok(call)
        };
        match cancel {
            Some(cancel) => cancel.enter(driver, start, |call| call.op),
            None => start(),
        }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if let Some(cancel) = self.cancel {
            cancel.leave(self.driver, self.op);
        }
        // A defect met while cleaning up after another one must not end the process.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            let now = self.driver.host.now();
            let mut state = self.driver.state.lock();
            let Some(caller) = state.callers.remove(&self.op) else {
                return;
            };
            if let Some(effect) = caller.performing
                && state.performing.remove(&effect).is_some()
            {
                let outcome = Outcome::Failed(Fault::new(FaultKind::Interrupted, ""));
                state.turn(now, |core| core.complete(effect, outcome, now));
            }
            let op = self.op;
            state.turn(now, |core| core.cancel(op, now));
            if !state.todo.is_empty() || state.due.is_some() {
                state.wake_one(None);
            }
        }));
    }
}
