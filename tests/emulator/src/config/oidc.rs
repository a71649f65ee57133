//! Who mints tokens of its own, to be exchanged for those of Entra ID.

use serde::Deserialize;

/// A job in Azure Pipelines.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AzurePipelines {
    /// `System.AccessToken`.
    pub access_token: String,
    /// The id of its service connection.
    pub service_connection_id: String,
    /// The `iss` of its tokens.
    pub issuer: String,
    /// The `sub` of its tokens.
    pub subject: String,
}

impl Default for AzurePipelines {
    fn default() -> AzurePipelines {
        AzurePipelines {
            access_token: "emulator-system-access-token".into(),
            service_connection_id: "77777777-7777-4777-8777-777777777777".into(),
            issuer: "https://vstoken.dev.azure.com/88888888-8888-4888-8888-888888888888".into(),
            subject: "sc://contoso/shop/azure".into(),
        }
    }
}

/// A job in GitHub Actions.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GithubActions {
    /// `ACTIONS_ID_TOKEN_REQUEST_TOKEN`.
    pub request_token: String,
    /// The `iss` of its tokens.
    pub issuer: String,
    /// The `sub` of its tokens.
    pub subject: String,
}

impl Default for GithubActions {
    fn default() -> GithubActions {
        GithubActions {
            request_token: "emulator-request-token".into(),
            issuer: "https://token.actions.githubusercontent.com".into(),
            subject: "repo:contoso/shop:ref:refs/heads/main".into(),
        }
    }
}
