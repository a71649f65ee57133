//! What crosses the border: the engine's outputs as small tuples, whose first item says what they are.
//!
//! The tuples are described in `_native.pyi`, next to the methods that return them.

use std::sync::Arc;
use std::time::Duration;

use nightlatch_core::cache::store::Entry;
use nightlatch_core::effect::{Effect, EffectId, Request, Route, SigningKey};
use nightlatch_core::error::Error;
use nightlatch_core::operation::{OpId, Output, Reply};
use nightlatch_core::secret::{Secret, SecretId, SecretProperties};
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::UnixTime;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyString, PyTuple};

use crate::error;
use crate::signer::Signer;

static SECRET_CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// The cache's entry of a secret, if there is one.
pub(crate) type Kept<'a> = &'a dyn Fn(&SecretId) -> Option<Arc<Entry<Secret>>>;

/// One output as a tuple. `asked` is the secret that a finished operation was about.
pub(crate) fn output<'py>(
    py: Python<'py>,
    output: Output,
    asked: Option<&SecretId>,
    kept: Kept<'_>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let tuple = match output {
        Output::Perform { id, op, effect } => perform(py, id, op, effect)?,
        Output::Abort(id) => ("abort", id.0).into_pyobject(py)?,
        Output::Finished { op, result } => finished(py, op.0, result, asked, kept)?,
        Output::Event(event) => {
            ("event", serde_json::to_string(&event).unwrap_or_default()).into_pyobject(py)?
        }
        _ => return Ok(None),
    };
    Ok(Some(tuple.into_any()))
}

/// The end of an operation. What holds a secret is passed as an object, all else as the core's own JSON.
fn finished<'py>(
    py: Python<'py>,
    op: u64,
    result: Result<Reply, Error>,
    asked: Option<&SecretId>,
    kept: Kept<'_>,
) -> PyResult<Bound<'py, PyTuple>> {
    match result {
        Err(error) => ("error", op, error::exception(py, &error)?).into_pyobject(py),
        Ok(Reply::Secret(secret)) => ("secret", op, shared(py, &secret, asked, kept)?).into_pyobject(py),
        Ok(Reply::Secrets(found)) => {
            let found = found.into_iter().map(|(id, result)| match result {
                Ok(secret) => shared(py, &secret, Some(&id), kept),
                Err(error) => error::exception(py, &error),
            });
            let found = found.collect::<PyResult<Vec<_>>>()?;
            ("secrets", op, found).into_pyobject(py)
        }
        Ok(Reply::Value(blob)) => ("value", op, PyBytes::new(py, blob.expose())).into_pyobject(py),
        Ok(Reply::Token {
            token,
            expires_on,
            refresh_on,
        }) => {
            let token = text(py, &token);
            ("token", op, token, expires_on.as_secs(), refresh_on.as_secs()).into_pyobject(py)
        }
        Ok(reply) => {
            let json = reply.to_json();
            match (reply, json) {
                (Reply::Resolved { text: filled, .. }, Some(json)) => {
                    let filled = filled.as_ref().map(|filled| text(py, filled));
                    ("resolved", op, filled, json).into_pyobject(py)
                }
                (_, Some(json)) => ("reply", op, json).into_pyobject(py),
                (_, None) => ("unsupported_reply", op).into_pyobject(py),
            }
        }
    }
}

/// The object that everybody gets who reads this copy, or one of its own for a secret that is not kept.
fn shared<'py>(
    py: Python<'py>,
    secret: &Secret,
    id: Option<&SecretId>,
    kept: Kept<'_>,
) -> PyResult<Bound<'py, PyAny>> {
    match id.and_then(kept).filter(|entry| entry.value == *secret) {
        Some(entry) => ready_made(py, &entry),
        None => secret_object(py, secret),
    }
}

fn perform<'py>(
    py: Python<'py>,
    id: EffectId,
    op: Option<OpId>,
    effect: Effect,
) -> PyResult<Bound<'py, PyTuple>> {
    let op = op.map(|op| op.0);
    match effect {
        Effect::Http {
            request,
            timeout,
            route,
        } => http(py, id, op, &request, timeout, &route),
        Effect::ReadFile { path, limit, plain } => {
            ("read_file", id.0, op, path, limit, plain).into_pyobject(py)
        }
        Effect::Run { argv, env, timeout } => {
            ("run", id.0, op, argv, env, timeout.as_secs_f64()).into_pyobject(py)
        }
        Effect::HostToken {
            handle,
            scopes,
            tenant,
            claims,
            enable_cae,
        } => ("host_token", id.0, op, handle, scopes, tenant, claims, enable_cae).into_pyobject(py),
        Effect::Sign {
            key,
            algorithm,
            message,
            ..
        } => {
            let signer = match key {
                SigningKey::Host(handle) => handle.into_pyobject(py)?.into_any(),
                SigningKey::Pkcs8(key) => Signer::new(key, algorithm).into_pyobject(py)?.into_any(),
            };
            let message = PyBytes::new(py, &message);
            ("sign", id.0, op, signer, message, algorithm.name()).into_pyobject(py)
        }
        Effect::Assertion { handle } => ("assertion", id.0, op, handle).into_pyobject(py),
        Effect::Prompt {
            handle,
            message,
            user_code,
            verification_uri,
            expires_on,
        } => {
            let end = expires_on.as_secs();
            (
                "prompt",
                id.0,
                op,
                handle,
                message,
                user_code,
                verification_uri,
                end,
            )
                .into_pyobject(py)
        }
        Effect::Browse {
            url,
            port,
            state,
            timeout,
        } => ("browse", id.0, op, url, port, state, timeout.as_secs_f64()).into_pyobject(py),
        Effect::Rotate {
            handle,
            step,
            value,
            slot,
        } => {
            let value = value.as_ref().map(|value| text(py, value));
            ("rotate", id.0, op, handle, step.name(), value, slot).into_pyobject(py)
        }
        Effect::Random { length } => ("random", id.0, op, length).into_pyobject(py),
        _ => ("unsupported", id.0, op).into_pyobject(py),
    }
}

/// What a way trusts at its end: SHA-1 of the certificate, or authorities in PEM and the server's name.
type Trust<'a> = (Option<&'a [u8]>, Option<&'a str>, Option<&'a str>);

/// `None`: what the host's network trusts.
fn trust(route: &Route) -> Option<Trust<'_>> {
    match route {
        Route::Pinned(sha1) => Some((Some(sha1), None, None)),
        Route::Private { roots, server_name } => Some((None, Some(roots), server_name.as_deref())),
        _ => None,
    }
}

fn http<'py>(
    py: Python<'py>,
    id: EffectId,
    op: Option<u64>,
    request: &Request,
    timeout: Duration,
    route: &Route,
) -> PyResult<Bound<'py, PyTuple>> {
    let headers = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_ref(), text(py, value)))
        .collect::<Vec<_>>();
    (
        "http",
        id.0,
        op,
        request.method.as_str(),
        &request.url,
        headers,
        PyBytes::new(py, request.body.expose()),
        timeout.as_secs_f64(),
        route.is_direct(),
        trust(route),
    )
        .into_pyobject(py)
}

/// The entry's ready-made object; made at the first hit and kept in the entry, so that later ones allocate
/// nothing.
pub(crate) fn ready_made<'py>(py: Python<'py>, entry: &Arc<Entry<Secret>>) -> PyResult<Bound<'py, PyAny>> {
    if let Some(object) = in_slot(py, entry) {
        return Ok(object);
    }
    let object = secret_object(py, &entry.value)?;
    // Another thread may have been quicker while Python made ours; then everybody gets the first one.
    match entry.slot.set(Box::new(object.clone().unbind())) {
        Ok(()) => Ok(object),
        Err(_late) => Ok(in_slot(py, entry).unwrap_or(object)),
    }
}

/// The object in the entry's slot, if it was made already.
#[inline]
pub(crate) fn in_slot<'py>(py: Python<'py>, entry: &Entry<Secret>) -> Option<Bound<'py, PyAny>> {
    entry
        .slot
        .get()?
        .downcast_ref::<Py<PyAny>>()
        .map(|object| object.bind(py).clone())
}

fn secret_object<'py>(py: Python<'py>, secret: &Secret) -> PyResult<Bound<'py, PyAny>> {
    SECRET_CLASS
        .import(py, "nightlatch.models", "secret_from_native")?
        .call1((text(py, secret.value()), properties(py, secret.properties())?))
}

/// In the order in which `nightlatch.models` takes them, in three groups; times in milliseconds since 1970.
fn properties<'py>(py: Python<'py>, p: &SecretProperties) -> PyResult<Bound<'py, PyTuple>> {
    let times = [p.not_before, p.expires_on, p.created_on, p.updated_on];
    let [not_before, expires_on, created_on, updated_on] = times.map(|time| time.map(UnixTime::as_millis));
    let identity = (&p.id, &p.vault_url, &p.name, p.version.as_deref());
    let state = (p.enabled, not_before, expires_on, created_on, updated_on);
    let rest = (
        p.content_type.as_deref(),
        &p.tags,
        p.recovery_level.as_deref(),
        p.recoverable_days,
        p.managed,
        p.key_id.as_deref(),
        p.previous_version.as_deref(),
    );
    (identity, state, rest).into_pyobject(py)
}

/// Text of a sensitive value. What is not UTF-8 (no value the service gives) is shown as replacement characters.
pub(crate) fn text<'py>(py: Python<'py>, value: &Sensitive) -> Bound<'py, PyString> {
    match value.expose_str() {
        Some(text) => PyString::new(py, text),
        None => PyString::new(py, &String::from_utf8_lossy(value.expose())),
    }
}
