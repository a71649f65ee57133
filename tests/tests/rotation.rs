//! Rotations in which anything may fail at any step, or be cut off: requests before or after the vault did what they asked,
//! functions before or after they had their effect. What must hold:
//!
//! * after each rotation the latest version has the old value or a verified new one, or the error says that it could not be
//!   brought so far; it is never disabled;
//! * the next rotation in which nothing fails leaves the vault and the place where the value is used in agreement;
//! * that holds after two rotations at once, too, which may leave the two apart; the latest version is enabled even then;
//! * with two slots, and one rotation at a time, readers never get a value that was not verified, or that is not in effect, at any moment.
//!
//! `SEED=17 cargo test -p nightlatch-tests --test rotation` replays one seed and prints its log.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use nightlatch_core::config::{Config, Environment};
use nightlatch_core::effect::{Effect, Fault, FaultKind, Outcome, Request, Response, RotationStep};
use nightlatch_core::error::Error;
use nightlatch_core::operation::Reply;
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::Now;
use nightlatch_tests::seeds::every_seed;
use nightlatch_tests::token::unsigned;
use nightlatch_tests::world::{Action, Host, Log, World};
use serde_json::{Map, Value, json};

const SEEDS: u64 = 1_000;
const VAULT: &str = "https://contoso.vault.azure.net";

#[test]
fn whatever_fails_the_next_rotation_mends() {
    every_seed(SEEDS, run);
}

/// A version as the vault has it.
#[derive(Clone, Debug)]
struct Version {
    value: String,
    enabled: bool,
    tags: Map<String, Value>,
}

/// The vault, and the place where the value is used.
#[derive(Default)]
struct Model {
    versions: Vec<Version>,
    /// The value in effect, by its slot.
    effective: BTreeMap<String, String>,
    verified: BTreeSet<String>,
    made: usize,
    /// Whether readers were given a value too early, with two slots.
    early: Vec<String>,
}

impl Model {
    fn latest(&self) -> Option<&Version> {
        self.versions.last()
    }

    fn in_effect(&self, version: &Version) -> bool {
        let slot = version.tags.get("nightlatch-slot").and_then(Value::as_str);
        self.effective.get(slot.unwrap_or_default()) == Some(&version.value)
    }
}

struct Surroundings {
    random: fastrand::Rng,
    model: Rc<RefCell<Model>>,
    /// How many of a hundred requests and functions fail.
    trouble: Rc<RefCell<u8>>,
    slots: bool,
}

impl Host for Surroundings {
    fn perform(&mut self, effect: &Effect, _: Now) -> (Outcome, u64) {
        let fails = self.random.u8(0..100) < *self.trouble.borrow();
        let before = self.random.bool();
        let delay = self.random.u64(1..=30);
        let outcome = match effect {
            Effect::Http { request, .. } if fails && before => failure(&mut self.random, request),
            Effect::Http { request, .. } => {
                let outcome = self.vault(request);
                match fails {
                    true => Outcome::Failed(Fault::new(FaultKind::ConnectionLost, "as planned")),
                    false => outcome,
                }
            }
            Effect::Rotate { .. } if fails && before => Outcome::Failed(Fault::new(FaultKind::Other, "")),
            Effect::Rotate {
                step, value, slot, ..
            } => {
                let value = value.as_ref().and_then(Sensitive::expose_str).unwrap_or_default();
                let outcome = self.function(*step, value, slot.as_deref().unwrap_or_default());
                match fails {
                    true => Outcome::Failed(Fault::new(FaultKind::Other, "")),
                    false => outcome,
                }
            }
            other => panic!("nobody asks {other:?}"),
        };
        let model = self.model.borrow();
        let early = self
            .slots
            .then(|| model.latest())
            .flatten()
            .filter(|latest| !model.in_effect(latest));
        let early = early.map(|latest| format!("{latest:?} after {effect:?}"));
        drop(model);
        self.model.borrow_mut().early.extend(early);
        (outcome, delay)
    }
}

impl Surroundings {
    fn function(&mut self, step: RotationStep, value: &str, slot: &str) -> Outcome {
        let mut model = self.model.borrow_mut();
        match step {
            RotationStep::Make => {
                model.made += 1;
                Outcome::Made(format!("value-{}", model.made).into())
            }
            RotationStep::Apply => {
                model.effective.insert(slot.into(), value.into());
                Outcome::Done
            }
            RotationStep::Verify if model.effective.get(slot).is_some_and(|used| used == value) => {
                model.verified.insert(value.into());
                Outcome::Done
            }
            RotationStep::Verify => Outcome::Failed(Fault::new(FaultKind::Refused, "")),
        }
    }

    fn vault(&mut self, request: &Request) -> Outcome {
        let Some(path) = request.url.strip_prefix(VAULT) else {
            return answer(
                200,
                json!({"token_type": "Bearer", "expires_in": 86_400, "access_token": unsigned(&json!({"tid": "t"}))}),
            );
        };
        let mut model = self.model.borrow_mut();
        let number = path
            .split(['/', '?'])
            .nth(3)
            .and_then(|version| version.parse::<usize>().ok());
        let body: Value = serde_json::from_slice(request.body.expose()).unwrap_or_default();
        let at = number.or(model.versions.len().checked_sub(1));
        match (request.method.as_str(), at) {
            ("PUT", _) => {
                model.versions.push(Version {
                    value: body["value"].as_str().expect("a value").into(),
                    enabled: true,
                    tags: body["tags"].as_object().cloned().unwrap_or_default(),
                });
                let at = model.versions.len() - 1;
                answer(200, bundle(at, &model.versions[at], true))
            }
            ("GET", None) => answer(404, json!({"error": {"code": "SecretNotFound"}})),
            ("GET", Some(at)) if !model.versions[at].enabled => answer(
                403,
                json!({"error": {"code": "Forbidden", "innererror": {"code": "SecretDisabled"}}}),
            ),
            ("GET", Some(at)) => answer(200, bundle(at, &model.versions[at], true)),
            ("PATCH", Some(at)) => {
                let version = &mut model.versions[at];
                if let Some(tags) = body["tags"].as_object() {
                    version.tags.clone_from(tags);
                }
                version.enabled = body["attributes"]["enabled"].as_bool().unwrap_or(version.enabled);
                answer(200, bundle(at, version, false))
            }
            other => panic!("nobody asks {other:?}"),
        }
    }
}

fn bundle(at: usize, version: &Version, with_value: bool) -> Value {
    json!({"value": with_value.then_some(&version.value), "id": format!("{VAULT}/secrets/db/{at}"),
        "attributes": {"enabled": version.enabled}, "tags": version.tags})
}

fn answer(status: u16, body: Value) -> Outcome {
    Outcome::Http(Response {
        status,
        headers: Vec::new(),
        body: body.to_string().into(),
    })
}

/// What does not reach the vault, or is refused there.
fn failure(random: &mut fastrand::Rng, request: &Request) -> Outcome {
    match random.u8(0..3) {
        0 if request.url.starts_with(VAULT) => answer(403, json!({"error": {"code": "Forbidden"}})),
        1 => answer(503, json!({})),
        _ => Outcome::Failed(Fault::new(FaultKind::ConnectionLost, "as planned")),
    }
}

fn run(seed: u64) -> Log {
    let mut random = fastrand::Rng::with_seed(seed);
    let slots = random.bool();
    let options = json!({
        "credential": {"type": "ClientSecretCredential", "tenant_id": "t", "client_id": "a", "client_secret": 0},
        "limits": {"secret_per_second": 0, "create_per_second": 0},
        "retry": {"tries": random.u32(1..=2), "delay": 0.2},
        "host": {"platform": "linux"},
    });
    let config = Config::from_json(
        &options.to_string(),
        Environment::default(),
        vec![Sensitive::from("the-client-secret")],
    );
    let (model, trouble) = (Rc::new(RefCell::new(Model::default())), Rc::new(RefCell::new(0)));
    if random.bool() {
        let mut model = model.borrow_mut();
        let value = "first-value".to_owned();
        model.versions.push(Version {
            value: value.clone(),
            enabled: true,
            tags: Map::new(),
        });
        // What has no slot is taken for the first one's.
        model
            .effective
            .extend([(String::new(), value.clone()), ("blue".into(), value.clone())]);
        model.verified.insert(value);
    }
    let host = Surroundings {
        random: fastrand::Rng::with_seed(!seed),
        model: Rc::clone(&model),
        trouble: Rc::clone(&trouble),
        slots,
    };
    let mut world = World::new(config.expect("the options are sound"), seed, host).expect("they are sound");
    let mut two_at_once = false;
    for nr in 0..random.usize(1..=4) {
        *trouble.borrow_mut() = [10, 25, 50][random.usize(0..3)];
        let before = model.borrow().latest().cloned();
        let happens = random.u8(0..6);
        if happens == 0 {
            two_at_once = true;
            begin(&mut world, &format!("beside-{nr}"), slots, random.u64(0..200));
        }
        let cut_off = (happens == 1).then(|| random.u64(0..300));
        let ended = rotate(&mut world, &format!("troubled-{nr}"), slots, cut_off);
        if happens > 0 {
            judge(&model.borrow(), before.as_ref(), ended, &world.log);
        }
    }
    *trouble.borrow_mut() = 0;
    // What was cut off while it went back may need one rotation to finish that, and never two.
    let ended = rotate(&mut world, "last", slots, None);
    let model = model.borrow();
    let latest = model.latest().expect("a version");
    let stage = latest.tags["nightlatch-rotation"].as_str();
    assert!(
        matches!(ended, Some(Ok(_))) && stage == Some("done") && model.in_effect(latest),
        "{ended:?}: {latest:?}, {:?}\n{}",
        model.effective,
        world.log
    );
    assert!(model.verified.contains(&latest.value) && latest.enabled);
    assert!(
        two_at_once || model.early.is_empty(),
        "{:#?}\n{}",
        model.early,
        world.log
    );
    world.log
}

fn rotate(
    world: &mut World<Surroundings>,
    caller: &str,
    slots: bool,
    cut_off: Option<u64>,
) -> Option<Result<Reply, Error>> {
    let now = world.now_ms();
    begin(world, caller, slots, 0);
    if let Some(after) = cut_off {
        world.at(now + after, Action::Cancel(caller.into()));
    }
    world.run();
    world.ended(caller).and_then(|ended| ended.result.clone())
}

fn begin(world: &mut World<Surroundings>, caller: &str, slots: bool, after: u64) {
    let mut json = json!({"op": "rotate_secret", "vault": VAULT, "name": "db", "handle": 0});
    if slots {
        json["slots"] = json!(["blue", "green"]);
    }
    let operation = world.engine().operation(&json.to_string()).expect("a sound call");
    world.at(world.now_ms() + after, Action::Call(caller.into(), operation));
}

/// What a rotation that ended by itself has left.
fn judge(model: &Model, before: Option<&Version>, ended: Option<Result<Reply, Error>>, log: &Log) {
    let Some(latest) = model.latest() else { return };
    assert!(latest.enabled, "{latest:?}\n{log}");
    let Some(result) = ended else { return };
    let is_verified = model.verified.contains(&latest.value);
    let error = match result {
        Ok(_) => return assert!(is_verified && model.in_effect(latest), "{latest:?}\n{log}"),
        Err(error) => error,
    };
    let is_old = before.is_some_and(|before| before.value == latest.value);
    let says = |text: &str| error.details().message.contains(text);
    let is_told = error
        .details()
        .help
        .is_some_and(|help| help.code() == "rotation-unfinished")
        || says("is verified and in effect")
        || says("is not known")
        || says("no version before to go back to");
    assert!(is_verified || is_old || is_told, "{error}: {latest:?}\n{log}");
}
