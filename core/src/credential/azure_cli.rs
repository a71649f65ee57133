//! `AzureCliCredential`: the account that a developer signed in to with `az login`.

use std::time::Duration;

use crate::config::Config;
use crate::config::credential::ToolOptions;
use crate::effect::{Effect, FaultKind, Outcome};
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::exec::exchange::mismatched;
use crate::operation::TokenRequest;
use crate::sensitive::Sensitive;
use crate::time::Seconds;
use crate::token::access_token::AccessToken;
use crate::wire::clean;
use crate::wire::token::{parse_cli_token, resource_of};

use super::entra::malformed;
use super::tenants::Tenants;
use super::{Credential, Miss, single_scope};

const NAME: &str = "AzureCliCredential";
const NOT_FOUND: &str = "Azure CLI not found on path";
const LOG_IN: &str = "Please run 'az login' to set up an account";

pub(crate) struct AzureCli {
    tenants: Tenants,
    subscription: Option<String>,
    timeout: Duration,
}

impl AzureCli {
    pub(crate) fn credential(
        config: &Config,
        tool: &ToolOptions,
        subscription: Option<&str>,
    ) -> Result<Credential, Error> {
        let subscription = subscription.filter(|s| !s.is_empty());
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b' ');
        if let Some(bad) = subscription.filter(|s| !s.bytes().all(plain) || s.starts_with('-')) {
            let text =
                format!("{bad:?} is not a subscription: letters, digits, blanks and . _ - are allowed.");
            return Err(Error::new(ErrorKind::InvalidConfiguration, text));
        }
        let tenant = tool.tenant_id.as_deref().filter(|t| !t.is_empty());
        Ok(Credential::AzureCli(Self {
            tenants: Tenants::new(config, tenant, &tool.additionally_allowed_tenants)?,
            subscription: subscription.map(str::to_owned),
            timeout: tool.process_timeout.unwrap_or(Duration::from_secs(10)),
        }))
    }

    pub(crate) async fn token(&self, context: &Context, request: &TokenRequest) -> Result<AccessToken, Miss> {
        let scope = single_scope(request)?;
        let tenant = self
            .tenants
            .resolve(request.tenant.as_deref())
            .map_err(Miss::refused)?;
        if let Some(claims) = &request.claims {
            return Err(sign_in_again(claims, tenant, scope));
        }
        let mut argv: Vec<String> = [
            "az",
            "account",
            "get-access-token",
            "--output",
            "json",
            "--resource",
            resource_of(scope),
        ]
        .map(Into::into)
        .into();
        if let Some(tenant) = tenant {
            argv.extend(["--tenant".into(), tenant.into()]);
        }
        if let Some(subscription) = &self.subscription {
            argv.extend(["--subscription".into(), subscription.clone()]);
        }
        loop {
            let env = vec![("AZURE_CORE_NO_COLOR".into(), "true".into())];
            let effect = Effect::Run {
                argv: argv.clone(),
                env,
                timeout: self.timeout,
            };
            return match context.perform(effect, self.timeout).await {
                Outcome::Ran {
                    status: Some(0),
                    stdout,
                    ..
                } => parse_cli_token(&stdout)
                    .map(|grant| AccessToken::from_grant(grant, NAME, context.now()))
                    .map_err(|why| Miss::refused(malformed(NAME, "the Azure CLI", &why.0))),
                Outcome::Ran { status, stderr, .. } => Err(failed(status, &stderr)),
                Outcome::Failed(fault) => match fault.kind {
                    FaultKind::Interrupted => continue,
                    FaultKind::NotFound => Err(Miss::unavailable(NOT_FOUND)),
                    FaultKind::Timeout => Err(Miss::unavailable(format!(
                        "{NAME}: the Azure CLI did not answer within {} s (option process_timeout).",
                        Seconds(self.timeout)
                    ))),
                    _ => Err(Miss::unavailable(format!(
                        "{NAME}: the Azure CLI could not be run: {fault}."
                    ))),
                },
                other => Err(Miss::refused(mismatched(&other))),
            };
        }
    }
}

/// Reads what the CLI says when it gives no token.
fn failed(status: Option<i32>, stderr: &Sensitive) -> Miss {
    let text = String::from_utf8_lossy(stderr.expose());
    let absent = status == Some(127)
        || text.starts_with("'az' is not recognized")
        || text.contains("az: not found")
        || text.contains("az: command not found");
    if absent {
        return Miss::unavailable(NOT_FOUND);
    }
    let refused_by_entra = text.contains("AADSTS");
    if !refused_by_entra && (text.contains("az login") || text.contains("az account set")) {
        return Miss::unavailable(LOG_IN);
    }
    let text = clean(&text);
    let error = Error::new(
        ErrorKind::AuthenticationFailed,
        format!("{NAME}: the Azure CLI failed: {text}"),
    )
    .with(|d| d.source = Some(NAME.into()));
    Miss::refused(if refused_by_entra {
        error.advise("Sign in again with `az login`.")
    } else {
        error
    })
}

/// The CLI cannot answer a claims challenge by itself; its user can.
fn sign_in_again(claims: &str, tenant: Option<&str>, scope: &str) -> Miss {
    use base64::Engine as _;
    let claims = base64::engine::general_purpose::STANDARD.encode(claims);
    let tenant = tenant.map_or(String::new(), |tenant| format!(" --tenant {tenant}"));
    Miss::unavailable(format!("{NAME} cannot answer a claims challenge.")).advise(format!(
        "Run `az login --claims-challenge {claims}{tenant} --scope {scope}` (Azure CLI 2.76 or newer)."
    ))
}
