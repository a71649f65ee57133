//! What crosses the border: the engine's outputs as small arrays, whose first item says what they are.
//!
//! Their shapes are `Output` and `RawSecret` in `wasm/js/engine.ts`.

use std::borrow::Cow;
use std::time::Duration;

use napi::bindgen_prelude::{Array, Object, Uint8ArraySlice};
use napi::{Env, Result};
use nightlatch_core::effect::{Effect, EffectId, Request, Route, SigningKey};
use nightlatch_core::error::Error;
use nightlatch_core::operation::{OpId, Output, Reply};
use nightlatch_core::secret::{Secret, SecretId};
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::UnixTime;

use crate::error;

/// An effect's or operation's number; JavaScript counts exactly up to 2^53.
pub(crate) fn number(id: u64) -> f64 {
    id as f64
}

/// The number of the cache's entry of a secret that was asked for, if it is kept.
pub(crate) type Kept<'a> = &'a dyn Fn(&SecretId, &Secret) -> Option<u32>;

/// Adds one output to those of a turn; `asked` is the secret that a finished operation was about. Each secret that is
/// kept has the number of its entry beside it. Returns an effect that hosts of this version do not know, for the
/// caller to refuse.
pub(crate) fn output(
    env: &Env,
    outputs: &mut Array<'_>,
    output: Output,
    asked: Option<&SecretId>,
    kept: Kept<'_>,
) -> Result<Option<EffectId>> {
    match output {
        Output::Perform { id, op, effect } => return perform(env, outputs, id, op, effect),
        Output::Abort(EffectId(id)) => outputs.insert(("abort", number(id)))?,
        Output::Finished { op: OpId(op), result } => {
            finished(env, outputs, number(op), result, asked, kept)?;
        }
        Output::Event(event) => {
            outputs.insert(("event", serde_json::to_string(&event).unwrap_or_default()))?;
        }
        _ => {}
    }
    Ok(None)
}

/// The end of an operation. What holds a secret is an object, all else the core's own JSON.
fn finished(
    env: &Env,
    outputs: &mut Array<'_>,
    op: f64,
    result: std::result::Result<Reply, Error>,
    asked: Option<&SecretId>,
    kept: Kept<'_>,
) -> Result<()> {
    match result {
        Err(why) => outputs.insert(("error", op, &error::object(env, &why)?)),
        Ok(Reply::Secret(found)) => {
            let number = asked.and_then(|id| kept(id, &found));
            outputs.insert(("secret", op, &secret(env, &found)?, number))
        }
        Ok(Reply::Secrets(found)) => {
            let (mut ends, mut numbers) = (env.create_array(0)?, Vec::new());
            for (id, end) in found {
                match end {
                    Ok(found) => {
                        ends.insert(secret(env, &found)?)?;
                        numbers.push(kept(&id, &found));
                    }
                    Err(why) => {
                        ends.insert(error::object(env, &why)?)?;
                        numbers.push(None);
                    }
                }
            }
            outputs.insert(("secrets", op, ends, numbers))
        }
        Ok(Reply::Value(value)) => outputs.insert(("value", op, &bytes(env, value.expose())?)),
        Ok(Reply::Token {
            token,
            expires_on,
            refresh_on,
        }) => outputs.insert((
            "token",
            op,
            &*text_of(&token),
            millis(expires_on),
            millis(refresh_on),
        )),
        Ok(reply) => {
            let text = match &reply {
                Reply::Resolved { text, .. } => text.as_ref().map(text_of),
                _ => None,
            };
            outputs.insert(("reply", op, reply.to_json().unwrap_or_default(), text.as_deref()))
        }
    }
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
        } => http(env, outputs, (id, op), &request, timeout, &route)?,
        Effect::ReadFile { path, limit, plain } => {
            outputs.insert(("read_file", id, op, path, limit as f64, plain))?;
        }
        Effect::Run {
            argv,
            env: variables,
            timeout,
        } => outputs.insert(("run", id, op, argv, variables, span(timeout)))?,
        Effect::HostToken {
            handle,
            scopes,
            tenant,
            claims,
            enable_cae,
        } => outputs.insert(("host_token", id, op, handle, scopes, tenant, claims, enable_cae))?,
        Effect::Sign {
            key,
            algorithm,
            message,
            digest,
        } => {
            let (message, digest) = (bytes(env, &message)?, bytes(env, &digest)?);
            let algorithm = algorithm.name();
            match key {
                SigningKey::Host(handle) => {
                    outputs.insert(("sign", id, op, handle, algorithm, &message, &digest))?;
                }
                SigningKey::Pkcs8(key) => {
                    let key = bytes(env, key.expose())?;
                    outputs.insert(("sign", id, op, &key, algorithm, &message, &digest))?;
                }
            }
        }
        Effect::Assertion { handle } => outputs.insert(("assertion", id, op, handle))?,
        Effect::Prompt {
            handle,
            message,
            user_code,
            verification_uri,
            expires_on,
        } => {
            let end = millis(expires_on);
            outputs.insert((
                "prompt",
                id,
                op,
                handle,
                message,
                user_code,
                verification_uri,
                end,
            ))?;
        }
        Effect::Browse {
            url,
            port,
            state,
            timeout,
        } => outputs.insert(("browse", id, op, url, port, state, span(timeout)))?,
        Effect::Rotate {
            step, value, slot, ..
        } => {
            let value = value.as_ref().map(text_of);
            outputs.insert(("rotate", id, op, step.name(), value.as_deref(), slot))?;
        }
        Effect::Random { length } => outputs.insert(("random", id, op, length as f64))?,
        _ => return Ok(Some(effect)),
    }
    Ok(None)
}

fn http(
    env: &Env,
    outputs: &mut Array<'_>,
    (id, op): (f64, Option<f64>),
    request: &Request,
    timeout: Duration,
    route: &Route,
) -> Result<()> {
    let values: Vec<_> = request.headers.iter().map(|(_, value)| text_of(value)).collect();
    let headers: Vec<(&str, &str)> = request
        .headers
        .iter()
        .zip(&values)
        .map(|((name, _), value)| (name.as_ref(), value.as_ref()))
        .collect();
    outputs.insert((
        "http",
        id,
        op,
        request.method.as_str(),
        &request.url,
        headers,
        &bytes(env, request.body.expose())?,
        span(timeout),
        route.is_direct(),
        trust(env, route)?,
    ))
}

/// The one thing that a server is trusted for; `None`: what the host trusts.
fn trust<'env>(env: &'env Env, route: &Route) -> Result<Option<Object<'env>>> {
    let mut trust = Object::new(env)?;
    match route {
        Route::Pinned(sha1) => trust.set("sha1", bytes(env, sha1)?)?,
        Route::Private { roots, server_name } => {
            trust.set("roots", &**roots)?;
            if let Some(name) = server_name {
                trust.set("serverName", &**name)?;
            }
        }
        _ => return Ok(None),
    }
    Ok(Some(trust))
}

/// A secret as one flat object; what the vault did not say is left out.
pub(crate) fn secret<'env>(env: &'env Env, secret: &Secret) -> Result<Object<'env>> {
    let p = secret.properties();
    let mut raw = Object::new(env)?;
    raw.set("name", &p.name)?;
    raw.set("value", &*text_of(secret.value()))?;
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

fn span(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn bytes<'env>(env: &'env Env, content: &[u8]) -> Result<Uint8ArraySlice<'env>> {
    Uint8ArraySlice::copy_from(env, content)
}

/// Text of a sensitive value. What is not UTF-8 (no value the service gives) is shown as replacement characters.
pub(crate) fn text_of(value: &Sensitive) -> Cow<'_, str> {
    match value.expose_str() {
        Some(text) => Cow::Borrowed(text),
        None => String::from_utf8_lossy(value.expose()),
    }
}
