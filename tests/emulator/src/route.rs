//! Which service a request is for.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::message::Request;
use crate::vault::{LOCAL_DOMAIN, Vault};

const AZURE_PIPELINES: &str = "dev.azure.com";
const GITHUB_ACTIONS: &str = "pipelines.actions.githubusercontent.com";

/// The port a request came in by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// What only this machine sees: IMDS and its kin, admin.
    Http,
    /// What a Service Fabric node sees, behind a self-signed certificate.
    ServiceFabric,
    /// What a pod in AKS sees, behind an authority of its own.
    TokenProxy,
    /// What the internet sees, directly or through the proxy: vaults and Entra ID.
    Https,
}

/// An emulated service.
#[allow(clippy::enum_variant_names, reason = "App Service is a name")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Service {
    Vault,
    Entra,
    Imds,
    AppService,
    Arc,
    ServiceFabric,
    AzureMl,
    CloudShell,
    AzurePipelines,
    GithubActions,
    TokenProxy,
}

impl Service {
    pub(crate) const ALL: [Service; 11] = [
        Service::Vault,
        Service::Entra,
        Service::Imds,
        Service::AppService,
        Service::Arc,
        Service::ServiceFabric,
        Service::AzureMl,
        Service::CloudShell,
        Service::AzurePipelines,
        Service::GithubActions,
        Service::TokenProxy,
    ];
}

/// Where a request goes.
pub(crate) enum Destination<'a> {
    Vault(&'a Vault),
    Entra,
    Imds,
    AppService,
    Arc,
    ServiceFabric,
    AzureMl,
    CloudShell,
    AzurePipelines,
    GithubActions,
    TokenProxy,
    Admin,
}

impl Destination<'_> {
    /// The service whose requests are counted and can fail on demand.
    pub(crate) fn service(&self) -> Option<Service> {
        match self {
            Destination::Vault(_) => Some(Service::Vault),
            Destination::Entra => Some(Service::Entra),
            Destination::Imds => Some(Service::Imds),
            Destination::AppService => Some(Service::AppService),
            Destination::Arc => Some(Service::Arc),
            Destination::ServiceFabric => Some(Service::ServiceFabric),
            Destination::AzureMl => Some(Service::AzureMl),
            Destination::CloudShell => Some(Service::CloudShell),
            Destination::AzurePipelines => Some(Service::AzurePipelines),
            Destination::GithubActions => Some(Service::GithubActions),
            Destination::TokenProxy => Some(Service::TokenProxy),
            Destination::Admin => None,
        }
    }
}

/// Finds the destination of a request; nothing, if no service lives there.
pub(crate) fn destination<'a>(door: Door, vaults: &'a [Vault], request: &Request) -> Option<Destination<'a>> {
    match door {
        Door::Http => by_path(request),
        Door::ServiceFabric => Some(Destination::ServiceFabric),
        Door::TokenProxy => Some(Destination::TokenProxy),
        Door::Https if is_loopback(request.hostname()) && is_entra_path(&request.path) => {
            Some(Destination::Entra)
        }
        Door::Https => by_host(vaults, request.hostname()),
    }
}

/// Whether the proxy leads to this host.
pub(crate) fn is_emulated(vaults: &[Vault], host: &str) -> bool {
    !is_loopback(host) && by_host(vaults, host).is_some()
}

pub(crate) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host == "127.0.0.1"
}

fn by_path<'a>(request: &Request) -> Option<Destination<'a>> {
    let segments = request.segments();
    let segments: Vec<&str> = segments.iter().map(Cow::as_ref).collect();
    match segments.as_slice() {
        ["_emulator", ..] => Some(Destination::Admin),
        ["metadata", ..] => Some(Destination::Imds),
        ["msi", "token"] => Some(Destination::AppService),
        ["arc", "metadata", "identity", "oauth2", "token"] => Some(Destination::Arc),
        ["azure_ml", "token"] => Some(Destination::AzureMl),
        ["cloud_shell", "token"] => Some(Destination::CloudShell),
        ["azure_pipelines", "oidctoken"] => Some(Destination::AzurePipelines),
        ["github_actions", "token"] => Some(Destination::GithubActions),
        _ => None,
    }
}

fn by_host<'a>(vaults: &'a [Vault], host: &str) -> Option<Destination<'a>> {
    if Cloud::of_authority(host).is_some() {
        return Some(Destination::Entra);
    }
    match host {
        AZURE_PIPELINES => return Some(Destination::AzurePipelines),
        GITHUB_ACTIONS => return Some(Destination::GithubActions),
        _ => {}
    }
    let vault = if is_loopback(host) {
        vaults.first()
    } else {
        let (name, domain) = host.split_once('.')?;
        let domain_fits = |vault: &Vault| domain == LOCAL_DOMAIN || domain == vault.cloud.vault_domain();
        vaults
            .iter()
            .find(|vault| vault.name == name && domain_fits(vault))
    };
    vault.map(Destination::Vault)
}

/// On a name that vaults and Entra ID share, the path tells them apart.
fn is_entra_path(path: &str) -> bool {
    ["/oauth2/", "/.well-known/", "/discovery/", "/userrealm/"]
        .iter()
        .any(|part| path.contains(part))
}
