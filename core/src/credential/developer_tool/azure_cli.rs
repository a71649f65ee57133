//! `AzureCliCredential`: the account that a developer signed in to with `az login`.

use std::time::Duration;

use crate::config::Config;
use crate::config::credential::ToolOptions;
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::json::quoted;
use crate::operation::TokenRequest;
use crate::verdict::Verdict;
use crate::wire::clean;
use crate::wire::token::{parse_cli_token, resource_of};

use super::super::{Grant, Miss, single_scope};
use super::{About, Printed, Tool, argument, coded_claims, in_home};

pub(super) const ABOUT: About = About {
    name: "AzureCliCredential",
    title: "the Azure CLI",
    absent: "Azure CLI not found on path",
    sign_in: "Sign in again with `az login`.",
};
const LOG_IN: &str = "Please run 'az login' to set up an account";

pub(crate) struct AzureCli {
    tool: Tool,
    subscription: Option<String>,
}

impl AzureCli {
    pub(super) fn new(
        config: &Config,
        options: &ToolOptions,
        subscription: Option<&str>,
    ) -> Result<Self, Error> {
        let subscription = subscription.filter(|s| !s.is_empty());
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b' ');
        if let Some(bad) = subscription.filter(|s| !s.bytes().all(plain) || s.starts_with('-')) {
            let text = format!(
                "{} is not a subscription: letters, digits, blanks and . _ - are allowed.",
                quoted(bad)
            );
            return Err(Error::new(ErrorKind::InvalidConfiguration, text));
        }
        if subscription.is_some() && options.tenant_id.as_ref().is_some_and(|t| !t.is_empty()) {
            let text = "AzureCliCredential takes a tenant_id or a subscription: the Azure CLI refuses both together.";
            return Err(Error::new(ErrorKind::InvalidConfiguration, text)
                .advise("Leave tenant_id out: a subscription belongs to one tenant."));
        }
        let profile = in_home(config, Some("AZURE_CONFIG_DIR"), ".azure", "azureProfile.json");
        Ok(Self {
            tool: Tool::new(config, &ABOUT, options, Duration::from_secs(10), profile)?,
            subscription: subscription.map(str::to_owned),
        })
    }

    pub(super) async fn token(&self, context: &Context, request: &TokenRequest) -> Result<Grant, Miss> {
        let scope = single_scope(request)?;
        let tenant = self.tool.tenant(request)?;
        if let Some(claims) = &request.claims {
            return Err(self.tool.claims_challenge(&format!(
                "Run `az login --claims-challenge {}{} --scope {scope}` (Azure CLI 2.76 or newer).",
                coded_claims(claims),
                argument("--tenant", tenant)
            )));
        }
        let resource = resource_of(scope);
        let mut argv: Vec<String> = [
            "az",
            "account",
            "get-access-token",
            "--output",
            "json",
            "--resource",
            resource,
        ]
        .map(Into::into)
        .into();
        // The CLI refuses both together, and the subscription's tenant is the only one it can stand for.
        match (&self.subscription, tenant) {
            (Some(subscription), _) => argv.extend(["--subscription".into(), subscription.clone()]),
            (None, Some(tenant)) => argv.extend(["--tenant".into(), tenant.into()]),
            (None, None) => {}
        }
        let profile = self.tool.profile(context).await;
        let printed = self
            .tool
            .run(context, &argv, &[("AZURE_CORE_NO_COLOR", "true")])
            .await?;
        match printed.status {
            Some(0) => self
                .tool
                .grant(context, parse_cli_token(&printed.stdout), profile),
            _ => Err(self.failed(&printed)),
        }
    }

    /// Reads what the CLI says when it gives no token.
    fn failed(&self, printed: &Printed) -> Miss {
        let text = printed.errors();
        let says = |words| text.contains(words);
        if says("CLIInternalError") || says("AADSTS700082") {
            // The sign-in has worn out, or its store is damaged: as good as none.
            return self
                .tool
                .signed_out(&format!("{LOG_IN}. It says: {}", clean(&text)));
        }
        // `az login --scope …` is what it advises somebody whom Entra asks for more.
        if !says("AADSTS") && !says("az login --scope") && (says("az login") || says("az account set")) {
            return Miss::unavailable(LOG_IN).diagnose(Verdict::ToolSignedOut);
        }
        let miss = self.tool.refused(printed, &text);
        if says("Subscription '") && says("not found") {
            return miss.advise("Compare the option `subscription` with what `az account list` shows.");
        }
        miss
    }
}
