//! Random schedules of reads and writes, our own and other people's, beside a model of the vault that knows what was
//! true when. What must hold:
//!
//! * whoever begins to read after one of our writes has ended sees that write, or something later: a secret that was
//!   deleted or disabled is gone at once, and a new value is there at once;
//! * what other people wrote is seen when a copy's life is over; while the vault fails, when the hour is over for which
//!   a copy may bridge that.
//!
//! `SEED=17 cargo test -p nightlatch-tests --test writes` replays one seed and prints its log.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use nightlatch_core::config::{Config, Environment};
use nightlatch_core::effect::{Effect, Fault, FaultKind, Outcome, Request, Response};
use nightlatch_core::operation::Reply;
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::Now;
use nightlatch_tests::seeds::every_seed;
use nightlatch_tests::token::unsigned;
use nightlatch_tests::world::{Action, Entry, Host, Log, WALL_CLOCK, World};
use serde_json::{Value, json};

const SEEDS: u64 = 4_000;
const VAULT: &str = "https://contoso.vault.azure.net";
const NAMES: [&str; 2] = ["db", "api-key"];

#[test]
fn whoever_reads_after_a_write_sees_it() {
    every_seed(SEEDS, run);
}

/// What a secret was from a change on: the number of its version, if it could be read.
#[derive(Clone, Copy, Debug)]
struct State {
    /// Number of the change, among all changes of the run.
    change: u64,
    /// When, in milliseconds since the world began.
    at: u64,
    version: Option<u64>,
}

/// The vault as it truly is.
#[derive(Default)]
struct Model {
    changes: u64,
    /// States of each secret, in order.
    history: BTreeMap<String, Vec<State>>,
    /// The version under a deletion or disabling, for recovering.
    hidden: BTreeMap<String, u64>,
}

impl Model {
    fn now(&self, name: &str) -> Option<u64> {
        self.history.get(name)?.last()?.version
    }

    /// Makes a change and returns its number.
    fn change(&mut self, name: &str, at: u64, version: Option<u64>) -> u64 {
        self.changes += 1;
        let change = self.changes;
        if let (None, Some(before)) = (version, self.now(name)) {
            self.hidden.insert(name.into(), before);
        }
        let state = State { change, at, version };
        self.history.entry(name.into()).or_default().push(state);
        change
    }

    fn set(&mut self, name: &str, at: u64) -> u64 {
        let version = self.changes + 1;
        self.change(name, at, Some(version))
    }

    /// Whether a reader who began at `began`, when the change `seen` was known to have happened, may be given
    /// `version`: it was true after that change, and no longer than `bound` before the beginning.
    fn may_serve(&self, name: &str, version: u64, seen: u64, began: u64, bound: u64) -> bool {
        let history = &self.history[name];
        let ends = history[1..]
            .iter()
            .map(|next| (next.change, next.at))
            .chain([(u64::MAX, u64::MAX)]);
        history.iter().zip(ends).any(|(state, (change, at))| {
            state.version == Some(version) && change > seen && at.saturating_add(bound) >= began
        })
    }
}

/// A vault that answers by its model, now and then too late or not at all.
struct Vault {
    random: fastrand::Rng,
    model: Rc<RefCell<Model>>,
    /// How many answers of a hundred are lost.
    trouble: u8,
    /// Before how many requests of a hundred somebody else changes something.
    others: u8,
    slowest: u64,
}

impl Host for Vault {
    fn perform(&mut self, effect: &Effect, now: Now) -> (Outcome, u64) {
        let Effect::Http { request, .. } = effect else {
            panic!("nobody configured {effect:?}")
        };
        let delay = self.random.u64(0..=self.slowest);
        let lost = self.random.u8(0..100) < self.trouble;
        if lost && self.random.bool() {
            return (failure(&mut self.random), delay);
        }
        let at = u64::try_from(now.unix.as_millis() - WALL_CLOCK).unwrap_or(0);
        if self.random.u8(0..100) < self.others {
            let (name, mut model) = (NAMES[self.random.usize(0..2)], self.model.borrow_mut());
            match self.random.bool() {
                true => model.set(name, at),
                false => model.change(name, at, None),
            };
        }
        let outcome = match request.url.strip_prefix(VAULT) {
            Some(path) => self.answer(request, path, at),
            None => ok(
                json!({"token_type": "Bearer", "expires_in": 86_400, "access_token": unsigned(&json!({"tid": "t"}))}),
            ),
        };
        // The vault did it, and nobody hears so.
        (if lost { failure(&mut self.random) } else { outcome }, delay)
    }
}

impl Vault {
    fn answer(&mut self, request: &Request, path: &str, at: u64) -> Outcome {
        let mut model = self.model.borrow_mut();
        let parts: Vec<&str> = path.split(['/', '?']).collect();
        let (collection, name) = (parts[1], parts[2]);
        let disables = request
            .body
            .expose_str()
            .is_some_and(|body| body.contains("false"));
        match (request.method.as_str(), collection) {
            ("GET", _) => match (model.now(name), model.hidden.contains_key(name)) {
                (Some(version), _) => ok(bundle(name, version, Some("s3cr3t"))),
                (None, true) => refused(403, "SecretDisabled"),
                (None, false) => refused(404, "SecretNotFound"),
            },
            ("PUT", _) => ok(bundle(name, model.set(name, at), None)),
            ("PATCH", _) if disables => ok(bundle(name, model.change(name, at, None), None)),
            ("PATCH", _) => ok(bundle(name, model.changes, None)),
            ("DELETE", _) => ok(bundle(name, model.change(name, at, None), None)),
            ("POST", _) => {
                let version = model.hidden.get(name).copied();
                ok(bundle(name, model.change(name, at, version), None))
            }
            other => panic!("nobody asks {other:?}"),
        }
    }
}

fn bundle(name: &str, version: u64, value: Option<&str>) -> Value {
    json!({"value": value, "id": format!("{VAULT}/secrets/{name}/{version}"), "recoveryId": "x", "attributes": {"enabled": true}})
}

fn ok(body: Value) -> Outcome {
    answer(200, body)
}

fn refused(status: u16, inner: &str) -> Outcome {
    answer(
        status,
        json!({"error": {"code": "Refused", "innererror": {"code": inner}}}),
    )
}

fn answer(status: u16, body: Value) -> Outcome {
    Outcome::Http(Response {
        status,
        headers: Vec::new(),
        body: body.to_string().into(),
    })
}

fn failure(random: &mut fastrand::Rng) -> Outcome {
    match random.bool() {
        true => Outcome::Failed(Fault::new(FaultKind::ConnectionLost, "as planned")),
        false => answer(503, json!({})),
    }
}

/// What a caller does, to be judged when the run is over.
struct Call {
    caller: String,
    name: &'static str,
    writes: bool,
}

fn run(seed: u64) -> Log {
    let mut random = fastrand::Rng::with_seed(seed);
    let ttl: u64 = [0, 5, 60][random.usize(0..3)];
    let (trouble, slowest) = ([0, 0, 30][random.usize(0..3)], [0, 30, 900][random.usize(0..3)]);
    let options = json!({
        "credential": {"type": "ClientSecretCredential", "tenant_id": "t", "client_id": "a", "client_secret": 0},
        "cache": {"ttl": ttl, "refresh_interval": 0, "max_entries": ([1000, 1][usize::from(random.u8(0..5) == 0)])},
        "limits": {"secret_per_second": 0, "create_per_second": 0},
        "retry": {"tries": random.u32(1..=3), "delay": 0.2},
        "host": {"platform": "linux", "renewal": (["caller", "detached"][random.usize(0..2)])},
    });
    let secrets = vec![Sensitive::from("the-client-secret")];
    let config = Config::from_json(&options.to_string(), Environment::default(), secrets)
        .expect("the options are sound");
    let model = Rc::new(RefCell::new(Model::default()));
    NAMES
        .iter()
        .for_each(|name| assert!(model.borrow_mut().set(name, 0) > 0));
    let vault = Vault {
        random: fastrand::Rng::with_seed(!seed),
        model: Rc::clone(&model),
        trouble,
        others: [0, 20][random.usize(0..2)],
        slowest,
    };
    let mut world = World::new(config, seed, vault).expect("the configuration is sound");
    let calls = schedule(&mut world, &mut random);
    world.run();
    // The jitter of lives, and the way of an answer to us.
    let bound = ttl * 1_100 + slowest + if trouble > 0 { 3_600_000 } else { 0 };
    judge(&world, &calls, &model.borrow(), bound);
    world.log
}

fn schedule(world: &mut World<Vault>, random: &mut fastrand::Rng) -> Vec<Call> {
    let span = [300, 5_000, 100_000][random.usize(0..3)];
    let mut calls = Vec::new();
    for nr in 0..random.usize(2..=24) {
        let (at, name) = (random.u64(0..=span), NAMES[random.usize(0..4) / 3]);
        let mut json = match random.u8(0..14) {
            0 | 1 => json!({"op": "set_secret"}),
            2 => json!({"op": "update_secret_properties", "enabled": false}),
            3 => json!({"op": "update_secret_properties", "tags": {}}),
            4 => json!({"op": "delete_secret"}),
            5 => json!({"op": "recover_deleted_secret"}),
            kind => json!({"op": "get_secret", "refresh": kind == 6}),
        };
        json["vault"] = VAULT.into();
        json["name"] = name.into();
        let mut operation = world.engine().operation(&json.to_string()).expect("a sound call");
        if json["op"] == "set_secret" {
            operation = operation.with_value("s3cr3t".into()).expect("it takes a value");
        }
        let caller = format!("caller-{nr}");
        world.at(at, Action::Call(caller.clone(), operation));
        if random.u8(0..8) == 0 {
            world.at(at + random.u64(0..=1_000), Action::Cancel(caller.clone()));
        }
        calls.push(Call {
            caller,
            name,
            writes: json["op"] != "get_secret",
        });
    }
    calls
}

/// Goes through the log once: writes that have ended well are known from there on to whoever begins.
fn judge(world: &World<Vault>, calls: &[Call], model: &Model, bound: u64) {
    let call_of = |caller: &String| calls.iter().find(|call| call.caller == *caller);
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    for line in &world.log.0 {
        match &line.entry {
            Entry::Ended(caller, _) => {
                let Some(call) = call_of(caller).filter(|call| call.writes) else {
                    continue;
                };
                if let Some(change) = version_of(world, caller) {
                    let known = seen.entry(call.name).or_default();
                    *known = change.max(*known);
                }
            }
            Entry::Began(caller) => {
                let Some(call) = call_of(caller).filter(|call| !call.writes) else {
                    continue;
                };
                let Some(version) = version_of(world, caller) else {
                    continue;
                };
                let seen = seen.get(call.name).copied().unwrap_or(0);
                assert!(
                    model.may_serve(call.name, version, seen, line.at_ms, bound),
                    "{caller} was given version {version} of {} though change {seen} was known, within {bound} ms of {:?}\n{}",
                    call.name,
                    model.history[call.name],
                    world.log
                );
            }
            _ => {}
        }
    }
}

/// The number of the version that a call got, if it ended well. Writes get the number of their change.
fn version_of(world: &World<Vault>, caller: &str) -> Option<u64> {
    let properties = match world.ended(caller)?.result.as_ref()?.as_ref().ok()? {
        Reply::Secret(secret) => secret.properties(),
        Reply::Properties(properties) => properties,
        Reply::Deleted { secret, .. } => &secret.properties,
        other => panic!("nobody asked for {other:?}"),
    };
    properties.version.as_ref()?.parse().ok()
}
