//! `ManagedIdentityCredential`: the identity that Azure gave to the resource this program runs on. Which
//! platform it is, the environment tells:
//!
//! | set | platform |
//! |---|---|
//! | `IDENTITY_ENDPOINT`, `IDENTITY_HEADER`, `IDENTITY_SERVER_THUMBPRINT` | Service Fabric |
//! | `IDENTITY_ENDPOINT`, `IDENTITY_HEADER` | App Service, Functions, Container Apps |
//! | `IDENTITY_ENDPOINT`, `IMDS_ENDPOINT` | Azure Arc |
//! | `MSI_ENDPOINT`, `MSI_SECRET` | App Service (2017), Azure Machine Learning |
//! | `MSI_ENDPOINT` | Cloud Shell |
//! | none of these | IMDS: virtual machines, scale sets, Kubernetes nodes |
//!
//! `IDENTITY_ENDPOINT` with neither of its companions selects nothing by itself; the later rows decide, as in the
//! MSAL libraries.

mod app_service;
mod imds;

use crate::config::Config;
use crate::config::credential::DefaultOptions;
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::operation::TokenRequest;
use crate::token::access_token::AccessToken;
use crate::wire::token::{IdentityRef, TokenFailure, resource_of};

use super::{Credential, Miss, single_scope};

pub(super) const NAME: &str = "ManagedIdentityCredential";

pub(crate) struct ManagedIdentity {
    selection: Selection,
    platform: Platform,
}

enum Platform {
    AppService(app_service::AppService),
    Imds(imds::Imds),
}

/// Which of the host's identities is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selection {
    pub(crate) identity: Selected,
    /// Whether the user named it for this purpose, rather than by the general `AZURE_CLIENT_ID`.
    pub(crate) named: bool,
}

/// The ways to name an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Selected {
    System,
    Client(String),
    Object(String),
    Resource(String),
}

impl Selection {
    /// From the options of `ManagedIdentityCredential`: at most one of them may be given.
    pub(crate) fn new(
        client: Option<&str>,
        object: Option<&str>,
        resource: Option<&str>,
    ) -> Result<Self, Error> {
        let given = |value: Option<&str>| value.map(str::trim).filter(|v| !v.is_empty()).map(str::to_owned);
        let identity = match (given(client), given(object), given(resource)) {
            (None, None, None) => Selected::System,
            (Some(id), None, None) => Selected::Client(id),
            (None, Some(id), None) => Selected::Object(id),
            (None, None, Some(id)) => Selected::Resource(id),
            _ => {
                let text = "A managed identity is named by its client id, its object id or its resource id: give one of them.";
                return Err(Error::new(ErrorKind::InvalidConfiguration, text));
            }
        };
        Ok(Self {
            named: identity != Selected::System,
            identity,
        })
    }

    /// The identity that `DefaultAzureCredential` takes: the option's, else the one of `AZURE_CLIENT_ID`.
    fn of_default_chain(config: &Config, options: &DefaultOptions) -> Self {
        let pinned = config.options.expect.client_id.as_deref();
        match &options.managed_identity_client_id {
            Some(Some(id)) => Self {
                identity: Selected::Client(id.clone()),
                named: true,
            },
            Some(None) => Self {
                identity: Selected::System,
                named: false,
            },
            None => match config.environment.get("AZURE_CLIENT_ID") {
                Some(id) => Self {
                    identity: Selected::Client(id.to_owned()),
                    named: pinned.is_some_and(|pinned| pinned.eq_ignore_ascii_case(id)),
                },
                None => Self {
                    identity: Selected::System,
                    named: false,
                },
            },
        }
    }

    fn as_ref(&self) -> IdentityRef<'_> {
        match &self.identity {
            Selected::System => IdentityRef::System,
            Selected::Client(id) => IdentityRef::ClientId(id),
            Selected::Object(id) => IdentityRef::ObjectId(id),
            Selected::Resource(id) => IdentityRef::ResourceId(id),
        }
    }

    /// The platform knows no such identity. Whoever named it must hear so; one that is only configured for
    /// something else (`AZURE_CLIENT_ID` of a service principal, say) leaves the turn to the next source.
    fn not_attached(&self, answer: &str) -> Miss {
        let which = match &self.identity {
            Selected::System => "no system-assigned managed identity".to_owned(),
            Selected::Client(id) => format!("no managed identity with client id {id}"),
            Selected::Object(id) => format!("no managed identity with object id {id}"),
            Selected::Resource(id) => format!("no managed identity {id}"),
        };
        let text = format!("{NAME} authentication unavailable. This host has {which} attached ({answer}).");
        let advice = match &self.identity {
            Selected::System => {
                "Switch on the system-assigned identity of this resource (`az vm identity assign`, `az webapp identity \
                 assign`), or name a user-assigned one that is attached."
            }
            _ => {
                "Attach it to this resource (`az vm identity assign --identities`, `az webapp identity assign \
                 --identities`), or correct the id; granting it a role is not enough."
            }
        };
        match self.named {
            true => Miss::refused(Error::new(ErrorKind::AuthenticationFailed, text).advise(advice)),
            false => Miss::unavailable(text).advise(advice),
        }
    }
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
        let set = |name| config.environment.get(name);
        let platform = match (set("IDENTITY_ENDPOINT"), set("MSI_ENDPOINT")) {
            (Some(_), _)
                if set("IDENTITY_HEADER").is_some() && set("IDENTITY_SERVER_THUMBPRINT").is_some() =>
            {
                return Ok(not_yet("Service Fabric"));
            }
            (Some(endpoint), _) if set("IDENTITY_HEADER").is_some() => Platform::AppService(
                app_service::AppService::new(config, endpoint, "IDENTITY_HEADER", false)?,
            ),
            (Some(_), _) if set("IMDS_ENDPOINT").is_some() => return Ok(not_yet("Azure Arc")),
            (_, Some(endpoint)) if set("MSI_SECRET").is_some() => {
                if !matches!(selection.identity, Selected::System | Selected::Client(_)) {
                    let text =
                        "This host's managed identity endpoint (2017) selects identities by client id only.";
                    return Err(Error::new(ErrorKind::InvalidConfiguration, text));
                }
                Platform::AppService(app_service::AppService::new(
                    config,
                    endpoint,
                    "MSI_SECRET",
                    true,
                )?)
            }
            (_, Some(_)) => return Ok(not_yet("Cloud Shell")),
            _ => Platform::Imds(imds::Imds::new(config, chained)?),
        };
        Ok(Credential::ManagedIdentity(Self { selection, platform }))
    }

    pub(crate) async fn token(&self, context: &Context, request: &TokenRequest) -> Result<AccessToken, Miss> {
        let resource = resource_of(single_scope(request)?);
        match &self.platform {
            Platform::AppService(endpoint) => endpoint.token(context, &self.selection, resource).await,
            Platform::Imds(imds) => imds.token(context, &self.selection, resource).await,
        }
    }
}

/// The host has an identity that this version cannot use: going on to another source would sign in as somebody
/// else.
fn not_yet(platform: &'static str) -> Credential {
    let text = format!("{NAME}: the managed identity of {platform} is not supported by this version.");
    let error = Error::new(ErrorKind::Unsupported, text).advise(
        "Exclude the managed identity, or pass a credential object of the Azure SDK that supports it.",
    );
    Credential::Absent {
        name: NAME,
        miss: Miss::refused(error),
    }
}

/// The endpoint's "no", when it is not about an identity that is missing.
fn refused(platform: &str, status: u16, failure: Option<&TokenFailure>) -> Error {
    let reason = failure.map_or_else(|| "no reason given".into(), |f| f.description.clone());
    let text = format!(
        "{NAME}: {platform} refused with status {status}: {}.",
        reason.trim_end_matches('.')
    );
    Error::new(ErrorKind::AuthenticationFailed, text).with(|d| {
        d.source = Some(NAME.into());
        d.status = Some(status);
        d.code = failure.map(|f| f.error.clone()).filter(|code| !code.is_empty());
        d.request_id = failure.and_then(|f| f.request_id.clone());
        d.advice = failure
            .and_then(|f| f.codes.first().copied())
            .and_then(crate::wire::token::aadsts_advice)
            .map(Into::into);
    })
}

/// The endpoint kept failing.
fn failing(platform: &str, status: u16) -> Error {
    let kind = if status == 429 {
        ErrorKind::Throttled
    } else {
        ErrorKind::ServiceFailure
    };
    Error::new(
        kind,
        format!("{NAME}: {platform} kept answering with status {status}."),
    )
    .with(|d| {
        d.source = Some(NAME.into());
        d.status = Some(status);
    })
}

/// Puts the credential's name in front of an error of the way there.
fn named(error: Error) -> Error {
    error.with(|d| {
        d.message = format!("{NAME}: {}", d.message);
        d.source = Some(NAME.into());
    })
}
