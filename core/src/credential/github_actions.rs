//! `GitHubActionsCredential`: the token that GitHub signs for a job. No Azure SDK has it; there the action
//! `azure/login` and the Azure CLI stand between.

use crate::config::Config;
use crate::config::credential::AuthorityOptions;
use crate::error::Error;
use crate::exec::Context;
use crate::operation::TokenRequest;
use crate::token::access_token::AccessToken;
use crate::verdict::Verdict;
use crate::wire::token::oidc::github_actions;

use super::entra::Entra;
use super::oidc::{Oidc, Service, https};
use super::{Credential, Miss};

const NAME: &str = "GitHubActionsCredential";
const URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";

/// What federated credentials expect unless set up otherwise.
const AUDIENCE: &str = "api://AzureADTokenExchange";

/// What gives a job its two variables.
const PERMISSION: &str =
    "Give the job or the workflow the permission `id-token: write`; jobs of forks do not get it.";

pub(crate) struct GitHubActions(Oidc);

impl GitHubActions {
    pub(crate) fn credential(
        config: &Config,
        options: &AuthorityOptions,
        (tenant, client, audience): (Option<&str>, Option<&str>, Option<&str>),
    ) -> Result<Credential, Error> {
        let given = [
            (tenant, "AZURE_TENANT_ID"),
            (client, "AZURE_CLIENT_ID"),
            (None, URL),
            (None, TOKEN),
        ];
        let [tenant, client, url, _] = match config.environment.fill(given) {
            Ok(found) => found,
            Err(missing) => {
                let reason = format!("{NAME} authentication unavailable. Not set: {missing}.");
                return Ok(Credential::Absent {
                    name: NAME,
                    miss: Miss::unavailable(reason)
                        .diagnose(Verdict::NotConfigured)
                        .advise(PERMISSION),
                });
            }
        };
        let token = config.environment.secret(TOKEN).unwrap_or_default();
        https(NAME, URL, url)?;
        let service = Service {
            name: NAME,
            service: "GitHub Actions",
            request: github_actions(url, &token, audience.unwrap_or(AUDIENCE)),
            field: "value",
            advice: PERMISSION,
        };
        let entra = Entra::new(config, options, Some(tenant), client)?;
        Ok(Credential::GitHubActions(Self(Oidc::new(config, entra, service))))
    }

    pub(crate) async fn token(&self, context: &Context, request: &TokenRequest) -> Result<AccessToken, Miss> {
        self.0.token(context, request).await
    }
}
