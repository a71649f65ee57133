//! What is under way between the engine and its host: outputs not yet taken, effects not yet answered, timers
//! not yet due. Plain state; the futures over it are in [`context`](super::context).

use std::collections::VecDeque;
use std::task::Waker;
use std::time::Duration;

use futures_channel::oneshot;
use hashbrown::HashMap;
use litemap::LiteMap;

use crate::effect::{Effect, EffectId, Outcome};
use crate::error::Error;
use crate::operation::{OpId, Output, Pending};
use crate::random::Random;
use crate::time::{Instant, Now};

pub(crate) struct Mailbox {
    pub(crate) now: Now,
    pub(crate) random: Random,
    outputs: VecDeque<Output>,
    unanswered: HashMap<EffectId, oneshot::Sender<Outcome>>,
    timers: LiteMap<(Instant, u64), Timer>,
    operations: LiteMap<OpId, Status>,
    next: u64,
}

struct Timer {
    waker: Waker,
    reason: &'static str,
}

/// What is known of a running operation.
struct Status {
    since: Instant,
    deadline: Instant,
    waits_for: String,
    last_failure: Option<Error>,
}

impl Mailbox {
    pub(crate) fn new(seed: [u8; 16]) -> Self {
        Self {
            now: Now::default(),
            random: Random::new(seed),
            outputs: VecDeque::new(),
            unanswered: HashMap::new(),
            timers: LiteMap::new(),
            operations: LiteMap::new(),
            next: 0,
        }
    }

    /// A number that was never given before.
    pub(crate) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    pub(crate) fn push(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    pub(crate) fn pop(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    // ---- effects

    pub(crate) fn issue(
        &mut self,
        op: Option<OpId>,
        effect: Effect,
    ) -> (EffectId, oneshot::Receiver<Outcome>) {
        let id = EffectId(self.number());
        let (sender, receiver) = oneshot::channel();
        if let Some(status) = op.and_then(|op| self.operations.get_mut(&op)) {
            status.waits_for = describe(&effect);
        }
        self.unanswered.insert(id, sender);
        self.push(Output::Perform { id, op, effect });
        (id, receiver)
    }

    /// Hands an answer to whoever waits for it; `false` if nobody does any more.
    pub(crate) fn answer(&mut self, id: EffectId, outcome: Outcome) -> bool {
        self.unanswered
            .remove(&id)
            .is_some_and(|sender| sender.send(outcome).is_ok())
    }

    /// Nobody waits for the effect any more. One that the host has not seen yet is simply taken back.
    pub(crate) fn abandon(&mut self, id: EffectId) {
        if self.unanswered.remove(&id).is_none() {
            return;
        }
        let unseen = self
            .outputs
            .iter()
            .position(|o| matches!(o, Output::Perform { id: i, .. } if *i == id));
        match unseen {
            Some(at) => drop(self.outputs.remove(at)),
            None => self.push(Output::Abort(id)),
        }
    }

    // ---- timers

    pub(crate) fn set_timer(&mut self, at: Instant, number: u64, waker: Waker, reason: &'static str) {
        self.timers.insert((at, number), Timer { waker, reason });
    }

    pub(crate) fn clear_timer(&mut self, at: Instant, number: u64) {
        self.timers.remove(&(at, number));
    }

    /// Takes the wakers of all timers that are due.
    pub(crate) fn due(&mut self) -> Vec<Waker> {
        let now = self.now.instant;
        let mut due = Vec::new();
        if self.timers.first().is_some_and(|((at, _), _)| *at <= now) {
            self.timers.retain(|(at, _), timer| {
                let later = *at > now;
                if !later {
                    due.push(timer.waker.clone());
                }
                later
            });
        }
        due
    }

    pub(crate) fn next_timer(&self) -> Option<(Instant, &'static str)> {
        self.timers.first().map(|((at, _), timer)| (*at, timer.reason))
    }

    // ---- operations

    pub(crate) fn begin(&mut self, deadline: Instant) -> OpId {
        let op = OpId(self.number());
        let status = Status {
            since: self.now.instant,
            deadline,
            waits_for: "its turn".into(),
            last_failure: None,
        };
        self.operations.insert(op, status);
        op
    }

    pub(crate) fn end(&mut self, op: OpId) -> bool {
        self.operations.remove(&op).is_some()
    }

    pub(crate) fn waits_for(&mut self, op: OpId, what: &str) {
        if let Some(status) = self.operations.get_mut(&op) {
            what.clone_into(&mut status.waits_for);
        }
    }

    /// Remembers a failure that is being retried, so that a timeout can tell what it waited through.
    pub(crate) fn note_failure(&mut self, op: OpId, failure: Error) {
        if let Some(status) = self.operations.get_mut(&op) {
            status.last_failure = Some(failure);
        }
    }

    /// What the operation may still take; `None` once it has ended.
    pub(crate) fn time_left(&self, op: OpId) -> Option<Duration> {
        let status = self.operations.get(&op)?;
        Some(status.deadline.since(self.now.instant))
    }

    pub(crate) fn last_failure(&self, op: OpId) -> Option<Error> {
        self.operations.get(&op)?.last_failure.clone()
    }

    pub(crate) fn waiting_for(&self, op: OpId) -> Option<String> {
        self.operations.get(&op).map(|status| status.waits_for.clone())
    }

    pub(crate) fn pending(&self) -> Vec<Pending> {
        let one = |(op, status): (&OpId, &Status)| Pending {
            op: *op,
            since: status.since,
            waits_for: status.waits_for.clone(),
        };
        self.operations.iter().map(one).collect()
    }

    /// Forgets everything under way: what a forked child must do, since nobody there performs it.
    pub(crate) fn clear(&mut self) {
        self.outputs.clear();
        self.unanswered.clear();
        self.timers.clear();
        self.operations.clear();
    }
}

fn describe(effect: &Effect) -> String {
    match effect {
        Effect::Http { request, .. } => {
            let url = request.url.split('?').next().unwrap_or_default();
            format!("an answer to {} {url}", request.method.as_str())
        }
        Effect::ReadFile { path, .. } => format!("the file {path}"),
        Effect::Run { argv, .. } => format!("the command {}", argv.first().map_or("", String::as_str)),
        Effect::HostToken { .. } => "a token of another library's credential".into(),
        Effect::Sign { .. } => "a signature".into(),
        Effect::Assertion { .. } => "a client assertion".into(),
        Effect::Prompt { .. } => "a message to reach its reader".into(),
        #[cfg(feature = "encryption")]
        Effect::Random { .. } => "random numbers".into(),
        Effect::Browse { .. } => "a person to sign in with the browser".into(),
        #[cfg(feature = "manage")]
        Effect::Rotate { step, .. } => format!("the function {}", step.name()),
    }
}
