//! What crosses the border: an effect read by C's functions, an answer put together by them.

use std::borrow::Cow;
use std::time::Duration;

use nightlatch::effect::nightlatch_effect_fact::*;
use nightlatch::effect::nightlatch_effect_kind::*;
use nightlatch::effect::nightlatch_effect_list::*;
use nightlatch::effect::nightlatch_effect_number_fact::*;
use nightlatch::effect::*;
use nightlatch::outcome::*;
use nightlatch::status::nightlatch_status::NIGHTLATCH_OK;
use nightlatch_core::effect::{Effect, Method, Outcome, Request, Route};

use super::{lent, raw};

/// An effect as the world of rules knows it, from what C is told of it.
///
/// # Safety
/// `effect` is a live handle.
pub(crate) unsafe fn read_effect(effect: *const nightlatch_effect) -> Effect {
    // SAFETY: the caller's live handle.
    unsafe {
        let text = |fact: nightlatch_effect_fact| {
            let fact = fact as u32;
            lent(|len| nightlatch_effect_text(effect, fact, len))
        };
        let number = |fact: nightlatch_effect_number_fact| {
            let mut value = 0;
            nightlatch_effect_number(effect, fact as u32, &mut value).then_some(value)
        };
        let list = |list: nightlatch_effect_list| -> Vec<(String, String)> {
            let list = list as u32;
            let item = |nr| {
                let name = lent(|len| nightlatch_effect_item_name(effect, list, nr, len));
                (
                    name.expect("a name"),
                    lent(|len| nightlatch_effect_item(effect, list, nr, len)).expect("a value"),
                )
            };
            (0..nightlatch_effect_count(effect, list)).map(item).collect()
        };
        let timeout = || Duration::from_millis(number(NIGHTLATCH_EFFECT_TIMEOUT_MS).expect("a timeout"));
        let kind = nightlatch_effect_kind_of(effect);
        if kind == NIGHTLATCH_EFFECT_HTTP as u32 {
            let url = text(NIGHTLATCH_EFFECT_URL).expect("a URL");
            let method = text(NIGHTLATCH_EFFECT_METHOD).expect("a method");
            let headers = list(NIGHTLATCH_EFFECT_HEADERS).into_iter();
            let methods = [
                Method::Get,
                Method::Post,
                Method::Put,
                Method::Patch,
                Method::Delete,
            ];
            let method = methods
                .into_iter()
                .find(|m| m.as_str() == method)
                .expect("a method");
            let mut request = Request::new(method, url);
            request.headers = headers
                .map(|(name, value)| (Cow::Owned(name), value.into()))
                .collect();
            request.body = lent(|len| nightlatch_effect_body(effect, len))
                .expect("a body")
                .into();
            let direct = number(NIGHTLATCH_EFFECT_DIRECT) == Some(1);
            return Effect::Http {
                request,
                timeout: timeout(),
                route: if direct { Route::Direct } else { Route::Ordinary },
            };
        }
        if kind == NIGHTLATCH_EFFECT_READ_FILE as u32 {
            let path = text(NIGHTLATCH_EFFECT_PATH).expect("a path");
            let limit = number(NIGHTLATCH_EFFECT_LIMIT).expect("a limit") as usize;
            return Effect::ReadFile {
                path,
                limit,
                plain: false,
            };
        }
        assert_eq!(
            kind, NIGHTLATCH_EFFECT_RUN as u32,
            "an effect that scenarios do not have"
        );
        let argv: Vec<String> = list(NIGHTLATCH_EFFECT_ARGUMENTS)
            .into_iter()
            .map(|(_, value)| value)
            .collect();
        Effect::Run {
            argv,
            env: list(NIGHTLATCH_EFFECT_VARIABLES),
            timeout: timeout(),
        }
    }
}

/// Puts an answer together as a C program does.
///
/// # Safety
/// `answer` is a live handle.
pub(crate) unsafe fn put(answer: *mut nightlatch_outcome, outcome: &Outcome) {
    // SAFETY: the caller's live handle, and texts that live through the calls.
    let status = unsafe {
        match outcome {
            Outcome::Http(response) => {
                assert_eq!(
                    nightlatch_outcome_http(answer, response.status.into()),
                    NIGHTLATCH_OK
                );
                for (name, value) in &response.headers {
                    let ((n, n_len), (v, v_len)) = (raw(name), raw(value));
                    assert_eq!(
                        nightlatch_outcome_add_header(answer, n, n_len, v, v_len),
                        NIGHTLATCH_OK
                    );
                }
                let body = response.body.expose();
                nightlatch_outcome_add_body(answer, body.as_ptr().cast(), body.len())
            }
            Outcome::File { content, .. } => {
                let content = content.expose();
                nightlatch_outcome_file(answer, content.as_ptr().cast(), content.len())
            }
            Outcome::Ran {
                status,
                stdout,
                stderr,
            } => {
                let (out, err) = (stdout.expose(), stderr.expose());
                let status = status.unwrap_or(NIGHTLATCH_SIGNALLED);
                let (out_at, err_at) = (out.as_ptr().cast(), err.as_ptr().cast());
                nightlatch_outcome_run(answer, status, out_at, out.len(), err_at, err.len())
            }
            Outcome::Failed(fault) => {
                let number = FAULTS
                    .iter()
                    .position(|kind| *kind == fault.kind)
                    .expect("a fault")
                    + 1;
                let (d, d_len) = raw(&fault.detail);
                nightlatch_outcome_fail(answer, number as u32, d, d_len)
            }
            other => panic!("scenarios have no {other:?}"),
        }
    };
    assert_eq!(status, NIGHTLATCH_OK);
}
