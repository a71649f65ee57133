//! One HTTP exchange with everything around it that is not its content: the limiter before it, the timeout
//! over it, and the tries after it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::config::RetryOptions;
use crate::effect::{Effect, Fault, FaultKind, Outcome, Request, Response, Route};
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::exec::Context;
use crate::throttle::backoff::{Backoff, RetryPolicy};
use crate::throttle::budget::RetryBudget;
use crate::throttle::limiter::{LimitConfig, Limiter};
use crate::time::{Instant, millis};
use crate::verdict::Verdict;
use crate::wire::retry_after::retry_after;

/// How to speak to one kind of endpoint.
#[derive(Clone)]
pub(crate) struct Manner {
    pub(crate) route: Route,
    pub(crate) try_timeout: Duration,
    pub(crate) retry: RetryPolicy,
    /// Which statuses deserve another try.
    pub(crate) transient: fn(u16) -> bool,
    /// Whether 410 means "being updated, back within 70 s", as at IMDS.
    pub(crate) patient: bool,
}

impl Manner {
    pub(crate) fn new(options: &RetryOptions, route: Route, transient: fn(u16) -> bool) -> Self {
        let retry = RetryPolicy {
            tries: options.tries,
            base: options.delay,
            cap: options.max_delay,
        };
        Self {
            route,
            try_timeout: options.try_timeout,
            retry,
            transient,
            patient: false,
        }
    }
}

/// Statuses that every endpoint retries.
pub(crate) fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// What an operation waits for that asks too often.
pub(crate) const LIMITER: &str = "the limiter";

/// What keeps the load on one remote host within bounds.
pub(crate) struct Gate(Mutex<(Limiter, RetryBudget)>);

impl Gate {
    pub(crate) fn new(limits: LimitConfig, now: Instant) -> Self {
        Self(Mutex::new((Limiter::new(limits, now), RetryBudget::new())))
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Limiter, &mut RetryBudget) -> T) -> T {
        let mut both = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (limiter, budget) = &mut *both;
        use_it(limiter, budget)
    }

    /// Waits for the limiter's leave to ask for `key`; an empty one is no secret in particular. Leaving early gives the place back.
    pub(crate) async fn admit(
        &self,
        context: &Context,
        host: &str,
        key: &str,
        give_up: Instant,
    ) -> Result<(), Error> {
        let now = context.instant();
        let wait = self.with(|limiter, _| limiter.ready_at(key, now)).since(now);
        if now + wait > give_up {
            let text = format!(
                "Too many requests for {host} are waiting already; this one would not be sent in time."
            );
            return Err(Error::new(ErrorKind::Throttled, text)
                .diagnose(Verdict::OwnLimit)
                .with(|d| d.retry_after = Some(wait)));
        }
        let due = self.with(|limiter, budget| {
            budget.request(now);
            limiter.reserve(key, now)
        });
        if due > now {
            context.emit(Event::Throttled {
                host: host.into(),
                by: "limiter",
                wait_ms: millis(due.since(now)),
            });
            context.waits_for(LIMITER);
            let mut place = Place {
                gate: self,
                key,
                due,
                taken: false,
            };
            context.sleep_until(due, LIMITER).await;
            place.taken = true;
        }
        Ok(())
    }
}

struct Place<'a> {
    gate: &'a Gate,
    key: &'a str,
    due: Instant,
    taken: bool,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if !self.taken {
            self.gate.with(|limiter, _| limiter.give_back(self.key, self.due));
        }
    }
}

/// Sends `request` until an answer comes that is not worth another try. An answer with a transient status is
/// returned once the tries, the budget or the time (`give_up`) are used up.
pub(crate) async fn exchange(
    context: &Context,
    manner: &Manner,
    gate: &Gate,
    key: &str,
    request: &Request,
    give_up: Instant,
) -> Result<Response, Error> {
    let host = host_of(&request.url);
    let give_up = give_up.min(context.limit());
    let (mut ordinary, mut patient) = (Backoff::new(manner.retry.clone()), Backoff::patient());
    let mut unresolved = 0;
    loop {
        gate.admit(context, host, key, give_up).await?;
        let timeout = manner.try_timeout.min(give_up.since(context.instant()));
        let effect = Effect::Http {
            request: request.clone(),
            timeout,
            route: manner.route.clone(),
        };
        let (end, asked) = match context.perform(effect, timeout).await {
            Outcome::Http(response) if !(manner.transient)(response.status) => return Ok(response),
            Outcome::Http(response) => {
                let asked = retry_after(&response, context.now().unix);
                (Ok(response), asked)
            }
            Outcome::Failed(fault) if fault.kind == FaultKind::Interrupted => continue,
            Outcome::Failed(fault) => {
                unresolved += u32::from(fault.kind == FaultKind::Dns);
                let error = unreachable(host, &fault);
                if !error.is_transient() || fault.kind == FaultKind::Proxy || unresolved > 1 {
                    return Err(error);
                }
                (Err(error), None)
            }
            other => return Err(mismatched(&other)),
        };
        let now = context.instant();
        let backoff = match &end {
            Ok(response) if response.status == 410 && manner.patient => &mut patient,
            _ => &mut ordinary,
        };
        let wait = context.random(|random| backoff.next(random, asked));
        let wait = match wait {
            Some(wait) if now + wait < give_up && gate.with(|_, budget| budget.try_retry(now)) => wait,
            _ => return end,
        };
        let (attempt, reason) = (backoff.attempt(), reason(host, &end));
        context.note_failure(&reason);
        if let Ok(Response { status: 429, .. }) = end {
            context.emit(Event::Throttled {
                host: host.into(),
                by: "service",
                wait_ms: millis(wait),
            });
        }
        let reason = reason.details().message.clone();
        context.emit(Event::Retrying {
            host: host.into(),
            attempt,
            wait_ms: millis(wait),
            reason,
        });
        context.waits_for("the next try");
        context.sleep(wait, "the next try").await;
    }
}

/// What a fault means to a caller.
pub(crate) fn unreachable(host: &str, fault: &Fault) -> Error {
    let (kind, verdict, advice) = match fault.kind {
        FaultKind::Dns => (
            ErrorKind::Unreachable,
            Some(Verdict::NameNotResolved),
            "Check the name and the cloud's suffix; a deleted vault, or a private endpoint without its DNS zone, looks the same.",
        ),
        FaultKind::Tls => (
            ErrorKind::Tls,
            Some(Verdict::TlsNotTrusted),
            "If a proxy inspects TLS here, add its CA certificate to the trusted ones.",
        ),
        FaultKind::Proxy => (
            ErrorKind::Unreachable,
            Some(Verdict::ProxyInTheWay),
            "Check HTTPS_PROXY and NO_PROXY, and that the proxy lets this host through.",
        ),
        FaultKind::Timeout => (
            ErrorKind::Timeout,
            Some(Verdict::TooSlow),
            "Check that firewalls and proxies let this host through.",
        ),
        FaultKind::TooLarge => (
            ErrorKind::MalformedResponse,
            Some(Verdict::ForeignAnswer),
            "Something else than the service seems to answer.",
        ),
        FaultKind::Unsupported => (ErrorKind::Unsupported, None, "Use a transport that can do it."),
        FaultKind::Other => (ErrorKind::Internal, None, "See the transport's own message."),
        _ => (
            ErrorKind::Unreachable,
            Some(Verdict::Unreachable),
            "Check the network, firewalls and proxies on the way to this host.",
        ),
    };
    Error::new(kind, format!("{host} could not be asked: {fault}."))
        .advise(advice)
        .with(|d| d.help = verdict)
}

/// The host answered an effect with something of another sort.
pub(crate) fn mismatched(outcome: &Outcome) -> Error {
    let answer = match outcome {
        Outcome::Http(_) => "an HTTP answer",
        Outcome::File { .. } => "a file",
        Outcome::Ran { .. } => "what a command printed",
        Outcome::Token { .. } => "a token",
        Outcome::Signed(_) => "a signature",
        Outcome::Assertion(_) => "an assertion",
        Outcome::Prompted => "that a person was told",
        Outcome::Returned { .. } => "what a browser brought",
        #[cfg(feature = "encryption")]
        Outcome::Random(_) => "random numbers",
        #[cfg(feature = "manage")]
        Outcome::Made(_) => "a new value",
        #[cfg(feature = "manage")]
        Outcome::Done => "that it is done",
        Outcome::Failed(_) => "a failure",
    };
    Error::new(
        ErrorKind::Internal,
        format!("The host's answer does not fit what it was asked: {answer}."),
    )
}

fn reason(host: &str, end: &Result<Response, Error>) -> Error {
    match end {
        Err(error) => error.clone(),
        Ok(response) => {
            let kind = if response.status == 429 {
                ErrorKind::Throttled
            } else {
                ErrorKind::ServiceFailure
            };
            Error::new(kind, format!("{host} answered with status {}.", response.status))
                .with(|d| d.status = Some(response.status))
        }
    }
}

/// The authority part of a URL, for messages.
pub(crate) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or(rest)
}
