//! What C is told of replies and errors, as JSON, and whether it is what a scenario expects.

use nightlatch::error::nightlatch_attempt_part::*;
use nightlatch::error::nightlatch_error_fact::*;
use nightlatch::error::nightlatch_error_number_fact::*;
use nightlatch::error::*;
use nightlatch::list::*;
use nightlatch::properties::nightlatch_secret_fact::*;
use nightlatch::properties::nightlatch_secret_number_fact::*;
use nightlatch::properties::*;
use nightlatch::reply::*;
use nightlatch::report::*;
use nightlatch::resolved::*;
use nightlatch::rotation::*;
use nightlatch::secret::*;
use nightlatch::value::*;
use nightlatch_tests::scenario::Scenario;
use nightlatch_tests::scenario::check::{depth_differs, missing};
use nightlatch_tests::scenario::format::{Call, Count, Ending};
use nightlatch_tests::scenario::play::callers;
use serde_json::{Map, Value, json};

use super::world::World;
use super::{lent, raw};

/// How a call ended.
pub(crate) enum Result {
    /// What is secret in it (a value, a token, a backup), and the rest in the shape of the core's own JSON.
    Reply(Option<String>, Value),
    Error(Value),
    Cancelled,
}

/// Everything that a reply comes to, as a C program sees it.
///
/// # Safety
/// `reply` is a live handle.
pub(crate) unsafe fn read_reply(reply: *const nightlatch_reply) -> Result {
    // SAFETY: the caller's live handle, and what it lends.
    unsafe {
        let (secret, token) = (nightlatch_reply_secret(reply), nightlatch_reply_token(reply));
        if !secret.is_null() {
            return take_secret(secret);
        }
        if !token.is_null() {
            return take_token(token);
        }
        let value = nightlatch_reply_value(reply);
        if !value.is_null() {
            return Result::Reply(lent(|len| nightlatch_value_data(value, len)), json!({}));
        }
        let mut rest = json!({});
        let mut finished = false;
        if nightlatch_reply_finished(reply, &mut finished) {
            rest["finished"] = finished.into();
        }
        let properties = nightlatch_reply_properties(reply);
        if !properties.is_null() {
            rest["properties"] = read_properties(properties);
        }
        let page = nightlatch_reply_page(reply);
        if !page.is_null() {
            let listed = |nr| {
                let item = read_properties(nightlatch_page_item(page, nr));
                let name = item["name"].as_str().expect("a name");
                match item["version"].as_str() {
                    Some(version) => format!("{name}/{version}"),
                    None => name.to_owned(),
                }
            };
            assert!(nightlatch_page_item(page, nightlatch_page_count(page)).is_null());
            rest["page"] = (0..nightlatch_page_count(page)).map(listed).collect();
            rest["continuation"] = lent(|len| nightlatch_page_continuation(page, len)).into();
        }
        let mut next = 0;
        if nightlatch_reply_next_refresh(reply, &mut next) {
            rest["next_refresh"] = (next as f64 / 1000.0).into();
        }
        let secrets = nightlatch_reply_secrets(reply);
        if !secrets.is_null() {
            rest["secrets"] = read_secrets(secrets);
        }
        let report = nightlatch_reply_report(reply);
        if !report.is_null() {
            rest["told"] = read_report(report);
        }
        let rotation = nightlatch_reply_rotation(reply);
        if !rotation.is_null() {
            rest["told"] = json!({
                "properties": read_properties(nightlatch_rotation_properties(rotation)),
                "previous_version": lent(|len| nightlatch_rotation_previous_version(rotation, len)),
                "slot": lent(|len| nightlatch_rotation_slot(rotation, len)),
                "resumed": nightlatch_rotation_is_resumed(rotation),
            });
        }
        let resolved = nightlatch_reply_resolved(reply);
        if !resolved.is_null() {
            assert_eq!(nightlatch_resolved_report(resolved), report);
            let text = lent(|len| nightlatch_resolved_text(resolved, len));
            return Result::Reply(text, rest);
        }
        assert_ne!(rest, json!({}), "a reply that comes to nothing");
        Result::Reply(None, rest)
    }
}

/// The report's JSON, when every fact in it is found at its path too.
unsafe fn read_report(report: *const nightlatch_report) -> Value {
    // SAFETY: the caller's live handle.
    unsafe {
        let json = lent(|len| nightlatch_report_json(report, len)).expect("JSON");
        let told: Value = serde_json::from_str(&json).expect("JSON");
        find_all(report, "", &told);
        let troubles = told["troubles"].as_array().into_iter().flatten();
        let errors: Vec<_> = troubles
            .map(|trouble| &trouble["error"])
            .chain([&told["error"]])
            .filter(|error| !error.is_null())
            .collect();
        let missing = told["references"].as_array().into_iter().flatten();
        let missing = missing.filter(|each| each["status"] != "Resolved").count();
        assert_eq!(nightlatch_report_ok(report), errors.is_empty() && missing == 0);
        let transient = !errors.is_empty() && errors.iter().all(|error| error["transient"] == true);
        assert_eq!(nightlatch_report_is_transient(report), transient);
        told
    }
}

/// Each fact is at its path and of its kind, and of no other.
unsafe fn find_all(report: *const nightlatch_report, path: &str, told: &Value) {
    let below = |name: &str| {
        let point = if path.is_empty() { "" } else { "." };
        format!("{path}{point}{name}")
    };
    let (p, p_len) = raw(path);
    let mut number = f64::NAN;
    // SAFETY: the caller's live handle, and texts that live through the calls.
    unsafe {
        let text = lent(|len| nightlatch_report_text(report, p, p_len, len));
        let number = nightlatch_report_number(report, p, p_len, &mut number).then_some(number);
        let count = nightlatch_report_count(report, p, p_len);
        assert_eq!(text.as_deref(), told.as_str(), "{path}");
        let flag = told.as_bool().map(|flag| f64::from(u8::from(flag)));
        assert_eq!(number, told.as_f64().or(flag), "{path}");
        assert_eq!(count, told.as_array().map_or(0, Vec::len), "{path}");
        if let Some(items) = told.as_array() {
            for (nr, item) in items.iter().enumerate() {
                find_all(report, &below(&nr.to_string()), item);
            }
        }
        for (name, field) in told.as_object().into_iter().flatten() {
            find_all(report, &below(name), field);
        }
    }
}

/// How each of many secrets fared, by its name.
unsafe fn read_secrets(secrets: *const nightlatch_secrets) -> Value {
    let mut fared = json!({});
    // SAFETY: the caller's live handle, and what it lends.
    unsafe {
        for nr in 0..nightlatch_secrets_count(secrets) {
            let name = lent(|len| nightlatch_secrets_name(secrets, nr, len)).expect("a name");
            let (secret, why) = (
                nightlatch_secrets_secret(secrets, nr),
                nightlatch_secrets_error(secrets, nr),
            );
            assert!(secret.is_null() != why.is_null(), "one of both");
            fared[name] = if secret.is_null() {
                json!({"error": read_error(why)})
            } else {
                let value = lent(|len| nightlatch_secret_value(secret, len));
                json!({"value": value, "properties": read_properties(nightlatch_secret_properties(secret))})
            };
        }
    }
    fared
}

/// Properties by the core's names.
unsafe fn read_properties(properties: *const nightlatch_properties) -> Value {
    // SAFETY: the caller's live handle.
    unsafe {
        let text = |fact: nightlatch_secret_fact| {
            let fact = fact as u32;
            lent(|len| nightlatch_properties_text(properties, fact, len))
        };
        let number = |fact: nightlatch_secret_number_fact| {
            let mut value = 0;
            nightlatch_properties_number(properties, fact as u32, &mut value).then_some(value)
        };
        let flag = |fact| number(fact).map(|value| value == 1);
        let tags: Map<String, Value> = (0..nightlatch_properties_tag_count(properties))
            .map(|nr| {
                let name = lent(|len| nightlatch_properties_tag_name(properties, nr, len)).expect("a name");
                (
                    name,
                    lent(|len| nightlatch_properties_tag(properties, nr, len)).into(),
                )
            })
            .collect();
        json!({
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
            "recoverable_days": number(NIGHTLATCH_SECRET_RECOVERABLE_DAYS),
            "managed": flag(NIGHTLATCH_SECRET_MANAGED),
            "key_id": text(NIGHTLATCH_SECRET_KEY_ID),
            "previous_version": text(NIGHTLATCH_SECRET_PREVIOUS_VERSION),
            "recovery_id": text(NIGHTLATCH_SECRET_RECOVERY_ID),
            "deleted_date": number(NIGHTLATCH_SECRET_DELETED_DATE),
            "scheduled_purge_date": number(NIGHTLATCH_SECRET_SCHEDULED_PURGE_DATE),
        })
    }
}

/// A secret as a C program sees it; frees the handle.
pub(crate) fn take_secret(secret: *mut nightlatch_secret) -> Result {
    // SAFETY: a live handle, freed at the end.
    unsafe {
        let value = lent(|len| nightlatch_secret_value(secret, len)).expect("a value");
        let properties = read_properties(nightlatch_secret_properties(secret));
        let mut enabled = -1;
        let known = nightlatch_secret_number(secret, NIGHTLATCH_SECRET_ENABLED as u32, &mut enabled);
        assert_eq!(properties["enabled"], json!(known.then_some(enabled == 1)));
        nightlatch_secret_free(secret);
        Result::Reply(Some(value), json!({"properties": properties}))
    }
}

/// A token as a C program sees it; frees the handle.
pub(crate) fn take_token(token: *mut nightlatch_token) -> Result {
    // SAFETY: a live handle, freed at the end.
    unsafe {
        let value = lent(|len| nightlatch_token_value(token, len)).expect("a token");
        nightlatch_token_free(token);
        Result::Reply(Some(value), json!({}))
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
            "help": text(NIGHTLATCH_ERROR_HELP),
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
        Result::Reply(secret, rest) if !expected.cancelled && expected.error.is_none() => {
            reply_differs(expected, secret.as_deref(), rest)
        }
        Result::Error(error) => vec![format!("failed: {error}")],
        _ => vec!["ended in another way".into()],
    }
}

fn reply_differs(expected: &Ending, secret: Option<&str>, rest: &Value) -> Vec<String> {
    let mut found = part_differs(&expected.properties, &rest["properties"]);
    found.extend(part_differs(&expected.deleted, &rest["properties"]));
    let secrets = [&expected.value, &expected.token, &expected.backup];
    for expected in secrets.into_iter().flatten() {
        if secret != Some(expected) {
            found.push(format!("it gave {secret:?}"));
        }
    }
    for (name, expected) in [
        ("page", expected.page.as_ref().map(|page| json!(page))),
        (
            "continuation",
            expected.continuation.as_ref().map(|next| json!(next)),
        ),
        (
            "finished",
            expected.finished.as_ref().map(|finished| json!(finished)),
        ),
    ] {
        if expected.is_some_and(|expected| rest[name] != expected) {
            found.push(format!("{name} is {}", rest[name]));
        }
    }
    if let Some((least, most)) = expected.next_refresh {
        let next = rest["next_refresh"].as_f64().unwrap_or(-1.0);
        if !(least..=most).contains(&next) {
            found.push(format!("the next refresh is in {next} s"));
        }
    }
    if let Some(expected) = &expected.told {
        found.extend(depth_differs("told", expected, &rest["told"]));
    }
    let text = rest["told"]["text"].as_str().unwrap_or_default();
    let lacking = missing(&expected.text_contains, text);
    found.extend(
        lacking
            .iter()
            .map(|part| format!("the text lacks {part:?}: {text}")),
    );
    for (name, expected) in &expected.secrets {
        let fared = &rest["secrets"][name];
        let differs = match (&expected.error, fared["error"].is_null()) {
            (Some(_), false) => error_differs(expected, &fared["error"]),
            (None, true) => reply_differs(expected, fared["value"].as_str(), fared),
            _ => vec![format!("ended in another way: {fared}")],
        };
        found.extend(differs.into_iter().map(|what| format!("{name}: {what}")));
    }
    found
}

fn error_differs(expected: &Ending, error: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (name, expected) in [
        ("kind", &expected.error),
        ("code", &expected.code),
        ("inner_code", &expected.inner_code),
        ("help", &expected.help),
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
    if expect
        .steps
        .as_ref()
        .is_some_and(|expected| *expected != world.steps)
    {
        found.push(format!("the steps are {:#?}", world.steps));
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
    found.extend(part_differs(&expect.cache_info, &world.cache_info()));
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
