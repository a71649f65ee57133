//! The remedies for a host without the right identity.

use super::remedy::{Remedy, commands};
use super::scene::Scene;
use crate::report::HostKind;
use crate::verdict::Verdict;

pub(super) fn remedy(verdict: Verdict, scene: &Scene<'_>) -> Remedy {
    use Verdict::*;
    let client = scene.client();
    match verdict {
        NoIdentity => give(scene, None),
        IdentityNotAttached => give(scene, scene.named_identity().as_deref()),
        IdentityAmbiguous => Remedy {
            commands: shown(scene).into_iter().collect(),
            ..Remedy::default()
        },
        MetadataServiceBlocked => commands([
            "curl --noproxy \"*\" --header Metadata:true \"http://169.254.169.254/metadata/instance?api-version=2021-02-01\""
                .into(),
        ]),
        ArcKeyForbidden => commands([match scene.on_windows() {
            true => "net localgroup \"Hybrid agent extension applications\" %USERNAME% /add".into(),
            false => "sudo usermod --append --groups himds $(id --user --name)".into(),
        }]),
        ArcAgentDoubtful => commands(["azcmagent show".into()]),
        FederatedTokenMissing => label_pod(scene),
        ToolSignedOut | SignInExpired | SecondFactorNeeded => commands([sign_in(scene).into()]),
        ClientSecretInvalid | ClientSecretExpired => {
            commands([format!("az ad app credential reset --id {client}")])
        }
        CertificateNotRegistered => commands([format!(
            "az ad app credential reset --id {client} --cert @<certificate.pem> --append"
        )]),
        ApplicationUnknown => commands([format!("az ad sp create --id {client}")]),
        ApplicationDisabled => commands([format!("az ad sp update --id {client} --set accountEnabled=true")]),
        ConsentMissing => commands([format!("az ad app permission admin-consent --id {client}")]),
        FederationMissing | FederationIssuer | FederationAudience | FederationSubject => {
            federated_credentials(scene)
        }
        TenantUnknown | TenantInvalid => {
            commands(["az account list --query \"[].{name:name,tenant:tenantId}\" --output table".into()])
        }
        TenantInAnotherCloud | ResourceUnknown => commands(["az cloud list --output table".into()]),
        _ => Remedy::default(),
    }
}

/// How a person signs in to the tool that was asked.
fn sign_in(scene: &Scene<'_>) -> &'static str {
    match scene.source {
        Some("AzureDeveloperCliCredential") => "azd auth login",
        Some("AzurePowerShellCredential") => "Connect-AzAccount",
        _ => "az login",
    }
}

/// Gives this host an identity: its own, or the one of that resource id.
fn give(scene: &Scene<'_>, identity: Option<&str>) -> Remedy {
    let (name, group) = (scene.name(), scene.group());
    let assign = |tool: &str, option: &str| {
        let named = identity.map_or_else(String::new, |id| format!(" {option} {id}"));
        let own = if identity.is_none() && option == "--user-assigned" {
            " --system-assigned"
        } else {
            ""
        };
        format!("az {tool} identity assign --name {name} --resource-group {group}{own}{named}")
    };
    let tab = match identity {
        Some(_) => "Identity > User assigned > Add",
        None => "Identity > System assigned > On",
    };
    let on = |place: &str, commands: Vec<String>| Remedy {
        step: Some(match identity {
            Some(_) => {
                "Attach the identity to this host, or correct its id; a role alone does not attach it."
                    .to_owned()
            }
            None => "Give this host a managed identity, and that identity a role on the vault.".to_owned(),
        }),
        commands,
        portal: Some(format!("{place} > {name} > {tab}")),
    };
    match scene.host.kind {
        HostKind::AppService => on("App Services", vec![assign("webapp", "--identities")]),
        HostKind::Functions => on("Function App", vec![assign("functionapp", "--identities")]),
        HostKind::ContainerApps => on(
            "Container Apps",
            vec![assign("containerapp", "--user-assigned")],
        ),
        HostKind::VirtualMachine => on("Virtual machines", vec![assign("vm", "--identities")]),
        HostKind::ScaleSet => on(
            "Virtual machine scale sets",
            vec![
                assign("vmss", "--identities"),
                format!("az vmss update-instances --name {name} --resource-group {group} --instance-ids \"*\""),
            ],
        ),
        HostKind::Kubernetes => label_pod(scene),
        HostKind::Arc => Remedy {
            step: Some("A machine of Azure Arc has one identity, its own: name none, and see that the agent is connected.".into()),
            ..commands(["azcmagent show".into()])
        },
        HostKind::MachineLearning | HostKind::ServiceFabric | HostKind::CloudShell => Remedy::default(),
        HostKind::GithubActions => Remedy {
            step: Some("Let the job have a token (`permissions: id-token: write`), and use GitHubActionsCredential, or run azure/login first.".into()),
            ..federated_credentials(scene)
        },
        HostKind::AzurePipelines => Remedy {
            step: Some("Use AzurePipelinesCredential with the service connection's ids, or run inside the AzureCLI task.".into()),
            ..Remedy::default()
        },
        HostKind::Elsewhere => Remedy {
            step: Some(
                "On a developer's machine, sign in. On a server outside Azure, connect it to Azure Arc, or register an \
                 application with a certificate or a federated credential."
                    .into(),
            ),
            ..commands(["az login".into()])
        },
    }
}

/// What shows the identities of this host.
fn shown(scene: &Scene<'_>) -> Option<String> {
    let tool = match scene.host.kind {
        HostKind::AppService => "webapp",
        HostKind::Functions => "functionapp",
        HostKind::ContainerApps => "containerapp",
        HostKind::VirtualMachine => "vm",
        HostKind::ScaleSet => "vmss",
        _ => return None,
    };
    let (name, group) = (scene.name(), scene.group());
    Some(format!(
        "az {tool} identity show --name {name} --resource-group {group}"
    ))
}

fn label_pod(scene: &Scene<'_>) -> Remedy {
    Remedy {
        step: Some(
            "Annotate the service account with the identity's client id, label the pod azure.workload.identity/use=true, \
             and restart it."
                .into(),
        ),
        ..commands([
            format!(
                "kubectl annotate serviceaccount <service account> azure.workload.identity/client-id={}",
                scene.client()
            ),
            "kubectl patch deployment <deployment> --patch \
             '{\"spec\":{\"template\":{\"metadata\":{\"labels\":{\"azure.workload.identity/use\":\"true\"}}}}}'"
                .into(),
        ])
    }
}

fn federated_credentials(scene: &Scene<'_>) -> Remedy {
    commands([
        format!("az ad app federated-credential list --id {}", scene.client()),
        "az identity federated-credential list --identity-name <identity> --resource-group <resource group>"
            .into(),
    ])
}
