//! A credential object of another SDK, which the host holds and asks for us.

use std::time::Duration;

use crate::config::Config;
use crate::effect::{Effect, FaultKind, Outcome};
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::exec::exchange::mismatched;
use crate::operation::TokenRequest;
use crate::token::access_token::AccessToken;

use super::{Credential, Miss};

pub(crate) struct HostToken {
    handle: u32,
    name: String,
    timeout: Duration,
}

impl HostToken {
    pub(crate) fn credential(config: &Config, handle: u32, name: &str) -> Credential {
        Credential::Host(Self {
            handle,
            name: name.into(),
            timeout: config.options.retry.operation_timeout,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) async fn token(&self, context: &Context, request: &TokenRequest) -> Result<AccessToken, Miss> {
        let effect = || Effect::HostToken {
            handle: self.handle,
            scopes: request.scopes.clone(),
            tenant: request.tenant.clone(),
            claims: request.claims.clone(),
            enable_cae: request.enable_cae,
        };
        loop {
            return match context.perform(effect(), self.timeout).await {
                Outcome::Token {
                    token,
                    expires_on,
                    refresh_on,
                } => Ok(AccessToken::from_host(
                    token,
                    expires_on,
                    refresh_on,
                    &self.name,
                    context.now(),
                )),
                Outcome::Failed(fault) => match fault.kind {
                    FaultKind::Interrupted => continue,
                    FaultKind::Unavailable => Err(Miss::unavailable(fault.detail)),
                    FaultKind::Timeout => Err(Miss::of(Error::new(
                        ErrorKind::Timeout,
                        format!("{}: {fault}.", self.name),
                    ))),
                    _ => Err(Miss::refused(
                        Error::new(
                            ErrorKind::AuthenticationFailed,
                            format!("{} failed: {}", self.name, fault.detail),
                        )
                        .with(|d| d.source = Some(self.name.clone())),
                    )),
                },
                other => Err(Miss::refused(mismatched(&other))),
            };
        }
    }
}
