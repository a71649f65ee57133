//! From what the user set to a credential: each builds itself from its own options.

use crate::config::{Config, CredentialOptions};
use crate::error::{Error, ErrorKind};

use super::application::ApplicationCredential;
use super::azure_pipelines::AzurePipelines;
use super::chain::Chain;
use super::developer_tool::DeveloperTool;
use super::device_code::DeviceCode;
use super::github_actions::GitHubActions;
use super::host_token::HostToken;
use super::interactive_browser::InteractiveBrowser;
use super::managed_identity::ManagedIdentity;
use super::user::User;
use super::workload_identity::WorkloadIdentity;
use super::{Credential, Ending, Miss, default_chain, environment};

/// Builds the credential that `options` describe.
pub(crate) fn credential(config: &Config, options: &CredentialOptions) -> Result<Credential, Error> {
    build(config, options, false)
}

/// `chained`: another source may follow.
fn build(config: &Config, options: &CredentialOptions, chained: bool) -> Result<Credential, Error> {
    use CredentialOptions as Options;
    match options {
        Options::Default(options) => default_chain::credential(config, options),
        Options::Environment(authority) => environment::credential(config, authority),
        Options::ClientSecret {
            application,
            client_secret,
        } => ApplicationCredential::secret(config, application, *client_secret),
        Options::ClientCertificate {
            application,
            certificate,
        } => ApplicationCredential::certificate(config, application, certificate),
        Options::WorkloadIdentity {
            tenant_id,
            client_id,
            token_file_path,
            enable_azure_proxy,
            authority,
        } => {
            let given = (
                tenant_id.as_deref(),
                client_id.as_deref(),
                token_file_path.as_deref(),
                *enable_azure_proxy,
            );
            WorkloadIdentity::credential(config, authority, given)
        }
        Options::GitHubActions {
            tenant_id,
            client_id,
            audience,
            authority,
        } => {
            let given = (tenant_id.as_deref(), client_id.as_deref(), audience.as_deref());
            GitHubActions::credential(config, authority, given)
        }
        Options::AzurePipelines {
            application,
            service_connection_id,
            system_access_token,
        } => AzurePipelines::credential(config, application, (service_connection_id, *system_access_token)),
        Options::ClientAssertion {
            application,
            assertion,
        } => ApplicationCredential::assertion(config, application, *assertion),
        Options::ManagedIdentity {
            client_id,
            object_id,
            resource_id,
        } => {
            let ids = (client_id.as_deref(), object_id.as_deref(), resource_id.as_deref());
            ManagedIdentity::of_options(config, ids, chained)
        }
        Options::AzureCli { tool, subscription } => {
            DeveloperTool::azure_cli(config, tool, subscription.as_deref())
        }
        Options::AzureDeveloperCli(tool) => DeveloperTool::azure_developer_cli(config, tool),
        Options::AzurePowerShell(tool) => DeveloperTool::azure_powershell(config, tool),
        Options::VisualStudio(tool) => DeveloperTool::visual_studio(config, tool),
        Options::OnBehalfOf(options) => User::on_behalf_of(config, options),
        Options::DeviceCode { person, prompt } => DeviceCode::credential(config, person, *prompt),
        Options::InteractiveBrowser {
            person,
            redirect_port,
            login_hint,
        } => InteractiveBrowser::credential(config, person, (*redirect_port, login_hint.as_deref())),
        Options::AuthorizationCode {
            application,
            authorization_code,
            redirect_uri,
            client_secret,
        } => User::with_code(
            config,
            application,
            (*authorization_code, redirect_uri),
            *client_secret,
        ),
        Options::UsernamePassword {
            person,
            username,
            password,
        } => User::with_password(config, person, username, *password),
        Options::LeftOut(name) => Ok(left_out(name)),
        Options::Chained { sources } => chain_of_user(config, sources),
        Options::Host { handle, name } => Ok(HostToken::credential(config, *handle, name)),
    }
}

/// What stands for a credential of a host where there can be none. It says so when its turn comes, and a chain goes on.
pub(super) fn left_out(name: &'static str) -> Credential {
    let text = format!(
        "{name} authentication unavailable. It does not exist on this host: a Worker or a browser has no endpoint, \
         command or person of its own that knows an identity."
    );
    let error = Error::new(ErrorKind::Unsupported, text).advise(
        "Use ClientSecretCredential, ClientAssertionCredential or ClientCertificateCredential; what can exist here all \
         the same is in nightlatch-wasm/full.",
    );
    Credential::Absent {
        name,
        miss: Miss {
            ending: Ending::Unavailable,
            error,
        },
    }
}

/// `ChainedTokenCredential`.
fn chain_of_user(config: &Config, sources: &[CredentialOptions]) -> Result<Credential, Error> {
    if sources.is_empty() {
        let text = "ChainedTokenCredential needs at least one credential.";
        return Err(Error::new(ErrorKind::InvalidConfiguration, text));
    }
    let more = sources.len() > 1;
    let sources: Result<Vec<_>, _> = sources.iter().map(|source| build(config, source, more)).collect();
    Ok(Credential::Chain(Chain::of_user(sources?)))
}
