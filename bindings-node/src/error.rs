//! Errors of the core as plain objects. The class they become is JavaScript's own, see `wasm/js/errors.ts`.

use napi::bindgen_prelude::Object;
use napi::{Env, Error as Thrown, Result, Status};
use nightlatch_core::error::{Error, Identity};

/// All facts of an error, in the names of `RawError` in `wasm/js/engine.ts`.
pub(crate) fn object<'env>(env: &'env Env, error: &Error) -> Result<Object<'env>> {
    let details = error.details();
    let mut raw = Object::new(env)?;
    raw.set("kind", details.kind.name())?;
    raw.set("number", u32::from(details.kind.code()))?;
    raw.set("message", &details.message)?;
    text(&mut raw, "source", details.source.as_deref())?;
    if let Some(who) = &details.identity {
        raw.set("identity", identity(env, who)?)?;
    }
    if let Some(status) = details.status {
        raw.set("status", u32::from(status))?;
    }
    text(&mut raw, "code", details.code.as_deref())?;
    text(&mut raw, "innerCode", details.inner_code.as_deref())?;
    text(&mut raw, "requestId", details.request_id.as_deref())?;
    if let Some(wait) = details.retry_after {
        raw.set("retryAfterMs", wait.as_secs_f64() * 1000.0)?;
    }
    let mut attempts = env.create_array(0)?;
    for attempt in &details.attempts {
        let mut raw = Object::new(env)?;
        raw.set("source", &attempt.source)?;
        raw.set("ending", attempt.ending)?;
        raw.set("reason", &attempt.reason)?;
        attempts.insert(raw)?;
    }
    raw.set("attempts", attempts)?;
    text(&mut raw, "advice", details.advice.as_deref())?;
    text(&mut raw, "help", details.help.map(|help| help.code()))?;
    text(&mut raw, "claims", details.claims.as_deref())?;
    Ok(raw)
}

/// Throws the error's object from the method that returns what this returns.
pub(crate) fn throw(env: &Env, error: &Error) -> Thrown {
    match object(env, error).and_then(|raw| env.throw(raw)) {
        Ok(()) => Thrown::new(Status::PendingException, String::new()),
        Err(why) => why,
    }
}

fn identity<'env>(env: &'env Env, who: &Identity) -> Result<Object<'env>> {
    let mut raw = Object::new(env)?;
    text(&mut raw, "tenant", who.tenant.as_deref())?;
    text(&mut raw, "client", who.client.as_deref())?;
    text(&mut raw, "object", who.object.as_deref())?;
    text(&mut raw, "resource", who.resource.as_deref())?;
    Ok(raw)
}

fn text(object: &mut Object<'_>, name: &str, value: Option<&str>) -> Result<()> {
    value.map_or(Ok(()), |value| object.set(name, value))
}
