//! What crosses the border: the engine's outputs as small arrays, whose first item says what they are.
//!
//! Their shapes are `Output` and `RawSecret` in `wasm/js/engine.ts`.

use std::borrow::Cow;

use napi::bindgen_prelude::{Array, Object, Uint8ArraySlice};
use napi::{Env, Result};
use nightlatch_core::effect::{Effect, EffectId};
use nightlatch_core::operation::{OpId, Output, Reply};
use nightlatch_core::secret::Secret;
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::UnixTime;

use crate::error;

/// An effect's or operation's number; JavaScript counts exactly up to 2^53.
pub(crate) fn number(id: u64) -> f64 {
    id as f64
}

/// Adds one output to those of a turn. A secret is followed by the number `kept` of the cache's entry, if it is kept.
/// Returns an effect that hosts of this version do not know, for the caller to refuse.
pub(crate) fn output(
    env: &Env,
    outputs: &mut Array<'_>,
    output: Output,
    kept: Option<u32>,
) -> Result<Option<EffectId>> {
    match output {
        Output::Perform { id, op, effect } => return perform(env, outputs, id, op, effect),
        Output::Abort(EffectId(id)) => outputs.insert(("abort", number(id)))?,
        Output::Finished { op: OpId(op), result } => match result {
            Ok(Reply::Secret(found)) => {
                outputs.insert(("secret", number(op), &secret(env, &found)?, kept))?;
            }
            Ok(Reply::Token {
                token,
                expires_on,
                refresh_on,
            }) => outputs.insert((
                "token",
                number(op),
                &*text(&token),
                millis(expires_on),
                millis(refresh_on),
            ))?,
            Ok(_) => {}
            Err(why) => outputs.insert(("error", number(op), &error::object(env, &why)?))?,
        },
        Output::Event(event) => {
            outputs.insert(("event", serde_json::to_string(&event).unwrap_or_default()))?;
        }
        _ => {}
    }
    Ok(None)
}

fn perform(
    env: &Env,
    outputs: &mut Array<'_>,
    effect: EffectId,
    op: Option<OpId>,
    what: Effect,
) -> Result<Option<EffectId>> {
    let (id, op) = (number(effect.0), op.map(|op| number(op.0)));
    match what {
        Effect::Http {
            request,
            timeout,
            route,
        } => {
            let values: Vec<_> = request.headers.iter().map(|(_, value)| text(value)).collect();
            let headers: Vec<(&str, &str)> = request
                .headers
                .iter()
                .zip(&values)
                .map(|((name, _), value)| (name.as_ref(), value.as_ref()))
                .collect();
            let body = Uint8ArraySlice::copy_from(env, request.body.expose())?;
            outputs.insert((
                "http",
                id,
                op,
                request.method.as_str(),
                &request.url,
                headers,
                &body,
                timeout.as_secs_f64() * 1000.0,
                route.is_direct(),
            ))?;
        }
        Effect::ReadFile { path, limit, .. } => outputs.insert(("read_file", id, op, path, limit as f64))?,
        Effect::Run {
            argv,
            env: variables,
            timeout,
        } => outputs.insert(("run", id, op, argv, variables, timeout.as_secs_f64() * 1000.0))?,
        Effect::HostToken {
            handle,
            scopes,
            tenant,
            claims,
            enable_cae,
        } => outputs.insert(("host_token", id, op, handle, scopes, tenant, claims, enable_cae))?,
        _ => return Ok(Some(effect)),
    }
    Ok(None)
}

/// A secret as one flat object; what the vault did not say is left out.
pub(crate) fn secret<'env>(env: &'env Env, secret: &Secret) -> Result<Object<'env>> {
    let p = secret.properties();
    let mut raw = Object::new(env)?;
    raw.set("name", &p.name)?;
    raw.set("value", &*text(secret.value()))?;
    raw.set("id", &p.id)?;
    raw.set("vaultUrl", &p.vault_url)?;
    let texts = [
        ("version", &p.version),
        ("contentType", &p.content_type),
        ("recoveryLevel", &p.recovery_level),
        ("keyId", &p.key_id),
        ("previousVersion", &p.previous_version),
    ];
    for (name, value) in texts {
        if let Some(value) = value {
            raw.set(name, value)?;
        }
    }
    let times = [
        ("notBefore", p.not_before),
        ("expiresOn", p.expires_on),
        ("createdOn", p.created_on),
        ("updatedOn", p.updated_on),
    ];
    for (name, time) in times {
        if let Some(time) = time {
            raw.set(name, millis(time))?;
        }
    }
    for (name, flag) in [("enabled", p.enabled), ("managed", p.managed)] {
        if let Some(flag) = flag {
            raw.set(name, flag)?;
        }
    }
    if let Some(days) = p.recoverable_days {
        raw.set("recoverableDays", days)?;
    }
    if !p.tags.is_empty() {
        let mut tags = Object::new(env)?;
        for (name, value) in &p.tags {
            tags.set(name, value)?;
        }
        raw.set("tags", tags)?;
    }
    Ok(raw)
}

fn millis(time: UnixTime) -> f64 {
    time.as_millis() as f64
}

/// Text of a sensitive value. What is not UTF-8 (no value the service gives) is shown as replacement characters.
fn text(value: &Sensitive) -> Cow<'_, str> {
    match value.expose_str() {
        Some(text) => Cow::Borrowed(text),
        None => String::from_utf8_lossy(value.expose()),
    }
}
