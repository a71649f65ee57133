//! The handle through which an operation reaches its host. Cloning copies a pointer.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use futures_util::future::{Either, select};

use crate::effect::{Effect, EffectId, Fault, FaultKind, Outcome};
use crate::error::Error;
use crate::event::Event;
use crate::exec::mailbox::Mailbox;
use crate::operation::{OpId, Output};
use crate::random::Random;
use crate::time::{Instant, Now, Seconds};

/// A detached task: nobody waits for its end.
pub(crate) type Detached = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Clone)]
pub(crate) struct Context {
    shared: Arc<Shared>,
    op: Option<OpId>,
    /// What is begun in this context ends by then.
    limit: Instant,
}

struct Shared {
    mailbox: Mutex<Mailbox>,
    spawned: Mutex<Vec<Detached>>,
}

impl Context {
    pub(crate) fn new(seed: [u8; 16]) -> Self {
        let shared = Shared {
            mailbox: Mutex::new(Mailbox::new(seed)),
            spawned: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
            op: None,
            limit: Instant::FAR_FUTURE,
        }
    }

    /// The same, speaking for `op`.
    pub(crate) fn of(&self, op: OpId) -> Self {
        Self {
            op: Some(op),
            ..self.clone()
        }
    }

    /// The mailbox, for a moment. A panic elsewhere leaves it usable: every change to it is a single step.
    pub(crate) fn mailbox(&self) -> MutexGuard<'_, Mailbox> {
        self.shared.mailbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> Now {
        self.mailbox().now
    }

    pub(crate) fn instant(&self) -> Instant {
        self.now().instant
    }

    pub(crate) fn emit(&self, event: Event) {
        self.mailbox().push(Output::Event(event));
    }

    pub(crate) fn random<T>(&self, draw: impl FnOnce(&mut Random) -> T) -> T {
        draw(&mut self.mailbox().random)
    }

    /// Says what the operation waits for, for people who wonder.
    pub(crate) fn waits_for(&self, what: &str) {
        if let Some(op) = self.op {
            self.mailbox().waits_for(op, what);
        }
    }

    /// What the operation may still take.
    pub(crate) fn time_left(&self) -> Duration {
        self.op
            .and_then(|op| self.mailbox().time_left(op))
            .unwrap_or(Duration::MAX)
    }

    /// Remembers a failure that is being retried, so that a timeout can tell what it waited through.
    pub(crate) fn note_failure(&self, failure: &Error) {
        if let Some(op) = self.op {
            self.mailbox().note_failure(op, failure.clone());
        }
    }

    /// The same for somebody in a hurry: every effect ends within `patience`, so that a host whose only thread
    /// performs it is back in time.
    pub(crate) fn within(&self, patience: Duration) -> Self {
        Self {
            limit: self.limit.min(self.instant() + patience),
            ..self.clone()
        }
    }

    /// When everything begun in this context has ended.
    pub(crate) fn limit(&self) -> Instant {
        self.limit
    }

    /// Has the host do something, for at most `limit`. Dropping the future aborts the effect.
    pub(crate) async fn perform(&self, mut effect: Effect, limit: Duration) -> Outcome {
        let limit = limit.min(self.limit.since(self.instant()));
        effect.shorten(limit);
        let (id, answer) = self.mailbox().issue(self.op, effect);
        let _guard = AbortOnDrop { context: self, id };
        let deadline = self.sleep(limit, "an effect's timeout");
        match select(answer, deadline).await {
            Either::Left((Ok(outcome), _)) => outcome,
            Either::Left((Err(_), _)) => {
                Outcome::Failed(Fault::new(FaultKind::Interrupted, "the engine was reset"))
            }
            Either::Right(_) => {
                let text = format!("after {} s", Seconds(limit));
                Outcome::Failed(Fault::new(FaultKind::Timeout, text))
            }
        }
    }

    /// As [`perform`](Self::perform), for what may be done twice: when whoever did it was interrupted, somebody else
    /// does it again.
    pub(crate) async fn insist(&self, effect: Effect, limit: Duration) -> Outcome {
        loop {
            match self.perform(effect.clone(), limit).await {
                Outcome::Failed(fault) if fault.kind == FaultKind::Interrupted => {}
                outcome => return outcome,
            }
        }
    }

    pub(crate) fn sleep(&self, delay: Duration, reason: &'static str) -> Sleep {
        self.sleep_until(self.instant() + delay, reason)
    }

    pub(crate) fn sleep_until(&self, deadline: Instant, reason: &'static str) -> Sleep {
        let number = self.mailbox().number();
        Sleep {
            context: self.clone(),
            deadline,
            number,
            reason,
        }
    }

    /// Carries `task` on without anybody waiting for it.
    pub(crate) fn spawn(&self, task: Detached) {
        self.shared
            .spawned
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(task);
    }

    pub(crate) fn take_spawned(&self) -> Vec<Detached> {
        std::mem::take(&mut *self.shared.spawned.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn has_spawned(&self) -> bool {
        !self
            .shared
            .spawned
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
    }

    /// The same, speaking for nobody: what a detached task uses.
    pub(crate) fn detached(&self) -> Self {
        Self {
            op: None,
            limit: Instant::FAR_FUTURE,
            ..self.clone()
        }
    }

    /// Wakes every sleeper whose time has come.
    pub(crate) fn wake_due(&self) {
        let due = self.mailbox().due();
        due.into_iter().for_each(Waker::wake);
    }
}

struct AbortOnDrop<'a> {
    context: &'a Context,
    id: EffectId,
}

impl Drop for AbortOnDrop<'_> {
    fn drop(&mut self) {
        self.context.mailbox().abandon(self.id);
    }
}

/// Ends at its deadline.
#[must_use = "a sleep that is not awaited does nothing"]
pub(crate) struct Sleep {
    context: Context,
    deadline: Instant,
    number: u64,
    reason: &'static str,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<()> {
        let mut mailbox = self.context.mailbox();
        if mailbox.now.instant >= self.deadline {
            return Poll::Ready(());
        }
        mailbox.set_timer(self.deadline, self.number, cx.waker().clone(), self.reason);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.context.mailbox().clear_timer(self.deadline, self.number);
    }
}
