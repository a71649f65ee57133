//! What a scenario expects, against what happened. Every difference is told, not only the first.

use nightlatch_core::error::{Details, Error};
use nightlatch_core::operation::Reply;
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::verdict::Verdict;
use serde_json::{Map, Value, json};

use super::format::{Call, Count, Ending, Expect, Scenario};
use super::play::{Played, callers};
use crate::world::{Ended, Log};

/// All differences; none means that the scenario holds.
pub fn differences(scenario: &Scenario, played: &Played) -> Vec<String> {
    let mut found: Vec<String> = played.complaints.clone();
    match (&played.world, &scenario.expect.construction) {
        (Err(error), Some(expected)) => found.extend(error_differs("construction", expected, error)),
        (Err(error), None) => found.push(format!("the client could not be built: {error}")),
        (Ok(_), Some(_)) => found.push("the client could be built".into()),
        (Ok(world), None) => {
            for call in &scenario.calls {
                let Some(expected) = &call.expect else { continue };
                for caller in callers(call) {
                    let refused = played.refused.iter().find(|(name, _)| *name == caller);
                    match (refused, world.ended(&caller)) {
                        (Some((_, error)), _) => found.extend(error_differs(&caller, expected, error)),
                        (None, Some(ended)) => found.extend(end_differs(&caller, call, expected, ended)),
                        (None, None) => found.push(format!("{caller}: did not end")),
                    }
                }
            }
            found.extend(run_differs(&scenario.expect, &world.log));
            let cache = json!(world.cache_info());
            found.extend(part_differs("the cache", &scenario.expect.cache_info, &cache));
        }
    }
    found
}

fn end_differs(caller: &str, call: &Call, expected: &Ending, ended: &Ended) -> Vec<String> {
    let mut found = match &ended.result {
        None if expected.cancelled => Vec::new(),
        None => vec![format!("{caller}: was cancelled")],
        Some(_) if expected.cancelled => vec![format!("{caller}: was not cancelled")],
        Some(Err(error)) => error_differs(caller, expected, error),
        Some(Ok(reply)) => reply_differs(caller, expected, reply),
    };
    let took = ended.ended_ms - ended.began_ms;
    if call.finished_within_ms.is_some_and(|most| took > most) {
        found.push(format!("{caller}: took {took} ms, too long"));
    }
    if call.finished_after_ms.is_some_and(|least| took < least) {
        found.push(format!("{caller}: took {took} ms, not long enough"));
    }
    found
}

fn reply_differs(caller: &str, expected: &Ending, reply: &Reply) -> Vec<String> {
    if let Some(kind) = &expected.error {
        return vec![format!("{caller}: no error, but {kind} is expected")];
    }
    let mut found = Vec::new();
    let (value, token, backup) = match reply {
        Reply::Secret(secret) => (secret.value().expose_str(), None, None),
        Reply::Token { token, .. } => (None, token.expose_str(), None),
        Reply::Value(value) => (value.expose_str(), None, value.expose_str()),
        Reply::Resolved { text, .. } => (text.as_ref().and_then(Sensitive::expose_str), None, None),
        _ => (None, None, None),
    };
    let rest: Value = serde_json::from_str(&reply.to_json().unwrap_or_default()).unwrap_or_default();
    let names = rest["page"]
        .as_array()
        .map(|page| page.iter().map(listed).collect::<Vec<_>>());
    let mut same = |what: &str, expected: Option<Value>, actual: Value| {
        if expected.as_ref().is_some_and(|expected| *expected != actual) {
            let expected = expected.unwrap_or_default();
            found.push(format!("{caller}: {what} is {actual}, expected {expected}"));
        }
    };
    same(
        "the value",
        expected.value.as_ref().map(|v| json!(v)),
        json!(value),
    );
    same(
        "the token",
        expected.token.as_ref().map(|v| json!(v)),
        json!(token),
    );
    same(
        "the backup",
        expected.backup.as_ref().map(|v| json!(v)),
        json!(backup),
    );
    same("the page", expected.page.as_ref().map(|v| json!(v)), json!(names));
    same(
        "the continuation",
        expected.continuation.as_ref().map(|v| json!(v)),
        rest["continuation"].clone(),
    );
    same(
        "finished",
        expected.finished.map(|v| json!(v)),
        rest["finished"].clone(),
    );
    if let Some((least, most)) = expected.next_refresh {
        let next = rest["next_refresh"].as_f64().unwrap_or(-1.0);
        if !(least..=most).contains(&next) {
            found.push(format!("{caller}: the next refresh is in {next} s"));
        }
    }
    let told = ["report", "health", "forecast", "resolution", "rotation"].map(|name| &rest[name]);
    let told = told
        .into_iter()
        .find(|told| !told.is_null())
        .unwrap_or(&Value::Null);
    if let Some(expected) = &expected.told {
        found.extend(depth_differs(&format!("{caller}: told"), expected, told));
    }
    let text = told["text"].as_str().unwrap_or_default();
    for part in missing(&expected.text_contains, text) {
        found.push(format!("{caller}: the text lacks {part:?}: {text}"));
    }
    let deleted = &rest["deleted"];
    let properties = if deleted.is_null() { &rest } else { deleted };
    found.extend(part_differs(
        &format!("{caller}: properties"),
        &expected.properties,
        &properties["properties"],
    ));
    found.extend(part_differs(
        &format!("{caller}: deleted"),
        &expected.deleted,
        deleted,
    ));
    for (name, expected) in &expected.secrets {
        let caller = format!("{caller}, {name}");
        let secrets = match reply {
            Reply::Secrets(secrets) => secrets.as_slice(),
            _ => &[],
        };
        match secrets.iter().find(|(id, _)| id.name.as_str() == name) {
            Some((_, Ok(secret))) => {
                found.extend(reply_differs(&caller, expected, &Reply::Secret(secret.clone())));
            }
            Some((_, Err(error))) => found.extend(error_differs(&caller, expected, error)),
            None => found.push(format!("{caller}: nothing is told of it")),
        }
    }
    found
}

/// An item of a page: its name, and its version after a slash.
fn listed(item: &Value) -> String {
    let properties = if item["properties"].is_null() {
        item
    } else {
        &item["properties"]
    };
    let name = properties["name"].as_str().unwrap_or("?");
    match properties["version"].as_str() {
        Some(version) => format!("{name}/{version}"),
        None => name.to_owned(),
    }
}

fn error_differs(caller: &str, expected: &Ending, error: &Error) -> Vec<String> {
    let details: &Details = error.details();
    let Some(kind) = &expected.error else {
        return vec![format!("{caller}: failed with {}: {error}", error.kind().name())];
    };
    let mut found = Vec::new();
    let mut same = |what: &str, expected: Option<&str>, actual: Option<&str>| {
        if expected.is_some() && expected != actual {
            found.push(format!("{caller}: {what} is {actual:?}, expected {expected:?}"));
        }
    };
    same("the kind", Some(kind), Some(error.kind().name()));
    same("the code", expected.code.as_deref(), details.code.as_deref());
    same(
        "the inner code",
        expected.inner_code.as_deref(),
        details.inner_code.as_deref(),
    );
    same(
        "the verdict",
        expected.help.as_deref(),
        details.help.map(Verdict::code),
    );
    same(
        "the source",
        expected.source.as_deref(),
        details.source.as_deref(),
    );
    same(
        "the request id",
        expected.request_id.as_deref(),
        details.request_id.as_deref(),
    );
    same(
        "the claims",
        expected.claims.as_deref(),
        details.claims.as_deref(),
    );
    if expected.status.is_some() && expected.status != details.status {
        found.push(format!("{caller}: the status is {:?}", details.status));
    }
    let advice = details.advice.as_deref().unwrap_or_default();
    for part in missing(&expected.message_contains, &details.message) {
        found.push(format!(
            "{caller}: the message lacks {part:?}: {}",
            details.message
        ));
    }
    for part in missing(&expected.advice_contains, advice) {
        found.push(format!("{caller}: the advice lacks {part:?}: {advice}"));
    }
    for part in &expected.message_lacks {
        if details.message.contains(part.as_str()) {
            found.push(format!(
                "{caller}: the message holds {part:?}: {}",
                details.message
            ));
        }
    }
    if let Some(attempts) = &expected.attempts {
        let actual: Vec<(String, String)> = details
            .attempts
            .iter()
            .map(|a| (a.source.clone(), a.ending.to_owned()))
            .collect();
        if *attempts != actual {
            found.push(format!("{caller}: the attempts are {actual:?}"));
        }
    }
    let identity = serde_json::to_value(&details.identity).unwrap_or_default();
    found.extend(part_differs(
        &format!("{caller}: identity"),
        &expected.identity,
        &identity,
    ));
    found
}

/// Those of the parts that do not stand in the text.
pub fn missing(parts: &[String], text: &str) -> Vec<String> {
    let lacking = parts.iter().filter(|part| !text.contains(part.as_str()));
    lacking.cloned().collect()
}

/// Members that are expected must be there; lists are compared as wholes, item by item.
pub fn depth_differs(what: &str, expected: &Value, actual: &Value) -> Vec<String> {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => expected
            .iter()
            .flat_map(|(name, expected)| {
                let actual = actual.get(name).unwrap_or(&Value::Null);
                depth_differs(&format!("{what}.{name}"), expected, actual)
            })
            .collect(),
        (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => expected
            .iter()
            .zip(actual)
            .enumerate()
            .flat_map(|(at, (expected, actual))| depth_differs(&format!("{what}[{at}]"), expected, actual))
            .collect(),
        (expected, actual) if expected == actual => Vec::new(),
        (expected, actual) => vec![format!("{what} is {actual}, expected {expected}")],
    }
}

fn part_differs(what: &str, expected: &Map<String, Value>, actual: &Value) -> Vec<String> {
    expected
        .iter()
        .filter(|(name, value)| actual.get(*name).unwrap_or(&Value::Null) != *value)
        .map(|(name, value)| {
            format!(
                "{what}: {name} is {}, expected {value}",
                actual.get(name).unwrap_or(&Value::Null)
            )
        })
        .collect()
}

fn run_differs(expect: &Expect, log: &Log) -> Vec<String> {
    let mut found = Vec::new();
    let begin_so = |expected: &[String], actual: &[&str]| {
        expected.len() == actual.len()
            && expected
                .iter()
                .zip(actual)
                .all(|(e, a)| a.starts_with(e.as_str()))
    };
    let lists = [
        ("requests", &expect.requests, log.requests()),
        ("commands", &expect.commands, log.commands()),
        ("files", &expect.files, log.files()),
        ("signatures", &expect.signatures, log.signatures()),
        ("prompts", &expect.prompts, log.prompts()),
        ("pages", &expect.pages, log.pages()),
        ("steps", &expect.steps, log.steps()),
    ];
    for (what, expected, actual) in lists {
        if expected
            .as_ref()
            .is_some_and(|expected| !begin_so(expected, &actual))
        {
            found.push(format!("the {what} are {actual:#?}"));
        }
    }
    for (prefix, count) in &expect.counts {
        let actual = log
            .requests()
            .iter()
            .filter(|r| r.starts_with(prefix.as_str()))
            .count();
        let right = match *count {
            Count::Exactly(count) => actual == count,
            Count::Between(least, most) => (least..=most).contains(&actual),
        };
        if !right {
            found.push(format!(
                "{actual} requests begin with {prefix:?}, expected {count:?}"
            ));
        }
    }
    let events = log.events();
    if let Some(expected) = &expect.events {
        let right =
            expected.len() == events.len() && expected.iter().zip(&events).all(|(e, a)| is_event(e, a));
        if !right {
            let names: Vec<_> = events.iter().map(|e| e.to_string()).collect();
            found.push(format!("the events are {names:#?}"));
        }
    }
    for expected in &expect.events_include {
        if !events.iter().any(|event| is_event(expected, event)) {
            let names: Vec<_> = events.iter().map(|e| e.to_string()).collect();
            found.push(format!("no event is {expected} among {names:#?}"));
        }
    }
    for name in &expect.events_exclude {
        if events.iter().any(|event| event["event"] == name.as_str()) {
            found.push(format!("the event {name} occurs"));
        }
    }
    for prefix in &expect.never_sent_to {
        for request in log.requests() {
            if request
                .split_once(' ')
                .is_some_and(|(_, url)| url.starts_with(prefix.as_str()))
            {
                found.push(format!("{request} was sent"));
            }
        }
    }
    found
}

fn is_event(expected: &Value, actual: &Value) -> bool {
    match expected {
        Value::String(name) => actual["event"] == name.as_str(),
        Value::Object(part) => part_differs("", part, actual).is_empty(),
        _ => false,
    }
}
