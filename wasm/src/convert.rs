//! What crosses the border: outputs as the arrays, secrets as the plain objects that `js/engine.ts` describes.

use std::time::Duration;

use js_sys::{Array, JsString, Object, Reflect, Uint8Array};
use nightlatch_core::effect::{Effect, EffectId, Request, Route, SigningKey};
use nightlatch_core::operation::{OpId, Output, Reply};
use nightlatch_core::secret::{Secret, SecretId};
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::UnixTime;
use wasm_bindgen::{JsCast, JsValue};

/// A plain object of these members; `undefined` ones are left out.
pub(crate) fn record<const N: usize>(members: [(&str, JsValue); N]) -> JsValue {
    object(&members)
}

/// One function for all lengths.
fn object(members: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in members {
        if !value.is_undefined() {
            // Setting a member of a fresh plain object cannot fail.
            let _set = Reflect::set(&object, &(*name).into(), value);
        }
    }
    object.into()
}

/// A number as JavaScript has them. Ids count from 1 and reach 2⁵³ never.
pub(crate) fn number(value: u64) -> JsValue {
    JsValue::from_f64(value as f64)
}

/// A duration in milliseconds, fractions included.
pub(crate) fn millis(duration: Duration) -> JsValue {
    JsValue::from_f64(duration.as_secs_f64() * 1000.0)
}

/// The text pairs of an array of arrays; what is not text is left out.
pub(crate) fn pairs<T: From<String>>(array: &Array) -> Vec<(String, T)> {
    array
        .iter()
        .filter_map(|pair| {
            let pair = pair.dyn_ref::<Array>()?;
            Some((pair.get(0).as_string()?, pair.get(1).as_string()?.into()))
        })
        .collect()
}

/// A secret value as JavaScript has it: text, or bytes.
pub(crate) fn secret_value(value: &JsValue) -> Sensitive {
    match value.as_string() {
        Some(text) => text.into(),
        None => Uint8Array::new(value).to_vec().into(),
    }
}

/// One output as an array; `secret_object` makes a secret's object, or finds that of what was asked for.
pub(crate) fn output(
    output: Output,
    asked: Option<&SecretId>,
    secret_object: impl FnMut(&Secret, Option<&SecretId>) -> JsValue,
) -> Option<JsValue> {
    let array = match output {
        Output::Perform { id, op, effect } => perform(id, op, effect),
        Output::Abort(id) => array(["abort".into(), number(id.0)]),
        Output::Finished {
            op,
            result: Ok(reply),
        } => finished(op, reply, asked, secret_object),
        Output::Finished {
            op,
            result: Err(error),
        } => array(["error".into(), number(op.0), crate::error::object(&error)]),
        Output::Event(event) => {
            let json = serde_json::to_string(&event).unwrap_or_default();
            array(["event".into(), json.into()])
        }
        _ => return None,
    };
    Some(array)
}

/// A secret as a plain object.
pub(crate) fn secret(secret: &Secret) -> JsValue {
    let p = secret.properties();
    let tags = Object::new();
    for (name, value) in &p.tags {
        let _set = Reflect::set(&tags, &name.into(), &value.into());
    }
    let time = |time: Option<UnixTime>| time.map(millis_since_1970).into();
    let text = |text: &Option<String>| text.as_deref().into();
    record([
        ("value", sensitive(secret.value())),
        ("id", (&p.id).into()),
        ("vaultUrl", (&p.vault_url).into()),
        ("name", (&p.name).into()),
        ("version", text(&p.version)),
        ("enabled", p.enabled.into()),
        ("notBefore", time(p.not_before)),
        ("expiresOn", time(p.expires_on)),
        ("createdOn", time(p.created_on)),
        ("updatedOn", time(p.updated_on)),
        ("contentType", text(&p.content_type)),
        ("tags", tags.into()),
        ("recoveryLevel", text(&p.recovery_level)),
        ("recoverableDays", p.recoverable_days.into()),
        ("managed", p.managed.into()),
        ("keyId", text(&p.key_id)),
        ("previousVersion", text(&p.previous_version)),
    ])
}

/// The end of an operation. What holds a secret is an object, all else the core's own JSON.
fn finished(
    op: OpId,
    reply: Reply,
    asked: Option<&SecretId>,
    mut secret_object: impl FnMut(&Secret, Option<&SecretId>) -> JsValue,
) -> JsValue {
    let op = number(op.0);
    match reply {
        Reply::Secret(secret) => array(["secret".into(), op, secret_object(&secret, asked)]),
        Reply::Secrets(found) => {
            let found: Array = found
                .into_iter()
                .map(|(id, result)| match result {
                    Ok(secret) => secret_object(&secret, Some(&id)),
                    Err(error) => crate::error::object(&error),
                })
                .collect();
            array(["secrets".into(), op, found.into()])
        }
        #[cfg(feature = "manage")]
        Reply::Value(value) => array(["value".into(), op, bytes(value.expose())]),
        Reply::Token {
            token,
            expires_on,
            refresh_on,
        } => array([
            "token".into(),
            op,
            sensitive(&token),
            millis_since_1970(expires_on).into(),
            millis_since_1970(refresh_on).into(),
        ]),
        #[cfg(feature = "reference")]
        Reply::Resolved { ref text, .. } => {
            let text = text.as_ref().map_or(JsValue::UNDEFINED, sensitive);
            array([
                "reply".into(),
                op,
                reply.to_json().unwrap_or_default().into(),
                text,
            ])
        }
        reply => array(["reply".into(), op, reply.to_json().unwrap_or_default().into()]),
    }
}

fn perform(id: EffectId, op: Option<OpId>, effect: Effect) -> JsValue {
    let (id, op) = (number(id.0), op.map_or(JsValue::NULL, |op| number(op.0)));
    match effect {
        Effect::Http {
            request,
            timeout,
            route,
        } => http(id, op, &request, timeout, &route),
        Effect::ReadFile { path, limit, plain } => array([
            "read_file".into(),
            id,
            op,
            path.into(),
            number(limit as u64),
            plain.into(),
        ]),
        Effect::Run { argv, env, timeout } => {
            let env: Array = env
                .iter()
                .map(|(name, value)| array([name.into(), value.into()]))
                .collect();
            array(["run".into(), id, op, strings(argv), env.into(), millis(timeout)])
        }
        Effect::HostToken {
            handle,
            scopes,
            tenant,
            claims,
            enable_cae,
        } => array([
            "host_token".into(),
            id,
            op,
            handle.into(),
            strings(scopes),
            or_null(tenant),
            or_null(claims),
            enable_cae.into(),
        ]),
        Effect::Sign {
            key,
            algorithm,
            message,
            digest,
        } => {
            let key = match key {
                SigningKey::Pkcs8(key) => bytes(key.expose()),
                SigningKey::Host(handle) => handle.into(),
            };
            let algorithm = algorithm.name().into();
            array([
                "sign".into(),
                id,
                op,
                key,
                algorithm,
                bytes(&message),
                bytes(&digest),
            ])
        }
        Effect::Assertion { handle } => array(["assertion".into(), id, op, handle.into()]),
        Effect::Prompt {
            handle,
            message,
            user_code,
            verification_uri,
            expires_on,
        } => array([
            "prompt".into(),
            id,
            op,
            or_null(handle),
            message.into(),
            user_code.into(),
            verification_uri.into(),
            millis_since_1970(expires_on).into(),
        ]),
        Effect::Browse {
            url,
            port,
            state,
            timeout,
        } => array([
            "browse".into(),
            id,
            op,
            url.into(),
            or_null(port),
            state.into(),
            millis(timeout),
        ]),
        #[cfg(feature = "manage")]
        Effect::Rotate {
            step, value, slot, ..
        } => array([
            "rotate".into(),
            id,
            op,
            step.name().into(),
            or_null(value.as_ref().map(sensitive)),
            or_null(slot),
        ]),
        #[cfg(feature = "encryption")]
        Effect::Random { length } => array(["random".into(), id, op, number(length as u64)]),
        _ => array(["unsupported".into(), id, op]),
    }
}

fn http(id: JsValue, op: JsValue, request: &Request, timeout: Duration, route: &Route) -> JsValue {
    let headers: Array = request
        .headers
        .iter()
        .map(|(name, value)| array([name.as_ref().into(), sensitive(value)]))
        .collect();
    array([
        "http".into(),
        id,
        op,
        request.method.as_str().into(),
        (&request.url).into(),
        headers.into(),
        bytes(request.body.expose()),
        millis(timeout),
        route.is_direct().into(),
        trust(route),
    ])
}

/// The one thing that a server is trusted for; null: what the host trusts.
fn trust(route: &Route) -> JsValue {
    match route {
        Route::Pinned(sha1) => record([("sha1", bytes(sha1))]),
        Route::Private { roots, server_name } => record([
            ("roots", (&**roots).into()),
            ("serverName", server_name.as_deref().into()),
        ]),
        _ => JsValue::NULL,
    }
}

fn bytes(content: &[u8]) -> JsValue {
    Uint8Array::from(content).into()
}

fn or_null<T: Into<JsValue>>(value: Option<T>) -> JsValue {
    value.map_or(JsValue::NULL, Into::into)
}

fn millis_since_1970(time: UnixTime) -> f64 {
    time.as_millis() as f64
}

fn array<const N: usize>(items: [JsValue; N]) -> JsValue {
    list(&items)
}

/// One function for all lengths.
fn list(items: &[JsValue]) -> JsValue {
    let array = Array::new();
    for item in items {
        array.push(item);
    }
    array.into()
}

fn strings(texts: Vec<String>) -> JsValue {
    texts.into_iter().map(JsValue::from).collect::<Array>().into()
}

/// Text of a sensitive value. What is not UTF-8 (no value the service gives) is shown as replacement characters.
fn sensitive(value: &Sensitive) -> JsValue {
    match value.expose_str() {
        Some(text) => JsString::from(text).into(),
        None => JsString::from(&*String::from_utf8_lossy(value.expose())).into(),
    }
}
