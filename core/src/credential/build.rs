//! From what the user set to a credential. A source that is not configured becomes a placeholder that says so
//! when its turn comes.

use crate::config::credential::{AuthorityOptions, DefaultOptions};
use crate::config::{Config, CredentialOptions};
use crate::error::{Error, ErrorKind};

use super::azure_cli::AzureCli;
use super::chain::Chain;
use super::client_secret::ClientSecret;
use super::host_token::HostToken;
use super::managed_identity::{ManagedIdentity, Selected, Selection};
use super::workload_identity::WorkloadIdentity;
use super::{Credential, Miss};

const ENVIRONMENT: &str = "EnvironmentCredential";

/// Builds the credential that `options` describe.
pub(crate) fn credential(config: &Config, options: &CredentialOptions) -> Result<Credential, Error> {
    build(config, options, false)
}

fn build(config: &Config, options: &CredentialOptions, chained: bool) -> Result<Credential, Error> {
    Ok(match options {
        CredentialOptions::Default(options) => Credential::Chain(default_chain(config, options)?),
        CredentialOptions::Environment(authority) => environment(config, authority)?,
        CredentialOptions::ClientSecret {
            application,
            client_secret,
        } => {
            let parts = (
                application.tenant_id.as_str(),
                application.client_id.as_str(),
                config.secret(*client_secret)?,
            );
            Credential::ClientSecret(ClientSecret::new(
                config,
                &application.authority,
                "ClientSecretCredential",
                parts,
            )?)
        }
        CredentialOptions::WorkloadIdentity {
            tenant_id,
            client_id,
            token_file_path,
            authority,
            ..
        } => {
            let given = (
                tenant_id.as_deref(),
                client_id.as_deref(),
                token_file_path.as_deref(),
            );
            WorkloadIdentity::credential(config, authority, given)?
        }
        CredentialOptions::ManagedIdentity {
            client_id,
            object_id,
            resource_id,
        } => {
            let selection =
                Selection::new(client_id.as_deref(), object_id.as_deref(), resource_id.as_deref())?;
            ManagedIdentity::credential(config, selection, chained)?
        }
        CredentialOptions::AzureCli { tool, subscription } => Credential::AzureCli(AzureCli::new(
            config,
            tool.tenant_id.as_deref(),
            subscription.as_deref(),
            tool.process_timeout,
            &tool.additionally_allowed_tenants,
        )?),
        CredentialOptions::Chained { sources } => {
            if sources.is_empty() {
                let text = "ChainedTokenCredential needs at least one credential.";
                return Err(Error::new(ErrorKind::InvalidConfiguration, text));
            }
            let more = sources.len() > 1;
            let sources: Result<Vec<_>, _> =
                sources.iter().map(|source| build(config, source, more)).collect();
            Credential::Chain(Chain::of_user(sources?))
        }
        CredentialOptions::Host { handle, name } => Credential::Host(HostToken::new(
            *handle,
            name.clone(),
            config.options.retry.operation_timeout,
        )),
        other => {
            let text = format!("This version cannot use {other:?}.");
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
    })
}

/// `EnvironmentCredential`: the first complete set of variables.
fn environment(config: &Config, authority: &AuthorityOptions) -> Result<Credential, Error> {
    let set = |name| config.environment.get(name);
    let unsupported = |what: &str| {
        let text = format!(
            "{ENVIRONMENT}: {what} is configured by the environment, which this version does not support."
        );
        Credential::Absent {
            name: ENVIRONMENT,
            miss: Miss::refused(Error::new(ErrorKind::Unsupported, text)),
        }
    };
    Ok(
        match (
            set("AZURE_TENANT_ID"),
            set("AZURE_CLIENT_ID"),
            config.environment.secret("AZURE_CLIENT_SECRET"),
        ) {
            (Some(tenant), Some(client), Some(secret)) => {
                let source = ClientSecret::new(config, authority, ENVIRONMENT, (tenant, client, secret))?;
                Credential::Environment(Box::new(Credential::ClientSecret(source)))
            }
            (Some(_), Some(_), None) if set("AZURE_CLIENT_CERTIFICATE_PATH").is_some() => {
                unsupported("a client certificate")
            }
            (_, Some(_), _) if set("AZURE_USERNAME").is_some() && set("AZURE_PASSWORD").is_some() => {
                unsupported("a user with a password")
            }
            _ => {
                let wanted = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"];
                let missing: Vec<_> = wanted.into_iter().filter(|name| set(name).is_none()).collect();
                let reason = format!(
                    "{ENVIRONMENT} authentication unavailable. Environment variables are not fully configured; not set: {}.",
                    missing.join(", ")
                );
                Credential::Absent {
                    name: ENVIRONMENT,
                    miss: Miss::unavailable(reason),
                }
            }
        },
    )
}

/// The sources of `DefaultAzureCredential`, in its order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Environment,
    WorkloadIdentity,
    ManagedIdentity,
    AzureCli,
}

impl Source {
    const ALL: [(Source, &'static str); 4] = [
        (Source::Environment, ENVIRONMENT),
        (Source::WorkloadIdentity, "WorkloadIdentityCredential"),
        (Source::ManagedIdentity, "ManagedIdentityCredential"),
        (Source::AzureCli, "AzureCliCredential"),
    ];
}

fn default_chain(config: &Config, options: &DefaultOptions) -> Result<Chain, Error> {
    let wanted = wanted_sources(config, options)?;
    let excluded = |source| match source {
        Source::Environment => options.exclude_environment_credential,
        Source::WorkloadIdentity => options.exclude_workload_identity_credential,
        Source::ManagedIdentity => options.exclude_managed_identity_credential,
        Source::AzureCli => options.exclude_cli_credential,
    };
    // An explicit option wins over AZURE_TOKEN_CREDENTIALS, as in the Python SDK.
    let included: Vec<(Source, &'static str)> = Source::ALL
        .into_iter()
        .filter(|(source, _)| excluded(*source).map_or_else(|| wanted.contains(source), |excluded| !excluded))
        .collect();
    if included.is_empty() {
        let text = "DefaultAzureCredential: every credential is excluded.";
        return Err(Error::new(ErrorKind::InvalidConfiguration, text));
    }
    let alone = included.len() == 1;
    let one = |(source, name): (Source, &'static str)| {
        let built = match source {
            Source::Environment => environment(config, &options.authority),
            Source::WorkloadIdentity => {
                let given = (
                    options.workload_identity_tenant_id.as_deref(),
                    options.workload_identity_client_id.as_deref(),
                    None,
                );
                WorkloadIdentity::credential(config, &options.authority, given)
            }
            Source::ManagedIdentity => {
                ManagedIdentity::credential(config, default_selection(config, options), !alone)
            }
            Source::AzureCli => {
                let allowed = &options.authority.additionally_allowed_tenants;
                AzureCli::new(config, None, None, options.process_timeout, allowed).map(Credential::AzureCli)
            }
        };
        // What is configured wrongly must be heard of, when its turn comes: the next source would sign in as
        // somebody else.
        built.unwrap_or_else(|error| Credential::Absent {
            name,
            miss: Miss::refused(error),
        })
    };
    Ok(Chain::default(included.into_iter().map(one).collect()))
}

fn wanted_sources(config: &Config, options: &DefaultOptions) -> Result<Vec<Source>, Error> {
    let all = || Source::ALL.map(|(source, _)| source).to_vec();
    let refuse = |text: String| {
        let names = Source::ALL.map(|(_, name)| name).join(", ");
        Err(Error::new(ErrorKind::InvalidConfiguration, text).advise(format!(
            "Set AZURE_TOKEN_CREDENTIALS to dev, prod, or one of {names}."
        )))
    };
    let Some(value) = config
        .environment
        .get("AZURE_TOKEN_CREDENTIALS")
        .map(str::trim)
        .filter(|v| !v.is_empty())
    else {
        return if options.require_envvar {
            refuse("AZURE_TOKEN_CREDENTIALS is required here and not set.".into())
        } else {
            Ok(all())
        };
    };
    if value.eq_ignore_ascii_case("dev") {
        return Ok(vec![Source::AzureCli]);
    }
    if value.eq_ignore_ascii_case("prod") {
        return Ok(vec![
            Source::Environment,
            Source::WorkloadIdentity,
            Source::ManagedIdentity,
        ]);
    }
    match Source::ALL
        .into_iter()
        .find(|(_, name)| name.eq_ignore_ascii_case(value))
    {
        Some((source, _)) => Ok(vec![source]),
        None => refuse(format!(
            "AZURE_TOKEN_CREDENTIALS is {value:?}, which names no credential."
        )),
    }
}

/// The identity that `DefaultAzureCredential` takes: the option's, else the one of `AZURE_CLIENT_ID`.
fn default_selection(config: &Config, options: &DefaultOptions) -> Selection {
    let pinned = config.options.expect.client_id.as_deref();
    match &options.managed_identity_client_id {
        Some(Some(id)) => Selection {
            identity: Selected::Client(id.clone()),
            named: true,
        },
        Some(None) => Selection {
            identity: Selected::System,
            named: false,
        },
        None => match config.environment.get("AZURE_CLIENT_ID") {
            Some(id) => Selection {
                identity: Selected::Client(id.to_owned()),
                named: pinned.is_some_and(|pinned| pinned.eq_ignore_ascii_case(id)),
            },
            None => Selection {
                identity: Selected::System,
                named: false,
            },
        },
    }
}
