//! What kind of host this is: variables that platforms set, and the resource that a token names.

use crate::config::Environment;
use crate::report::{Host, HostKind};
use crate::wire::clean;

/// A variable, and the platform that sets it. The first that is set counts; those of functions and of jobs stand before
/// those of what carries them.
const SIGNS: [(&str, HostKind); 12] = [
    ("GITHUB_ACTIONS", HostKind::GithubActions),
    ("TF_BUILD", HostKind::AzurePipelines),
    ("CONTAINER_APP_NAME", HostKind::ContainerApps),
    ("FUNCTIONS_WORKER_RUNTIME", HostKind::Functions),
    ("WEBSITE_SITE_NAME", HostKind::AppService),
    ("IDENTITY_SERVER_THUMBPRINT", HostKind::ServiceFabric),
    ("IMDS_ENDPOINT", HostKind::Arc),
    ("IDENTITY_HEADER", HostKind::AppService),
    ("MSI_SECRET", HostKind::MachineLearning),
    ("MSI_ENDPOINT", HostKind::CloudShell),
    ("AZURE_FEDERATED_TOKEN_FILE", HostKind::Kubernetes),
    ("KUBERNETES_SERVICE_HOST", HostKind::Kubernetes),
];

/// Variables that name the resource.
const NAMES: [&str; 2] = ["CONTAINER_APP_NAME", "WEBSITE_SITE_NAME"];

/// The managed identity of a resource stands in a token as the resource's own id, by these types.
const RESOURCES: [(&str, HostKind); 6] = [
    (
        "/providers/microsoft.compute/virtualmachines/",
        HostKind::VirtualMachine,
    ),
    (
        "/providers/microsoft.compute/virtualmachinescalesets/",
        HostKind::ScaleSet,
    ),
    ("/providers/microsoft.web/sites/", HostKind::AppService),
    ("/providers/microsoft.app/containerapps/", HostKind::ContainerApps),
    ("/providers/microsoft.hybridcompute/machines/", HostKind::Arc),
    (
        "/providers/microsoft.machinelearningservices/",
        HostKind::MachineLearning,
    ),
];

/// What this host is. `resource`: the resource id in a token, if one was got; `machine`: whether a managed identity answered
/// or the machine says that it is Azure's, which makes it a virtual machine if nothing else tells.
pub(super) fn host(environment: &Environment, resource: Option<&str>, machine: bool) -> Host {
    let set = |name: &str| environment.get(name).map(clean);
    let sign = SIGNS.iter().find(|(name, _)| set(name).is_some());
    let own = resource.and_then(own_resource);
    let kind = match (sign, &own) {
        (Some((_, kind)), _) => *kind,
        (None, Some((kind, _, _))) => *kind,
        (None, None) if machine => HostKind::VirtualMachine,
        (None, None) => HostKind::Elsewhere,
    };
    let mut evidence: Vec<String> = SIGNS
        .iter()
        .filter(|(name, _)| set(name).is_some())
        .map(|(name, _)| format!("{name} is set"))
        .collect();
    if own.is_some() {
        evidence.push("the token names this resource".into());
    }
    if machine && sign.is_none() {
        evidence.push("it has the identity service of virtual machines (IMDS)".into());
    }
    if evidence.is_empty() {
        evidence.push("no variable of a platform is set".into());
    }
    let (own_name, own_group) = own.map(|(_, name, group)| (name, group)).unzip();
    Host {
        kind,
        name: NAMES.iter().find_map(|name| set(name)).or(own_name),
        resource_group: set("WEBSITE_RESOURCE_GROUP").or(own_group),
        evidence,
    }
}

/// Kind, name and resource group of a host whose own (system-assigned) identity this is.
fn own_resource(id: &str) -> Option<(HostKind, String, String)> {
    let lower = id.to_ascii_lowercase();
    let (at, kind, found) = RESOURCES.iter().find_map(|(part, kind)| {
        let at = lower.find(part)?;
        Some((at, *kind, part))
    })?;
    let name = id.get(at + found.len()..)?.split('/').next()?;
    let group = id.get(..at)?.rsplit('/').next()?;
    let named = !name.is_empty() && !group.is_empty();
    named.then(|| (kind, name.to_owned(), group.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_tell_before_tokens() {
        let environment = Environment::from_iter([("WEBSITE_SITE_NAME", "shop"), ("IDENTITY_HEADER", "x")]);
        let id = "/subscriptions/s/resourcegroups/g/providers/Microsoft.Compute/virtualMachines/vm-1";
        let found = host(&environment, Some(id), false);
        assert_eq!(
            (found.kind, found.name.as_deref(), found.resource_group.as_deref()),
            (HostKind::AppService, Some("shop"), Some("g"))
        );
        let found = host(&Environment::default(), Some(id), true);
        assert_eq!(
            (found.kind, found.name.as_deref()),
            (HostKind::VirtualMachine, Some("vm-1"))
        );
    }

    #[test]
    fn an_identity_of_its_own_says_nothing_of_the_host() {
        let id =
            "/subscriptions/s/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i";
        let found = host(&Environment::default(), Some(id), false);
        assert_eq!((found.kind, found.name), (HostKind::Elsewhere, None));
        assert_eq!(
            host(&Environment::default(), None, true).kind,
            HostKind::VirtualMachine
        );
    }
}
