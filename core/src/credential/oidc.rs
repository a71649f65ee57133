//! Build services that sign a token for a job, which is exchanged for one of the application's. It lives for a few
//! minutes, so it is asked for anew before each exchange.

use std::time::Duration;

use crate::config::Config;
use crate::effect::{Request, Route};
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::exec::exchange::{Gate, Manner, exchange, is_transient};
use crate::operation::TokenRequest;
use crate::sensitive::Sensitive;
use crate::throttle::limiter::LimitConfig;
use crate::time::Instant;
use crate::token::access_token::AccessToken;
use crate::url::Url;
use crate::verdict::Verdict;
use crate::wire::token::oidc::parse_assertion;
use crate::wire::token::parse_failure;

use super::Miss;
use super::entra::{Entra, malformed};
use super::proof::Proof;

/// A build service, as its credential describes it.
pub(super) struct Service {
    /// The credential's name.
    pub(super) name: &'static str,
    /// Its own, as the subject of a sentence.
    pub(super) service: &'static str,
    /// What asks it for a token.
    pub(super) request: Request,
    /// What the answer calls that token.
    pub(super) field: &'static str,
    /// The next step when it says no.
    pub(super) advice: &'static str,
}

/// The conversation of such a credential.
pub(super) struct Oidc {
    service: Service,
    entra: Entra,
    manner: Manner,
    gate: Gate,
    give_up_after: Duration,
}

impl Oidc {
    pub(super) fn new(config: &Config, entra: Entra, service: Service) -> Self {
        let retry = &config.options.retry;
        Self {
            service,
            entra,
            manner: Manner::new(retry, Route::Ordinary, is_transient),
            gate: Gate::new(LimitConfig::UNLIMITED, Instant::default()),
            give_up_after: retry.operation_timeout,
        }
    }

    pub(super) async fn token(&self, context: &Context, request: &TokenRequest) -> Result<AccessToken, Miss> {
        let assertion = self.mint(context).await?;
        let proof = Proof::Assertion(assertion);
        self.entra
            .token(Route::Ordinary, context, self.service.name, request, &proof)
            .await
    }

    async fn mint(&self, context: &Context) -> Result<Sensitive, Miss> {
        let Service {
            name,
            service,
            request,
            field,
            advice,
        } = &self.service;
        let give_up = context.instant() + self.give_up_after;
        let response = exchange(context, &self.manner, &self.gate, "", request, give_up)
            .await
            .map_err(|error| {
                Miss::of(error.with(|d| {
                    d.message = format!("{name} could not reach {service}: {}", d.message);
                    d.source = Some((*name).into());
                }))
            })?;
        if response.status == 200 {
            return parse_assertion(&response.body, field)
                .map_err(|why| Miss::refused(malformed(name, service, &why.0)));
        }
        let failure = parse_failure(&response.body);
        let reason = failure
            .as_ref()
            .map(|f| f.description.trim_end_matches('.'))
            .filter(|reason| !reason.is_empty())
            .unwrap_or("no reason given");
        let kind = match response.status {
            429 => ErrorKind::Throttled,
            status if is_transient(status) => ErrorKind::ServiceFailure,
            _ => ErrorKind::AuthenticationFailed,
        };
        let text = format!(
            "{name}: {service} gave no token for the job, but status {}: {reason}.",
            response.status
        );
        let error = Error::new(kind, text)
            .advise(*advice)
            .diagnose(Verdict::JobTokenRefused)
            .with(|d| {
                d.source = Some((*name).into());
                d.status = Some(response.status);
            });
        Err(Miss::of(error))
    }
}

/// A token is sent to the URL that `variable` names, so it must be https.
pub(super) fn https(name: &str, variable: &str, url: &str) -> Result<(), Error> {
    if Url::parse(url).is_some_and(|url| url.scheme == "https") {
        return Ok(());
    }
    let text = format!("{name}: {variable} is not an https URL.");
    Err(Error::new(ErrorKind::InvalidConfiguration, text)
        .advise("The build service sets it for each job; do not set it yourself."))
}
