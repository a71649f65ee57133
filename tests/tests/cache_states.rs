//! Random walks through the states of a cache entry, as the documentation of `nightlatch_core::cache` draws them: an
//! engine in a virtual world beside a model of a few lines. After every step both must give the same result, by the
//! same number of requests.
//!
//! The steps are those of a state machine without preconditions, so a plain list of them is what is generated, and
//! what shrinks when a walk fails.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use nightlatch_core::config::{Config, Environment};
use nightlatch_core::effect::{Effect, Fault, FaultKind, Outcome, Response};
use nightlatch_core::operation::Reply;
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::Now;
use nightlatch_tests::token::unsigned;
use nightlatch_tests::world::{Action, World};
use proptest::prelude::*;
use proptest::test_runner::{Config as Walks, TestRng, TestRunner};
use serde_json::{Value, json};

const VAULT: &str = "https://contoso.vault.azure.net";

/// What the options say, in milliseconds; without jitter.
const TTL: u64 = 100_000;
const PINNED_TTL: u64 = 400_000;
const STALE: u64 = 500_000;
const NEGATIVE: u64 = 10_000;
const REFRESH_INTERVAL: u64 = 1_000;
/// What the engine says: who is to renew a copy has so long, and after a failure a copy serves for so long.
const CLAIM: u64 = 30_000;
const PAUSE: u64 = 30_000;

/// What the vault says if it is asked in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Says {
    Yes,
    Unauthorized,
    Forbidden,
    Disabled,
    NotFound,
    Busy,
    Unreachable,
    Nonsense,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    Read,
    Refresh,
    Set,
    SetDisabled,
    Update,
    Delete,
    Recover,
}

#[derive(Clone, Debug)]
enum Step {
    /// Of the pinned version or the latest; only reads know the difference.
    Do(Deed, bool, Says),
    Invalidate(bool),
    /// Somebody else sets a new version.
    Rotate,
    Wait(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Absent,
    Missing,
    Fresh,
    Due,
    Stale,
}

/// One entry as the diagram has it.
#[derive(Clone, Default)]
struct Entry {
    copy: Option<Copy>,
    missing_until: u64,
}

#[derive(Clone)]
struct Copy {
    version: u64,
    stored: u64,
    claimed_until: u64,
    paused_until: u64,
}

impl Entry {
    fn state(&self, ttl: u64, now: u64) -> State {
        let Some(copy) = &self.copy else {
            return match now < self.missing_until {
                true => State::Missing,
                false => State::Absent,
            };
        };
        match now - copy.stored {
            age if age < ttl * 4 / 5 => State::Fresh,
            age if age < ttl => State::Due,
            age if age < ttl + STALE => State::Stale,
            _ => State::Absent,
        }
    }

    fn keep(&mut self, version: u64, now: u64) {
        *self = Self::default();
        self.copy = Some(Copy {
            version,
            stored: now,
            claimed_until: 0,
            paused_until: 0,
        });
    }

    fn miss(&mut self, now: u64) {
        *self = Self::default();
        self.missing_until = now + NEGATIVE;
    }
}

/// How a step ended: the version that was given, nothing but success, or the kind of the error.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Version(u64),
    Done,
    Error(&'static str),
}

struct Model {
    detached: bool,
    /// The newest version in the vault.
    newest: u64,
    now: u64,
    latest: Entry,
    pinned: Entry,
    /// Which deeds were done in which states, and what the vault was to say.
    walked: BTreeSet<(State, Deed, Says)>,
}

impl Model {
    /// What a deed comes to, and how many requests reach the vault.
    fn act(&mut self, deed: Deed, pinned: bool, says: Says) -> (End, usize) {
        let (now, ttl) = (self.now, if pinned { PINNED_TTL } else { TTL });
        let entry = if pinned {
            &mut self.pinned
        } else {
            &mut self.latest
        };
        let state = entry.state(ttl, now);
        self.walked.insert((state, deed, says));
        let version = if pinned { 1 } else { self.newest };
        if !matches!(deed, Deed::Read | Deed::Refresh) {
            return (self.write(deed, says), 1);
        }
        if state == State::Absent {
            *entry = Entry::default();
        }
        let before = entry.copy.clone();
        if let Some(copy) = &mut entry.copy {
            let serves = match (deed, state) {
                (Deed::Refresh, _) => now - copy.stored < REFRESH_INTERVAL,
                (_, State::Fresh) => true,
                (_, State::Due) => now < copy.claimed_until,
                _ => now < copy.paused_until,
            };
            if serves {
                return (End::Version(copy.version), 0);
            }
            if deed == Deed::Read && state == State::Due {
                copy.claimed_until = now + CLAIM;
            }
        } else if deed == Deed::Read && state == State::Missing {
            return (End::Error("NOT_FOUND"), 0);
        }
        match says {
            Says::Yes => entry.keep(version, now),
            Says::NotFound => entry.miss(now),
            Says::Unauthorized | Says::Forbidden | Says::Disabled if before.is_some() => {
                *entry = Entry::default();
            }
            _ => {}
        }
        let end = match (before, &mut entry.copy) {
            // Nobody waits for the renewal.
            (Some(before), _) if (deed, state) == (Deed::Read, State::Due) && self.detached => {
                End::Version(before.version)
            }
            (_, Some(copy)) if says == Says::Yes => End::Version(copy.version),
            (_, Some(copy)) if deed == Deed::Read && (state == State::Due || passes(says)) => {
                if passes(says) {
                    copy.paused_until = now + PAUSE;
                }
                End::Version(copy.version)
            }
            _ => End::Error(error(says)),
        };
        (end, 1)
    }

    fn write(&mut self, deed: Deed, says: Says) -> End {
        if says != Says::Yes {
            return End::Error(error(says));
        }
        match deed {
            Deed::Set => {
                self.newest += 1;
                self.latest.keep(self.newest, self.now);
                return End::Version(self.newest);
            }
            Deed::SetDisabled => {
                self.newest += 1;
                self.latest = Entry::default();
                return End::Version(self.newest);
            }
            _ => (self.latest, self.pinned) = Default::default(),
        }
        if deed == Deed::Delete {
            self.latest.miss(self.now);
        }
        End::Done
    }
}

fn passes(says: Says) -> bool {
    matches!(says, Says::Busy | Says::Unreachable)
}

fn error(says: Says) -> &'static str {
    match says {
        Says::Yes => "none",
        Says::Unauthorized => "AUTHENTICATION_FAILED",
        Says::Forbidden => "FORBIDDEN",
        Says::Disabled => "SECRET_DISABLED",
        Says::NotFound => "NOT_FOUND",
        Says::Busy => "SERVICE_FAILURE",
        Says::Unreachable => "UNREACHABLE",
        Says::Nonsense => "MALFORMED_RESPONSE",
    }
}

/// What the vault would say now, and how often it was asked.
struct Vault {
    says: Says,
    newest: u64,
    asked: usize,
}

impl Vault {
    fn answer(&mut self, effect: &Effect) -> Outcome {
        let Effect::Http { request, .. } = effect else {
            panic!("nobody configured {effect:?}")
        };
        let Some(path) = request.url.strip_prefix(VAULT) else {
            let token = unsigned(&json!({"tid": "t"}));
            return answer(
                200,
                &json!({"token_type": "Bearer", "expires_in": 86_400, "access_token": token}),
            );
        };
        self.asked += 1;
        match self.says {
            Says::Yes => {}
            Says::Unauthorized => return answer(401, &json!({})),
            Says::Forbidden => return refused(403, "ForbiddenByRbac"),
            Says::Disabled => return refused(403, "SecretDisabled"),
            Says::NotFound => return refused(404, "SecretNotFound"),
            Says::Busy => return answer(503, &json!({})),
            Says::Unreachable => {
                return Outcome::Failed(Fault::new(FaultKind::ConnectionLost, "as planned"));
            }
            Says::Nonsense => return answer(200, &json!("a page of somebody else's")),
        }
        if request.method.as_str() == "PUT" {
            self.newest += 1;
        }
        let pinned = path.starts_with("/secrets/db/1?") && request.method.as_str() == "GET";
        let version = if pinned { 1 } else { self.newest };
        let enabled = request
            .body
            .expose_str()
            .is_none_or(|body| !body.contains("false"));
        answer(
            200,
            &json!({
                "value": "s3cr3t", "id": format!("{VAULT}/secrets/db/{version}"), "recoveryId": "x",
                "attributes": {"enabled": enabled},
            }),
        )
    }
}

fn refused(status: u16, inner: &str) -> Outcome {
    let error = json!({"code": "Refused", "innererror": {"code": inner}});
    answer(status, &json!({ "error": error }))
}

fn answer(status: u16, body: &Value) -> Outcome {
    Outcome::Http(Response {
        status,
        headers: Vec::new(),
        body: body.to_string().into(),
    })
}

/// Takes a walk and compares every step with the model. Returns what was walked.
fn walk(detached: bool, steps: &[Step]) -> Result<BTreeSet<(State, Deed, Says)>, TestCaseError> {
    let options = json!({
        "credential": {"type": "ClientSecretCredential", "tenant_id": "t", "client_id": "a", "client_secret": 0},
        "cache": {
            "ttl": TTL / 1000, "pinned_ttl": PINNED_TTL / 1000, "jitter": 0, "stale_if_error": STALE / 1000,
            "negative_ttl": NEGATIVE / 1000, "refresh_interval": REFRESH_INTERVAL / 1000,
        },
        "limits": {"secret_per_second": 0, "vault_per_second": 0, "create_per_second": 0},
        "retry": {"tries": 1},
        "host": {"platform": "linux", "renewal": (if detached { "detached" } else { "caller" })},
    });
    let secrets = vec![Sensitive::from("the-client-secret")];
    let config = Config::from_json(&options.to_string(), Environment::default(), secrets)
        .expect("the options are sound");
    let vault = Rc::new(RefCell::new(Vault {
        says: Says::Yes,
        newest: 1,
        asked: 0,
    }));
    let asked = Rc::clone(&vault);
    let host = move |effect: &Effect, _: Now| (asked.borrow_mut().answer(effect), 0);
    let mut world = World::new(config, 17, host).expect("the configuration is sound");
    let mut model = Model {
        detached,
        newest: 1,
        now: 0,
        latest: Entry::default(),
        pinned: Entry::default(),
        walked: BTreeSet::new(),
    };
    for (nr, step) in steps.iter().enumerate() {
        match step {
            Step::Wait(ms) => {
                model.now += ms;
                world.run_until(model.now);
            }
            Step::Rotate => {
                model.newest += 1;
                vault.borrow_mut().newest += 1;
            }
            Step::Invalidate(pinned) => {
                let json = json!({"op": "get_secret", "vault": VAULT, "name": "db", "version": (pinned.then_some("1"))});
                let operation = world.engine().operation(&json.to_string()).expect("a sound call");
                let nightlatch_core::operation::Task::GetSecret { id, .. } = operation.task else {
                    panic!("not a read")
                };
                world.at(model.now, Action::Invalidate(id));
                world.run_until(model.now);
                *(if *pinned {
                    &mut model.pinned
                } else {
                    &mut model.latest
                }) = Entry::default();
            }
            Step::Do(deed, pinned, says) => {
                let reads = matches!(deed, Deed::Read | Deed::Refresh);
                let pinned = *pinned && reads;
                let asked = {
                    let mut vault = vault.borrow_mut();
                    vault.says = *says;
                    vault.asked
                };
                let end = act(&mut world, &format!("step-{nr}"), *deed, pinned, model.now);
                let asked = vault.borrow().asked - asked;
                let expected = model.act(*deed, pinned, *says);
                prop_assert_eq!(
                    (end, asked),
                    expected,
                    "step {} of {:#?}\n{}",
                    nr,
                    steps,
                    world.log
                );
            }
        }
    }
    world.run();
    Ok(model.walked)
}

/// Does a deed through the engine and waits until it, and what it has set off, is over.
fn act<H: nightlatch_tests::world::Host>(
    world: &mut World<H>,
    caller: &str,
    deed: Deed,
    pinned: bool,
    now: u64,
) -> End {
    let mut json = match deed {
        Deed::Read => json!({"op": "get_secret"}),
        Deed::Refresh => json!({"op": "get_secret", "refresh": true}),
        Deed::Set => json!({"op": "set_secret"}),
        Deed::SetDisabled => json!({"op": "set_secret", "enabled": false}),
        Deed::Update => json!({"op": "update_secret_properties", "enabled": true}),
        Deed::Delete => json!({"op": "delete_secret"}),
        Deed::Recover => json!({"op": "recover_deleted_secret"}),
    };
    json["vault"] = VAULT.into();
    json["name"] = "db".into();
    if pinned {
        json["version"] = "1".into();
    }
    let mut operation = world.engine().operation(&json.to_string()).expect("a sound call");
    if matches!(deed, Deed::Set | Deed::SetDisabled) {
        operation = operation.with_value("s3cr3t".into()).expect("it takes a value");
    }
    world.at(now, Action::Call(caller.into(), operation));
    world.run();
    assert_eq!(world.now_ms(), now, "nothing here takes time");
    let ended = world.ended(caller).expect("it has ended");
    match ended.result.as_ref().expect("nobody left") {
        Ok(Reply::Secret(secret)) => {
            let version = secret.properties().version.as_deref().unwrap_or_default();
            End::Version(version.parse().expect("a number"))
        }
        Ok(_) => End::Done,
        Err(error) => End::Error(error.kind().name()),
    }
}

fn step() -> impl Strategy<Value = Step> {
    use Deed::*;
    use Says::*;
    let says = prop_oneof![
        5 => Just(Yes),
        2 => Just(NotFound),
        4 => prop::sample::select(vec![Unauthorized, Forbidden, Disabled, NotFound]),
        4 => prop::sample::select(vec![Busy, Unreachable, Nonsense]),
    ];
    let deed = prop_oneof![
        6 => Just(Read),
        2 => Just(Refresh),
        8 => prop::sample::select(vec![Set, SetDisabled, Update, Delete, Recover]),
    ];
    // Up to each boundary, on it, and past it.
    let wait = prop::sample::select(vec![
        1, 999, 1_000, 9_999, 10_000, 29_999, 30_000, 79_999, 80_000, 20_000, 100_000, 320_000, 400_000,
        499_999, 500_000, 600_000,
    ]);
    prop_oneof![
        8 => (deed, prop::bool::weighted(0.3), says).prop_map(|(deed, pinned, says)| Step::Do(deed, pinned, says)),
        1 => any::<bool>().prop_map(Step::Invalidate),
        1 => Just(Step::Rotate),
        6 => wait.prop_map(Step::Wait),
    ]
}

/// The walks are the same in every run, so that the last assertion holds in all or none: that they have left out no
/// deed in any state, whatever the vault said.
#[test]
fn every_step_is_as_the_diagram_has_it() {
    let walks = Walks {
        cases: 1_200,
        failure_persistence: None,
        ..Walks::default()
    };
    let rng = TestRng::deterministic_rng(walks.rng_algorithm);
    let mut runner = TestRunner::new_with_rng(walks, rng);
    let walked = RefCell::new(BTreeSet::new());
    let steps = prop::collection::vec(step(), 1..160);
    let result = runner.run(&(any::<bool>(), steps), |(detached, steps)| {
        walked.borrow_mut().extend(walk(detached, &steps)?);
        Ok(())
    });
    if let Err(why) = result {
        panic!("{why}");
    }
    // Five states, seven deeds, eight answers.
    assert_eq!(walked.borrow().len(), 5 * 7 * 8);
}
