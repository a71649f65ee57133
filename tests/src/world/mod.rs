//! A host in memory. Its clock is a variable, so an hour of back-off takes no time, and its log is the expected
//! value of tests.
//!
//! It hosts one [`Engine`] by nothing but the public calls, as the contract in the engine's documentation says, and
//! watches the engine's half of that contract all the while. A breach panics with the end of the log:
//!
//! * output appears after `start`, `complete`, `cancel` and `handle_timeout` only;
//! * an effect is named once, and aborted only while it is under way;
//! * an answer to an aborted effect changes nothing;
//! * an operation ends exactly once, and not at all when it was cancelled;
//! * no request is under way twice at the same time (a flight is shared), but for one that was overtaken;
//! * nothing is under way when nobody waits, unless renewals are detached;
//! * a program is a bare name or an absolute path, so that none is run from the working directory (CVE-2023-36415);
//! * a timer lies in the future.

mod host;
mod log;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use nightlatch_core::cache::store::CacheInfo;
use nightlatch_core::config::{Config, Renewal};
use nightlatch_core::effect::{Effect, EffectId, Outcome};
use nightlatch_core::engine::Engine;
use nightlatch_core::error::Error;
use nightlatch_core::operation::{OpId, Operation, Output, Reply, Task};
use nightlatch_core::time::{Instant, Now, UnixTime};

pub use host::{Action, Ended, Host};
pub use log::{Entry, Line, Log};
use log::{asked, describe, with};

/// The wall clock of a new world: 2026-10-26T07:33:20Z.
pub const WALL_CLOCK: i64 = 1_793_000_000_000;

/// The monotonic clock of a new world; any number but zero.
const BEGINNING: u64 = 7_000_000;

/// So long does an operation run at most, longer than any deadline of ours.
const TOO_LONG_MS: u64 = 100 * 3_600_000;

/// An engine and everything around it.
pub struct World<H> {
    engine: Engine,
    host: H,
    now: u64,
    wall: i64,
    agenda: BTreeMap<(u64, u64), Happening>,
    numbers: u64,
    under_way: HashMap<EffectId, Effect>,
    /// Whether the same may be asked twice at a time: an invalidation, or a write, may have left a flight that others
    /// do not join, and operations other than getting a secret or token share none.
    unshared: bool,
    /// Whether nothing goes on without a caller.
    callers_only: bool,
    seen: BTreeSet<EffectId>,
    running: BTreeMap<OpId, (String, u64)>,
    ended: BTreeMap<String, Ended>,
    inspect: Option<Inspector>,
    /// What happened.
    pub log: Log,
}

/// Looks at every output before the world takes it.
pub type Inspector = Box<dyn FnMut(&Output)>;

#[derive(Debug)]
enum Happening {
    Answer(EffectId, Outcome),
    Do(Action),
}

impl<H: Host> World<H> {
    /// A world at rest. The same seed gives the same run.
    pub fn new(config: Config, seed: u64, host: H) -> Result<Self, Error> {
        let callers_only = config.options.host.renewal == Renewal::Caller;
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Ok(Self {
            engine: Engine::new(config, bytes)?,
            host,
            now: BEGINNING,
            wall: WALL_CLOCK,
            agenda: BTreeMap::new(),
            numbers: 0,
            under_way: HashMap::new(),
            unshared: false,
            callers_only,
            seen: BTreeSet::new(),
            running: BTreeMap::new(),
            ended: BTreeMap::new(),
            inspect: None,
            log: Log::default(),
        })
    }

    /// Has `inspect` look at every output.
    pub fn inspect(&mut self, inspect: Inspector) {
        self.inspect = Some(inspect);
    }

    /// Lets the same request be under way twice: what an assertion is minted with, when two vaults send the client to two
    /// tenants at a time.
    pub fn mints_for_each_exchange(&mut self) {
        self.unshared = true;
    }

    /// The engine, for the calls that read what bindings pass.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// What the cache tells of itself.
    pub fn cache_info(&self) -> CacheInfo {
        self.engine.cache_info(self.time())
    }

    /// What answers.
    pub fn host(&self) -> &H {
        &self.host
    }

    /// The same, to change it.
    pub fn host_mut(&mut self) -> &mut H {
        &mut self.host
    }

    /// Milliseconds since the world began.
    pub fn now_ms(&self) -> u64 {
        self.now - BEGINNING
    }

    /// Has something happen at a time, or now if that has passed.
    pub fn at(&mut self, ms: u64, action: Action) {
        self.plan((BEGINNING + ms).max(self.now), Happening::Do(action));
    }

    /// How a caller fared, once it has ended.
    pub fn ended(&self, caller: &str) -> Option<&Ended> {
        self.ended.get(caller)
    }

    /// All callers that have ended.
    pub fn all_ended(&self) -> &BTreeMap<String, Ended> {
        &self.ended
    }

    /// Lets time pass until nothing is left to happen; then the engine must be idle.
    pub fn run(&mut self) {
        while self.step() {}
        self.check_idle();
    }

    /// Lets time pass until the clock shows `ms`.
    pub fn run_until(&mut self, ms: u64) {
        let end = BEGINNING + ms;
        while self.next_time().is_some_and(|at| at <= end) && self.step() {}
        self.now = self.now.max(end);
    }

    /// Lets time pass until a caller has ended.
    pub fn run_until_ended(&mut self, caller: &str) {
        while !self.ended.contains_key(caller) {
            assert!(
                self.step(),
                "{caller} waits, and nothing will ever happen\n{}",
                self.tail()
            );
        }
    }

    /// Goes to the next thing that happens; `false` when there is none.
    pub fn step(&mut self) -> bool {
        let Some(at) = self.next_time() else {
            return false;
        };
        self.now = at;
        if self.running.values().any(|(_, began)| at - began > TOO_LONG_MS) {
            panic!("an operation never ends\n{}", self.tail());
        }
        let next = self.agenda.first_key_value().map(|((at, _), _)| *at);
        if next == Some(at)
            && let Some((_, happening)) = self.agenda.pop_first()
        {
            match happening {
                Happening::Answer(id, outcome) => self.answer(id, outcome),
                Happening::Do(action) => self.act(action),
            }
        } else {
            self.stay_quiet();
            self.engine.handle_timeout(self.time());
            self.drain();
        }
        true
    }

    fn next_time(&self) -> Option<u64> {
        let planned = self.agenda.first_key_value().map(|((at, _), _)| *at);
        let timer = self.engine.poll_timeout().map(|(at, _)| at.as_millis());
        planned.into_iter().chain(timer).min()
    }

    fn time(&self) -> Now {
        Now {
            instant: Instant::from_millis(self.now),
            unix: UnixTime::from_millis(self.wall + i64::try_from(self.now - BEGINNING).unwrap_or(0)),
        }
    }

    fn plan(&mut self, at: u64, happening: Happening) {
        self.numbers += 1;
        self.agenda.insert((at, self.numbers), happening);
    }

    fn act(&mut self, action: Action) {
        self.stay_quiet();
        match action {
            Action::Call(caller, operation) => self.begin(caller, operation),
            Action::Cancel(caller) => self.cancel(&caller),
            Action::Invalidate(id) => {
                self.note(Entry::Did(format!("{id} is invalidated")));
                self.engine.invalidate(&id);
                self.unshared = true;
                self.stay_quiet();
            }
            Action::InvalidateAll => {
                self.note(Entry::Did("everything is invalidated".into()));
                self.engine.invalidate_all();
                self.unshared = true;
                self.stay_quiet();
            }
            Action::SetWallClock(by) => {
                self.note(Entry::Did(format!("the wall clock is set by {by} ms")));
                self.wall += by;
            }
            Action::Fork(seed) => self.fork(seed),
        }
        drop(self.engine.take_discarded());
    }

    fn begin(&mut self, caller: String, operation: Operation) {
        self.note(Entry::Began(caller.clone()));
        let now = self.time();
        if let Task::GetSecret { id, refresh: false } = &operation.task {
            let cached = self.engine.cached(&id.as_ref(), now);
            self.stay_quiet();
            if let Some(secret) = cached {
                let ended = Ended {
                    began_ms: self.now_ms(),
                    ended_ms: self.now_ms(),
                    result: Some(Ok(Reply::Secret(secret))),
                };
                self.note(Entry::Ended(caller.clone(), "cached".into()));
                assert!(self.ended.insert(caller, ended).is_none());
                return;
            }
        }
        self.unshared |= matches!(
            operation.task,
            Task::Vault(_) | Task::Encryption(_) | Task::Rotate(_)
        );
        let op = self.engine.start(operation, now);
        let began = self.now;
        assert!(
            self.running.insert(op, (caller, began)).is_none(),
            "{op:?} was given twice"
        );
        self.drain();
    }

    fn cancel(&mut self, caller: &str) {
        let Some(op) = self
            .running
            .iter()
            .find_map(|(op, (name, _))| (name == caller).then_some(*op))
        else {
            return;
        };
        self.note(Entry::Left(caller.into()));
        self.end(op, None);
        self.engine.cancel(op, self.time());
        self.drain();
    }

    fn fork(&mut self, seed: [u8; 16]) {
        self.note(Entry::Did("the process forks".into()));
        self.engine.after_fork(seed);
        self.stay_quiet();
        self.under_way.clear();
        for op in self.running.keys().copied().collect::<Vec<_>>() {
            self.end(op, None);
        }
        assert!(self.engine.pending().is_empty() && self.engine.poll_timeout().is_none());
    }

    fn answer(&mut self, id: EffectId, outcome: Outcome) {
        self.stay_quiet();
        let effect = self.under_way.remove(&id);
        let (what, late) = (
            effect.as_ref().map_or_else(|| "nobody".into(), describe),
            effect.is_none(),
        );
        let with = with(&outcome);
        self.note(Entry::Answered { what, with, late });
        let timer = self.engine.poll_timeout();
        self.engine.complete(id, outcome, self.time());
        if late {
            self.stay_quiet();
            assert_eq!(
                self.engine.poll_timeout(),
                timer,
                "a late answer moved a timer\n{}",
                self.tail()
            );
            return;
        }
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            if let Some(inspect) = &mut self.inspect {
                inspect(&output);
            }
            match output {
                Output::Perform { id, effect, .. } => self.perform(id, effect),
                Output::Abort(id) => {
                    let effect = self.under_way.remove(&id);
                    let what = effect.as_ref().map(describe);
                    assert!(what.is_some(), "{id:?} is not under way\n{}", self.tail());
                    self.note(Entry::Aborted(what.unwrap_or_default()));
                }
                Output::Finished { op, result } => {
                    let how = match &result {
                        Ok(_) => "ok",
                        Err(error) => error.kind().name(),
                    };
                    let caller = self.running.get(&op).map(|(caller, _)| caller.clone());
                    assert!(
                        caller.is_some(),
                        "{op:?} ended, which does not run\n{}",
                        self.tail()
                    );
                    self.note(Entry::Ended(caller.unwrap_or_default(), how.into()));
                    self.end(op, Some(result));
                }
                Output::Event(event) => {
                    let event = serde_json::to_value(event).unwrap_or_default();
                    self.note(Entry::Told(event));
                }
                other => panic!("an output that this world does not know: {other:?}"),
            }
        }
        drop(self.engine.take_discarded());
        if let Some((at, why)) = self.engine.poll_timeout() {
            assert!(
                at.as_millis() > self.now,
                "the timer of {why} lies in the past\n{}",
                self.tail()
            );
        }
        assert!(
            !self.callers_only || !self.running.is_empty() || self.under_way.is_empty(),
            "nobody waits for {:?}\n{}",
            self.under_way.values(),
            self.tail()
        );
        let pending: BTreeSet<OpId> = self.engine.pending().into_iter().map(|p| p.op).collect();
        assert!(
            pending.iter().eq(self.running.keys()),
            "pending: {pending:?}\n{}",
            self.tail()
        );
    }

    fn perform(&mut self, id: EffectId, effect: Effect) {
        self.note(asked(&effect));
        assert!(self.seen.insert(id), "{id:?} was given twice\n{}", self.tail());
        if let Effect::Http { request, .. } = &effect {
            let twin = self.under_way.values().any(|other| {
                matches!(other, Effect::Http { request: r, .. } if r.url == request.url && r.body == request.body)
            });
            assert!(
                !twin || self.unshared,
                "the same request is under way already\n{}",
                self.tail()
            );
        }
        if let Effect::Run { argv, .. } = &effect {
            let program = argv.first().map(String::as_str).unwrap_or_default();
            let bare = !program.is_empty() && !program.contains(['/', '\\', ':']);
            let absolute = program.starts_with('/') || program.get(1..3) == Some(":\\");
            assert!(
                bare || absolute,
                "{program:?} depends on the working directory\n{}",
                self.tail()
            );
        }
        let (outcome, delay) = self.host.perform(&effect, self.time());
        self.under_way.insert(id, effect);
        self.plan(self.now + delay, Happening::Answer(id, outcome));
    }

    fn end(&mut self, op: OpId, result: Option<Result<Reply, Error>>) {
        if let Some((caller, began)) = self.running.remove(&op) {
            let ended = Ended {
                began_ms: began - BEGINNING,
                ended_ms: self.now_ms(),
                result,
            };
            assert!(self.ended.insert(caller, ended).is_none(), "a caller ended twice");
        }
    }

    fn stay_quiet(&mut self) {
        let output = self.engine.poll_output();
        assert!(
            output.is_none(),
            "output out of nowhere: {output:?}\n{}",
            self.tail()
        );
    }

    fn check_idle(&mut self) {
        self.stay_quiet();
        let (pending, timer) = (self.engine.pending(), self.engine.poll_timeout());
        assert!(
            pending.is_empty() && timer.is_none() && self.under_way.is_empty() && self.running.is_empty(),
            "the engine is not idle: {pending:?}, {timer:?}, {:?}\n{}",
            self.under_way,
            self.tail()
        );
    }

    fn note(&mut self, entry: Entry) {
        let at_ms = self.now_ms();
        self.log.0.push(Line { at_ms, entry });
    }

    /// The end of the log, for messages.
    fn tail(&self) -> String {
        let from = self.log.0.len().saturating_sub(40);
        Log(self.log.0[from..].to_vec()).to_string()
    }
}
