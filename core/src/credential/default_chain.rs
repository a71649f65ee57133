//! `DefaultAzureCredential`: which sources it holds, and in what order.

use crate::config::Config;
use crate::config::credential::{DefaultOptions, ToolOptions};
use crate::error::{Error, ErrorKind};

use super::azure_cli::AzureCli;
use super::chain::Chain;
use super::managed_identity::ManagedIdentity;
use super::workload_identity::WorkloadIdentity;
use super::{Credential, Miss, environment};

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
        (Source::Environment, environment::NAME),
        (Source::WorkloadIdentity, "WorkloadIdentityCredential"),
        (Source::ManagedIdentity, "ManagedIdentityCredential"),
        (Source::AzureCli, "AzureCliCredential"),
    ];
}

/// The chain that `options` and `AZURE_TOKEN_CREDENTIALS` describe.
pub(super) fn credential(config: &Config, options: &DefaultOptions) -> Result<Credential, Error> {
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
            Source::Environment => environment::credential(config, &options.authority),
            Source::WorkloadIdentity => {
                let given = (
                    options.workload_identity_tenant_id.as_deref(),
                    options.workload_identity_client_id.as_deref(),
                    None,
                );
                WorkloadIdentity::credential(config, &options.authority, given)
            }
            Source::ManagedIdentity => ManagedIdentity::of_default_chain(config, options, !alone),
            Source::AzureCli => {
                let tool = ToolOptions {
                    tenant_id: None,
                    process_timeout: options.process_timeout,
                    additionally_allowed_tenants: options.authority.additionally_allowed_tenants.clone(),
                };
                AzureCli::credential(config, &tool, None::<&str>)
            }
        };
        // What is configured wrongly must be heard of, when its turn comes: the next source would sign in as
        // somebody else.
        built.unwrap_or_else(|error| Credential::Absent {
            name,
            miss: Miss::refused(error),
        })
    };
    Ok(Credential::Chain(Chain::default(
        included.into_iter().map(one).collect(),
    )))
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
