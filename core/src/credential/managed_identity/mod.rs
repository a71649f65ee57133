//! `ManagedIdentityCredential`: the identity that Azure gave to the resource this program runs on. Which platform that
//! is, the environment tells. The first row that fits counts; a variable that is empty is not set.
//!
//! | | what there is | platform | decided, where the Azure SDKs differ |
//! |---|---|---|---|
//! | 1 | `IDENTITY_ENDPOINT`, `IDENTITY_HEADER`, `IDENTITY_SERVER_THUMBPRINT` | Service Fabric | the thumbprint without the header decides nothing. No identity can be chosen |
//! | 2 | `IDENTITY_ENDPOINT`, `IDENTITY_HEADER` | App Service, Functions, Container Apps, Automation | even if `IMDS_ENDPOINT` is set |
//! | 3 | `IDENTITY_ENDPOINT`, `IMDS_ENDPOINT` | Azure Arc | before the `MSI_*` rows, as in Python; elsewhere than on Linux and Windows an error |
//! | 4 | `MSI_ENDPOINT`, `MSI_SECRET` | Azure Machine Learning, App Service (2017) | `DEFAULT_IDENTITY_CLIENT_ID` is the identity if none is named, as in MSAL. An identity can be named by its client id only |
//! | 5 | `MSI_ENDPOINT` | Cloud Shell | `AZUREPS_HOST_ENVIRONMENT` is not looked at. No identity can be chosen |
//! | 6 | `AZURE_AUTHORITY_HOST`, `AZURE_TENANT_ID`, `AZURE_FEDERATED_TOKEN_FILE` | workload identity | as in Python and JavaScript, also where `WorkloadIdentityCredential` is excluded: behind IMDS of a Kubernetes node stands another identity. The client id is the named one, else `AZURE_CLIENT_ID`; never through the token proxy |
//! | 7 | `AZURE_POD_IDENTITY_AUTHORITY_HOST` | IMDS at that address | asked without a probe; what somebody set counts more than a file that is there, so row 8 is not looked at |
//! | 8 | the program of the Arc agent (Linux, Windows) | Azure Arc, at 127.0.0.1:40342 | one look, when the first token is wanted, also on a virtual machine of Azure, as in MSAL. A program that may not be looked at counts as absent |
//! | 9 | nothing of these | IMDS | see [`imds`] |
//! | | `IDENTITY_ENDPOINT` without a companion | rows 4 to 9 | as in MSAL. Python gives up, Rust goes to row 9 |
//! | | `IDENTITY_HEADER`, `MSI_SECRET` | rows 1, 2, 4 | read when the credential is made: nobody changes the environment of a process from outside, so a value that the platform rotated comes with a new process. A program that changes its own environment makes a new credential |
//! | | an identity that the platform cannot choose | rows 1, 4, 5, 6 | named by an option or `expect`: an error. Known from `AZURE_CLIENT_ID` only: unavailable, so that nobody else's token is handed out under that name, and the next source has its turn |
//! | | a failure that passes, of rows 1 to 8 | | never passed over: the platform said that the identity is here |

mod app_service;
mod arc;
mod cloud_shell;
mod endpoint;
mod imds;
mod machine;
mod selection;
mod service_fabric;

use std::borrow::Cow;

use crate::config::Config;
use crate::config::credential::{AuthorityOptions, DefaultOptions};
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::operation::TokenRequest;
use crate::token::access_token::AccessToken;
use crate::wire::token::resource_of;

use self::app_service::AppService;
use self::arc::Arc;
use self::cloud_shell::CloudShell;
use self::endpoint::Endpoint;
use self::machine::Machine;
use self::selection::{Selected, Selection};
use self::service_fabric::ServiceFabric;
use super::Miss;
#[cfg(feature = "doctor")]
use super::prospect::Expected;
use super::workload_identity::WorkloadIdentity;
use super::{Credential, single_scope};

pub(super) const NAME: &str = "ManagedIdentityCredential";

pub(crate) struct ManagedIdentity {
    selection: Selection,
    platform: Platform,
}

enum Platform {
    ServiceFabric(ServiceFabric),
    AppService(AppService),
    Arc(Arc),
    OldAppService(AppService),
    CloudShell(CloudShell),
    Workload(WorkloadIdentity),
    Machine(Box<Machine>),
}

/// Which parts of a request make a difference to a platform.
struct Heeds {
    tenant: bool,
    /// The wish for continuous access evaluation.
    cae: bool,
}

impl ManagedIdentity {
    /// From the options of `ManagedIdentityCredential`.
    pub(crate) fn of_options(
        config: &Config,
        (client, object, resource): (Option<&str>, Option<&str>, Option<&str>),
        chained: bool,
    ) -> Result<Credential, Error> {
        Self::credential(config, Selection::new(client, object, resource)?, chained)
    }

    /// As a part of `DefaultAzureCredential`.
    pub(crate) fn of_default_chain(
        config: &Config,
        options: &DefaultOptions,
        chained: bool,
    ) -> Result<Credential, Error> {
        Self::credential(config, Selection::of_default_chain(config, options), chained)
    }

    /// The credential for what the environment tells. `chained`: another source may follow, so an absent IMDS must be found out quickly.
    fn credential(config: &Config, selection: Selection, chained: bool) -> Result<Credential, Error> {
        let platform = Platform::find(config, &selection, chained)?;
        match platform.cannot_choose(&selection) {
            None => Ok(Credential::ManagedIdentity(Self { selection, platform })),
            Some(miss) if selection.named => Err(miss.error),
            Some(miss) => Ok(Credential::Absent { name: NAME, miss }),
        }
    }

    /// See [`Credential::essence`].
    pub(crate) fn essence<'a>(&self, request: &'a TokenRequest) -> Cow<'a, TokenRequest> {
        let heeds = self.platform.heeds();
        let mut essence = Cow::Borrowed(request);
        if !heeds.tenant && request.tenant.is_some() {
            essence.to_mut().tenant = None;
        }
        if !heeds.cae && request.enable_cae {
            essence.to_mut().enable_cae = false;
        }
        essence
    }

    /// Whether it would be asked for a token, and why.
    #[cfg(feature = "doctor")]
    pub(crate) async fn expected(&self, context: &Context) -> Expected {
        let by_variables =
            |place: &str| Expected::here(format!("the environment's variables are those of {place}"));
        match &self.platform {
            Platform::ServiceFabric(_) => by_variables("Service Fabric"),
            Platform::AppService(_) | Platform::OldAppService(_) => {
                by_variables("App Service and its kin (Functions, Container Apps, Azure Machine Learning)")
            }
            Platform::Arc(_) => by_variables("Azure Arc"),
            Platform::CloudShell(_) => by_variables("Cloud Shell"),
            Platform::Workload(_) => by_variables("workload identity"),
            Platform::Machine(machine) => machine.expected(context).await,
        }
    }

    pub(crate) async fn token(&self, context: &Context, request: &TokenRequest) -> Result<AccessToken, Miss> {
        let resource = resource_of(single_scope(request)?);
        let selection = &self.selection;
        match &self.platform {
            Platform::ServiceFabric(fabric) => fabric.token(context, request, resource).await,
            Platform::AppService(app) | Platform::OldAppService(app) => {
                app.token(context, selection, resource).await
            }
            Platform::Arc(arc) => arc.token(context, selection, resource).await,
            Platform::CloudShell(shell) => shell.token(context, resource).await,
            Platform::Workload(workload) => workload.token(context, request).await,
            Platform::Machine(machine) => machine.token(context, selection, resource).await,
        }
    }
}

impl Platform {
    /// What of a request it takes to heart. The others give the one token that their identity has for a resource, whoever
    /// asks.
    fn heeds(&self) -> Heeds {
        Heeds {
            tenant: matches!(self, Self::Workload(_)),
            cae: matches!(self, Self::Workload(_) | Self::ServiceFabric(_)),
        }
    }

    /// The rows 1 to 7; the others are the [`Machine`]'s.
    fn find(config: &Config, selection: &Selection, chained: bool) -> Result<Self, Error> {
        let set = |name| config.environment.get(name);
        let has = |name| set(name).is_some();
        match (set("IDENTITY_ENDPOINT"), set("MSI_ENDPOINT")) {
            (Some(url), _) if has("IDENTITY_HEADER") => match set("IDENTITY_SERVER_THUMBPRINT") {
                Some(thumbprint) => ServiceFabric::new(config, url, thumbprint).map(Self::ServiceFabric),
                None => AppService::new(config, url).map(Self::AppService),
            },
            (Some(url), _) if has("IMDS_ENDPOINT") => Arc::new(config, Some(url)).map(Self::Arc),
            (_, Some(url)) if has("MSI_SECRET") => AppService::old(config, url).map(Self::OldAppService),
            (_, Some(url)) => CloudShell::new(config, url).map(Self::CloudShell),
            _ => match (set("AZURE_TENANT_ID"), set("AZURE_FEDERATED_TOKEN_FILE")) {
                (Some(tenant), Some(file)) if has("AZURE_AUTHORITY_HOST") => {
                    workload(config, selection, tenant, file).map(Self::Workload)
                }
                _ => Machine::new(config, chained).map(|machine| Self::Machine(Box::new(machine))),
            },
        }
    }

    /// Why the platform cannot give the token of that identity, if it cannot.
    fn cannot_choose(&self, selection: &Selection) -> Option<Miss> {
        let by_client = matches!(selection.identity, Selected::System | Selected::Client(_));
        let (possible, why) = match self {
            Self::ServiceFabric(_) => (
                selection.identity == Selected::System,
                "Service Fabric gives a service the identity that its application manifest names; none can be chosen",
            ),
            Self::CloudShell(_) => (
                selection.identity == Selected::System,
                "Cloud Shell has the identity of the person who sits there; none can be chosen",
            ),
            Self::OldAppService(_) => (
                by_client,
                "This host's identity endpoint (2017) selects identities by client id only",
            ),
            Self::Workload(_) => (
                by_client,
                "Workload identity selects identities by client id only",
            ),
            Self::AppService(_) | Self::Arc(_) | Self::Machine(_) => (true, ""),
        };
        let advice = "Name no identity here (AZURE_CLIENT_ID, managed_identity_client_id, client_id, object_id, \
                      resource_id), or name it in the way that this platform knows.";
        let kind = ErrorKind::InvalidConfiguration;
        (!possible).then(|| selection.miss(kind, format!("{why}."), advice))
    }
}

/// Row 6.
fn workload(
    config: &Config,
    selection: &Selection,
    tenant: &str,
    file: &str,
) -> Result<WorkloadIdentity, Error> {
    let client = match &selection.identity {
        Selected::Client(id) => Some(id.as_str()),
        _ => config.environment.get("AZURE_CLIENT_ID"),
    };
    let Some(client) = client else {
        let text = format!("{NAME}: this pod has a workload identity, but no client id is known.");
        return Err(Error::new(ErrorKind::InvalidConfiguration, text).advise(
            "Annotate the service account with azure.workload.identity/client-id, set AZURE_CLIENT_ID, or give a client id.",
        ));
    };
    WorkloadIdentity::new(config, &AuthorityOptions::default(), NAME, (tenant, client, file))
}
