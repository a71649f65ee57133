//! `ClientAssertionCredential`: a function of the user's gives a token that proves the application. It is asked anew for
//! each exchange, since such a token lives for minutes.

use std::time::Duration;

use crate::config::Config;
use crate::config::credential::Application;
use crate::effect::{Effect, FaultKind, Outcome};
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::exec::exchange::mismatched;
use crate::operation::TokenRequest;
use crate::sensitive::Sensitive;
use crate::token::access_token::AccessToken;

use super::entra::{Entra, Proof};
use super::{Credential, Miss};

const NAME: &str = "ClientAssertionCredential";

pub(crate) struct ClientAssertion {
    entra: Entra,
    function: u32,
    timeout: Duration,
}

impl ClientAssertion {
    pub(crate) fn credential(
        config: &Config,
        application: &Application,
        function: u32,
    ) -> Result<Credential, Error> {
        Ok(Credential::ClientAssertion(Self {
            entra: Entra::of(config, application)?,
            function,
            timeout: config.options.retry.operation_timeout,
        }))
    }

    pub(crate) async fn token(&self, context: &Context, request: &TokenRequest) -> Result<AccessToken, Miss> {
        let assertion = ask(context, NAME, self.function, self.timeout).await?;
        let proof = Proof::Assertion(&assertion);
        self.entra.token(context, NAME, request, proof).await
    }
}

/// What the user's `function` gives for the credential `name`.
pub(super) async fn ask(
    context: &Context,
    name: &str,
    function: u32,
    timeout: Duration,
) -> Result<Sensitive, Miss> {
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
