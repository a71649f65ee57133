//! How an application proves itself to the sign-in service.

use std::time::Duration;

use crate::config::Config;
use crate::effect::{Effect, FaultKind, Outcome};
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::exec::exchange::mismatched;
use crate::sensitive::Sensitive;
use crate::wire::token;

use super::Miss;
use super::client_certificate::ClientCertificate;

/// What an application has to show.
pub(crate) enum Proof {
    /// Nothing: people sign in to a public client.
    None,
    /// A secret that it stores. The weakest of all; a federated or managed identity stores nothing.
    Secret(Sensitive),
    /// A token of somebody whom its registration trusts.
    Assertion(Sensitive),
    /// Such a token by a function of the user's. It is asked anew for each exchange, since such tokens live for minutes.
    Function { number: u32, timeout: Duration },
    /// An assertion signed with a certificate's key, anew for each exchange.
    Certificate(Box<ClientCertificate>),
}

/// Whom the proof convinces, and of what.
pub(super) struct Audience<'a> {
    pub(super) client_id: &'a str,
    pub(super) token_url: &'a str,
    /// Whether it is Active Directory Federation Services.
    pub(super) adfs: bool,
}

impl Proof {
    pub(crate) fn function(config: &Config, number: u32) -> Self {
        Self::Function {
            number,
            timeout: config.options.retry.operation_timeout,
        }
    }

    /// As it stands in a request, for the credential `name`.
    pub(super) async fn show(
        &self,
        context: &Context,
        name: &'static str,
        audience: Audience<'_>,
    ) -> Result<token::Proof, Miss> {
        let assertion = match self {
            Proof::None => return Ok(token::Proof::None),
            Proof::Secret(secret) => return Ok(token::Proof::Secret(secret.clone())),
            Proof::Assertion(assertion) => assertion.clone(),
            Proof::Function { number, timeout } => ask(context, name, *number, *timeout).await?,
            Proof::Certificate(certificate) => certificate.assertion(context, name, audience).await?,
        };
        Ok(token::Proof::Assertion(assertion))
    }
}

/// What the user's `function` gives for the credential `name`.
async fn ask(context: &Context, name: &str, function: u32, timeout: Duration) -> Result<Sensitive, Miss> {
    let effect = Effect::Assertion { handle: function };
    let failed = |kind, why: &str| {
        let text = format!("{name}: the function that gives the client assertion failed: {why}.");
        Error::new(kind, text).with(|d| d.source = Some(name.into()))
    };
    match context.insist(effect, timeout).await {
        Outcome::Assertion(assertion) if !assertion.expose().trim_ascii().is_empty() => Ok(assertion),
        Outcome::Assertion(_) => Err(Miss::refused(failed(
            ErrorKind::InvalidConfiguration,
            "it gave an empty text",
        ))),
        Outcome::Failed(fault) => Err(match fault.kind {
            FaultKind::Unavailable => Miss::unavailable(fault.detail),
            FaultKind::Timeout => Miss::of(failed(ErrorKind::Timeout, &fault.to_string())),
            FaultKind::Unsupported => Miss::refused(failed(ErrorKind::Unsupported, &fault.to_string())),
            _ => Miss::refused(failed(ErrorKind::AuthenticationFailed, &fault.detail)),
        }),
        other => Err(Miss::refused(mismatched(&other))),
    }
}
