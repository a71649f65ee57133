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
use nightlatch_core::effect::{Algorithm, Effect, Method, Outcome, Request, RotationStep, Route, SigningKey};
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::UnixTime;

use super::{lent, lent_bytes, raw};

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
        let bytes = |fact: nightlatch_effect_fact| {
            let fact = fact as u32;
            lent_bytes(|len| nightlatch_effect_text(effect, fact, len))
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
            let route = match (bytes(NIGHTLATCH_EFFECT_PIN), text(NIGHTLATCH_EFFECT_ROOTS)) {
                (Some(sha1), None) => Route::Pinned(sha1.try_into().expect("20 bytes")),
                (None, Some(roots)) => Route::Private {
                    roots: roots.into(),
                    server_name: text(NIGHTLATCH_EFFECT_SERVER_NAME).map(Into::into),
                },
                (None, None) if number(NIGHTLATCH_EFFECT_DIRECT) == Some(1) => Route::Direct,
                (None, None) => Route::Ordinary,
                (Some(_), Some(_)) => panic!("one of both"),
            };
            assert_eq!(
                number(NIGHTLATCH_EFFECT_DIRECT),
                Some(u64::from(route.is_direct()))
            );
            return Effect::Http {
                request,
                timeout: timeout(),
                route,
            };
        }
        if kind == NIGHTLATCH_EFFECT_READ_FILE as u32 {
            return Effect::ReadFile {
                path: text(NIGHTLATCH_EFFECT_PATH).expect("a path"),
                limit: number(NIGHTLATCH_EFFECT_LIMIT).expect("a limit") as usize,
                plain: number(NIGHTLATCH_EFFECT_PLAIN).expect("a rule") == 1,
            };
        }
        let handle = number(NIGHTLATCH_EFFECT_HANDLE).map(|handle| handle as u32);
        if kind == NIGHTLATCH_EFFECT_SIGN as u32 {
            let algorithm = text(NIGHTLATCH_EFFECT_ALGORITHM).expect("an algorithm");
            let known = [Algorithm::Ps256, Algorithm::Rs256];
            return Effect::Sign {
                // A key at hand never crosses the border.
                key: handle.map_or(SigningKey::Pkcs8(Sensitive::default()), SigningKey::Host),
                algorithm: known
                    .into_iter()
                    .find(|known| known.name() == algorithm)
                    .expect("an algorithm"),
                message: bytes(NIGHTLATCH_EFFECT_MESSAGE).expect("a message"),
                digest: bytes(NIGHTLATCH_EFFECT_DIGEST)
                    .expect("a digest")
                    .try_into()
                    .expect("32 bytes"),
            };
        }
        if kind == NIGHTLATCH_EFFECT_ASSERTION as u32 {
            return Effect::Assertion {
                handle: handle.expect("a handle"),
            };
        }
        if kind == NIGHTLATCH_EFFECT_PROMPT as u32 {
            let end = number(NIGHTLATCH_EFFECT_EXPIRES_ON).expect("an end");
            return Effect::Prompt {
                handle,
                message: text(NIGHTLATCH_EFFECT_MESSAGE).expect("a message"),
                user_code: text(NIGHTLATCH_EFFECT_USER_CODE).expect("a code"),
                verification_uri: text(NIGHTLATCH_EFFECT_VERIFICATION_URI).expect("a page"),
                expires_on: UnixTime::from_secs(end as i64),
            };
        }
        if kind == NIGHTLATCH_EFFECT_BROWSE as u32 {
            return Effect::Browse {
                url: text(NIGHTLATCH_EFFECT_URL).expect("a page"),
                port: number(NIGHTLATCH_EFFECT_PORT).map(|port| port as u16),
                state: text(NIGHTLATCH_EFFECT_STATE).expect("a state"),
                timeout: timeout(),
            };
        }
        if kind == NIGHTLATCH_EFFECT_RANDOM as u32 {
            return Effect::Random {
                length: number(NIGHTLATCH_EFFECT_LENGTH).expect("a length") as usize,
            };
        }
        if kind == NIGHTLATCH_EFFECT_ROTATE as u32 {
            let step = text(NIGHTLATCH_EFFECT_STEP).expect("a step");
            let steps = [RotationStep::Make, RotationStep::Apply, RotationStep::Verify];
            let step = steps
                .into_iter()
                .find(|known| known.name() == step)
                .expect("a step");
            let value = lent(|len| nightlatch_effect_body(effect, len)).expect("a value");
            return Effect::Rotate {
                handle: handle.expect("a handle"),
                step,
                value: (step != RotationStep::Make).then(|| value.into()),
                slot: text(NIGHTLATCH_EFFECT_SLOT),
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
            Outcome::File { content, shared } => {
                let content = content.expose();
                nightlatch_outcome_file(answer, content.as_ptr().cast(), content.len(), *shared)
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
            Outcome::Signed(signature) => {
                nightlatch_outcome_signature(answer, signature.as_ptr().cast(), signature.len())
            }
            Outcome::Assertion(assertion) => {
                let (a, a_len) = raw(assertion.expose_str().expect("text"));
                nightlatch_outcome_assertion(answer, a, a_len)
            }
            Outcome::Prompted => nightlatch_outcome_prompted(answer),
            Outcome::Returned {
                redirect_uri,
                answer: brought,
            } => {
                let ((r, r_len), brought) = (raw(redirect_uri), brought.expose());
                nightlatch_outcome_returned(answer, r, r_len, brought.as_ptr().cast(), brought.len())
            }
            Outcome::Random(bytes) => {
                let bytes = bytes.expose();
                nightlatch_outcome_random(answer, bytes.as_ptr().cast(), bytes.len())
            }
            Outcome::Made(value) => {
                let (v, v_len) = raw(value.expose_str().expect("text"));
                nightlatch_outcome_made(answer, v, v_len)
            }
            Outcome::Done => nightlatch_outcome_done(answer),
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
