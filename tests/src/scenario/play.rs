//! The calls of a scenario, through the engine.

use nightlatch_core::config::{Config, Environment};
use nightlatch_core::error::Error;
use nightlatch_core::operation::{Operation, Task};
use nightlatch_core::secret::SecretId;
use nightlatch_core::sensitive::Sensitive;
use serde_json::{Value, json};

use super::format::{Call, Scenario};
use super::script::Script;
use crate::world::{Action, World};

/// What a scenario came to.
pub struct Played {
    /// The world at its end; or why the client could not be built.
    pub world: Result<World<Script>, Error>,
    /// Callers whose call was refused before it began, and why.
    pub refused: Vec<(String, Error)>,
    /// What no rule answered.
    pub complaints: Vec<String>,
}

/// Plays a scenario to its end. `renewal` is `caller` or `detached`.
pub fn play(scenario: &Scenario, renewal: &str, seed: u64) -> Played {
    let script = Script::new(scenario.world.clone());
    let complaints = script.complaints();
    let mut refused = Vec::new();
    let world = config(scenario, renewal).and_then(|config| World::new(config, seed, script));
    let world = world.map(|mut world| {
        for call in &scenario.calls {
            begin(&mut world, scenario, call, &mut refused);
        }
        world.run();
        world
    });
    let complaints = complaints.take();
    Played {
        world,
        refused,
        complaints,
    }
}

fn config(scenario: &Scenario, renewal: &str) -> Result<Config, Error> {
    let mut options = scenario.options.clone();
    assert!(
        !options.contains_key("host"),
        "the host's options are the player's"
    );
    let host = json!({"platform": scenario.world.platform, "renewal": renewal});
    options.insert("host".into(), host);
    let environment = scenario
        .world
        .environment
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let secrets = scenario
        .secrets
        .iter()
        .map(|s| Sensitive::from(s.as_str()))
        .collect();
    let options = Value::Object(options).to_string();
    Config::from_json(&options, Environment::from_iter(environment), secrets)
}

fn begin(world: &mut World<Script>, scenario: &Scenario, call: &Call, refused: &mut Vec<(String, Error)>) {
    let action = match call.op.as_str() {
        "invalidate" => Some(Action::Invalidate(secret(world, call))),
        "invalidate_all" => Some(Action::InvalidateAll),
        "set_wall_clock" => Some(Action::SetWallClock(call.by_ms)),
        _ => None,
    };
    if let Some(action) = action {
        if scenario.sequential {
            world.run_until(call.at_ms);
        }
        world.at(call.at_ms, action);
        return;
    }
    for caller in callers(call) {
        let operation = world.engine().operation(&operation(call));
        let operation = match (operation, &call.value) {
            (Ok(operation), Some(value)) => operation.with_value(value.as_str().into()),
            (operation, _) => operation,
        };
        let operation = match operation {
            Ok(operation) => operation,
            Err(error) => {
                refused.push((caller, error));
                continue;
            }
        };
        if scenario.sequential {
            world.run_until(call.at_ms);
        }
        world.at(call.at_ms, Action::Call(caller.clone(), operation));
        if let Some(at) = call.cancel_at_ms {
            world.at(at, Action::Cancel(caller.clone()));
        }
        if scenario.sequential {
            world.run_until_ended(&caller);
        }
    }
}

/// The names of the callers of one line.
pub fn callers(call: &Call) -> Vec<String> {
    assert!(!call.caller.is_empty(), "who calls at {} ms?", call.at_ms);
    match call.count {
        None => vec![call.caller.clone()],
        Some(count) => (1..=count).map(|nr| format!("{}-{nr}", call.caller)).collect(),
    }
}

fn operation(call: &Call) -> String {
    let mut json = match call.op.as_str() {
        "get_token" => json!({"op": "get_token", "request": {
            "scopes": call.scopes, "tenant": call.tenant, "claims": call.claims,
            "authenticate": call.authenticate,
        }}),
        op => {
            let mut json = json!({"op": op});
            if matches!(op, "refresh" | "invalidate") {
                json = json!({"op": "get_secret", "refresh": op == "refresh"});
            }
            let named = [
                ("vault", &call.vault),
                ("name", &call.name),
                ("version", &call.version),
            ];
            for (name, value) in named {
                if let Some(value) = value {
                    json[name] = value.as_str().into();
                }
            }
            json
        }
    };
    if call.op == "rotate_secret" {
        json["handle"] = 0.into();
    }
    for (name, value) in &call.arguments {
        json[name] = value.clone();
    }
    if let Some(timeout) = call.timeout {
        json["timeout"] = timeout.into();
    }
    json.to_string()
}

fn secret(world: &World<Script>, call: &Call) -> SecretId {
    let operation: Operation = world
        .engine()
        .operation(&operation(call))
        .unwrap_or_else(|why| panic!("{why}"));
    match operation.task {
        Task::GetSecret { id, .. } => id,
        other => panic!("{other:?} names no secret"),
    }
}
