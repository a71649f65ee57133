//! The local endpoint that hands out a platform's tokens: what is the same everywhere. Each platform adds how it
//! spells the question, and the answers that mean something of their own there.

use std::time::Duration;

use crate::config::Config;
use crate::effect::{Request, Response, Route};
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::exec::exchange::{Gate, Manner, exchange, is_transient};
use crate::json::quoted;
use crate::throttle::limiter::LimitConfig;
use crate::time::Instant;
use crate::token::access_token::AccessToken;
use crate::url::Url;
use crate::verdict::Verdict;
use crate::wire::token::{aadsts, parse_failure, parse_grant};

use super::super::{Miss, entra::malformed};
use super::NAME;

pub(super) struct Endpoint {
    /// As the subject of a sentence.
    pub(super) platform: &'static str,
    pub(super) url: String,
    pub(super) manner: Manner,
    pub(super) gate: Gate,
    pub(super) give_up_after: Duration,
}

impl Endpoint {
    /// The endpoint at `url`, which `variable` told.
    pub(super) fn new(
        config: &Config,
        platform: &'static str,
        variable: &str,
        url: &str,
    ) -> Result<Self, Error> {
        let url = url.trim();
        if Url::parse(url).is_none_or(|url| url.scheme.is_empty()) {
            let text = format!(
                "{variable} is {}, which is not the URL of a managed identity endpoint.",
                quoted(url)
            );
            return Err(Error::new(ErrorKind::InvalidConfiguration, text)
                .advise(format!("{variable} is set by the platform; remove it elsewhere."))
                .diagnose(Verdict::IdentityEndpointInvalid));
        }
        let retry = &config.options.retry;
        Ok(Self {
            platform,
            url: url.to_owned(),
            manner: Manner::new(retry, Route::Direct, is_transient),
            gate: Gate::new(LimitConfig::UNLIMITED, Instant::default()),
            give_up_after: retry.operation_timeout,
        })
    }

    /// Sends `request` until an answer comes that is not worth another try.
    pub(super) async fn ask(&self, context: &Context, request: &Request) -> Result<Response, Miss> {
        let give_up = context.instant() + self.give_up_after;
        exchange(context, &self.manner, &self.gate, "", request, give_up)
            .await
            .map_err(|error| {
                Miss::of(error.with(|d| {
                    d.message = format!("{NAME}: {}", d.message);
                    d.source = Some(NAME.into());
                }))
            })
    }

    /// What an answer means where the platform gives it no meaning of its own.
    pub(super) fn settle(&self, context: &Context, response: &Response) -> Result<AccessToken, Miss> {
        match response.status {
            200 => parse_grant(&response.body)
                .map(|grant| AccessToken::from_grant(grant, NAME, context.now()))
                .map_err(|why| Miss::refused(malformed(NAME, self.platform, &why.0))),
            status if (self.manner.transient)(status) => Err(Miss::of(self.failing(status))),
            _ => Err(Miss::refused(self.refused(response))),
        }
    }

    /// The endpoint's "no".
    pub(super) fn refused(&self, response: &Response) -> Error {
        let failure = parse_failure(&response.body);
        let reason = failure
            .as_ref()
            .map(|f| f.description.trim_end_matches('.'))
            .filter(|reason| !reason.is_empty())
            .unwrap_or("no reason given");
        let text = format!(
            "{NAME}: {} refused with status {}: {reason}.",
            self.platform, response.status
        );
        let error =
            Error::new(ErrorKind::AuthenticationFailed, text).diagnose(Verdict::IdentityEndpointRefused);
        error.with(|d| {
            d.source = Some(NAME.into());
            d.status = Some(response.status);
            let Some(failure) = failure else { return };
            let known = failure.codes.first().and_then(|code| aadsts(*code));
            d.help = known.map(|(verdict, _)| verdict).or(d.help);
            d.advice = known.map(|(_, advice)| advice.into());
            d.code = Some(failure.error).filter(|code| !code.is_empty());
            d.request_id = failure.request_id.or(failure.correlation_id);
        })
    }

    /// The endpoint kept failing.
    fn failing(&self, status: u16) -> Error {
        let kind = match status {
            429 => ErrorKind::Throttled,
            _ => ErrorKind::ServiceFailure,
        };
        let text = format!("{NAME}: {} kept answering with status {status}.", self.platform);
        Error::new(kind, text)
            .diagnose(Verdict::ServiceFailing)
            .with(|d| {
                d.source = Some(NAME.into());
                d.status = Some(status);
            })
    }
}
