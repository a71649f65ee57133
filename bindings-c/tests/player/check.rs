//! What C is told of replies and errors, as JSON, and whether it is what a scenario expects.

use nightlatch::error::nightlatch_attempt_part::*;
use nightlatch::error::nightlatch_error_fact::*;
use nightlatch::error::nightlatch_error_number_fact::*;
use nightlatch::error::*;
use nightlatch::secret::nightlatch_secret_fact::*;
use nightlatch::secret::nightlatch_secret_number_fact::*;
use nightlatch::secret::*;
use nightlatch_tests::scenario::Scenario;
use nightlatch_tests::scenario::format::{Call, Count, Ending};
use nightlatch_tests::scenario::play::callers;
use serde_json::{Map, Value, json};

use super::lent;
use super::world::World;

/// How a call ended.
pub(crate) enum Result {
    Secret(String, Value),
    Token(String),
    Error(Value),
    Cancelled,
}

/// A secret as a C program sees it; frees the handle.
pub(crate) fn take_secret(secret: *mut nightlatch_secret) -> Result {
    // SAFETY: a live handle, freed at the end.
    unsafe {
        let text = |fact: nightlatch_secret_fact| {
            let fact = fact as u32;
            lent(|len| nightlatch_secret_text(secret, fact, len))
        };
        let number = |fact: nightlatch_secret_number_fact| {
            let mut value = 0;
            nightlatch_secret_number(secret, fact as u32, &mut value).then_some(value)
        };
        let flag = |fact| number(fact).map(|value| value == 1);
        let tags: Map<String, Value> = (0..nightlatch_secret_tag_count(secret))
            .map(|nr| {
                let name = lent(|len| nightlatch_secret_tag_name(secret, nr, len)).expect("a name");
                (name, lent(|len| nightlatch_secret_tag(secret, nr, len)).into())
            })
            .collect();
        let properties = json!({
            "id": text(NIGHTLATCH_SECRET_ID),
            "vault_url": text(NIGHTLATCH_SECRET_VAULT_URL),
            "name": text(NIGHTLATCH_SECRET_NAME),
            "version": text(NIGHTLATCH_SECRET_VERSION),
            "enabled": flag(NIGHTLATCH_SECRET_ENABLED),
            "not_before": number(NIGHTLATCH_SECRET_NOT_BEFORE),
            "expires_on": number(NIGHTLATCH_SECRET_EXPIRES_ON),
            "created_on": number(NIGHTLATCH_SECRET_CREATED_ON),
            "updated_on": number(NIGHTLATCH_SECRET_UPDATED_ON),
            "content_type": text(NIGHTLATCH_SECRET_CONTENT_TYPE),
            "tags": tags,
            "recovery_level": text(NIGHTLATCH_SECRET_RECOVERY_LEVEL),
            "managed": flag(NIGHTLATCH_SECRET_MANAGED),
        });
        let value = lent(|len| nightlatch_secret_value(secret, len)).expect("a value");
        nightlatch_secret_free(secret);
        Result::Secret(value, properties)
    }
}

/// A token as a C program sees it; frees the handle.
pub(crate) fn take_token(token: *mut nightlatch_token) -> Result {
    // SAFETY: a live handle, freed at the end.
    unsafe {
        let value = lent(|len| nightlatch_token_value(token, len)).expect("a token");
        nightlatch_token_free(token);
        Result::Token(value)
    }
}

/// An error as a C program sees it; frees the handle.
pub(crate) fn take_error(error: *mut nightlatch_error) -> Value {
    // SAFETY: a live handle, freed at the end.
    unsafe {
        let facts = read_error(error);
        nightlatch_error_free(error);
        facts
    }
}

/// An error as a C program sees it.
///
/// # Safety
/// `error` is a live handle.
pub(crate) unsafe fn read_error(error: *const nightlatch_error) -> Value {
    // SAFETY: the caller's promise.
    unsafe {
        let text = |fact: nightlatch_error_fact| {
            let fact = fact as u32;
            lent(|len| nightlatch_error_text(error, fact, len))
        };
        let mut status = 0;
        let has_status = nightlatch_error_number(error, NIGHTLATCH_ERROR_HTTP_STATUS as u32, &mut status);
        let part = |nr, part: nightlatch_attempt_part| {
            let part = part as u32;
            lent(|len| nightlatch_error_attempt(error, nr, part, len))
        };
        let attempts: Vec<_> = (0..nightlatch_error_attempt_count(error))
            .map(|nr| {
                assert!(part(nr, NIGHTLATCH_ATTEMPT_REASON).is_some());
                (
                    part(nr, NIGHTLATCH_ATTEMPT_SOURCE),
                    part(nr, NIGHTLATCH_ATTEMPT_ENDING),
                )
            })
            .collect();
        json!({
            "number": nightlatch_error_status(error) as u32,
            "kind": text(NIGHTLATCH_ERROR_NAME),
            "message": text(NIGHTLATCH_ERROR_MESSAGE),
            "advice": text(NIGHTLATCH_ERROR_ADVICE),
            "source": text(NIGHTLATCH_ERROR_SOURCE),
            "code": text(NIGHTLATCH_ERROR_CODE),
            "inner_code": text(NIGHTLATCH_ERROR_INNER_CODE),
            "request_id": text(NIGHTLATCH_ERROR_REQUEST_ID),
            "status": has_status.then_some(status),
            "attempts": attempts,
            "identity": {
                "tenant": text(NIGHTLATCH_ERROR_TENANT),
                "client": text(NIGHTLATCH_ERROR_CLIENT),
                "object": text(NIGHTLATCH_ERROR_OBJECT),
                "resource": text(NIGHTLATCH_ERROR_RESOURCE),
            },
        })
    }
}

/// All differences between what a scenario expects and what happened.
pub(crate) fn differences(scenario: &Scenario, played: &std::result::Result<World, Value>) -> Vec<String> {
    let world = match (played, &scenario.expect.construction) {
        (Err(error), Some(expected)) => return error_differs(expected, error),
        (Err(error), None) => return vec![format!("the engine could not be made: {error}")],
        (Ok(_), Some(_)) => return vec!["the engine could be made".into()],
        (Ok(world), None) => world,
    };
    let mut found = Vec::new();
    for call in &scenario.calls {
        let Some(expected) = &call.expect else { continue };
        for caller in callers(call) {
            let differs = match world.ended.get(&caller) {
                None => vec!["did not end".into()],
                Some(ended) => {
                    let mut differs = time_differs(call, ended.ended_ms - ended.began_ms);
                    differs.extend(end_differs(expected, &ended.result));
                    differs
                }
            };
            found.extend(differs.into_iter().map(|what| format!("{caller}: {what}")));
        }
    }
    found.extend(run_differs(scenario, world));
    found
}

fn time_differs(call: &Call, took: u64) -> Vec<String> {
    let late = call.finished_within_ms.is_some_and(|most| took > most);
    let early = call.finished_after_ms.is_some_and(|least| took < least);
    (late || early)
        .then(|| format!("took {took} ms"))
        .into_iter()
        .collect()
}

fn end_differs(expected: &Ending, result: &Result) -> Vec<String> {
    match result {
        Result::Cancelled if expected.cancelled => Vec::new(),
        Result::Error(error) if expected.error.is_some() => error_differs(expected, error),
        Result::Secret(value, properties) if !expected.cancelled && expected.error.is_none() => {
            let mut found = part_differs(&expected.properties, properties);
            if expected.value.as_ref().is_some_and(|expected| expected != value) {
                found.push(format!("the value is {value:?}"));
            }
            found
        }
        Result::Token(token) if !expected.cancelled && expected.error.is_none() => {
            let same = expected.token.as_ref().is_none_or(|expected| expected == token);
            if same {
                Vec::new()
            } else {
                vec![format!("the token is {token:?}")]
            }
        }
        Result::Error(error) => vec![format!("failed: {error}")],
        _ => vec!["ended in another way".into()],
    }
}

fn error_differs(expected: &Ending, error: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (name, expected) in [
        ("kind", &expected.error),
        ("code", &expected.code),
        ("inner_code", &expected.inner_code),
        ("source", &expected.source),
        ("request_id", &expected.request_id),
    ] {
        if expected
            .as_deref()
            .is_some_and(|expected| error[name] != expected)
        {
            found.push(format!("the {name} is {}, expected {expected:?}", error[name]));
        }
    }
    if expected
        .status
        .is_some_and(|expected| error["status"] != expected)
    {
        found.push(format!("the status is {}", error["status"]));
    }
    for (name, parts, wanted) in [
        ("message", &expected.message_contains, true),
        ("message", &expected.message_lacks, false),
        ("advice", &expected.advice_contains, true),
    ] {
        let text = error[name].as_str().unwrap_or_default();
        let wrong = parts.iter().filter(|part| text.contains(part.as_str()) != wanted);
        found.extend(wrong.map(|part| format!("the {name} and {part:?}: {text}")));
    }
    if expected
        .attempts
        .as_ref()
        .is_some_and(|expected| error["attempts"] != json!(expected))
    {
        found.push(format!("the attempts are {}", error["attempts"]));
    }
    found.extend(part_differs(&expected.identity, &error["identity"]));
    found
}

fn part_differs(expected: &Map<String, Value>, actual: &Value) -> Vec<String> {
    let wrong = expected
        .iter()
        .filter(|(name, value)| actual[name.as_str()] != **value);
    wrong
        .map(|(name, value)| format!("{name} is {}, expected {value}", actual[name.as_str()]))
        .collect()
}

fn run_differs(scenario: &Scenario, world: &World) -> Vec<String> {
    let (expect, mut found) = (&scenario.expect, Vec::new());
    for (what, expected, actual) in [
        ("requests", &expect.requests, &world.requests),
        ("commands", &expect.commands, &world.commands),
        ("files", &expect.files, &world.files),
        ("signatures", &expect.signatures, &world.signatures),
        ("prompts", &expect.prompts, &world.prompts),
        ("pages", &expect.pages, &world.pages),
    ] {
        let Some(expected) = expected else { continue };
        let same = expected.len() == actual.len()
            && expected
                .iter()
                .zip(actual)
                .all(|(e, a)| a.starts_with(e.as_str()));
        if !same {
            found.push(format!("the {what} are {actual:#?}"));
        }
    }
    for (beginning, count) in &expect.counts {
        let actual = world
            .requests
            .iter()
            .filter(|request| request.starts_with(beginning.as_str()))
            .count();
        let right = match *count {
            Count::Exactly(count) => actual == count,
            Count::Between(least, most) => (least..=most).contains(&actual),
        };
        if !right {
            found.push(format!("{actual} requests begin with {beginning:?}"));
        }
    }
    for beginning in &expect.never_sent_to {
        let sent = world
            .requests
            .iter()
            .filter_map(|request| request.split_once(' '));
        found.extend(
            sent.filter(|(_, url)| url.starts_with(beginning.as_str()))
                .map(|(_, url)| format!("{url} was sent")),
        );
    }
    let is = |expected: &Value, event: &Value| match expected {
        Value::Object(part) => part_differs(part, event).is_empty(),
        name => event["event"] == *name,
    };
    if let Some(expected) = &expect.events {
        let same =
            expected.len() == world.events.len() && expected.iter().zip(&world.events).all(|(e, a)| is(e, a));
        if !same {
            found.push(format!("the events are {:#?}", world.events));
        }
    }
    let missing = expect
        .events_include
        .iter()
        .filter(|e| !world.events.iter().any(|a| is(e, a)));
    found.extend(missing.map(|event| format!("no event is {event}")));
    let excess = expect
        .events_exclude
        .iter()
        .filter(|name| world.events.iter().any(|a| a["event"] == name.as_str()));
    found.extend(excess.map(|name| format!("the event {name} occurs")));
    found
}
