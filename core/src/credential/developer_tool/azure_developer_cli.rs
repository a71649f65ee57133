//! `AzureDeveloperCliCredential`: the account that a developer signed in to with `azd auth login`.

use std::time::Duration;

use crate::config::Config;
use crate::config::credential::ToolOptions;
use crate::error::Error;
use crate::exec::Context;
use crate::operation::TokenRequest;
use crate::verdict::Verdict;
use crate::wire::token::{azd_message, parse_azd_token};

use super::super::{Grant, Miss, scopes};
use super::{About, Printed, Tool, coded_claims, in_home};

pub(super) const ABOUT: About = About {
    name: "AzureDeveloperCliCredential",
    title: "the Azure Developer CLI",
    absent: "Azure Developer CLI could not be found on path",
    sign_in: "Sign in again with `azd auth login`.",
};

pub(crate) struct AzureDeveloperCli {
    tool: Tool,
}

impl AzureDeveloperCli {
    pub(super) fn new(config: &Config, options: &ToolOptions) -> Result<Self, Error> {
        let profile = in_home(config, Some("AZD_CONFIG_DIR"), ".azd", "auth.json");
        let tool = Tool::new(config, &ABOUT, options, Duration::from_secs(10), profile)?;
        Ok(Self { tool })
    }

    pub(super) async fn token(&self, context: &Context, request: &TokenRequest) -> Result<Grant, Miss> {
        let mut argv: Vec<String> = ["azd", "auth", "token", "--output", "json", "--no-prompt"]
            .map(Into::into)
            .into();
        for scope in scopes(request)? {
            argv.extend(["--scope".into(), scope.clone()]);
        }
        if let Some(tenant) = self.tool.tenant(request)? {
            argv.extend(["--tenant-id".into(), tenant.into()]);
        }
        if let Some(claims) = &request.claims {
            argv.extend(["--claims".into(), coded_claims(claims)]);
        }
        let profile = self.tool.profile(context).await;
        let printed = self.tool.run(context, &argv, &[("NO_COLOR", "true")]).await?;
        match printed.status {
            Some(0) => self
                .tool
                .grant(context, parse_azd_token(&printed.stdout), profile),
            _ => Err(self.failed(&printed)),
        }
    }

    fn failed(&self, printed: &Printed) -> Miss {
        let text = azd_message(&printed.stderr);
        if text.contains("unknown flag: --claims") {
            return self.tool.claims_challenge(
                "Update the Azure Developer CLI: 1.18.1 and newer answer claims challenges.",
            );
        }
        if !text.contains("AADSTS") && text.contains("azd auth login") {
            return Miss::unavailable("Please run 'azd auth login' to set up an account")
                .diagnose(Verdict::ToolSignedOut);
        }
        self.tool.refused(printed, &text)
    }
}
