//! One vault: whose tokens it wants, and how often it may be asked.
//!
//! The host of a known cloud gets a token with the first request. Any other is asked without a token, and without
//! a body, until its challenge has been believed:
//!
//! ```text
//!   known domain ──▶ token ──▶ request ──▶ answer
//!   other host ────▶ bare request ──▶ 401 challenge ── verified ──▶ token ──▶ request ──▶ answer
//!                                                    └ not believed ──▶ ChallengeRejected, nothing kept
//!   401 with claims, token revoked ──▶ token with claims ──▶ request
//! ```
//!
//! At most two challenges are answered for one request; a third 401 is the caller's.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::config::{Config, VaultOptions};
use crate::credential::provider::TokenProvider;
use crate::effect::{Request, Response, Route};
use crate::error::{Error, Identity};
use crate::exec::Context;
use crate::exec::exchange::{Gate, Manner, exchange, is_transient};
use crate::identity::cloud::known_vault_scope;
use crate::operation::{Interaction, Subject, TokenRequest};
use crate::secret::{SecretName, VaultUrl};
use crate::sensitive::Sensitive;
use crate::throttle::limiter::LimitConfig;
use crate::time::Instant;
use crate::wire::challenge::{parse_challenge, verify_challenge};
use crate::wire::secrets::Deed;

use super::lock;

/// Challenges answered for one request.
const MOST_CHALLENGES: u32 = 2;

pub(crate) struct Session {
    vault: VaultUrl,
    options: VaultOptions,
    audience: Mutex<Option<Audience>>,
    manner: Manner,
    gate: Gate,
    /// New versions have a limit of their own.
    creates: Gate,
    give_up_after: Duration,
}

/// For whom a vault's tokens must be.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Audience {
    scope: String,
    tenant: Option<String>,
}

impl Session {
    pub(crate) fn new(config: &Config, vault: VaultUrl, now: Instant) -> Self {
        let limits = &config.options.limits;
        let creates = LimitConfig {
            per_vault_per_second: limits.create_per_second,
            per_vault_burst: limits.create_burst,
            ..LimitConfig::UNLIMITED
        };
        let limits = LimitConfig {
            per_secret_per_second: limits.secret_per_second,
            per_secret_burst: limits.secret_burst,
            per_vault_per_second: limits.vault_per_second,
            per_vault_burst: limits.vault_burst,
        };
        Self {
            audience: Mutex::new(
                known_vault_scope(vault.authority()).map(|scope| Audience { scope, tenant: None }),
            ),
            vault,
            options: config.options.vault.clone(),
            manner: Manner::new(&config.options.retry, Route::Ordinary, is_transient),
            gate: Gate::new(limits, now),
            creates: Gate::new(creates, now),
            give_up_after: config.options.retry.operation_timeout,
        }
    }

    /// Sends `request`, which does `deed` to `subject`, with whatever token the vault wants; gives the answer, and who
    /// asked.
    pub(crate) async fn send(
        &self,
        context: &Context,
        tokens: &Arc<TokenProvider>,
        (deed, subject): (&Deed, &Subject),
        request: &Request,
    ) -> Result<(Response, Option<Identity>), Error> {
        let name = subject.name.as_ref().map_or("", SecretName::as_str);
        if deed.creates() {
            let give_up = context.instant() + self.give_up_after;
            self.creates
                .admit(context, self.vault.authority(), "", give_up)
                .await?;
        }
        let mut audience = self.audience();
        let mut claims = None;
        let mut challenges = 0;
        loop {
            let token = match &audience {
                Some(audience) => Some(tokens.token(context, &audience.request(claims.take())).await?),
                None => None,
            };
            let request = match &token {
                Some(token) => request.clone().header("authorization", token.authorization()),
                None => request.clone().body(Sensitive::default()),
            };
            let give_up = context.instant() + self.give_up_after;
            let response = exchange(context, &self.manner, &self.gate, name, &request, give_up).await?;
            let identity = token.as_ref().map(|token| token.identity().clone());
            if response.status != 401 || challenges == MOST_CHALLENGES {
                return Ok((response, identity));
            }
            challenges += 1;
            if let Some(token) = &token {
                tokens.reject(token);
            }
            let Some(challenge) = response.header("www-authenticate").and_then(parse_challenge) else {
                self.forget();
                return Ok((response, identity));
            };
            if challenge.claims.is_some() && audience.is_some() {
                claims = challenge.claims;
                continue;
            }
            let Some(scope) = challenge.scope else {
                return Ok((response, identity));
            };
            if self.options.verify_challenge_resource {
                verify_challenge(&scope, &self.vault, &self.options.allowed_domains)
                    .inspect_err(|_| self.forget())?;
            }
            let learned = Audience {
                scope,
                tenant: challenge.tenant,
            };
            *lock(&self.audience) = Some(learned.clone());
            audience = Some(learned);
        }
    }

    fn audience(&self) -> Option<Audience> {
        lock(&self.audience).clone()
    }

    fn forget(&self) {
        let known = known_vault_scope(self.vault.authority()).map(|scope| Audience { scope, tenant: None });
        *lock(&self.audience) = known;
    }
}

impl Audience {
    fn request(&self, claims: Option<String>) -> TokenRequest {
        TokenRequest {
            scopes: vec![self.scope.clone()],
            tenant: self.tenant.clone(),
            claims,
            enable_cae: true,
            interaction: Interaction::IfNeeded,
        }
    }
}
