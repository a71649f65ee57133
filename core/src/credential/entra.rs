//! The v2 token endpoint of Microsoft Entra ID: one conversation for every grant. Which tenant may be asked is
//! decided by [`Tenants`].
//!
//! **No instance discovery.** The request goes straight to the token endpoint of the configured authority, as the SDK for
//! Rust and the asynchronous one for Python do; the metadata document, whose content is known, is not fetched either. What
//! discovery is for, not to send a credential to a host that nobody vouches for, is kept otherwise: the authority comes
//! from the configuration only, never from a challenge, is https, and its TLS certificate is checked. The bindings take
//! the SDKs' option `disable_instance_discovery`, and it changes nothing.

use crate::config::Config;
use crate::config::credential::{Application, AuthorityOptions};
use crate::effect::{Request, Response, Route};
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::exec::exchange::{Gate, Manner, exchange, is_transient};
use crate::identity::cloud;
use crate::operation::TokenRequest;
use crate::sensitive::Sensitive;
use crate::throttle::limiter::LimitConfig;
use crate::time::Instant;
use crate::token::access_token::AccessToken;
use crate::wire::clean;
use crate::wire::token::{
    self, Grant, aadsts_advice, cae_claims, is_adfs, parse_failure, parse_grant, token_request, token_url,
};

use super::Miss;
use super::client_certificate::ClientCertificate;
use super::tenants::Tenants;

/// One application in one tenant, at one authority.
pub(crate) struct Entra {
    authority: String,
    tenants: Tenants,
    client_id: String,
    manner: Manner,
    gate: Gate,
    give_up_after: std::time::Duration,
}

/// How the application proves itself.
pub(crate) enum Proof<'a> {
    Secret(&'a Sensitive),
    Assertion(&'a Sensitive),
    /// By an assertion that is signed anew for each exchange.
    Certificate(&'a ClientCertificate),
}

impl Entra {
    pub(crate) fn new(
        config: &Config,
        options: &AuthorityOptions,
        tenant: &str,
        client_id: &str,
    ) -> Result<Self, Error> {
        let host = options
            .authority
            .as_deref()
            .or_else(|| config.environment.get("AZURE_AUTHORITY_HOST"));
        let retry = &config.options.retry;
        if client_id.trim().is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidConfiguration,
                "The client id is empty.",
            ));
        }
        Ok(Self {
            authority: host.map_or_else(|| Ok(cloud::PUBLIC_AUTHORITY.to_owned()), cloud::authority)?,
            tenants: Tenants::new(config, Some(tenant), &options.additionally_allowed_tenants)?,
            client_id: client_id.trim().to_owned(),
            manner: Manner::new(retry, Route::Ordinary, is_transient),
            gate: Gate::new(LimitConfig::UNLIMITED, Instant::default()),
            give_up_after: retry.operation_timeout,
        })
    }

    /// For an application of the options.
    pub(crate) fn of(config: &Config, application: &Application) -> Result<Self, Error> {
        let Application {
            tenant_id,
            client_id,
            authority,
        } = application;
        Self::new(config, authority, tenant_id, client_id)
    }

    /// Asks at `base` in place of the authority.
    pub(crate) fn move_to(&mut self, base: &str) {
        self.authority = base.to_owned();
    }

    /// Asks for a token of the application's own.
    pub(crate) async fn token(
        &self,
        context: &Context,
        source: &'static str,
        request: &TokenRequest,
        proof: Proof<'_>,
    ) -> Result<AccessToken, Miss> {
        let route = self.manner.route.clone();
        self.token_by(route, context, source, request, proof).await
    }

    /// The same by this route.
    pub(crate) async fn token_by(
        &self,
        route: Route,
        context: &Context,
        source: &'static str,
        request: &TokenRequest,
        proof: Proof<'_>,
    ) -> Result<AccessToken, Miss> {
        self.tenants
            .require_one(request.tenant.as_deref())
            .map_err(Miss::refused)?;
        let body = self
            .ask(route, context, source, request, Grant::ClientCredentials, proof)
            .await?;
        self.granted(context, source, &body)
    }

    /// Shows a grant; the answer's body.
    async fn ask(
        &self,
        route: Route,
        context: &Context,
        source: &'static str,
        request: &TokenRequest,
        grant: Grant<'_>,
        proof: Proof<'_>,
    ) -> Result<Sensitive, Miss> {
        let tenant = self
            .tenants
            .resolve(request.tenant.as_deref())
            .map_err(Miss::refused)?
            .unwrap_or_default();
        let url = token_url(&self.authority, tenant);
        let scope = request.scopes.join(" ");
        let claims = claims_of(request).map_err(Miss::refused)?;
        let proof = match proof {
            Proof::Secret(secret) => token::Proof::Secret(secret.clone()),
            Proof::Assertion(assertion) => token::Proof::Assertion(assertion.clone()),
            Proof::Certificate(certificate) => {
                let made = certificate.assertion(context, source, &self.client_id, &url, is_adfs(tenant));
                token::Proof::Assertion(made.await?)
            }
        };
        let form = token_request(&url, &self.client_id, &scope, grant, &proof, claims.as_deref());
        self.post(route, context, source, &form).await
    }

    /// Sends a form; the body of the answer, if it is a good one.
    async fn post(
        &self,
        route: Route,
        context: &Context,
        source: &'static str,
        form: &Request,
    ) -> Result<Sensitive, Miss> {
        let manner = Manner {
            route,
            ..self.manner.clone()
        };
        let give_up = context.instant() + self.give_up_after;
        let response = exchange(context, &manner, &self.gate, "", form, give_up)
            .await
            .map_err(|error| {
                Miss::of(error.with(|d| {
                    d.message = format!("{source} could not reach the sign-in service: {}", d.message);
                    d.source = Some(source.into());
                }))
            })?;
        match response.status {
            200 => Ok(response.body),
            _ => Err(Miss::of(refusal(source, &response))),
        }
    }

    fn granted(
        &self,
        context: &Context,
        source: &'static str,
        body: &Sensitive,
    ) -> Result<AccessToken, Miss> {
        parse_grant(body)
            .map(|grant| AccessToken::from_grant(grant, source, context.now()))
            .map_err(|why| Miss::refused(malformed(source, &self.authority, &why.0)))
    }
}

/// The `claims` parameter.
fn claims_of(request: &TokenRequest) -> Result<Option<String>, Error> {
    if request.claims.is_none() && !request.enable_cae {
        return Ok(None);
    }
    cae_claims(request.claims.as_deref()).map(Some).map_err(|why| {
        Error::new(
            ErrorKind::InvalidArgument,
            format!("The claims cannot be used. {}", why.0),
        )
    })
}

/// What an answer says that is no good one.
fn refusal(source: &'static str, response: &Response) -> Error {
    let failure = parse_failure(&response.body);
    let code = failure.as_ref().and_then(|f| f.codes.first().copied());
    let (kind, text) = match &failure {
        _ if is_transient(response.status) || matches!(code, Some(90033 | 90055)) => match response.status {
            429 => (ErrorKind::Throttled, "is asking for fewer requests".to_owned()),
            status => (ErrorKind::ServiceFailure, format!("failed with status {status}")),
        },
        Some(failure) => (
            ErrorKind::AuthenticationFailed,
            format!("refused: {}", failure.description),
        ),
        None => (
            ErrorKind::MalformedResponse,
            format!("answered with status {} and no reason", response.status),
        ),
    };
    let message = format!(
        "{source} authentication failed. The sign-in service {}",
        text.trim_end_matches('.')
    );
    Error::new(kind, format!("{message}.")).with(|d| {
        d.source = Some(source.into());
        d.status = Some(response.status);
        d.request_id = failure
            .as_ref()
            .and_then(|f| f.request_id.clone())
            .or_else(|| response.header("x-ms-request-id").map(clean));
        d.advice = code.and_then(aadsts_advice).map(str::to_owned);
        let name = failure.map(|f| f.error);
        match code {
            Some(code) => (d.code, d.inner_code) = (Some(format!("AADSTS{code}")), name),
            None => d.code = name,
        }
    })
}

/// An answer that could not be understood.
pub(crate) fn malformed(source: &str, host: &str, why: &str) -> Error {
    Error::new(
        ErrorKind::MalformedResponse,
        format!("{source}: the answer of {host} was not understood. {why}"),
    )
    .advise("Check that no proxy or captive portal answers in its place.")
    .with(|d| d.source = Some(source.into()))
}
