//! A world whose clock is a variable, around an engine behind C functions.

use std::collections::{BTreeMap, HashMap};
use std::ptr::null_mut;

use nightlatch::client::nightlatch_cache_fact;
use nightlatch::client::nightlatch_cache_fact::*;
use nightlatch::engine::*;
use nightlatch::operation::*;
use nightlatch::outcome::*;
use nightlatch::output::nightlatch_output_kind::*;
use nightlatch::output::*;
use nightlatch::status::nightlatch_status::NIGHTLATCH_OK;
use nightlatch_core::effect::{Effect, Outcome, SigningKey};
use nightlatch_core::time::{Instant, Now, UnixTime};
use nightlatch_tests::scenario::Scenario;
use nightlatch_tests::scenario::format::Call;
use nightlatch_tests::scenario::play::callers;
use nightlatch_tests::scenario::script::Script;
use nightlatch_tests::world::{Host, WALL_CLOCK};
use serde_json::Value;

use super::check::{self, Result};
use super::{border, config, lent, no_error, operation};

const BEGINNING: u64 = 7_000_000;

/// How a caller fared.
pub(crate) struct Ended {
    pub(crate) began_ms: u64,
    pub(crate) ended_ms: u64,
    pub(crate) result: Result,
}

/// An engine and everything around it.
pub(crate) struct World {
    engine: *mut nightlatch_engine,
    script: Script,
    now: u64,
    wall: i64,
    agenda: BTreeMap<(u64, u64), Happening>,
    numbers: u64,
    under_way: HashMap<u64, ()>,
    running: HashMap<u64, (String, u64)>,
    pub(crate) ended: BTreeMap<String, Ended>,
    pub(crate) requests: Vec<String>,
    pub(crate) commands: Vec<String>,
    pub(crate) files: Vec<String>,
    pub(crate) signatures: Vec<String>,
    pub(crate) prompts: Vec<String>,
    pub(crate) pages: Vec<String>,
    pub(crate) steps: Vec<String>,
    pub(crate) events: Vec<Value>,
}

enum Happening {
    Answer(u64, Outcome),
    Call(String, Call),
    Cancel(String),
    Do(Call),
}

/// Plays a scenario to its end; or says why the engine could not be made. The texts are what no rule answered.
pub(crate) fn play(scenario: &Scenario, renewal: &str) -> (std::result::Result<World, Value>, Vec<String>) {
    let config = config(scenario, renewal);
    let (mut engine, mut error) = (null_mut(), no_error());
    // SAFETY: live handles and writable places.
    let status = unsafe { nightlatch_engine_new(config, &mut engine, &mut error) };
    // SAFETY: made above, and used no more.
    unsafe { nightlatch::config::nightlatch_config_free(config) };
    if status != NIGHTLATCH_OK {
        return (Err(check::take_error(error)), Vec::new());
    }
    let script = Script::new(scenario.world.clone());
    let complaints = script.complaints();
    let mut world = World::new(engine, script);
    for call in &scenario.calls {
        world.plan_call(scenario, call);
    }
    while world.step() {}
    world.must_be_idle();
    (Ok(world), complaints.take())
}

impl World {
    fn new(engine: *mut nightlatch_engine, script: Script) -> Self {
        Self {
            engine,
            script,
            now: BEGINNING,
            wall: WALL_CLOCK,
            agenda: BTreeMap::new(),
            numbers: 0,
            under_way: HashMap::new(),
            running: HashMap::new(),
            ended: BTreeMap::new(),
            requests: Vec::new(),
            commands: Vec::new(),
            files: Vec::new(),
            signatures: Vec::new(),
            prompts: Vec::new(),
            pages: Vec::new(),
            steps: Vec::new(),
            events: Vec::new(),
        }
    }

    fn plan_call(&mut self, scenario: &Scenario, call: &Call) {
        if scenario.sequential {
            let end = BEGINNING + call.at_ms;
            while self.next_time().is_some_and(|at| at <= end) && self.step() {}
            self.now = self.now.max(end);
        }
        if matches!(
            call.op.as_str(),
            "invalidate" | "invalidate_all" | "set_wall_clock"
        ) {
            return self.plan(BEGINNING + call.at_ms, Happening::Do(call.clone()));
        }
        for caller in callers(call) {
            self.plan(
                BEGINNING + call.at_ms,
                Happening::Call(caller.clone(), call.clone()),
            );
            if let Some(at) = call.cancel_at_ms {
                self.plan(BEGINNING + at, Happening::Cancel(caller.clone()));
            }
            while scenario.sequential && !self.ended.contains_key(&caller) {
                assert!(self.step(), "{caller} waits, and nothing will ever happen");
            }
        }
    }

    fn plan(&mut self, at: u64, happening: Happening) {
        self.numbers += 1;
        self.agenda.insert((at.max(self.now), self.numbers), happening);
    }

    fn unix(&self) -> i64 {
        self.wall + (self.now - BEGINNING) as i64
    }

    fn timer(&self) -> Option<u64> {
        let mut due = 0;
        // SAFETY: a live handle and a writable place.
        unsafe { nightlatch_engine_poll_timeout(self.engine, &mut due) }.then_some(due)
    }

    fn next_time(&self) -> Option<u64> {
        let planned = self.agenda.first_key_value().map(|((at, _), _)| *at);
        planned.into_iter().chain(self.timer()).min()
    }

    fn step(&mut self) -> bool {
        let Some(at) = self.next_time() else { return false };
        self.now = at;
        match self
            .agenda
            .first_entry()
            .filter(|first| first.key().0 == at)
            .map(|first| first.remove())
        {
            Some(Happening::Answer(effect, outcome)) => self.answer(effect, outcome),
            Some(Happening::Call(caller, call)) => self.begin(caller, &call),
            Some(Happening::Cancel(caller)) => self.cancel(&caller),
            Some(Happening::Do(call)) => self.act(&call),
            None => {
                // SAFETY: a live handle.
                let status = unsafe { nightlatch_engine_handle_timeout(self.engine, self.now, self.unix()) };
                assert_eq!(status, NIGHTLATCH_OK);
            }
        }
        self.drain();
        true
    }

    fn begin(&mut self, caller: String, call: &Call) {
        let operation = operation(call);
        let (mut number, mut error) = (0, no_error());
        // SAFETY: live handles and writable places.
        unsafe {
            let cached = nightlatch_engine_cached(self.engine, operation, self.now);
            if !cached.is_null() {
                self.end(caller, self.now, check::take_secret(cached));
            } else {
                let status = nightlatch_engine_start(
                    self.engine,
                    operation,
                    self.now,
                    self.unix(),
                    &mut number,
                    &mut error,
                );
                if status == NIGHTLATCH_OK {
                    self.running.insert(number, (caller, self.now));
                } else {
                    let refused = check::take_error(error);
                    assert_eq!(
                        refused["number"], status as u32,
                        "the status of the call is that of its error"
                    );
                    self.end(caller, self.now, Result::Error(refused));
                }
            }
            nightlatch_operation_free(operation);
        }
    }

    fn cancel(&mut self, caller: &str) {
        let Some(number) = self
            .running
            .iter()
            .find(|(_, (name, _))| name == caller)
            .map(|(nr, _)| *nr)
        else {
            return;
        };
        let (caller, began) = self.running.remove(&number).expect("just found");
        self.end(caller, began, Result::Cancelled);
        // SAFETY: a live handle.
        let status = unsafe { nightlatch_engine_cancel(self.engine, number, self.now, self.unix()) };
        assert_eq!(status, NIGHTLATCH_OK);
    }

    fn act(&mut self, call: &Call) {
        // SAFETY: live handles.
        unsafe {
            match call.op.as_str() {
                "invalidate" => {
                    let operation = operation(call);
                    assert_eq!(
                        nightlatch_engine_invalidate(self.engine, operation),
                        NIGHTLATCH_OK
                    );
                    nightlatch_operation_free(operation);
                }
                "invalidate_all" => assert_eq!(nightlatch_engine_invalidate_all(self.engine), NIGHTLATCH_OK),
                _ => self.wall += call.by_ms,
            }
        }
    }

    fn answer(&mut self, effect: u64, outcome: Outcome) {
        if self.under_way.remove(&effect).is_none() {
            return;
        }
        // SAFETY: live handles, and texts that live through the calls.
        unsafe {
            let answer = nightlatch_outcome_new();
            border::put(answer, &outcome);
            let status = nightlatch_engine_complete(self.engine, effect, answer, self.now, self.unix());
            assert_eq!(status, NIGHTLATCH_OK);
            nightlatch_outcome_free(answer);
        }
    }

    fn drain(&mut self) {
        loop {
            // SAFETY: a live handle.
            let output = unsafe { nightlatch_engine_poll_output(self.engine) };
            if output.is_null() {
                return;
            }
            self.take(output);
            // SAFETY: given just now, and used no more.
            unsafe { nightlatch_output_free(output) };
        }
    }

    fn take(&mut self, output: *const nightlatch_output) {
        const PERFORM: u32 = NIGHTLATCH_OUTPUT_PERFORM as u32;
        const ABORT: u32 = NIGHTLATCH_OUTPUT_ABORT as u32;
        const FINISHED: u32 = NIGHTLATCH_OUTPUT_FINISHED as u32;
        const EVENT: u32 = NIGHTLATCH_OUTPUT_EVENT as u32;
        // SAFETY: a live handle, and what it lends.
        unsafe {
            let effect_id = nightlatch_output_effect_id(output);
            match nightlatch_output_kind_of(output) {
                PERFORM => {
                    let effect = border::read_effect(nightlatch_output_effect(output));
                    self.note(&effect);
                    let now = Now {
                        instant: Instant::from_millis(self.now),
                        unix: UnixTime::from_millis(self.unix()),
                    };
                    let (outcome, delay) = self.script.perform(&effect, now);
                    assert!(
                        self.under_way.insert(effect_id, ()).is_none(),
                        "an effect was given twice"
                    );
                    self.plan(self.now + delay, Happening::Answer(effect_id, outcome));
                }
                ABORT => assert!(self.under_way.remove(&effect_id).is_some(), "nothing to abort"),
                FINISHED => {
                    let number = nightlatch_output_operation(output);
                    let (caller, began) = self.running.remove(&number).expect("an operation that runs");
                    let reply = nightlatch_output_reply(output);
                    let result = if reply.is_null() {
                        Result::Error(check::read_error(nightlatch_output_error(output)))
                    } else {
                        check::read_reply(reply)
                    };
                    self.end(caller, began, result);
                }
                EVENT => {
                    let event = lent(|len| nightlatch_output_event(output, len)).expect("an event");
                    self.events.push(serde_json::from_str(&event).expect("JSON"));
                }
                other => panic!("an output of the kind {other}"),
            }
        }
    }

    fn note(&mut self, effect: &Effect) {
        match effect {
            Effect::Http { request, .. } => {
                self.requests
                    .push(format!("{} {}", request.method.as_str(), request.url))
            }
            Effect::ReadFile { path, .. } => self.files.push(path.clone()),
            Effect::Run { argv, .. } => self.commands.push(argv.join(" ")),
            Effect::Sign {
                key: SigningKey::Host(_),
                algorithm,
                ..
            } => self.signatures.push(algorithm.name().into()),
            Effect::Prompt {
                user_code,
                verification_uri,
                ..
            } => self.prompts.push(format!("{user_code} at {verification_uri}")),
            Effect::Browse { url, .. } => self.pages.push(url.clone()),
            Effect::Rotate { step, slot, .. } => {
                let slot = slot.as_ref().map(|slot| format!(" {slot}"));
                self.steps
                    .push(format!("{}{}", step.name(), slot.unwrap_or_default()));
            }
            _ => {}
        }
    }

    fn end(&mut self, caller: String, began: u64, result: Result) {
        let ended = Ended {
            began_ms: began - BEGINNING,
            ended_ms: self.now - BEGINNING,
            result,
        };
        assert!(self.ended.insert(caller, ended).is_none(), "a caller ended twice");
    }

    /// What the cache tells of itself, by the core's names.
    pub(crate) fn cache_info(&self) -> Value {
        let facts = [
            ("entries", NIGHTLATCH_CACHE_ENTRIES),
            ("bytes", NIGHTLATCH_CACHE_BYTES),
            ("hits", NIGHTLATCH_CACHE_HITS),
            ("misses", NIGHTLATCH_CACHE_MISSES),
            ("stale_served", NIGHTLATCH_CACHE_STALE_SERVED),
            ("refreshes", NIGHTLATCH_CACHE_REFRESHES),
            ("evictions", NIGHTLATCH_CACHE_EVICTIONS),
            ("expired", NIGHTLATCH_CACHE_EXPIRED),
        ];
        let number = |fact: nightlatch_cache_fact| {
            let mut value = 0;
            // SAFETY: a live handle and a writable place.
            let known = unsafe {
                nightlatch_engine_cache_number(self.engine, self.now, self.unix(), fact as u32, &mut value)
            };
            assert!(known);
            Value::from(value)
        };
        Value::Object(
            facts
                .map(|(name, fact)| (name.to_owned(), number(fact)))
                .into_iter()
                .collect(),
        )
    }

    fn must_be_idle(&mut self) {
        assert!(self.under_way.is_empty() && self.running.is_empty() && self.timer().is_none());
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // SAFETY: made in `play`, and used no more.
        unsafe { nightlatch_engine_free(self.engine) };
    }
}
