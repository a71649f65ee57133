//! `DefaultAzureCredential`: which sources it holds, and in what order.
//!
//! | source | `dev` | `prod` | left out by |
//! |---|---|---|---|
//! | `EnvironmentCredential` | | yes | `exclude_environment_credential` |
//! | `WorkloadIdentityCredential` | | yes | `exclude_workload_identity_credential` |
//! | `ManagedIdentityCredential` | | yes | `exclude_managed_identity_credential` |
//! | `VisualStudioCredential` | yes | | `exclude_visual_studio_credential` |
//! | `AzureCliCredential` | yes | | `exclude_cli_credential` |
//! | `AzurePowerShellCredential` | yes | | `exclude_powershell_credential` |
//! | `AzureDeveloperCliCredential` | yes | | `exclude_developer_cli_credential` |
//! | `InteractiveBrowserCredential` | | | unless its name is in `AZURE_TOKEN_CREDENTIALS`, or the option is `false` |
//!
//! The order is that of the Azure SDK for .NET, of which the others leave some out. `AZURE_TOKEN_CREDENTIALS` is
//! `dev`, `prod` or one name, in any case; an `exclude_*` option that is given wins over it, as in the SDK for Python.
//! The names of credentials that the SDKs have and this library does not are refused as such
//! (`VisualStudioCodeCredential` and `BrokerCredential` live in a native sign-in broker, `SharedTokenCacheCredential`
//! reads an encrypted cache that no tool writes any more): whoever names one relies on one account, so another must
//! not step in.

use crate::config::Config;
use crate::config::credential::{CredentialOptions, DefaultOptions, PersonOptions, ToolOptions};
use crate::error::{Error, ErrorKind};
use crate::json::quoted;

use super::chain::Chain;
use super::managed_identity::ManagedIdentity;
use super::{Credential, Miss, build, environment};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Environment,
    WorkloadIdentity,
    ManagedIdentity,
    VisualStudio,
    AzureCli,
    AzurePowerShell,
    AzureDeveloperCli,
    InteractiveBrowser,
}

/// Where a source is at home.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Home {
    Deployment,
    Developer,
    /// Nowhere unless it is asked for: it opens windows.
    Asked,
}

/// In their order.
const SOURCES: [(Source, &str, Home); 8] = [
    (Source::Environment, environment::NAME, Home::Deployment),
    (
        Source::WorkloadIdentity,
        "WorkloadIdentityCredential",
        Home::Deployment,
    ),
    (
        Source::ManagedIdentity,
        "ManagedIdentityCredential",
        Home::Deployment,
    ),
    (Source::VisualStudio, "VisualStudioCredential", Home::Developer),
    (Source::AzureCli, "AzureCliCredential", Home::Developer),
    (
        Source::AzurePowerShell,
        "AzurePowerShellCredential",
        Home::Developer,
    ),
    (
        Source::AzureDeveloperCli,
        "AzureDeveloperCliCredential",
        Home::Developer,
    ),
    (
        Source::InteractiveBrowser,
        "InteractiveBrowserCredential",
        Home::Asked,
    ),
];

/// Names that `AZURE_TOKEN_CREDENTIALS` may hold for an SDK, and not for us.
const OF_THE_SDKS: [&str; 3] = [
    "VisualStudioCodeCredential",
    "BrokerCredential",
    "SharedTokenCacheCredential",
];

/// The chain that `options` and `AZURE_TOKEN_CREDENTIALS` describe.
pub(super) fn credential(config: &Config, options: &DefaultOptions) -> Result<Credential, Error> {
    let wanted = Wanted::read(config, options)?;
    // An explicit option wins over AZURE_TOKEN_CREDENTIALS, as in the Python SDK.
    let included: Vec<(Source, &'static str)> = SOURCES
        .into_iter()
        .filter(|(source, name, home)| match excluded(options, *source) {
            Some(excluded) => !excluded,
            None => wanted.holds(name, *home),
        })
        .map(|(source, name, _)| (source, name))
        .collect();
    if included.is_empty() {
        let text = "DefaultAzureCredential: every credential is excluded.";
        return Err(Error::new(ErrorKind::InvalidConfiguration, text));
    }
    let more = included.len() > 1;
    let one = |(source, name): (Source, &'static str)| {
        if !cfg!(feature = "local") && !matches!(source, Source::Environment | Source::WorkloadIdentity) {
            return build::left_out(name);
        }
        // What is configured wrongly must be heard of, when its turn comes: the next source would sign in as
        // somebody else.
        build_source(config, options, source, more).unwrap_or_else(|error| Credential::Absent {
            name,
            miss: Miss::refused(error),
        })
    };
    let sources = included.into_iter().map(one).collect();
    Ok(Credential::Chain(Chain::default(sources)))
}

fn excluded(options: &DefaultOptions, source: Source) -> Option<bool> {
    match source {
        Source::Environment => options.exclude_environment_credential,
        Source::WorkloadIdentity => options.exclude_workload_identity_credential,
        Source::ManagedIdentity => options.exclude_managed_identity_credential,
        Source::VisualStudio => options.exclude_visual_studio_credential,
        Source::AzureCli => options.exclude_cli_credential,
        Source::AzurePowerShell => options.exclude_powershell_credential,
        Source::AzureDeveloperCli => options.exclude_developer_cli_credential,
        Source::InteractiveBrowser => options.exclude_interactive_browser_credential,
    }
}

/// Builds a source with its own of the chain's options. `more`: other sources stand in the chain.
fn build_source(
    config: &Config,
    options: &DefaultOptions,
    source: Source,
    more: bool,
) -> Result<Credential, Error> {
    let tool = |tenant: &Option<String>| ToolOptions {
        tenant_id: tenant.clone(),
        process_timeout: options.process_timeout,
        additionally_allowed_tenants: options.authority.additionally_allowed_tenants.clone(),
    };
    let authority = options.authority.clone();
    let own = match source {
        Source::ManagedIdentity => {
            return ManagedIdentity::of_default_chain(config, options, more);
        }
        Source::Environment => CredentialOptions::Environment(authority),
        Source::WorkloadIdentity => CredentialOptions::WorkloadIdentity {
            tenant_id: options.workload_identity_tenant_id.clone(),
            client_id: options.workload_identity_client_id.clone(),
            token_file_path: None,
            enable_azure_proxy: false,
            authority,
        },
        Source::VisualStudio => CredentialOptions::VisualStudio(tool(&options.visual_studio_tenant_id)),
        Source::AzureCli => CredentialOptions::AzureCli {
            tool: tool(&None),
            subscription: None,
        },
        Source::AzurePowerShell => CredentialOptions::AzurePowerShell(tool(&None)),
        Source::AzureDeveloperCli => CredentialOptions::AzureDeveloperCli(tool(&None)),
        Source::InteractiveBrowser => CredentialOptions::InteractiveBrowser {
            person: PersonOptions {
                tenant_id: options.interactive_browser_tenant_id.clone(),
                client_id: options.interactive_browser_client_id.clone(),
                authority,
                ..PersonOptions::default()
            },
            redirect_port: None,
            login_hint: None,
        },
    };
    build::credential(config, &own)
}

/// What `AZURE_TOKEN_CREDENTIALS` asks for.
enum Wanted<'a> {
    Usual,
    At(Home),
    One(&'a str),
}

impl<'a> Wanted<'a> {
    fn read(config: &'a Config, options: &DefaultOptions) -> Result<Self, Error> {
        let refuse = |kind, text: String| {
            let names = SOURCES.map(|(_, name, _)| name).join(", ");
            Err(Error::new(kind, text).advise(format!(
                "Set AZURE_TOKEN_CREDENTIALS to dev, prod, or one of {names}."
            )))
        };
        let value = config.environment.get("AZURE_TOKEN_CREDENTIALS").map(str::trim);
        let Some(value) = value.filter(|v| !v.is_empty()) else {
            if options.require_envvar {
                let text = "AZURE_TOKEN_CREDENTIALS is required here and not set.";
                return refuse(ErrorKind::InvalidConfiguration, text.into());
            }
            return Ok(Self::Usual);
        };
        let is = |name: &str| name.eq_ignore_ascii_case(value);
        match value {
            _ if is("dev") => Ok(Self::At(Home::Developer)),
            _ if is("prod") => Ok(Self::At(Home::Deployment)),
            _ if SOURCES.iter().any(|(_, name, _)| is(name)) => Ok(Self::One(value)),
            _ if OF_THE_SDKS.into_iter().any(is) => refuse(
                ErrorKind::Unsupported,
                format!(
                    "AZURE_TOKEN_CREDENTIALS is {}, which this library does not have.",
                    quoted(value)
                ),
            ),
            _ => refuse(
                ErrorKind::InvalidConfiguration,
                format!(
                    "AZURE_TOKEN_CREDENTIALS is {}, which names no credential.",
                    quoted(value)
                ),
            ),
        }
    }

    fn holds(&self, name: &str, home: Home) -> bool {
        match self {
            Wanted::Usual => home != Home::Asked,
            Wanted::At(wanted) => home == *wanted,
            Wanted::One(wanted) => wanted.eq_ignore_ascii_case(name),
        }
    }
}
