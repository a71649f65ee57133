//! Errors of the core as plain objects; their classes are TypeScript, in `js/errors.ts`.

use js_sys::Array;
use nightlatch_core::error::{Error, Identity};
use wasm_bindgen::JsValue;

use crate::convert::{millis, record};

/// The object `RawError` of `js/engine.ts`.
pub(crate) fn object(error: &Error) -> JsValue {
    let details = error.details();
    let text = |text: &Option<String>| text.as_deref().into();
    let attempts: Array = details
        .attempts
        .iter()
        .map(|attempt| {
            record([
                ("source", (&attempt.source).into()),
                ("ending", attempt.ending.into()),
                ("reason", (&attempt.reason).into()),
            ])
        })
        .collect();
    record([
        ("kind", details.kind.name().into()),
        ("number", details.kind.code().into()),
        ("message", (&details.message).into()),
        ("source", text(&details.source)),
        (
            "identity",
            details.identity.as_ref().map_or(JsValue::UNDEFINED, identity),
        ),
        ("status", details.status.into()),
        ("code", text(&details.code)),
        ("innerCode", text(&details.inner_code)),
        ("requestId", text(&details.request_id)),
        (
            "retryAfterMs",
            details.retry_after.map_or(JsValue::UNDEFINED, millis),
        ),
        ("attempts", attempts.into()),
        ("advice", text(&details.advice)),
        ("help", details.help.map(|help| help.code()).into()),
        ("claims", text(&details.claims)),
    ])
}

fn identity(identity: &Identity) -> JsValue {
    let text = |text: &Option<String>| text.as_deref().into();
    record([
        ("tenant", text(&identity.tenant)),
        ("client", text(&identity.client)),
        ("object", text(&identity.object)),
        ("resource", text(&identity.resource)),
    ])
}
