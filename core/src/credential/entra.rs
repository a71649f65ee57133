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
use crate::effect::{Request, Route};
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::exec::exchange::{Gate, Manner, exchange, is_transient};
use crate::identity::cloud;
use crate::operation::TokenRequest;
use crate::sensitive::Sensitive;
use crate::throttle::limiter::LimitConfig;
use crate::time::Instant;
use crate::token::access_token::AccessToken;
use crate::verdict::Verdict;
use crate::wire::clean;
use crate::wire::token::{
    Authorization, DeviceCode, Grant, TokenFailure, aadsts, cae_claims, device_code_request, endpoint_url,
    is_adfs, parse_device_code, parse_failure, parse_grant, token_request, token_url,
};

use super::Miss;
use super::proof::{Audience, Proof};
use super::tenants::Tenants;

/// The tenant of whoever signs in, where none is configured.
const ORGANIZATIONS: &str = "organizations";

/// One application in one tenant, at one authority.
pub(crate) struct Entra {
    authority: String,
    tenants: Tenants,
    client_id: String,
    manner: Manner,
    gate: Gate,
    give_up_after: std::time::Duration,
}

impl Entra {
    pub(crate) fn new(
        config: &Config,
        options: &AuthorityOptions,
        tenant: Option<&str>,
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
            tenants: Tenants::new(config, tenant, &options.additionally_allowed_tenants)?,
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
        Self::new(config, authority, Some(tenant_id), client_id)
    }

    /// Asks at `base` in place of the authority.
    pub(crate) fn move_to(&mut self, base: &str) {
        self.authority = base.to_owned();
    }

    /// Asks for a token of the application's own.
    pub(crate) async fn token(
        &self,
        route: Route,
        context: &Context,
        source: &'static str,
        request: &TokenRequest,
        proof: &Proof,
    ) -> Result<AccessToken, Miss> {
        self.tenants
            .require_one(request.tenant.as_deref())
            .map_err(Miss::refused)?;
        let grant = Grant::ClientCredentials;
        let answer = self.exchange(route, context, source, request, grant, proof);
        Ok(answer.await?.token)
    }

    /// What a token is for that opens Azure's management interface, in a cloud of which that is known.
    pub(super) fn management_scope(&self) -> Option<&'static str> {
        cloud::management_scope(&self.authority)
    }

    /// Shows a grant for a token.
    pub(crate) async fn exchange(
        &self,
        route: Route,
        context: &Context,
        source: &'static str,
        request: &TokenRequest,
        grant: Grant<'_>,
        proof: &Proof,
    ) -> Result<Answer, Miss> {
        let tenant = self.tenant(request)?;
        let url = token_url(&self.authority, tenant);
        let scope = match grant {
            Grant::ClientCredentials => request.scopes.join(" "),
            _ => user_scope(request),
        };
        let claims = claims_of(request)?;
        let audience = Audience {
            client_id: &self.client_id,
            token_url: &url,
            adfs: is_adfs(tenant),
        };
        let proof = proof.show(context, source, audience).await?;
        let form = token_request(&url, &self.client_id, &scope, grant, &proof, claims.as_deref());
        let body = self.post(route, context, source, &form).await?;
        let grant = parse_grant(&body).map_err(|why| self.malformed(source, &why.0))?;
        Ok(Answer {
            refresh_token: grant.refresh_token.clone(),
            id_token: grant.id_token.clone(),
            token: AccessToken::from_grant(grant, source, context.now()),
        })
    }

    /// Asks for a code that a person types elsewhere.
    pub(crate) async fn device_code(
        &self,
        context: &Context,
        source: &'static str,
        request: &TokenRequest,
    ) -> Result<DeviceCode, Miss> {
        let url = endpoint_url(&self.authority, self.tenant(request)?, "devicecode");
        let claims = claims_of(request)?;
        let form = device_code_request(&url, &self.client_id, &user_scope(request), claims.as_deref());
        let body = self.post(Route::Ordinary, context, source, &form).await?;
        parse_device_code(&body).map_err(|why| self.malformed(source, &why.0))
    }

    /// The page at which a person signs in.
    pub(crate) fn sign_in_page(
        &self,
        request: &TokenRequest,
        [state, nonce, challenge]: [&str; 3],
        login_hint: Option<&str>,
    ) -> Result<String, Miss> {
        let claims = claims_of(request)?;
        let authorization = Authorization {
            client_id: &self.client_id,
            scope: &user_scope(request),
            state,
            nonce,
            challenge,
            login_hint,
            claims: claims.as_deref(),
        };
        let endpoint = endpoint_url(&self.authority, self.tenant(request)?, "authorize");
        Ok(authorization.url(&endpoint))
    }

    fn tenant<'a>(&'a self, request: &'a TokenRequest) -> Result<&'a str, Miss> {
        let tenant = self.tenants.resolve(request.tenant.as_deref());
        Ok(tenant.map_err(Miss::refused)?.unwrap_or(ORGANIZATIONS))
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
        if response.status == 200 {
            return Ok(response.body);
        }
        let error = refusal(source, Some(response.status), parse_failure(&response.body)).with(|d| {
            let request_id = || response.header("x-ms-request-id").map(clean);
            d.request_id = d.request_id.take().or_else(request_id);
        });
        Err(Miss::of(error))
    }

    fn malformed(&self, source: &str, why: &str) -> Miss {
        Miss::refused(malformed(source, &self.authority, why))
    }
}

/// A token, and what comes with it for whom a person signed in.
pub(crate) struct Answer {
    pub(crate) token: AccessToken,
    pub(crate) refresh_token: Option<Sensitive>,
    pub(crate) id_token: Option<Sensitive>,
}

/// What is asked for in a user's name: the refresh token, and who it is, besides.
fn user_scope(request: &TokenRequest) -> String {
    request.scopes.join(" ") + " openid profile offline_access"
}

/// The `claims` parameter.
fn claims_of(request: &TokenRequest) -> Result<Option<String>, Miss> {
    if request.claims.is_none() && !request.enable_cae {
        return Ok(None);
    }
    cae_claims(request.claims.as_deref()).map(Some).map_err(|why| {
        let text = format!("The claims cannot be used. {}", why.0);
        Miss::refused(Error::new(ErrorKind::InvalidArgument, text))
    })
}

/// What the sign-in service says when it gives nothing.
pub(super) fn refusal(source: &str, status: Option<u16>, failure: Option<TokenFailure>) -> Error {
    let code = failure.as_ref().and_then(|f| f.codes.first().copied());
    let busy = failure.as_ref().is_some_and(TokenFailure::passes);
    let (kind, text) = match &failure {
        _ if busy || status.is_some_and(is_transient) => match status {
            Some(429) => (ErrorKind::Throttled, "is asking for fewer requests".to_owned()),
            Some(status) => (ErrorKind::ServiceFailure, format!("failed with status {status}")),
            None => (ErrorKind::ServiceFailure, "is busy".to_owned()),
        },
        Some(failure) => (
            ErrorKind::AuthenticationFailed,
            format!("refused: {}", failure.description),
        ),
        None => (
            ErrorKind::MalformedResponse,
            format!(
                "answered with status {} and no reason",
                status.unwrap_or_default()
            ),
        ),
    };
    let message = format!(
        "{source} authentication failed. The sign-in service {}",
        text.trim_end_matches('.')
    );
    let failure = failure.unwrap_or_default();
    Error::new(kind, format!("{message}.")).with(|d| {
        d.source = Some(source.into());
        d.status = status;
        let known = code.and_then(aadsts);
        d.advice = known.map(|(_, advice)| advice.to_owned());
        d.help = match kind {
            ErrorKind::MalformedResponse => Some(Verdict::ForeignAnswer),
            ErrorKind::AuthenticationFailed => known.map(|(verdict, _)| verdict),
            _ => Some(Verdict::SignInServiceBusy),
        };
        d.request_id = failure.request_id;
        d.claims = failure.claims;
        let name = Some(failure.error).filter(|name| !name.is_empty());
        match code {
            Some(code) => (d.code, d.inner_code) = (Some(format!("AADSTS{code}")), name),
            None => d.code = name,
        }
    })
}

/// Whether the sign-in service's own name for a failure is one of these (RFC 6749 section 5.2, RFC 8628 section 3.5).
pub(super) fn is_named(error: &Error, names: &[&str]) -> bool {
    let details = error.details();
    [&details.code, &details.inner_code]
        .into_iter()
        .flatten()
        .any(|name| names.contains(&&**name))
}

/// An answer that could not be understood.
pub(crate) fn malformed(source: &str, host: &str, why: &str) -> Error {
    Error::new(
        ErrorKind::MalformedResponse,
        format!("{source}: the answer of {host} was not understood. {why}"),
    )
    .advise("Check that no proxy or captive portal answers in its place.")
    .diagnose(Verdict::ForeignAnswer)
    .with(|d| d.source = Some(source.into()))
}
