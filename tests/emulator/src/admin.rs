//! The test's own interface below `/_emulator/`.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::message::{Reply, Request};
use crate::mint;
use crate::scene::Scene;
use crate::situation;
use crate::vault::Vault;
use crate::world::World;

const LONGEST_ADVANCE: Duration = Duration::from_secs(3_153_600_000);

pub(crate) fn reply(scene: &Scene, world: &World, request: &Request) -> Reply {
    perform(scene, world, request).unwrap_or_else(|Refusal { status, message }| Reply::text(status, message))
}

struct Refusal {
    status: u16,
    message: String,
}

fn perform(scene: &Scene, world: &World, request: &Request) -> Result<Reply, Refusal> {
    let segments = request.segments();
    let segments: Vec<&str> = segments.iter().skip(1).map(Cow::as_ref).collect();
    match (request.method.as_str(), segments.as_slice()) {
        ("GET", ["log"]) => return Ok(Reply::json(200, &world.journal.log())),
        ("GET", ["counts"]) => return Ok(Reply::json(200, &world.journal.counts())),
        ("PUT", ["vaults", name, "secrets", secret]) => {
            return version(vault(world, name)?.set_secret(secret, body(request)?));
        }
        ("PUT", ["vaults", name, "keys", key]) => {
            return version(vault(world, name)?.set_key(key, body(request)?));
        }
        ("POST", ["token"]) => return minted(mint::access_token(world, &body(request)?)),
        ("POST", ["federated-token"]) => {
            return Ok(Reply::json(200, &world.issuers.federated_token(&body(request)?)));
        }
        ("GET", ["situation"]) => {
            let situations = json!({ "situation": scene.situation(), "known": situation::known() });
            return Ok(Reply::json(200, &situations));
        }
        ("POST", ["situation"]) => scene.set_up(body(request)?).map_err(|flaw| refusal(400, flaw))?,
        ("DELETE", ["situation"]) => scene.reset().map_err(|flaw| refusal(500, flaw))?,
        ("DELETE", ["log"]) => world.journal.clear(),
        ("POST", ["faults"]) => add_fault(world, body(request)?)?,
        ("DELETE", ["faults"]) => world.faults.clear(),
        ("PUT", ["limits", name]) => vault(world, name)?.set_limits(body(request)?),
        ("PUT", ["access", name]) => vault(world, name)?.set_access(body(request)?),
        ("PUT", ["network", name]) => vault(world, name)?.set_network(body(request)?),
        ("PUT", ["soft-delete", name]) => vault(world, name)?
            .set_soft_delete(body(request)?)
            .map_err(|flaw| refusal(400, flaw))?,
        ("POST", ["advance", name]) => advance(vault(world, name)?, &body(request)?)?,
        ("PUT", ["arc"]) => world.hosts.arc.set(body(request)?),
        ("PUT", ["sign-in"]) => world.sign_ins.set(body(request)?),
        ("POST", ["revoke-refresh-tokens"]) => world.sign_ins.revoke_all(),
        ("POST", ["expire-tokens"]) => world.tokens.expire_all(),
        ("POST", ["revoke"]) => world.tokens.revoke_all(),
        (method, _) => {
            return Err(refusal(
                404,
                format!("the emulator has no {method} {}", request.path),
            ));
        }
    }
    Ok(Reply::empty(204))
}

fn version(made: Result<String, String>) -> Result<Reply, Refusal> {
    match made {
        Ok(version) => Ok(Reply::json(200, &json!({ "version": version }))),
        Err(reason) => Err(refusal(400, reason)),
    }
}

fn minted(token: Result<Value, String>) -> Result<Reply, Refusal> {
    token
        .map(|token| Reply::json(200, &token))
        .map_err(|reason| refusal(400, reason))
}

/// How far a clock is put forward.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: f64,
}

fn advance(vault: &Vault, advance: &Advance) -> Result<(), Refusal> {
    let by = Duration::try_from_secs_f64(advance.seconds)
        .ok()
        .filter(|by| *by <= LONGEST_ADVANCE)
        .ok_or_else(|| refusal(400, "seconds must be between 0 and 3153600000 (100 years)"))?;
    vault.advance(by);
    Ok(())
}

fn add_fault(world: &World, fault: Fault) -> Result<(), Refusal> {
    match fault.flaw() {
        Some(flaw) => Err(refusal(400, flaw)),
        None => {
            world.faults.add(fault);
            Ok(())
        }
    }
}

fn vault<'a>(world: &'a World, name: &str) -> Result<&'a Vault, Refusal> {
    world
        .vault(name)
        .ok_or_else(|| refusal(404, format!("there is no vault {name}")))
}

fn body<T: DeserializeOwned>(request: &Request) -> Result<T, Refusal> {
    serde_json::from_slice(&request.body).map_err(|error| refusal(400, error.to_string()))
}

fn refusal(status: u16, message: impl Into<String>) -> Refusal {
    Refusal {
        status,
        message: message.into(),
    }
}
