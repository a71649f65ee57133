//! `VisualStudioCredential`: the account that a developer is signed in to in Visual Studio, whose installer leaves a
//! list of programs that give its tokens (`tokenprovider.json`).

use std::time::Duration;

use crate::config::credential::ToolOptions;
use crate::config::{Config, Platform};
use crate::effect::{Effect, FaultKind, Outcome};
use crate::error::Error;
use crate::exec::Context;
use crate::operation::TokenRequest;
use crate::wire::token::{TokenProvider, parse_grant, parse_token_providers, resource_of};

use super::super::{Ending, Grant, Miss, single_scope};
use super::malformed;
use super::{About, Tool, not_installed};

pub(super) const ABOUT: About = About {
    name: "VisualStudioCredential",
    title: "Visual Studio's token provider",
    absent: "Visual Studio is not installed, or its token provider is missing",
    sign_in: "Sign in again in Visual Studio (Tools, Options, Azure Service Authentication).",
};

/// Many more providers than any installation lists.
const LIST_LIMIT: usize = 64 * 1024;

pub(crate) struct VisualStudio {
    tool: Tool,
    /// The list of providers; absent on hosts that have no place for it.
    list: Option<String>,
    windows: bool,
}

impl VisualStudio {
    pub(super) fn new(config: &Config, options: &ToolOptions) -> Result<Self, Error> {
        let folder = |variable| {
            config
                .environment
                .get(variable)
                .map(|f| f.trim_end_matches(['/', '\\']))
        };
        let parts = ["", ".IdentityService", "AzureServiceAuth", "tokenprovider.json"];
        let list = match config.options.host.platform {
            Platform::Windows => folder("LOCALAPPDATA").map(|folder| folder.to_owned() + &parts.join("\\")),
            Platform::Other => None,
            _ => folder("HOME").map(|folder| folder.to_owned() + &parts.join("/")),
        };
        Ok(Self {
            tool: Tool::new(config, &ABOUT, options, Duration::from_secs(30), None)?,
            list,
            windows: config.options.host.platform == Platform::Windows,
        })
    }

    pub(super) async fn token(&self, context: &Context, request: &TokenRequest) -> Result<Grant, Miss> {
        let resource = resource_of(single_scope(request)?);
        let tenant = self.tool.tenant(request)?;
        if request.claims.is_some() {
            return Err(self.tool.claims_challenge(ABOUT.sign_in));
        }
        let mut last = not_installed(ABOUT.absent);
        for provider in self.providers(context).await? {
            match self.ask(context, &provider, resource, tenant).await {
                Ok(grant) => return Ok(grant),
                // A "no" says more than an absence.
                Err(miss) if last.ending == Ending::Unavailable => last = miss,
                Err(_) => {}
            }
        }
        Err(last)
    }

    async fn providers(&self, context: &Context) -> Result<Vec<TokenProvider>, Miss> {
        let Some(path) = &self.list else {
            return Err(not_installed(ABOUT.absent));
        };
        let effect = || Effect::ReadFile {
            path: path.clone(),
            limit: LIST_LIMIT,
            plain: false,
        };
        let broken = |why: &str| {
            Miss::refused(malformed(ABOUT.name, path, why))
                .advise("Repair Visual Studio, which writes this file.")
        };
        loop {
            return match context.perform(effect(), Duration::from_secs(1)).await {
                Outcome::File { content, .. } => {
                    parse_token_providers(&content, self.windows).map_err(|why| broken(&why.0))
                }
                Outcome::Failed(fault) if fault.kind == FaultKind::Interrupted => continue,
                Outcome::Failed(fault) if fault.kind == FaultKind::TooLarge => {
                    Err(broken("It is too large."))
                }
                _ => Err(not_installed(ABOUT.absent)),
            };
        }
    }

    async fn ask(
        &self,
        context: &Context,
        provider: &TokenProvider,
        resource: &str,
        tenant: Option<&str>,
    ) -> Result<Grant, Miss> {
        let mut argv = vec![provider.path.clone()];
        argv.extend_from_slice(&provider.arguments);
        argv.extend(["--resource".into(), resource.into()]);
        if let Some(tenant) = tenant {
            argv.extend(["--tenant".into(), tenant.into()]);
        }
        let printed = self.tool.run(context, &argv, &[]).await?;
        if printed.says("TS005") {
            return Err(self.tool.signed_out("Nobody is signed in to Visual Studio."));
        }
        match printed.status {
            Some(0) => self.tool.grant(context, parse_grant(&printed.stdout), None),
            _ => Err(self.tool.refused(&printed, &printed.errors())),
        }
    }
}
