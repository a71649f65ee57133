//! Failures on demand: which requests meet them, and what they do.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::header::{HeaderName, LOCATION};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::message::{Ending, Reply, Request};
use crate::route::Service;
use crate::vault::{Challenge, Vault};

const BIG_BODY: usize = 2 * 1024 * 1024;
const DEFAULT_HANG: Duration = Duration::from_secs(60);

/// The faults that wait for a request, oldest first.
#[derive(Default)]
pub(crate) struct Faults {
    waiting: Mutex<Vec<Fault>>,
}

/// What happens to some requests, as posted to the admin interface.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Fault {
    service: Option<AnyService>,
    path_contains: Option<String>,
    host: Option<String>,
    /// How many requests it still befalls; without end if null.
    #[serde(default = "once")]
    times: Option<u32>,
    status: Option<u16>,
    headers: BTreeMap<String, String>,
    body: Option<String>,
    delay_ms: Option<u64>,
    action: Option<Action>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum AnyService {
    One(Service),
    Any(Any),
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Any {
    Any,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    Drop,
    Truncate,
    Garbage,
    Big,
    MalformedJson,
    Html,
    Redirect,
    Hang,
    ChallengeOtherDomain,
    ChallengeHttp,
    Revoke,
}

impl Faults {
    /// Those that befall every request.
    pub(crate) fn unending(faults: Vec<Fault>) -> Faults {
        Faults {
            waiting: Mutex::new(faults),
        }
    }

    pub(crate) fn add(&self, fault: Fault) {
        self.waiting().push(fault);
    }

    pub(crate) fn clear(&self) {
        self.waiting().clear();
    }

    /// The first fault that fits the request, counted down.
    pub(crate) fn take(&self, service: Service, request: &Request) -> Option<Fault> {
        let mut waiting = self.waiting();
        let index = waiting.iter().position(|fault| fault.fits(service, request))?;
        let fault = waiting[index].clone();
        match &mut waiting[index].times {
            None => {}
            Some(times) if *times > 1 => *times -= 1,
            Some(_) => drop(waiting.remove(index)),
        }
        Some(fault)
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fault {
    /// Breaks every request to a service in a special way.
    pub(crate) fn acting(service: Service, action: Action, delay: Option<Duration>) -> Fault {
        Fault {
            service: Some(AnyService::One(service)),
            action: Some(action),
            delay_ms: delay.map(|delay| u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)),
            ..Fault::default()
        }
    }

    /// Answers every request to a service with a failure: in the service's usual words, unless there is a body.
    pub(crate) fn failing(service: Service, status: u16, body: Option<&Value>) -> Fault {
        Fault {
            service: Some(AnyService::One(service)),
            status: Some(status),
            body: body.map(Value::to_string),
            ..Fault::default()
        }
    }

    /// Only where the path has this in it.
    pub(crate) fn at(self, part: &str) -> Fault {
        Fault {
            path_contains: Some(part.into()),
            ..self
        }
    }

    /// Why a fault could never do anything, if so.
    pub(crate) fn flaw(&self) -> Option<&'static str> {
        if self.times == Some(0) {
            return Some("a fault with times 0 never happens");
        }
        let acts = self.action.is_some() || self.delay_ms.is_some() || self.is_scripted();
        (!acts).then_some("a fault needs an action, a delay_ms, or a status, headers or body")
    }

    /// Waits, then fails the request; nothing, if it was only to be late.
    pub(crate) async fn play(&self, service: Service, vault: &Vault, request: &Request) -> Option<Reply> {
        let delay = self.delay_ms.map(Duration::from_millis);
        match (delay, self.action) {
            (None, Some(Action::Hang)) => tokio::time::sleep(DEFAULT_HANG).await,
            (None, _) => {}
            (Some(delay), _) => tokio::time::sleep(delay).await,
        }
        let reply = match self.action {
            None if !self.is_scripted() => return None,
            None => self.scripted(service, vault, request),
            Some(action) => self.act(action, vault, request),
        };
        Some(self.headers.iter().fold(reply, |reply, (name, value)| {
            match HeaderName::from_bytes(name.as_bytes()) {
                Ok(name) => reply.with(name, value),
                Err(_) => reply,
            }
        }))
    }

    fn fits(&self, service: Service, request: &Request) -> bool {
        let service_fits = match self.service {
            None | Some(AnyService::Any(Any::Any)) => true,
            Some(AnyService::One(one)) => one == service,
        };
        let path_fits = self
            .path_contains
            .as_ref()
            .is_none_or(|part| request.path.contains(part));
        let host_fits = self.host.as_ref().is_none_or(|host| {
            host.eq_ignore_ascii_case(request.hostname()) || host.eq_ignore_ascii_case(&request.host)
        });
        service_fits && path_fits && host_fits
    }

    fn is_scripted(&self) -> bool {
        self.status.is_some() || self.body.is_some() || !self.headers.is_empty()
    }

    fn scripted(&self, service: Service, vault: &Vault, request: &Request) -> Reply {
        let status = self.status.unwrap_or(200);
        let reply = match &self.body {
            Some(body) => Reply::new(status, "application/json; charset=utf-8", body.clone()),
            None => Reply::json(status, &usual_failure(service, status)),
        };
        if service == Service::Vault {
            vault.with_usual_headers(reply, request)
        } else {
            reply
        }
    }

    fn act(&self, action: Action, vault: &Vault, request: &Request) -> Reply {
        let status = self.status.unwrap_or(200);
        let ending = |ending| Reply {
            ending,
            ..Reply::json(status, &json!({ "value": "cut off" }))
        };
        let challenge = |challenge: &Challenge| vault.with_usual_headers(challenge.reply(), request);
        match action {
            Action::Drop | Action::Hang => Reply::dropped(),
            Action::Truncate => ending(Ending::Truncated),
            Action::Garbage => ending(Ending::Garbled),
            Action::Big => Reply::json(status, &json!({ "padding": "x".repeat(BIG_BODY) })),
            Action::MalformedJson => {
                Reply::new(status, "application/json; charset=utf-8", "{\"value\": \"cut ")
            }
            Action::Html => Reply::new(
                status,
                "text/html; charset=utf-8",
                "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Welcome to the network.</body></html>",
            ),
            Action::Redirect => Reply::empty(302).with(LOCATION, "https://elsewhere.example/landing"),
            Action::ChallengeOtherDomain => challenge(&Challenge::of_other_domain(vault, request)),
            Action::ChallengeHttp => challenge(&Challenge::without_tls(vault, request)),
            Action::Revoke => challenge(&Challenge::claims()),
        }
    }
}

/// The body that a service's own front end would give such a status.
fn usual_failure(service: Service, status: u16) -> Value {
    const MESSAGE: &str = "A failure that a test asked for.";
    match service {
        Service::Vault => {
            let code = match status {
                401 => "Unauthorized",
                403 => "Forbidden",
                429 => "Throttled",
                503 => "ServiceUnavailable",
                400..=499 => "BadParameter",
                _ => "InternalServerError",
            };
            json!({ "error": { "code": code, "message": MESSAGE } })
        }
        Service::Entra | Service::TokenProxy => json!({
            "error": "temporarily_unavailable",
            "error_description": format!("AADSTS90033: {MESSAGE}"),
            "error_codes": [90033],
        }),
        Service::Imds | Service::Arc => json!({ "error": "unknown", "error_description": MESSAGE }),
        Service::AzurePipelines | Service::GithubActions => json!({ "message": MESSAGE }),
        Service::ServiceFabric | Service::AzureMl | Service::CloudShell => {
            json!({ "error": { "code": "InternalServerError", "message": MESSAGE } })
        }
        Service::AppService => json!({ "statusCode": status, "message": MESSAGE }),
    }
}

#[allow(clippy::unnecessary_wraps, reason = "the default of an optional member")]
fn once() -> Option<u32> {
    Some(1)
}
